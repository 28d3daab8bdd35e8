"""Hand the request at hand to processors of spans and logs, while it lasts."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from starlette.requests import Request
from starlette.websockets import WebSocket

if TYPE_CHECKING:
    from opentelemetry.context import Context

# Where scopes and OpenTelemetry's contexts carry the observation of a request. None there means: this request is not
# to be observed, whatever is around it.
OBSERVATION: Final = "typeway.observation"


@dataclass(kw_only=True, slots=True)
class TelemetryData:
    """What is known of a request or WebSocket connection so far: to be read, not to be changed.

    None of it is exported unless a processor does so: it may hold passwords and personal data.

    Parameters:
        request: the request, once its route has been found.
        websocket: the same of a WebSocket connection.
        body: what was read of the body, before validation.
        values: the endpoint's arguments, once all dependencies are there.
        errors: what is wrong with the request, input included; empty if nothing is.
    """

    request: Request | None = None
    websocket: WebSocket | None = None
    body: Any = None
    values: dict[str, Any] | None = None
    errors: Sequence[Any] | None = None


def get_telemetry_data(context: Context | None = None) -> TelemetryData | None:
    """What is known of the request at hand, for processors of spans and logs.

    Parameters:
        context: OpenTelemetry's context, as span processors receive it and log records carry it; the current one if
            it is left out.

    Returns:
        The data, or None outside observed requests and once the request is over.

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
        return None  # nobody has begun anything
    observation = api.get_value(OBSERVATION, context)
    data: TelemetryData | None = None if observation is None else observation.data
    return data
