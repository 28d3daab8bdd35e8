"""Offer an application's OpenAPI document and the pages that show it, as routes of the application."""

from __future__ import annotations

from typing import TYPE_CHECKING

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


def root_path_of(request: Request) -> str:
    """The path under which the application is offered, without a slash at its end."""
    root_path: str = request.scope.get("root_path", "")
    return root_path.rstrip("/")


def add_documentation(app: Typeway) -> None:
    """Add the routes of the document and of its pages, as the application's options say."""
    if not app.openapi_url:
        return
    add_document(app, app.openapi_url)
    add_assets(app)
    if app.docs_url:
        add_swagger_ui(app, app.docs_url, app.openapi_url)
    if app.redoc_url:
        add_redoc(app, app.redoc_url, app.openapi_url)


def add_assets(app: Typeway) -> None:
    """Serve the packaged files, also where an author writes the pages' routes."""

    def assets(request: Request) -> Response:
        return asset_response(request.path_params["name"], request.headers)

    app.add_route(ASSET_PATH + "/{name:path}", assets, include_in_schema=False)


def add_document(app: Typeway, openapi_url: str) -> None:
    async def openapi(request: Request) -> JSONResponse:
        document = app.openapi()
        root_path = root_path_of(request)
        known = {server.get("url") for server in document.get("servers", ())}
        if root_path and app.root_path_in_servers and root_path not in known:
            document = {**document, "servers": [{"url": root_path}, *document.get("servers", ())]}
        return JSONResponse(document)

    app.add_route(openapi_url, openapi, include_in_schema=False)


def add_swagger_ui(app: Typeway, docs_url: str, openapi_url: str) -> None:
    redirect_url = app.swagger_ui_oauth2_redirect_url

    async def swagger_ui_html(request: Request) -> HTMLResponse:
        root_path = root_path_of(request)
        return get_swagger_ui_html(
            openapi_url=root_path + openapi_url,
            title=f"{app.title} - Swagger UI",
            oauth2_redirect_url=root_path + redirect_url if redirect_url else None,
            init_oauth=app.swagger_ui_init_oauth,
            swagger_ui_parameters=app.swagger_ui_parameters,
            asset_path=root_path + ASSET_PATH,
        )

    app.add_route(docs_url, swagger_ui_html, include_in_schema=False)
    if redirect_url:

        async def swagger_ui_redirect(request: Request) -> HTMLResponse:
            return get_swagger_ui_oauth2_redirect_html(asset_path=root_path_of(request) + ASSET_PATH)

        app.add_route(redirect_url, swagger_ui_redirect, include_in_schema=False)


def add_redoc(app: Typeway, redoc_url: str, openapi_url: str) -> None:
    async def redoc_html(request: Request) -> HTMLResponse:
        root_path = root_path_of(request)
        return get_redoc_html(
            openapi_url=root_path + openapi_url,
            title=f"{app.title} - ReDoc",
            asset_path=root_path + ASSET_PATH,
        )

    app.add_route(redoc_url, redoc_html, include_in_schema=False)
