"""Make as many valid ISBNs as tests need."""

from examples.books.schemas.isbn import check_digit


def isbn(number: int) -> str:
    """Make a valid ISBN that no other number has."""
    digits = f"978{number:09}"
    return f"{digits}{check_digit(digits)}"
