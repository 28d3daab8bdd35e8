"""Say what the application asks of a store of books."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from examples.books.models.book import Book, BookFields, Changes, SortField


class BookSession(Protocol):
    """The store as one request sees it. What a method has changed is stored when it returns."""

    async def add(self, fields: BookFields) -> Book:
        """Store a new book and give it a number that no book has had before.

        Raises:
            DuplicateIsbnError: another book has the ISBN; nothing is stored.
        """
        ...

    async def get(self, book_id: int) -> Book | None:
        """Return one book, or None if there is none of this number."""
        ...

    async def find(self, *, offset: int, limit: int, sort_by: SortField, descending: bool) -> Sequence[Book]:
        """Return a slice of all books in an order; equal ones by number, so that slices never overlap."""
        ...

    async def count(self, *, author: str | None = None) -> int:
        """Return how many books there are, in all or of one author."""
        ...

    async def change(self, book_id: int, changes: Changes) -> Book | None:
        """Change some fields of a book and return it, or None if there is none of this number.

        Raises:
            DuplicateIsbnError: another book has the new ISBN; nothing is changed.
        """
        ...

    async def remove(self, book_id: int) -> bool:
        """Remove a book, and say whether it was there."""
        ...


class BookStore(Protocol):
    """Where books are kept as long as the application runs."""

    def session(self) -> AbstractAsyncContextManager[BookSession]:
        """Lend a session to one request."""
        ...
