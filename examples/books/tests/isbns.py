"""Create valid ISBNs for tests."""

from examples.books.schemas.isbn import check_digit


def isbn(number: int) -> str:
    """Create a different valid ISBN for each number."""
    digits = f"978{number:09}"
    return f"{digits}{check_digit(digits)}"
