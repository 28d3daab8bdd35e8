"""Define the record of one endpoint on one path, with every option resolved; plans and documentation start from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from typeway.declare.conventions import TYPEWAY, Conventions
from typeway.exceptions import EndpointContext
from typeway.texts import SUCCESSFUL_RESPONSE
from typeway.types import IncEx

if TYPE_CHECKING:
    from typeway.declare.classify import Input
    from typeway.declare.depends import Depends
    from typeway.declare.policy import Policy
    from typeway.declare.problem import Problem
    from typeway.declare.returns import Returns
    from typeway.declare.signature import Declaration


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One endpoint on one path, with every option resolved."""

    path: str  # the full path as declared, with convertors
    path_format: str  # the full path with parameters as `{name}`
    path_names: frozenset[str]  # the names of the path parameters
    methods: tuple[str, ...]  # the HTTP methods, sorted; empty for a WebSocket
    name: str
    declaration: Declaration  # the signature of the endpoint
    returns: Returns  # what the endpoint returns
    route: BaseRoute  # the route object in app.routes
    dependencies: Sequence[Depends] = ()  # dependencies of the route, whose results are not passed to the endpoint
    conventions: Conventions = TYPEWAY
    status_code: int | None = None
    response_class: type[Response] | None = None  # the response class, if one was set
    response_model_include: IncEx | None = None
    response_model_exclude: IncEx | None = None
    response_model_by_alias: bool = True
    response_model_exclude_unset: bool = False
    response_model_exclude_defaults: bool = False
    response_model_exclude_none: bool = False
    strict_content_type: bool = True
    max_body_size: int | None = None
    form_limits: Mapping[str, int] = field(default_factory=dict)
    json_limits: Mapping[str, Any] = field(default_factory=dict)
    parameter_limits: Mapping[str, int] = field(default_factory=dict)
    error_limits: Mapping[str, int] = field(default_factory=dict)
    cancel_on_disconnect: float | bool | None = None
    policies: Sequence[Policy] = ()  # those that apply; their dependencies are among `dependencies`
    tags: Sequence[str | Enum] = ()
    summary: str | None = None
    description: str | None = None
    response_description: str = SUCCESSFUL_RESPONSE
    responses: Mapping[int | str, dict[str, Any]] = field(default_factory=dict)
    raises: Sequence[type[Problem]] = ()
    callbacks: Sequence[Operation] = ()
    deprecated: bool | None = None
    include_in_schema: bool = True
    unique_id: str = ""  # the operation id, set or generated
    openapi_extra: Mapping[str, Any] | None = None
    body_title: str = ""  # the name of the body's schema, if it is not made from the operation id
    # The body for the documentation, if it was set on the route; None for the body of the parameters.
    documented_body: Sequence[Input] | None = None
    # The tree of dependencies, given the overrides, if plugins have changed it; None for the tree of the declaration.
    own_tree: Callable[[Any], Any] | None = None

    @property
    def endpoint(self) -> Callable[..., Any]:
        """The function that the author decorated."""
        return self.declaration.function

    @property
    def context(self) -> EndpointContext:
        """The endpoint to which a validation error belongs; for logs, not for clients."""
        file, _, line = self.declaration.where.rpartition(":")
        method = self.methods[0] if self.methods else "WEBSOCKET"
        name = getattr(self.endpoint, "__name__", repr(self.endpoint))
        context: EndpointContext = {"function": name, "path": f"{method} {self.path}", "file": file}
        return {**context, "line": int(line)} if line.isdigit() else context
