"""Run dependencies outside a request, for scripts, jobs and tests, and clean up after them."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import replace
from functools import wraps
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any, Final, Generic, TypeAlias, TypeVar, overload

from anyio import CancelScope
from starlette.routing import Route

from typeway.application.overrides import (
    Dependency,
    Layered,
    Overridable,
    check_override,
    is_among,
    originals,
    unknown_dependency,
)
from typeway.concurrency import run_in_threadpool
from typeway.declare.classify import Injected, Input
from typeway.declare.depends import Depends
from typeway.declare.operation import Operation
from typeway.declare.returns import Returns
from typeway.declare.signature import Declaration, Parameter, read_declaration
from typeway.exceptions import DeclarationError, declaration_error
from typeway.plan.build import Plan, build_plan, build_tree, number
from typeway.plan.calls import is_async_generator, is_coroutine, is_generator
from typeway.plan.exchange import Exchange
from typeway.plan.tree import Node
from typeway.serve.execute import call_dependencies, refusal
from typeway.serve.exits import resume
from typeway.serve.target import Overrides

if TYPE_CHECKING:
    from starlette.background import BackgroundTasks

Result = TypeVar("Result")
Yielding: TypeAlias = Callable[..., AsyncIterator[Result] | Iterator[Result] | Coroutine[Any, Any, Result]]
Injecting: TypeAlias = Callable[..., Coroutine[Any, Any, Result]]

HINT: Final = (
    "Give the parameter a default, or override {function} here: "
    "`with app.override({function}, replacement):` or `app.resolve(..., overrides={{{function}: replacement}})`."
)


class Resolution(Generic[Result]):
    """What a dependency yields outside a request: await it, or enter it and use the value inside.

    Awaited, everything is cleaned up before the value is there. Entered with `async with`, generators are resumed at
    the end of the block: that is the form for a value that needs them, such as a session.
    """

    __slots__ = ("_context", "_open")

    def __init__(self, open_context: Callable[[], AbstractAsyncContextManager[Result]]) -> None:
        self._open = open_context
        self._context: AbstractAsyncContextManager[Result] | None = None

    def __await__(self) -> Generator[Any, Any, Result]:
        return self._once().__await__()

    async def _once(self) -> Result:
        async with self._open() as value:
            return value

    async def __aenter__(self) -> Result:
        self._context = self._open()
        return await self._context.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        context, self._context = self._context, None
        return None if context is None else await context.__aexit__(kind, error, trace)


class Resolving(Overridable):
    """What an application does so that its dependencies can be used outside a request."""

    @overload
    def resolve(self, dependency: Yielding[Result], *, overrides: Overrides = ...) -> Resolution[Result]: ...
    @overload
    def resolve(self, dependency: Callable[..., Result], *, overrides: Overrides = ...) -> Resolution[Result]: ...
    def resolve(self, dependency: Dependency, *, overrides: Overrides = MappingProxyType({})) -> Resolution[Any]:
        """Run a dependency, and all that it depends on, outside a request.

        Parameters:
            dependency: what `Depends()` would take.
            overrides: what to run in the place of what, beside the overrides that are in force.

        Returns:
            What to await for the value, cleaned up by then; or to enter with `async with`, cleaned up at the end.

        Raises:
            DeclarationError: a parameter needs a request, or an override replaces nothing.

        Example:
            ```python
            async with app.resolve(get_service) as service:
                await service.send_reminders()
            ```
        """

        def endpoint(value: Any) -> Any:
            return value

        wanted = Parameter("value", Any, default=Depends(dependency))
        declaration = replace(read_declaration(endpoint), parameters=(wanted,))
        replaced: dict[Dependency, Dependency] = dict(Layered(self).current())
        if overrides:
            check_overrides(self, operation_of(self, declaration), replaced, overrides)
            replaced.update(overrides)
        plan = plan_outside(self, declaration, replaced)

        @asynccontextmanager
        async def context() -> AsyncIterator[Any]:
            async with running(self, plan) as values:
                yield values["value"]

        return Resolution(context)

    @overload
    def inject(self, function: Callable[..., Coroutine[Any, Any, Result]]) -> Injecting[Result]: ...
    @overload
    def inject(self, function: Callable[..., Result]) -> Injecting[Result]: ...
    def inject(self, function: Callable[..., Any]) -> Injecting[Any]:
        """Fill in a function's dependencies whenever it is called; a `def` function runs in the thread pool.

        What the caller passes is taken as it is.

        Example:
            ```python
            @app.inject
            async def remind(day: date, service: Annotated[Service, Depends(get_service)]) -> int:
                return await service.remind(day)

            asyncio.run(remind(date.today()))
            ```
        """
        declaration = read_declaration(function)
        if is_generator(function) or is_async_generator(function):
            raise declaration_error(
                "a generator cannot be injected: nobody would know when to clean up after it.",
                hint="Make it a dependency, and enter it with `async with app.resolve(...)`.",
                where=declaration.where,
                also=TypeError,
            )
        signature = inspect.signature(function)
        wanted = frozenset(name for name, _ in build_tree(operation_of(self, declaration)).children if name is not None)
        is_async = is_coroutine(function)

        @wraps(function)
        async def injected(*args: Any, **kwargs: Any) -> Any:
            given = signature.bind_partial(*args, **kwargs).arguments
            left = tuple(entry for entry in declaration.parameters if entry.name in wanted and entry.name not in given)
            plan = plan_outside(self, replace(declaration, parameters=left), Layered(self).current())
            async with running(self, plan) as values:
                if is_async:
                    return await function(*args, **kwargs, **values)
                return await run_in_threadpool(function, *args, **kwargs, **values)

        self.injected.add(injected)
        return injected


def check_overrides(
    app: Overridable,
    operation: Operation,
    present: Mapping[Dependency, Dependency],
    overrides: Mapping[Dependency, Dependency],
) -> None:
    """Refuse overrides of what neither this nor anything else depends on."""
    known = list(originals(build_tree(operation, dict(present))))
    for original, replacement in overrides.items():
        if is_among(original, known):
            continue
        try:
            check_override(app, original, replacement)
        except DeclarationError as error:
            raise unknown_dependency(original, known, "no dependency of what is resolved") from error


def operation_of(app: Overridable, declaration: Declaration) -> Operation:
    """What stands for the operation: it has no method, so that it has no body either."""
    return Operation(
        path="", path_format="", path_names=frozenset(), methods=(), name="", declaration=declaration,
        returns=Returns(), route=Route("/", endpoint=declaration.function), conventions=app.conventions,
    )  # fmt: skip


def plan_outside(app: Overridable, declaration: Declaration, overrides: Mapping[Dependency, Dependency]) -> Plan:
    """The plan of a function's dependencies, none of which needs a request.

    Raises:
        DeclarationError: one of them does.
    """
    operation = operation_of(app, declaration)
    replaced = dict(overrides)
    for node in number(build_tree(operation, replaced))[0]:
        if node.depends is not None:
            check_outside(node)
    return build_plan(operation, replaced)


def check_outside(node: Node) -> None:
    """Refuse a dependency with a parameter that only a request can fill.

    Raises:
        DeclarationError: it names the parameter and where its value would come from.
    """
    function = getattr(node.original, "__name__", "it")
    for source in node.sources:
        problem = None
        if isinstance(source, Input) and source.is_required:
            problem = f"is read from the {source.location} of a request"
        elif isinstance(source, Injected) and source.kind.__name__ in NEEDS_REQUEST:
            problem = f"is the {source.kind.__name__} of a request"
        if problem is not None:
            raise declaration_error(
                f"parameter {source.name!r} {problem}, and there is no request here.",
                hint=HINT.format(function=function),
                where=node.declaration.where,
            )


NEEDS_REQUEST: Final = frozenset({"Request", "WebSocket", "HTTPConnection", "Response"})


@asynccontextmanager
async def running(app: Overridable, plan: Plan) -> AsyncIterator[dict[str, Any]]:
    """Run a plan's dependencies around a block, as they run around an endpoint.

    After the block come generators of the function's scope, background tasks, and generators of the request's scope,
    each of which sees the exception that ended it.
    """
    scope = {"type": "http", "method": "", "path": "", "query_string": b"", "headers": [], "app": app}
    exchange = Exchange(scope, no_message, ignore, {})
    exchange.values = [None] * plan.size
    exchange.function_exits, exchange.request_exits = [], []
    failure: BaseException | None = None
    with CancelScope() if plan.shields else nullcontext() as shield:
        exchange.cancellation = shield
        try:
            await call_dependencies(plan.dependencies, exchange)
            arguments = plan.endpoint.arguments(exchange)
            if arguments is None or exchange.errors is not None:
                raise refusal(plan, exchange)
            yield arguments
        except BaseException as error:  # noqa: BLE001  generators see cancellation as well
            failure = error
        failure = await finish(exchange, failure)
    if failure is not None:
        try:
            raise failure
        finally:
            failure = None  # else this frame and the traceback would keep each other alive


async def finish(exchange: Exchange, failure: BaseException | None) -> BaseException | None:
    """Resume what is suspended, and run background tasks if all went well."""
    failure = await resume(exchange.function_exits, failure, exchange)
    tasks: BackgroundTasks | None = exchange.background
    if failure is None and tasks is not None:
        try:
            await tasks()
        except BaseException as error:  # noqa: BLE001  it is raised when all is cleaned up
            failure = error
    return await resume(exchange.request_exits, failure, exchange)


async def no_message() -> Any:
    """What the body of no request consists of."""
    return {"type": "http.disconnect"}


def ignore(message: Any) -> Awaitable[None]:
    """Where an answer to nobody goes."""
    raise RuntimeError(f"There is no request to answer: {message!r}.")
