"""Define the route objects in `app.routes`: each has an endpoint, a path and options as plain attributes."""

import copy
import inspect
import threading
from abc import abstractmethod
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property, partial, wraps
from typing import Any, ClassVar, Final, Self, TypeVar

from pydantic_core import PydanticUndefined
from starlette import routing
from starlette.datastructures import URLPath
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, compile_path, get_name

from typeway.datastructures import Default, DefaultPlaceholder
from typeway.declare.conventions import TYPEWAY, Conventions
from typeway.declare.depends import Depends
from typeway.declare.freshness import Parts, are_same, signature_parts
from typeway.declare.given import given_options
from typeway.declare.inherit import inherit
from typeway.declare.operation import Operation
from typeway.declare.options import ApiRouteOptions, RouteOptions
from typeway.declare.paths import read_path
from typeway.declare.policy import Policy, dependencies_of, effective
from typeway.declare.problem import Problem
from typeway.declare.returns import Returns, read_returns, returning
from typeway.declare.shown import shows_options
from typeway.declare.signature import Declaration, read_declaration
from typeway.describe.operation import unique_id
from typeway.exceptions import DeclarationError, calling_line, declaration_error
from typeway.plan.fields import check_type
from typeway.plan.path_use import PathUse, use_of
from typeway.plan.tree import Node, grow_tree
from typeway.plan.verify import verify_tree
from typeway.responses import BODILESS
from typeway.serve.handle import handle_request, serve_handler
from typeway.serve.match import quoted
from typeway.serve.originals import ORIGINAL_HANDLE, are_original, function_of
from typeway.serve.plans import PlanCache
from typeway.texts import SUCCESSFUL_RESPONSE
from typeway.types import Endpoint, IncEx, Receive, Scope, Send

# The options of a route, without its name, which is computed with the path.
OPTIONS: Final = tuple(name for name in RouteOptions.__annotations__ if name != "name")

# Options that are lists or dicts: each route has its own copy, which may be changed until the application starts.
COPIED: Final[Mapping[str, Callable[[Any], Any]]] = {
    "tags": list, "dependencies": list, "callbacks": list, "raises": list, "responses": dict, "form_limits": dict,
    "json_limits": dict, "parameter_limits": dict, "error_limits": dict, "policies": list,
}  # fmt: skip

# The attributes that are collections, in which single items may be added or removed.
COLLECTIONS: Final = COPIED.keys() | {"methods"}

# The attributes that serve one route object; a copy of the route makes its own.
NOT_COPIED: Final = frozenset({"_plans", "_handler"})

MISSING: Final = object()

# Guards the update of an included route, which several threads may start at once.
FOLLOW_LOCK: Final = threading.RLock()


Init = TypeVar("Init", bound=Callable[..., None])
Route = TypeVar("Route", bound="PlannedRoute")


def names_route_in_errors(make: Init) -> Init:
    """Decorate the constructor of a route so that its errors name the route."""

    @wraps(make)
    def named(route: Any, path: str, *values: Any, **options: Any) -> None:
        try:
            make(route, path, *values, **options)
        except DeclarationError as error:
            methods = getattr(route, "methods", None) or options.get("methods")
            error.add_step(title_of(path, methods if isinstance(route, routing.Route) else ()), calling_line())
            raise

    constructor: Any = named
    kept: Init = constructor
    return kept


def title_of(path: str, methods: Any) -> str:
    """Return the name of a route in messages, "GET /items/{id}"; a route without methods serves a WebSocket."""
    kinds = sorted(map(str, methods)) if isinstance(methods, (list, tuple, set, frozenset)) else ["GET"]
    return f"{'/'.join(kinds) or 'WebSocket'} {path}"


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """The route of which an included route is a copy, so that changes of the original reach the copy."""

    route: "PlannedRoute"
    prefix: str
    outer: Mapping[str, Any]  # the options of the outer levels
    seen: Mapping[str, Any]  # the state of the original when it was copied
    made: Mapping[str, Any]  # the state of the copy at that time


