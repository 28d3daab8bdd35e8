"""Import OpenTelemetry for applications that configure it, and create the observer of an application."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from typeway.telemetry.config import checked_config
from typeway.telemetry.null import NullObserver, ObservedApplication


def load_opentelemetry(config: Mapping[str, Any] | None, title: str) -> dict[str, Any]:
    """Import OpenTelemetry, because an application or the environment configures it.

    Parameters:
        config: the `telemetry` option of the application.
        title: the name of the framework, which is also the name of the logger.

    Returns:
        A copy of the settings.

    Raises:
        UnknownOptionError: a setting does not exist.
        DeclarationError: a setting has the wrong type.
    """
    own = checked_config(config or {})
    try:
        import_module("opentelemetry.trace")
    except ImportError:
        reason = "OpenTelemetry is not installed (pip install 'typeway[telemetry]')"
        log(title, own.get("auto_configure") is not False, reason)
    return own


def log(title: str, is_wanted: bool, reason: str) -> None:
    """Log why there is no telemetry: as a warning if the application wants it, else for debugging."""
    level = logging.WARNING if is_wanted else logging.DEBUG
    logging.getLogger(title.lower()).log(level, "Telemetry is disabled: %s.", reason)


def observer_of(app: ObservedApplication) -> NullObserver:
    """Return the observer of an application; called once any part of the process has imported OpenTelemetry."""
    try:
        from typeway.telemetry.observer import Observer
    except Exception as error:  # noqa: BLE001  # an unusable OpenTelemetry package must not stop the application
        reason = f"the installed OpenTelemetry cannot be used ({error})"
        log(app.conventions.default_title, app.telemetry is not None, reason)
        return NullObserver()
    return Observer(app, app.telemetry or {})
