"""Describe a book as the application knows it, wherever it is stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

# The largest value of a 64-bit column; a larger one in a query is an error in every database.
MAX_INTEGER = 2**63 - 1

# The fields by which books can be put in order.
SortField = Literal["id", "title", "author", "publication_year"]


class BookFields(TypedDict):
    """What somebody says of a book."""

    title: str
    author: str
    publication_year: int
    isbn: str


@dataclass(frozen=True, slots=True)
class Book:
    """A book of the collection, with the number that its store gave it."""

    id: int
    title: str
    author: str
    publication_year: int
    isbn: str


# The new values of some fields, by name; they have been validated.
Changes = Mapping[str, Any]
