"""Write the log of a server under development: one line for each request, short tracebacks, colours on a terminal."""

from __future__ import annotations

import logging
import os
import sys
import traceback
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from typeway.develop.around import REQUEST
from typeway.develop.tracebacks import shortened
from typeway.terminal import escaped
from typeway.types import Scope

RESET: Final = "\x1b[0m"
BOLD, DIM, RED, GREEN, YELLOW, CYAN = ("\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[36m")

# The colour of a status by its first digit, and of a message by its level.
STATUS: Final[Mapping[int, str]] = {2: GREEN, 3: CYAN, 4: YELLOW, 5: RED}
LEVEL: Final[Mapping[int, str]] = {logging.WARNING: YELLOW, logging.ERROR: RED, logging.CRITICAL: RED}

# Messages of the server that repeat what the greeting says, or tell what every restart does.
USUAL: Final = (
    "Uvicorn running on ",
    "Started server process",
    "Waiting for ",
    "Application startup complete",
    "Application shutdown complete",
    "Shutting down",
    "Finished server process",
    "Started reloader process",
    "Stopping reloader process",
    "Will watch for changes",
    "Cancel %s running task(s)",
)

# What the server says when an application has raised an exception; the request says more.
RAISED: Final = "Exception in ASGI application"


def has_colours() -> bool:
    """Whether to write colours: the log goes to a terminal, and NO_COLOR (https://no-color.org) is not set."""
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR")


def coloured(text: str, *codes: str) -> str:
    """Return a text in colours, on a terminal."""
    return f"{''.join(codes)}{text}{RESET}" if has_colours() else text


class DevFormatter(logging.Formatter):
    """Formats the messages of the server for someone who watches them.

    Parameters:
        is_full: whether tracebacks are shown as a whole.
    """

    def __init__(self, *, is_full: bool = False) -> None:
        super().__init__()
        self.is_full = is_full

    def format(self, record: logging.LogRecord) -> str:
        """Return one line for a request, and the message with its traceback for anything else."""
        if record.name == "uvicorn.access" and isinstance(record.args, tuple) and len(record.args) == 5:
            return access_line(record)
        scope = REQUEST.get()
        message = escaped(record.getMessage().strip())
        if record.exc_info and message == RAISED and scope is not None:
            message = f"{coloured(request_line(scope), BOLD)} raised an exception that nothing handles"
        level = f"{record.levelname}:".ljust(9)
        lines = [f"{coloured(level, *filter(None, [LEVEL.get(record.levelno)]))} {message}"]
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            trace = "".join(traceback.format_exception(error)).rstrip() if self.is_full else hinted(error)
            lines.append(escaped(trace))
        return "\n".join(lines)


def hinted(error: BaseException) -> str:
    """Return the short traceback, with how to see the whole one if something is missing."""
    text = shortened(error)
    return text.removesuffix(")") + "; --full-traceback shows them)" if text.endswith("left out)") else text


def request_line(scope: Scope) -> str:
    """Return method and target of a request."""
    query = scope.get("query_string", b"").decode("latin-1")
    return f"{scope.get('method', 'WEBSOCKET')} {quote(scope['path'])}{'?' if query else ''}{escaped(query)}"


def access_line(record: logging.LogRecord) -> str:
    """Return the line of a request: method, path, status and time."""
    arguments: Any = record.args
    _, method, path, _, status = arguments
    duration = getattr(record, "duration_ms", None)
    shown = [f"{method:<7} {path}", coloured(str(status), STATUS.get(int(status) // 100, ""))]
    if duration is not None:
        shown.append(coloured(f"{duration:.1f} ms", DIM))
    return "  ".join(shown)


class WithoutUsual(logging.Filter):
    """Leaves out messages that repeat what the greeting says; `--log-level debug` shows them."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a message is written."""
        return not (record.levelno <= logging.ERROR and str(record.msg).startswith(USUAL))


def log_config(level: str, *, is_full: bool) -> dict[str, Any]:
    """Return the configuration of the logs, for `logging.config.dictConfig`.

    Parameters:
        level: the least important level, as a name in small letters.
        is_full: whether tracebacks are shown as a whole.
    """
    everything = level in ("debug", "trace")
    handler = {
        "class": "logging.StreamHandler",
        "formatter": "dev",
        "stream": "ext://sys.stderr",
        "filters": [] if everything else ["usual"],
    }
    loggers = {"handlers": ["stderr"], "level": "INFO", "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"usual": {"()": WithoutUsual}},
        "formatters": {"dev": {"()": DevFormatter, "is_full": is_full}},
        "handlers": {"stderr": handler},
        "loggers": {"uvicorn": loggers, "uvicorn.error": {"level": "INFO"}, "uvicorn.access": loggers},
    }
