"""Name what can go wrong in the domain, without a word about HTTP."""


class BookError(Exception):
    """The base of all errors that a caller can bring about; its text may be shown to the caller."""


class BookNotFoundError(BookError):
    """There is no book of this number."""

    def __init__(self, book_id: int) -> None:
        super().__init__(f"Book {book_id} not found")
        self.book_id = book_id


class DuplicateIsbnError(BookError):
    """Another book has this ISBN."""

    def __init__(self, isbn: str) -> None:
        super().__init__(f"There is a book with the ISBN {isbn} already")
        self.isbn = isbn


class UnknownReaderError(BookError):
    """The token belongs to no reader."""

    def __init__(self) -> None:
        super().__init__("The access token is missing or not valid")
