"""Report what the application does through OpenTelemetry, once somebody has set a provider up.

An application is observed without a line of code as soon as a provider exists, global or given in
`Typeway(telemetry={...})`. Without one nothing of OpenTelemetry is imported and nothing is spent. `TelemetryConfig`
says what can be set; `get_telemetry_data()` tells processors of spans and logs about the request at hand.
"""

from typeway.declare.options import TelemetryConfig as TelemetryConfig
from typeway.telemetry.data import TelemetryData as TelemetryData
from typeway.telemetry.data import get_telemetry_data as get_telemetry_data

__all__ = ["TelemetryConfig", "TelemetryData", "get_telemetry_data"]
