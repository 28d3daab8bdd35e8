"""An API for books: the application factory."""

from typeway import Typeway

from app.config import Settings
from app.database import open_database
from app.errors import add_error_handlers
from app.middleware import add_middleware
from app.routers import accounts, books, health


def create_app(settings: Settings) -> Typeway:
    """Create the application."""
    app = Typeway(
        title="Books",
        lifespan=open_database(settings.database_url),
        openapi_url="/openapi.json" if settings.docs else None,
        max_body_size=settings.max_body_bytes,
    )
    add_error_handlers(app)
    add_middleware(app)
    app.include_router(health.router)
    app.include_router(accounts.router)
    app.include_router(books.router)
    return app


app = create_app(Settings())
