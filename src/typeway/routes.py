"""Define the route objects that users see: each keeps an endpoint, its path and its options as plain attributes."""

import copy
import inspect
from abc import abstractmethod
from collections.abc import Callable, Coroutine, Mapping, Sequence
from enum import Enum
from functools import cached_property, partial
from typing import Any, Final, Self

from pydantic_core import PydanticUndefined
from starlette import routing
from starlette.convertors import CONVERTOR_TYPES, Convertor
from starlette.datastructures import URLPath
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import PARAM_REGEX, BaseRoute, compile_path, get_name

from typeway.conventions import TYPEWAY, Conventions
from typeway.declare.depends import Depends
from typeway.declare.returns import Returns, read_returns
from typeway.declare.signature import Declaration, read_declaration
from typeway.describe.operation import unique_id
from typeway.exceptions import declaration_error
from typeway.operation import Operation
from typeway.options import ApiRouteOptions, RouteOptions, given_options, inherit
from typeway.plan.build import inputs_of
from typeway.plan.fields import check_type
from typeway.plan.forms import require_form_parser
from typeway.plan.tree import Node, grow_tree
from typeway.problem import Problem
from typeway.responses import BODILESS
from typeway.serve.handle import handle_request, handle_socket, serve_handler
from typeway.serve.match import quoted
from typeway.serve.originals import ORIGINAL_HANDLE
from typeway.serve.target import Target
from typeway.texts import SUCCESSFUL_RESPONSE
from typeway.types import Endpoint, IncEx, Receive, Scope, Send

# What the author says of a route; its name and its path are settled apart.
OPTIONS: Final = tuple(name for name in RouteOptions.__annotations__ if name != "name")

# Options that are lists or dicts: each route has its own, which may be changed until the application starts.
COPIED: Final[Mapping[str, Callable[[Any], Any]]] = {
    "tags": list, "dependencies": list, "callbacks": list, "raises": list, "responses": dict, "form_limits": dict,
}  # fmt: skip

# Options that other levels join in: what stands in the attribute when an inclusion looks counts.
JOINED: Final = ("tags", "dependencies", "callbacks", "raises", "responses", "deprecated", "include_in_schema")


def read_path(path: str) -> tuple[str, dict[str, Convertor[Any]]]:
    """A path as documentation writes it, and the convertors of its parameters."""
    found = [(match[1], (match[2] or ":str")[1:]) for match in PARAM_REGEX.finditer(path)]
    if len(dict(found)) < len(found) or any(kind not in CONVERTOR_TYPES for _, kind in found):
        compile_path(path)  # Starlette's own error: a name stands twice, or a convertor does not exist
    return PARAM_REGEX.sub(r"{\1}", path), {name: CONVERTOR_TYPES[kind] for name, kind in found}


