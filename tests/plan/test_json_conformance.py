"""JSON bodies are read as FastAPI reads them: every media type, every text, every way to take them."""

import dataclasses
import functools
import inspect
import json
from typing import Annotated, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import AliasChoices, AliasPath, BaseModel, ConfigDict, Field, Json
from starlette.responses import PlainTextResponse
from typing_extensions import TypedDict

from tests.frameworks import JSON, Both, Sending
from tests.plan.shown import shown

NOTHING: Any = inspect.Parameter.empty


class Item(BaseModel):
    name: str
    n: int = 1


class Nested(BaseModel):
    a: "Nested | None" = None


@dataclasses.dataclass
class Record:
    a: int
    b: str = "x"


class Keys(TypedDict):
    a: int


# path: type, options of Body() or None for a bare annotation, default
WAYS: dict[str, tuple[Any, dict[str, Any] | None, Any]] = {
    "item": (Item, None, NOTHING),
    "optional": (Item | None, None, None),
    "nullable": (Item | None, {}, NOTHING),
    "embedded": (Item, {"embed": True}, NOTHING),
    "optional-embedded": (Item | None, {"embed": True}, None),
    "embedded-number": (int, {"embed": True}, 3),
    "number": (int, {}, NOTHING),
    "number-or-not": (int, {}, 3),
    "real": (float, {}, NOTHING),
    "truth": (bool, {}, NOTHING),
    "text": (str, {}, NOTHING),
    "bytes": (bytes, {}, NOTHING),
    "optional-bytes": (bytes | None, {}, None),
    "bytes-or-number": (bytes | int, {}, NOTHING),
    "anything": (Any, {}, NOTHING),
    "anything-or-not": (Any, {}, "default"),
    "list": (list[int], None, NOTHING),
    "dict": (dict[str, Any], None, NOTHING),
    "set": (set[int], None, NOTHING),
    "record": (Record, None, NOTHING),
    "keys": (Keys, None, NOTHING),
    "nested": (Nested, None, NOTHING),
    "union": (Item | list[int], None, NOTHING),
    "json": (Json[list[int]], {}, NOTHING),
    "geo": (Item, {"media_type": "application/geo+json"}, NOTHING),
    "xml": (bytes, {"media_type": "application/xml"}, NOTHING),
    "plain": (str, {"media_type": "text/plain"}, NOTHING),
}


def endpoint_of(web: Any, *parameters: tuple[str, Any, Any]) -> Any:
    """An endpoint that answers with what it was given."""

    async def endpoint(**values: Any) -> Any:
        return {name: await shown(values[name]) for name in sorted(values)}

    endpoint.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default)
        for name, kind, default in parameters
    )
    return endpoint


@functools.cache
def reading() -> Both:
    return Both(build_reading)


def build_reading(web: Any, log: list[Any]) -> Any:
    app = web.FastAPI()
    lax = web.APIRouter(prefix="/lax", strict_content_type=False)
    for path, (kind, options, default) in WAYS.items():
        annotation = kind if options is None else Annotated[kind, web.Body(**options)]
        for router in (app, lax):
            router.api_route(f"/{path}", methods=["POST", "GET", "DELETE"])(
                endpoint_of(web, ("data", annotation, default))
            )
    app.include_router(lax)

    @app.post("/two")
    async def two(a: Item, b: Annotated[int, web.Body()] = 3):
        return [a, b]

    @app.post("/two-optional")
    async def two_optional(a: Item | None = None, b: Annotated[int | None, web.Body()] = None):
        return [a, b]

    @app.post("/query")
    async def query(number: int, item: Item):
        return [number, item]

    @app.post("/beside")
    async def beside(item: Item, request: web.Request):
        chunks = [chunk.decode() async for chunk in request.stream()]
        return [item, (await request.body()).decode(), await request.json(), chunks]

    @app.post("/stream")
    async def stream(request: web.Request):
        return [len(chunk) async for chunk in request.stream()]

    async def early(request: web.Request) -> int:
        return len(await request.body())

    @app.post("/early")
    async def after_reading(item: Item, size: Annotated[int, web.Depends(early)]):
        return [item, size]

    @app.exception_handler(web.exceptions.RequestValidationError)
    async def handler(request: Any, error: Any) -> PlainTextResponse:
        return PlainTextResponse(f"{error.errors()} {error.body!r}", 422)

    return app


