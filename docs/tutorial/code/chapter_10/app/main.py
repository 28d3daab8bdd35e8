"""An API for books: the application factory."""

from typeway import Typeway

from app.database import open_database
from app.errors import add_error_handlers
from app.middleware import add_middleware
from app.routers import accounts, books


def create_app(database_url: str = "sqlite+aiosqlite:///books.db") -> Typeway:
    """Create the application."""
    app = Typeway(title="Books", lifespan=open_database(database_url))
    add_error_handlers(app)
    add_middleware(app)
    app.include_router(accounts.router)
    app.include_router(books.router)
    return app


app = create_app()
