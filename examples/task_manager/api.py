"""Assemble the JSON API. It uses only names that FastAPI has too; `main.py` adds what only Typeway has.

typeway run --factory examples.task_manager.api:create_api
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from starlette.middleware import Middleware

from examples.task_manager.config import Settings, load_settings
from examples.task_manager.errors import add_error_handlers
from examples.task_manager.logs import configure_logging
from examples.task_manager.middleware import PROCESS_TIME, REQUEST_ID, RequestTrackingMiddleware
from examples.task_manager.resources import open_resources
from examples.task_manager.routers import attachments, auth, board, events, export, health, tasks, users
from examples.task_manager.routers.answers import UNAVAILABLE
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


def create_api(
    settings: Settings | None = None,
    *,
    middleware: Sequence[Middleware] = (),
    readiness: Sequence[Any] = (),
    options: Mapping[str, Any] | None = None,
) -> FastAPI:
    """Create an API that is independent of all others.

    Parameters:
        settings: the settings to use instead of the environment variables; tests pass their own.
        middleware: what else is around all requests, between the log and CORS.
        readiness: dependencies of the endpoint that a load balancer asks.
        options: further options of the application, which FastAPI need not have.

    Raises:
        ConfigurationError: no settings were passed, and the environment variables are not valid.
    """
    settings = settings or load_settings()
    more: dict[str, Any] = dict(options or {})
    app = FastAPI(
        title="Task Manager",
        version="2.0.0",
        description="Keep your tasks: register, log in, and create, find, change and delete them.",
        lifespan=lifespan,
        max_body_size=settings.max_body_bytes,
        telemetry={"auto_configure": True} if settings.metrics == "opentelemetry" else None,
        # From the outside to the inside: everything is logged, also what is refused.
        middleware=[Middleware(RequestTrackingMiddleware), *middleware, *cors(settings)],
        **more,
    )
    app.state.settings = settings
    add_error_handlers(app)
    for router in (auth, users, tasks, export, events, board):
        app.include_router(router.router, responses=UNAVAILABLE)
    app.include_router(attachments.router, responses=UNAVAILABLE, max_body_size=settings.max_attachment_bytes)
    app.include_router(health.alive)
    app.include_router(health.ready, dependencies=list(readiness))
    if settings.metrics == "prometheus":
        add_prometheus(app)
    return app


def cors(settings: Settings) -> list[Middleware]:
    """Return what lets pages of other origins use the API."""
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "If-Match", "If-None-Match", REQUEST_ID],
            expose_headers=[REQUEST_ID, PROCESS_TIME, "X-Total-Count", "Location", "ETag", "Link"],
        )
    ]


def add_prometheus(app: FastAPI) -> None:
    """Measure all requests, and show the result."""
    # Imported here, because nobody else needs the package.
    from examples.task_manager.metrics import Metrics, MetricsMiddleware

    metrics = Metrics()
    app.add_middleware(MetricsMiddleware, metrics=metrics)
    app.include_router(metrics.router())