class Planned(BaseRoute):
    """What the routes of both kinds are: an endpoint under a path, served by a plan."""

    path: str
    name: str
    endpoint: Callable[..., Any]
    declaration: Declaration
    dependencies: list[Depends]
    conventions: Conventions = TYPEWAY
    original_route: BaseRoute | None = None

    # What its paths match; compiled when first asked for, which the index of most paths never does.
    path_regex: Any = cached_property(lambda route: compile_path(route.path or "/")[0])

    def declare(self, path: str, endpoint: Endpoint, name: str | None, conventions: Conventions | None) -> None:
        self.endpoint = endpoint
        self.declaration = read_declaration(endpoint)
        self.name = name or get_name(endpoint)
        self.conventions = conventions or self.conventions
        self.place(path)

    def place(self, path: str) -> None:
        """Give the route its path, and let it serve what comes there."""
        self.path = path
        self.path_format, self.param_convertors = read_path(path)
        vars(self).pop("path_regex", None)
        vars(self)["app"] = self.serve

    def tree(self) -> Node:
        """The endpoint and everything it depends on, in order."""
        return grow_tree(self.declaration, self.dependencies, frozenset(self.param_convertors), self.conventions)

    def operation(self, **settled: Any) -> Operation:
        """The operation that the route describes, given what only its own kind can settle."""
        return Operation(
            path=self.path,
            path_format=self.path_format,
            path_names=frozenset(self.param_convertors),
            name=self.name,
            declaration=self.declaration,
            route=self,
            conventions=self.conventions,
            **settled,
        )

    @abstractmethod
    def settle(self) -> Operation:
        """The operation that the route describes as it stands now."""

    @abstractmethod
    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection that has been matched to this route."""

    def below(self, prefix: str) -> Self:
        """A copy of the route with its path below a prefix."""
        view = copy.copy(self)
        view.place(prefix + self.path)
        view.original_route = self.original_route or self
        return view

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """The path to the route with values for its parameters; slashes in the value of one segment are encoded."""
        if self.conventions.encoded_slashes:
            path_params = {key: quoted(value, self.param_convertors.get(key)) for key, value in path_params.items()}
        return super().url_path_for(name, **path_params)

    def own(self, name: str, make: Callable[[], Any]) -> Any:
        """What serves this very route, made once: a copy, however it was made, may have come to say something else."""
        owner, value = vars(self).get(name, (None, None))
        if owner is not self:
            value = make()
            vars(self)[name] = self, value
        return value

    @property
    def target(self) -> Target:
        """What serves the route: its plan, built when first asked for."""
        target: Target = self.own("_target", lambda: Target(self.settle))
        return target


class APIRoute(Planned, routing.Route):
    """One endpoint under one path with `{name}` or `{name:convertor}` for parameters, for one or several HTTP methods.

    The conventions are those of the router that the route is made for, the options `typeway.options.ApiRouteOptions`.

    Raises:
        DeclarationError: the endpoint's signature or an option cannot work.
        UnknownOptionError: an option does not exist.
    """

    # The options, with what counts where the author says nothing.
    tags: list[str | Enum]
    dependencies: list[Depends]
    callbacks: list[BaseRoute]
    raises: list[type[Problem]]
    responses: dict[int | str, dict[str, Any]]
    form_limits: dict[str, int]
    response_model: Any = PydanticUndefined
    response_model_include: IncEx | None = None
    response_model_exclude: IncEx | None = None
    response_model_by_alias: bool = True
    response_model_exclude_unset: bool = False
    response_model_exclude_defaults: bool = False
    response_model_exclude_none: bool = False
    response_description: str = SUCCESSFUL_RESPONSE
    response_class: type[Response] | None = None
    status_code: int | None = None
    summary: str | None = None
    description: str = ""
    deprecated: bool | None = None
    include_in_schema: bool = True
    operation_id: str | None = None
    generate_unique_id_function: Callable[[Any], str] | None = None
    openapi_extra: dict[str, Any] | None = None
    strict_content_type: bool = True
    max_body_size: int | None = None

    methods: set[str]

    def __init__(
        self, path: str, endpoint: Endpoint, *, conventions: Conventions | None = None, **options: Any
    ) -> None:
        self.options = given_options(f"{type(self).__name__}()", options, ApiRouteOptions)
        self.declare(path, endpoint, self.options.get("name"), conventions)
        self.methods = {method.upper() for method in self.options.pop("methods", None) or ("GET",)}
        self.apply(self.options)
        self.status_code = None if self.status_code is None else int(self.status_code)
        self.description = (self.description or inspect.cleandoc(endpoint.__doc__ or "")).split("\f")[0].strip()
        self.returns = read_returns(endpoint, self.declaration.returns, self.response_model, self.declaration.where)
        if self.response_model is PydanticUndefined:
            self.response_model = self.returns.model
        check_route(self)

    def apply(self, options: Mapping[str, Any]) -> None:
        for name in OPTIONS:
            if name in COPIED:
                setattr(self, name, COPIED[name](options.get(name) or ()))
            else:
                setattr(self, name, options.get(name, getattr(APIRoute, name)))

    @property
    def unique_id(self) -> str:
        """The operation id: given, or computed by the function that was given for it."""
        given: str | None = self.options.get("operation_id")
        if given or self.generate_unique_id_function is None:
            return given or unique_id(self.name, self.path_format, min(self.methods))
        return self.generate_unique_id_function(self)

    def settle(self) -> Operation:
        settled_otherwise = ("generate_unique_id_function", "response_model", "callbacks", "operation_id")
        return self.operation(
            **{name: getattr(self, name) for name in OPTIONS if name not in settled_otherwise},
            methods=tuple(sorted(self.methods)),
            returns=self.returns if self.returns.streams else Returns(model=self.response_model),
            callbacks=tuple(route.settle() for route in self.callbacks if isinstance(route, APIRoute)),
            unique_id=self.unique_id,
        )

    def inside(self, prefix: str, outer: Mapping[str, Any]) -> Self:
        """This route as it stands below a prefix and inside the options of everything around it."""
        view = self.below(prefix)
        current = {name: getattr(self, name) for name in OPTIONS}
        view.options = inherit(outer, {**self.options, **{name: current[name] for name in JOINED}})
        own = {name: current[name] for name in ("response_model", "description", "status_code")}
        view.apply({**current, **view.options, **own})
        return view

    @property
    def is_planned(self) -> bool:
        """Whether nobody has replaced a step of serving the route, so that its plan alone decides."""
        kind = type(self)
        steps = (kind.handle, kind.get_route_handler, kind.matches, getattr(self.app, "__func__", None))
        return steps == (ORIGINAL_HANDLE, APIRoute.get_route_handler, routing.Route.matches, APIRoute.serve)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The function from request to response that serves the route; subclasses may wrap it."""
        return handle_request(self.target)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        await serve_handler(self.own("_handler", self.get_route_handler), self.target, scope, receive, send)


