"""Check the `telemetry` option of an application."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from typeway.declare.given import given_options
from typeway.declare.options import TelemetryConfig
from typeway.exceptions import calling_line, declaration_error


def checked_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of the settings after checking them.

    Raises:
        UnknownOptionError: a setting is not one of `TelemetryConfig`.
        DeclarationError: the settings are not a mapping, or `exclude` cannot be called.
    """
    if not isinstance(config, Mapping):
        raise declaration_error(
            f"telemetry must be a dict, not {type(config).__name__}.",
            hint='Write telemetry={"tracing": False}, for example.',
            where=calling_line(),
            also=TypeError,
        )
    given = given_options("telemetry", config, TelemetryConfig)
    if given.get("exclude") is not None and not callable(given["exclude"]):
        raise declaration_error(
            "telemetry's exclude must be a function.",
            hint='Write {"exclude": lambda scope: scope["path"] == "/health"}, for example.',
            where=calling_line(),
            also=TypeError,
        )
    return given
