"""Give requests what they need: a session of the store, the service, who asks, which page in which order."""

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

# Without credentials it yields None, so that every 401 is told by our own error.
bearer_token = HTTPBearer(auto_error=False, description="A token of the setting BOOKS_READERS")

# So large that nobody turns to it, so small that the rows before it can be counted in a 64-bit number.
LAST_PAGE = 10**12


async def get_settings(request: Request) -> Settings:
    """Return the settings that the application was made with."""
    settings: Settings = request.app.state.settings
    return settings


async def get_store(request: Request) -> BookStore:
    """Return the store that the lifespan opened; another one takes its place by a setting, or in tests by an override."""
    store: BookStore = request.app.state.store
    return store


async def get_session(store: Annotated[BookStore, Depends(get_store)]) -> AsyncIterator[BookSession]:
    """Lend a session of the store to one request; however many dependencies ask for it, there is one."""
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
    """Return the name of the reader who sent the request; without a valid token the answer is 401."""
    if credentials is None:
        raise UnknownReaderError
    return reader_of(credentials.credentials, settings.readers)


CurrentReader = Annotated[str, Depends(get_current_reader)]


@dataclass(frozen=True, slots=True)
class PaginationParams:
    """Which page to return, and how long a page is."""

    page: Annotated[int, Query(ge=1, le=LAST_PAGE, description="The number of the page, from 1")] = 1
    per_page: Annotated[int, Query(ge=1, le=100, description="How many books a page has")] = 20


@dataclass(frozen=True, slots=True)
class SortParams:
    """In which order to return."""

    sort_by: Annotated[SortField, Query(description="The field that decides; equal ones stand by number")] = "id"
    order: Annotated[Literal["asc", "desc"], Query(description="Upwards or downwards")] = "asc"

    @property
    def descending(self) -> bool:
        """Whether the largest comes first."""
        return self.order == "desc"


Pagination = Annotated[PaginationParams, Depends()]
Sorting = Annotated[SortParams, Depends()]
