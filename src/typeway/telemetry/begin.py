"""Bring OpenTelemetry in where an application asks for it, and give each application its observer."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from typeway.telemetry.config import checked
from typeway.types import ASGIApp, Scope

if TYPE_CHECKING:
    from typeway.app import Typeway

logger = logging.getLogger("typeway")


class Observes(Protocol):
    """Puts observation around what serves a connection."""

    def around(self, stack: ASGIApp, scope: Scope) -> ASGIApp:
        """What shall serve the connection."""


class Unobservant:
    """Observes nothing: OpenTelemetry cannot be used as it is installed here."""

    def around(self, stack: ASGIApp, scope: Scope) -> ASGIApp:
        """What serves the connection anyway."""
        return stack


def begin(config: Mapping[str, Any] | None) -> dict[str, Any]:
    """Import OpenTelemetry, as an application's author or the environment asks for it.

    Parameters:
        config: the application's settings.

    Returns:
        Its own copy of them.

    Raises:
        UnknownOptionError: a setting does not exist.
        DeclarationError: a setting cannot be.
    """
    own = checked(config or {})
    try:
        import_module("opentelemetry.trace")
    except ImportError:
        logger.warning("There is no telemetry: install it with pip install 'typeway[telemetry]'.")
    return own


def observer_of(app: Typeway) -> Observes:
    """The observer of an application; called once OpenTelemetry has been imported by anybody."""
    try:
        from typeway.telemetry.observer import Observer
    except Exception as error:  # noqa: BLE001  # what others have installed must not stop requests from being served
        logger.warning("There is no telemetry: OpenTelemetry cannot be used here (%s).", error)
        return Unobservant()
    return Observer(app, getattr(app, "telemetry", None) or {})