TEXTS: list[bytes] = [
    b"", b"null", b"{}", b'{"name":"x"}', b'{"name":"x","n":2}', b'{"data":{"name":"x"}}', b'{"data":null}', b'{"data":3}',
    b'{"data":"x"}', b'{"a":{"name":"q"},"b":null}', b'{"a":{"name":"q"}}', b'{"a":null}', b'{"b":1}', b"[]", b"[1,2]",
    b'[1,"2"]', b"3", b"3.5", b"1e400", b"-0", b"NaN", b"Infinity", b'{"name":NaN}', b"true", b'"abc"', b'"\\ud800"',
    b'"\\u0000"', b"abc", b"{", b'{"name":', b"{'name':1}", b'{"name":"x"} x', b'{"name":"a","name":"b"}', b"  \n",
    b' {"name":"x"} ', b"\xff\xfe", b'{"name":"\xff"}', '{"name":"é"}'.encode(), '{"name":"é"}'.encode("utf-16"),
    '{"name":"é"}'.encode("utf-16-le"), '{"name":"x"}'.encode("utf-32"), b'\xef\xbb\xbf{"name":"x"}', b"1" * 4301,
    b"-" + b"9" * 30, b"[" * 300 + b"]" * 300, b"[" * 100_000, b'{"a":' * 150 + b"1" + b"}" * 150,
    b'{"a":' * 2000 + b"null" + b"}" * 2000, b"[1,2,]", b'{"name":"x",}', b'{"name":"x"}\x00', b"\x00", b'"a\nb"', b"01",
    b"1.", b".5", b"+1", b'{"name":"\\x"}', b"nul", b"[1 2]", b'{"a" 1}', b"{1:2}", b'"abc', b'"\\u12"', b"//c\n1",
    b"[NaN,Infinity,-Infinity]", b'{"n":1e5,"name":"x"}', b'{"n":1.0,"name":"x"}', b'{"n":"7","name":"x"}', b'"MTIz"',
    b'{"name":"x","n":' + b"1" * 5000 + b"}", b'"' + b"x" * 70_000 + b'"',
]  # fmt: skip
KINDS: list[str | None] = [
    None, "", JSON, "APPLICATION/JSON", "application/json; charset=utf-8", "application/json;charset=utf-16",
    "application/json ;x=y", "application/json,text/plain", "text/json", "text/plain", "application/geo+json",
    "application/vnd.api+json; v=1", "application/+json", "application/jsonp", "application/json+xml", "application/x-json",
    "application/x-www-form-urlencoded", "multipart/form-data", "json", "application", "application/", "/json",
    "application/json/x", "application/octet-stream", "application/xml", "*/*", "application/\xe9+json",
    " application/json", "application/JSON5", "application/a+JSON", "application/json+", "application/json\t;q",
]  # fmt: skip
OTHERS = ["two", "two-optional", "query", "beside", "stream", "early"]


@pytest.mark.parametrize("way", [*WAYS, *OTHERS])
def test_texts_of_every_kind(way: str) -> None:
    """Whatever text is sent as JSON, both see the same value, or word the mistake alike and keep the same body."""
    reading().check([Sending(f"/{way}", [text]) for text in TEXTS])


