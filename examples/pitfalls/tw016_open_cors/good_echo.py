"""Good: the origin of a request is named only if it is one of the known ones."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from typeway import Cookie, Request, Response, Typeway

app = Typeway()
ORIGINS = {"https://shop.example.com", "https://tasks.example.com"}


@app.middleware("http")
async def allow_origin(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call_next(request)
    origin = request.headers.get("origin")
    if origin in ORIGINS:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Credentials"] = "true"
    return response


@app.get("/me")
async def read_me(session: Annotated[str, Cookie()] = "") -> dict[str, str]:
    return {"session": session}
