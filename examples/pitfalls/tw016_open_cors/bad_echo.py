"""Bad: everybody who asks is allowed, because the answer names the origin of the request."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from typeway import Cookie, Request, Response, Typeway

app = Typeway()


@app.middleware("http")
async def allow_origin(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call_next(request)
    response.headers["Access-Control-Allow-Origin"] = request.headers.get("origin", "*")
    response.headers["Access-Control-Allow-Credentials"] = "true"
    return response


@app.get("/me")
async def read_me(session: Annotated[str, Cookie()] = "") -> dict[str, str]:
    return {"session": session}
