"""Bring OpenTelemetry in where an application asks for it, and give each application its observer."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from typeway.telemetry.bystander import Bystander, Observed
from typeway.telemetry.config import checked


def begin(config: Mapping[str, Any] | None, title: str) -> dict[str, Any]:
    """Import OpenTelemetry, as an application's author or the environment asks for it.

    Parameters:
        config: the application's settings.
        title: what the framework is called; its logger is named after it.

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
        log(title, own.get("auto_configure") is not False, "install it with pip install 'typeway[telemetry]'")
    return own


def log(title: str, is_wanted: bool, reason: str) -> None:
    """Say why there is no telemetry; loudly only to who wants it."""
    level = logging.WARNING if is_wanted else logging.DEBUG
    logging.getLogger(title.lower()).log(level, "There is no telemetry: %s.", reason)


def observer_of(app: Observed) -> Bystander:
    """The observer of an application; called once OpenTelemetry has been imported by anybody."""
    try:
        from typeway.telemetry.observer import Observer
    except Exception as error:  # noqa: BLE001  # what others have installed must not stop requests from being served
        log(app.conventions.default_title, app.telemetry is not None, f"OpenTelemetry cannot be used here ({error})")
        return Bystander()
    return Observer(app, app.telemetry or {})
