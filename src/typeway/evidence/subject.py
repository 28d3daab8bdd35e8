"""Hold an application as the rules see it: its endpoints, what runs around them, and the code of both."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from starlette.applications import Starlette
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.routing import BaseRoute, Host, Mount, Router

from typeway.application.routes import APIRoute
from typeway.application.socket_routes import APIWebSocketRoute
from typeway.declare.operation import Operation
from typeway.evidence.by_models import ByModels
from typeway.evidence.finding import Confidence, Finding
from typeway.exceptions import DeclarationError
from typeway.plan.calls import Kind, is_async_generator
from typeway.plan.tree import Node
from typeway.source.arrivals import Arrivals
from typeway.source.asking import attributes_of, safely
from typeway.source.hooks import hooks_of
from typeway.source.index import last_name
from typeway.source.infer import Inference
from typeway.source.program import Function, Program
from typeway.source.reach import IN_THREADS, CallGraph, Reached
from typeway.source.runners import is_runner
from typeway.source.values import as_instance, short
from typeway.watch.objects import Blocking, Catalogue

About = ParamSpec("About")
Answer = TypeVar("Answer")

STARTS_TASKS: Final = frozenset({"create_task", "ensure_future", "start_soon"})

# A dependency of so many endpoints runs for most requests.
MANY_ENDPOINTS: Final = 5

# What says outside of a comment that the Lambda Web Adapter runs the server, in a Dockerfile or a template.
ADAPTER: Final = re.compile(
    r"^[^#\n]*(aws-lambda-adapter|/opt/extensions/lambda-adapter|AWS_LWA_|LambdaAdapterLayer)", re.MULTILINE
)

# In how many objects an application is looked for inside of middleware.
MOST_INSIDE: Final = 100


@dataclass(frozen=True, slots=True, eq=False)
class Application:
    """The application, or an application or router that is mounted in it.

    Parameters:
        app: the application; around a router the one in which it is mounted, whose middleware and handlers it has.
        prefix: the path below which it is mounted.
        routes: its routes in the order in which they are tried.
        layers: what is put around a mounted router by hand, from the outside in.
    """

    app: Any
    prefix: str
    routes: Sequence[BaseRoute]
    layers: Sequence[Any] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Endpoint:
    """One endpoint on one path, with everything that it depends on.

    Parameters:
        application: the application that serves it.
        route: its route.
        operation: its options, resolved.
        tree: itself and its dependencies.
        function: its source; None where it is not the application's own.
    """

    application: Application
    route: APIRoute | APIWebSocketRoute
    operation: Operation
    tree: Node
    function: Function | None

    @property
    def path(self) -> str:
        return self.application.prefix + (self.operation.path or "/")

    @property
    def methods(self) -> tuple[str, ...]:
        return self.operation.methods

    @property
    def title(self) -> str:
        return f"{'/'.join(self.methods) or 'WebSocket'} {self.path}"

    @property
    def line(self) -> int:
        """The line of the decorator that makes the route, or of the function."""
        if self.function is None:
            return 0
        for decorator in self.function.node.decorator_list:
            if isinstance(decorator, ast.Call) and decorator.args and isinstance(decorator.args[0], ast.Constant):
                path, verb = decorator.args[0].value, getattr(decorator.func, "attr", "").upper()
                is_verb = verb in self.methods or verb in ("API_ROUTE", "WEBSOCKET", "ROUTE")
                if isinstance(path, str) and is_verb and self.operation.path.endswith(path):
                    return decorator.lineno
        return self.function.node.lineno

    def found(
        self, code: str, message: str, fix: str, line: int | None = None, confidence: Confidence = "high"
    ) -> Iterator[Finding]:
        """A finding that points at the endpoint, if there is a place to point at."""
        if self.function is not None:
            path, chain = str(self.function.file.path), (self.function.name,)
            yield Finding(code, path, line or self.line, message, fix, confidence, self.title, chain)


def remembered(
    question: Callable[Concatenate[Subject, About], Answer],
) -> Callable[Concatenate[Subject, About], Answer]:
    """Answer a question about parts of the code once: functions that call each other have many ways to the same ones."""

    def answer(subject: Subject, /, *about: About.args, **options: About.kwargs) -> Answer:
        key = (question, *about, *options.values())
        if key not in subject.memory:
            subject.memory[key] = question(subject, *about, **options)
        known: Answer = subject.memory[key]
        return known

    return answer


def modules_of(node: ast.Import | ast.ImportFrom) -> list[str]:
    """The modules that a statement imports, or imports from."""
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]


@dataclass(eq=False)
class Subject:
    """One application that is checked.

    Parameters:
        app: the application.
        program: its code.
        added: qualified names of what blocks beside what is known to.
    """

    app: Any
    program: Program
    added: tuple[str, ...] = ()
    inference: Inference = field(init=False)
    graph: CallGraph = field(init=False)
    catalogue: Catalogue = field(init=False)
    arrivals: Arrivals = field(default_factory=dict)
    refused: list[DeclarationError] = field(default_factory=list)
    blocking: dict[Function, list[Blocking]] = field(default_factory=dict)
    """What blocks in a function's own code, as far as a rule has asked for it."""
    memory: dict[Any, Any] = field(default_factory=dict)
    """What a rule has found out about the whole application and others ask for too."""

    def __post_init__(self) -> None:
        self.catalogue = Catalogue(self.added)
        for node in [node for endpoint in self.endpoints for node in endpoint.tree.walk()]:
            function = self.receiver(node)
            for name, child in node.children:
                if function is not None and name is not None:
                    self.arrivals[function, name] = child.function
            bound: Any = node.function
            if function is not None and type(bound) is partial:
                for name, value in bound.keywords.items():
                    self.arrivals[function, name] = type(value)
        self.inference = Inference(self.program, self.arrivals)
        self.graph = CallGraph(self.inference)

    def receiver(self, node: Node) -> Function | None:
        """The own function whose parameters a node of a plan fills: of a class its constructor."""
        return self.maker(node.function)

    def maker(self, made: Any) -> Function | None:
        """The own function that makes what a dependency gives: of a class its constructor."""
        return self.program.method(made, "__init__") if isinstance(made, type) else self.program.function(made)

    @cached_property
    def answers_alone(self) -> bool:
        """Whether a process has one request at a time, so that no other waits: on AWS Lambda, by Mangum or the Lambda Web Adapter."""
        return any(
            isinstance(node, ast.Import | ast.ImportFrom)
            and any(name.partition(".")[0] == "mangum" for name in modules_of(node))
            for file in self.program.files.loaded()
            for node in file.statements
        ) or any(ADAPTER.search(text) for text in self.program.files.deployment())

    @cached_property
    def applications(self) -> list[Application]:
        """The application and those that are mounted in it."""
        return [*applications_in(self.app, "")]

    @cached_property
    def endpoints(self) -> list[Endpoint]:
        """Every endpoint that is written as a typed function."""
        return [*self.read_endpoints()]

    @cached_property
    def own(self) -> list[Endpoint]:
        """The endpoints whose source is the application's."""
        return [endpoint for endpoint in self.endpoints if endpoint.function is not None]

    @cached_property
    def titled(self) -> dict[str, Endpoint]:
        """The own endpoints by their titles."""
        return {endpoint.title: endpoint for endpoint in self.own}

    def read_endpoints(self) -> Iterator[Endpoint]:
        for application in self.applications:
            for route in application.routes:
                if not isinstance(route, APIRoute | APIWebSocketRoute):
                    continue
                # PERF: growing the tree of each of 584 endpoints takes 0.2 s, and three readers ask for it.
                grow = cache(route.tree)
                try:
                    route.plans.verify(grow)
                    operation, tree = route.to_operation(), grow()
                except DeclarationError as error:
                    error.add_step(route.titled(route.path), route.declaration.where)
                    self.refused.append(error)
                    continue
                yield Endpoint(application, route, operation, tree, self.program.function(operation.endpoint))

    @cached_property
    def dependencies(self) -> dict[Function, tuple[Node, Endpoint]]:
        """Every own dependency, each with one endpoint that needs it."""
        found: dict[Function, tuple[Node, Endpoint]] = {}
        for endpoint in self.endpoints:
            for node in endpoint.tree.walk():
                function = self.program.function(node.function) if node.depends is not None else None
                if function is not None:
                    found.setdefault(function, (node, endpoint))
        return found

    @cached_property
    def frequent(self) -> set[Function]:
        """The own functions that run for every request, and the dependencies of many endpoints."""
        trees = ({self.program.function(node.function) for node in each.tree.walk()} for each in self.endpoints)
        needed = Counter(function for functions in trees for function in functions if function in self.dependencies)
        found = [function for function, count in needed.items() if count >= MANY_ENDPOINTS]
        found += [each for application in self.applications for _, each in middleware_of(self.program, application.app)]
        found += [each for each, _ in self.of_routes()]
        return {*found}

    @cached_property
    def served(self) -> list[Reached]:
        """Every own function that requests reach, on the loop or in a thread, and what runs beside them."""
        entries = [(endpoint.function, endpoint.title) for endpoint in self.own if endpoint.function is not None]
        entries += [(function, endpoint.title) for function, (_, endpoint) in self.dependencies.items()]
        entries += self.loop_entries
        entries += [(function, "the start") for function in started_by(self.program, self.app)]
        return self.graph.reach(entries)

    @cached_property
    def loop_entries(self) -> list[tuple[Function, str]]:
        """What the framework calls on the event loop, each with its name for people."""
        return [*self.read_loop_entries()]

    def read_loop_entries(self) -> Iterator[tuple[Function, str]]:
        for endpoint in self.own:
            if endpoint.function is not None and is_on_loop(endpoint.tree):
                yield endpoint.function, endpoint.title
        for function, (node, endpoint) in self.dependencies.items():
            if is_on_loop(node):
                yield function, f"{function.name}(), on which {endpoint.title} depends"
        for application in self.applications:
            app = application.app
            for name, function in [*middleware_of(self.program, app), *handlers_of(self.program, app)]:
                if function.is_async:
                    yield function, name
        yield from self.hooks()
        yield from self.tasks_of_start()
        yield from self.tasks_of_threads()
        yield from self.of_routes()
        yield from self.of_models()
        yield from self.streams()

    def hooks(self) -> Iterator[tuple[Function, str]]:
        """The own methods that an endpoint or dependency of another package calls on what own dependencies give it."""
        for endpoint in self.endpoints:
            for node in endpoint.tree.walk():
                is_foreign = is_on_loop(node) and self.program.function(node.function) is None
                for name, child in node.children if is_foreign else ():
                    held = as_instance(self.inference.provided(child.function)) if name is not None else None
                    if held is not None and isinstance(held.kind, type):
                        for hook in hooks_of(self.program, held.kind, node.function, name):
                            yield hook, f"{hook.name}(), which {endpoint.title} calls"

    def of_routes(self) -> Iterator[tuple[Function, str]]:
        """What own classes of routes do around each request: what they override, and the handlers that they make."""
        for kind in dict.fromkeys(type(endpoint.route) for endpoint in self.endpoints):
            maker = self.program.method(kind, "get_route_handler")
            made = [self.inference.value(node, maker) for node in maker.returned] if maker is not None else []
            found = [each for value in made for each in self.graph.targets(value)]
            found += [each for name in ("handle", "serve") if (each := self.program.method(kind, name)) is not None]
            yield from ((each, f"the route class {kind.__name__}") for each in found if each.is_async)

    def of_models(self) -> Iterator[tuple[Function, str]]:
        """What Pydantic calls: validators of what requests send, of plain endpoints too, and serializers of answers."""
        requests, answers = ByModels(self.program, answers=False), ByModels(self.program, answers=True)
        for endpoint in self.endpoints:
            inputs = [source for node in endpoint.tree.walk() for source in node.inputs]
            for source in inputs:
                for function in requests.of(source.annotation, source.metadata):
                    yield function, f"the validation of {endpoint.title}"
            returns = endpoint.operation.returns
            for function in (each for kind in (returns.model, returns.item) for each in answers.of(kind)):
                if is_on_loop(endpoint.tree):
                    yield function, f"the answer of {endpoint.title}"

    def streams(self) -> Iterator[tuple[Function, str]]:
        """The asynchronous generators that plain functions give to responses: they run here, and not in the thread."""
        entries = [endpoint.function for endpoint in self.own] + [*self.dependencies]
        for function in self.graph.closure(each for each in entries if each is not None):
            for call in self.graph.calls_of(function) if not function.is_async else ():
                for generator in self.graph.streamed(call, function):
                    yield generator, f"the response of {function.name}()"

    def tasks_of_start(self) -> Iterator[tuple[Function, str]]:
        """The functions of tasks that are begun at the start and run while requests are served."""
        starters = [*started_by(self.program, self.app)]
        for reached in self.graph.reach((function, "the start") for function in starters):
            for call in self.graph.calls_of(reached.function):
                given = call.args[0] if call.args and last_name(call.func) in STARTS_TASKS else None
                if given is not None and is_runner(self.inference, call, reached.function) is not False:
                    begun = given.func if isinstance(given, ast.Call) else given
                    for function in self.graph.targets(self.inference.value(begun, reached.function)):
                        yield function, f"a task that {reached.function.name}() starts"

    def tasks_of_threads(self) -> Iterator[tuple[Function, str]]:
        """The asynchronous functions that plain ones give to background tasks: these run on the loop, and not in a thread."""
        calls = [entry for name in IN_THREADS for entry in self.inference.index.calls.get(name, ())]
        given = [
            (edge, caller) for call, caller in calls if not caller.is_async for edge in self.graph.given(call, caller)
        ]
        plain: set[ast.AST] = set()
        if any(edge.function.is_async for edge, _ in given):
            served = [endpoint.function for endpoint in self.own] + [*self.dependencies]
            plain = {each.node for each in self.graph.closure(each for each in served if each is not None)}
        for edge, caller in given:
            if edge.function.is_async and caller.node in plain:
                yield edge.function, f"a task that {caller.name}() adds"

    def place(self, function: Function, node: ast.AST | None = None) -> tuple[str, int]:
        """File and line of a function, or of something in it."""
        return str(function.file.path), getattr(node, "lineno", function.node.lineno)


