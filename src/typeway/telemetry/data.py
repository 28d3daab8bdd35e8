"""Give span and log processors access to the current request."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from starlette.requests import Request
from starlette.websockets import WebSocket

if TYPE_CHECKING:
    from opentelemetry.context import Context

# The key of the observation in ASGI scopes and in OpenTelemetry's contexts. None there means that this request is not
# to be observed, even if a request around it is.
OBSERVATION: Final = "typeway.observation"


@dataclass(kw_only=True, slots=True)
class TelemetryData:
    """What is known so far about a request or WebSocket connection; read it, do not change it.

    None of it is exported unless a processor does so: it may contain passwords and personal data.

    Parameters:
        request: the request, once its route has been found.
        websocket: the WebSocket connection, once its route has been found.
        body: the body as it was read, before validation.
        values: the arguments of the endpoint, once all dependencies are resolved.
        errors: the validation errors, with the input; empty if the request is valid.
    """

    request: Request | None = None
    websocket: WebSocket | None = None
    body: Any = None
    values: dict[str, Any] | None = None
    errors: Sequence[Any] | None = None


def get_telemetry_data(context: Context | None = None) -> TelemetryData | None:
    """Return what is known about the current request, for span and log processors.

    Parameters:
        context: the OpenTelemetry context that a span processor receives or a log record carries; by default the
            current one.

    Returns:
        The data, or None outside of observed requests and after the end of the request.

    Example:
        ```python
        from opentelemetry.sdk.trace import SpanProcessor
        from typeway.telemetry import get_telemetry_data

        class Tenant(SpanProcessor):
            def on_start(self, span, parent_context=None):
                data = get_telemetry_data(parent_context)
                if data is not None and data.request is not None:
                    span.set_attribute("tenant", data.request.headers.get("x-tenant", ""))
        ```
    """
    api = sys.modules.get("opentelemetry.context")
    if api is None:
        return None  # OpenTelemetry is not imported, so no request is observed
    observation = api.get_value(OBSERVATION, context)
    data: TelemetryData | None = None if observation is None else observation.data
    return data
