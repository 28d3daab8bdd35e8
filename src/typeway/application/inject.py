"""Resolve dependencies outside of a request, for scripts, jobs and tests, and run their clean-up."""

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
    CurrentOverrides,
    Dependency,
    Overridable,
    check_override,
    contains,
    originals,
    unknown_dependency,
)
from typeway.concurrency import run_in_threadpool
from typeway.declare.classify import Injected, Input
from typeway.declare.depends import Depends
from typeway.declare.operation import Operation
from typeway.declare.returns import Returns
from typeway.declare.signature import Declaration, Parameter, read_declaration
from typeway.exceptions import DeclarationError, calling_line, declaration_error
from typeway.plan.build import Plan, build_plan, build_tree, number
from typeway.plan.calls import is_async_generator, is_coroutine, is_generator
from typeway.plan.exchange import Exchange
from typeway.plan.tree import Node
from typeway.serve.execute import call_dependencies, refusal
from typeway.serve.exits import resume
from typeway.serve.plans import Overrides

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
    """The value of a dependency outside of a request: await it, or use it with `async with`.

    If it is awaited, the clean-up runs before the value is returned. With `async with`, the clean-up of generators runs
    at the end of the block, as a value such as a session needs it.
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
    """The methods of an application that resolve dependencies outside of a request."""

    @overload
    def resolve(self, dependency: Yielding[Result], *, overrides: Overrides = ...) -> Resolution[Result]: ...
    @overload
    def resolve(self, dependency: Callable[..., Result], *, overrides: Overrides = ...) -> Resolution[Result]: ...
    def resolve(self, dependency: Dependency, *, overrides: Overrides = MappingProxyType({})) -> Resolution[Any]:
        """Run a dependency and everything that it depends on, outside of a request.

        Parameters:
            dependency: a callable, as for `Depends()`.
            overrides: replacements of dependencies, in addition to the overrides in force.

        Returns:
            An object to await for the value, or to use with `async with`; clean-up runs after that.

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

        parameter = Parameter("value", Any, default=Depends(dependency))
        declaration = replace(read_declaration(endpoint), parameters=(parameter,), where=calling_line() or "resolve()")
        replaced: dict[Dependency, Dependency] = dict(CurrentOverrides(self).current())
        if overrides:
            check_resolve_overrides(self, operation_of(self, declaration), replaced, overrides)
            replaced.update(overrides)
        plan = plan_dependencies(self, declaration, replaced)

        @asynccontextmanager
        async def context() -> AsyncIterator[Any]:
            async with run_dependencies(self, plan) as values:
                yield values["value"]

        return Resolution(context)

    @overload
    def inject(self, function: Callable[..., Coroutine[Any, Any, Result]]) -> Injecting[Result]: ...
    @overload
    def inject(self, function: Callable[..., Result]) -> Injecting[Result]: ...
    def inject(self, function: Callable[..., Any]) -> Injecting[Any]:
        """Return a coroutine function that resolves the dependencies of a function and calls it.

        Arguments that the caller passes are not resolved. A `def` function runs in the thread pool.

        Raises:
            DeclarationError: the function is a generator. A parameter that needs a request raises it at the call.

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
                "a generator cannot be injected: there would be no time for its clean-up.",
                hint="Make it a dependency, and enter it with `async with app.resolve(...)`.",
                where=declaration.where,
                also=TypeError,
            )
        signature = inspect.signature(function)
        resolved = frozenset(
            name for name, _ in build_tree(operation_of(self, declaration)).children if name is not None
        )
        is_async = is_coroutine(function)

        @wraps(function)
        async def injected(*args: Any, **kwargs: Any) -> Any:
            given = signature.bind_partial(*args, **kwargs).arguments
            left = tuple(
                entry for entry in declaration.parameters if entry.name in resolved and entry.name not in given
            )
            plan = plan_dependencies(self, replace(declaration, parameters=left), CurrentOverrides(self).current())
            async with run_dependencies(self, plan) as values:
                if is_async:
                    return await function(*args, **kwargs, **values)
                return await run_in_threadpool(function, *args, **kwargs, **values)

        self._injected.add(injected)
        return injected


def check_resolve_overrides(
    app: Overridable,
    operation: Operation,
    present: Mapping[Dependency, Dependency],
    overrides: Mapping[Dependency, Dependency],
) -> None:
    """Refuse overrides of functions on which neither the resolved dependency nor the application depends."""
    known = list(originals(build_tree(operation, dict(present))))
    for original, replacement in overrides.items():
        if contains(original, known):
            continue
        try:
            check_override(app, original, replacement)
        except DeclarationError as error:
            raise unknown_dependency(original, known, "not among the resolved dependencies") from error


def operation_of(app: Overridable, declaration: Declaration) -> Operation:
    """Return an operation for a function outside of a request: it has no method, and so no body."""
    return Operation(
        path="", path_format="", path_names=frozenset(), methods=(), name="", declaration=declaration,
        returns=Returns(), route=Route("/", endpoint=declaration.function), conventions=app.conventions,
    )  # fmt: skip


def plan_dependencies(app: Overridable, declaration: Declaration, overrides: Mapping[Dependency, Dependency]) -> Plan:
    """Build the plan of a function's dependencies.

    Raises:
        DeclarationError: one of them needs a request.
    """
    operation = operation_of(app, declaration)
    replaced = dict(overrides)
    for node in number(build_tree(operation, replaced))[0]:
        if node.depends is not None:
            check_needs_no_request(node)
    return build_plan(operation, replaced)


def check_needs_no_request(node: Node) -> None:
    """Refuse a dependency with a parameter whose value can only come from a request.

    Raises:
        DeclarationError: the message names the parameter and where its value would come from.
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
async def run_dependencies(app: Overridable, plan: Plan) -> AsyncIterator[dict[str, Any]]:
    """Run the dependencies of a plan around a block, as they run around an endpoint.

    After the block run: generators of the function scope, background tasks, generators of the request scope. Each
    generator sees the exception that ended the block.
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
        except BaseException as error:  # noqa: BLE001  generators see a cancellation too
            failure = error
        failure = await finish(exchange, failure)
    if failure is not None:
        try:
            raise failure
        finally:
            failure = None  # else this frame and the traceback would keep each other alive


async def finish(exchange: Exchange, failure: BaseException | None) -> BaseException | None:
    """Run the clean-up of generators, and the background tasks if there was no exception."""
    failure = await resume(exchange.function_exits, failure, exchange)
    tasks: BackgroundTasks | None = exchange.background
    if failure is None and tasks is not None:
        try:
            await tasks()
        except BaseException as error:  # noqa: BLE001  it is raised after the clean-up
            failure = error
    return await resume(exchange.request_exits, failure, exchange)


async def no_message() -> Any:
    """Receive the end of a request without a body."""
    return {"type": "http.disconnect"}


def ignore(message: Any) -> Awaitable[None]:
    """Refuse to send a response, because there is no request."""
    raise RuntimeError(f"There is no request, so nothing can be sent: {message!r}.")
