"""Run what surrounds an application's life: lifespans, start-up and shut-down functions, joined across routers and mounts."""

import inspect
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
)
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any, Final

from starlette.routing import BaseRoute, Host, Mount, Router

from typeway.declare.scope import where
from typeway.declare.signature import name_of
from typeway.plan.calls import is_coroutine
from typeway.plan.yields import explain
from typeway.serve.mounted import MOUNTED
from typeway.types import Lifespan

EVENTS: Final = ("startup", "shutdown")

# How many layers of middleware around a mounted application are looked through.
DEEPEST: Final = 20

# The functions to run at start-up and at shut-down, in order.
Events = dict[str, list[Callable[[], Any]]]


def lifespan_of(given: Any, events: Events) -> Lifespan:
    """The lifespan that an author gave, in any of its forms, or one that runs the router's functions."""
    if given is None:
        return Running(events)
    if inspect.isasyncgenfunction(given):
        return Named(asynccontextmanager(given), given)
    if inspect.isgeneratorfunction(given):
        return Named(lambda app: lifted(contextmanager(given)(app)), given)
    return Named(given, given)


@dataclass(frozen=True, slots=True)
class Named:
    """A lifespan whose errors name the function that the author gave, where it yields wrongly."""

    lifespan: Lifespan
    given: Any

    @asynccontextmanager
    async def __call__(self, app: Any) -> AsyncIterator[Any]:
        try:
            async with self.lifespan(app) as state:
                if state is not None and not isinstance(state, Mapping):
                    called = f"the lifespan {name_of(self.given)}() ({where(self.given)})"
                    raise TypeError(
                        f"{called} yields {state!r}. Yield a dict, which becomes request.state, or nothing."
                    )
                yield state
        except RuntimeError as error:
            explain(error, self.given, "lifespan")
            raise


@dataclass(frozen=True, slots=True)
class Running:
    """The lifespan that runs a router's functions for start-up and shut-down."""

    events: Events

    @asynccontextmanager
    async def __call__(self, app: Any) -> AsyncIterator[None]:
        await call_all(self.events["startup"])
        yield
        await call_all(self.events["shutdown"])


async def call_all(functions: list[Callable[[], Any]]) -> None:
    for function in functions:
        result = function()
        if is_coroutine(function):
            await result


@asynccontextmanager
async def lifted(manager: AbstractContextManager[Any]) -> AsyncIterator[Any]:
    with manager as state:
        yield state


@dataclass(frozen=True, slots=True)
class Joined:
    """Two lifespans as one: the outer begins first and ends last, and its state wins."""

    outer: Lifespan
    inner: Lifespan

    @asynccontextmanager
    async def __call__(self, app: Any) -> AsyncIterator[Mapping[str, Any] | None]:
        async with self.outer(app) as outer, self.inner(app) as inner:
            yield None if outer is None and inner is None else {**(inner or {}), **(outer or {})}


def merged(outer: Lifespan, inner: Lifespan) -> Lifespan:
    """Two lifespans as one; what is mounted in an application begins after both."""
    return replace(outer, own=Joined(outer.own, inner)) if isinstance(outer, Life) else Joined(outer, inner)


@dataclass(slots=True, eq=False)
class Start:
    """One application that is starting, with all that starts inside it."""

    is_over: bool = False
    # What has begun of the applications that are still starting.
    around: list[Lifespan] = field(default_factory=list)
    # By their ids: the routers whose lifespan has begun, those among them that are our applications', and the states given.
    routers: dict[int, Any] = field(default_factory=dict)
    lives: set[int] = field(default_factory=set)
    given: dict[int, Mapping[str, Any] | None] = field(default_factory=dict)
    # What requests see under MOUNTED.
    shown: dict[int, tuple[Any, Mapping[str, Any]]] = field(default_factory=dict)

    def has_begun(self, router: Any) -> bool:
        """Whether the lifespan of a router has begun, as far as that can be seen: perhaps its author has begun it by hand."""
        lifespan = router.lifespan_context
        if isinstance(lifespan, Noticed):
            lifespan = lifespan.lifespan
        # Those of our applications say so themselves. Of any other, the function itself may have been given to ours.
        return id(router) in self.routers or (not isinstance(lifespan, Life) and lifespan in self.around)


# What is starting in this task.
STARTING: Final[ContextVar[Start | None]] = ContextVar("typeway.starting", default=None)


