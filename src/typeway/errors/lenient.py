"""Write the body of an error, whatever it contains and however much: an error must not become another one."""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from typing import Any, Final

from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response

from typeway.declare.conventions import TYPEWAY, Conventions
from typeway.decoders import AROUND
from typeway.encoders import encode_data
from typeway.exceptions import ValidationException

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


def scope_of(connection: HTTPConnection[Any]) -> Mapping[str, Any]:
    """Return the scope of a request; tests of handlers pass None or a mock, which has none."""
    scope: Any = getattr(connection, "scope", None)
    return scope if isinstance(scope, Mapping) else {}


def conventions_of(connection: HTTPConnection[Any]) -> Conventions:
    found: Conventions = getattr(scope_of(connection).get("app"), "conventions", TYPEWAY)
    return found


def limit_of(connection: HTTPConnection[Any], key: str) -> int | None:
    """Return one of the option `error_limits`: of the route, or of what is around its application; None if there is none."""
    scope = scope_of(connection)
    own: Mapping[str, int] = getattr(scope.get("route"), "error_limits", None) or {}
    around: Mapping[str, int] = scope.get(AROUND, {}).get("error_limits", {})
    default: int | None = getattr(conventions_of(connection).limits, key)
    return own.get(key, around.get(key, default))


def fitting(
    connection: HTTPConnection[Any],
    error: ValidationException,
    errors: Sequence[Any],
    respond: Callable[[Sequence[Any], int], Response],
) -> Response:
    """Return the response to invalid input with as many errors as its limits allow.

    Parameters:
        errors: what is shown of the errors of the exception.
        respond: makes the response from the errors that are listed and the number of the others.
    """
    count = limit_of(connection, "max_errors")
    listed, omitted = errors, error.omitted
    if count is not None and len(errors) > count:
        listed, omitted = errors[:count], omitted + len(errors) - count
    response = respond(listed, omitted)
    most = limit_of(connection, "max_size") if error.max_size is None else error.max_size
    if most is None or len(response.body) <= most:
        return response
    around = len(respond((), omitted + len(listed)).body)
    sizes = accumulate(len(error_response(entry, 422).body) + 1 for entry in listed)
    fits = sum(around + size <= most for size in sizes)
    return respond(listed[:fits], omitted + len(listed) - fits)
