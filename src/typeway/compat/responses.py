"""Write JSON with other libraries: response classes that FastAPI has deprecated too."""

from importlib import import_module
from typing import Any, Final

from starlette.responses import JSONResponse
from typing_extensions import deprecated

from typeway.exceptions import TypewayDeprecationWarning

_DEPRECATION: Final = (
    "{} is deprecated: with a return type or a response model, data goes to JSON bytes in one step, "
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
