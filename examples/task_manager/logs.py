"""Format log records as lines of JSON."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

HANDLER_NAME = "task_manager.json_lines"


class JsonLines(logging.Formatter):
    """One JSON object per record; `extra={"fields": {...}}` adds to it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class StandardError(logging.Handler):
    """Write to the current `sys.stderr`, because servers and test runners replace it."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except Exception:  # noqa: BLE001 - logging's own rule: a log line that cannot be written breaks no request
            self.handleError(record)


def configure_logging(level: str) -> None:
    """Send this application's records to the standard error; other loggers do not change."""
    logger = logging.getLogger(__package__)
    logger.setLevel(level)
    if any(handler.name == HANDLER_NAME for handler in logger.handlers):
        return
    handler = StandardError()
    handler.name = HANDLER_NAME
    handler.setFormatter(JsonLines())
    logger.addHandler(handler)
