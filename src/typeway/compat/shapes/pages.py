"""Write the documentation pages as FastAPI does: complete in themselves, with Swagger UI and ReDoc from a CDN."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from html import escape
from typing import Any, Final

from starlette.responses import HTMLResponse

from typeway.application.documentation import Pages
from typeway.compat.shapes.facade import current
from typeway.describe.pages import (
    FOLDER,
    GOOGLE_FONTS,
    OAUTH2_REDIRECT_MESSAGE,
    OAUTH2_REDIRECT_TITLE,
    in_script,
    json_members,
    link,
    script,
    swagger_ui_default_parameters,
    write_page,
)

SWAGGER_UI: Final = "https://cdn.jsdelivr.net/npm/swagger-ui-dist@5"
REDOC: Final = "https://cdn.jsdelivr.net/npm/redoc@2/bundles/redoc.standalone.js"
FAVICON: Final = "https://fastapi.tiangolo.com/img/favicon.png"


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
    """Write the Swagger UI page; `typeway.describe.pages.get_swagger_ui_html` explains the parameters."""
    parameters = {"url": openapi_url, **swagger_ui_default_parameters, **(swagger_ui_parameters or {})}
    lines = [
        "const ui = SwaggerUIBundle({",
        *(f"  {member}," for member in json_members(parameters)),
        # The standalone preset is undefined, which Swagger UI ignores, unless `swagger_js_url` is a bundle that has it.
        "  presets: [",
        "    SwaggerUIBundle.presets.apis,",
        "    SwaggerUIBundle.SwaggerUIStandalonePreset",
        "  ],",
    ]
    if oauth2_redirect_url:
        lines.append(f"  oauth2RedirectUrl: window.location.origin + {quoted(oauth2_redirect_url)},")
    lines.append("});")
    if init_oauth:
        lines += ["ui.initOAuth({", *(f"  {member}," for member in json_members(init_oauth)), "});"]
    return write_page(
        title,
        head=[link("icon", swagger_favicon_url), link("stylesheet", swagger_css_url)],
        body=['<div id="swagger-ui"></div>', script(swagger_js_url), inline_script("\n".join(lines))],
    )


def get_redoc_html(
    *,
    openapi_url: str,
    title: str,
    redoc_js_url: str = REDOC,
    redoc_favicon_url: str = FAVICON,
    with_google_fonts: bool = True,
) -> HTMLResponse:
    """Write the ReDoc page; `typeway.describe.pages.get_redoc_html` explains the parameters."""
    fonts = [link("stylesheet", GOOGLE_FONTS)] if with_google_fonts else []
    return write_page(
        title,
        head=[link("icon", redoc_favicon_url), *fonts, "<style>body { margin: 0; padding: 0; }</style>"],
        body=[
            "<noscript>ReDoc needs JavaScript.</noscript>",
            f'<redoc spec-url="{escape(openapi_url)}"></redoc>',
            script(redoc_js_url),
        ],
    )


def get_swagger_ui_oauth2_redirect_html() -> HTMLResponse:
    """Write the page to which an OAuth2 authorization server sends the user of Swagger UI back."""
    code = (FOLDER / "typeway-oauth2-redirect.js").read_text(encoding="utf-8")
    return write_page(OAUTH2_REDIRECT_TITLE, head=[], body=[OAUTH2_REDIRECT_MESSAGE, inline_script(code)])


def inline_script(code: str) -> str:
    """Write the element that runs some JavaScript."""
    return f"<script>\n{code.strip()}\n</script>"


def quoted(text: str) -> str:
    """Write a JavaScript string in single quotes, as FastAPI's page does."""
    content = json.dumps(text)[1:-1].replace("'", r"\u0027")
    return f"'{in_script(content)}'"


def replaceable(name: str, function: Callable[..., HTMLResponse]) -> Callable[..., HTMLResponse]:
    """Wrap a function that applications may replace in `fastapi.applications`, as they do to change the pages' addresses."""

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
