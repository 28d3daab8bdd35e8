"""A `def` endpoint that runs on the event loop has its answer encoded there only if that runs none of the author's code."""

import asyncio
import dataclasses
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

import anyio.to_thread
import httpx
import pytest
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    RootModel,
    computed_field,
    field_serializer,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic_core import core_schema
from typing_extensions import TypedDict

from tests.frameworks import ask
from tests.patience import PATIENCE
from typeway import Depends, Router, Typeway
from typeway.encoders import ENCODERS_BY_TYPE
from typeway.responses import JSONResponse, PlainTextResponse, StreamingResponse

seen: list[str] = []


def note() -> None:
    """Code of the author's, which may block: it says on which thread it runs."""
    seen.append(threading.current_thread().name)


# ---------------------------------------------------------------- values whose encoding runs the author's code


class Row:
    """Like a row of an ORM: an attribute is loaded when it is read."""

    @property
    def id(self) -> int:
        note()
        return 1


class Pairs:
    def __iter__(self) -> Iterator[tuple[str, int]]:
        note()
        return iter([("id", 1)])


class Loading:
    def __get__(self, instance: Any, owner: Any) -> int:
        if instance is not None:
            note()
        return 1

    def __set__(self, instance: Any, value: Any) -> None: ...


@dataclasses.dataclass
class Loaded:
    id: Any = Loading()


class Proxy:
    """Like a lazy object that loads what it stands for as soon as anybody asks for its class."""

    @property
    def __class__(self) -> Any:
        note()
        return Row

    @property
    def id(self) -> int:
        return 1


class View(Mapping[str, int]):
    def __getitem__(self, key: str) -> int:
        note()
        return 1

    def __iter__(self) -> Iterator[str]:
        note()
        return iter(["id"])

    def __len__(self) -> int:
        return 1


class Named(dict[str, int]):
    def items(self) -> Any:
        note()
        return super().items()


class Odd(Enum):
    ONE = 1

    @property
    def value(self) -> int:
        note()
        return 1


