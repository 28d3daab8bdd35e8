"""Describe books as clients see them: to create, to change, to read."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticKnownError

from examples.books.schemas.isbn import Isbn

# Before Gutenberg's press there were no printed books.
FIRST_YEAR = 1450


def current_year() -> int:
    """Return the year that it is now."""
    return datetime.now(UTC).year


def refuse_future(year: int) -> int:
    """Refuse a year that has not begun; which year that is, is asked each time, for servers run past New Year."""
    if year > (latest := current_year()):
        raise PydanticKnownError("less_than_equal", {"le": latest})
    return year


def refuse_nul(text: str) -> str:
    """Refuse the one character that some databases cannot store."""
    if "\x00" in text:
        raise ValueError("must not contain NUL characters")
    return text


Title = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=300),
    AfterValidator(refuse_nul),
    Field(examples=["The Left Hand of Darkness"]),
]
Author = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(refuse_nul),
    Field(examples=["Ursula K. Le Guin"]),
]
PublicationYear = Annotated[
    int,
    # Strict: `true` and `"1969"` are mistakes of the client, not years.
    Field(strict=True, ge=FIRST_YEAR, description="At the latest the current year", examples=[1969]),
    AfterValidator(refuse_future),
]


class BookCreate(BaseModel):
    """What a client sends to create a book; the server adds the number."""

    # A misspelt field is an error instead of a silent loss.
    model_config = ConfigDict(extra="forbid")

    title: Title
    author: Author
    publication_year: PublicationYear
    isbn: Isbn


class BookUpdate(BaseModel):
    """What a client sends to change a book: only the fields that shall change, none of them null."""

    model_config = ConfigDict(extra="forbid")

    # The factories make fields optional without a default in the documentation; only what was sent is ever used.
    title: Title = Field(default_factory=str)
    author: Author = Field(default_factory=str)
    publication_year: PublicationYear = Field(default_factory=int)
    isbn: Isbn = Field(default_factory=str)


class BookResponse(BaseModel):
    """What the server tells of a book."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    title: str
    author: str
    publication_year: int
    isbn: str


class BookPage(BaseModel):
    """Some of the books, and where they stand among all of them."""

    model_config = ConfigDict(from_attributes=True)

    items: list[BookResponse]
    page: int = Field(description="The number of this page, from 1")
    per_page: int = Field(description="How many books a full page has")
    total: int = Field(description="How many books there are on all pages together")
    pages: int = Field(description="How many pages there are")


class BookSummary(BaseModel):
    """A book in one sentence, and what the collection says about it."""

    model_config = ConfigDict(from_attributes=True)

    book_id: int
    summary: str = Field(examples=["The Left Hand of Darkness, by Ursula K. Le Guin, was published in 1969."])
    others_by_author: int = Field(description="How many other books of this author the collection has")
    reader: str = Field(description="Who asked")
