"""Body limits do what FastAPI's do: on every level, for every kind of endpoint, declared or counted."""

import itertools
from typing import Annotated, Any

import fastapi
import pytest
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Mount, Route

from tests.frameworks import COMPAT, FORM, Both, Sending

LEVELS = [
    dict(zip(("app", "include", "router", "route"), sizes, strict=True))
    for sizes in itertools.product((None, 5, 15, 100), repeat=4)
    if sum(size is not None for size in sizes) in (1, 2)
]
SIZES = {
    "declared": {"chunks": [b"x" * 30], "declared": True},
    "counted": {"chunks": [b"x" * 8, b"x" * 22]},
    "declared too small": {"chunks": [b"x" * 8, b"x" * 22], "declared": "3"},
    "fitting": {"chunks": [b'{"name":"a"}'], "declared": True},
    "empty": {},
}


class Item(BaseModel):
    name: str


def endpoints(web: Any, log: list[Any], router: Any, **options: Any) -> None:
    """One endpoint per way to read a body, or not to."""

    @router.post("/ignored", **options)
    async def ignored():
        log.append("ignored")
        return 1

    @router.post("/model", **options)
    async def model(item: Item):
        log.append("model")
        return item

    @router.post("/form", **options)
    def form(name: Annotated[str, web.Form()] = "none"):
        log.append("form")
        return name

    @router.post("/request", **options)
    async def request(request: web.Request):
        log.append("request")
        return len(await request.body())

    @router.post("/stream", **options)
    async def stream(request: web.Request):
        read = []
        async for chunk in request.stream():
            read.append(len(chunk))
            log.append(len(chunk))
        return read

    @router.post("/failing", **options)
    async def failing():
        log.append("failing")
        raise web.HTTPException(418)

    @router.post("/lines", **options)
    async def lines(request: web.Request):
        async for chunk in request.stream():
            yield len(chunk)

    @router.post("/streaming", **options)
    async def streaming():
        async def chunks():
            log.append("streaming")
            yield b"a"

        return StreamingResponse(chunks())

    def dependency():
        log.append("in")
        try:
            yield 1
        finally:
            log.append("out")

    @router.post("/dependency", **options)
    async def dependent(tasks: web.BackgroundTasks, number: Annotated[int, web.Depends(dependency)]):
        tasks.add_task(log.append, "task")
        return number


PATHS = ["ignored", "model", "form", "request", "stream", "failing", "lines", "streaming", "dependency", "missing"]


def sendings(prefix: str = "", paths: list[str] | None = None) -> list[Sending]:
    return [
        Sending(f"{prefix}/{path}", media_type=FORM if path == "form" else "application/json", **size)  # type: ignore[arg-type]
        for path in paths or PATHS
        for size in SIZES.values()
    ]


def option(size: int | None) -> dict[str, Any]:
    return {} if size is None else {"max_body_size": size}


@pytest.mark.parametrize("levels", LEVELS, ids=str)
def test_innermost_limit_counts(levels: dict[str, int | None]) -> None:
    """Whatever is limited, the innermost limit holds the body, and answers look the same."""

    def build(web: Any, log: list[Any]) -> Any:
        app = web.FastAPI(**option(levels["app"]))
        router = web.APIRouter(**option(levels["router"]))
        endpoints(web, log, router, **option(levels["route"]))
        app.include_router(router, prefix="/r", **option(levels["include"]))
        return app

    Both(build).check(sendings("/r", ["ignored", "model", "request", "dependency", "missing"]))


@pytest.mark.parametrize("app_size", [None, 15, 100])
@pytest.mark.parametrize("route_size", [None, 15, 100])
def test_every_kind_of_endpoint_is_held(app_size: int | None, route_size: int | None) -> None:
    """Streams, forms, dependencies and endpoints that read nothing are held to their limit."""

    def build(web: Any, log: list[Any]) -> Any:
        app = web.FastAPI(**option(app_size))
        endpoints(web, log, app, **option(route_size))
        return app

    Both(build).check(sendings())


