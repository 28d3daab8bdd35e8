"""Define what an observer needs from an application, and an observer that does nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

from typeway.declare.conventions import Conventions
from typeway.types import ASGIApp, Scope


class ObservedApplication(Protocol):
    """The attributes of an application that its observer reads."""

    conventions: ClassVar[Conventions]
    telemetry: Mapping[str, Any] | None
    middleware_stack: ASGIApp | None


class NullObserver:
    """An observer that does nothing, for an OpenTelemetry package that cannot be used."""

    def around(self, stack: ASGIApp, scope: Scope) -> ASGIApp:
        """Return the ASGI application that serves a connection: the middleware stack, or a wrapper that observes it."""
        return stack
