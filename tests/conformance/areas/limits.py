"""Limits of bodies: where they are set, which counts, and when the endpoint runs."""

from collections.abc import Iterator
from typing import Any

from tests.conformance.cases import case
from tests.frameworks import Step, asked

JSON = {"content-type": "application/json"}


def sized(path: str, *sizes: int) -> list[Step]:
    """Bodies of these sizes, each with its length declared and in chunks without one."""
    return [
        asked(f"POST {path}", content=content, headers=JSON)
        for size in sizes
        for content in (b'"' + b"x" * (size - 2) + b'"', Chunks(size))
    ]


class Chunks:
    """A body whose length nobody knows beforehand."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __iter__(self) -> Iterator[bytes]:
        yield b'"'
        for _ in range(self.size - 2):
            yield b"x"
        yield b'"'

    def __repr__(self) -> str:
        return f"{self.size} bytes in chunks"


@case(
    *sized("/body", 5, 10, 11),
    *sized("/request", 10, 11),
    *sized("/unread", 10, 11),
    *sized("/nothing", 11),
    document=False,
)
def of_the_application(web: Any) -> Any:
    app = web.FastAPI(max_body_size=10)

    @app.post("/body")
    def body(text: str = web.Body()):
        web.log.append("ran")
        return len(text)

    @app.post("/request")
    async def request(request: web.Request):
        web.log.append("ran")
        return len(await request.body())

    @app.post("/unread")
    def unread():
        web.log.append("ran")
        return "unread"

    return app


@case(
    *sized("/route", 5, 9),
    *sized("/router", 7, 9),
    *sized("/inner", 9, 12),
    *sized("/none", 3),
    *sized("/included", 9, 16),
    document=False,
)
def the_innermost_counts(web: Any) -> Any:
    def post(text: str = web.Body()):
        return len(text)

    app = web.FastAPI(max_body_size=20)
    app.post("/route", max_body_size=6)(post)
    router = web.APIRouter(max_body_size=8)
    router.post("/router")(post)
    router.post("/inner", max_body_size=11)(post)
    router.post("/none", max_body_size=0)(post)
    other = web.APIRouter()
    other.post("/included")(post)
    app.include_router(router)
    app.include_router(other, max_body_size=14)
    return app


@case(*sized("/", 5, 11), document=False)
def seen_by_middleware(web: Any) -> Any:
    app = web.FastAPI(max_body_size=10)

    @app.middleware("http")
    async def read(request: web.Request, call_next: Any):
        try:
            web.log.append(len(await request.body()))
        except web.HTTPException as error:
            web.log.append(error.status_code)
            raise
        return await call_next(request)

    @app.post("/")
    def post(text: str = web.Body()):
        return len(text)

    return app


@case(*sized("/", 5, 11), document=False)
def answered_by_a_handler(web: Any) -> Any:
    app = web.FastAPI(max_body_size=10)

    @app.exception_handler(413)
    async def handle(request: Any, error: Any):
        return web.responses.PlainTextResponse("own", 413)

    @app.post("/")
    def post(text: str = web.Body()):
        return len(text)

    return app
