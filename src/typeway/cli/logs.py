"""Write log messages as text or as JSON, such that nothing that a client has sent looks like a line of its own or moves the cursor."""

import json
import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final

from uvicorn.config import LOGGING_CONFIG
from uvicorn.logging import DefaultFormatter

from typeway.requests import ID_NOTE

# The parts of a line of the access log, in the order of its arguments.
ACCESS: Final = ("client", "method", "path", "http_version", "status")

# What every record has, and the text with colours that uvicorn adds; the rest was given with `extra=` or by a factory.
USUAL: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}

# Control characters but the tab and the line feed, on which terminals act, those that end lines elsewhere, and those that turn the direction
# of a text.
unsafe: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

# The end of a line that another one follows.
further_line: Final = re.compile(r"\n(?=[^\n])")


def escaped(text: str) -> str:
    """Return a text with its unsafe characters as escapes, which JSON and Python read alike."""
    return unsafe.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class TextFormatter(DefaultFormatter):
    """Formats a message as uvicorn does, with its further lines and the traceback further in: only a first line begins with a level."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is logging's
        """Return the lines of a message."""
        record.message = further_line.sub("\n  ", escaped(record.message))
        return super().formatMessage(record)

    def formatException(  # noqa: N802 - the name is logging's
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        """Return a traceback."""
        return "\n".join(f"  {line}" for line in escaped(super().formatException(ei)).split("\n"))


class JSONFormatter(logging.Formatter):
    """Formats a message as a JSON object, with what it was given as `extra`; one of the access log has its parts."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line of JSON."""
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage().strip(),
        }
        if record.name == "uvicorn.access" and isinstance(record.args, tuple) and len(record.args) == len(ACCESS):
            entry |= dict(zip(ACCESS, record.args, strict=True))
        entry |= {name: value for name, value in vars(record).items() if name not in USUAL and name not in entry}
        if record.exc_info:
            notes = getattr(record.exc_info[1], "__notes__", ())
            ids = [note.removeprefix(ID_NOTE) for note in notes if note.startswith(ID_NOTE)]
            entry |= {"request_id": ids[-1]} if ids else {}
            entry["exception"] = self.formatException(record.exc_info)
        return escaped(json.dumps(entry, ensure_ascii=False, default=str))


TEXT_LOGS: Final[Mapping[str, Any]] = {
    **LOGGING_CONFIG,
    "formatters": {
        **LOGGING_CONFIG["formatters"],
        "default": {**LOGGING_CONFIG["formatters"]["default"], "()": f"{__name__}.TextFormatter"},
    },
}

# The application's own messages are in the same format, so that the log has only one.
JSON_LOGS: Final[Mapping[str, Any]] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": f"{__name__}.JSONFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stderr"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "uvicorn": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        "uvicorn.error": {"level": "INFO"},
        "uvicorn.access": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
    },
}
