"""Offer FastAPI's route classes: Typeway's, with the attributes and methods that plugins read, extend and replace."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final

from starlette import routing
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from typeway.application import routes
from typeway.compat.shapes.contexts import EffectiveRouteContext
from typeway.compat.shapes.conventions import FASTAPI
from typeway.compat.shapes.dependant import (
    Dependant,
    ModelField,
    create_model_field,
    dependant_of,
    get_body_field,
    get_flat_body_params,
    input_of,
    should_embed,
)
from typeway.compat.shapes.facade import current
from typeway.datastructures import Default, DefaultPlaceholder
from typeway.declare.operation import Operation
from typeway.declare.returns import Returns
from typeway.describe.operation import unique_id
from typeway.plan.calls import is_coroutine
from typeway.serve.handle import handle_request, serve_handler
from typeway.serve.originals import ORIGINAL_HANDLE
from typeway.serve.plans import PlanCache
from typeway.types import ASGIApp, Receive, Scope, Send

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

# Attributes that an included route computes again.
COMPUTED: Final = ("dependant", "_embed_body_fields", "_body_field")


class Planned(routes.PlannedRoute):
    """The base of both kinds of routes: it shows plugins the dependant, which may be changed."""

    conventions = FASTAPI

    @cached_property
    def dependant(self) -> Dependant:
        """Return the endpoint with its parameters and dependencies; dependencies that are appended run as well."""
        dependant = dependant_of(self.tree(), self.path_format)
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
        dependant: Dependant | None = vars(self).get("dependant")
        if dependant is None:
            return
        fresh = dependant_of(self.tree(), self.path_format)
        fresh.dependencies += dependant.added
        if dependant.call is not self.parts[0]:
            fresh.call = dependant.call  # a plugin has replaced it, and it runs in the place of the endpoint
        fresh.belong(self)
        vars(dependant).update(vars(fresh))

    def join(self, outer: Mapping[str, Any]) -> None:
        """Add the options of everything around an inclusion to those of the copy that it shows."""
        super().join(outer)
        for name in COMPUTED:
            vars(self).pop(name, None)

    def changed(self, operation: Operation) -> Operation:
        """Return the operation with the changes that plugins have made to the route's dependant."""
        dependant: Dependant | None = vars(self).get("dependant")
        if dependant is None:
            return operation
        known = {id(depends) for depends in operation.dependencies}
        added = [each.depends for each in dependant.added if each.depends is not None and id(each.depends) not in known]
        declaration = operation.declaration
        if dependant.call is not None and dependant.call is not self.endpoint:
            declaration = replace(declaration, function=dependant.call)
        return replace(operation, dependencies=[*operation.dependencies, *added], declaration=declaration)


def generate_unique_id(route: routes.APIRoute) -> str:
    """Return the operation id of a route that names none."""
    return unique_id(route.name, route.path_format, min(route.methods))


class APIRoute(Planned, routes.APIRoute):
    """One endpoint under one path, as FastAPI's plugins expect a route to look."""

    response_class: Any = Default(JSONResponse)
    generate_unique_id_function: Any = Default(generate_unique_id)

    def __init__(
        self, path: str, endpoint: Callable[..., Any], *, dependency_overrides_provider: Any = None, **options: Any
    ) -> None:
        # Overrides are always those of the serving application; some code reads this attribute of a route.
        self.dependency_overrides_provider = dependency_overrides_provider
        super().__init__(path, endpoint, **options)
        # As in FastAPI, attributes that are set later do not change it, because the names of schemas are made of it.
        self.unique_id = self.unique_id

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
        params = get_flat_body_params(self.dependant)
        return get_body_field(body_params=params, name=self.unique_id, embed_body_fields=self._embed_body_fields)

    @body_field.setter
    def body_field(self, field: ModelField | None) -> None:
        self._body_field = field

    @property
    def response_field(self) -> ModelField | None:
        """Return the response as one field; None without a response model. If it is set, its type becomes the model."""
        if self.response_model is None:
            return None
        return create_model_field(f"Response_{self.unique_id}", self.response_model, mode="serialization")

    @response_field.setter
    def response_field(self, field: ModelField | None) -> None:
        self.response_model = None if field is None else field.field_info.annotation

    @property
    def scope_marks(self) -> Mapping[str, Any]:
        """Return what the scope shows beside the route: the context of the route, if it was included."""
        marks = {} if self.original_route is None else {"effective_route_context": EffectiveRouteContext(self)}
        return {"fastapi": MappingProxyType(marks)}

    def to_operation(self) -> Operation:
        """Return the operation that the route describes now, with the changes that plugins have made."""
        operation = self.changed(super().to_operation())
        body: dict[str, Any] = {"body_title": f"Body_{self.unique_id}"}
        if "_body_field" in vars(self):
            field = self.body_field
            body["documented_body"] = () if field is None else (input_of(field),)
        return replace(operation, **body)

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
        )

    def get_route_handler(self) -> Handler:
        """Return the function from request to response that serves the route; subclasses may wrap it."""
        make = installed_maker()
        # The caller may have changed the route since it was planned.
        vars(self).pop("_plans", None)
        if make is get_request_handler:
            handler: Handler = attach(handle_request(self.plans), route=self, plans=self.plans)
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


class APIWebSocketRoute(Planned, routes.APIWebSocketRoute):
    """One WebSocket endpoint under one path, as FastAPI's plugins expect a route to look."""

    def __init__(
        self, path: str, endpoint: Callable[..., Any], *, dependency_overrides_provider: Any = None, **options: Any
    ) -> None:
        self.dependency_overrides_provider = dependency_overrides_provider
        super().__init__(path, endpoint, **options)

    def to_operation(self) -> Operation:
        """Return the operation that the route describes now, with the changes that plugins have made to its dependant."""
        return self.changed(super().to_operation())


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
    if getattr(app, "__func__", None) is routes.APIRoute.serve:
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
    route = dependant.route
    if route is None:
        if dependant.call is None:
            raise TypeError("get_request_handler() needs a dependant that has a `call`.")
        route = APIRoute(dependant.path or "/", endpoint=dependant.call, response_model=None)
        route.dependant = dependant

    def to_operation() -> Operation:
        operation: Operation = route.to_operation()
        if "response_field" in given and not operation.returns.streams:
            field: ModelField | None = given["response_field"]
            changes["returns"] = Returns(model=None if field is None else field.field_info.annotation)
        return replace(operation, **changes)

    plans = PlanCache(to_operation)
    handler: Handler = attach(handle_request(plans), plans=plans)
    return handler


def request_response(func: Callable[[Request], Any]) -> ASGIApp:
    """Return an ASGI application that calls a function from request to response."""

    async def respond(request: Request) -> Response:
        response: Response = await (func(request) if is_coroutine(func) else run_in_threadpool(func, request))
        return response

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await serve_handler(respond, getattr(func, "plans", None), scope, receive, send)

    served: ASGIApp = attach(app, handler=func)
    return served