@pytest.mark.parametrize("reads", [True, False])
@pytest.mark.parametrize("sizes", [(15, 100), (100, 15), (15, None), (None, 15)], ids=str)
def test_middleware_reads_under_the_applications_limit(sizes: tuple[int | None, int | None], reads: bool) -> None:
    """Middleware that reads the body before a route is found is held to the application's limit."""

    def build(web: Any, log: list[Any]) -> Any:
        app = web.FastAPI(**option(sizes[0]))
        endpoints(web, log, app, **option(sizes[1]))

        @app.middleware("http")
        async def middleware(request: Any, call_next: Any) -> Any:
            if reads:
                await request.body()
            response = await call_next(request)
            log.append(response.status_code)
            response.headers["x-seen"] = "yes"
            return response

        return app

    Both(build).check(sendings(paths=["ignored", "model", "request", "missing"]))


class Buffering:
    """ASGI middleware that reads the whole body before it goes on."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        messages = [await receive()]
        while messages[-1].get("more_body"):
            messages.append(await receive())

        async def replay() -> Any:
            return messages.pop(0) if messages else {"type": "http.disconnect"}

        await self.app(scope, replay, send)


@pytest.mark.parametrize("sizes", [(15, 100), (100, 15), (15, None), (None, 15)], ids=str)
def test_buffering_middleware_is_held(sizes: tuple[int | None, int | None]) -> None:
    """ASGI middleware that reads ahead is held to the application's limit, what it has read to the route's."""

    def build(web: Any, log: list[Any]) -> Any:
        app = web.FastAPI(**option(sizes[0]))
        app.add_middleware(Buffering)
        endpoints(web, log, app, **option(sizes[1]))
        return app

    Both(build).check(sendings(paths=["ignored", "model", "request", "missing"]))


@pytest.mark.parametrize("sizes", [(15, None, None), (15, 100, None), (100, 15, None), (None, 15, None), (15, 5, 100)])
def test_mounted_applications_have_limits_of_their_own(sizes: tuple[int | None, ...]) -> None:
    """A mounted application's limit replaces the outer one's, whichever framework is outside."""

    def build(web: Any, log: list[Any]) -> Any:
        inner = web.FastAPI(**option(sizes[1]))
        endpoints(web, log, inner, **option(sizes[2]))
        app = web.FastAPI(**option(sizes[0]))
        app.mount("/m", inner)
        app.mount("/s", Starlette(routes=[Mount("/m", inner)], max_body_size=sizes[0]))
        return app

    both = Both(build)
    both.check(sendings("/m"))
    both.check(sendings("/s/m"))


@pytest.mark.parametrize("sizes", [(15, None), (15, 100), (100, 15), (None, 15)], ids=str)
def test_starlettes_routes_are_held(sizes: tuple[int | None, int | None]) -> None:
    """Plain Starlette routes are held to the limit of what they are in, and to their own."""

    async def read(request: Any) -> PlainTextResponse:
        return PlainTextResponse(str(len(await request.body())))

    async def ignore(request: Any) -> PlainTextResponse:
        return PlainTextResponse("ignored")

    def build(web: Any, log: list[Any]) -> Any:
        app = web.FastAPI(**option(sizes[0]))
        app.routes.append(Route("/own", read, methods=["POST"], max_body_size=sizes[1]))
        router = web.APIRouter(**option(sizes[1]))
        router.add_route("/read", read, methods=["POST"])
        router.add_route("/ignored", ignore, methods=["POST"])
        app.include_router(router, prefix="/r")
        app.mount("/m", router)
        return app

    both = Both(build)
    both.check(sendings(paths=["own"]))
    both.check(sendings("/r", ["read", "ignored"]))
    both.check(sendings("/m", ["read", "ignored"]))


@pytest.mark.parametrize("sizes", [(15, None), (None, 15), (15, 100)], ids=str)
def test_route_classes_are_held(sizes: tuple[int | None, int | None]) -> None:
    """A route class that makes a request of its own, or reads the body after a failure, changes no limit."""

    def build(web: Any, log: list[Any]) -> Any:
        class Shouting(web.Request):
            async def body(self) -> bytes:
                return (await super().body()).upper()

        class Wrapping(web.routing.APIRoute):
            def get_route_handler(self) -> Any:
                handle = super().get_route_handler()

                async def wrapped(request: Any) -> Any:
                    log.append("wrapped")
                    return await handle(Shouting(request.scope, request.receive))

                return wrapped

        app = web.FastAPI(**option(sizes[0]))
        router = web.APIRouter(route_class=Wrapping)
        endpoints(web, log, router, **option(sizes[1]))
        app.include_router(router)
        return app

    Both(build).check(sendings(paths=["ignored", "model", "request", "failing"]))


@pytest.mark.parametrize("key", [413, "HTTPException", Exception], ids=str)
@pytest.mark.parametrize("sizes", [(15, None), (None, 15)], ids=str)
def test_handlers_answer_what_was_counted(key: Any, sizes: tuple[int | None, int | None]) -> None:
    """A body that turns out too large is answered by the application's handlers, a declared length is not."""

    def build(web: Any, log: list[Any]) -> Any:
        app = web.FastAPI(**option(sizes[0]))
        endpoints(web, log, app, **option(sizes[1]))

        async def handler(request: Any, error: Any) -> PlainTextResponse:
            log.append(getattr(error, "status_code", None))
            return PlainTextResponse("handled", getattr(error, "status_code", 500))

        app.add_exception_handler(web.HTTPException if key == "HTTPException" else key, handler)
        return app

    Both(build).check(sendings(paths=["ignored", "model", "request", "missing"]))


