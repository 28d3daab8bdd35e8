"""Callables of every kind are dependencies: what Python can call with values, a plan can."""

import functools
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import InitVar, dataclass, field
from typing import Annotated, Any, Generic, TypeVar

import pytest
from pydantic import BaseModel, Field, field_validator, model_validator
from pydantic.dataclasses import dataclass as pydantic_dataclass

from tests.frameworks import answer, client, errors
from typeway import Depends, Query, Typeway, WebSocket
from typeway.exceptions import DeclarationError
from typeway.websockets import WebSocketDisconnect

Model = TypeVar("Model")
left: list[str] = []


class User(BaseModel):
    name: str = "u"


def session() -> str:
    return "session"


class Repository(Generic[Model]):
    """A generic class, as applications have one for each table."""

    def __init__(self, session: Annotated[str, Depends(session)], limit: int = 3) -> None:
        self.session, self.limit = session, limit


class Holder(Generic[Model]):
    """A generic class whose constructor uses its own type variable."""

    def __init__(self, value: Annotated[Model, Query()], values: Annotated[list[Model] | None, Query()] = None) -> None:
        self.value, self.values = value, values


@dataclass
class Paging:
    limit: int = 10
    tags: Annotated[list[str], Query()] = field(default_factory=lambda: ["all"])
    offset: InitVar[int] = 0

    def __post_init__(self, offset: int) -> None:
        self.start = offset


@pydantic_dataclass
class Checked:
    limit: int = Field(default=1, le=5)


class Filter(BaseModel):
    a: int = 1
    b: int = Field(default_factory=lambda: 7)

    @field_validator("a")
    @classmethod
    def check_a(cls, value: int) -> int:
        if value > 5:
            raise ValueError("too large")
        return value

    @model_validator(mode="after")
    def check_all(self) -> "Filter":
        if self.a == 5:
            raise ValueError("five")
        return self


def positional(a: int, b: int = 2, /, c: int = 3) -> list[int]:
    return [a, b, c]


async def positional_async(a: int, /) -> int:
    return a


def positional_generator(a: int, /) -> Iterator[int]:
    yield a
    left.append("generator")


@contextmanager
def managed(n: int = 1) -> Iterator[int]:
    yield n
    left.append("managed")


@asynccontextmanager
async def managed_async(n: int = 1) -> AsyncIterator[int]:
    yield n
    left.append("managed_async")


def decorated(function: Callable[..., Any]) -> Any:
    @functools.wraps(function)
    def around(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return around


def undecorated(function: Callable[..., Any]) -> Any:
    def around(*args: Any, **kwargs: Any) -> Any:
        return "called"

    return around


class Counter:
    def __call__(self, n: int = 1) -> int:
        return n

    async def asynchronous(self, n: int = 1) -> int:
        return n

    @classmethod
    def of_class(cls, n: int = 1) -> int:
        return n

    @staticmethod
    def static(n: int = 1) -> int:
        return n


def described(**values: Any) -> Any:
    return values


described.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
    [inspect.Parameter("n", inspect.Parameter.KEYWORD_ONLY, default=4, annotation=int)]
)


@functools.wraps(described)
def described_in_order(*args: Any, **values: Any) -> Any:
    return [*args, values]


described_in_order.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
    [inspect.Parameter("n", inspect.Parameter.POSITIONAL_ONLY, annotation=int)]
)

