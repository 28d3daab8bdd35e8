"""Add the OpenAPI document and the pages that show it to an application, as routes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from typeway.describe import pages
from typeway.describe.pages import ASSET_PATH, serve_asset


class DocumentedApplication(Protocol):
    """The attributes of an application that its documentation reads."""

    title: str
    openapi_url: str | None
    docs_url: str | None
    redoc_url: str | None
    swagger_ui_oauth2_redirect_url: str | None
    swagger_ui_init_oauth: dict[str, Any] | None
    swagger_ui_parameters: dict[str, Any] | None
    root_path_in_servers: bool

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        ...

    def add_route(self, path: str, route: Callable[..., Any], *, include_in_schema: bool) -> None:
        """Add a Starlette route."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """The functions that return the documentation pages; by default those that load assets from the package."""

    swagger_ui: Callable[..., HTMLResponse] = pages.get_swagger_ui_html
    redoc: Callable[..., HTMLResponse] = pages.get_redoc_html
    oauth2_redirect: Callable[..., HTMLResponse] = pages.get_swagger_ui_oauth2_redirect_html
    asset_path: str | None = ASSET_PATH  # the path under which the application serves the assets; None if it does not


def add_documentation(app: DocumentedApplication, pages: Pages) -> None:
    """Add the routes of the document and its pages, according to the options of the application."""
    openapi_url, redirect_url = app.openapi_url, app.swagger_ui_oauth2_redirect_url
    if not openapi_url:
        return

    def assets(root_path: str) -> dict[str, Any]:
        return {} if pages.asset_path is None else {"asset_path": root_path + pages.asset_path}

    def common(app: DocumentedApplication, root_path: str, kind: str) -> dict[str, Any]:
        return {"openapi_url": root_path + openapi_url, "title": f"{app.title} - {kind}", **assets(root_path)}

    def document(app: DocumentedApplication, root_path: str) -> Response:
        shown = app.openapi()
        servers = shown.get("servers", ())
        if root_path and app.root_path_in_servers and all(server.get("url") != root_path for server in servers):
            shown = {**shown, "servers": [{"url": root_path}, *servers]}
        return JSONResponse(shown)

    def swagger_ui(app: DocumentedApplication, root_path: str) -> Response:
        return pages.swagger_ui(
            oauth2_redirect_url=root_path + redirect_url if redirect_url else None,
            init_oauth=app.swagger_ui_init_oauth,
            swagger_ui_parameters=app.swagger_ui_parameters,
            **common(app, root_path, "Swagger UI"),
        )

    def redirect(_: DocumentedApplication, root_path: str) -> Response:
        return pages.oauth2_redirect(**assets(root_path))

    def redoc(app: DocumentedApplication, root_path: str) -> Response:
        return pages.redoc(**common(app, root_path, "ReDoc"))

    add_page(app, openapi_url, "openapi", document)
    if pages.asset_path is not None:
        # Even if the application writes the routes of the pages itself: its pages load the same assets.
        app.add_route(pages.asset_path + "/{name:path}", serve_asset, include_in_schema=False)
    if app.docs_url:
        add_page(app, app.docs_url, "swagger_ui_html", swagger_ui)
        add_page(app, redirect_url, "swagger_ui_redirect", redirect)
    add_page(app, app.redoc_url, "redoc_html", redoc)


def add_page(
    app: DocumentedApplication, url: str | None, name: str, write: Callable[[DocumentedApplication, str], Response]
) -> None:
    """Add a route, if it has a URL, whose response a function returns for the application and the root path."""

    async def page(request: Request) -> Response:
        # A copy of the application has the same functions, and documents itself.
        serving: Any = request.scope.get("app")
        own = getattr(getattr(serving, "router", None), "_own_routes", ())
        documented = serving if any(getattr(route, "endpoint", None) is page for route in own) else app
        return write(documented, request.scope.get("root_path", "").rstrip("/"))

    page.__name__ = name
    if url:
        app.add_route(url, page, include_in_schema=False)
