"""A value that a function of Python's or Pydantic's cannot take is the client's mistake; an error of the author's code is not."""

import re
from collections.abc import Callable, Generator, Iterable
from functools import partial
from typing import Annotated, Any, get_args

import pytest
from annotated_types import Not, Predicate
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    DirectoryPath,
    FilePath,
    NewPath,
    PlainValidator,
    create_model,
)
from pydantic.deprecated import class_validators

from tests.frameworks import JSON, client
from typeway import Body, Form, Header, HTTPException, Query, Typeway

LONG = "x" * 5_000
NESTED = "(" * 1_000


class Settings(BaseModel):
    pattern: re.Pattern[str] | None = None
    names: list[Annotated[str, BeforeValidator(str.strip)]] = []


# A type, and what makes the validator behind it raise something else than a ValueError.
REFUSED: dict[str, tuple[Any, Any]] = {
    "OverflowError of a pattern": (re.Pattern[str], "x{99999999999}"),
    "RecursionError of a pattern": (re.Pattern, NESTED),
    "OSError of a path": (FilePath, LONG),
    "OSError of a directory": (DirectoryPath, LONG),
    "OSError of a new path": (NewPath, LONG),
    "in a model": (Settings, {"pattern": "x{99999999999}"}),
    "TypeError of a method": (Settings, {"names": ["a", 1]}),
    "TypeError of a function": (Annotated[int, BeforeValidator(len)], 1),
    "TypeError of a class": (Annotated[Any, PlainValidator(int)], []),
    "in a partial": (Annotated[int, BeforeValidator(partial(int, base=16))], 1),
    "afterwards": (Annotated[Any, AfterValidator(ord)], "ab"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_library_function_cannot_take_is_a_422(name: str) -> None:
    """The error names the place; what the function has said is not repeated."""
    annotation, value = REFUSED[name]
    app = Typeway()

    @app.post("/")
    async def take(data: Annotated[annotation, Body()]) -> int:
        return 1

    response = client(app).post("/", json=value)
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"][0] == "body"
    assert len(response.content) < 1_000


@pytest.mark.parametrize("marker", [Query, Header, Form])
def test_so_it_is_in_every_place_of_a_parameter(marker: Any) -> None:
    """Texts of queries, headers and forms are validated by the same functions."""
    app = Typeway()

    async def take(data: Annotated[re.Pattern[str], marker()]) -> int:
        return 1

    app.api_route("/", methods=["POST"])(take)
    sent = {Query: "params", Header: "headers", Form: "data"}[marker]
    assert client(app).post("/", **{sent: {"data": "x{99999999999}"}}).status_code == 422


def mistaken(value: Any) -> Any:
    raise KeyError(value)


class Author:
    def check(self, value: Any) -> Any:
        raise KeyError(value)

    def __call__(self, value: Any) -> Any:
        raise TypeError(value)


@pytest.mark.parametrize(
    "function",
    [mistaken, partial(mistaken), partial(partial(mistaken)), lambda value: value["x"], Author().check, Author()],
    ids=["function", "partial", "partial of a partial", "lambda", "method", "object"],
)
@pytest.mark.parametrize("kind", [BeforeValidator, AfterValidator, PlainValidator])
def test_a_mistake_of_the_author_is_still_a_500(function: Callable[[Any], Any], kind: Any) -> None:
    """It must be seen in the log, and is not the client's."""
    app = Typeway()

    @app.post("/")
    async def take(data: Annotated[Any, kind(function), Body()]) -> int:
        return 1

    assert client(app).post("/", content=b"1", headers={"content-type": JSON}).status_code == 500


OLD: Any = class_validators  # without the warnings of type checkers


def validated(decorate: Any) -> Any:
    """A model with a validator of the style of Pydantic 1."""
    return create_model("Old", a=(int, ...), __validators__={"check": decorate(refusing)})


def refusing(first: Any, second: Any = None) -> Any:
    raise HTTPException(409, "taken")


WRAPPED: dict[str, Callable[[], Any]] = {
    "validator": lambda: validated(OLD.validator("a")),
    "validator before": lambda: validated(OLD.validator("a", pre=True)),
    "root validator": lambda: validated(OLD.root_validator(pre=True)),
    "root validator after": lambda: validated(OLD.root_validator(skip_on_failure=True)),
    "predicate": lambda: create_model("New", a=(Annotated[int, Predicate(refusing)], ...)),
    "not": lambda: create_model("New", a=(Annotated[int, Not(refusing)], ...)),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:Pydantic V1 style")
@pytest.mark.parametrize("name", WRAPPED)
def test_what_a_wrapped_validator_raises_is_the_authors(name: str) -> None:
    """Pydantic puts functions of its own around some validators; an HTTPException from inside is still answered as such."""
    model, app = WRAPPED[name](), Typeway()

    @app.post("/")
    async def take(data: Annotated[model, Body()]) -> int:
        return 1

    response = client(app).post("/", json={"a": 1})
    assert (response.status_code, response.json()) == (409, {"detail": "taken"})


@pytest.mark.parametrize(
    "annotation", [Iterable[int], Generator[int, None, None], list[Iterable[int]], Iterable[Iterable[int]]]
)
def test_the_items_of_an_iterable_are_validated_before_the_endpoint_runs(annotation: Any) -> None:
    """Pydantic validates each when it is read, so that the client's mistake would be an exception in the author's code."""
    app, depth = Typeway(), 2 if "[" in str(get_args(annotation)[0]) else 1

    @app.post("/")
    async def take(data: Annotated[annotation, Body()]) -> list[int]:
        return [item for inner in data for item in inner] if depth == 2 else list(data)

    http = client(app)
    for values, expected in (([1, 2], 200), ([1, "x"], 422), ([], 200)):
        response = http.post("/", json=[values] if depth == 2 else values)
        assert response.status_code == expected
        if expected == 422:
            assert response.json()["detail"][0]["loc"][-1] == 1
        else:
            assert response.json() == values
    assert http.post("/", json={"a": 1}).status_code == http.post("/", json=5).status_code == 422
