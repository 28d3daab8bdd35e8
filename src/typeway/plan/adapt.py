"""Adapt callables of any kind to keyword arguments, and turn validation errors of models into errors of the request."""

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

# Makes the exception for invalid input from a list of errors.
Refusal = Callable[[list[dict[str, Any]]], ValidationException]


def adapt(
    declaration: Declaration, kind: Kind, locations: Mapping[str, tuple[int | str, ...]], refusal: Refusal
) -> Any:
    """Return a function in the form that a plan calls; a generator function as an asynchronous one.

    Parameters:
        locations: the first parts of error locations, by parameter name.
        refusal: makes the exception for values that the validators of a model refuse.
    """
    function = keyword_only(declaration)
    if kind is Kind.CONTEXT:
        return entered(function)
    return constructor(function, locations, refusal) if validates(unwrap(function)) else function


def keyword_only(declaration: Declaration) -> Callable[..., Any]:
    """Return the function; one with positional-only parameters (PEP 570) in a wrapper that passes those in order."""
    function = declaration.function
    positional = [parameter for parameter in declaration.parameters if parameter.is_positional]
    # A `__signature__` that was set may say so of a function that takes names only, as fastcrud's do of `**keys`.
    code = getattr(unwrap(function), "__code__", None)
    if not positional or (code is not None and not code.co_posonlyargcount):
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
    """Return a function that constructs a model whose fields are parameters; its validation errors are the client's."""
    # An error of all values together gets the location of the first value.
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
    """Return the location in the request for the location of an error in a model."""
    if place and str(place[0]) in locations:
        return (*locations[str(place[0])], *place[1:])
    return (*whole, *place)


@contextmanager
def _manager() -> Iterator[None]:
    yield


@asynccontextmanager
async def _async_manager() -> AsyncGenerator[None, None]:
    yield


# contextlib uses the same code object for every context manager that it makes of a generator function.
MANAGERS: Final[Mapping[Any, bool]] = {_manager.__code__: False, _async_manager.__code__: True}


def is_manager(function: Any) -> bool | None:
    """Whether a function is decorated with `@asynccontextmanager` or with `@contextmanager`; None if with neither."""
    for _ in range(100):  # a wrapper that refers to itself must not cause an endless loop
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
    """Return an asynchronous generator function for a generator function, or for one that returns a context manager."""
    is_async = is_manager(function)
    if is_async is None:
        return generator_of(function)

    async def suspend(**arguments: Any) -> AsyncGenerator[Any, None]:
        manager = function(**arguments)
        async with manager if is_async else contextmanager_in_threadpool(manager) as value:
            yield value

    return suspend
