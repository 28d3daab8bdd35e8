"""Write the documentation pages as FastAPI does: complete in themselves, with Swagger UI and ReDoc from a CDN."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html import escape
from typing import Any, Final

from starlette.responses import HTMLResponse

from typeway.application.documentation import Pages
from typeway.compat.shapes.facade import current
from typeway.describe import pages
from typeway.describe.pages import ASSET_PATH, FOLDER

SWAGGER_UI: Final = "https://cdn.jsdelivr.net/npm/swagger-ui-dist@5"
REDOC: Final = "https://cdn.jsdelivr.net/npm/redoc@2/bundles/redoc.standalone.js"
FAVICON: Final = "https://fastapi.tiangolo.com/img/favicon.png"

# The elements that load the package's own files.
PACKAGED: Final = re.compile(
    rf'<script src="{ASSET_PATH}/[^"]+/(?P<script>[^"/]+)"></script>'
    rf'|<link rel="stylesheet" href="{ASSET_PATH}/[^"]+/(?P<style>[^"/]+)">'
    rf'|<link rel="icon" href="{ASSET_PATH}/[^"]+">\n'
)


def get_swagger_ui_html(
    *,
    openapi_url: str,
    title: str,
    swagger_js_url: str = f"{SWAGGER_UI}/swagger-ui-bundle.js",
    swagger_css_url: str = f"{SWAGGER_UI}/swagger-ui.css",
    swagger_favicon_url: str = FAVICON,
    oauth2_redirect_url: str | None = None,
    init_oauth: Mapping[str, Any] | None = None,
    swagger_ui_parameters: Mapping[str, Any] | None = None,
) -> HTMLResponse:
    """Write the Swagger UI page; see `typeway.describe.pages.get_swagger_ui_html`."""
    page = pages.get_swagger_ui_html(
        openapi_url=openapi_url,
        title=title,
        swagger_js_url=swagger_js_url,
        swagger_css_url=swagger_css_url,
        swagger_favicon_url=swagger_favicon_url,
        oauth2_redirect_url=oauth2_redirect_url,
        init_oauth=init_oauth,
        swagger_ui_parameters=swagger_ui_parameters,
    )
    return complete(page, comment_on(oauth2_redirect_url, bool(init_oauth)))


def comment_on(oauth2_redirect_url: str | None, has_oauth: bool) -> str:
    """Say to readers of Swagger UI's page what its script adds to the data, in the words of FastAPI's own script."""
    lines = ["presets: [", "  SwaggerUIBundle.presets.apis,", "  SwaggerUIBundle.SwaggerUIStandalonePreset", "],"]
    if oauth2_redirect_url:
        lines.append(f"oauth2RedirectUrl: window.location.origin + '{escape(oauth2_redirect_url, quote=False)}',")
    if has_oauth:
        lines.append("and then: ui.initOAuth(...)")
    return "\n".join(["<!-- Swagger UI starts with the values above and with", *lines, "-->", ""])


def get_redoc_html(
    *,
    openapi_url: str,
    title: str,
    redoc_js_url: str = REDOC,
    redoc_favicon_url: str = FAVICON,
    with_google_fonts: bool = True,
) -> HTMLResponse:
    """Write the ReDoc page; see `typeway.describe.pages.get_redoc_html`."""
    page = pages.get_redoc_html(
        openapi_url=openapi_url,
        title=title,
        redoc_js_url=redoc_js_url,
        redoc_favicon_url=redoc_favicon_url,
        with_google_fonts=with_google_fonts,
    )
    return complete(page)


def get_swagger_ui_oauth2_redirect_html() -> HTMLResponse:
    """Write the page to which an OAuth2 authorization server sends the user of Swagger UI back."""
    return complete(pages.get_swagger_ui_oauth2_redirect_html())


def complete(page: HTMLResponse, comment: str = "") -> HTMLResponse:
    """A page with the package's own small files in it, so that it works wherever somebody serves it.

    Parameters:
        comment: what stands at its end.
    """

    def inline(found: re.Match[str]) -> str:
        kind = found.lastgroup
        return "" if kind is None else f"<{kind}>\n{(FOLDER / found[kind]).read_text(encoding='utf-8')}</{kind}>"

    text = bytes(page.body).decode().replace("</body>", f"{comment}</body>")
    return HTMLResponse(PACKAGED.sub(inline, text))


def replaceable(name: str, function: Callable[..., HTMLResponse]) -> Callable[..., HTMLResponse]:
    """A function that applications may replace in `fastapi.applications`, as they do to change the pages' addresses."""

    def write(**options: Any) -> HTMLResponse:
        response: HTMLResponse = current("fastapi.applications", name, function)(**options)
        return response

    return write


PAGES: Final = Pages(
    swagger_ui=replaceable("get_swagger_ui_html", get_swagger_ui_html),
    redoc=replaceable("get_redoc_html", get_redoc_html),
    oauth2_redirect=replaceable("get_swagger_ui_oauth2_redirect_html", get_swagger_ui_oauth2_redirect_html),
    asset_path=None,
)
