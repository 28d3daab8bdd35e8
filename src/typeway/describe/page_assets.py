"""Serve the scripts and styles of the documentation pages from the package: a closed table of files, nothing else."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
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
    """The address of every file that may be served, by the file's name: a new version of it has a new address."""
    versions = json.loads((FOLDER / "VERSIONS.json").read_text(encoding="utf-8"))
    prefixes = {file: f"{package}@{facts['version']}" for package, facts in versions.items() for file in facts["files"]}
    prefixes |= dict.fromkeys(_OWN_FILES, f"typeway@{__version__}")
    return {file: f"{ASSET_PATH}/{prefix}/{file}" for file, prefix in prefixes.items()}


ASSETS: Final[Mapping[str, str]] = _addresses()


def serve_asset(request: Request) -> Response:
    """Answer a request for one file of the documentation pages: 200, 304 where the client has it, or 404.

    The path parameter `name` is looked up in a table and never becomes a path of the disk.

    Example:
        ```python
        Route(ASSET_PATH + "/{name:path}", serve_asset)
        ```
    """
    name = request.path_params["name"]
    path = FOLDER / name.rpartition("/")[2]
    if ASSETS.get(path.name) != f"{ASSET_PATH}/{name}":
        return JSONResponse({"detail": NOT_FOUND}, status_code=404)
    headers = {
        # The name carries the version, so what it names never changes (RFC 8246).
        "etag": f'"{name}"',
        "cache-control": "public, max-age=31536000, immutable",
        "x-content-type-options": "nosniff",
    }
    response = FileResponse(path, headers=headers, media_type=_MEDIA_TYPES[path.suffix])
    if _STATIC.is_not_modified(response.headers, request.headers):
        return NotModifiedResponse(response.headers)
    return response
