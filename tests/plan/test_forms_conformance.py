"""Forms are read as FastAPI reads them: every kind of parameter, every way to leave a field empty, broken ones too."""

import enum
import inspect
from collections import deque
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Optional
from urllib.parse import urlencode

import pytest
from fastapi import UploadFile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import (
    AliasChoices,
    AliasPath,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Json,
    Tag,
    model_validator,
)  # fmt: skip
from starlette.responses import PlainTextResponse

from tests.frameworks import FORM, MULTIPART, Both, Sending
from tests.plan.shown import shown

END = b"--BB--\r\n"


def part(name: str, value: str, filename: str | None = None, more: str = "") -> bytes:
    """One part of a multipart body."""
    shown_name = "" if filename is None else f'; filename="{filename}"'
    return f'--BB\r\nContent-Disposition: form-data; name="{name}"{shown_name}\r\n{more}\r\n{value}\r\n'.encode()


def urlencoded(path: str, *pairs: tuple[str, str]) -> Sending:
    return Sending(path, [urlencode(pairs).encode()], FORM)


def multipart(path: str, *parts: bytes) -> Sending:
    return Sending(path, [b"".join(parts) + END], MULTIPART)


# --- any parameter, any request ---------------------------------------------------------------------------------


class Color(enum.Enum):
    red = "red"
    blue = "blue"


class Plain(BaseModel):
    a: str
    b: int = 3


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")
    a: list[str] = []
    c: str | None = None


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    b: set[int] = {1}
    d: str = Field("d", alias="dd")


class WithFile(BaseModel):
    model_config = ConfigDict(populate_by_name=True, arbitrary_types_allowed=True)
    a: UploadFile | None = None
    e: str = Field(alias="ee")


class WithBytes(BaseModel):
    a: bytes
    b: list[UploadFile] = []


class Aliased(BaseModel):
    a: Json[list[int]] = []
    b: str = Field(validation_alias=AliasChoices("b", "bb"))
    c: list[str] = Field(validation_alias=AliasPath("c", 0), default=["p"])


class Mixed(BaseModel):
    a: str | list[str] = "q"
    b: tuple[int, str] = (1, "x")
    c: Color | None = None


KINDS: list[Any] = [
    str,
    int,
    Optional[str],
    bool,
    Color,
    float | str,
    Any,
    Literal["a"],
    Annotated[str, Field(min_length=1)],
    list[str],
    list[int],
    Optional[list[str]],
    set[str],
    tuple[str, ...],
    tuple[int, str],
    frozenset[int],
    deque[str],
    Sequence[str],
    str | list[str],
    dict[str, str],
    bytes,
    list[bytes],
    Optional[bytes],
    UploadFile,
    list[UploadFile],
    Optional[UploadFile],
    Optional[list[UploadFile]],
    UploadFile | str,
    UploadFile | bytes,
    Plain,
    Strict,
    Open,
    WithFile,
    WithBytes,
    Aliased,
    Mixed,
    Plain | None,
    Strict | None,
    Open | None,
    Plain | Strict,
    Strict | Open | None,
    WithFile | Plain,
    Mixed | Plain,
]
ALIASES: list[dict[str, Any]] = [
    {},
    {},
    {},
    {"alias": "a"},
    {"alias": "al"},
    {"validation_alias": "v"},
    {"validation_alias": AliasChoices("x", "a")},
    {"alias": "al", "validation_alias": AliasPath("a", 0)},
]
NAMES = ["a", "b", "c", "d", "al", "x", "v", "dd", "e", "ee", "bb", "zz"]
VALUES = ["", "a", "1", "x y", "[1,2]", "null", "é", "true"]
NOTHING: Any = inspect.Parameter.empty


@st.composite
def parameters(draw: Any) -> list[tuple[str, Any, str, dict[str, Any], Any]]:
    """Names, types, markers, options and defaults of one endpoint's parameters."""
    names = draw(st.lists(st.sampled_from(NAMES[:4]), min_size=1, max_size=3, unique=True))
    return [
        (
            name,
            draw(st.sampled_from(KINDS)),
            draw(st.sampled_from(["Form", "Form", "File"])),
            draw(st.sampled_from(ALIASES)) | draw(st.sampled_from([{}, {}, {}, {"validate_default": True}])),
            draw(st.sampled_from([NOTHING, NOTHING, None, "default", ["l"], 5])),
        )
        for name in names
    ]


