"""What nobody has limited has a safe limit, before the endpoint runs; each can be set at every level."""

import asyncio
import tracemalloc
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict
from starlette.applications import Starlette
from starlette.requests import Request as StarletteRequest
from starlette.routing import Mount

import typeway
from tests.frameworks import COMPAT, JSON, MULTIPART, Sending, answer_of, client, send
from typeway import Cookie, Form, Header, Query, Request, Router, Typeway, UploadFile, WebSocket
from typeway.declare.conventions import SAFE_LIMITS, Limits
from typeway.declare.options import ErrorLimits, FormLimits, ParameterLimits
from typeway.responses import PlainTextResponse
from typeway.routing import APIRoute
from typeway.websockets import WebSocketDisconnect

MB = 1_000_000
OVER = 10 * MB + 1


class Names(BaseModel):
    model_config = ConfigDict(extra="allow")


def test_every_limit_is_a_key_of_an_option():
    """The record of defaults has a field for each key, and a value for each field."""
    keys = {"max_body_size"}.union(*(kind.__annotations__ for kind in (FormLimits, ParameterLimits, ErrorLimits)))
    assert set(Limits.__dataclass_fields__) == keys
    assert None not in {getattr(SAFE_LIMITS, name) for name in keys}
    assert {getattr(Limits(), name) for name in keys} == {None}


# --- bodies --------------------------------------------------------------------------------------------------------


def reading(ran: list[str], **options: Any) -> Typeway:
    """An application with every way to read a body; each notes that it ran."""
    app = Typeway(openapi_url=None)

    @app.post("/json", **options)
    async def of_json(data: Any = typeway.Body()) -> int:
        ran.append("json")
        return len(data)

    @app.post("/form", **options)
    async def of_form(name: Annotated[str, Form()] = "") -> int:
        ran.append("form")
        return len(name)

    @app.post("/file", **options)
    async def of_file(file: UploadFile) -> int:
        ran.append("file")
        return file.size or 0

    @app.post("/bytes", **options)
    async def of_bytes(data: Annotated[bytes, typeway.Body()]) -> int:
        ran.append("bytes")
        return len(data)

    @app.post("/request", **options)
    async def of_request(request: Request) -> int:
        ran.append("request")
        return len(await request.body())

    def read(request: Request) -> Request:
        return request

    @app.post("/dependency", **options)
    async def of_dependency(request: Annotated[StarletteRequest, typeway.Depends(read)]) -> int:
        ran.append("dependency")
        return len(await request.body())

    return app


async def plain(scope: Any, receive: Any, send: Any) -> None:
    body = await StarletteRequest(scope, receive).body()
    await PlainTextResponse(str(len(body)))(scope, receive, send)


def mounted(app: Typeway) -> Typeway:
    app.mount("/mounted", Starlette(routes=[Mount("/", plain)]))
    return app


def with_http_middleware(app: Typeway) -> Typeway:
    @app.middleware("http")
    async def read(request: Request, call_next: Any) -> Any:
        await request.body()
        return await call_next(request)

    return app


class Reading:
    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = await StarletteRequest(scope, receive).body() if scope["type"] == "http" else b""
        messages = [{"type": "http.request", "body": body}]

        async def again() -> Any:
            return messages.pop() if messages else await receive()

        await self.app(scope, again, send)


def with_asgi_middleware(app: Typeway) -> Typeway:
    app.add_middleware(Reading)
    return app


def with_route_class(app: Typeway) -> Typeway:
    class Own(APIRoute):
        def get_route_handler(self) -> Callable[..., Any]:
            return super().get_route_handler()

    router = Router(route_class=Own)
    for route in app.routes:
        router.add_api_route(route.path, route.endpoint, methods=["POST"])
    outer = Typeway(openapi_url=None)
    outer.include_router(router)
    return outer


def inside(app: Typeway) -> Typeway:
    outer = Typeway(openapi_url=None)
    outer.mount("/", app)
    return outer


def by_http_2(app: Typeway) -> Any:
    async def serve(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "http_version": "2"}, receive, send)

    return serve


