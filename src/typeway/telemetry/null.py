"""Define what an observer needs from an application, and an observer that does nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

from typeway.declare.conventions import Conventions
from typeway.serve.plans import Instrument
from typeway.types import ASGIApp, Scope


class ObservedApplication(Protocol):
    """What an observer reads of an application, and how it lets its operations be observed."""

    conventions: ClassVar[Conventions]
    telemetry: Mapping[str, Any] | None
    middleware_stack: ASGIApp | None

    def _observe_with(self, instrument: Instrument) -> None:
        """Serve with the plans that an instrument makes of the application's own."""


class NullObserver:
    """An observer that does nothing, for an OpenTelemetry package that cannot be used."""

    def around(self, stack: ASGIApp, scope: Scope) -> ASGIApp:
        """Return the ASGI application that serves a connection: the middleware stack, or a wrapper that observes it."""
        return stack
