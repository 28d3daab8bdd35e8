"""Run what surrounds an application's life: lifespans, start-up and shut-down functions, joined across routers."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from typeway.exceptions import declaration_error
from typeway.plan.calls import is_coroutine
from typeway.types import Lifespan


@dataclass(slots=True)
class Events:
    """The functions to run at start-up and at shut-down, in order."""

    startup: list[Callable[[], Any]] = field(default_factory=list)
    shutdown: list[Callable[[], Any]] = field(default_factory=list)

    def add(self, event_type: str, function: Callable[[], Any]) -> None:
        """Add a function.

        Raises:
            DeclarationError: there is no such event.
        """
        if event_type not in ("startup", "shutdown"):
            raise declaration_error(
                f"there is no event {event_type!r}.", hint="Use 'startup' or 'shutdown'.", also=AssertionError
            )
        (self.startup if event_type == "startup" else self.shutdown).append(function)


class EventsLifespan:
    """The lifespan of a router that has none of its own: it runs the router's functions."""

    def __init__(self, events: Events) -> None:
        self.events = events

    def __call__(self, app: Any) -> AbstractAsyncContextManager[None]:
        return self.run()

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        for function in self.events.startup:
            await call(function)
        yield
        for function in self.events.shutdown:
            await call(function)


async def call(function: Callable[[], Any]) -> None:
    if is_coroutine(function):
        await function()
    else:
        function()


def lifespan_of(given: Any, events: Events) -> Lifespan:
    """The lifespan that an author gave, in any of its forms, or one that runs the router's functions."""
    if given is None:
        return EventsLifespan(events)
    if inspect.isasyncgenfunction(given):
        return asynccontextmanager(given)
    if inspect.isgeneratorfunction(given):
        return lifted(contextmanager(given))
    lifespan: Lifespan = given
    return lifespan


def lifted(make: Callable[[Any], Any]) -> Lifespan:
    """A synchronous context manager as an asynchronous one."""

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[Mapping[str, Any] | None]:
        with make(app) as state:
            yield state

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