ARRANGEMENTS: list[Callable[[Typeway], Any]] = [
    mounted, with_http_middleware, with_asgi_middleware, with_route_class, inside, by_http_2,
]  # fmt: skip
KINDS = {
    "json": JSON, "form": "application/x-www-form-urlencoded", "file": MULTIPART, "bytes": None, "request": JSON,
    "dependency": JSON,
}  # fmt: skip


def chunks_of(size: int) -> Sequence[bytes]:
    return [b"1" * MB] * (size // MB) + [b"1" * (size % MB)]


def body_of(kind: str) -> Sequence[bytes]:
    """A body over the limit, which no limit of the form parser refuses first."""
    if kind == "form":
        return [b"name=" + b"1" * 900_000 + b"&"] * 12
    if kind == "file":
        return [
            b'--BB\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n',
            *chunks_of(OVER),
            b"\r\n--BB--\r\n",
        ]
    return chunks_of(OVER)


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "counted"])
@pytest.mark.parametrize("arrange", ARRANGEMENTS, ids=lambda arrange: arrange.__name__)
def test_a_body_of_more_than_ten_megabytes_is_refused(arrange, declared):
    """However a body is read, it is refused in JSON, by its declared length or at the byte that crosses the limit."""
    ran: list[str] = []
    app = arrange(reading(ran))
    for kind, media_type in KINDS.items():
        chunks = body_of(kind)
        headers = () if declared else (("transfer-encoding", "chunked"),)
        answer = send(app, Sending(f"/{kind}", chunks, media_type, declared=declared, headers=headers))
        assert (answer["status"], answer["body"]) == ([413], b'{"detail":"Content Too Large"}'), kind
    assert declared is False or ran == []
    assert not {"json", "form", "file", "bytes"} & set(ran)  # a Request is given before the body is read


def test_what_a_mounted_application_reads_is_limited():
    """An application of another framework cannot read more either, and less is passed on."""
    app = mounted(reading([]))
    assert send(app, Sending("/mounted/", chunks_of(OVER), declared=True))["status"] == [413]
    assert send(app, Sending("/mounted/", chunks_of(OVER)))["status"] == [413]
    assert send(app, Sending("/mounted/", chunks_of(MB), declared=True))["body"] == b"1000000"


def test_a_body_that_nobody_reads_has_no_default_limit():
    """The default protects memory: an endpoint that reads nothing answers, unless a limit was set."""
    app = Typeway()

    @app.post("/default")
    async def default() -> int:
        return 1

    @app.post("/set", max_body_size=10 * MB)
    async def limited() -> int:
        return 1

    assert send(app, Sending("/default", chunks_of(OVER), declared=True))["status"] == [200]
    assert send(app, Sending("/set", chunks_of(OVER), declared=True))["status"] == [413]


@pytest.mark.parametrize("level", ["app", "router", "inclusion", "route", "mount"])
def test_the_limit_is_raised_at_any_level(level):
    """A route for uploads has its own limit, also behind middleware and in a mounted application."""
    given = {
        name: {"max_body_size": 20 * MB} if name == level else {} for name in ("app", "router", "inclusion", "route")
    }
    # Middleware that reads the body does so before a route is found.
    reading_middleware = (with_http_middleware, with_asgi_middleware) if level in ("app", "mount") else ()
    for arrange in (None, *reading_middleware):
        router = Router(**given["router"])

        @router.post("/", **given["route"])
        async def upload(request: Request) -> int:
            return sum([len(chunk) async for chunk in request.stream()])

        app = Typeway(**given["app"])
        app.include_router(router, **given["inclusion"])
        app = app if arrange is None else arrange(app)
        if level == "mount":
            outer = Typeway(max_body_size=20 * MB)
            outer.mount("/", app)
            app = outer
        answer = send(app, Sending("/", chunks_of(OVER), declared=True))
        assert (answer["status"], answer["body"]) == ([200], str(OVER).encode()), level


