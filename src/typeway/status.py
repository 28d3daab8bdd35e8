"""Name the HTTP statuses (RFC 9110) and the WebSocket closing codes (RFC 6455)."""

from starlette import status as _status
from starlette.status import *  # noqa: F403  # pyright: ignore[reportWildcardImportFromLibrary]


def __getattr__(name: str) -> int:
    # The names of statuses that RFC 9110 renamed still work, with Starlette's warning.
    return _status.__getattr__(name)
