"""Write the pages that show an application's OpenAPI document: Swagger UI, ReDoc, and Swagger UI's OAuth2 redirect."""

import json
from collections.abc import Iterable, Mapping
from html import escape
from types import MappingProxyType
from typing import Any, Final

from pydantic_core import to_jsonable_python
from starlette.responses import HTMLResponse

from typeway.describe.page_assets import ASSET_PATH as ASSET_PATH
from typeway.describe.page_assets import ASSETS
from typeway.describe.page_assets import serve_asset as serve_asset

_CSP: Final = (
    "default-src 'none'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

SWAGGER_UI_CSP: Final = f"{_CSP}; style-src 'self'"
"""The strictest Content-Security-Policy under which Swagger UI works in full with the files of the package.

Widen `connect-src` by the other servers that the document names, if people shall call them from the page.
"""

REDOC_CSP: Final = f"{_CSP}; style-src 'self' 'unsafe-inline'; worker-src blob:"
"""The same for ReDoc, which puts style elements into the page while it runs and searches in a `blob:` worker."""

swagger_ui_default_parameters: Mapping[str, Any] = MappingProxyType(
    {
        "dom_id": "#swagger-ui",
        "layout": "BaseLayout",
        "deepLinking": True,
        "showExtensions": True,
        "showCommonExtensions": True,
    }
)
"""What Swagger UI is told unless `swagger_ui_parameters` says otherwise.

All parameters: https://swagger.io/docs/open-source-tools/swagger-ui/usage/configuration/
"""

_GOOGLE_FONTS: Final = "https://fonts.googleapis.com/css?family=Montserrat:300,400,700|Roboto:300,400,700"


def get_swagger_ui_html(
    *,
    openapi_url: str,
    title: str,
    swagger_js_url: str = ASSETS["swagger-ui-bundle.js"],
    swagger_css_url: str = ASSETS["swagger-ui.css"],
    swagger_favicon_url: str = ASSETS["favicon.svg"],
    oauth2_redirect_url: str | None = None,
    init_oauth: Mapping[str, Any] | None = None,
    swagger_ui_parameters: Mapping[str, Any] | None = None,
    asset_path: str = ASSET_PATH,
) -> HTMLResponse:
    """Write the Swagger UI page.

    Parameters:
        openapi_url: where the OpenAPI document is.
        title: the page's title.
        swagger_js_url: Swagger UI's script, if not the packaged one.
        swagger_css_url: Swagger UI's styles, if not the packaged ones.
        swagger_favicon_url: the page's icon.
        oauth2_redirect_url: where `get_swagger_ui_oauth2_redirect_html` is served; needed for OAuth2's redirecting flows.
        init_oauth: what Swagger UI's `initOAuth` gets: `clientId`, `appName`, `usePkceWithAuthorizationCodeGrant`...
        swagger_ui_parameters: Swagger UI parameters; they win over `swagger_ui_default_parameters` and the rest.
        asset_path: where the application serves the packaged files, with its root path: root_path + `ASSET_PATH`.

    Example:
        ```python
        @app.get("/docs", include_in_schema=False)
        async def docs() -> HTMLResponse:
            return get_swagger_ui_html(openapi_url="/openapi.json", title="Tasks")
        ```
    """
    configuration = {**swagger_ui_default_parameters, "url": openapi_url}
    if oauth2_redirect_url:
        configuration["oauth2RedirectUrl"] = oauth2_redirect_url
    configuration |= swagger_ui_parameters or {}
    blocks = [_json_block("swagger-ui-configuration", configuration)]
    if init_oauth:
        blocks.append(_json_block("swagger-ui-oauth", init_oauth))
    return _page(
        title,
        icon=swagger_favicon_url,
        styles=[swagger_css_url],
        body=['<div id="swagger-ui"></div>', "<noscript>Swagger UI needs JavaScript.</noscript>", *blocks],
        scripts=[swagger_js_url, ASSETS["typeway-swagger.js"]],
        asset_path=asset_path,
    )


def get_redoc_html(
    *,
    openapi_url: str,
    title: str,
    redoc_js_url: str = ASSETS["redoc.standalone.js"],
    redoc_favicon_url: str = ASSETS["favicon.svg"],
    with_google_fonts: bool = False,
    asset_path: str = ASSET_PATH,
) -> HTMLResponse:
    """Write the ReDoc page.

    Parameters:
        redoc_js_url: ReDoc's script, if not the packaged one.
        redoc_favicon_url: the page's icon.
        with_google_fonts: load ReDoc's fonts from Google; without, the browser's own fonts are used.
        openapi_url, title, asset_path: see `get_swagger_ui_html`.
    """
    return _page(
        title,
        icon=redoc_favicon_url,
        styles=[_GOOGLE_FONTS] if with_google_fonts else [],
        body=[
            '<div id="redoc"></div>',
            "<noscript>ReDoc needs JavaScript.</noscript>",
            _json_block("redoc-configuration", {"specUrl": openapi_url, "options": {}}),
        ],
        scripts=[redoc_js_url, ASSETS["typeway-redoc.js"]],
        asset_path=asset_path,
    )


def get_swagger_ui_oauth2_redirect_html(*, asset_path: str = ASSET_PATH) -> HTMLResponse:
    """Write the page to which an OAuth2 authorization server sends the user of Swagger UI back.

    Parameters:
        asset_path: see `get_swagger_ui_html`.
    """
    return _page(
        "Swagger UI: OAuth2 redirect",
        icon=ASSETS["favicon.svg"],
        body=[
            '<p id="message"></p>',
            "<!-- The script hands the answer to window.opener.swaggerUIRedirectOauth2 and closes this window. -->",
        ],
        scripts=[ASSETS["typeway-oauth2-redirect.js"]],
        asset_path=asset_path,
    )


def _json_block(block_id: str, values: Mapping[str, Any]) -> str:
    """Write data for a script, one value on a line, so that no content can end the script element.

    Inside a script element `<` matters even in data (HTML standard, 4.12.1.3); JSON can spell it without.
    """
    plain = to_jsonable_python(dict(values))
    lines = ",\n".join(f"  {json.dumps(str(name))}: {json.dumps(value)}" for name, value in plain.items())
    for character in "<>&":
        lines = lines.replace(character, f"\\u{ord(character):04x}")
    return f'<script type="application/json" id="{block_id}">\n{{\n{lines}\n}}\n</script>'


def _page(
    title: str, *, icon: str, styles: Iterable[str] = (), body: Iterable[str], scripts: Iterable[str], asset_path: str
) -> HTMLResponse:
    """Put a page together; addresses and title are escaped here, the body's parts by who wrote them."""

    def located(url: str) -> str:
        # A packaged file is where the application serves it; any other stays where it is.
        return escape(asset_path + url.removeprefix(ASSET_PATH) if url.startswith(f"{ASSET_PATH}/") else url)

    lines = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title>",
        f'<link rel="icon" href="{located(icon)}">',
        *(f'<link rel="stylesheet" href="{located(url)}">' for url in (*styles, ASSETS["typeway-docs.css"])),
        "</head>",
        "<body>",
        *body,
        *(f'<script src="{located(url)}"></script>' for url in scripts),
        "</body>",
        "</html>",
    ]
    return HTMLResponse("\n".join(lines) + "\n")