def test_what_middleware_leaves_unread_may_be_as_large_as_the_route_says():
    """Middleware that does not read the body does not stop an upload."""
    app = Typeway()

    @app.middleware("http")
    async def passing(request: Request, call_next: Any) -> Any:
        return await call_next(request)

    class Around:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await self.app(scope, receive, send)

    app.add_middleware(Around)

    @app.post("/", max_body_size=20 * MB)
    async def upload(request: Request) -> int:
        return sum([len(chunk) async for chunk in request.stream()])

    assert send(app, Sending("/", chunks_of(OVER), declared=True))["body"] == str(OVER).encode()
    assert send(app, Sending("/", chunks_of(OVER)))["body"] == str(OVER).encode()


def test_compat_mode_has_no_default_limit():
    """FastAPI reads any body."""
    app = COMPAT.FastAPI()

    @app.post("/")
    async def read(request: COMPAT.Request):
        return len(await request.body())

    assert send(app, Sending("/", chunks_of(OVER), declared=True))["body"] == str(OVER).encode()


@pytest.mark.parametrize("kind", ["json", "bytes", "request"])
def test_a_body_at_the_limit_takes_three_times_its_memory(kind):
    """The body is held in parts, as a whole, and as the value that the endpoint gets."""
    app = reading([], max_body_size=4 * MB)
    chunks = [b'"', *[b"x" * 100_000] * 39, b'"']

    async def measure() -> int:
        await answer_of(app, Sending(f"/{kind}", [b'"x"']))
        sending = Sending(f"/{kind}", chunks)
        tracemalloc.start()
        try:
            answer = await answer_of(app, sending)
            return tracemalloc.get_traced_memory()[1] if answer["status"] == [200] else 0
        finally:
            tracemalloc.stop()

    assert 3 * MB < asyncio.run(measure()) < 3.2 * 4 * MB


def test_no_more_is_received_than_one_message_over_the_limit():
    """A client that never ends its body is not read for ever."""
    app = reading([], max_body_size=3 * MB)
    received: list[int] = []

    async def receive() -> Any:
        received.append(1)
        return {"type": "http.request", "body": b"x" * MB, "more_body": True}

    async def ask(path: str) -> None:
        async def send(message: Any) -> None: ...

        await app(Sending(path).scope(), receive, send)

    for kind in ("json", "bytes", "request"):
        received.clear()
        asyncio.run(ask(f"/{kind}"))
        assert len(received) == 4


# --- forms ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("files", "most"), [(100, None), (101, 101)])
def test_a_form_has_a_hundred_files(files, most):
    """More files are a 400, unless `form_limits` allows them; FastAPI takes a thousand."""
    sent = [("files", (f"{number}", b"x")) for number in range(files)]
    answers = {}
    for name, web in (("own", typeway), ("compat", COMPAT)):
        for limit in {None, most}:
            app = web.FastAPI(form_limits=None if limit is None else {"max_files": limit})

            @app.post("/")
            async def take(files: Annotated[list[UploadFile], web.File()]) -> int:
                return len(files)

            answers[name, limit] = client(app).post("/", files=sent).status_code
    assert answers.pop(("own", None)) == (200 if files <= 100 else 400)
    assert set(answers.values()) == {200}


# --- parameters ----------------------------------------------------------------------------------------------------


def with_parameters(web: Any, ran: list[int], **options: Any) -> Any:
    app = web.FastAPI()

    @app.get("/query", **options)
    async def query(page: int = 1) -> int:
        ran.append(page)
        return page

    @app.get("/list", **options)
    async def several(names: Annotated[list[str], Query()]) -> int:
        ran.append(1)
        return len(names)

    @app.get("/model", **options)
    async def model(names: Annotated[Names, Query()]) -> int:
        ran.append(1)
        return len(names.model_extra or ())

    @app.get("/headers", **options)
    async def headers(names: Annotated[Names, Header()]) -> int:
        ran.append(1)
        return 1

    @app.get("/cookies", **options)
    async def cookies(names: Annotated[Names, Cookie()]) -> int:
        ran.append(1)
        return 1

    return app


