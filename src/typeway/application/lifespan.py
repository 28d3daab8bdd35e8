"""Run lifespans, start-up functions and shut-down functions, joined across routers and mounted applications."""

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

from typeway.application.binding import announce, verify_bound
from typeway.declare.scope import where
from typeway.declare.signature import name_of
from typeway.plan.calls import is_coroutine
from typeway.plan.yields import explain
from typeway.policies.stores import close_clients
from typeway.serve.mounted import MOUNTED
from typeway.types import Lifespan

EVENTS: Final = ("startup", "shutdown")

# How many layers of middleware are searched for a mounted application.
MAX_LAYERS: Final = 20

# The functions that run at start-up and at shut-down, in order.
Events = dict[str, list[Callable[[], Any]]]


def lifespan_of(given: Any, events: Events) -> Lifespan:
    """Return the lifespan that the author passed, in any of its forms, or one that runs the start-up functions."""
    if given is None:
        return EventsLifespan(events)
    if inspect.isasyncgenfunction(given):
        return CheckedLifespan(asynccontextmanager(given), given)
    if inspect.isgeneratorfunction(given):
        return CheckedLifespan(lambda app: as_async(contextmanager(given)(app)), given)
    return CheckedLifespan(given, given)


@dataclass(frozen=True, slots=True)
class CheckedLifespan:
    """A lifespan whose errors name the author's function, where it yields a wrong value or more than once."""

    lifespan: Lifespan
    given: Any

    @asynccontextmanager
    async def __call__(self, app: Any) -> AsyncIterator[Any]:
        function = f"the lifespan {name_of(self.given)}() ({where(self.given)})"
        try:
            manager = self.lifespan(app)
            if not hasattr(manager, "__aenter__"):
                raise TypeError(
                    f"{function} returns {manager!r}. Write `@asynccontextmanager` above it, and yield once in it."
                )
            async with manager as state:
                if state is not None and not isinstance(state, Mapping):
                    raise TypeError(
                        f"{function} yields {state!r}. Yield a dict, which becomes request.state, or nothing."
                    )
                yield state
        except RuntimeError as error:
            explain(error, self.given, "lifespan")
            raise


@dataclass(frozen=True, slots=True)
class EventsLifespan:
    """The lifespan that runs the start-up and shut-down functions of a router."""

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
async def as_async(manager: AbstractContextManager[Any]) -> AsyncIterator[Any]:
    """Run a synchronous context manager as an asynchronous one."""
    with manager as state:
        yield state


@dataclass(frozen=True, slots=True)
class JoinedLifespan:
    """Two lifespans as one: the outer one starts first and ends last, and its state takes precedence."""

    outer: Lifespan
    inner: Lifespan

    @asynccontextmanager
    async def __call__(self, app: Any) -> AsyncIterator[Mapping[str, Any] | None]:
        async with self.outer(app) as outer, self.inner(app) as inner:
            yield None if outer is None and inner is None else {**(inner or {}), **(outer or {})}


def join_lifespans(outer: Lifespan, inner: Lifespan) -> Lifespan:
    """Join two lifespans; applications that are mounted start after both."""
    return (
        replace(outer, own=JoinedLifespan(outer.own, inner))
        if isinstance(outer, ApplicationLifespan)
        else JoinedLifespan(outer, inner)
    )


@dataclass(slots=True, eq=False)
class Startup:
    """The start-up of one application and of the applications inside it."""

    is_over: bool = False
    # The lifespans that have started, of applications whose start-up is not over.
    around: list[Lifespan] = field(default_factory=list)
    # By id of the router: those whose lifespan has started, those among them that belong to Typeway applications, and
    # the states that lifespans yielded.
    routers: dict[int, Any] = field(default_factory=dict)
    lives: set[int] = field(default_factory=set)
    given: dict[int, Mapping[str, Any] | None] = field(default_factory=dict)
    # The states that requests find under MOUNTED.
    shown: dict[int, tuple[Any, Mapping[str, Any]]] = field(default_factory=dict)

    def has_started(self, router: Any) -> bool:
        """Whether the lifespan of a router has started, as far as can be seen: its author may start it by hand."""
        lifespan = router.lifespan_context
        if isinstance(lifespan, ObservedLifespan):
            lifespan = lifespan.lifespan
        # Typeway applications register themselves. For any other, its function may be a part of a started lifespan.
        return id(router) in self.routers or (not isinstance(lifespan, ApplicationLifespan) and lifespan in self.around)


# The start-up that is running in this task.
STARTING: Final[ContextVar[Startup | None]] = ContextVar("typeway.starting", default=None)


@dataclass(frozen=True, slots=True)
class ObservedLifespan:
    """The lifespan of a mounted application that is not Typeway's; it registers when it starts."""

    lifespan: Lifespan
    router: Any

    def __call__(self, app: Any) -> AbstractAsyncContextManager[Any]:
        startup = STARTING.get()
        if startup is not None:
            startup.routers[id(self.router)] = self.router
        return self.lifespan(app)