@st.composite
def requests(draw: Any) -> Sending:
    """A form, urlencoded or multipart, with fields and files."""
    pairs = draw(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES)), max_size=4))
    if draw(st.booleans()):
        return urlencoded("/", *pairs)
    filenames = st.sampled_from([None, None, "f.txt", "", "é.bin"])
    types = st.sampled_from(["", "Content-Type: text/plain\r\n"])
    return multipart("/", *(part(name, value, draw(filenames), draw(types)) for name, value in pairs))


def application(declared: list[tuple[str, Any, str, dict[str, Any], Any]]) -> Any:
    def build(web: Any, log: list[Any]) -> Any:
        async def endpoint(**values: Any) -> Any:
            return {name: await shown(value) for name, value in values.items()}

        endpoint.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                annotation=Annotated[kind, getattr(web, marker)(**options)],
                default=default,
            )
            for name, kind, marker, options, default in declared
        )
        app = web.FastAPI()
        app.post("/")(endpoint)
        return app

    return build


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(declared=parameters(), sent=st.lists(requests(), min_size=3, max_size=6))
def test_any_form_is_read_alike(declared: list[Any], sent: list[Sending]) -> None:
    """Whatever is declared and whatever is sent, both frameworks see the same values or the same mistakes."""
    both = Both(application(declared))
    for number, difference in both.differences(sent).items():
        # FastAPI fails where a JSON field is sent as a file.
        assert difference[0]["raised"] is not None, (sent[number], *difference)


# --- unions of models -------------------------------------------------------------------------------------------


class Text(BaseModel):
    kind: Literal["text"]
    value: str
    enabled: bool = False


class Many(BaseModel):
    kind: Literal["many"]
    value: list[str]

    @model_validator(mode="before")
    @classmethod
    def sees(cls, value: Any) -> Any:
        """Validators of a member see what was sent in the member's own shape."""
        return value if not isinstance(value, dict) or isinstance(value.get("value", []), list) else {"kind": "broken"}


class OpenMany(BaseModel):
    model_config = ConfigDict(extra="allow")
    kind: Literal["many"]
    value: list[str]