def parameters(path: str, count: int) -> Sending:
    pairs = [b"names=%d" % number for number in range(count)]
    if path == "/headers":
        return Sending(
            path, method="GET", media_type=None, headers=[(f"n{number}", "1") for number in range(count - 1)]
        )
    if path == "/cookies":
        header = "; ".join(f"n{number}=1" for number in range(count))
        return Sending(path, method="GET", media_type=None, headers=[("cookie", header)])
    return Sending(path, method="GET", media_type=None, query=b"&".join(pairs))


MANY = [
    ("/query", 1_000, 400, "max_query", "The query has more than 1,000 parameters"),
    ("/list", 1_000, 400, "max_query", "The query has more than 1,000 parameters"),
    ("/model", 1_000, 400, "max_query", "The query has more than 1,000 parameters"),
    ("/headers", 100, 431, "max_headers", "The request has more than 100 headers"),
    ("/cookies", 100, 431, "max_cookies", "The request has more than 100 cookies"),
]


@pytest.mark.parametrize(("path", "most", "status", "key", "detail"), MANY)
def test_parameters_are_limited_in_number(path, most, status, key, detail):
    """As many as the limit are read; one more is refused, in JSON, before the endpoint runs; compat mode reads all."""
    ran: list[int] = []
    app = with_parameters(typeway, ran)
    assert send(app, parameters(path, most))["status"] == [200]
    assert len(ran) == 1
    answer = send(app, parameters(path, most + 1))
    assert (answer["status"], answer["body"]) == ([status], f'{{"detail":"{detail}"}}'.encode())
    assert len(ran) == 1
    assert send(with_parameters(COMPAT, ran), parameters(path, most + 1))["status"] == [200]
    for limit, expected in ((most + 1, 200), (3, status), (0, status)):
        limited = with_parameters(typeway, [], parameter_limits={key: limit})
        assert send(limited, parameters(path, most + 1))["status"] == [expected]


def test_separators_are_no_parameters():
    """An ampersand without a name or a value between is not counted."""
    app = with_parameters(typeway, [])
    query = b"&" * 5_000 + b"page=2" + b"&" * 5_000
    assert send(app, Sending("/query", method="GET", media_type=None, query=query))["body"] == b"2"


@pytest.mark.parametrize("level", ["app", "router", "inclusion", "route"])
@pytest.mark.parametrize("option", ["parameter_limits", "error_limits"])
def test_limits_are_inherited(level, option):
    """Each level may set a limit, the innermost counts, and a limit that is left out comes from outside."""
    value = {"parameter_limits": {"max_query": 2}, "error_limits": {"max_errors": 2}}[option]
    given = {name: {option: value} if name == level else {} for name in ("app", "router", "inclusion", "route")}
    inner = {option: dict.fromkeys(value, 3)}
    router = Router(**given["router"])

    async def take(names: Annotated[list[int], Query()], other: int = 1) -> int:
        return other

    router.get("/plain", **given["route"])(take)
    router.get("/inner", **inner)(take)
    app = Typeway(**given["app"])
    app.include_router(router, **given["inclusion"])
    http = client(app)
    if option == "parameter_limits":
        statuses = [http.get(path, params={"names": [1] * count}).status_code
                    for path in ("/plain", "/inner") for count in (2, 3, 4)]  # fmt: skip
        assert statuses == [200, 400, 400, 200, 200, 400]
    else:
        shown = [http.get(path, params={"names": ["x"] * 5}).json() for path in ("/plain", "/inner")]
        assert [(len(one["detail"]), one["omitted"]) for one in shown] == [(2, 3), (3, 2)]


@pytest.mark.parametrize("path", ["/query", "/headers"])
def test_a_handshake_with_too_many_parameters_is_refused(path):
    """A WebSocket is closed with 1008 before its endpoint runs."""
    app = Typeway()

    @app.websocket("/query")
    async def query(socket: WebSocket, page: int = 1) -> None:
        await socket.accept()

    @app.websocket("/headers")
    async def headers(socket: WebSocket, names: Annotated[Names, Header()]) -> None:
        await socket.accept()

    url = f"{path}?{'a=1&' * 1_001}" if path == "/query" else path
    sent = {f"n{number}": "1" for number in range(101)} if path == "/headers" else {}
    with pytest.raises(WebSocketDisconnect) as caught, client(app).websocket_connect(url, headers=sent):
        pass
    assert caught.value.code == 1008


