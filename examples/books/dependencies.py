"""The dependencies of requests: a session of the store, the service, the reader, pagination and sorting."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Literal

from examples.books.config import Settings
from examples.books.exceptions import UnknownReaderError
from examples.books.models.book import SortField
from examples.books.services.books import BookService
from examples.books.services.readers import reader_of
from examples.books.stores.store import BookSession, BookStore
from typeway import Depends, Query, Request
from typeway.security import HTTPAuthorizationCredentials, HTTPBearer

# Without credentials it returns None, so that every 401 has our own error format.
bearer_token = HTTPBearer(auto_error=False, description="A token of the setting BOOKS_READERS")

# Larger than any real page, and small enough that the number of rows before it fits into 64 bits.
LAST_PAGE = 10**12


async def get_settings(request: Request) -> Settings:
    """Return the settings that the application was created with."""
    settings: Settings = request.app.state.settings
    return settings


async def get_store(request: Request) -> BookStore:
    """Return the store that the lifespan opened; a setting selects another one, or an override in a test."""
    store: BookStore = request.app.state.store
    return store


async def get_session(store: Annotated[BookStore, Depends(get_store)]) -> AsyncIterator[BookSession]:
    """Open a session of the store for one request; all dependencies of the request share it."""
    async with store.session() as session:
        yield session


DbSession = Annotated[BookSession, Depends(get_session)]


async def get_books(session: DbSession) -> BookService:
    """Return the service of books."""
    return BookService(session)


Books = Annotated[BookService, Depends(get_books)]


async def get_current_reader(
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer_token)],
    settings: Annotated[Settings, Depends(get_settings)],
) -> str:
    """Return the name of the reader who sent the request; without a valid token the response is 401."""
    if credentials is None:
        raise UnknownReaderError
    return reader_of(credentials.credentials, settings.readers)


CurrentReader = Annotated[str, Depends(get_current_reader)]


@dataclass(frozen=True, slots=True)
class PaginationParams:
    """The number of the page to return, and the number of items on a page."""

    page: Annotated[int, Query(ge=1, le=LAST_PAGE, description="The number of the page, from 1")] = 1
    per_page: Annotated[int, Query(ge=1, le=100, description="How many books a page has")] = 20


@dataclass(frozen=True, slots=True)
class SortParams:
    """The field and the direction to sort by."""

    sort_by: Annotated[SortField, Query(description="The field that decides; equal ones stand by number")] = "id"
    order: Annotated[Literal["asc", "desc"], Query(description="Upwards or downwards")] = "asc"

    @property
    def descending(self) -> bool:
        """Whether the order is descending."""
        return self.order == "desc"


Pagination = Annotated[PaginationParams, Depends()]
Sorting = Annotated[SortParams, Depends()]
