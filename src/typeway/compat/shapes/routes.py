"""Offer FastAPI's route classes: Typeway's, with the attributes and methods that plugins read, extend and replace."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from functools import cached_property, partial
from types import MappingProxyType
from typing import Any, Final

from pydantic_core import PydanticUndefined
from starlette import routing
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from typing_extensions import Unpack

from typeway.application import routes, socket_routes
from typeway.application.verbs import ROUTE
from typeway.compat.shapes.contexts import EffectiveRouteContext
from typeway.compat.shapes.conventions import FASTAPI
from typeway.compat.shapes.dependant import Dependant, are_same, dependant_of, get_flat_body_params
from typeway.compat.shapes.facade import current
from typeway.compat.shapes.fields import ModelField, create_model_field, get_body_field, input_of, should_embed
from typeway.compat.shapes.steps import (
    are_replaced,
    get_websocket_app,
    serve_with_stacks,
    steps_or_plan,
    websocket_session,
)
from typeway.compat.shapes.trees import node_of
from typeway.datastructures import Default, DefaultPlaceholder
from typeway.declare.conventions import Conventions
from typeway.declare.operation import Operation
from typeway.declare.options import ApiRouteOptions, WebSocketOptions
from typeway.declare.returns import Returns
from typeway.declare.shown import shows_options
from typeway.describe.operation import unique_id
from typeway.plan.calls import is_coroutine
from typeway.serve.originals import ORIGINAL_HANDLE, function_of
from typeway.serve.plans import PlanCache
from typeway.types import ASGIApp, Receive, Scope, Send

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

# Attributes that an included route computes again.
COMPUTED: Final = ("_dependant", "_served_dependant", "_embed_body_fields", "_body_field")


class Planned(routes.PlannedRoute):
    """The base of both kinds of routes: it shows plugins the dependant, which may be changed."""

    conventions = FASTAPI
    # Overrides are always those of the serving application; some code reads this attribute of a route.
    dependency_overrides_provider: Any = None

    @property
    def dependant(self) -> Dependant:
        """Return the endpoint with its parameters and dependencies; what is changed in it changes what the route runs.

        Another dependant in its place changes the documentation, and what `get_route_handler()` returns from then on; the
        route itself keeps serving its own, as in FastAPI.
        """
        dependant: Dependant | None = vars(self).get("_dependant")
        if dependant is None:
            dependant = vars(self)["_dependant"] = self.declared_dependant()
        return dependant

    @dependant.setter
    def dependant(self, dependant: Dependant) -> None:
        own = self.dependant
        self.hold_handler()
        vars(self).setdefault("_served_dependant", own)
        vars(self)["_dependant"] = dependant
        dependant.belong(self)

    def hold_handler(self) -> None:
        """Make the handler, if a subclass has one of its own, before the dependant for which it is made is replaced."""

    def declared_dependant(self) -> Dependant:
        """Return the dependant that the endpoint's signature and the route's dependencies describe."""
        dependant = dependant_of(self.tree(), self.path_format)
        dependant.keep_declared()
        dependant.belong(self)
        return dependant

    def plan_again(self) -> None:
        """Serve the next request as the dependant describes it now."""
        owner, plans = vars(self).get("_plans", (None, None))
        if owner is self:
            plans.forget()

    def check(self) -> None:
        """Refuse what could only fail later, and update the dependant that plugins hold."""
        super().check()
        dependant: Dependant | None = vars(self).get("_dependant")
        if dependant is not None and dependant.has_declaration:
            dependant.take_over(self.declared_dependant())
            dependant.belong(self)

    def join(self, outer: Mapping[str, Any]) -> None:
        """Add the options of everything around an inclusion to those of the copy that it shows."""
        super().join(outer)
        for name in COMPUTED:
            vars(self).pop(name, None)

    @property
    def served_dependant(self) -> Dependant | None:
        """Return the dependant that the route serves; None if no plugin has looked at it, so that it cannot differ."""
        found: Dependant | None = vars(self).get("_served_dependant") or vars(self).get("_dependant")
        return found

    def changed(self, operation: Operation, dependant: Dependant | None) -> Operation:
        """Return the operation as a dependant describes it, if plugins have changed that."""
        if dependant is None or dependant.is_declared():
            return operation
        if dependant.call is not None and dependant.call is not self.endpoint:
            operation = replace(operation, declaration=replace(operation.declaration, function=dependant.call))
        return replace(operation, own_tree=partial(node_of, dependant))

    @abstractmethod
    def declared_operation(self) -> Operation:
        """Return the operation as its author has declared it; this may update the dependant."""

    def to_operation(self) -> Operation:
        """Return the operation that the route describes now, with the changes that plugins have made."""
        operation = self.declared_operation()
        return self.changed(operation, vars(self).get("_dependant"))

    def served_operation(self) -> Operation:
        """Return the operation that the route serves now, with the changes that plugins have made."""
        operation = self.declared_operation()
        return self.changed(operation, self.served_dependant)

    def operation_with(self, dependant: Dependant) -> Operation:
        """Return the operation as a dependant describes it."""
        return self.changed(self.declared_operation(), dependant)

    @property
    def plans(self) -> PlanCache:
        """The cache of the route's plans, which are built at first use."""
        plans: PlanCache = self.own("_plans", lambda: PlanCache(self.served_operation))
        return plans

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        state.pop("dependency_overrides_provider", None)  # a copy of a route must not copy the application
        dependant = state.get("_dependant")
        if dependant is not None and "_served_dependant" not in state and dependant.is_declared():
            del state["_dependant"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        for name in ("_dependant", "_served_dependant"):
            if name in state:
                state[name].belong(self)


def generate_unique_id(route: routes.APIRoute) -> str:
    """Return the operation id of a route that names none."""
    return unique_id(route.name, route.path_format, min(route.methods))


class APIRoute(Planned, routes.APIRoute):
    """One endpoint under one path, as FastAPI's plugins expect a route to look."""

    response_class: Any = Default(JSONResponse)
    generate_unique_id_function: Any = Default(generate_unique_id)

    @shows_options(ApiRouteOptions, {**ROUTE, **vars()})
    def __init__(
        self, path: str, endpoint: Callable[..., Any], *, dependency_overrides_provider: Any = None, **options: Any
    ) -> None:
        self.dependency_overrides_provider = dependency_overrides_provider
        super().__init__(path, endpoint, **without_empty_models(options))
        # As in FastAPI, attributes that are set later do not change it, because the names of schemas are made of it.
        self.unique_id = self.unique_id

    def _returned(self) -> Any:
        """Return the return annotation; one that is empty, such as `-> dict()`, counts as none, as in FastAPI."""
        return super()._returned() or None

    def join(self, outer: Mapping[str, Any]) -> None:
        """Add the options of everything around an inclusion to those of the copy that it shows."""
        super().join(outer)
        self.unique_id = self.unique_id

    @cached_property
    def _embed_body_fields(self) -> bool:
        return should_embed(get_flat_body_params(self.dependant))

    @property
    def body_field(self) -> ModelField | None:
        """Return the whole body as one field. If it is set, it changes the documentation only."""
        own = vars(self)
        if "_body_field" in own:
            field: ModelField | None = own["_body_field"]
            return field
        params, name, embeds = get_flat_body_params(self.dependant), self.unique_id, self._embed_body_fields
        return self.kept_field(
            "_made_body_field",
            [*params, name, embeds],
            lambda: get_body_field(body_params=params, name=name, embed_body_fields=embeds),
        )

    @body_field.setter
    def body_field(self, field: ModelField | None) -> None:
        self._body_field = field

    @property
    def response_field(self) -> ModelField | None:
        """Return the response as one field; None without a response model. If it is set, its type becomes the model."""
        if self.response_model is None:
            return None
        model, name = self.response_model, f"Response_{self.unique_id}"
        return self.kept_field(
            "_made_response_field",
            [model, self.unique_id],
            lambda: create_model_field(name, model, mode="serialization"),
        )

    @response_field.setter
    def response_field(self, field: ModelField | None) -> None:
        self.response_model: Any = None if field is None else field.field_info.annotation

    def kept_field(self, name: str, made_of: list[Any], make: Callable[[], ModelField | None]) -> ModelField | None:
        """Return a field, the same one as long as it would be made of the same objects: fields are keys of mappings."""
        kept: tuple[list[Any], ModelField | None] | None = vars(self).get(name)
        if kept is None or not are_same(kept[0], made_of):
            kept = vars(self)[name] = made_of, make()
        return kept[1]

    @property
    def scope_marks(self) -> Mapping[str, Any]:
        """Return what the scope shows beside the route: the context of the route, if it was included."""
        marks = {} if self.original_route is None else {"effective_route_context": EffectiveRouteContext(self)}
        return {"fastapi": MappingProxyType(marks)}

    def declared_operation(self) -> Operation:
        """Return the operation as its author has declared it; this may update the dependant."""
        return routes.APIRoute.to_operation(self)

    def changed(self, operation: Operation, dependant: Dependant | None) -> Operation:
        """Return the operation as a dependant describes it, with the body that plugins have set."""
        body: dict[str, Any] = {"body_title": f"Body_{self.unique_id}"}
        if "_body_field" in vars(self):
            field = self.body_field
            body["documented_body"] = () if field is None else (input_of(field),)
        return replace(super().changed(operation, dependant), **body)

    def hold_handler(self) -> None:
        """Make the handler, if a subclass has one of its own, before the dependant for which it is made is replaced."""
        if type(self).get_route_handler is not APIRoute.get_route_handler:
            self.own("_handler", self.get_route_handler)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request that no plan serves directly."""
        make = installed_maker()
        if vars(self).get("_maker", make) is not make:
            vars(self).pop("_handler", None)
        vars(self)["_maker"] = make
        await serve_with_stacks(self.own("_handler", self.get_route_handler), scope, receive, send)

    @property
    def is_planned(self) -> bool:
        """Return whether nobody has replaced a step of serving the route, so that its plan alone decides."""
        kind = type(self)
        return (
            kind.handle is ORIGINAL_HANDLE
            and kind.get_route_handler is APIRoute.get_route_handler
            and kind.matches is routing.Route.matches
            and served_by(self.app) is self
            and installed_maker() is get_request_handler
            and not are_replaced()
        )

    def get_route_handler(self) -> Handler:
        """Return the function from request to response that serves the route; subclasses may wrap it."""
        make = installed_maker()
        # The caller may have changed the route since it was planned, or given it another dependant.
        for name in ("_plans", "_served_dependant"):
            vars(self).pop(name, None)
        if make is get_request_handler:
            handler = steps_or_plan(self.plans, lambda: self.served_dependant or self.dependant)
            attach(handler, route=self, plans=self.plans)
            return handler
        self.bring_up_to_date()
        is_own = self.response_class is not None and not isinstance(self.response_class, DefaultPlaceholder)
        own_class = {"response_class": self.response_class} if is_own else {}
        made: Handler = make(  # instrumentation has replaced it
            dependant=self.dependant,
            body_field=self.body_field,
            status_code=self.status_code,
            response_field=self.response_field,
            response_model_include=self.response_model_include,
            response_model_exclude=self.response_model_exclude,
            response_model_by_alias=self.response_model_by_alias,
            response_model_exclude_unset=self.response_model_exclude_unset,
            response_model_exclude_defaults=self.response_model_exclude_defaults,
            response_model_exclude_none=self.response_model_exclude_none,
            dependency_overrides_provider=self.dependency_overrides_provider,
            embed_body_fields=self._embed_body_fields,
            strict_content_type=self.strict_content_type,
            form_limits=self.form_limits,
            **own_class,
        )
        return made


class APIWebSocketRoute(Planned, socket_routes.APIWebSocketRoute):
    """One WebSocket endpoint under one path, as FastAPI's plugins expect a route to look."""

    @shows_options(WebSocketOptions)
    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        name: str | None = None,
        dependency_overrides_provider: Any = None,
        conventions: Conventions | None = None,
        **options: Unpack[WebSocketOptions],
    ) -> None:
        self.dependency_overrides_provider = dependency_overrides_provider
        super().__init__(path, endpoint, name=name, conventions=conventions, **options)

    def declared_operation(self) -> Operation:
        """Return the operation as its author has declared it; this may update the dependant."""
        return socket_routes.APIWebSocketRoute.to_operation(self)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a connection; in steps, as long as instrumentation has replaced one of them."""
        if not are_replaced():
            await super().serve(scope, receive, send)
            return
        self.bring_up_to_date()
        session = get_websocket_app(self.served_dependant or self.dependant)
        await websocket_session(session)(scope, receive, send)


def without_empty_models(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a route without response models that are empty, `{}` or `""`: as in FastAPI they mean none."""
    given = dict(options)
    model = given.get("response_model", PydanticUndefined)
    if not model and model is not PydanticUndefined and not isinstance(model, DefaultPlaceholder):
        given["response_model"] = None
    if given.get("responses"):
        given["responses"] = {
            code: {**response, "model": response["model"] or None}
            if isinstance(response, dict) and "model" in response
            else response
            for code, response in given["responses"].items()
        }
    return given