# --- errors --------------------------------------------------------------------------------------------------------


def failing(errors: Any, **options: Any) -> Any:
    app = Typeway(errors=errors, **options)

    @app.post("/list")
    async def numbers(data: list[int]) -> int:
        return 1

    @app.post("/keys")
    async def keys(data: dict[str, list[int]]) -> int:
        return 1

    @app.post("/forms")
    async def forms(numbers: Annotated[list[int], Form()]) -> int:
        return 1

    @app.get("/query")
    async def query(numbers: Annotated[list[int], Query()]) -> int:
        return 1

    return client(app)


def counted(body: Any) -> tuple[int, int]:
    return len(body.get("errors", body["detail"])), body.get("omitted", 0)


@pytest.mark.parametrize("errors", ["detail", "problem"])
def test_an_answer_lists_a_hundred_errors(errors):
    """A 422 lists a hundred errors and counts the others, in both formats."""
    http = failing(errors)
    for count, expected in ((100, (100, 0)), (101, (100, 1)), (5_000, (100, 4_900))):
        response = http.post("/list", json=["x"] * count)
        assert response.status_code == 422
        assert counted(response.json()) == expected
        if errors == "problem":
            assert response.json()["detail"] == f"The request has {count:,} errors."
    assert counted(http.get("/query", params={"numbers": ["x"] * 900}).json()) == (100, 800)
    assert counted(http.post("/forms", data={"numbers": ["x"] * 900}).json()) == (100, 800)


BOMBS: list[Any] = [
    ["x" * 5_000] * 90,
    ["\x00" * 5_000] * 90,
    {"k" * 50_000: ["x"] * 100},
    {"\x01" * 50_000: ["x"] * 100},
    {"\N{GRINNING FACE}" * 10_000: ["x"] * 100},
    {f"{number:09000}": "x" for number in range(50)},
    ["x"] * 99_000,
]


@pytest.mark.parametrize("bomb", range(len(BOMBS)))
@pytest.mark.parametrize("errors", ["detail", "problem"])
def test_an_answer_to_an_invalid_request_has_at_most_64_kilobytes(errors, bomb):
    """Whatever is wrong and however long its name, the answer is short, and tells of every error that was found."""
    path = "/keys" if isinstance(BOMBS[bomb], dict) else "/list"
    response = failing(errors).post(path, json=BOMBS[bomb])
    assert response.status_code == 422
    assert len(response.content) <= 64 << 10
    listed, omitted = counted(response.json())
    assert listed >= 1
    assert listed + omitted >= 50


def test_the_size_of_an_answer_is_an_option():
    """`max_size` holds for the whole body; what does not fit is counted."""
    for errors in ("detail", "problem"):
        response = failing(errors, error_limits={"max_size": 1_000}).post("/list", json=["x"] * 50)
        listed, omitted = counted(response.json())
        assert len(response.content) <= 1_000
        assert 0 < listed < 10
        assert listed + omitted == 50


def test_an_exception_tells_how_many_errors_it_leaves_out():
    """A handler of the application finds the count, and the log names it."""
    app, found = Typeway(), []

    @app.exception_handler(typeway.exceptions.RequestValidationError)
    async def handle(request: Request, error: typeway.exceptions.RequestValidationError) -> PlainTextResponse:
        found.append((len(error.errors()), error.omitted, str(error).splitlines()[0]))
        return PlainTextResponse("no", 422)

    @app.post("/")
    async def take(data: list[int]) -> int:
        return 1

    client(app).post("/", json=["x"] * 300)
    assert found == [(100, 200, "300 validation errors:")]


def test_compat_mode_lists_every_error():
    """FastAPI's answer has no limit."""
    app = COMPAT.FastAPI()

    @app.post("/")
    async def take(data: list[int]):
        return 1

    body = client(app).post("/", json=["x" * 300] * 500).json()
    assert (len(body["detail"]), body.keys()) == (500, {"detail"})
