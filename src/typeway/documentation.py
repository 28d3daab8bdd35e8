"""Offer an application's OpenAPI document and the pages that show it, as routes of the application."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

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

    def files_below(self, root_path: str) -> dict[str, str]:
        """Where the files are for an application under a root path, as an argument of the functions."""
        return {} if self.asset_path is None else {"asset_path": root_path + self.asset_path}


PACKAGED: Final = Pages(
    swagger_ui=get_swagger_ui_html,
    redoc=get_redoc_html,
    oauth2_redirect=get_swagger_ui_oauth2_redirect_html,
    asset_path=ASSET_PATH,
)
"""The pages whose files come with the package."""


def root_path_of(request: Request) -> str:
    """The path under which the application is offered, without a slash at its end."""
    root_path: str = request.scope.get("root_path", "")
    return root_path.rstrip("/")


def add_documentation(app: Typeway, pages: Pages = PACKAGED) -> None:
    """Add the routes of the document and of its pages, as the application's options say."""
    if not app.openapi_url:
        return
    add_document(app, app.openapi_url)
    if pages.asset_path is not None:
        add_assets(app, pages.asset_path)
    if app.docs_url:
        add_swagger_ui(app, pages, app.docs_url, app.openapi_url)
    if app.redoc_url:
        add_redoc(app, pages, app.redoc_url, app.openapi_url)


def add_assets(app: Typeway, asset_path: str) -> None:
    """Serve the packaged files, also where an author writes the pages' routes."""

    def assets(request: Request) -> Response:
        return asset_response(request.path_params["name"], request.headers)

    app.add_route(asset_path + "/{name:path}", assets, include_in_schema=False)


def add_document(app: Typeway, openapi_url: str) -> None:
    async def openapi(request: Request) -> JSONResponse:
        document = app.openapi()
        root_path = root_path_of(request)
        known = {server.get("url") for server in document.get("servers", ())}
        if root_path and app.root_path_in_servers and root_path not in known:
            document = {**document, "servers": [{"url": root_path}, *document.get("servers", ())]}
        return JSONResponse(document)

    app.add_route(openapi_url, openapi, include_in_schema=False)


def add_swagger_ui(app: Typeway, pages: Pages, docs_url: str, openapi_url: str) -> None:
    redirect_url = app.swagger_ui_oauth2_redirect_url

    async def swagger_ui_html(request: Request) -> HTMLResponse:
        root_path = root_path_of(request)
        return pages.swagger_ui(
            openapi_url=root_path + openapi_url,
            title=f"{app.title} - Swagger UI",
            oauth2_redirect_url=root_path + redirect_url if redirect_url else None,
            init_oauth=app.swagger_ui_init_oauth,
            swagger_ui_parameters=app.swagger_ui_parameters,
            **pages.files_below(root_path),
        )

    app.add_route(docs_url, swagger_ui_html, include_in_schema=False)
    if redirect_url:

        async def swagger_ui_redirect(request: Request) -> HTMLResponse:
            return pages.oauth2_redirect(**pages.files_below(root_path_of(request)))

        app.add_route(redirect_url, swagger_ui_redirect, include_in_schema=False)


def add_redoc(app: Typeway, pages: Pages, redoc_url: str, openapi_url: str) -> None:
    async def redoc_html(request: Request) -> HTMLResponse:
        root_path = root_path_of(request)
        return pages.redoc(
            openapi_url=root_path + openapi_url,
            title=f"{app.title} - ReDoc",
            **pages.files_below(root_path),
        )

    app.add_route(redoc_url, redoc_html, include_in_schema=False)
