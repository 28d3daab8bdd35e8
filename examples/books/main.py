"""Assemble the application.

typeway run examples.books.main:app
uvicorn examples.books.main:app
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from examples.books.config import ConfigurationError, Settings, load_settings
from examples.books.errors import add_error_handlers
from examples.books.middleware import add_process_time, add_request_id
from examples.books.routers import books
from examples.books.stores.choose import open_store
from typeway import FastAPI


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open the store of books, and close it when the server stops."""
    async with open_store(app.state.settings) as store:
        app.state.store = store
        yield


def create_app(settings: Settings | None = None) -> FastAPI:
    """Create an application that is independent of all others.

    Parameters:
        settings: the settings to use instead of the environment variables; tests pass their own.

    Raises:
        ConfigurationError: no settings were passed, and the environment variables are not valid.
    """
    settings = settings or load_settings()
    app = FastAPI(
        title="Books",
        version="1.0.0",
        description="A collection of books: create, find, change and delete them, and read about them.",
        lifespan=lifespan,
        max_body_size=settings.max_body_bytes,
    )
    app.state.settings = settings
    add_error_handlers(app)
    # Added last, the process time is outermost: it includes the time of the other middleware.
    for middleware in (add_request_id, add_process_time):
        app.middleware("http")(middleware)
    app.include_router(books.router)
    return app


try:
    app = create_app()
except ConfigurationError as error:
    # One line instead of a traceback, so that the message about the setting is easy to see.
    raise SystemExit(f"books: {error}") from None