def installed_maker() -> Any:
    """Return the function that makes request handlers: instrumentation may replace `fastapi.routing.get_request_handler`."""
    return current("fastapi.routing", "get_request_handler", get_request_handler)


def attach(function: Any, **facts: Any) -> Any:
    """Let a function carry what it was made for; a wrapper to which the attributes are copied is told apart from it."""
    vars(function).update(facts, carrier=function)
    return function


def attached(function: Any, name: str) -> Any:
    """Return what a function carries; None if it carries nothing of its own."""
    return getattr(function, name, None) if getattr(function, "carrier", None) is function else None


def served_by(app: Any) -> Any:
    """Return the route whose plan alone decides what an ASGI callable does; None if something else takes part."""
    if function_of(app) is APIRoute.serve:
        return app.__self__
    return attached(attached(app, "handler"), "route")


# The options of FastAPI's function, in its order; the ones that an operation has are used.
OPTIONS: Final = (
    "body_field", "status_code", "response_class", "response_field", "response_model_include",
    "response_model_exclude", "response_model_by_alias", "response_model_exclude_unset",
    "response_model_exclude_defaults", "response_model_exclude_none", "dependency_overrides_provider",
    "embed_body_fields", "strict_content_type", "stream_item_field", "is_json_stream", "form_limits",
)  # fmt: skip
COUNTING: Final = frozenset(OPTIONS) & frozenset(Operation.__slots__)


