"""Decide how to call a function: awaited, inline, in a thread, or as a generator around the rest of the request."""

import dis
import inspect
import types
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, contextmanager
from enum import Enum
from typing import Any, Final

from typeway.concurrency import call_in_thread, contextmanager_in_threadpool
from typeway.declare.depends import Capacity
from typeway.declare.scope import candidates, unwrap
from typeway.plan.nonblocking import cannot_block
from typeway.plan.yields import explain


class Kind(Enum):
    """How a function is called."""

    ASYNC = "awaited on the event loop"
    INLINE = "called on the event loop: neither the call nor the encoding of its result can block"
    CHECKED = "called on the event loop; its result is encoded there if it is plain data, else in a thread"
    THREAD = "called in the thread pool"
    CONTEXT = "entered before the calls that depend on it, and resumed after the request"
    STREAM = "iterated while the response is sent"


# PERF: on Python 3.11 reading a member of an Enum class runs Python code, 0.1 us; a request compares a kind per call.
ASYNC: Final = Kind.ASYNC
INLINE: Final = Kind.INLINE
CHECKED: Final = Kind.CHECKED
THREAD: Final = Kind.THREAD


def kind_of(function: Callable[..., Any]) -> Kind:
    """Return how to call a dependency or endpoint."""
    functions = candidates(function)
    if any(inspect.isgeneratorfunction(entry) or inspect.isasyncgenfunction(entry) for entry in functions):
        return Kind.CONTEXT
    if any(map(inspect.iscoroutinefunction, functions)):
        return Kind.ASYNC
    return Kind.INLINE if cannot_block(function) else Kind.THREAD


def is_coroutine(function: Callable[..., Any]) -> bool:
    return any(inspect.iscoroutinefunction(entry) for entry in candidates(function))


def is_generator(function: Callable[..., Any]) -> bool:
    return any(inspect.isgeneratorfunction(entry) for entry in candidates(function))


def is_async_generator(function: Callable[..., Any]) -> bool:
    return any(inspect.isasyncgenfunction(entry) for entry in candidates(function))


def generator_of(function: Callable[..., Any]) -> Callable[..., AsyncGenerator[Any, None]]:
    """Return an asynchronous generator function for a generator function; a synchronous one runs in threads."""
    if is_async_generator(function):
        return function
    manager = contextmanager(function)

    async def suspend(**arguments: Any) -> AsyncGenerator[Any, None]:
        try:
            async with contextmanager_in_threadpool(manager(**arguments)) as value:
                yield value
        except RuntimeError as error:
            explain(error, function)
            raise

    return suspend


def limited(function: Callable[..., Any], kind: Kind, capacity: Capacity) -> tuple[Callable[..., Any], Kind]:
    """Return a function that first waits for free capacity, and how to call it."""
    if kind is Kind.CONTEXT:
        manager = asynccontextmanager(function)

        async def suspend(**arguments: Any) -> AsyncGenerator[Any, None]:
            try:
                async with capacity.semaphore(), manager(**arguments) as value:
                    yield value
            except RuntimeError as error:
                explain(error, function)
                raise

        return suspend, Kind.CONTEXT

    async def call(**arguments: Any) -> Any:
        async with capacity.semaphore():
            if kind is Kind.THREAD:
                return await call_in_thread(function, **arguments)
            return await function(**arguments) if kind is Kind.ASYNC else function(**arguments)

    return call, Kind.ASYNC


def awaits(function: Callable[..., Any]) -> bool:
    """Whether a generator may wait, so that its clean-up must be shielded from cancellation.

    A synchronous generator runs in a thread and always waits; an asynchronous one waits unless its code never awaits.
    """
    inner = unwrap(function)
    if not isinstance(inner, types.FunctionType) or not inspect.isasyncgenfunction(inner):
        return True
    return any(instruction.opname in ("GET_AWAITABLE", "GET_ANEXT") for instruction in dis.get_instructions(inner))
