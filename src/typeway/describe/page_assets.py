"""Serve the scripts and styles of the documentation pages from the package: a closed table of files, nothing else."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from starlette.responses import JSONResponse, Response

from typeway.texts import NOT_FOUND
from typeway.version import __version__

ASSET_PATH: Final = "/_typeway/docs"
"""Where an application serves these files, below its root path."""

_FOLDER: Final = Path(__file__).parent / "assets"

_MEDIA_TYPES: Final = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}

_OWN_FILES: Final = (
    "favicon.svg",
    "typeway-docs.css",
    "typeway-oauth2-redirect.js",
    "typeway-redoc.js",
    "typeway-swagger.js",
)


@dataclass(frozen=True, slots=True)
class Asset:
    """One file that the documentation pages load."""

    name: str
    """The last part of its address: `package@version/file`. A new version has a new address."""
    path: Path

    @property
    def url(self) -> str:
        """Its address in an application that is not mounted below another path."""
        return f"{ASSET_PATH}/{self.name}"

    @property
    def media_type(self) -> str:
        """The value of its Content-Type header."""
        return _MEDIA_TYPES[self.path.suffix]


def _assets() -> dict[str, Asset]:
    """Name every file that may be served, by its file name."""
    versions = json.loads((_FOLDER / "VERSIONS.json").read_text(encoding="utf-8"))
    prefixes = {file: f"{package}@{facts['version']}" for package, facts in versions.items() for file in facts["files"]}
    prefixes |= dict.fromkeys(_OWN_FILES, f"typeway@{__version__}")
    return {file: Asset(f"{prefix}/{file}", _FOLDER / file) for file, prefix in prefixes.items()}


ASSETS: Final[Mapping[str, Asset]] = _assets()
_BY_NAME: Final[Mapping[str, Asset]] = {asset.name: asset for asset in ASSETS.values()}

# The address carries the version, so what it names never changes (RFC 8246).
_CACHE_CONTROL: Final = "public, max-age=31536000, immutable"


def asset_response(name: str, request_headers: Mapping[str, str] | None = None) -> Response:
    """Answer a request for one file of the documentation pages.

    Parameters:
        name: what follows `ASSET_PATH` and its slash in the request's path, as in
            `swagger-ui-dist@5.35.0/swagger-ui.css`. It is looked up in a table and never becomes a path of the disk.
        request_headers: the request's headers, with lower-case names or a case-insensitive mapping; `if-none-match`
            is read.

    Returns:
        200 with the file, 304 where the client has it already (RFC 9110 section 13.1.2), 404 for any other name.

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
    content, etag = _content(asset)
    headers = {"etag": etag, "cache-control": _CACHE_CONTROL, "x-content-type-options": "nosniff"}
    if _is_known((request_headers or {}).get("if-none-match", ""), etag):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers | {"content-type": asset.media_type})


@cache
def _content(asset: Asset) -> tuple[bytes, str]:
    """Read a file once; the table bounds this cache."""
    content = asset.path.read_bytes()
    return content, f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def _is_known(if_none_match: str, etag: str) -> bool:
    """Compare weakly, as RFC 9110 section 13.1.2 wants it for If-None-Match."""
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return etag in tags or tags == ["*"]