def started_by(program: Program, app: Any) -> Iterator[Function]:
    """The own functions of an application that run when it starts: its lifespan, and start-up functions."""
    router = getattr(app, "router", None)
    functions = [getattr(router, "_own_lifespan", None), *(getattr(router, "_events", None) or {}).get("startup", ())]
    for function in functions:
        found = program.function(function) if function is not None else None
        if found is not None:
            yield found


def applications_in(
    app: Any, prefix: str, router: Any = None, around: tuple[Any, ...] = (), layers: Sequence[Any] = ()
) -> Iterator[Application]:
    """An application and those that are mounted in it, at any depth; one that mounts itself stands there once."""
    routes = list(getattr(router or app, "routes", None) or ())
    yield Application(app, prefix, routes, layers)
    around += (getattr(router or app, "router", router or app),)
    for route in routes:
        if isinstance(route, Mount | Host):
            path = prefix + (route.path if isinstance(route, Mount) else "")
            *outer, inner = way_into(route.app)
            if any(getattr(inner, "router", inner) is each for each in around):
                continue
            if isinstance(inner, Starlette):
                yield from applications_in(inner, path, around=around)
            elif isinstance(inner, Router):
                yield from applications_in(app, path, inner, around, [*layers, *outer])


def unwrapped(app: Any) -> Any:
    """The application inside of middleware that is put around it by hand."""
    return way_into(app)[-1]


