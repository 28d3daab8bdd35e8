"""Say what is observed, and stand in for the observer where OpenTelemetry cannot be used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

from typeway.declare.conventions import Conventions
from typeway.types import ASGIApp, Scope


class Observed(Protocol):
    """An application, as far as its observer needs to know it."""

    conventions: ClassVar[Conventions]
    telemetry: Mapping[str, Any] | None
    middleware_stack: ASGIApp | None


class Bystander:
    """Observes nothing: OpenTelemetry cannot be used as it is installed here."""

    def around(self, stack: ASGIApp, scope: Scope) -> ASGIApp:
        """What serves a connection: the application's own stack, or the same under observation."""
        return stack
