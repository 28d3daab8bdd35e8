"""Find the declared path of the route that a request has reached, for the attribute `http.route`."""

from __future__ import annotations

from typing import Any

from starlette.routing import Host, Mount

from typeway.serve.asgi import Snapshot, path_of, with_other_slash
from typeway.serve.match import Found, NoRoute
from typeway.types import Scope


def declared_path(app: Any, scope: Scope) -> str | None:
    """Return the declared path to which a scope leads, through mounts; None if no route matches.

    Parameters:
        app: the application or router; None is returned for one that is not Typeway's.
        scope: the scope as the application receives it.
    """
    snapshot = snapshot_of(app, scope)
    if snapshot is None:
        return None
    found = find(snapshot, scope)
    if found is None:
        path = path_of(scope)
        return next((front.prefix + "/{path}" for front in snapshot.frontends if front.covers(path)), None)
    entry, _, child_scope = found
    route = entry.route
    if isinstance(route, Mount | Host):
        inner = declared_path(application_in(route), {**scope, **(child_scope or {})})
        if inner is not None:
            return inner if isinstance(route, Host) else route.path + inner
    path_format: str | None = getattr(route, "path_format", None)
    return path_format


def snapshot_of(app: Any, scope: Scope) -> Snapshot | None:
    """Return what the request path reads of an application or router; None if it is not Typeway's."""
    router = getattr(app, "router", app)
    find_snapshot = getattr(router, "_snapshot_for", None)
    if find_snapshot is None:
        return None
    snapshot: Snapshot = find_snapshot(scope if router is app else {**scope, "app": app})
    return snapshot


def application_in(route: Mount | Host) -> Any:
    """Return the application of a mount, without the middleware around it; None if it is not Typeway's."""
    app: Any = route.app
    while app is not None and not hasattr(getattr(app, "router", app), "_snapshot_for"):
        app = getattr(app, "app", None)
    return app


def find(snapshot: Snapshot, scope: Scope) -> Found | None:
    """Return the route of a request, or the one that would match with another method or trailing slash."""
    is_request = scope["type"] == "http"
    index = snapshot.index if is_request else snapshot.sockets
    path = path_of(scope)
    found = index.find(path, scope.get("method", ""), scope)
    if not isinstance(found, NoRoute):
        return found
    if found.others:
        return found.others[0]
    other = with_other_slash(snapshot, found, path, scope) if is_request else None
    return None if other is None else index.any_on(path_of(other), other)