def way_into(app: Any) -> list[Any]:
    """The middleware around an application, then itself, which each has as `app` or under any other name; last None if there is none."""
    waiting, seen = [[app]], {id(app)}
    while waiting and len(seen) < MOST_INSIDE:
        way = waiting.pop(0)
        if safely(isinstance, way[-1], Starlette | Router):
            return way
        held = [safely(getattr, way[-1], "app"), *attributes_of(way[-1]).values()]
        inside = [part for part in held if callable(part) and not issubclass(type(part), type) and id(part) not in seen]
        waiting += [[*way, part] for part in inside]
        seen |= {*map(id, inside)}
    return [None]


def is_on_loop(node: Node) -> bool:
    """Whether the framework runs a function on the event loop, and not in a thread."""
    if node.kind in (Kind.CONTEXT, Kind.STREAM):
        return is_async_generator(node.function)
    return node.kind is Kind.ASYNC


def middleware_of(program: Program, app: Any) -> Iterator[tuple[str, Function]]:
    """The own functions of an application's middleware that run for every request."""
    for entry in getattr(app, "user_middleware", ()):
        kind: Any = entry.cls
        backend = entry.kwargs.get("backend") or next(iter(entry.args), None)
        if isinstance(kind, type) and issubclass(kind, AuthenticationMiddleware) and backend is not None:
            asked = program.method(type(backend), "authenticate", backend)
            if asked is not None:
                yield f"the backend {asked.name}()", asked
        if kind is BaseHTTPMiddleware:
            dispatch = entry.kwargs.get("dispatch") or next(iter(entry.args), None)
            function = program.function(dispatch) if dispatch is not None else None
        elif isinstance(kind, type):
            function = program.method(kind, "dispatch" if issubclass(kind, BaseHTTPMiddleware) else "__call__")
        else:
            continue
        if function is not None:
            yield f"the middleware {function.name}()", function


def layers_of(program: Program, application: Application) -> Iterator[Function]:
    """The own functions of what is put around a mounted router by hand."""
    for layer in application.layers:
        dispatch = safely(getattr, layer, "dispatch_func")
        function = program.function(layer if dispatch is None else dispatch)
        if function is not None:
            yield function


def answered_by(app: Any) -> dict[Any, Any]:
    """What answers an application's exceptions: its handlers, and those of middleware that answers some too."""
    found: dict[Any, Any] = {}
    for entry in getattr(app, "user_middleware", ()):
        if isinstance(entry.cls, type) and issubclass(entry.cls, ExceptionMiddleware):
            handlers = entry.kwargs.get("handlers") or next(iter(entry.args), None) or {}
            found |= {kind: handler for kind, handler in handlers.items() if isinstance(kind, type)}
    return found | getattr(app, "exception_handlers", {})


def handlers_of(program: Program, app: Any) -> Iterator[tuple[str, Function]]:
    """The own functions that answer an application's exceptions."""
    for kind, handler in answered_by(app).items():
        function = program.function(handler)
        if function is not None:
            yield f"the handler of {short(kind) if issubclass(type(kind), type) else safely(int, kind)}", function
