"""Write the pages that show an application's OpenAPI document, and serve their scripts and styles from the package."""

import json
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from pydantic_core import to_jsonable_python
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles

from typeway.texts import NOT_FOUND
from typeway.version import __version__

ASSET_PATH: Final = "/_typeway/docs"
"""Where an application serves these files, below its root path."""

FOLDER: Final = Path(__file__).parent / "assets"
_STATIC: Final = StaticFiles(directory=FOLDER)

_MEDIA_TYPES: Final[Mapping[str, str]] = {
    ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".txt": "text/plain",
}  # fmt: skip

_OWN_FILES: Final = (
    "favicon.svg", "typeway-docs.css", "typeway-oauth2-redirect.js", "typeway-redoc.js", "typeway-swagger.js",
)  # fmt: skip


def _addresses() -> dict[str, str]:
    """Return the address of every file that may be served by the file's name; a new version has a new address."""
    versions = json.loads((FOLDER / "VERSIONS.json").read_text(encoding="utf-8"))
    prefixes = {file: f"{package}@{facts['version']}" for package, facts in versions.items() for file in facts["files"]}
    prefixes |= dict.fromkeys(_OWN_FILES, f"typeway@{__version__}")
    return {file: f"{ASSET_PATH}/{prefix}/{file}" for file, prefix in prefixes.items()}


ASSETS: Final[Mapping[str, str]] = _addresses()

swagger_ui_default_parameters: Mapping[str, Any] = MappingProxyType(
    {
        "dom_id": "#swagger-ui",
        "layout": "BaseLayout",
        "deepLinking": True,
        "showExtensions": True,
        "showCommonExtensions": True,
    }
)
"""The parameters of Swagger UI unless `swagger_ui_parameters` says otherwise.

All parameters: https://swagger.io/docs/open-source-tools/swagger-ui/usage/configuration/
"""

OAUTH2_REDIRECT_TITLE: Final = "Swagger UI: OAuth2 redirect"
OAUTH2_REDIRECT_MESSAGE: Final = '<p id="message"></p>'
"""The element in which typeway-oauth2-redirect.js says what went wrong."""

GOOGLE_FONTS: Final = "https://fonts.googleapis.com/css?family=Montserrat:300,400,700|Roboto:300,400,700"


def serve_asset(request: Request) -> Response:
    """Answer a request for one file of the documentation pages: 200, 304 if the client has it, or 404.

    The path parameter `name` is looked up in a table and never used as a path in the file system.
    """
    name = request.path_params["name"]
    path = FOLDER / name.rpartition("/")[2]
    if ASSETS.get(path.name) != f"{ASSET_PATH}/{name}":
        return JSONResponse({"detail": NOT_FOUND}, status_code=404)
    headers = {
        # The name contains the version, so the content never changes (RFC 8246).
        "etag": f'"{name}"',
        "cache-control": "public, max-age=31536000, immutable",
        "x-content-type-options": "nosniff",
    }
    response = FileResponse(path, headers=headers, media_type=_MEDIA_TYPES[path.suffix])
    if _STATIC.is_not_modified(response.headers, request.headers):
        return NotModifiedResponse(response.headers)
    return response


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
        init_oauth: the argument of Swagger UI's `initOAuth`: `clientId`, `appName`, `usePkceWithAuthorizationCodeGrant`...
        swagger_ui_parameters: parameters of Swagger UI; they replace `swagger_ui_default_parameters` and the other arguments.
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
    return _packaged_page(
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
    return _packaged_page(
        title,
        icon=redoc_favicon_url,
        styles=[GOOGLE_FONTS] if with_google_fonts else [],
        body=[
            '<div id="redoc"></div>',
            "<noscript>ReDoc needs JavaScript.</noscript>",
            # Texts of the document may come from elsewhere; without this ReDoc would run scripts in them.
            _json_block("redoc-configuration", {"specUrl": openapi_url, "options": {"sanitize": True}}),
        ],
        scripts=[redoc_js_url, ASSETS["typeway-redoc.js"]],
        asset_path=asset_path,
    )


def get_swagger_ui_oauth2_redirect_html(*, asset_path: str = ASSET_PATH) -> HTMLResponse:
    """Write the page to which an OAuth2 authorization server sends the user of Swagger UI back."""
    return _packaged_page(
        OAUTH2_REDIRECT_TITLE,
        icon=ASSETS["favicon.svg"],
        body=[OAUTH2_REDIRECT_MESSAGE],
        scripts=[ASSETS["typeway-oauth2-redirect.js"]],
        asset_path=asset_path,
    )


def _json_block(block_id: str, values: Mapping[str, Any]) -> str:
    """Write data for a script, one value on a line."""
    members = ",\n".join(f"  {member}" for member in json_members(values))
    return f'<script type="application/json" id="{block_id}">\n{{\n{members}\n}}\n</script>'


def json_members(values: Mapping[str, Any]) -> list[str]:
    """Write the members of a JSON object, each as text that may stand in a script element."""
    plain = to_jsonable_python(dict(values))
    return [in_script(f"{json.dumps(str(name))}: {json.dumps(value)}") for name, value in plain.items()]


def in_script(text: str) -> str:
    """Escape JSON, or the content of a JavaScript string, so that it cannot end the script element around it.

    Inside a script element `<` matters even in data (HTML standard, 4.12.1.3); both languages can spell it without.
    """
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _packaged_page(
    title: str, *, icon: str, styles: Iterable[str] = (), body: Iterable[str], scripts: Iterable[str], asset_path: str
) -> HTMLResponse:
    """Write a page that loads files of the package, and others where the caller names them."""

    def located(url: str) -> str:
        # A packaged file is where the application serves it; any other stays where it is.
        return asset_path + url.removeprefix(ASSET_PATH) if url.startswith(f"{ASSET_PATH}/") else url

    return write_page(
        title,
        head=[
            link("icon", located(icon)),
            *(link("stylesheet", located(url)) for url in (*styles, ASSETS["typeway-docs.css"])),
        ],
        body=[*body, *(script(located(url)) for url in scripts)],
    )


def write_page(title: str, *, head: Iterable[str], body: Iterable[str]) -> HTMLResponse:
    """Put an HTML page together.

    Parameters:
        title: the page's title, as plain text.
        head, body: complete elements, one a line.
    """
    lines = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title>",
        *head,
        "</head>",
        "<body>",
        *body,
        "</body>",
        "</html>",
    ]
    return HTMLResponse("\n".join(lines) + "\n")


def link(relation: str, url: str) -> str:
    """Write the element that loads a style sheet or an icon."""
    return f'<link rel="{relation}" href="{escape(url)}">'


def script(url: str) -> str:
    """Write the element that loads a script."""
    return f'<script src="{escape(url)}"></script>'
