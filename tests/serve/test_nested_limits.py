"""A limit counts from the application through routers, inclusions and mounts to the route; the innermost value applies."""

import itertools
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from pydantic import BaseModel
from starlette.websockets import WebSocketDisconnect

from tests.frameworks import ask, client
from typeway import Body, Cookie, File, Form, Header, Query, Request, Router, Typeway, UploadFile, WebSocket

# Where a limit may be, from the outside: an inclusion is outside of the router that it includes.
LEVELS = ("app", "include", "router", "middle", "mounted", "inner_include", "inner_router", "route")
PATH = "/r/m/n"


class Values(BaseModel):
    a: str = ""


def add_routes(router: Router, **options: Any) -> None:
    """Add routes that read everything of a request that has a limit."""
    # A WebSocket has neither a body nor a form.
    of_sockets = {name: value for name, value in options.items() if name not in ("max_body_size", "form_limits")}

    @router.post("/json", **options)
    async def json(data: Annotated[Any, Body()]) -> int:
        return 1

    @router.post("/read", **options)
    async def read(request: Request) -> int:
        await request.json()
        return 1

    @router.post("/form", **options)
    async def form(a: Annotated[str, Form()] = "", b: Annotated[UploadFile | None, File()] = None) -> int:
        return 1

    @router.get("/query", **options)
    async def query(a: str = "") -> int:
        return 1

    @router.get("/headers", **options)
    async def headers(data: Annotated[Values, Header()]) -> int:
        return 1

    @router.get("/cookies", **options)
    async def cookies(data: Annotated[Values, Cookie()]) -> int:
        return 1

    @router.get("/numbers", **options)
    async def numbers(a: Annotated[list[int], Query()]) -> int:
        return 1

    @router.websocket("/socket", **of_sockets)
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        await socket.receive_json()
        await socket.send_json(1)

    @router.websocket("/handshake", **of_sockets)
    async def greet(socket: WebSocket, a: str = "") -> None:
        await socket.accept()


def nested(levels: dict[str, Any], wrap: Callable[[Any], dict[str, Any]], **everywhere: Any) -> Typeway:
    """An application in which another one is mounted, in which a third one is, with a limit at some of the levels."""

    def at(level: str) -> dict[str, Any]:
        return wrap(levels[level]) if level in levels else {}

    inner_router = Router(**at("inner_router"))
    add_routes(inner_router, **at("route"))
    mounted = Typeway(**at("mounted"), **everywhere)
    mounted.include_router(inner_router, **at("inner_include"))
    middle = Typeway(**at("middle"))
    middle.mount("/n", mounted)
    router = Router(**at("router"))
    router.mount("/m", middle)
    app = Typeway(**at("app"))
    app.include_router(router, prefix="/r", **at("include"))
    return app


def has_status(request: str, status: int, **options: Any) -> Callable[[Typeway], bool]:
    """Return what asks an application, and says whether it allows the request; it must refuse with one status."""
    method, path = request.split()

    def allowed(app: Typeway) -> bool:
        found = ask(app, f"{method} {PATH}{path}", **options).status_code
        assert found in (200, status)
        return found == 200

    return allowed


def lists_all(app: Typeway) -> bool:
    """Whether five errors are all in the answer."""
    body = ask(app, f"GET {PATH}/numbers", params={"a": ["x"] * 5}).json()
    errors = body.get("errors", body["detail"])
    assert len(errors) + body.get("omitted", 0) == 5
    return len(errors) == 5


def refused_with(code: int, expected: int) -> bool:
    """Return False, after checking with which code a WebSocket has been closed."""
    assert code == expected
    return False


def takes_frame(app: Typeway) -> bool:
    """Whether a WebSocket takes seven values of JSON."""
    with client(app).websocket_connect(f"{PATH}/socket") as socket:
        socket.send_text("[1,1,1,1,1,1]")
        message = socket.receive()
        return message == {"type": "websocket.send", "text": "1"} or refused_with(message["code"], 1007)


def shakes_hands(app: Typeway) -> bool:
    """Whether a WebSocket takes seven query parameters."""
    try:
        with client(app).websocket_connect(f"{PATH}/handshake?a=1&b&c&d&e&f&g"):
            return True
    except WebSocketDisconnect as error:
        return refused_with(error.code, 1008)


JSON = {"headers": {"content-type": "application/json"}}
SEVEN = {f"c{number}": "1" for number in range(7)}

