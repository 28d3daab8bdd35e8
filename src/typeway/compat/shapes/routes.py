"""Offer FastAPI's route classes: Typeway's, with what plugins read of a route, extend, and put around it."""

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
from typeway.compat.importing.install import standing
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

# What a route that is included computes anew.
COMPUTED: Final = ("dependant", "_embed_body_fields", "_body_field")


class Planned(routes.PlannedRoute):
    """What the routes of both kinds show to plugins: the dependant, which may be changed."""

    conventions = FASTAPI

    @cached_property
    def dependant(self) -> Dependant:
        """The endpoint with its parameters and dependencies; what is appended to its dependencies runs."""
        dependant = dependant_of(self.tree(), self.path_format)
        dependant.belong(self)
        return dependant

    def plan_again(self) -> None:
        """Serve the next request by what the dependant says now."""
        owner, plans = vars(self).get("_plans", (None, None))
        if owner is self:
            plans.forget()

    def check(self) -> None:
        """Refuse what could only fail later, and let the dependant that plugins hold show what has been read."""
        super().check()
        dependant: Dependant | None = vars(self).get("dependant")
        if dependant is None:
            return
        fresh = dependant_of(self.tree(), self.path_format)
        fresh.dependencies += dependant.added
        if dependant.call is not self.parts[0]:
            fresh.call = dependant.call  # it was replaced, and so runs in the place of any endpoint
        fresh.belong(self)
        vars(dependant).update(vars(fresh))

    def join(self, outer: Mapping[str, Any]) -> None:
        """Add the options of everything around an inclusion to those of the copy that it shows."""
        super().join(outer)
        for name in COMPUTED:
            vars(self).pop(name, None)

    def changed(self, operation: Operation) -> Operation:
        """The operation with what plugins have done to the route's dependant."""
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
    """The operation id of a route that names none."""
    return unique_id(route.name, route.path_format, min(route.methods))