class APIWebSocketRoute(Planned, routing.WebSocketRoute):
    """One WebSocket endpoint under one path; dependencies run before it for their effect only."""

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        name: str | None = None,
        dependencies: Sequence[Depends] | None = None,
        conventions: Conventions | None = None,
    ) -> None:
        self.declare(path, endpoint, name, conventions)
        self.dependencies = list(dependencies or ())
        check_tree(self.tree(), self.declaration.where)

    def settle(self) -> Operation:
        dependencies = tuple(self.dependencies)
        return self.operation(methods=(), returns=Returns(), dependencies=dependencies, include_in_schema=False)

    def inside(self, prefix: str, outer: Mapping[str, Any]) -> Self:
        view = self.below(prefix)
        view.dependencies = [*(outer.get("dependencies") or ()), *self.dependencies]
        return view

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        await handle_socket(self.target, scope, receive, send)


def check_route(route: APIRoute) -> None:
    """Refuse at its decorator what could only fail later."""
    where = route.declaration.where
    refused = partial(declaration_error, where=where, also=AssertionError)
    check_tree(route.tree(), where)
    for code, response in route.responses.items():
        if not isinstance(response, dict):
            raise refused(
                "An additional response must be a dict", hint=f"Write responses={{{code!r}: {{'description': '…'}}}}."
            )
    answers: list[tuple[Any, Any]] = [(route.status_code, route.returns.model), (None, route.returns.item)]
    answers += [(code, response.get("model")) for code, response in route.responses.items()]
    for code, model in answers:
        if model is None:
            continue
        if str(code).isdigit() and int(str(code)) in BODILESS:
            hint = "Take the model away: the return annotation, response_model, or `model` in responses."
            raise refused(f"Status code {code} must not have a response body", hint=hint)
        check_type(model, where)


def check_tree(tree: Node, where: str) -> None:
    """Refuse an input that Pydantic cannot validate, and forms without a form parser."""
    for entry in inputs_of(tree):
        check_type(entry.annotation, where)
        if entry.location in ("form", "file"):
            require_form_parser(where)
