"""A JSON text has a limited number of values, so that small values, of which each is an object, cannot fill the memory."""

import asyncio
import json
import time
import tracemalloc
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from tests.frameworks import COMPAT, Sending, answer, answer_of, client, send
from typeway import Body, Request, Router, Typeway, WebSocket
from typeway.declare.conventions import SAFE_LIMITS
from typeway.decoders import MAX_VALUES, JSONRules, RefusedJSON
from typeway.websockets import WebSocketDisconnect

MB = 1_000_000
REASON = "There was an error parsing the body: it has more than {:,} values"


class Model(BaseModel):
    a: int = 0
    b: str | None = None


def reading(kind: Any = Any, **options: Any) -> Typeway:
    """An application that reads a body of a type."""
    app = Typeway(openapi_url=None, **options)

    @app.post("/")
    async def read(data: Annotated[kind, Body()]) -> int:  # type: ignore[valid-type]
        return 1

    return app


# --- what is counted -------------------------------------------------------------------------------------------------


def values_in(value: Any) -> int:
    """Count the values of a text by its value."""
    if isinstance(value, dict):
        return 1 + (sum(map(values_in, value.values())) or 1)
    return 1 + (sum(map(values_in, value)) or 1) if isinstance(value, list) else 1


texts = st.text(st.sampled_from('a,[{}]:"\\ é😀'), max_size=6)
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5),
    max_leaves=30,
)


@given(documents, st.booleans(), st.sampled_from([None, (" , ", " :\n")]))
def test_a_text_is_refused_exactly_if_it_has_too_many_values(document: Any, is_ascii: bool, separators: Any) -> None:
    """Whatever stands in its strings, and however it is spaced."""
    text = json.dumps(document, ensure_ascii=is_ascii, separators=separators).encode()
    count = values_in(document)
    assert JSONRules(max_values=count).read(text) == document
    with pytest.raises(RefusedJSON, match=f"more than {count - 1:,} values"):
        JSONRules(max_values=count - 1).read(text)


@pytest.mark.parametrize(
    ("sent", "most"),
    [
        (b"1", 1), (b"[]", 2), (b"{}", 2), (b"[1]", 2), (b"[1,2]", 3), (b"[[],[]]", 5), (b'{"a":1}', 2), (b'{"a":{}}', 3),
        (b'[",,,,[[[[{{{{"]', 2), (b'["\\",[",1]', 3), (b'{",":[{",":","}]}', 4), (b' [ 1 , 2 ] ', 3),
    ],
)  # fmt: skip
def test_how_values_are_counted(sent: bytes, most: int) -> None:
    """Each item, each member, and the whole; an empty object or array counts twice."""
    assert [send(reading(json_limits={"max_values": n}), Sending("/", [sent]))["status"] for n in (most, most - 1)] == [
        [200],
        [400],
    ]


@pytest.mark.parametrize(
    "sent", [b'"' + b"," * 9, b'"a" ' * 9 + b"[,,,,,,,,", b'"' + b'\\"' * 9 + b"\\", b'[1,",,,,,,,', b"\xff,,,,,,"]
)
def test_what_is_malformed_is_refused_all_the_same(sent: bytes) -> None:
    """Counting does not judge the text: strings without an end, strings beside strings, other encodings."""
    assert send(reading(json_limits={"max_values": 3}), Sending("/", [sent]))["status"][0] in (400, 422)


# --- where it is set -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", ["default", "app", "router", "include", "route"])
def test_the_limit_is_an_option_of_every_level(level: str) -> None:
    """Beyond it the answer is a 400 that says how many values are allowed; the endpoint does not run."""
    most = MAX_VALUES if level == "default" else 9
    options = {
        name: {"json_limits": {"max_values": 9}} if name == level else {}
        for name in ("app", "router", "include", "route")
    }
    router, ran = Router(**options["router"]), []

    @router.post("/declared", **options["route"])
    async def declared(data: list[int]) -> int:
        ran.append(1)
        return len(data)

    @router.post("/read", **options["route"])
    async def read(request: Request) -> int:
        return len(await request.json())

    app = Typeway(**options["app"])
    app.include_router(router, **options["include"])
    for path in ("/declared", "/read"):
        assert answer(app, f"POST {path}", json=[1] * (most - 1)) == (200, most - 1)
        assert answer(app, f"POST {path}", json=[1] * most) == (400, {"detail": REASON.format(most)})
    assert len(ran) == 1