class APIRoute(Planned, routes.APIRoute):
    """One endpoint under one path, as FastAPI's plugins expect a route to look."""

    response_class: Any = Default(JSONResponse)
    generate_unique_id_function: Any = Default(generate_unique_id)

    def __init__(
        self, path: str, endpoint: Callable[..., Any], *, dependency_overrides_provider: Any = None, **options: Any
    ) -> None:
        # Overrides are always those of the application that serves; some code asks a route for it.
        self.dependency_overrides_provider = dependency_overrides_provider
        super().__init__(path, endpoint, **options)
        # As in FastAPI what is set later does not change it: the names of schemas are made of it.
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
        """The whole body as one field; where it is set, it counts for the documentation."""
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
        """The answer as one field; None without a response model. Where it is set, its type becomes the model."""
        if self.response_model is None:
            return None
        return create_model_field(f"Response_{self.unique_id}", self.response_model, mode="serialization")

    @response_field.setter
    def response_field(self, field: ModelField | None) -> None:
        self.response_model = None if field is None else field.field_info.annotation

    @property
    def scope_marks(self) -> Mapping[str, Any]:
        """What the scope shows beside the route: the route as it stands in the application, if it was included."""
        marks = {} if self.original_route is None else {"effective_route_context": EffectiveRouteContext(self)}
        return {"fastapi": MappingProxyType(marks)}

    def settle(self) -> Operation:
        """The operation that the route describes as it stands now, with what plugins have done to it."""
        operation = self.changed(super().settle())
        body: dict[str, Any] = {"body_title": f"Body_{self.unique_id}"}
        if "_body_field" in vars(self):
            field = self.body_field
            body["documented_body"] = () if field is None else (input_of(field),)
        return replace(operation, **body)

    @property
    def is_planned(self) -> bool:
        """Whether nobody has replaced a step of serving the route, so that its plan alone decides."""
        kind = type(self)
        return (
            kind.handle is ORIGINAL_HANDLE
            and kind.get_route_handler is APIRoute.get_route_handler
            and kind.matches is routing.Route.matches
            and served_by(self.app) is self
            and installed_maker() is get_request_handler
        )

    def get_route_handler(self) -> Handler:
        """The function from request to response that serves the route; subclasses may wrap it."""
        make = installed_maker()
        # Whoever asks may have changed the route since it was planned.
        vars(self).pop("_plans", None)
        if make is get_request_handler:
            handler: Handler = marked(handle_request(self.plans), route=self, plans=self.plans)
            return handler
        self.bring_up_to_date()
        is_own = self.response_class is not None and not isinstance(self.response_class, DefaultPlaceholder)
        own_class = {"response_class": self.response_class} if is_own else {}
        made: Handler = make(  # whatever instrumentation has put there
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

    def settle(self) -> Operation:
        """The operation that the route describes as it stands now, with what plugins have done to its dependant."""
        return self.changed(super().settle())


def installed_maker() -> Any:
    """What makes request handlers now: instrumentation replaces `fastapi.routing.get_request_handler`."""
    return standing("fastapi.routing", "get_request_handler", get_request_handler)


def marked(function: Any, **marks: Any) -> Any:
    """A function that carries what it was made for; a wrapper to which its attributes are copied is not taken for it."""
    vars(function).update(marks, marked=function)
    return function


def mark(function: Any, name: str) -> Any:
    """What a function carries; None if it, or the mark, is another's."""
    return getattr(function, name, None) if getattr(function, "marked", None) is function else None


def served_by(app: Any) -> Any:
    """The route whose plan decides alone what an ASGI callable does; None if there is more to it."""
    if getattr(app, "__func__", None) is routes.APIRoute.serve:
        return app.__self__
    return mark(mark(app, "handler"), "route")


# The options of FastAPI's function, in its order; those that an operation knows count.
OPTIONS: Final = (
    "body_field", "status_code", "response_class", "response_field", "response_model_include",
    "response_model_exclude", "response_model_by_alias", "response_model_exclude_unset",
    "response_model_exclude_defaults", "response_model_exclude_none", "dependency_overrides_provider",
    "embed_body_fields", "strict_content_type", "stream_item_field", "is_json_stream", "form_limits",
)  # fmt: skip
COUNTING: Final = frozenset(OPTIONS) & frozenset(Operation.__slots__)


def get_request_handler(dependant: Dependant, *values: Any, **options: Any) -> Handler:
    """The function from request to response that serves a dependant.

    Parameters:
        dependant: a route's, or one that `get_dependant` made.
        values: the options by position.
        options: what an answer is made by: `status_code`, `response_class`, `response_field`, `response_model_...`.
    """
    given = {**dict(zip(OPTIONS, values, strict=False)), **options}
    changes = {name: given[name] for name in COUNTING & given.keys() if not isinstance(given[name], DefaultPlaceholder)}
    route = dependant.route
    if route is None:
        if dependant.call is None:
            raise TypeError("get_request_handler() needs a dependant with a call.")
        route = APIRoute(dependant.path or "/", endpoint=dependant.call, response_model=None)
        route.dependant = dependant

    def settle() -> Operation:
        operation: Operation = route.settle()
        if "response_field" in given and not operation.returns.streams:
            field: ModelField | None = given["response_field"]
            changes["returns"] = Returns(model=None if field is None else field.field_info.annotation)
        return replace(operation, **changes)

    plans = PlanCache(settle)
    handler: Handler = marked(handle_request(plans), plans=plans)
    return handler


def request_response(func: Callable[[Request], Any]) -> ASGIApp:
    """A function from request to response as an ASGI application."""

    async def respond(request: Request) -> Response:
        response: Response = await (func(request) if is_coroutine(func) else run_in_threadpool(func, request))
        return response

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await serve_handler(respond, getattr(func, "plans", None), scope, receive, send)

    served: ASGIApp = marked(app, handler=func)
    return served