@pytest.mark.parametrize("declared", ["abc", "-1", "+20", " 20 ", "", "20, 20", "0", "5", "15", "16", "9" * 30])
def test_declared_lengths_of_all_kinds(declared: str) -> None:
    """A length that is no number is no declaration; every other is compared with the limit."""

    def build(web: Any, log: list[Any]) -> Any:
        app = web.FastAPI(max_body_size=15)
        endpoints(web, log, app)
        return app

    both = Both(build)
    both.check([Sending(f"/{path}", [b"x" * 10], declared=declared) for path in ("request", "ignored", "missing")])


@pytest.mark.parametrize("size", [0, 1, 29, 30, 31])
def test_limits_are_exact(size: int) -> None:
    """A body of exactly the limit passes, one byte more does not; 0 lets only an empty body pass."""

    def build(web: Any, log: list[Any]) -> Any:
        app = web.FastAPI(max_body_size=size)
        endpoints(web, log, app)
        return app

    both = Both(build)
    both.check([*sendings(paths=["request", "ignored", "form"]), Sending("/request", [b"", b"", b""])])


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "OPTIONS"])
def test_methods_without_a_body_of_their_own_are_held(method: str) -> None:
    """A body on GET or DELETE is held to the limit like any other."""

    def build(web: Any, log: list[Any]) -> Any:
        app = web.FastAPI(max_body_size=15)

        @app.api_route("/m", methods=[method])
        async def endpoint(item: Item | None = None):
            log.append("ran")
            return item

        return app

    Both(build).check([Sending("/m", method=method, **size) for size in SIZES.values()])  # type: ignore[arg-type]


FORM_LEVELS = [
    dict(zip(("app", "include", "router", "route"), limits, strict=True))
    for limits in itertools.product(
        (None, {"max_fields": 1, "max_part_size": 4}, {"max_fields": 3, "max_files": 1}), repeat=4
    )
    if sum(limit is not None for limit in limits) in (1, 2)
]


def part(name: str, value: bytes, filename: str | None = None) -> bytes:
    shown = "" if filename is None else f'; filename="{filename}"'
    return f'--BB\r\nContent-Disposition: form-data; name="{name}"{shown}\r\n\r\n'.encode() + value + b"\r\n"


