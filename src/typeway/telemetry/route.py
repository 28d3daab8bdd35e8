"""Find the path, as it was declared, of what a request has been routed to: `http.route`."""

from __future__ import annotations

from typing import Any

from starlette.routing import Host, Mount

from typeway.serve.asgi import Site, path_of, turned
from typeway.serve.match import Found
from typeway.types import Scope


def declared_path(app: Any, scope: Scope) -> str | None:
    """The declared path below an application that a scope leads to, through its mounts; None if it leads nowhere.

    Parameters:
        app: the application or router; one that is not ours knows nothing of paths.
        scope: the scope as the application receives it.
    """
    site = site_of(app, scope)
    if site is None:
        return None
    found = find(site, scope)
    if found is None:
        path = path_of(scope)
        return next((front.prefix + "/{path}" for front in site.frontends if front.covers(path)), None)
    entry, _, child_scope = found
    route = entry.route
    if isinstance(route, Mount | Host):
        inner = declared_path(application_in(route), {**scope, **(child_scope or {})})
        if inner is not None:
            return inner if isinstance(route, Host) else route.path + inner
    path_format: str | None = getattr(route, "path_format", None)
    return path_format


def site_of(app: Any, scope: Scope) -> Site | None:
    """What the request path reads of an application or router; None if it is not ours."""
    router = getattr(app, "router", app)
    find_site = getattr(router, "site", None)
    if find_site is None:
        return None
    site: Site = find_site(scope if router is app else {**scope, "app": app})
    return site


def application_in(route: Mount | Host) -> Any:
    """What a mount leads to, without the middleware around it."""
    app: Any = route.app
    while app is not None and not hasattr(getattr(app, "router", app), "site"):
        app = getattr(app, "app", None)
    return app


def find(site: Site, scope: Scope) -> Found | None:
    """What takes a request, or would if its method or its last slash were another."""
    is_request = scope["type"] == "http"
    index = site.index if is_request else site.sockets
    path = path_of(scope)
    found = index.find(path, scope.get("method", ""), scope)
    if found is None and is_request:
        others = index.on_path(path, scope)
        if not others and site.redirects and path != "/":
            other = {**scope, **turned(scope)}
            others = index.on_path(path_of(other), other)
        found = others[0] if others else None
    return found