def get_request_handler(dependant: Dependant, *values: Any, **options: Any) -> Handler:
    """Return the function from request to response that serves a dependant.

    Parameters:
        dependant: a route's, or one that `get_dependant` made.
        values: the options by position.
        options: how the response is made: `status_code`, `response_class`, `response_field`, `response_model_...`.
    """
    given = {**dict(zip(OPTIONS, values, strict=False)), **options}
    changes = {name: given[name] for name in COUNTING & given.keys() if not isinstance(given[name], DefaultPlaceholder)}
    if dependant.call is None:
        raise TypeError("get_request_handler() needs a dependant that has a `call`.")
    route = dependant.route or APIRoute(dependant.path or "/", endpoint=dependant.call, response_model=None)

    def to_operation() -> Operation:
        operation: Operation = route.operation_with(dependant)
        if "response_field" in given and not operation.returns.streams:
            field: ModelField | None = given["response_field"]
            changes["returns"] = Returns(model=None if field is None else field.field_info.annotation)
        return replace(operation, **changes)

    plans = PlanCache(to_operation)
    handler = steps_or_plan(plans, lambda: dependant)
    attach(handler, plans=plans)
    return handler


def request_response(func: Callable[[Request], Any]) -> ASGIApp:
    """Return an ASGI application that calls a function from request to response."""

    async def respond(request: Request) -> Response:
        response: Response = await (func(request) if is_coroutine(func) else run_in_threadpool(func, request))
        return response

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await serve_with_stacks(respond, scope, receive, send)

    served: ASGIApp = attach(app, handler=func)
    return served
