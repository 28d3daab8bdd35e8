"""The table of books."""

from sqlalchemy import BigInteger, Integer, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from examples.books.models.book import Book


class Base(DeclarativeBase):
    """The base class of all tables; constraints get predictable names, which migrations need."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        },
    )


class BookRow(Base):
    """A row of the table; only the database store uses it."""

    __tablename__ = "books"
    # The id of a deleted book is never used again, so an old link cannot show another book.
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    # SQLite assigns ids only in a column of the type INTEGER, which has 64 bits there.
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    title: Mapped[str] = mapped_column(String(300))
    author: Mapped[str] = mapped_column(String(200), index=True)
    publication_year: Mapped[int]
    isbn: Mapped[str] = mapped_column(String(13), unique=True)

    def as_book(self) -> Book:
        """Return the row as a book."""
        return Book(self.id, self.title, self.author, self.publication_year, self.isbn)
