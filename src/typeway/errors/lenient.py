"""Write the body of an error, whatever it contains and however much: an error must not become another one."""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from typing import Any, Final

from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response

from typeway.declare.conventions import TYPEWAY, Conventions
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


def conventions_of(connection: HTTPConnection[Any]) -> Conventions:
    found: Conventions = getattr(connection.scope.get("app"), "conventions", TYPEWAY)
    return found


def size_limit(connection: HTTPConnection[Any], error: ValidationException) -> int | None:
    """Return how many bytes the answer to invalid input may have; None for as many as it takes."""
    return conventions_of(connection).limits.max_size if error.max_size is None else error.max_size


def fitting(
    errors: Sequence[Any], omitted: int, most: int | None, respond: Callable[[Sequence[Any], int], Response]
) -> Response:
    """Return the response with as many errors as fit into a body of so many bytes.

    Parameters:
        omitted: how many errors are not listed already.
        respond: makes the response from the errors that are listed and the number of the others.
    """
    response = respond(errors, omitted)
    if most is None or len(response.body) <= most:
        return response
    around = len(respond((), omitted + len(errors)).body)
    sizes = accumulate(len(error_response(error, 422).body) + 1 for error in errors)
    count = sum(around + size <= most for size in sizes)
    return respond(errors[:count], omitted + len(errors) - count)
