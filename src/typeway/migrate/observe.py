"""Write down what an application consists of, so that it can be compared with the same application on another framework."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from starlette.routing import BaseRoute, Mount

from typeway.declare.scope import place_in_source


@dataclass(frozen=True, slots=True, order=True)
class SeenRoute:
    """One route of an application.

    Attributes:
        path: the whole path.
        methods: its methods, in order; `WEBSOCKET` for a WebSocket, none for a mount.
        name: its name.
        place: the file and line of its endpoint.
        status: the status of a successful response, if it is declared.
        has_body: whether it reads a JSON body.
    """

    path: str
    methods: tuple[str, ...] = ()
    name: str = ""
    place: str = ""
    status: int | None = None
    has_body: bool = False

    @property
    def is_own(self) -> bool:
        """Whether the endpoint stands in the project's own source."""
        return is_own(self.place)


@dataclass(slots=True)
class Seen:
    """What one process saw of an application.

    Attributes:
        framework: what served it, with its version.
        routes: its routes.
        document: its OpenAPI document.
        error: why it could not be loaded, or described.
        warnings: what was warned of while it was loaded.
        middleware: the places of its http middleware.
        handlers: the places of its handlers for HTTPException.
        mounts: the paths of mounted applications that have a lifespan of their own.
        title: its title.
    """

    framework: str
    routes: list[SeenRoute] = field(default_factory=list)
    document: dict[str, Any] | None = None
    error: str = ""
    warnings: list[str] = field(default_factory=list)
    middleware: list[str] = field(default_factory=list)
    handlers: list[str] = field(default_factory=list)
    mounts: list[str] = field(default_factory=list)
    title: str = ""

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return asdict(self)

    @classmethod
    def of_data(cls, data: dict[str, Any]) -> Seen:
        """Return what another process has written with `as_data`."""
        routes = [SeenRoute(**{**one, "methods": tuple(one["methods"])}) for one in data.pop("routes")]
        return cls(**data, routes=routes)


def observe(framework: str, load: Callable[[], Any], root: Path) -> Seen:
    """Load an application and write down what it consists of; what it raises is written down as well.

    Parameters:
        framework: what serves it.
        load: imports the application.
        root: the folder from which places are named.
    """
    seen = Seen(framework)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            application = load()
            seen.routes = sorted(routes_of(application.routes, "", root))
            seen.title = getattr(application, "title", "")
            note_surroundings(seen, application, root)
            if callable(getattr(application, "openapi", None)):
                seen.document = application.openapi()
        except Exception as error:  # noqa: BLE001 - whatever the application's code raises
            seen.error = f"{type(error).__name__}: {error}"
    kind = "DeclarationWarning"
    seen.warnings = [str(one.message) for one in caught if type(one.message).__name__ == kind]
    return seen


def note_surroundings(seen: Seen, application: Any, root: Path) -> None:
    """Note what stands around the routes: http middleware, handlers for HTTPException, mounted applications."""
    for entry in getattr(application, "user_middleware", ()):
        dispatch = entry.kwargs.get("dispatch")
        if dispatch is not None:
            seen.middleware.append(where(dispatch, root))
    for kind, handler in getattr(application, "exception_handlers", {}).items():
        if isinstance(kind, type) and kind.__name__ == "HTTPException" and is_own(place := where(handler, root)):
            seen.handlers.append(place)
    for route in application.routes:
        if isinstance(route, Mount) and getattr(route.app, "router", None) is not None:
            seen.mounts.append(route.path)


def routes_of(
    routes: Iterable[BaseRoute], prefix: str, root: Path, around: tuple[Any, ...] = ()
) -> Iterator[SeenRoute]:
    """Yield the routes with their whole paths, those of included routers and mounted applications too.

    Parameters:
        around: the routes of the applications around; one that is mounted inside of itself is one route.
    """
    around += (routes,)
    contexts: Callable[..., Iterable[Any]] = getattr(import_module("fastapi.routing"), "iter_route_contexts", iter)
    for context in contexts(routes):
        route = getattr(context, "original_route", context)
        path = prefix + str(getattr(context, "path", ""))
        if isinstance(route, Mount) and (inner := route.routes) and not any(inner is each for each in around):
            yield from routes_of(inner, path, root, around)
            continue
        endpoint = getattr(context, "endpoint", None) or getattr(route, "endpoint", None)
        is_socket = "WebSocket" in type(route).__name__
        yield SeenRoute(
            path=path or prefix + str(getattr(route, "path", "")),
            methods=("WEBSOCKET",) if is_socket else tuple(sorted(getattr(context, "methods", None) or ())),
            name=str(getattr(context, "name", "") or ""),
            place="" if endpoint is None else where(endpoint, root),
            status=getattr(context, "status_code", None),
            has_body=getattr(context, "body_field", None) is not None,
        )


def where(function: Any, root: Path) -> str:
    """Return the file and line of a function, relative to the project where it belongs to it."""
    return place_in_source(function, lambda path: path.relative_to(root) if path.is_relative_to(root) else path)


def is_own(place: str) -> bool:
    """Whether a place is in the project: those of other packages are absolute."""
    return ":" in place and not Path(place).is_absolute()
