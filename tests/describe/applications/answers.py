"""Applications that show what operations answer."""

from collections.abc import AsyncIterable, Generator, Iterable
from typing import Any

from starlette.responses import Response as StarletteResponse

from tests.describe.applications.models import Color, Item, Status, Sub, Text
from tests.describe.applications.registry import application, post


@application
def response_classes(web: Any) -> Any:
    """The class of the response decides its media type and status."""
    app = web.FastAPI(title="T")
    responses = web.responses

    class Moved(responses.RedirectResponse):
        def __init__(self, url: str, status_code: int = 308) -> None:
            super().__init__(url, status_code)

    class Vendor(responses.JSONResponse):
        media_type = "application/vnd.x+json"

    class Untyped(responses.JSONResponse):
        media_type = None

    class OwnJSON(StarletteResponse):
        media_type = "application/json"

    kinds = (
        responses.HTMLResponse, responses.PlainTextResponse, responses.RedirectResponse, responses.FileResponse,
        responses.StreamingResponse, responses.Response, responses.JSONResponse, responses.EventSourceResponse,
        Text, Moved, Vendor, Untyped, OwnJSON,
    )  # fmt: skip
    for number, kind in enumerate(kinds):

        def endpoint(): ...

        app.get(f"/{number}", response_class=kind)(endpoint)
        app.put(f"/{number}", response_class=kind, response_model=Item, responses={404: {"model": Sub}})(endpoint)
        app.post(f"/{number}", response_class=kind, status_code=202, responses={202: {"content": {"a/b": {}}}})(
            endpoint
        )
    return app


@application
def default_response_class(web: Any) -> Any:
    """Applications and routers may name a class for all."""
    app = web.FastAPI(title="T", default_response_class=web.responses.HTMLResponse)
    router = web.APIRouter(default_response_class=web.responses.PlainTextResponse)

    @app.get("/a")
    def a(): ...

    @router.get("/b")
    def b(): ...

    @router.get("/c", response_class=web.responses.JSONResponse)
    def c() -> Item: ...

    app.include_router(router)
    return app


@application
def response_models(web: Any) -> Any:
    """What endpoints return."""

    def none() -> None: ...
    def response() -> StarletteResponse: ...
    def union() -> int | str: ...
    def mapping() -> dict: ...
    def anything() -> Any: ...
    def plain_list() -> list: ...
    def optional() -> Item | None: ...
    def one_color() -> Color: ...

    app = post(web, none, response, union, mapping, anything, plain_list, optional, one_color)

    @app.get("/off", response_model=None)
    def off() -> Item: ...

    @app.get("/instead", response_model=list[Sub], response_model_exclude={"s"}, response_model_by_alias=False)
    def instead() -> Item: ...

    return app


@application
def statuses(web: Any) -> Any:
    """Declared statuses; some have no body."""
    app = web.FastAPI(title="T")
    for status in (201, Status.accepted, 204, 205, 304, 422):

        def endpoint(q: int): ...

        app.get(f"/{int(status)}", status_code=status)(endpoint)
    return app


@application
def more_responses(web: Any) -> Any:
    """Responses that authors add."""
    app = web.FastAPI(title="T")
    for number, responses in enumerate(
        (
            {404: {"description": "nf", "model": dict[str, int]}, "4XX": {"description": "c"}, "default": {}},
            {500: {"content": {"text/plain": {"example": None}}}, 299: {}, "5xx": {}, "5XX": {"model": str}},
            {201: {"headers": {"x": {"schema": {"type": "string"}}}, "links": {"y": {"operationId": "z"}}}},
            {301: {}, 418: {}, 999: {}, 103: {}, "1XX": {}, "2xx": {}, "3XX": {}, "DEFAULT": {}},
            {200: {"model": Sub}},
            {200: {"model": list[Sub], "content": {"application/json": {"schema": {"x": 1}, "example": 3}}}},
            {"200": {"content": {"image/png": {"schema": {"type": "string"}}}, "description": "own"}},
            {200: {"model": None, "description": ""}},
            {422: {"description": "mine"}},
            {"422": {"model": Sub}},
            {"4XX": {"model": Sub}},
            {"default": {"model": Sub}},
            {404: {"model": Sub, "content": {"application/json": {"example": {"a": 1}}, "text/html": {}}}},
        )
    ):

        def endpoint(q: int) -> Item: ...

        app.get(f"/{number}", responses=responses)(endpoint)
    return app


@application
def streams(web: Any) -> Any:
    """Generators send lines of JSON."""
    app = web.FastAPI(title="T")

    def untyped():
        yield 1

    def items() -> Iterable[Item]:
        yield Item(name="x")

    async def maybe() -> AsyncIterable[Item | None]:
        yield None

    def numbers() -> Generator[int, None, None]:
        yield 1

    def raw() -> Iterable[bytes]:
        yield b""

    def anything() -> Iterable[Any]:
        yield 1

    def listed() -> list[Item]:
        yield 1

    def created(q: int) -> Iterable[Item]:
        yield 1

    def not_a_stream() -> Iterable[Item]:
        return []

    for endpoint in (untyped, items, maybe, numbers, raw, anything, listed, not_a_stream):
        app.get(f"/{endpoint.__name__}")(endpoint)
        app.get(f"/{endpoint.__name__}/raw", response_class=web.responses.StreamingResponse)(endpoint)
    app.get("/items/json", response_class=web.responses.JSONResponse)(items)
    app.post("/created", status_code=201, responses={200: {"content": {"a/b": {}}}, 400: {"model": Sub}})(created)
    app.post("/nothing", status_code=204)(items)
    return app


@application
def events(web: Any) -> Any:
    """Generators send server-sent events."""
    app = web.FastAPI(title="T")

    def untyped():
        yield 1

    def items() -> Iterable[Item]:
        yield Item(name="x")

    def made() -> Iterable[Any]:
        yield 1

    def not_a_stream() -> Iterable[Item]:
        return []

    made.__annotations__["return"] = Iterable[web.sse.ServerSentEvent]
    for endpoint in (untyped, items, made, not_a_stream):
        app.get(f"/{endpoint.__name__}", response_class=web.sse.EventSourceResponse)(endpoint)
        app.post(
            f"/{endpoint.__name__}",
            response_class=web.sse.EventSourceResponse,
            status_code=201,
            responses={201: {"content": {"text/event-stream": {"example": "x"}}}, 400: {"model": Sub}},
        )(endpoint)
    return app
