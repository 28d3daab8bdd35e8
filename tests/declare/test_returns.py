"""What an endpoint returns by its annotation: a model, a stream of items, or a response of its own."""

from collections.abc import AsyncIterator, Generator, Iterable, Iterator
from typing import Any, Never, NoReturn

import fastapi
import pytest
from pydantic_core import PydanticUndefined

import typeway
from tests.frameworks import COMPAT, client
from typeway.declare.returns import Returns, read_returns
from typeway.exceptions import DeclarationError
from typeway.responses import JSONResponse, Response


def plain() -> Any: ...


def generator() -> Iterator[int]:
    yield 1


async def async_generator() -> AsyncIterator[int]:
    yield 1


class Streaming:
    def __call__(self) -> Iterator[int]:
        yield 1


UNSAID = PydanticUndefined


@pytest.mark.parametrize(
    ("function", "annotation", "response_model", "expected"),
    [
        (plain, UNSAID, UNSAID, Returns()),
        (plain, None, UNSAID, Returns()),
        (plain, NoReturn, UNSAID, Returns()),
        (plain, Never, UNSAID, Returns()),
        (plain, int, UNSAID, Returns(model=int)),
        (plain, Iterable[int], UNSAID, Returns(model=Iterable[int])),
        (plain, int, str, Returns(model=str)),
        (plain, int, None, Returns()),
        (plain, Response, UNSAID, Returns()),
        (plain, JSONResponse, UNSAID, Returns()),
        (plain, JSONResponse, int, Returns(model=int)),
        (plain, Response | int, None, Returns()),
        (generator, Iterator[int], UNSAID, Returns(item=int, streams=True)),
        (generator, Generator[int, None, None], UNSAID, Returns(item=int, streams=True)),
        (generator, UNSAID, UNSAID, Returns(streams=True)),
        (generator, list[int], UNSAID, Returns(streams=True)),
        (generator, Iterator, UNSAID, Returns(streams=True)),
        (async_generator, AsyncIterator[int], UNSAID, Returns(item=int, streams=True)),
        (async_generator, AsyncIterator[int], str, Returns(streams=True)),
        (Streaming(), Iterator[int], UNSAID, Returns(item=int, streams=True)),
    ],
)
def test_the_annotation_or_the_option_says_what_is_returned(function, annotation, response_model, expected):
    """An explicit response model beats the annotation; responses and generators have none."""
    assert read_returns(function, annotation, response_model, "here:1") == expected


@pytest.mark.parametrize("application", [typeway.FastAPI, COMPAT.FastAPI], ids=["typeway", "compat"])
def test_an_endpoint_that_only_raises_may_say_so(application):
    """`-> NoReturn` is what type checkers infer for an endpoint that always raises; the error is answered."""
    app = application()

    @app.get("/gone")
    def read() -> NoReturn:
        raise typeway.HTTPException(410)

    assert client(app).get("/gone").status_code == 410


def test_a_response_beside_a_model_is_refused():
    """`Response | Model` is refused with a hint, at the endpoint's line, as FastAPI's type of error."""

    def read() -> typeway.Response | int: ...

    with pytest.raises(fastapi.exceptions.FastAPIError, match="Invalid args for response field"):
        fastapi.FastAPI().get("/")(read)
    with pytest.raises(DeclarationError, match="Invalid args for response field") as caught:
        typeway.FastAPI().get("/")(read)
    assert caught.value.where == f"{__file__}:{read.__code__.co_firstlineno}"
    assert "response_model=None" in caught.value.hint
    typeway.FastAPI().get("/", response_model=None)(read)
