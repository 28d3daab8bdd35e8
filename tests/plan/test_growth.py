"""What a request costs grows in proportion to what the client sends, whatever the client chooses to send."""

import asyncio
import time
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict

from typeway import Body, Cookie, File, Form, Header, Query, Request, Typeway, UploadFile

MODES: tuple[Literal["allow", "forbid", "ignore"], ...] = ("allow", "forbid", "ignore")
MARKERS: dict[str, Any] = {"query": Query, "header": Header, "cookie": Cookie, "form": Form}

# Four times as much may cost six times as much: memory is slower than caches.
GROWTH = 6
ATTEMPTS = 6

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=BB"


class Node(BaseModel):
    child: "Node | None" = None
    children: list["Node"] = []
    name: int = 0


class Left(BaseModel):
    child: "Left | Right | None" = None
    x: int


class Right(BaseModel):
    child: "Left | Right | None" = None
    y: int


def raised() -> Typeway:
    """An application that accepts more than by default, so that growth can be seen."""
    return Typeway(
        openapi_url=None,
        parameter_limits=dict.fromkeys(("max_query", "max_headers", "max_cookies"), 1_000_000),
        form_limits={"max_fields": 1_000_000, "max_files": 1_000_000},
        json_limits={"max_depth": 900, "max_values": 1_000_000},
    )


@cache
def application() -> Typeway:
    app = raised()
    for location, marker in MARKERS.items():
        for extra in MODES:

            class Filters(BaseModel):
                model_config = ConfigDict(extra=extra)
                limit: int = 10
                tags: list[str] = []

            def find(filters: Any) -> int:
                return 1

            find.__annotations__ = {"filters": Annotated[Filters, marker()], "return": int}
            app.post(f"/{location}/{extra}")(find)

            def read(filters: Any) -> int:
                return 1

            read.__annotations__ = {"filters": Filters, "return": int}
            app.post(f"/json/{extra}", name=f"json {extra}")(read)

        def plain(n1: str = "", n2: str = "", tags: Any = ()) -> int:
            return 1

        for name in ("n1", "n2"):
            plain.__annotations__[name] = Annotated[str, marker()]
        plain.__annotations__["tags"] = Annotated[list[str], marker()]
        app.post(f"/{location}/plain")(plain)

    for name, kind in {
        "any": Any, "dict": dict[str, int], "list": list[int], "node": Node, "unions": list[int | bool | Node | list[str]],
        "tree": Left | Right, "keys": dict[str, list[int]],
    }.items():  # fmt: skip

        def take(data: Any) -> int:
            return 1

        take.__annotations__ = {"data": Annotated[kind, Body()], "return": int}
        app.post(f"/body/{name}")(take)

    @app.post("/files")
    async def files(files: Annotated[list[UploadFile], File()]) -> int:
        return len(files)

    @app.post("/path/{rest:path}")
    async def path(rest: str) -> int:
        return len(rest)

    @app.post("/request")
    async def request(request: Request) -> int:
        return len(request.query_params) + len(request.headers) + len(request.cookies) + len(await request.body())

    @app.post("/request/json")
    async def of_request(request: Request) -> int:
        return len(str(await request.json()))

    return app