class Plain(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int


class Computed(BaseModel):
    a: int = 1

    @computed_field
    def id(self) -> int:
        note()
        return 1


class FieldSerialized(Plain):
    @field_serializer("id")
    def loaded(self, value: int) -> int:
        note()
        return value


class ModelSerialized(Plain):
    @model_serializer
    def loaded(self) -> dict[str, int]:
        note()
        return {"id": self.id}


class Annotation(BaseModel):
    id: Annotated[int, PlainSerializer(lambda value: note() or value)]


class Validated(Plain):
    @field_validator("id")
    @classmethod
    def check(cls, value: int) -> int:
        note()
        return value


class WholeValidated(Plain):
    @model_validator(mode="before")
    @classmethod
    def check(cls, value: Any) -> Any:
        note()
        return value


class Begun(Plain):
    def model_post_init(self, context: Any) -> None:
        note()


class Dumped(Plain):
    def model_dump(self, **options: Any) -> dict[str, Any]:
        note()
        return super().model_dump(**options)


class Opened(BaseModel):
    model_config = ConfigDict(extra="allow")


class Open(BaseModel):
    id: Any


class Conditional(BaseModel):
    id: int = Field(exclude_if=lambda value: note() or False)


class Constructed(Plain):
    def __init__(self, **values: Any) -> None:
        note()
        super().__init__(**values)


class Watched(Plain):
    def __getattribute__(self, name: str) -> Any:
        note()
        return super().__getattribute__(name)


class Holder(BaseModel):
    inner: FieldSerialized


class Money:
    """A type of the author's that Pydantic validates and writes by its functions."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        written = core_schema.plain_serializer_function_ser_schema(lambda value: note() or "money")
        return core_schema.is_instance_schema(cls, serialization=written)


class Priced(BaseModel):
    price: Money = Money()


class Rendered(JSONResponse):
    def render(self, content: Any) -> bytes:
        note()
        return super().render(content)


FOREIGN: dict[str, tuple[Any, dict[str, Any]]] = {
    "an object": (Row(), {"response_model": Plain}),
    "in a list": ([Row()], {"response_model": list[Plain]}),
    "in a mapping": ({"a": (Row(),)}, {"response_model": dict[str, list[Plain]]}),
    "with a response class": (Row(), {"response_model": Plain, "response_class": JSONResponse}),
    "a lazy object": (Proxy(), {"response_model": Plain}),
    "pairs": (Pairs(), {}),
    "pairs in a list": ([{"a": Pairs()}], {}),
    "pairs for a response class": (Pairs(), {"response_class": JSONResponse}),
    "a lazy object without a model": ([Proxy()], {}),
    "a dataclass": (Loaded(), {}),
    "a dataclass as its own model": (Loaded(), {"response_model": Loaded}),
    "a mapping of another kind": (View(), {"response_model": dict[str, int]}),
    "a dict of another kind": (Named(id=1), {}),
    "an enumeration": (Odd.ONE, {}),
    "a computed field": (Computed(), {}),
    "a computed field that is declared": (Computed(), {"response_model": Computed}),
    "a field's serializer": (FieldSerialized(id=1), {}),
    "a field's serializer that is declared": ({"id": 1}, {"response_model": FieldSerialized}),
    "a serializer within": ({"inner": {"id": 1}}, {"response_model": Holder}),
    "a model's serializer": (ModelSerialized(id=1), {"response_model": ModelSerialized}),
    "an annotated serializer": (Annotation(id=1), {"response_model": Annotation}),
    "a field's validator": ({"id": 1}, {"response_model": Validated}),
    "a model's validator": ({"id": 1}, {"response_model": WholeValidated}),
    "an annotated validator": (1, {"response_model": Annotated[int, AfterValidator(lambda v: note() or v)]}),
    "what follows a model's creation": ({"id": 1}, {"response_model": Begun}),
    "a dump of its own": (Dumped(id=1), {}),
    "a condition to leave a field out": ({"id": 1}, {"response_model": Conditional}),
    "a constructor of its own": ({"id": 1}, {"response_model": Constructed}),
    "attributes that are watched": (Watched(id=1), {}),
    "attributes that are watched and declared": (Watched(id=1), {"response_model": Plain}),
    "anything in a field": (Open(id=FieldSerialized(id=1)), {"response_model": Open}),
    "anything beside the fields": (Opened(id=FieldSerialized(id=1)), {"response_model": Opened}),
    "a default of the author's class": ({}, {"response_model": Priced}),
    "a response class of the author's": ({"id": 1}, {"response_class": Rendered}),
    "a response class and a model": ({"id": 1}, {"response_class": Rendered, "response_model": Plain}),
    "an iterable that is streamed": (Pairs(), {"response_class": StreamingResponse}),
}


def handed_on(app: Typeway, value: Any, options: dict[str, Any]) -> None:
    """An endpoint that returns what a dependency has made."""

    async def make() -> Any:
        return value

    def endpoint(made: Annotated[Any, Depends(make)]):
        return made

    app.get("/", **options)(endpoint)


def within(app: Typeway, value: Any, options: dict[str, Any]) -> None:
    """An endpoint that returns what stands around it."""
    app.get("/", **options)(lambda: value)


def replaced(app: Typeway, value: Any, options: dict[str, Any]) -> None:
    """An endpoint whose dependency, which gives plain data, is overridden."""

    def make() -> Any:
        return 1

    def endpoint(made: Annotated[Any, Depends(make)]):
        return made

    app.get("/", **options)(endpoint)
    app.dependency_overrides[make] = lambda: value


def made_inline(app: Typeway, value: Any, options: dict[str, Any]) -> None:
    """An endpoint that returns what another function has handed on without looking at it."""

    async def make() -> Any:
        return value

    def hand_on(made: Annotated[Any, Depends(make)]):
        return made

    def endpoint(made: Annotated[Any, Depends(hand_on)]):
        return made

    router = Router()
    router.get("/", **options)(endpoint)
    app.include_router(router)


@pytest.mark.parametrize("declare", [handed_on, within, replaced, made_inline])
@pytest.mark.parametrize(("value", "options"), FOREIGN.values(), ids=FOREIGN)
def test_the_authors_code_runs_in_a_thread(value: Any, options: dict[str, Any], declare: Callable[..., None]) -> None:
    """Whatever an answer's encoding calls that is not built in, it calls in the thread pool."""
    app = Typeway()
    loop: list[str] = []

    @app.middleware("http")
    async def note_loop(request: Any, call_next: Any) -> Any:
        loop.append(threading.current_thread().name)
        seen.clear()
        return await call_next(request)

    declare(app, value, options)
    ask(app, "GET /")
    assert seen
    assert loop[0] not in seen


class Blocking:
    """An attribute that takes as long as the event loop needs to do something else; None if that takes for ever."""

    def __init__(self) -> None:
        self.is_read, self.go_on = threading.Event(), threading.Event()

    @property
    def id(self) -> int | None:
        self.is_read.set()
        return 1 if self.go_on.wait(PATIENCE) else None


@pytest.mark.parametrize(
    "options", [{"response_model": Plain}, {"response_model": Plain, "response_class": JSONResponse}]
)
def test_an_attribute_that_blocks_does_not_block_the_event_loop(options: dict[str, Any]) -> None:
    """While an attribute of the answer waits, the event loop goes on."""
    app, row = Typeway(), Blocking()
    handed_on(app, row, options)

    async def go_on() -> None:
        await asyncio.to_thread(row.is_read.wait, PATIENCE)
        row.go_on.set()

    async def main() -> httpx.Response:
        going_on = asyncio.create_task(go_on())
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            response = await client.get("/")
        await going_on
        return response

    assert asyncio.run(main()).json() == {"id": 1}


def test_an_encoder_of_the_authors_runs_in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function that an application has registered for a type may block as well."""
    monkeypatch.setitem(ENCODERS_BY_TYPE, bytes, lambda value: note() or "bytes")
    monkeypatch.setitem(ENCODERS_BY_TYPE, UUID, lambda value: note() or "identifier")
    app = Typeway()

    @app.get("/bytes")
    def read_bytes():
        return [b"x"]

    @app.get("/{key}")
    def read(key: UUID):
        return {"key": key}

    with anyio.from_thread.start_blocking_portal() as portal:
        loop = portal.call(lambda: threading.current_thread().name)
        for path, expected in (("/bytes", ["bytes"]), (f"/{UUID(int=1)}", {"key": "identifier"})):
            seen.clear()
            transport = httpx.ASGITransport(app)
            response = portal.call(httpx.AsyncClient(transport=transport, base_url="http://test").get, path)
            assert response.json() == expected
            assert seen
            assert loop not in seen


# ---------------------------------------------------------------- values whose encoding runs built-in code only


class Colour(Enum):
    RED = "red"


class Inner(BaseModel):
    at: datetime | None = None
    price: Decimal = Decimal("1.5")


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"


class Dog(BaseModel):
    kind: Literal["dog"] = "dog"


class Whole(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int
    tags: list[str] = []
    colour: Colour = Colour.RED
    inner: Inner = Inner()
    made: Inner = Field(default_factory=Inner)
    kind: Literal["whole"] = "whole"
    metadata: dict[str, int | None] = {}
    type: str = "a field with the name of a schema's own"


class WithMethods(Plain):
    def doubled(self) -> int:
        return 2 * self.id

    @classmethod
    def first(cls) -> "WithMethods":
        return cls(id=1)

    @staticmethod
    def name() -> str:
        return "name"

    def __str__(self) -> str:
        return "text"


class Kinds(BaseModel):
    """A field of every kind of value that Pydantic itself validates and writes."""

    nothing: None = None
    flag: bool = True
    weight: float = 1.5
    raw: bytes = b"raw"
    day: date = date(2030, 1, 2)
    hour: time = time(3, 4)
    span: timedelta = timedelta(seconds=5)
    key: UUID = UUID(int=1)
    pair: tuple[int, str] = (1, "a")
    some: set[int] = Field(default_factory=set)
    frozen: frozenset[int] = Field(default_factory=frozenset)
    by_name: dict[str, int] = {"a": 1}
    one_of: int | str = "a"
    tagged: Annotated[Cat | Dog, Field(discriminator="kind")] = Cat()


KINDS = {
    "nothing": None, "flag": True, "weight": 1.5, "raw": "raw", "day": "2030-01-02", "hour": "03:04:00", "span": "PT5S",
    "key": str(UUID(int=1)), "pair": [1, "a"], "some": [], "frozen": [], "by_name": {"a": 1}, "one_of": "a",
    "tagged": {"kind": "cat"},
}  # fmt: skip


class Tree(BaseModel):
    id: int
    above: "Tree | None" = None


class Names(RootModel[list[str]]): ...


class Typed(TypedDict):
    id: int


Content = TypeVar("Content")


class Page(BaseModel, Generic[Content]):
    items: list[Content]


@pytest.fixture
def without_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can be called in a thread."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("nothing here needs a thread")

    monkeypatch.setattr(anyio.to_thread, "run_sync", refuse)


WHOLE = {
    "id": 1, "tags": [], "colour": "red", "inner": {"at": None, "price": "1.5"},
    "made": {"at": None, "price": "1.5"}, "kind": "whole", "metadata": {},
    "type": "a field with the name of a schema's own",
}  # fmt: skip

# Values that a coroutine has made, with how the endpoint that hands them on is declared, and the answer.
HANDED_ON: dict[str, tuple[Any, dict[str, Any], Any]] = {
    "a mapping": ({"a": [1, 2.5, None, True, {"b": "c"}]}, {}, {"a": [1, 2.5, None, True, {"b": "c"}]}),
    "a mapping with a name of SQLAlchemy's": ({"_sa_state": 1, "a": 2}, {}, {"a": 2}),
    "a tuple for a class": ((1, 2), {"response_class": JSONResponse}, [1, 2]),
    "a mapping for a model": ({"id": 1}, {"response_model": Whole}, WHOLE),
    "a list for a list of models": ([{"id": 1}], {"response_model": list[Whole]}, [WHOLE]),
    "a list for a root model": (["a"], {"response_model": Names}, ["a"]),
    "a mapping for a typed dict": ({"id": 1, "x": 2}, {"response_model": Typed}, {"id": 1}),
    "a mapping for a generic model": ({"items": [{"id": 1}]}, {"response_model": Page[Whole]}, {"items": [WHOLE]}),
    "a mapping of anything": ({"a": [1]}, {"response_model": dict[str, Any]}, {"a": [1]}),
    "a model with methods": ({"id": 1}, {"response_model": WithMethods}, {"id": 1}),
    "an instance of a model with methods": (WithMethods(id=1), {"response_model": WithMethods}, {"id": 1}),
    "a mapping for a model of all kinds": ({}, {"response_model": Kinds}, KINDS),
    "an instance of a model of all kinds": (Kinds(), {"response_model": Kinds}, KINDS),
    "an instance of the model": (Whole(id=1), {"response_model": Whole}, WHOLE),
    "an instance of a model that holds itself": (
        Tree(id=1, above=Tree(id=2)), {"response_model": Tree}, {"id": 1, "above": {"id": 2, "above": None}},
    ),
    "an instance, with options": (Whole(id=1), {"response_model": Whole, "response_model_exclude_unset": True}, {"id": 1}),
    "an instance for a class": (Whole(id=1), {"response_model": Whole, "response_class": JSONResponse}, WHOLE),
    "a response": (JSONResponse({"a": 1}), {}, {"a": 1}),
    "a response beside a model": (JSONResponse({"a": 1}), {"response_model": Whole}, {"a": 1}),
}  # fmt: skip


@pytest.mark.usefixtures("without_threads")
@pytest.mark.parametrize(("value", "options", "expected"), HANDED_ON.values(), ids=HANDED_ON)
def test_plain_data_that_is_handed_on_needs_no_thread(value: Any, options: dict[str, Any], expected: Any) -> None:
    """Built-in values, responses and instances of a plain response model are encoded on the event loop."""
    app = Typeway()
    handed_on(app, value, options)
    assert ask(app, "GET /").json() == expected


@pytest.mark.usefixtures("without_threads")
def test_what_comes_from_the_request_needs_no_thread() -> None:
    """Values of built-in types and plain models that the request carries are encoded on the event loop."""
    app = Typeway()

    def page(offset: int = 0, limit: int = 10, q: str | None = None):
        return {"offset": offset, "limit": limit, "q": q}

    @app.get("/constant")
    def constant() -> dict[str, int]:
        return {"a": 1}

    @app.get("/nothing")
    def nothing(): ...

    @app.get("/parameters/{key}")
    def parameters(key: UUID, at: datetime, colour: Colour = Colour.RED, page: dict[str, Any] = Depends(page)):
        return {"key": key, "at": at, "colour": colour, "page": page}

    @app.post("/echo")
    def echo(item: Whole):
        return item

    @app.post("/among")
    def among(key: int, item: Whole):
        return {"key": key, "items": [item]}

    @app.post("/declared")
    def declared(item: Whole) -> Inner:
        return {"price": "2.5"} if item is None else {"price": "3.5"}

    @app.post("/filtered", response_model=Plain)
    def filtered(item: Whole):
        return item

    @app.get("/text", response_class=PlainTextResponse)
    def text():
        return "text"

    key = str(UUID(int=1))
    assert ask(app, "GET /constant").json() == {"a": 1}
    assert ask(app, "GET /nothing").json() is None
    assert ask(app, f"GET /parameters/{key}?at=2030-01-02T00:00:00&q=x").json() == {
        "key": key, "at": "2030-01-02T00:00:00", "colour": "red", "page": {"offset": 0, "limit": 10, "q": "x"},
    }  # fmt: skip
    assert ask(app, "POST /echo", json={"id": 1}).json() == WHOLE
    assert ask(app, "POST /among?key=2", json={"id": 1}).json() == {"key": 2, "items": [WHOLE]}
    assert ask(app, "POST /declared", json={"id": 1}).json() == {"at": None, "price": "3.5"}
    assert ask(app, "POST /filtered", json={"id": 1}).json() == {"id": 1}
    assert ask(app, "GET /text").text == "text"


class WithProperty(BaseModel):
    a: int

    @property
    def id(self) -> int:
        note()
        return 1


class WithMissing(BaseModel):
    a: int

    def __getattr__(self, name: str) -> Any:
        note()
        return 1


@pytest.mark.parametrize("model", [WithProperty, WithMissing, FieldSerialized, Computed])
def test_a_model_in_the_request_may_have_code_of_its_own(model: Any) -> None:
    """What the request carries is not plain where its class has properties or serializers of its author's."""
    app = Typeway()
    loop: list[str] = []

    async def note_loop() -> None:
        seen.clear()
        loop.append(threading.current_thread().name)

    def echo(item: Any):
        return item

    echo.__annotations__["item"] = model
    options = {"response_model": Plain} if model in (WithProperty, WithMissing) else {}
    app.post("/", dependencies=[Depends(note_loop)], **options)(echo)
    assert ask(app, "POST /", json={"a": 1, "id": 1}).json()["id"] == 1
    assert seen
    assert loop[0] not in seen


def test_a_validator_of_the_request_may_give_anything() -> None:
    """What a validator of the author's has put into a model is no plain data, whatever the field's type says."""
    app = Typeway()
    loop: list[str] = []

    async def note_loop() -> None:
        seen.clear()
        loop.append(threading.current_thread().name)

    @app.post("/", dependencies=[Depends(note_loop)], response_model=Plain)
    def echo(row: Annotated[Plain, AfterValidator(lambda _: Row())]):
        return row

    assert ask(app, "POST /", json={"id": 2}).json() == {"id": 1}
    assert seen
    assert loop[0] not in seen