# An option and its key; a value that forbids what is sent and one that allows it; whether the default allows it; how to ask.
CASES: dict[str, tuple[str | None, Any, Any, bool, Callable[[Typeway], bool]]] = {
    "max_body_size": (None, 10, 1_000, True, has_status("POST /json", 413, json="x" * 50)),
    "max_body_size of a Request": (None, 10, 1_000, True, has_status("POST /read", 413, json="x" * 50)),
    "max_fields": ("form_limits", 2, 9, True, has_status("POST /form", 400, data=SEVEN)),
    "max_files": ("form_limits", 0, 9, True, has_status("POST /form", 400, files={"b": b"x"})),
    "max_part_size": ("form_limits", 5, 99, True, has_status("POST /form", 400, files={"a": (None, b"x" * 50)})),
    "duplicate_fields": ("form_limits", False, True, True, has_status("POST /form", 400, data={"a": ["1", "2"]})),
    "max_values": ("json_limits", 6, 50, True, has_status("POST /json", 400, json=[1] * 6)),
    "max_values of a Request": ("json_limits", 6, 50, True, has_status("POST /read", 400, json=[1] * 6)),
    "max_values of a WebSocket": ("json_limits", 6, 50, True, takes_frame),
    "max_depth": ("json_limits", 3, 50, True, has_status("POST /json", 400, json=[[[[[[]]]]]])),
    "duplicate_keys": ("json_limits", False, True, False, has_status("POST /json", 400, content=b'{"a":1,"a":1}', **JSON)),
    "max_query": ("parameter_limits", 6, 50, True, has_status("GET /query", 400, params=SEVEN)),
    "max_query of a WebSocket": ("parameter_limits", 6, 50, True, shakes_hands),
    "max_headers": ("parameter_limits", 6, 50, True, has_status("GET /headers", 431, headers=SEVEN)),
    "max_cookies": ("parameter_limits", 6, 50, True,
                    has_status("GET /cookies", 431, headers={"cookie": "; ".join(f"{name}=1" for name in SEVEN)})),
    "max_errors": ("error_limits", 2, 50, True, lists_all),
    "max_size": ("error_limits", 300, 9_000, True, lists_all),
}  # fmt: skip

# One level alone, and two with different values.
PLACES: list[dict[str, bool]] = [
    {},
    *({level: value} for level in LEVELS for value in (False, True)),
    *({outer: value, inner: not value} for outer, inner in itertools.pairwise(LEVELS) for value in (False, True)),
    *({outer: value, "route": not value} for outer in ("app", "middle", "mounted") for value in (False, True)),
    *({"app": value, inner: not value} for inner in ("mounted", "inner_router") for value in (False, True)),
]


@pytest.mark.parametrize("case", CASES)
def test_the_innermost_limit_counts(case: str) -> None:
    """Every limit reaches what is mounted, mounted in that, and included there, unless something further in has its own."""
    option, small, large, by_default, allows = CASES[case]
    key, _, _ = case.partition(" ")

    def given(value: bool) -> dict[str, Any]:
        limit = large if value else small
        return {key: limit} if option is None else {option: {key: limit}}

    wrong = []
    for levels in PLACES:
        if len(levels) == 1 and by_default in levels.values():
            continue
        expected = next((levels[level] for level in reversed(LEVELS) if level in levels), by_default)
        app = nested(levels, given)
        wrong += [(levels, expected)] if allows(app) != expected else []
    assert not wrong


@pytest.mark.parametrize(
    "levels", [{"app": False}, {"middle": True, "app": False}, {"mounted": False, "app": True}], ids=str
)
def test_problem_documents_have_the_same_limits(levels: dict[str, bool]) -> None:
    """The form of the errors is that of the application that answers; their limits come from around it."""
    expected = next(levels[level] for level in reversed(LEVELS) if level in levels)
    for key, small, large in (("max_errors", 2, 50), ("max_size", 400, 9_000)):
        limits = {value: {"error_limits": {key: large if value else small}} for value in (False, True)}
        assert lists_all(nested(levels, limits.__getitem__, errors="problem")) is expected


class Three(BaseModel):
    a: int = 0
    b: int = 0
    c: int = 0


@pytest.mark.parametrize("place", ["app", "mounted", "route"])
@pytest.mark.parametrize("raised", ["by the author", "by a malformed body"])
def test_errors_that_no_plan_has_found_are_limited(place: str, raised: str) -> None:
    """What the author's code raises is answered within the limits of its route too."""
    from typeway.exceptions import RequestValidationError

    limits = {"error_limits": {"max_errors": 2, "max_size": 60}}
    inner = Typeway(**(limits if place == "mounted" else {}))

    @inner.post("/", **(limits if place == "route" else {}))
    async def fail(data: Three) -> None:
        raise RequestValidationError([{"type": "x", "loc": ("body", number), "msg": "no"} for number in range(5)])

    app = Typeway(**(limits if place == "app" else {}))
    app.mount("/m", inner)
    content = b"{}" if raised == "by the author" else b"{"
    body = ask(app, "POST /m/", content=content, headers={"content-type": "application/json"})
    assert body.status_code == 422
    assert len(body.content) <= 60
    assert body.json() == {"detail": [], "omitted": 5 if raised == "by the author" else 1}
