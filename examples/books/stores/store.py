"""The interface of a store of books."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from examples.books.models.book import Book, BookFields, Changes, SortField


class BookSession(Protocol):
    """The store in one request. A change is stored when the method returns."""

    async def add(self, fields: BookFields) -> Book:
        """Store a new book with an id that no book has had before.

        Raises:
            DuplicateIsbnError: another book has the ISBN; nothing is stored.
        """
        ...

    async def get(self, book_id: int) -> Book | None:
        """Return one book, or None if there is no book with this id."""
        ...

    async def find(self, *, offset: int, limit: int, sort_by: SortField, descending: bool) -> Sequence[Book]:
        """Return a slice of all sorted books; equal ones are sorted by id, so that slices never overlap."""
        ...

    async def count(self, *, author: str | None = None) -> int:
        """Return the number of books, of all authors or of one."""
        ...

    async def change(self, book_id: int, changes: Changes) -> Book | None:
        """Update some fields of a book and return it, or None if there is no book with this id.

        Raises:
            DuplicateIsbnError: another book has the new ISBN; nothing is changed.
        """
        ...

    async def remove(self, book_id: int) -> bool:
        """Delete a book, and return whether it existed."""
        ...


class BookStore(Protocol):
    """A store of books, open while the application runs."""

    def session(self) -> AbstractAsyncContextManager[BookSession]:
        """Open a session for one request."""
        ...
