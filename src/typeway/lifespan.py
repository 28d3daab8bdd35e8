"""Run what surrounds an application's life: lifespans, start-up and shut-down functions, joined across routers."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any, Final

from typeway.plan.calls import is_coroutine
from typeway.types import Lifespan

EVENTS: Final = ("startup", "shutdown")

# The functions to run at start-up and at shut-down, in order.
Events = dict[str, list[Callable[[], Any]]]


def running(events: Events) -> Lifespan:
    """The lifespan of a router that has none of its own: it runs the router's functions."""

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        for function in events["startup"]:
            await call(function)
        yield
        for function in events["shutdown"]:
            await call(function)

    return lifespan


async def call(function: Callable[[], Any]) -> None:
    result = function()
    if is_coroutine(function):
        await result


def lifespan_of(given: Any, events: Events) -> Lifespan:
    """The lifespan that an author gave, in any of its forms, or one that runs the router's functions."""
    if given is None:
        return running(events)
    if inspect.isasyncgenfunction(given):
        return asynccontextmanager(given)
    if inspect.isgeneratorfunction(given):
        manager: Any = contextmanager(given)

        @asynccontextmanager
        async def lifted(app: Any) -> AsyncIterator[Mapping[str, Any] | None]:
            with manager(app) as state:
                yield state

        return lifted
    lifespan: Lifespan = given
    return lifespan


def merged(outer: Lifespan, inner: Lifespan) -> Lifespan:
    """Two lifespans as one: the outer begins first and ends last, and its state wins."""

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[Mapping[str, Any] | None]:
        async with AsyncExitStack() as stack:
            outer_state = await stack.enter_async_context(outer(app))
            inner_state = await stack.enter_async_context(inner(app))
            if outer_state is None and inner_state is None:
                yield None
            else:
                yield {**(inner_state or {}), **(outer_state or {})}

    return lifespan
