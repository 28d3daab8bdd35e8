"""Call blocking code from async code, on asyncio and on trio."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager
from contextvars import Context, ContextVar, Token, copy_context
from functools import partial
from math import inf
from operator import is_
from time import perf_counter
from typing import Any, Final, ParamSpec, TypeVar

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar, checkpoint
from starlette.concurrency import iterate_in_threadpool as iterate_in_threadpool
from starlette.concurrency import run_in_threadpool as run_in_threadpool
from starlette.concurrency import run_until_first_complete as run_until_first_complete

_Arguments = ParamSpec("_Arguments")
_Value = TypeVar("_Value")

# Stands for a missing value: of a context variable, or of an iterator that has ended.
_NOTHING: Final[Any] = object()


# Chunks of a stream that follow one another within AT_ONCE seconds are sent together, for TOGETHER seconds at most.
AT_ONCE: Final = 0.0001
TOGETHER: Final = 0.001


# The limiter of calls whose thread does not come from the pool now: it has been taken already, or is the request's own.
LANE: Final[ContextVar[anyio.CapacityLimiter | None]] = ContextVar("LANE", default=None)


# How many calls have a thread, or wait for one, by a key of the caller's, in each event loop.
CALLS: Final[RunVar[dict[Any, int]]] = RunVar("CALLS")

# Limits nothing, in each event loop: for calls whose thread has been found already.
UNLIMITED: Final[RunVar[anyio.CapacityLimiter]] = RunVar("UNLIMITED")


def take_thread(key: Any, *, of_its_own: bool = False) -> Callable[[], None] | None:
    """Find a thread for the calls that follow here; return what gives it back, or None if all threads are busy.

    Only to look whether one is free would let a burst of requests past, because none of them has its thread yet.

    Parameters:
        key: for whom the thread is.
        of_its_own: take a thread beside the pool, if nothing else with this key has one or waits for one.
    """
    limiter, borrower = anyio.to_thread.current_default_thread_limiter(), object()
    calls = CALLS.get(None)
    if calls is None:
        calls = {}
        CALLS.set(calls)
    if not of_its_own:
        try:
            limiter.acquire_on_behalf_of_nowait(borrower)
        except anyio.WouldBlock:
            return None
    elif key in calls or limiter.total_tokens == 1:
        # A pool of one thread is a lock: its author wants that functions run one after the other.
        return None
    unlimited = UNLIMITED.get(None)
    if unlimited is None:
        unlimited = anyio.CapacityLimiter(inf)
        UNLIMITED.set(unlimited)
    token = LANE.set(unlimited)
    leave = count_call(key)

    def give_back() -> None:
        LANE.reset(token)
        leave()
        if not of_its_own:
            limiter.release_on_behalf_of(borrower)

    return give_back


def count_call(key: Any) -> Callable[[], None]:
    """Count a call that has a thread or waits for one; return what ends that."""
    calls = CALLS.get()
    calls[key] = calls.get(key, 0) + 1

    def leave() -> None:
        calls[key] -= 1
        if not calls[key]:
            del calls[key]

    return leave


class Run:
    """One call of a function in a thread; it can be abandoned as long as the thread has not begun it."""

    __slots__ = ("finished", "function", "is_abandoned", "is_finished", "is_started", "loop")
    loop: asyncio.AbstractEventLoop

    def __init__(self, function: Callable[[], Any]) -> None:
        self.function: Callable[[], Any] = function
        self.is_started: bool = False
        self.is_finished: bool = False
        self.is_abandoned: bool = False
        self.finished: asyncio.Event | None = None  # set when the thread has finished, if somebody waits for it

    def __call__(self) -> Any:
        self.is_started = True
        try:
            # Either the thread sees here that it has been abandoned, or `leave` sees that it has started.
            return None if self.is_abandoned else self.function()
        except GeneratorExit as error:
            raise contained(error) from error  # a task that gets it from a thread could not wait any more
        finally:
            self.is_finished = True
            if self.finished is not None:
                self.loop.call_soon_threadsafe(self.finished.set)

    async def leave(self) -> None:
        """Wait until the thread has finished, if it has begun."""
        self.is_abandoned = True
        if self.is_started:
            self.loop = asyncio.get_running_loop()
            self.finished = asyncio.Event()
            if not self.is_finished:
                await self.finished.wait()


async def run_in_thread(function: Callable[[], _Value], limiter: anyio.CapacityLimiter | None = None) -> _Value:
    """Call a function in a thread of the pool; a cancellation takes effect when the function has returned.

    A cancel scope waits for the thread anyway. A task that is cancelled by asyncio itself would leave the thread alone, and
    the clean-up of the request would close what the thread is still using; a second cancellation does leave it.
    """
    run = Run(function)
    try:
        value: _Value = await anyio.to_thread.run_sync(run, limiter=limiter or LANE.get())
    except asyncio.CancelledError:
        await run.leave()
        raise
    return value


class ThreadSteps:
    """Call functions in threads, one after the other; they change context variables as if they were called here.

    A thread works on a copy of the context, so the changes that it makes would be lost. All steps share one copy, because a
    token can only be reset in the context in which it was made: a generator may set a variable in its first step and reset
    it in its last. Changes that a step makes are copied here, and changes that are made here are copied for the next step.

    PERF: 2 us for each step, beside the 75 us that a thread takes anyway.
    """

    __slots__ = ("_changes", "_context", "_tokens")

    def __init__(self) -> None:
        self._context: Context | None = None
        self._changes: dict[ContextVar[Any], Any] | None = None
        self._tokens: dict[ContextVar[Any], Token[Any]] = {}

    async def run(
        self, function: Callable[_Arguments, _Value], /, *args: _Arguments.args, **kwargs: _Arguments.kwargs
    ) -> _Value:
        """Call a function in a thread of the pool."""
        try:
            return await run_in_thread(partial(self._step, function, args, kwargs))
        finally:
            self._adopt()

    async def finish(
        self, function: Callable[_Arguments, _Value], /, *args: _Arguments.args, **kwargs: _Arguments.kwargs
    ) -> _Value:
        """Call a function that cleans up, even if all threads are busy or the request is being cancelled."""
        # The threads of the default limiter may all be waiting for something that this clean-up returns, such as a
        # connection to a pool: a clean-up that queues behind them would wait for ever.
        limiter = anyio.CapacityLimiter(1)
        value: Any = None
        with anyio.CancelScope(shield=True):
            try:
                value = await run_in_thread(partial(self._step, function, args, kwargs), limiter)
            finally:
                self._adopt()
        result: _Value = value
        return result

    def _step(self, function: Callable[..., _Value], args: Any, kwargs: Any) -> _Value:
        """Run one step; the thread's own context is a new copy of the caller's."""
        LANE.set(None)  # what the function starts in other threads must not wait for its own
        outside = copy_context()
        context = self._context
        if context is None:
            context = self._context = outside
        else:
            for variable, value in _changes(context, outside).items():
                if value is not _NOTHING:
                    context.run(variable.set, value)
        before = context.copy()
        try:
            return context.run(function, *args, **kwargs)
        finally:
            self._changes = _changes(before, context)

    def _adopt(self) -> None:
        """Change the context variables that the last step has changed."""
        changes, self._changes = self._changes, None
        for variable, value in (changes or {}).items():
            if value is not _NOTHING:
                token = variable.set(value)
                if token.old_value is Token.MISSING:
                    self._tokens[variable] = token
            elif variable in self._tokens:
                try:
                    variable.reset(self._tokens.pop(variable))
                except ValueError:
                    pass  # the generator ends in another task, which has a context of its own


def _changes(before: Context, after: Context) -> dict[ContextVar[Any], Any]:
    """Return the variables that differ, with their values afterwards."""
    # PERF: nearly always nothing has changed, and then the values are in the same order: 0.1 us for a few variables.
    # They are compared by identity, because the author's objects may define `==` in any way.
    if len(before) == len(after) and all(map(is_, before.values(), after.values())):
        return {}
    changes = {variable: value for variable, value in after.items() if before.get(variable, _NOTHING) is not value}
    return changes | {variable: _NOTHING for variable in before if variable not in after}


async def call_in_thread(
    function: Callable[_Arguments, _Value], /, *args: _Arguments.args, **kwargs: _Arguments.kwargs
) -> _Value:
    """Call a function in a thread of the pool; the context variables that it sets are set here afterwards.

    PERF: cheaper than one step of `ThreadSteps`: 1.4 us beside the 72 us of the thread, 3 us if it sets a variable.
    """
    changes: dict[ContextVar[Any], Any] = {}

    def call() -> _Value:
        nonlocal changes
        LANE.set(None)  # what the function starts in other threads must not wait for its own
        before = copy_context()
        try:
            return function(*args, **kwargs)
        finally:
            changes = _changes(before, copy_context())

    try:
        return await run_in_thread(call)
    finally:
        for variable, value in changes.items():
            variable.set(value)


async def iterate_in_threads(items: Iterator[_Value], steps: ThreadSteps) -> AsyncGenerator[_Value, None]:
    """Yield the items of an iterator, each taken in a thread."""
    while (item := await steps.run(next, items, _NOTHING)) is not _NOTHING:
        yield item


def contained(error: BaseException) -> RuntimeError:
    """Return an error that takes the place of KeyboardInterrupt, SystemExit or GeneratorExit.

    Event loops let the first two end everything when they leave a task: one request would end the server. The third tells a
    coroutine that it is being destroyed, and may not wait any more.
    """
    contained = RuntimeError(f"The code that serves a request has raised {type(error).__name__}.")
    contained.__cause__ = error
    return contained


class Guarded(AsyncIterator[_Value]):
    """Iterates over the chunks of a stream, which can harm nothing but its own request.

    It is no generator: nobody would close it, and the order in which the garbage collector closes generators matters.

    Parameters:
        chunks: the stream.
        sends_first: whether the first chunk is sent before the second is asked for. If not, it may wait for a millisecond.
    """

    since: float
    last: float

    def __init__(self, chunks: AsyncIterable[_Value], *, sends_first: bool) -> None:
        self.chunks: AsyncIterator[_Value] = aiter(chunks)
        self.has_begun: bool = False
        # When a chunk was last asked for, and when others last had their turn.
        self.last = self.since = 0.0 if sends_first else perf_counter()

    async def __anext__(self) -> _Value:
        now = perf_counter()
        try:
            # A generator that never waits would block the event loop for ever: no other task would run, its chunks would
            # not be sent, and it would not see that its client has left.
            # PERF: a turn of the event loop after each of 1,000 events takes half of their time, and a system call each.
            # So chunks that follow one another at once are sent together, after a millisecond at most.
            if self.has_begun and (now - self.last > AT_ONCE or now - self.since > TOGETHER):
                await checkpoint()
                now = self.since = perf_counter()
            self.has_begun, self.last = True, now
            return await anext(self.chunks)
        except (KeyboardInterrupt, SystemExit) as error:
            raise contained(error) from error


@asynccontextmanager
async def contextmanager_in_threadpool(cm: AbstractContextManager[_Value]) -> AsyncGenerator[_Value, None]:
    """Use a blocking context manager from async code: `__enter__` and `__exit__` run in threads.

    As with a plain `with`, `__exit__` can suppress or replace an exception. Context variables that the two methods set are
    set here as well, and `__exit__` can reset a variable that `__enter__` has set.

    Example:
        ```python
        async with contextmanager_in_threadpool(open(path)) as file:
            return file.readline()
        ```
    """
    steps, has_entered = ThreadSteps(), False

    def enter() -> _Value:
        nonlocal has_entered
        value = cm.__enter__()
        has_entered = True
        return value

    try:
        value = await steps.run(enter)
    except BaseException as error:
        if has_entered:  # the task was cancelled in the meantime
            await steps.finish(cm.__exit__, type(error), error, error.__traceback__)
        raise
    try:
        yield value
    except BaseException as error:
        if not await steps.finish(cm.__exit__, type(error), error, error.__traceback__):
            raise
    else:
        await steps.finish(cm.__exit__, None, None, None)