@dataclass(frozen=True, slots=True)
class ApplicationLifespan:
    """The lifespan of an application, and inside of it those of the applications that it mounts."""

    own: Lifespan
    router: Any

    @asynccontextmanager
    async def __call__(self, app: Any) -> AsyncIterator[Any]:
        outer = STARTING.get()
        # A task that outlives the start-up may start another application, which is a separate start-up.
        is_inside = outer is not None and not outer.is_over and id(self.router) not in outer.lives
        startup = outer if outer is not None and is_inside else Startup()
        failure: Exception | None = None
        async with AsyncExitStack() as stack:
            STARTING.set(startup)
            try:
                state = await self.start(app, startup, stack)
            except Exception as error:
                failure = error
                raise
            finally:
                STARTING.set(outer)
                startup.is_over = not is_inside
            yield state if is_inside or not startup.shown else {**(state or {}), MOUNTED: startup.shown}
        if failure is not None:
            raise failure  # the application's own lifespan has suppressed it

    async def start(self, app: Any, startup: Startup, stack: AsyncExitStack) -> Any:
        """Start the application's own lifespan, which may start others and mount more, and then those not started."""
        startup.routers[id(self.router)] = self.router
        startup.lives.add(id(self.router))
        for router in mounted_routers(self.router.routes, {id(self.router)}):
            if not isinstance(router.lifespan_context, ApplicationLifespan | ObservedLifespan):
                # It is not restored: another thread may be starting the same application.
                router.lifespan_context = ObservedLifespan(router.lifespan_context, router)
        size = len(startup.around)
        startup.around += parts_of_lifespan(self.own)
        stack.push_async_callback(close_clients)
        try:
            state = await stack.enter_async_context(self.own(app))
            await start_mounted(self.router.routes, app, startup, stack)
            # Last, because a lifespan may add routes.
            for router in (self.router, *mounted_routers(self.router.routes, {id(self.router)})):
                if hasattr(router, "_own_routes"):
                    verify_bound(router)
                    announce(router)
        finally:
            del startup.around[size:]
        return state


def parts_of_lifespan(lifespan: Lifespan) -> Iterator[Lifespan]:
    """Yield a lifespan and the lifespans that it consists of."""
    yield lifespan
    inner: tuple[Lifespan, ...] = ()
    if isinstance(lifespan, JoinedLifespan):
        inner = (lifespan.outer, lifespan.inner)
    elif isinstance(lifespan, CheckedLifespan):
        inner = (lifespan.lifespan,)
    for part in inner:
        yield from parts_of_lifespan(part)


def mounted_applications(routes: Iterable[BaseRoute]) -> Iterator[tuple[Mount | Host, Router, Any]]:
    """Yield what is mounted and has a lifespan: the route, the router, and the application; None for a router alone.

    Other ASGI applications receive no lifespan messages, because they may not support them.
    """
    for route in routes:
        if not isinstance(route, Mount | Host):
            continue
        app: Any = route.app
        for _ in range(MAX_LAYERS):
            if isinstance(app, Router):
                yield route, app, None
                break
            router = getattr(app, "router", None)
            if isinstance(router, Router):
                yield route, router, app
                break
            app = getattr(app, "app", None)  # inside of a middleware


def mounted_routers(routes: Iterable[BaseRoute], seen: set[int]) -> Iterator[Router]:
    """Yield the routers of all mounted applications, at any depth."""
    for _, router, _ in mounted_applications(routes):
        if id(router) not in seen:
            seen.add(id(router))
            yield router
            yield from mounted_routers(router.routes, seen)


async def start_mounted(
    routes: Iterable[BaseRoute], app: Any, startup: Startup, stack: AsyncExitStack
) -> dict[str, Any]:
    """Start the lifespans of mounted applications, each once, and return the states that they yielded."""
    states: dict[str, Any] = {}
    for route, router, inner in list(mounted_applications(routes)):
        if not startup.has_started(router):
            try:
                state = await stack.enter_async_context(router.lifespan_context(app if inner is None else inner))
            except Exception as error:
                path = route.path if isinstance(route, Mount) else route.host
                error.add_note(
                    f"Raised by the lifespan of the application mounted at {path!r}. "
                    "Typeway runs it; do not run it elsewhere as well."
                )
                raise
            startup.routers[id(router)] = router
            if not isinstance(router.lifespan_context, ApplicationLifespan):
                # Only Typeway applications start what they mount, and pass on its state.
                state = {**await start_mounted(router.routes, app, startup, stack), **(state or {})}
            startup.given[id(router)] = state
        given = startup.given.get(id(router))
        if given:
            startup.shown[id(route.app)] = route.app, given
            states.update(given)
    return states
