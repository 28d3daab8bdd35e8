"""Assemble the application.

typeway run examples.task_manager.main:app
uvicorn examples.task_manager.main:app
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from examples.task_manager.config import ConfigurationError, Settings, load_settings
from examples.task_manager.errors import add_error_handlers
from examples.task_manager.logs import configure_logging
from examples.task_manager.middleware import PROCESS_TIME, REQUEST_ID, RequestTrackingMiddleware
from examples.task_manager.resources import open_resources
from examples.task_manager.routers import auth, health, tasks, users
from typeway import FastAPI
from typeway.middleware.cors import CORSMiddleware


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open the database and the other shared resources, and close them when the server stops."""
    settings: Settings = app.state.settings
    configure_logging(settings.log_level)
    async with open_resources(settings) as resources:
        app.state.resources = resources
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
        title="Task Manager",
        version="1.0.0",
        description="Keep your tasks: register, log in, and create, find, change and delete them.",
        lifespan=lifespan,
        max_body_size=settings.max_body_bytes,
    )
    app.state.settings = settings
    add_error_handlers(app)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.cors_origins,
        allow_methods=["GET", "POST", "PATCH", "DELETE"],
        allow_headers=["Authorization", "Content-Type", REQUEST_ID],
        expose_headers=[REQUEST_ID, PROCESS_TIME, "X-Total-Count", "Location"],
    )
    # Added last, it is outermost: preflight requests are measured and logged too.
    app.add_middleware(RequestTrackingMiddleware)
    for resource in (auth, users, tasks, health):
        app.include_router(resource.router)
    return app


try:
    app = create_app()
except ConfigurationError as error:
    # One line instead of a traceback, so that the message about the setting is easy to see.
    raise SystemExit(f"task_manager: {error}") from None
