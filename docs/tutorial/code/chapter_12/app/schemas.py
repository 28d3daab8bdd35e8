"""The models of request bodies and responses."""

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, StringConstraints


def check_year(year: int) -> int:
    """Refuse years before the printing press and in the future."""
    this_year = date.today().year
    if not 1450 <= year <= this_year:
        raise ValueError(f"the year must be between 1450 and {this_year}")
    return year


def check_isbn(isbn: str) -> str:
    """Refuse an ISBN with a wrong check digit."""
    digits = [int(digit) for digit in isbn]
    if (sum(digits[::2]) + 3 * sum(digits[1::2])) % 10:
        raise ValueError("the last digit does not fit the others")
    return isbn


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Year = Annotated[int, AfterValidator(check_year)]
Isbn = Annotated[str, StringConstraints(pattern=r"^[0-9]{13}$"), AfterValidator(check_isbn)]


class BookCreate(BaseModel):
    """A new book, as the client sends it."""

    title: Text = Field(examples=["Frankenstein"])
    author: Text = Field(examples=["Mary Shelley"])
    year: Year = Field(examples=[1818])
    isbn: Isbn = Field(examples=["9780141439471"])


class BookResponse(BaseModel):
    """A book as the API returns it, with the id that the server assigned."""

    id: int
    title: str
    author: str
    year: int
    isbn: str


class BookUpdate(BaseModel):
    """Changes to a book: any of its fields."""

    title: Text | None = None
    author: Text | None = None
    year: Year | None = None
    isbn: Isbn | None = None

    def changes(self) -> dict[str, str | int]:
        """Return the fields that were sent; null is ignored, because no field of a book may be empty."""
        return self.model_dump(exclude_unset=True, exclude_none=True)