FORMS = [
    Sending("/r/form", [body], media_type)
    for media_type, body in [
        (FORM, b"a=1"),
        (FORM, b"a=1&b=2"),
        (FORM, b"a=1&b=2&c=3&d=4"),
        (FORM, b"a=123"),
        (FORM, b"a=1234"),
        *(
            ("multipart/form-data; boundary=BB", b"".join(parts) + b"--BB--\r\n")
            for parts in [
                [part("a", b"1")],
                [part("a", b"1")] * 2,
                [part("a", b"1")] * 4,
                [part("a", b"1234")],
                [part("a", b"12345")],
                [part("f", b"123456", "f.txt")],
                [part("f", b"1", "f.txt")] * 2,
            ]
        ),
    ]
]


@pytest.mark.parametrize("levels", FORM_LEVELS, ids=str)
def test_form_limits_join_key_by_key(levels: dict[str, Any]) -> None:
    """Each form limit is that of the innermost level that names it."""

    def build(web: Any, log: list[Any]) -> Any:
        def given(level: str) -> dict[str, Any]:
            return {} if levels[level] is None else {"form_limits": levels[level]}

        app = web.FastAPI(**given("app"))
        router = web.APIRouter(**given("router"))

        @router.post("/form", **given("route"))
        async def form(a: Annotated[str, web.Form()] = "", f: web.UploadFile | None = None):
            return [a, f and f.size]

        app.include_router(router, prefix="/r", **given("include"))
        return app

    Both(build).check(FORMS)


NO_SIZES = [-1, True, False, 1.5, 10.0, "10", b"1", float("inf"), [], {}]
NO_FORM_LIMITS = [
    {"max_fields": -1},
    {"max_fields": True},
    {"max_files": 1.0},
    {"max_part_size": None},
    {"max_part_size": float("inf")},
    {"unknown": 1},
    {"max_fields": 1, "unknown": 1},
    {1: 1},
    [],
    5,
    "x",
]


def endpoint() -> None:
    """An endpoint to be registered."""


DECLARE = {
    "app": lambda web, options: web.FastAPI(**options),
    "router": lambda web, options: web.APIRouter(**options),
    "include": lambda web, options: web.FastAPI().include_router(web.APIRouter(), **options),
    "route": lambda web, options: web.FastAPI().post("/", **options)(endpoint),
    "add_api_route": lambda web, options: web.APIRouter().add_api_route("/", endpoint, **options),
    "APIRoute": lambda web, options: web.routing.APIRoute("/", endpoint, **options),
}


@pytest.mark.parametrize("level", DECLARE)
@pytest.mark.parametrize(
    "options",
    [*({"max_body_size": size} for size in NO_SIZES), *({"form_limits": limits} for limits in NO_FORM_LIMITS)],
    ids=str,
)
def test_impossible_limits_are_refused_where_they_are_declared(level: str, options: dict[str, Any]) -> None:
    """A limit that is no size raises at its declaration what FastAPI raises, and says the same."""
    with pytest.raises(ValueError) as expected:
        DECLARE[level](fastapi, options)
    with pytest.raises(type(expected.value)) as found:
        DECLARE[level](COMPAT, options)
    if "max_body_size" in options:
        assert str(expected.value) in str(found.value)
    else:
        assert [error["type"] for error in found.value.errors()] == [  # type: ignore[attr-defined]
            error["type"]
            for error in expected.value.errors()  # type: ignore[attr-defined]
        ]


@pytest.mark.parametrize("level", DECLARE)
@pytest.mark.parametrize(
    "options", [{"max_body_size": 0}, {"max_body_size": None}, {"form_limits": {}}, {"form_limits": None}]
)
def test_possible_limits_are_accepted(level: str, options: dict[str, Any]) -> None:
    """None leaves a limit to the outer levels, 0 and an empty mapping are limits too."""
    DECLARE[level](COMPAT, options)