class PlannedRoute(BaseRoute):
    """The common base of HTTP and WebSocket routes: an endpoint on a path, served by a plan."""

    placed: str
    path_format: str

    # The attributes that may be set until a plan serves the route; an included route takes them over from its original.
    settable: ClassVar[frozenset[str]] = frozenset({"path", "name", "endpoint", "dependencies", "policies"})

    path: str
    name: str
    endpoint: Callable[..., Any]
    declaration: Declaration
    dependencies: list[Depends]
    policies: Sequence[Policy] = ()
    conventions: Conventions = TYPEWAY
    original_route: BaseRoute | None = None
    path_use: PathUse
    # The names in the prefix of the router, and the rest of the path.
    prefix_names: frozenset[str] = frozenset()
    tail: str = "/"
    origin: Origin | None = None

    # The pattern of the path; compiled when it is read first, which the index does not do for most paths.
    path_regex: Any = cached_property(lambda route: compile_path(route.path or "/")[0])

    def declare(self, path: str, endpoint: Endpoint, name: str | None, conventions: Conventions | None) -> None:
        given: Any = endpoint
        if not callable(given):
            problem = f"An endpoint must be a callable, not {endpoint!r}."
            hint = "Pass the function itself; a decorator between it and the route must return a function."
            raise declaration_error(problem, hint=hint, where=calling_line(), also=AssertionError)
        self.endpoint = endpoint
        self.declaration = read_declaration(endpoint)
        self.parts: Parts = signature_parts(endpoint)
        self.name = name or get_name(endpoint)
        self.conventions = conventions or self.conventions
        self.place(path)
        vars(self)["app"] = self.serve

    def place(self, path: str) -> None:
        """Set the path of the route."""
        self.path = self.placed = path
        self.path_format, convertors = read_path(path)
        self.param_convertors: dict[str, Any] = convertors
        vars(self).pop("path_regex", None)

    def titled(self, path: str) -> str:
        """Return the name of the route in messages, with this path."""
        return title_of(path, getattr(self, "methods", ()))

    def tree(self) -> Node:
        """Return the endpoint and everything it depends on, in order."""
        dependencies = self.all_dependencies
        return grow_tree(self.declaration, dependencies, frozenset(self.param_convertors), self.conventions)

    @property
    def all_dependencies(self) -> list[Depends]:
        """The dependencies of the route, after those that its policies add."""
        own = self.dependencies or ()
        return [*(dependencies_of(effective(self.policies, self)) if self.policies else ()), *own]

    def operation(self, **options: Any) -> Operation:
        """Return the operation of the route, given the options that its class resolves."""
        return Operation(
            path=self.path,
            path_format=self.path_format,
            path_names=frozenset(self.param_convertors),
            name=self.name,
            declaration=self.declaration,
            route=self,
            conventions=self.conventions,
            **options,
        )

    @abstractmethod
    def to_operation(self) -> Operation:
        """Return the operation with the present options of the route."""

    @abstractmethod
    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a connection that this route has matched."""

    # --- changes after the declaration --------------------------------------------------------------------------

    @property
    def is_built(self) -> bool:
        """Whether a plan serves the route, so that later changes have no effect."""
        owner, plans = vars(self).get("_plans", (None, None))
        return owner is self and plans.prepared is not None

    def state(self) -> dict[str, Any]:
        """Return the present attributes of the route, with copies of collections; class attributes are not included."""
        # PERF: called for every included route, and again before it is indexed and before it is planned: 1.3 us.
        # Leaving out attributes that cannot be set takes twice as long.
        state = vars(self).copy()
        for name in COLLECTIONS:
            value = state.get(name)
            if isinstance(value, (list, dict, set)):
                state[name] = value.copy()
        return state

    def refresh(self) -> None:
        """Apply changes of the route and of its original, unless a plan serves it already."""
        if self.is_built:
            return
        if self.origin is not None:
            self.follow(self.origin)
        if self.path != self.placed:
            self.place(self.path)

    def follow(self, origin: Origin) -> None:
        """Apply changes of the original; attributes that were set on this route itself keep their values."""
        origin.route.refresh()
        if origin.route.state() == origin.seen:
            return
        with FOLLOW_LOCK:
            if self.origin is not origin:
                return  # another thread has done it
            fresh = origin.route.inside(origin.prefix, origin.outer)
            mine, made, now = self.state(), origin.made, fresh.state()
            for name in self.settable:
                before, own, after = (state.get(name, MISSING) for state in (made, mine, now))
                if before == after or (before != own and name not in COLLECTIONS):
                    continue
                value = after if before == own else with_own_changes(own or type(after)(), before, after)
                if value is MISSING:
                    vars(self).pop(name, None)
                else:
                    setattr(self, name, value)
            self.origin = fresh.origin

    def reread(self) -> None:
        """Read the signature again if the endpoint or its signature has changed.

        Raises:
            DeclarationError: the signature is not valid.
        """
        parts = signature_parts(self.endpoint)
        if not are_same(parts, self.parts):
            self.declaration = read_declaration(self.endpoint)
            self.check()
            self.parts = parts

    def check(self) -> None:
        """Refuse a declaration that would only fail later."""
        check_tree(self)

    def bring_up_to_date(self) -> None:
        """Apply all changes, so that the route can be planned or described."""
        self.refresh()
        is_included = self.original_route is not None
        is_other = self.endpoint is not self.declaration.function
        if not self.is_built and (is_included or is_other or self.conventions.rereads_signatures):
            self.reread()

    # --- inclusion ----------------------------------------------------------------------------------------------

    def inside(self, prefix: str, outer: Mapping[str, Any]) -> Self:
        """Return a copy of the route with the prefix and the options of its inclusions."""
        copied = copy.copy(self)
        copied.place(prefix + self.path)
        vars(copied)["app"] = copied.serve
        copied.original_route = self.original_route or self
        copied.join(outer)
        copied.origin = Origin(self, prefix, outer, self.state(), copied.state())
        return copied

    def join(self, outer: Mapping[str, Any]) -> None:
        """Add the options of the outer levels to this copy."""
        for name in ("dependencies", "policies"):
            setattr(self, name, [*(outer.get(name) or ()), *(getattr(self, name) or ())])

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """Return the URL path of the route with values for its parameters; slashes in a value are encoded."""
        if self.conventions.encoded_slashes:
            path_params = {key: quoted(value, self.param_convertors.get(key)) for key, value in path_params.items()}
        return super().url_path_for(name, **path_params)

    # --- serving ------------------------------------------------------------------------------------------------

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in NOT_COPIED}

    def own(self, name: str, make: Callable[[], Any]) -> Any:
        """Return an object that belongs to this route, made once; a copy of the route makes its own."""
        owner, value = vars(self).get(name, (None, None))
        if owner is not self:
            value = make()
            vars(self)[name] = self, value
        return value

    @property
    def plans(self) -> PlanCache:
        """The cache of the route's plans, which are built at first use."""
        plans: PlanCache = self.own("_plans", lambda: PlanCache(self.to_operation))
        return plans