# A callable, a query string, and what the endpoint that depends on it answers.
CALLABLES: dict[str, tuple[Any, str, Any]] = {
    "generic class": (Repository[User], "limit=5", {"session": "session", "limit": 5}),
    "generic class of a type": (Holder[int], "value=4&values=1", {"value": 4, "values": [1]}),
    "dataclass": (Paging, "limit=2&tags=x&offset=9", {"limit": 2, "tags": ["x"], "start": 9}),
    "dataclass with its own defaults": (Paging, "", {"limit": 10, "tags": ["all"], "start": 0}),
    "model": (Filter, "a=2&b=1", {"a": 2, "b": 1}),
    "model with its own defaults": (Filter, "", {"a": 1, "b": 7}),
    "Pydantic dataclass": (Checked, "limit=2", {"limit": 2}),
    "positional only": (positional, "a=1&c=9", [1, 2, 9]),
    "positional only, async": (positional_async, "a=1", 1),
    "positional only, generator": (positional_generator, "a=1", 1),
    "context manager": (managed, "n=5", 5),
    "async context manager": (managed_async, "n=5", 5),
    "decorated context manager": (decorated(managed), "n=5", 5),
    "decorated": (decorated(positional), "a=1", [1, 2, 3]),
    "decorated without functools.wraps": (undecorated(positional), "", "called"),
    "callable instance": (Counter(), "n=4", 4),
    "method": (Counter().asynchronous, "n=4", 4),
    "class method": (Counter.of_class, "n=4", 4),
    "static method": (Counter.static, "n=4", 4),
    "partial": (functools.partial(Counter().asynchronous, n=8), "", 8),
    "partial of positional": (functools.partial(positional, 1), "b=5", [1, 5, 3]),
    "partial of a class": (functools.partial(Repository[User], limit=8), "", {"session": "session", "limit": 8}),
    "__signature__": (described, "n=9", {"n": 9}),
    "__signature__ that is positional only": (described_in_order, "n=9", [{"n": 9}]),
    "lambda": (lambda n: n, "n=3", "3"),
}


def application(dependency: Any) -> Typeway:
    app = Typeway()

    @app.get("/")
    def read(value: Annotated[Any, Depends(dependency)]) -> Any:
        fields = getattr(value, "__dict__", None)
        return value if fields is None else {name: fields[name] for name in fields if not name.startswith("__")}

    return app


@pytest.mark.parametrize("name", CALLABLES)
def test_every_kind_of_callable_is_a_dependency(name):
    """Its parameters come from the request, its own defaults count, and it is called as Python would."""
    dependency, query, expected = CALLABLES[name]
    assert answer(application(dependency), f"GET /?{query}") == (200, expected)


def test_context_managers_are_left_after_the_response():
    """A dependency decorated with contextlib's decorators is entered and left like a generator."""
    left.clear()
    for dependency in (managed, managed_async, decorated(managed), positional_generator):
        answer(application(dependency), "GET /?a=1")
    assert left == ["managed", "managed_async", "managed", "generator"]


@pytest.mark.parametrize(
    ("query", "location"),
    [("a=6", ["query", "a"]), ("a=5", ["query"]), ("a=x", ["query", "a"])],
)
def test_what_a_model_refuses_is_the_clients_mistake(query, location):
    """A model's validators answer 422 with the place of the value, whether one field or all together are wrong."""
    assert [place for _, place in errors(application(Filter), f"GET /?{query}")] == [location]


def test_a_pydantic_dataclass_refuses_as_a_model_does():
    """Its own bounds are the client's affair, too."""
    assert errors(application(Checked), "GET /?limit=9") == [("less_than_equal", ["query", "limit"])]


def test_a_model_in_a_websocket_refuses_the_handshake():
    """What a model's validators refuse closes the socket with 1008, as other invalid input does."""
    app = Typeway()

    @app.websocket("/")
    async def talk(socket: WebSocket, wanted: Annotated[Filter, Depends()]) -> None:
        await socket.accept()

    with pytest.raises(WebSocketDisconnect) as refused, client(app).websocket_connect("/?a=6"):
        pass
    assert refused.value.code == 1008


def test_a_constructor_that_cannot_be_satisfied_is_refused_at_its_declaration():
    """A generic class whose constructor wants an object that no request has is no surprise at run time."""

    class Engine:
        pass

    class Store(Generic[Model]):
        def __init__(self, engine: Engine) -> None: ...

    app = Typeway()
    with pytest.raises(DeclarationError, match="Engine"):

        @app.get("/")
        def read(store: Annotated[Any, Depends(Store[User])]) -> None: ...
