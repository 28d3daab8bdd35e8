"""The models of books: to create, to update, to read."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticKnownError

from examples.books.schemas.isbn import Isbn

# There were no printed books before Gutenberg's press.
FIRST_YEAR = 1450


def whole_number(value: Any) -> Any:
    """Return 1969 for 1969.0, which JSON does not distinguish."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def current_year() -> int:
    """Return the current year."""
    return datetime.now(UTC).year


def refuse_future(year: int) -> int:
    """Refuse a year in the future; the current year is read each time, because servers run past New Year."""
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
    # Strict: `true` and `"1969"` are not valid years.
    Field(strict=True, ge=FIRST_YEAR, description="At the latest the current year", examples=[1969]),
    AfterValidator(refuse_future),
    BeforeValidator(whole_number),
]


class BookCreate(BaseModel):
    """The request body to create a book; the server adds the id."""

    # A misspelt field name is an error, instead of being ignored.
    model_config = ConfigDict(extra="forbid")

    title: Title
    author: Author
    publication_year: PublicationYear
    isbn: Isbn


class BookUpdate(BaseModel):
    """The request body to update a book: only the fields to change, none of them null."""

    model_config = ConfigDict(extra="forbid")

    # The factories make fields optional without documenting a default; only fields that were sent are used.
    title: Title = Field(default_factory=str)
    author: Author = Field(default_factory=str)
    publication_year: PublicationYear = Field(default_factory=int)
    isbn: Isbn = Field(default_factory=str)


class BookResponse(BaseModel):
    """A book in a response."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    title: str
    author: str
    publication_year: int
    isbn: str


class BookPage(BaseModel):
    """One page of books, and its position in the list."""

    model_config = ConfigDict(from_attributes=True)

    items: list[BookResponse]
    page: int = Field(description="The number of this page, from 1")
    per_page: int = Field(description="How many books a full page has")
    total: int = Field(description="How many books there are on all pages together")
    pages: int = Field(description="How many pages there are")


class BookSummary(BaseModel):
    """A book in one sentence, and facts about it from the collection."""

    model_config = ConfigDict(from_attributes=True)

    book_id: int
    summary: str = Field(examples=["The Left Hand of Darkness, by Ursula K. Le Guin, was published in 1969."])
    others_by_author: int = Field(description="How many other books of this author the collection has")
    reader: str = Field(description="Who asked")
