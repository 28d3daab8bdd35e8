"""Nothing that a client has sent looks like a line of the log, or moves the cursor of the terminal that shows it."""

import json
import logging
import logging.config
from typing import Any

import pytest
from uvicorn.config import LOGGING_CONFIG

from typeway.cli.logs import JSON_LOGS, TEXT_LOGS, JSONFormatter

HOSTILE = "x\r\nINFO:     forged\x1b[2J\x9b31m\x7f\x85\u2028\u202ey\x00"
UNSAFE = ("\r", "\x1b", "\x9b", "\x7f", "\x85", "\u2028", "\u202e", "\x00")


def record(message: str, *args: Any, error: BaseException | None = None, **extra: Any) -> logging.LogRecord:
    given = None if error is None else (type(error), error, error.__traceback__)
    made = logging.LogRecord("uvicorn.error", logging.ERROR, "file", 1, message, args, given)
    vars(made).update(extra)
    return made


def formatter(config: Any, name: str) -> logging.Formatter:
    """The formatter that a configuration makes."""
    made: Any = logging.config.DictConfigurator(dict(config)).configure_formatter(dict(config["formatters"][name]))
    return made


def raised(text: str) -> BaseException:
    try:
        raise ValueError(text)
    except ValueError as error:
        return error


def test_a_traceback_has_no_line_that_looks_like_another_message() -> None:
    """Its lines are further in, whatever the text of the exception is."""
    text = formatter(TEXT_LOGS, "default").format(record("Exception in ASGI application\n", error=raised(HOSTILE)))
    lines = text.split("\n")
    assert lines[0].startswith("ERROR:")
    assert [line for line in lines[1:] if line and not line.startswith("  ")] == []
    assert "  ValueError: x\\u000d" in lines
    assert not any(character in text for character in UNSAFE)
    assert "\\u001b[2J" in text


def test_the_arguments_of_a_message_are_escaped() -> None:
    """Nor is what follows a line feed a line of its own; the colours of the server's own messages stay."""
    text = formatter(TEXT_LOGS, "default").format(record("received from %s", HOSTILE))
    assert [line[:2] for line in text.split("\n")[1:]] == ["  "]
    assert not any(character in text for character in UNSAFE)


def test_json_has_no_character_that_a_terminal_obeys() -> None:
    """What is escaped is the same text for a program that reads it."""
    text = JSONFormatter().format(record("received from %s", HOSTILE, error=raised(HOSTILE), user=HOSTILE))
    assert "\n" not in text
    assert not any(character in text for character in UNSAFE)
    entry = json.loads(text)
    assert (entry["message"], entry["user"]) == (f"received from {HOSTILE}", HOSTILE)
    assert f"ValueError: {HOSTILE}" in entry["exception"]


@pytest.mark.parametrize("config", [TEXT_LOGS, JSON_LOGS])
def test_the_configuration_can_be_used(config: Any) -> None:
    """Everything else is as the server has it, which is not changed."""
    assert formatter(config, next(iter(config["formatters"]))) is not None
    if config is TEXT_LOGS:
        assert config["formatters"]["access"] == LOGGING_CONFIG["formatters"]["access"]
        assert LOGGING_CONFIG["formatters"]["default"]["()"] == "uvicorn.logging.DefaultFormatter"
