"""Report requests, measurements and failures through OpenTelemetry, once a provider has been set.

An application is observed without any code of its own as soon as a provider exists, either a global one or one from
`Typeway(telemetry={...})`. Without a provider, OpenTelemetry is not imported and costs nothing. `TelemetryConfig` lists
the settings; `get_telemetry_data()` gives span and log processors access to the current request.
"""

from typeway.declare.options import TelemetryConfig as TelemetryConfig
from typeway.telemetry.data import TelemetryData as TelemetryData
from typeway.telemetry.data import get_telemetry_data as get_telemetry_data

__all__ = ["TelemetryConfig", "TelemetryData", "get_telemetry_data"]
