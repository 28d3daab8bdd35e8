"""A book, independent of the store."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

# The maximum of a 64-bit column; a larger value in a query is an error in every database.
MAX_INTEGER = 2**63 - 1

# The fields by which books can be sorted.
SortField = Literal["id", "title", "author", "publication_year"]


class BookFields(TypedDict):
    """The data of a book that a client sends."""

    title: str
    author: str
    publication_year: int
    isbn: str


@dataclass(frozen=True, slots=True)
class Book:
    """A book of the collection, with the id that its store assigned."""

    id: int
    title: str
    author: str
    publication_year: int
    isbn: str


# The new values of some fields, by name; they are validated.
Changes = Mapping[str, Any]
