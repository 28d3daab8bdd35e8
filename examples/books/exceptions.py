"""The errors of the domain, independent of HTTP."""


class BookError(Exception):
    """The base class of all errors that a caller can cause; the message may be shown to the caller."""


class BookNotFoundError(BookError):
    """There is no book with this id."""

    def __init__(self, book_id: int) -> None:
        super().__init__(f"Book {book_id} not found")
        self.book_id = book_id


class DuplicateIsbnError(BookError):
    """Another book has this ISBN."""

    def __init__(self, isbn: str) -> None:
        super().__init__(f"There is a book with the ISBN {isbn} already")
        self.isbn = isbn


class UnknownReaderError(BookError):
    """The token does not belong to any reader."""

    def __init__(self) -> None:
        super().__init__("The access token is missing or not valid")
