"""Offer an application's OpenAPI document and the pages that show it, as routes of the application."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from typeway.describe.pages import (
    ASSET_PATH,
    asset_response,
    get_redoc_html,
    get_swagger_ui_html,
    get_swagger_ui_oauth2_redirect_html,
)

if TYPE_CHECKING:
    from typeway.app import Typeway


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """What writes the pages.

    Parameters:
        swagger_ui: writes Swagger UI.
        redoc: writes ReDoc.
        oauth2_redirect: writes the page to which Swagger UI's user comes back.
        asset_path: where the application shall serve the files that they load; None if they need none of it.
    """

    swagger_ui: Callable[..., HTMLResponse]
    redoc: Callable[..., HTMLResponse]
    oauth2_redirect: Callable[..., HTMLResponse]
    asset_path: str | None


PACKAGED: Final = Pages(
    swagger_ui=get_swagger_ui_html,
    redoc=get_redoc_html,
    oauth2_redirect=get_swagger_ui_oauth2_redirect_html,
    asset_path=ASSET_PATH,
)
"""The pages whose files come with the package."""


def add_documentation(app: Typeway, pages: Pages = PACKAGED) -> None:
    """Add the routes of the document and of its pages, as the application's options say."""
    openapi_url, redirect_url = app.openapi_url, app.swagger_ui_oauth2_redirect_url
    if not openapi_url:
        return

    def files(root_path: str) -> dict[str, Any]:
        return {} if pages.asset_path is None else {"asset_path": root_path + pages.asset_path}

    def about(root_path: str, kind: str) -> dict[str, Any]:
        return {"openapi_url": root_path + openapi_url, "title": f"{app.title} - {kind}", **files(root_path)}

    def swagger_ui(root_path: str) -> Response:
        return pages.swagger_ui(
            oauth2_redirect_url=root_path + redirect_url if redirect_url else None,
            init_oauth=app.swagger_ui_init_oauth,
            swagger_ui_parameters=app.swagger_ui_parameters,
            **about(root_path, "Swagger UI"),
        )

    add_page(app, openapi_url, "openapi", lambda root_path: JSONResponse(document_below(app, root_path)))
    if pages.asset_path is not None:
        # Also where an author writes the pages' routes: they load the same files.
        app.add_route(pages.asset_path + "/{name:path}", assets, include_in_schema=False)
    if app.docs_url:
        add_page(app, app.docs_url, "swagger_ui_html", swagger_ui)
        if redirect_url:
            add_page(
                app, redirect_url, "swagger_ui_redirect", lambda root_path: pages.oauth2_redirect(**files(root_path))
            )
    if app.redoc_url:
        add_page(app, app.redoc_url, "redoc_html", lambda root_path: pages.redoc(**about(root_path, "ReDoc")))


def add_page(app: Typeway, url: str, name: str, write: Callable[[str], Response]) -> None:
    """Add a route for what a function writes, given the path under which the application is offered."""

    async def page(request: Request) -> Response:
        return write(request.scope.get("root_path", "").rstrip("/"))

    app.add_route(url, page, name=name, include_in_schema=False)


def document_below(app: Typeway, root_path: str) -> dict[str, Any]:
    """The document of an application below a root path, which it names as a server."""
    document = app.openapi()
    servers = document.get("servers", ())
    if root_path and app.root_path_in_servers and all(server.get("url") != root_path for server in servers):
        return {**document, "servers": [{"url": root_path}, *servers]}
    return document


def assets(request: Request) -> Response:
    return asset_response(request.path_params["name"], request.headers)
