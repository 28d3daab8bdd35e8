"""Tell what a client accepts."""

import re
from typing import Any, Final

from starlette.requests import HTTPConnection

from typeway.types import Scope

HTML: Final = frozenset({"text/html", "application/xhtml+xml"})
# The weight of a media type that is not acceptable (RFC 9110 section 12.4.2).
ZERO: Final = re.compile(r"0(\.0*)?")
# A parameter of a media type, whose value may be a quoted string (section 5.6.6).
PARAMETER: Final = re.compile(r';\s*([^=;"\s]*)\s*(?:=\s*("(?:[^"\\]|\\.)*+"|[^;]*))?')


def accepts_html(request: HTTPConnection[Any] | Scope) -> bool:
    """Whether a request accepts HTML explicitly, as browsers do when they show a page (RFC 9110 section 12.5.1).

    A wildcard does not count: browsers send one for scripts and images, and programs send one for everything.

    Parameters:
        request: a Request, or the scope of one.

    Example:
        ```python
        @app.exception_handler(404)
        async def not_found(request: Request, error: HTTPException) -> Response:
            if accepts_html(request):
                return HTMLResponse("<h1>There is no such page.</h1>", 404)
            return JSONResponse({"detail": error.detail}, 404)
        ```
    """
    scope: Any = request.scope if isinstance(request, HTTPConnection) else request
    accept = ",".join(value.decode("latin-1") for name, value in scope["headers"] if name == b"accept")
    for entry in accept.split(","):
        kind, semicolon, parameters = entry.partition(";")
        if kind.strip().lower() in HTML and not is_refused(semicolon + parameters):
            return True
    return False


def is_refused(parameters: str) -> bool:
    """Whether the weight of a media type, among its parameters, is zero; the first weight counts."""
    weights = (found[2] for found in PARAMETER.finditer(parameters) if found[1].lower() == "q")
    return ZERO.fullmatch((next(weights, None) or "").strip().strip('"')) is not None