@pytest.mark.parametrize("way", [*WAYS, *(f"lax/{way}" for way in WAYS), *OTHERS])
def test_media_types_of_every_kind(way: str) -> None:
    """The same media types count as JSON, strictly or not; of others the bytes are handed on."""
    texts = [b"", b'{"name":"x"}', b"abc", b"3"]
    reading().check([Sending(f"/{way}", [text], kind) for kind in KINDS for text in texts])


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_methods_that_seldom_have_bodies(method: str) -> None:
    """A body that an endpoint asks for is read whatever the method."""
    texts = [b"", b"null", b'{"name":"x"}', b"{"]
    reading().check([Sending(f"/{way}", [text], method=method) for way in WAYS for text in texts])


@pytest.mark.parametrize("way", ["item", "optional", "bytes", "embedded", "beside", "stream", "early", "query"])
def test_bodies_in_pieces_and_cut_off(way: str) -> None:
    """A body may come in pieces; a client that goes away before its end is refused."""
    text = b'{"name":"x","n":2}'
    pieces = [text[at : at + 2] for at in range(0, len(text), 2)]
    reading().check([
        Sending(f"/{way}", pieces),
        Sending(f"/{way}", [b"", *pieces, b""]),
        Sending(f"/{way}", [], leaves=True),
        Sending(f"/{way}", [b""], leaves=True),
        Sending(f"/{way}", pieces, leaves=True),
    ])  # fmt: skip


# --- several bodies ---------------------------------------------------------------------------------------------


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")
    a: list[str] = []
    c: str | None = None


TYPES: list[Any] = [
    int, str, int | None, list[int], list[str] | None, dict[str, int], set[int], tuple[int, str], bytes, float, bool, Any,
    Item, Strict, Item | None, Item | Strict, Item | int, Annotated[int, Field(gt=1)], Json[list[int]],
]  # fmt: skip
OPTIONS: list[dict[str, Any]] = [
    {}, {}, {}, {"alias": "x"}, {"alias": "a"}, {"embed": True}, {"embed": False}, {"alias": "y", "embed": True},
    {"validation_alias": AliasChoices("x", "y")}, {"validation_alias": AliasPath("a", 0)}, {"media_type": "application/x"},
]  # fmt: skip
Declared = tuple[str, Any, dict[str, Any], Any]


@st.composite
def bodies(draw: Any) -> list[Declared]:
    names = draw(st.lists(st.sampled_from(["a", "b", "c"]), max_size=2, unique=True))
    defaults = st.sampled_from([NOTHING, NOTHING, None, 5, "q"])
    return [(n, draw(st.sampled_from(TYPES)), draw(st.sampled_from(OPTIONS)), draw(defaults)) for n in names]


SCALARS = st.sampled_from(
    [None, 1, 0, "1", "a", "", [], [1], ["a", "b"], {}, {"name": "s"}, {"a": ["s"]}, True, 1.5, "[1]"]
)
VALUES = st.one_of(SCALARS, st.dictionaries(st.sampled_from(["a", "b", "c", "x", "y", "v"]), SCALARS, max_size=3))


@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(bodies(), min_size=3, max_size=3), st.booleans(), st.lists(VALUES, min_size=4, max_size=6))
def test_any_number_of_bodies_is_embedded_alike(declared: list[list[Declared]], nests: bool, values: list[Any]) -> None:
    """Bodies of an endpoint and of its dependencies together decide what is a member and what is the whole body."""

    def build(web: Any, log: list[Any]) -> Any:
        def marked(parameters: list[Declared]) -> list[tuple[str, Any, Any]]:
            return [
                (name, Annotated[kind, web.Body(**options)], default) for name, kind, options, default in parameters
            ]

        first = endpoint_of(web, *marked(declared[1]))
        inner = [("first", Any, web.Depends(first))] if nests else []
        second = endpoint_of(web, *marked(declared[2]), *inner)
        app = web.FastAPI()
        needs = [("d1", Any, web.Depends(first)), ("d2", Any, web.Depends(second))]
        app.post("/")(endpoint_of(web, *marked(declared[0]), *needs))
        return app

    Both(build).check([*(Sending("/", [json.dumps(value).encode()]) for value in values), Sending("/", [b""])])
