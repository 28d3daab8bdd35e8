"""Store books in a dict, until the process ends."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count
from operator import attrgetter

from examples.books.exceptions import DuplicateIsbnError
from examples.books.models.book import Book, BookFields, Changes, SortField
from examples.books.stores.store import BookSession


class MemoryStore:
    """Books by id, and ids by ISBN.

    It is its own session. No method awaits anything, so on the event loop no other request can interrupt one:
    checking whether an ISBN is free and storing it is one step here.
    """

    def __init__(self) -> None:
        self._books: dict[int, Book] = {}
        self._number_of: dict[str, int] = {}
        self._numbers = count(1)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[BookSession]:
        """Return the store itself."""
        yield self

    async def add(self, fields: BookFields) -> Book:
        """See `BookSession.add`."""
        if fields["isbn"] in self._number_of:
            raise DuplicateIsbnError(fields["isbn"])
        book = Book(next(self._numbers), **fields)
        self._keep(book)
        return book

    async def get(self, book_id: int) -> Book | None:
        """See `BookSession.get`."""
        return self._books.get(book_id)

    async def find(self, *, offset: int, limit: int, sort_by: SortField, descending: bool) -> Sequence[Book]:
        """See `BookSession.find`."""
        ordered = sorted(self._books.values(), key=attrgetter(sort_by, "id"), reverse=descending)
        return ordered[offset : offset + limit]

    async def count(self, *, author: str | None = None) -> int:
        """See `BookSession.count`."""
        if author is None:
            return len(self._books)
        return sum(book.author == author for book in self._books.values())

    async def change(self, book_id: int, changes: Changes) -> Book | None:
        """See `BookSession.change`."""
        before = self._books.get(book_id)
        if before is None:
            return None
        after = replace(before, **changes)
        if self._number_of.get(after.isbn, book_id) != book_id:
            raise DuplicateIsbnError(after.isbn)
        del self._number_of[before.isbn]
        self._keep(after)
        return after

    async def remove(self, book_id: int) -> bool:
        """See `BookSession.remove`."""
        book = self._books.pop(book_id, None)
        if book is None:
            return False
        del self._number_of[book.isbn]
        return True

    def _keep(self, book: Book) -> None:
        self._books[book.id] = book
        self._number_of[book.isbn] = book.id
