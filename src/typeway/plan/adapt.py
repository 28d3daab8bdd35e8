"""Make a callable of any kind one that takes keyword arguments, and whose refusal of them is the client's mistake."""

from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from functools import partial, wraps
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic.dataclasses import is_pydantic_dataclass
from pydantic_core import PydanticUndefined

from typeway.concurrency import contextmanager_in_threadpool
from typeway.declare.scope import unwrap
from typeway.declare.signature import Declaration
from typeway.exceptions import ValidationException
from typeway.plan.calls import Kind, generator_of

# Makes the exception that answers invalid input, given what is wrong.
Refusal = Callable[[list[dict[str, Any]]], ValidationException]


def adapt(
    declaration: Declaration, kind: Kind, locations: Mapping[str, tuple[int | str, ...]], refusal: Refusal
) -> Any:
    """A declaration's function as a plan calls it; of a generator an asynchronous one.

    Parameters:
        locations: the beginning of errors' locations, by parameter name.
        refusal: what is raised where a model's own validators refuse its values.
    """
    function = keyword_only(declaration)
    if kind is Kind.CONTEXT:
        return entered(function)
    return constructor(function, locations, refusal) if validates(unwrap(function)) else function


def keyword_only(declaration: Declaration) -> Callable[..., Any]:
    """The function itself; one with parameters that are positional only (PEP 570) is called with those in order."""
    function = declaration.function
    positional = [parameter for parameter in declaration.parameters if parameter.is_positional]
    if not positional:
        return function

    @wraps(function)
    def call(**arguments: Any) -> Any:
        given = [arguments.pop(parameter.name, parameter.default) for parameter in positional]
        while given and given[-1] is PydanticUndefined:
            given.pop()
        return function(*given, **arguments)

    return call


def validates(function: Any) -> bool:
    """Whether calling a class validates its arguments with Pydantic."""
    return isinstance(function, type) and (issubclass(function, BaseModel) or is_pydantic_dataclass(function))


def constructor(function: Callable[..., Any], locations: Mapping[str, tuple[int | str, ...]], refusal: Refusal) -> Any:
    """What constructs a model whose fields are parameters; what its validators refuse is invalid input."""
    # What concerns all values together stands where the first of them stands.
    whole = next(iter(locations.values()), ("query",))[:1]

    @wraps(function, updated=())
    def construct(**arguments: Any) -> Any:
        try:
            return function(**arguments)
        except ValidationError as error:
            found = error.errors(include_url=False)
            raise refusal([{**entry, "loc": located(entry["loc"], locations, whole)} for entry in found]) from error

    return construct


def located(
    place: tuple[int | str, ...], locations: Mapping[str, tuple[int | str, ...]], whole: tuple[int | str, ...]
) -> tuple[int | str, ...]:
    """Where a client finds what a model says of one of its fields, or of itself."""
    if place and str(place[0]) in locations:
        return (*locations[str(place[0])], *place[1:])
    return (*whole, *place)


@contextmanager
def _manager() -> Iterator[None]:
    yield


@asynccontextmanager
async def _async_manager() -> AsyncGenerator[None, None]:
    yield


# contextlib makes every context manager of a generator function with the same code.
MANAGERS: Final[Mapping[Any, bool]] = {_manager.__code__: False, _async_manager.__code__: True}


def is_manager(function: Any) -> bool | None:
    """Whether a function decorated with `@contextmanager` or `@asynccontextmanager` is of the second kind, or None."""
    for _ in range(100):  # a wrapper that names itself must not hang the planning
        code = getattr(function, "__code__", None)
        if code in MANAGERS:
            return MANAGERS[code]
        inner = function.func if isinstance(function, partial) else getattr(function, "__wrapped__", None)
        inner = inner or getattr(function, "__func__", None)
        if inner is None:
            break
        function = inner
    return None


def entered(function: Callable[..., Any]) -> Callable[..., AsyncGenerator[Any, None]]:
    """A generator function, or one that returns a context manager, as an asynchronous generator function."""
    is_async = is_manager(function)
    if is_async is None:
        return generator_of(function)

    async def suspend(**arguments: Any) -> AsyncGenerator[Any, None]:
        manager = function(**arguments)
        async with manager if is_async else contextmanager_in_threadpool(manager) as value:
            yield value

    return suspend
