"""Write the body of an error, whatever it contains: an error must not become another one."""

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.responses import JSONResponse

from typeway.encoders import encode_data

STATUSES: Final = range(100, 600)  # RFC 9110, section 15; servers cut the connection for others

# Replacements for values that JSON cannot represent.
_LENIENT: Final[dict[Any, Callable[[Any], Any]]] = {
    str: lambda text: text.encode(errors="replace").decode(),
    float: lambda number: number if math.isfinite(number) else None,
}


def error_response(content: Any, status: int, headers: Mapping[str, str] | None = None, **options: Any) -> JSONResponse:
    """Return the response to an error; what JSON cannot represent, such as NaN or half a surrogate pair, is replaced."""
    if status not in STATUSES:
        raise ValueError(f"The status of an error must be an integer from 100 to 599, not {status!r}.")
    try:
        return JSONResponse(content, status, headers, **options)
    except ValueError:
        return JSONResponse(encode_data(content, _LENIENT), status, headers, **options)