def test_messages_of_a_websocket_are_limited_too() -> None:
    """The connection is closed with 1007, as for other JSON that is refused."""
    app = Typeway()

    @app.websocket("/")
    async def read(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_json(len(await socket.receive_json()))

    with client(app).websocket_connect("/") as socket:
        socket.send_json([1] * MAX_VALUES)
        with pytest.raises(WebSocketDisconnect) as caught:
            socket.receive_json()
    assert caught.value.code == 1007


def test_compat_mode_has_no_such_limit() -> None:
    """FastAPI reads any number."""
    app = COMPAT.FastAPI()

    @app.post("/")
    def read(data: list[int]) -> int:
        return len(data)

    assert answer(app, "POST /", json=[1] * MAX_VALUES) == (200, MAX_VALUES)


# --- what it is for --------------------------------------------------------------------------------------------------


# A type, an item of a text, where `#` stands for a number, and how many values the item is.
ITEMS: dict[str, tuple[Any, str, int]] = {
    "numbers of one digit": (list[int], "1", 1),
    "numbers": (list[int], "1000", 1),
    "fractions": (list[float], "1.5", 1),
    "texts": (list[str], '"#"', 1),
    "empty arrays": (list[list[int]], "[]", 2),
    "arrays of one": (list[list[int]], "[1]", 2),
    "arrays in arrays": (Any, "[" * 150 + "]" * 150, 151),
    "empty objects": (list[dict[str, int]], "{}", 2),
    "objects of one": (list[dict[str, int]], '{"a":1}', 2),
    "objects of a key of their own": (list[dict[str, int]], '{"#":1}', 2),
    "objects in objects": (Any, '{"a":{"a":{"a":{"a":{}}}}}', 6),
    "members": (dict[str, int], '"#":1', 1),
    "a mixture": (Any, '{"a":[1,"b",{}]}', 6),
    "models": (list[Model], "{}", 2),
}


def text_of(kind: str, count: int) -> bytes:
    """A JSON text of so many items."""
    _, item, _ = ITEMS[kind]
    items = (item.replace("#", f"{number:08}") for number in range(count))
    return (f"{{{','.join(items)}}}" if kind == "members" else f"[{','.join(items)}]").encode()


def reading_of(app: Typeway, body: bytes) -> tuple[int, int]:
    """The status of the answer to a body, and how much memory it took at once to read it, in bytes."""

    async def measure() -> tuple[int, int]:
        await answer_of(app, Sending("/", [b"1"]))  # plans are built by now
        sending = Sending("/", [body[start : start + 65_536] for start in range(0, len(body), 65_536)])
        tracemalloc.start()
        try:
            found = await answer_of(app, sending)
            return found["status"][0], tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    return asyncio.run(measure())


@pytest.mark.parametrize("kind", ITEMS)
def test_small_values_take_three_times_the_largest_body(kind: str) -> None:
    """Neither as many as are allowed, nor as many as fit into a body, take more than that; the latter are refused.

    Both limits are a tenth of the defaults, which does not change the proportion.
    """
    declared, _, values = ITEMS[kind]
    most, size = MAX_VALUES // 10, MB
    app = reading(declared, json_limits={"max_values": most}, max_body_size=size)
    status, peak = reading_of(app, text_of(kind, (most - 1) // values))
    assert (status, peak < 3 * size) == (200, True), peak
    length = len(text_of(kind, 1)) - 1
    status, peak = reading_of(app, text_of(kind, (size - 2) // length))
    assert (status, peak < 3 * size) == (400, True), peak


def test_the_defaults_have_that_proportion() -> None:
    """A hundred bytes of a body for each value."""
    assert SAFE_LIMITS.max_body_size == 100 * MAX_VALUES


def test_too_many_values_are_refused_in_a_moment() -> None:
    """Counting takes a small part of the time that reading would take, whatever stands in strings, and in malformed texts."""
    for body in (
        b"[" + b"1," * 5 * MB, b"[" + b'",",' * 2 * MB, b'["' + b"," * 10 * MB + b'"]', b'"' + b'\\"' * 5 * MB, b'"",' * 3 * MB,
        b'""' * 4 * MB + b"," * MB, b'"a":' * 2 * MB + b"," * MB, b'"a" ' * 2 * MB + b"," * MB, b'["a":"b",' * MB,
    ):  # fmt: skip
        begun = time.process_time()
        try:
            JSONRules().verify_number(body)
        except RefusedJSON:
            pass
        assert time.process_time() - begun < 1, body[:20]
