"""The examples in the tables of options are options: each is accepted where its table says that it belongs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider
from pydantic import AliasChoices, BaseModel
from starlette.middleware import Middleware
from starlette.routing import Mount

import typeway
from scripts.reference import TABLES, parted, rows_of
from typeway import Depends, Problem, Router, Typeway, WebSocket
from typeway.middleware.gzip import GZipMiddleware
from typeway.policies import RateLimit
from typeway.responses import HTMLResponse, JSONResponse
from typeway.routing import APIRoute
from typeway.security import HTTPBearer
from typeway.types import Receive, Scope, Send


class Task(BaseModel):
    """What the examples are about."""

    id: int
    title: str
    notes: str = ""


class Message(BaseModel):
    detail: str


class TaskNotFound(Problem):
    status = 404


class TimedRoute(APIRoute):
    pass


def list_tasks() -> list[Task]:
    return []


async def connect() -> None: ...


async def not_found(scope: Scope, receive: Receive, send: Send) -> None:
    await JSONResponse({}, 404)(scope, receive, send)


async def show_not_found(request: typeway.Request, error: Exception) -> JSONResponse:
    return JSONResponse({}, 404)


@asynccontextmanager
async def lifespan(app: Typeway) -> AsyncIterator[None]:
    yield


def static_files() -> Callable[..., Any]:
    """Stands for files, of which there are none here."""
    return not_found


NAMES: dict[str, Any] = {
    "AliasChoices": AliasChoices, "Depends": Depends, "GZipMiddleware": GZipMiddleware, "HTMLResponse": HTMLResponse,
    "LoggerProvider": LoggerProvider, "Message": Message, "MeterProvider": MeterProvider, "Middleware": Middleware,
    "Mount": Mount, "StaticFiles": static_files, "Task": Task, "TaskNotFound": TaskNotFound, "TimedRoute": TimedRoute,
    "RateLimit": RateLimit, "TracerProvider": TracerProvider, "connect": connect, "disconnect": connect, "lifespan": lifespan,
    "not_found": not_found, "payment_events": Router(), "require_login": HTTPBearer(), "show_not_found": show_not_found,
    "webhooks": Router(),
}  # fmt: skip


def register(**options: Any) -> None:
    """Register an endpoint, and describe it."""
    app = Typeway()
    app.get("/tasks", **options)(list_tasks)
    app.openapi()


def register_methods(**options: Any) -> None:
    app = Typeway()
    app.api_route("/tasks", **options)(list_tasks)
    app.openapi()


async def talk(socket: WebSocket) -> None: ...


def register_socket(**options: Any) -> None:
    Typeway().websocket("/talk", **options)(talk)


def include(**options: Any) -> None:
    app = Typeway()
    app.include_router(Router(), **options)


def nested(name: str) -> Callable[..., Any]:
    """Return what takes the options of a mapping that is itself an option of an application."""

    def take(**options: Any) -> None:
        Typeway(**{name: options})

    return take


# What takes the options of a table, by its heading.
TAKES: dict[str, Callable[..., Any]] = {
    "`Typeway()`": Typeway,
    "`Router()`": Router,
    "`include_router()`": include,
    "`get()`, `post()`, `put()`, `patch()`, `delete()`, `head()`, `options()`, `trace()`": register,
    "`api_route()` and `add_api_route()`": register_methods,
    "`websocket()` and `add_api_websocket_route()`": register_socket,
    "`Path()`, `Query()`, `Cookie()`": typeway.Query,
    "`Header()`": typeway.Header,
    "`Body()`": typeway.Body,
    "`Form()` and `File()`": typeway.Form,
    "`form_limits`": nested("form_limits"),
    "`json_limits`": nested("json_limits"),
    "`parameter_limits`": nested("parameter_limits"),
    "`error_limits`": nested("error_limits"),
    "`telemetry`": nested("telemetry"),
    "Security schemes": HTTPBearer,
}


@pytest.mark.filterwarnings("ignore::typeway.exceptions.TypewayDeprecationWarning")
@pytest.mark.parametrize(("heading", "kind"), [(heading, kind) for heading, kind, _ in TABLES])
def test_every_option_has_an_example_that_is_accepted(heading: str, kind: type[Any]) -> None:
    """Each row of each table shows how its option is written, and nobody who copies it gets an error."""
    for name, (_, text) in rows_of(kind).items():
        _, example = parted(text)
        assert example, f"{kind.__name__}.{name} has no example"
        source = f"{{{example}}}" if example.startswith('"') else f"dict({example})"
        given = eval(source, dict(NAMES))
        assert list(given) == [name], example
        TAKES[heading](**given)
