"""Format log records as lines of JSON, each with the id of the request that it belongs to."""

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

HANDLER_NAME = "task_manager.json_lines"

current_request: ContextVar[str | None] = ContextVar("current_request", default=None)

# What every record has; the rest was given as `extra`.
USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """One JSON object per record, with what it was given as `extra`: the format of `typeway run --log-format json`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **{name: value for name, value in vars(record).items() if name not in USUAL},
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


def add_request_id(record: logging.LogRecord) -> bool:
    """Add the id of the current request to a record: what services and libraries log has it too."""
    request_id = current_request.get()
    if request_id is not None and not hasattr(record, "request_id"):
        record.request_id = request_id
    return True


def configure_logging(level: str) -> None:
    """Send this application's records to the standard error, unless the server writes JSON: then they go with its own."""
    logger = logging.getLogger(__package__)
    logger.setLevel(level)
    # `typeway run --log-format json` has such a handler on the root logger; test runners have subclasses of it.
    servers = [handler for handler in logging.getLogger().handlers if type(handler) is logging.StreamHandler]
    for handler in servers:
        if add_request_id not in handler.filters:
            handler.addFilter(add_request_id)
    if servers or any(handler.name == HANDLER_NAME for handler in logger.handlers):
        return
    own = StandardError()
    own.name = HANDLER_NAME
    own.setFormatter(JsonLines())
    own.addFilter(add_request_id)
    logger.addHandler(own)
