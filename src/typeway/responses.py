"""Offer the response classes, and tell which statuses have a body."""

from typing import TYPE_CHECKING, Any, Final

from starlette.responses import FileResponse as FileResponse
from starlette.responses import HTMLResponse as HTMLResponse
from starlette.responses import JSONResponse as JSONResponse
from starlette.responses import PlainTextResponse as PlainTextResponse
from starlette.responses import RedirectResponse as RedirectResponse
from starlette.responses import Response as Response
from starlette.responses import StreamingResponse as StreamingResponse

from typeway.sse import EventSourceResponse as EventSourceResponse

# RFC 9110: 1xx (15.2), 204 (15.3.5) and 304 (15.4.5) have no content; 205 (15.3.6) must not have any either.
BODILESS: Final = frozenset({*range(100, 200), 204, 205, 304})

if TYPE_CHECKING:
    from typeway.compat.responses import ORJSONResponse as ORJSONResponse
    from typeway.compat.responses import UJSONResponse as UJSONResponse
else:

    def __getattr__(name: str) -> Any:
        if name in ("ORJSONResponse", "UJSONResponse"):
            from typeway.compat import responses

            return getattr(responses, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
