"""Offer the response classes, and name the statuses whose responses have no body."""

from importlib import import_module
from typing import Any, Final

from starlette.responses import FileResponse as FileResponse
from starlette.responses import HTMLResponse as HTMLResponse
from starlette.responses import JSONResponse as JSONResponse
from starlette.responses import PlainTextResponse as PlainTextResponse
from starlette.responses import RedirectResponse as RedirectResponse
from starlette.responses import Response as Response
from starlette.responses import StreamingResponse as StreamingResponse
from typing_extensions import deprecated

from typeway.exceptions import TypewayDeprecationWarning
from typeway.sse import EventSourceResponse as EventSourceResponse

# RFC 9110: 1xx (15.2), 204 (15.3.5) and 304 (15.4.5) have no content; 205 (15.3.6) must not have any either.
BODILESS: Final = frozenset({*range(100, 200), 204, 205, 304})

# PERF: the raw header of a JSON body; the protocol class knows it by identity, and then need not look at the headers.
JSON_TYPE: Final = (b"content-type", b"application/json")

_DEPRECATION: Final = (
    "{} is deprecated: with a return type or a response model, data is written as JSON bytes in one step, "
    "which is faster than any other JSON library. Remove the response class, or declare JSONResponse."
)


def _import(package: str, user: str) -> Any:
    try:
        return import_module(package)
    except ImportError as error:
        raise ImportError(f"{user} needs the package {package!r}: install it with `pip install {package}`.") from error


@deprecated(_DEPRECATION.format("ORJSONResponse"), category=TypewayDeprecationWarning)
class ORJSONResponse(JSONResponse):
    """JSON written by the package `orjson`; deprecated."""

    def render(self, content: Any) -> bytes:
        """Return the content as JSON; keys may be of any type that orjson knows."""
        orjson = _import("orjson", "ORJSONResponse")
        data: bytes = orjson.dumps(content, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY)
        return data


@deprecated(_DEPRECATION.format("UJSONResponse"), category=TypewayDeprecationWarning)
class UJSONResponse(JSONResponse):
    """JSON written by the package `ujson`; deprecated."""

    def render(self, content: Any) -> bytes:
        """Return the content as JSON."""
        text: str = _import("ujson", "UJSONResponse").dumps(content, ensure_ascii=False)
        return text.encode()