class ByName(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    kind: Literal["text"]
    some_value: str = Field(alias="value")


def tag_of(value: Any) -> Any:
    return value.get("kind") if isinstance(value, dict) else value.kind


UNIONS: dict[str, Any] = {
    "plain": (Text | Many, {}),
    "optional": (Text | Many | None, {}),
    "discriminated": (Text | Many, {"discriminator": "kind"}),
    "optional discriminated": (Text | Many | None, {"discriminator": "kind"}),
    "open": (Text | OpenMany, {}),
    "left to right": (Text | OpenMany, {"union_mode": "left_to_right"}),
    "by name": (ByName | Many, {}),
    "tagged": (Annotated[Text, Tag("text")] | Annotated[Many, Tag("many")] | None, {}),
    "callable discriminator": (
        Annotated[Annotated[Text, Tag("text")] | Annotated[Many, Tag("many")], Discriminator(tag_of)],
        {},
    ),
    "validators of members": (
        Annotated[Text, BeforeValidator(lambda value: {**value, "seen": "text"})]
        | Annotated[Many, BeforeValidator(lambda value: {**value, "seen": "many"})],
        {},
    ),
    "validator of all": (Annotated[Text | Many, BeforeValidator(dict)], {}),
    "nested": (Text | (Many | OpenMany), {}),
    "file": (Text | WithFile, {}),
}
PAIRS: list[list[tuple[str, str]]] = [
    [],
    [("kind", "many"), ("value", ""), ("value", "blue")],
    [("kind", "many"), ("value", "a")],
    [("kind", "many"), ("value", "")],
    [("kind", "text"), ("value", "a")],
    [("kind", "text"), ("value", "a"), ("value", "b")],
    [("kind", "text"), ("value", "a"), ("value", "")],
    [("kind", "text"), ("value", "")],
    [("kind", "text")],
    [("kind", "other")],
    [("kind", "")],
    [("value", "x")],
    [("other", "1"), ("other", "2")],
    [("kind", "text"), ("kind", "many"), ("value", "a")],
    [("some_value", "z"), ("kind", "text")],
    [("kind", "many"), ("value", "a"), ("x", "1"), ("x", "2"), ("y", "")],
    [("ee", "1")],
]


@pytest.mark.parametrize("name", UNIONS)
def test_members_of_a_union_have_shapes_of_their_own(name: str) -> None:
    """Each model of a union is tried with what was sent in its own shape; errors name it by tag or model."""
    kind, options = UNIONS[name]

    def build(web: Any, log: list[Any]) -> Any:
        app = web.FastAPI()

        async def endpoint(data):  # type: ignore[no-untyped-def]
            return await shown(data)

        marked = Annotated[kind, web.Form(**options)]
        is_optional = "optional" in name or name == "tagged"
        parameter = inspect.Parameter(
            "data", inspect.Parameter.KEYWORD_ONLY, annotation=marked, default=None if is_optional else NOTHING
        )
        endpoint.__signature__ = inspect.Signature([parameter])  # type: ignore[attr-defined]
        app.post("/")(endpoint)
        return app

    both = Both(build)
    both.check([urlencoded("/", *pairs) for pairs in PAIRS])
    both.check([multipart("/", *(part(*pair) for pair in pairs)) for pairs in PAIRS])


# --- what is empty, broken or cut off ---------------------------------------------------------------------------


FIELDS = {
    "text": part("a", "x"),
    "empty text": part("a", ""),
    "no file": part("a", "", ""),
    "file": part("a", "y", "f.txt"),
    "empty file": part("a", "", "z.txt"),
    "nameless file": part("a", "data", ""),
}


class One(BaseModel):
    a: Any = None


class Some(BaseModel):
    a: list[Any] = ["default"]


@pytest.mark.parametrize("second", [None, *FIELDS])
@pytest.mark.parametrize("first", FIELDS)
def test_empty_fields_and_files(first: str, second: str | None) -> None:
    """An empty field, or a file field in which nothing was chosen, counts as missing, alone and among others."""

    def build(web: Any, log: list[Any]) -> Any:
        app = web.FastAPI()
        for number, kind in enumerate([Any, list[Any], Optional[list[Any]], One, Some, One | Some, bytes, list[bytes]]):
            for marker in (web.Form, web.File):

                async def endpoint(a):  # type: ignore[no-untyped-def]
                    return await shown(a)

                endpoint.__annotations__["a"] = Annotated[kind, marker()]
                app.post(f"/{marker.__name__}{number}")(endpoint)
        return app

    parts = [FIELDS[first]] + ([] if second is None else [FIELDS[second]])
    Both(build).check([multipart(f"/{marker}{number}", *parts) for marker in ("Form", "File") for number in range(8)])


def reading(web: Any, log: list[Any]) -> Any:
    """Every way to read a form, or a body that is one."""
    app = web.FastAPI()

    @app.post("/form")
    async def form(a: Annotated[str, web.Form()] = "none", b: Annotated[list[str] | None, web.Form()] = None):
        return [a, b]

    @app.post("/file")
    async def file(f: web.UploadFile, a: Annotated[str, web.Form()] = "none"):
        return [await shown(f), a, dict(f.headers)]

    @app.post("/bytes")
    def content(f: Annotated[bytes, web.File()], again: Annotated[UploadFile, web.File(alias="f")]):
        return [len(f), again.size, again.file.tell()]

    @app.post("/request")
    async def request(request: web.Request):
        async with request.form() as form:
            return await shown(dict(form))

    @app.post("/beside")
    async def beside(request: web.Request, a: Annotated[str, web.Form()]):
        return [a, await shown((await request.form()).getlist("a"))]

    async def early(request: web.Request) -> int:
        return len(await request.body())

    @app.post("/early")
    async def after_reading(size: Annotated[int, web.Depends(early)], a: Annotated[str, web.Form()]):
        return [size, a]

    return app


BODIES: list[tuple[str | None, bytes]] = [
    *(
        (FORM, body)
        for body in [
            b"a=1",
            b"a=1&a=2&b=3&b=",
            b"a=%E9",
            b"a=%C3%A9",
            b"a=\xff\xfe",
            b"a",
            b"=x",
            b"&&a=1&&",
            b"a=1;b=2",
            b"a=%zz",
            b"a=b=c",
            b"a+b=c+d",
            b"a=%00",
            b"\x00",
            b"",
            b"&".join([b"k=1"] * 1001),
            b"a=" + b"x" * 1_100_000,
        ]
    ),
    *(
        (kind, b"a=1")
        for kind in (FORM + "; charset=utf-8", FORM.upper(), FORM + ", text/plain", "text/plain", None, "")
    ),
    *(
        (MULTIPART, body)
        for body in [
            part("a", "1") + END,
            part("a", "1"),
            part("a", "1") + b"--BB--",
            b"",
            END,
            b"garbage",
            b"preamble\r\n" + END,
            part("a", "1") + END + b"epilogue",
            b"--BB\r\n\r\nx\r\n--BB--",
            b"--BB\r\nContent-Disposition: form-data\r\n\r\nx\r\n--BB--",
            b'--BB\nContent-Disposition: form-data; name="a"\n\n1\n--BB--\n',
            b"--BB\r\nBad Header\r\n\r\n1\r\n" + END,
            b'--BB\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--CC--',
            part("", "1") + END,
            b'--BB\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\r\n' + END,
            part("é", "1") + END,
            part("f", "data", "x.txt", "Content-Type: text/plain\r\n") + END,
            part("f", "text") + END,
            part("f", "1", "a") + part("f", "22", "b") + END,
            part("f", "x", 'a\\"b.txt') + END,
            part("f", "x", "é.txt") + END,
            b"--BB\r\nContent-Disposition: form-data; name=\"f\"; filename*=UTF-8''%C3%A9.txt\r\n\r\nx\r\n" + END,
            part("a", "1", more="Content-Transfer-Encoding: base64\r\n") + END,
            part("k", "1") * 1001 + END,
            part("f", "x" * 1_100_000, "big") + END,
            part("a", "x" * 1_100_000) + END,
        ]
    ),
    *(
        (kind, part("a", "1") + END)
        for kind in [
            "multipart/form-data",
            "multipart/form-data; boundary=",
            'multipart/form-data; boundary="BB"',
            "multipart/form-data; boundary=CC",
            "MULTIPART/FORM-DATA; boundary=BB",
            "multipart/mixed; boundary=BB",
            MULTIPART + "; charset=latin-1",
            MULTIPART + "; charset=nonsense",
            "application/json",
            None,
        ]
    ),
]
WAYS = ["form", "file", "bytes", "request", "beside", "early"]


@pytest.mark.parametrize("way", WAYS)
def test_forms_of_every_condition(way: str) -> None:
    """Well formed or broken, whole, in small chunks or cut off: the answers are the same."""
    both = Both(reading)
    both.check([Sending(f"/{way}", [body], kind) for kind, body in BODIES])
    short = [(kind, body) for kind, body in BODIES if len(body) < 1000]
    both.check([Sending(f"/{way}", [body[at : at + 3] for at in range(0, len(body), 3)], kind) for kind, body in short])
    both.check([Sending(f"/{way}", [body[: len(body) // 2]], kind, leaves=True) for kind, body in short])
    both.check([Sending(f"/{way}", [], kind, leaves=True) for kind in (FORM, MULTIPART, None)])


@pytest.mark.parametrize("key", ["HTTPException", 400], ids=str)
def test_handlers_for_forms_that_cannot_be_read(key: Any) -> None:
    """A form that cannot be read is answered by handlers for 400, not by those for the framework's own exception."""

    def build(web: Any, log: list[Any]) -> Any:
        app = reading(web, log)

        async def handler(request: Any, error: Any) -> PlainTextResponse:
            return PlainTextResponse(f"{error.status_code} {error.detail} {error.headers}", error.status_code)

        app.add_exception_handler(web.HTTPException if key == "HTTPException" else key, handler)
        return app

    both = Both(build)
    both.check([Sending("/form", [body], kind) for kind, body in BODIES])
    both.check([Sending("/form", [b"a="], FORM, leaves=True), Sending("/file", [b"--BB"], MULTIPART, leaves=True)])
