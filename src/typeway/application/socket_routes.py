"""Define the route objects of WebSocket endpoints."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Final

from starlette import routing
from typing_extensions import Unpack

from typeway.application.routes import PlannedRoute, names_route_in_errors
from typeway.declare.conventions import Conventions
from typeway.declare.depends import Depends
from typeway.declare.given import given_options
from typeway.declare.inherit import JOIN
from typeway.declare.operation import Operation
from typeway.declare.options import WebSocketOptions
from typeway.declare.policy import Policy, effective
from typeway.declare.returns import Returns
from typeway.declare.shown import shows_options
from typeway.serve.handle import handle_socket
from typeway.types import Receive, Scope, Send

# Joined key by key with those of the application, the routers and the inclusions around it.
LIMITS_OF_SOCKETS: Final = ("json_limits", "parameter_limits", "error_limits")


class APIWebSocketRoute(PlannedRoute, routing.WebSocketRoute):
    """One WebSocket endpoint on one path; results of `dependencies` are not passed to it."""

    settable: ClassVar[frozenset[str]] = PlannedRoute.settable | {"cancel_on_disconnect", *LIMITS_OF_SOCKETS}

    json_limits: Mapping[str, Any]
    parameter_limits: Mapping[str, int]
    error_limits: Mapping[str, int]

    @names_route_in_errors
    @shows_options(WebSocketOptions)
    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        name: str | None = None,
        conventions: Conventions | None = None,
        **options: Unpack[WebSocketOptions],
    ) -> None:
        given = given_options(f"{type(self).__name__}()", options, WebSocketOptions)
        self.declare(path, endpoint, name, conventions)
        self.dependencies: list[Depends] = list(given.get("dependencies") or ())
        self.cancel_on_disconnect: Any = given.get("cancel_on_disconnect")
        self.policies: Sequence[Policy] = list(given.get("policies") or ())
        vars(self).update({limit: dict(given.get(limit) or {}) for limit in LIMITS_OF_SOCKETS})
        self.check()

    def to_operation(self) -> Operation:
        self.bring_up_to_date()
        return self.operation(
            methods=(),
            returns=Returns(),
            dependencies=tuple(self.all_dependencies),
            policies=effective(self.policies, self),
            include_in_schema=False,
            cancel_on_disconnect=self.cancel_on_disconnect,
            **{name: getattr(self, name) for name in LIMITS_OF_SOCKETS},
        )

    def join(self, outer: Mapping[str, Any]) -> None:
        super().join(outer)
        for name in ("cancel_on_disconnect", *LIMITS_OF_SOCKETS):
            setattr(self, name, JOIN[name](outer.get(name), getattr(self, name)))

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        await handle_socket(self.plans, scope, receive, send)