@dataclass(frozen=True, slots=True)
class Noticed:
    """The lifespan of a mounted application of another kind, which says when it is used."""

    lifespan: Lifespan
    router: Any

    def __call__(self, app: Any) -> AbstractAsyncContextManager[Any]:
        start = STARTING.get()
        if start is not None:
            start.routers[id(self.router)] = self.router
        return self.lifespan(app)


@dataclass(frozen=True, slots=True)
class Life:
    """The lifespan of an application, and inside it those of the applications that are mounted in it."""

    own: Lifespan
    router: Any

    @asynccontextmanager
    async def __call__(self, app: Any) -> AsyncIterator[Any]:
        outer = STARTING.get()
        # A task that the start has left behind may start another application, which is none of its business.
        is_inside = outer is not None and not outer.is_over and id(self.router) not in outer.lives
        start = outer if outer is not None and is_inside else Start()
        failure: Exception | None = None
        async with AsyncExitStack() as stack:
            STARTING.set(start)
            try:
                state = await self.begin(app, start, stack)
            except Exception as error:
                failure = error
                raise
            finally:
                STARTING.set(outer)
                start.is_over = not is_inside
            yield state if is_inside or not start.shown else {**(state or {}), MOUNTED: start.shown}
        if failure is not None:
            raise failure  # the application's own lifespan has swallowed it

    async def begin(self, app: Any, start: Start, stack: AsyncExitStack) -> Any:
        """Begin the application's own lifespan, which may begin others by hand and mount more, and then the rest."""
        start.routers[id(self.router)] = self.router
        start.lives.add(id(self.router))
        for router in mounted_routers(self.router.routes, {id(self.router)}):
            if not isinstance(router.lifespan_context, Life | Noticed):
                # It stays: another thread may be starting the same application.
                router.lifespan_context = Noticed(router.lifespan_context, router)
        size = len(start.around)
        start.around += parts(self.own)
        try:
            state = await stack.enter_async_context(self.own(app))
            await begin_mounted(self.router.routes, app, start, stack)
        finally:
            del start.around[size:]
        return state


def parts(lifespan: Lifespan) -> Iterator[Lifespan]:
    """A lifespan, and all that it is made from."""
    yield lifespan
    inner: tuple[Lifespan, ...] = ()
    if isinstance(lifespan, Joined):
        inner = (lifespan.outer, lifespan.inner)
    elif isinstance(lifespan, Named):
        inner = (lifespan.lifespan,)
    for part in inner:
        yield from parts(part)


def mounted(routes: Iterable[BaseRoute]) -> Iterator[tuple[Mount | Host, Router, Any]]:
    """What is mounted and has a lifespan: its route, its router, and the application of that, or None for a router alone.

    Other ASGI applications are sent nothing: they may not know the messages of a lifespan.
    """
    for route in routes:
        if not isinstance(route, Mount | Host):
            continue
        app: Any = route.app
        for _ in range(DEEPEST):
            if isinstance(app, Router):
                yield route, app, None
                break
            router = getattr(app, "router", None)
            if isinstance(router, Router):
                yield route, router, app
                break
            app = getattr(app, "app", None)  # of the middleware around it


def mounted_routers(routes: Iterable[BaseRoute], seen: set[int]) -> Iterator[Router]:
    """The router of everything that is mounted, however deep."""
    for _, router, _ in mounted(routes):
        if id(router) not in seen:
            seen.add(id(router))
            yield router
            yield from mounted_routers(router.routes, seen)


async def begin_mounted(routes: Iterable[BaseRoute], app: Any, start: Start, stack: AsyncExitStack) -> dict[str, Any]:
    """Begin the lifespans of what is mounted, each once, and return what they gave."""
    states: dict[str, Any] = {}
    for route, router, inner in list(mounted(routes)):
        if not start.has_begun(router):
            try:
                state = await stack.enter_async_context(router.lifespan_context(app if inner is None else inner))
            except Exception as error:
                place = route.path if isinstance(route, Mount) else route.host
                error.add_note(
                    f"Raised by the lifespan of the application mounted at {place!r}, which Typeway runs: "
                    "it must not be run elsewhere as well."
                )
                raise
            start.routers[id(router)] = router
            if not isinstance(router.lifespan_context, Life):
                # Nobody else looks there for what is mounted, or hands out its state.
                state = {**await begin_mounted(router.routes, app, start, stack), **(state or {})}
            start.given[id(router)] = state
        given = start.given.get(id(router))
        if given:
            start.shown[id(route.app)] = route.app, given
            states.update(given)
    return states