@cache
def with_routes(count: int) -> Typeway:
    """An application with so many routes, of which several have one path and other methods."""
    app = raised()
    for number in range(count // 4):
        for method in ("GET", "PUT", "POST", "PATCH"):
            app.api_route(f"/items/{number}/{{name}}", methods=[method])(lambda name: 1)
            app.api_route(f"/{{kind}}/{number}/last", methods=[method])(lambda kind: 1)
    return app


Sent = tuple[str, dict[str, Any], bytes]


def names(path: str, location: str) -> Callable[[int], Sent]:
    """Requests with so many names that nobody declares, all different."""

    def sent(count: int) -> Sent:
        pairs = [b"n%d=1" % number for number in range(count)]
        if location == "query":
            return path, {"query_string": b"&".join(pairs)}, b""
        if location == "header":
            return path, {"headers": [(b"n%d" % number, b"1") for number in range(count)]}, b""
        if location == "cookie":
            return path, {"headers": [(b"cookie", b"; ".join(pairs))]}, b""
        return path, {"headers": [(b"content-type", URLENCODED.encode())]}, b"&".join(pairs)

    return sent


def body(path: str, write: Callable[[int], str], media_type: str = "application/json") -> Callable[[int], Sent]:
    return lambda count: (path, {"headers": [(b"content-type", media_type.encode())]}, write(count).encode())


def members(count: int) -> str:
    return "{" + ",".join(f'"n{number}":1' for number in range(count)) + "}"


def objects(count: int) -> str:
    return '{"child":' * count + "{}" + "}" * count


PART = '--BB\r\nContent-Disposition: form-data; name="files"; filename="f"\r\n\r\nx\r\n'

# What is sent, given its number, and the smaller number of the two that are compared.
KINDS: dict[str, tuple[Callable[[int], Sent], int]] = {
    **{
        f"{location}, {kind}": (names(f"/{location}/{kind}", location), 1_500)
        for location in MARKERS
        for kind in (*MODES, "plain")
    },
    **{f"{location} of a Request": (names("/request", location), 1_500) for location in MARKERS},
    **{f"JSON members, {mode}": (body(f"/json/{mode}", members), 3_000) for mode in MODES},
    "one name many times": (lambda count: ("/query/plain", {"query_string": b"tags=1&" * count}, b""), 1_500),
    "escapes": (lambda count: ("/query/plain", {"query_string": b"n1=" + b"%41" * count}, b""), 10_000),
    "separators": (lambda count: ("/query/plain", {"query_string": b"&" * count}, b""), 10_000),
    "one cookie header each": (
        lambda count: ("/cookie/allow", {"headers": [(b"cookie", b"n%d=1" % number) for number in range(count)]}, b""),
        1_500,
    ),
    "files": (body("/files", lambda count: PART * count + "--BB--\r\n", MULTIPART), 250),
    "part headers": (body("/files", lambda count: PART.replace("\r\n\r\n", "\r\nX-A: 1" * 5 + "\r\n\r\n") * count + "--BB--\r\n", MULTIPART), 200),
    "preamble": (body("/files", lambda count: "\r\n" * count + PART + "--BB--\r\n", MULTIPART), 20_000),
    "path segments": (lambda count: ("/path" + "/a" * count, {}, b""), 5_000),
    "segments of no path": (lambda count: ("/nowhere" + "/a" * count, {}, b""), 5_000),
    "slashes": (lambda count: ("/" * count, {}, b""), 10_000),
    "items": (body("/body/list", lambda count: "[" + "1," * count + "1]"), 20_000),
    # Both sizes are above that from which bodies are validated in steps.
    "members of a dict": (body("/body/dict", members), 10_000),
    "members of any": (body("/body/any", members), 5_000),
    "JSON of a Request": (body("/request/json", members), 5_000),
    "depth of lists": (body("/body/any", lambda count: "[" * count + "]" * count), 49),
    "depth of lists above the default": (body("/body/any", lambda count: "[" * count + "]" * count), 210),
    "depth of objects": (body("/body/any", objects), 49),
    "depth of objects above the default": (body("/body/any", objects), 210),
    "depth of models": (body("/body/node", objects), 45),
    "depth of models that fail": (body("/body/list", objects), 49),
    "string": (body("/body/any", lambda count: '"' + "x" * count + '"'), 200_000),
    "escapes in a string": (body("/body/any", lambda count: '"' + "\\u0041" * count + '"'), 20_000),
    "digits": (body("/body/any", lambda count: "1" * count), 1_000),
    "wrong items": (body("/body/list", lambda count: "[" + '"x",' * count + '"x"]'), 3_000),
    "many wrong items": (body("/body/list", lambda count: "[" + '"x",' * count + '"x"]'), 50_000),
    "wrong members": (body("/body/dict", lambda count: members(count).replace("1,", '"x",')), 1_500),
    "many wrong members": (body("/body/dict", lambda count: members(count).replace("1,", '"x",')), 20_000),
    "a long name above wrong items": (
        body("/body/keys", lambda count: '{"' + "k" * count + '":[' + '"x",' * (count // 4) + "1]}"), 20_000,
    ),
    "unions": (body("/body/unions", lambda count: "[" + '1,true,{"name":2},["x"],' * count + "1]"), 2_000),
    "unions that fail": (body("/body/unions", lambda count: "[" + '"x",{"name":"x"},' * count + "1]"), 200),
    "depth of unions that fail": (body("/body/tree", objects), 12),
}  # fmt: skip


def seconds(app: Typeway, sent: Sent) -> float:
    """The least CPU time of this thread that a request takes, of a few."""
    path, parts, content = sent
    scope: dict[str, Any] = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": [],
        "root_path": "", "http_version": "1.1", "scheme": "http", "asgi": {"version": "3.0"}, **parts,
    }  # fmt: skip
    scope["headers"] = [*scope["headers"], (b"content-length", b"%d" % len(content))]
    statuses: set[int] = set()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: Any) -> None:
        statuses.add(message.get("status", 200))

    async def measure() -> float:
        least = 60.0
        for _ in range(4):
            begun = time.thread_time()
            await app({**scope}, receive, send)
            least = min(least, time.thread_time() - begun)
        return least

    least = asyncio.run(measure())
    assert max(statuses) < 500
    return least


def check(kind: str, ratio: Callable[[], float]) -> None:
    """Measure again what a busy machine may have disturbed; a cost that grows with the square disturbs every attempt."""
    ratios = []
    for _ in range(ATTEMPTS):
        ratios.append(ratio())
        if ratios[-1] < GROWTH:
            return
    pytest.fail(f"{kind}: four times as much costs {ratios} times as much")


@pytest.mark.parametrize("kind", KINDS)
def test_four_times_as_much_costs_at_most_six_times_as_much(kind):
    """The cost of each thing that a client can multiply grows in proportion to its number."""
    send, few = KINDS[kind]
    app = application()
    check(kind, lambda: seconds(app, send(4 * few)) / seconds(app, send(few)))


@pytest.mark.parametrize(
    "path", ["/items/0/x", "/items/{last}/x", "/x/{last}/last", "/items/{last}/x/y", "/no/{last}/path"]
)
def test_routes_and_methods_cost_no_more_than_their_number(path):
    """The route of a path is found in a time that does not grow in proportion to the number of routes."""

    def ratio() -> float:
        found = [
            seconds(with_routes(count), (path.replace("{last}", str(count // 4 - 1)), {}, b"")) for count in (200, 800)
        ]
        return found[1] / found[0]

    check(path, lambda: ratio() + GROWTH - 2)  # at most twice
