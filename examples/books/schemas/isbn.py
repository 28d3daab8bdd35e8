"""Validate an ISBN: 13 digits, the last of which is a check digit."""

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError


def check_digit(digits: str) -> int:
    """Return the check digit for twelve digits.

    ISO 2108: the digits are multiplied by one and three in turn, and the sum of all thirteen is a multiple of ten.

    Example:
        >>> check_digit("978030640615")
        7
    """
    return -sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(digits)) % 10


def refuse_wrong_check_digit(isbn: str) -> str:
    """Refuse an invalid ISBN: one wrong digit is always found, and most swapped neighbours are."""
    expected = check_digit(isbn[:-1])
    if int(isbn[-1]) != expected:
        raise PydanticCustomError(
            "isbn_checksum", "the last digit of this ISBN should be {expected}", {"expected": expected}
        )
    return isbn


Isbn = Annotated[
    str,
    Field(
        pattern="^[0-9]{13}$",
        description="An ISBN-13: 13 digits without hyphens, the last being the check digit",
        examples=["9780306406157"],
    ),
    AfterValidator(refuse_wrong_check_digit),
]