def with_own_changes(own: Any, before: Any, after: Any) -> Any:
    """Return a collection of the original, with the items added and removed that the copy has added and removed."""
    if isinstance(after, dict):
        kept = {key: value for key, value in after.items() if key in own or key not in before}
        return kept | {key: value for key, value in own.items() if key not in before or before[key] is not value}
    added = [item for item in own if item not in before and item not in after]
    return type(after)([*(item for item in after if item in own or item not in before), *added])


class APIRoute(PlannedRoute, routing.Route):
    """One endpoint on one path for one or several HTTP methods; path parameters are `{name}` or `{name:convertor}`.

    Parameters:
        path: the path.
        endpoint: the function to call.
        conventions: the conventions of the router.
        options: see `typeway.declare.options.ApiRouteOptions`.

    Raises:
        DeclarationError: the signature of the endpoint or an option is not valid.
        UnknownOptionError: an option does not exist.
    """

    settable: ClassVar[frozenset[str]] = frozenset({*OPTIONS, "name", "path", "endpoint", "methods", "_unique_id"})

    # The defaults of the options. An instance has only attributes for what was passed, or set later, and for
    # collections.
    tags: list[str | Enum]
    dependencies: list[Depends]
    callbacks: list[BaseRoute]
    raises: list[type[Problem]]
    responses: dict[int | str, dict[str, Any]]
    form_limits: dict[str, int]
    json_limits: dict[str, Any]
    parameter_limits: dict[str, int]
    error_limits: dict[str, int]
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
    cancel_on_disconnect: float | bool | None = None

    methods: set[str]

    @names_route_in_errors
    @shows_options(ApiRouteOptions, {**vars(), "strict_content_type": Default(True)})
    def __init__(
        self, path: str, endpoint: Endpoint, *, conventions: Conventions | None = None, **options: Any
    ) -> None:
        given = given_options(f"{type(self).__name__}()", options, ApiRouteOptions)
        self.declare(path, endpoint, given.get("name"), conventions)
        self.methods = {method.upper() for method in given.get("methods") or ("GET",)}
        self.apply(given)
        self.status_code = None if self.status_code is None else int(self.status_code)
        self.description = (self.description or inspect.cleandoc(endpoint.__doc__ or "")).split("\f")[0].strip()
        self.returns: Returns = read_returns(endpoint, self._returned(), self.response_model, self.declaration.where)
        if self.response_model is PydanticUndefined:
            self.response_model = self.returns.model
        check_route(self)

    def apply(self, options: Mapping[str, Any]) -> None:
        for name, copied in COPIED.items():
            setattr(self, name, copied(options.get(name) or ()))
        for name in OPTIONS:
            if name in options and name not in COPIED:
                setattr(self, name, options[name])

    @property
    def unique_id(self) -> str:
        """The id for client generators: as it was set, or the operation id, or from the function for ids."""
        own: str | None = vars(self).get("_unique_id") or self.operation_id
        make = self.generate_unique_id_function
        if own or make is None or isinstance(make, DefaultPlaceholder):
            return own or unique_id(self.name, self.path_format, min(self.methods))
        return make(self)

    @unique_id.setter
    def unique_id(self, unique_id: str) -> None:
        self._unique_id = unique_id

    def to_operation(self) -> Operation:
        self.bring_up_to_date()
        streams = self.returns.streams
        resolved_below = ("generate_unique_id_function", "response_model", "callbacks", "operation_id")
        options = {name: getattr(self, name) for name in OPTIONS if name not in resolved_below}
        for name in COPIED.keys() & options.keys():
            options[name] = COPIED[name](options[name] or ())  # a copy; FastAPI code may set None
        if self.policies:
            options |= {"policies": effective(self.policies, self), "dependencies": self.all_dependencies}
        return self.operation(
            **{name: value for name, value in options.items() if not isinstance(value, DefaultPlaceholder)},
            methods=tuple(sorted(self.methods)),
            returns=returning(
                self.endpoint, None if streams else self.response_model, self.returns.item, streams=streams
            ),
            callbacks=tuple(route.to_operation() for route in self.callbacks or () if isinstance(route, APIRoute)),
            unique_id=self.operation_id or self.unique_id,
        )

    def check(self) -> None:
        # The response model stays: a wrapper around the endpoint must not bring back fields that it leaves out.
        model = PydanticUndefined if self.returns.streams else self.response_model
        self.returns = read_returns(self.endpoint, self._returned(), model, self.declaration.where)
        super().check()

    def _returned(self) -> Any:
        return self.declaration.returns

    def join(self, outer: Mapping[str, Any]) -> None:
        own = vars(self)
        own.pop("_unique_id", None)
        self.methods = set(self.methods)
        given = {name: own[name] for name in OPTIONS if name in own and type(own[name]) is not DefaultPlaceholder}
        self.apply(inherit(outer, given))

    @property
    def is_planned(self) -> bool:
        """Whether no method that serves the route is overridden, so that the plan can be called directly."""
        kind = type(self)
        steps = (kind.handle, kind.get_route_handler, kind.matches, function_of(self.app))
        originals = (ORIGINAL_HANDLE, APIRoute.get_route_handler, routing.Route.matches, APIRoute.serve)
        return are_original(steps, originals)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the function from request to response that serves the route; subclasses may wrap it."""
        return handle_request(self.plans)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        await serve_handler(self.own("_handler", self.get_route_handler), self.plans, scope, receive, send)


def check_route(route: APIRoute) -> None:
    """Refuse a declaration that would only fail later."""
    where = route.declaration.where
    refused = partial(declaration_error, where=where, also=AssertionError)
    check_tree(route)
    responses: Mapping[int | str, Any] = route.responses
    for code, response in responses.items():
        if not isinstance(response, dict):
            example = f"'model': {response.__name__}" if isinstance(response, type) else "'description': '…'"
            hint = f"Write responses={{{code!r}: {{{example}}}}}."
            raise refused("An additional response must be a dict", hint=hint)
    answers: list[tuple[Any, Any]] = []
    if not route.returns.missing:
        answers = [(route.status_code, route.returns.model), (None, route.returns.item)]
    answers += [(code, response.get("model")) for code, response in route.responses.items()]
    for code, model in answers:
        if model is None:
            continue
        if str(code).isdigit() and int(str(code)) in BODILESS:
            hint = "Remove the model: the return annotation, response_model, or `model` in responses."
            raise refused(f"Status code {code} must not have a response body", hint=hint)
        check_type(model, where)


def check_tree(route: PlannedRoute) -> None:
    """Refuse a declaration of an endpoint or its dependencies that no request can fulfil."""
    is_socket = not isinstance(route, routing.Route)
    tree = route.tree()
    verify_tree(tree, route.conventions, is_socket=is_socket)
    route.path_use = use_of(tree, route.path)
