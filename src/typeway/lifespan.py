"""Run what surrounds an application's life: lifespans, start-up and shut-down functions, joined across routers."""

import inspect
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from typing import Any, Final

from typeway.plan.calls import is_coroutine
from typeway.types import Lifespan

EVENTS: Final = ("startup", "shutdown")

# The functions to run at start-up and at shut-down, in order.
Events = dict[str, list[Callable[[], Any]]]


def lifespan_of(given: Any, events: Events) -> Lifespan:
    """The lifespan that an author gave, in any of its forms, or one that runs the router's functions."""
    if given is None:
        return lambda app: running(events)
    if inspect.isasyncgenfunction(given):
        return asynccontextmanager(given)
    if inspect.isgeneratorfunction(given):
        return lambda app: lifted(contextmanager(given)(app))
    lifespan: Lifespan = given
    return lifespan


@asynccontextmanager
async def running(events: Events) -> AsyncIterator[None]:
    await call_all(events["startup"])
    yield
    await call_all(events["shutdown"])


async def call_all(functions: list[Callable[[], Any]]) -> None:
    for function in functions:
        result = function()
        if is_coroutine(function):
            await result


@asynccontextmanager
async def lifted(manager: AbstractContextManager[Any]) -> AsyncIterator[Any]:
    with manager as state:
        yield state


def merged(outer: Lifespan, inner: Lifespan) -> Lifespan:
    """Two lifespans as one: the outer begins first and ends last, and its state wins."""

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[Mapping[str, Any] | None]:
        async with outer(app) as outer_state, inner(app) as inner_state:
            is_stateless = outer_state is None and inner_state is None
            yield None if is_stateless else {**(inner_state or {}), **(outer_state or {})}

    return lifespan
