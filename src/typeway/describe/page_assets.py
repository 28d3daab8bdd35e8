"""Serve the scripts and styles of the documentation pages from the package: a closed table of files, nothing else."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles

from typeway.texts import NOT_FOUND
from typeway.version import __version__

ASSET_PATH: Final = "/_typeway/docs"
"""Where an application serves these files, below its root path."""

_FOLDER: Final = Path(__file__).parent / "assets"

_MEDIA_TYPES: Final[Mapping[str, str]] = {
    ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".txt": "text/plain",
}  # fmt: skip

_OWN_FILES: Final = (
    "favicon.svg", "typeway-docs.css", "typeway-oauth2-redirect.js", "typeway-redoc.js", "typeway-swagger.js",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asset:
    """One file that the documentation pages load."""

    # The last part of its address: `package@version/file`. A new version has a new address.
    name: str
    path: Path  # where it is on the disk

    @property
    def url(self) -> str:
        """Its address in an application that is not mounted below another path."""
        return f"{ASSET_PATH}/{self.name}"


def _assets() -> dict[str, Asset]:
    """Name every file that may be served, by its file name."""
    versions = json.loads((_FOLDER / "VERSIONS.json").read_text(encoding="utf-8"))
    prefixes = {file: f"{package}@{facts['version']}" for package, facts in versions.items() for file in facts["files"]}
    prefixes |= dict.fromkeys(_OWN_FILES, f"typeway@{__version__}")
    return {file: Asset(f"{prefix}/{file}", _FOLDER / file) for file, prefix in prefixes.items()}


ASSETS: Final[Mapping[str, Asset]] = _assets()
_BY_NAME: Final[Mapping[str, Asset]] = {asset.name: asset for asset in ASSETS.values()}

_FILES: Final = StaticFiles(directory=_FOLDER)


def asset_response(name: str, request_headers: Mapping[str, str] | None = None) -> Response:
    """Answer a request for one file of the documentation pages: 200, 304 where the client has it, or 404.

    Parameters:
        name: what follows `ASSET_PATH` and its slash in the request's path, as in
            `swagger-ui-dist@5.35.0/swagger-ui.css`. It is looked up in a table and never becomes a path of the disk.
        request_headers: the request's headers, of which `if-none-match` is read.

    Example:
        ```python
        def endpoint(request: Request) -> Response:
            return asset_response(request.path_params["name"], request.headers)

        Route(ASSET_PATH + "/{name:path}", endpoint)
        ```
    """
    asset = _BY_NAME.get(name)
    if asset is None:
        return JSONResponse({"detail": NOT_FOUND}, status_code=404)
    headers = {
        # The name carries the version, so what it names never changes (RFC 8246).
        "etag": f'"{name}"',
        "cache-control": "public, max-age=31536000, immutable",
        "x-content-type-options": "nosniff",
    }
    response = FileResponse(asset.path, headers=headers, media_type=_MEDIA_TYPES[asset.path.suffix])
    if _FILES.is_not_modified(response.headers, Headers(request_headers or {})):
        return NotModifiedResponse(response.headers)
    return response
