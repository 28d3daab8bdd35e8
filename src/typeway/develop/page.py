"""Write the page that shows an unhandled error to its author: source, variables, request."""

from __future__ import annotations

import linecache
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from traceback import format_exception
from types import TracebackType
from typing import Any, Final
from urllib.parse import parse_qsl

from jinja2 import Environment, FileSystemLoader, Template

from typeway.develop.tracebacks import own_steps
from typeway.develop.values import Values
from typeway.types import Scope

# How many lines of source are shown before and after the one that has failed.
AROUND: Final = 5

MOST_ERRORS: Final = 10


@dataclass(frozen=True, slots=True)
class Line:
    """One line of source."""

    number: int
    text: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One function that was running when the error occurred."""

    file: str
    line: int
    function: str
    source: list[Line]
    variables: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Failure:
    """One exception, with what it has to do with the one before it."""

    relation: str
    title: str
    notes: list[str]
    steps: list[Step]


@cache
def template() -> Template:
    environment = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)
    return environment.get_template("error.html")


def error_page(error: BaseException, scope: Scope) -> str:
    """Return the page of an unhandled error as HTML.

    Variables whose names are those of secrets are hidden, and so are their values wherever else they appear.

    Parameters:
        error: the exception, with its traceback.
        scope: the request.
    """
    values = Values()
    failures = [failure_of(relation, found, values) for relation, found in related(error)]
    route = scope.get("route")
    endpoint = scope.get("endpoint")
    shown: dict[str, Any] = {
        "failures": failures,
        "method": scope["method"],
        "path": scope["path"],
        "route": getattr(route, "path", "") or "",
        "endpoint": getattr(endpoint, "__qualname__", ""),
        "tables": [(title, rows) for title, rows in tables_of(scope, values) if rows],
        "traceback": whole_traceback(error, values),
    }
    # At the end, because a value may be found to be secret after another place has shown it.
    return template().render(shown | {"hide": values.without_secrets})


def whole_traceback(error: BaseException, values: Values) -> str:
    """Return the traceback; in lines of source `token = read()` is no secret, in messages `token='x'` may be one."""
    lines = "".join(format_exception(error)).splitlines()
    return "\n".join(line if line.startswith("  ") else without_secrets(line, values) for line in lines)


def without_secrets(line: str, values: Values) -> str:
    """Return a line with the message of an exception; the name before it, such as `TokenError:`, is not that of a secret."""
    name, colon, message = line.partition(": ")
    return f"{name}{colon}{values.message(message)}" if name.replace(".", "").isidentifier() else values.message(line)


def related(error: BaseException) -> Iterator[tuple[str, BaseException]]:
    """Yield an exception and those that led to it, and the members of groups, each with its relation to the one before."""
    waiting: list[tuple[str, BaseException]] = [("", error)]
    seen: set[int] = set()
    while waiting and len(seen) < MOST_ERRORS:
        relation, found = waiting.pop(0)
        if id(found) in seen:
            continue
        seen.add(id(found))
        yield relation, found
        if isinstance(found, BaseExceptionGroup):
            waiting += [("One of the exceptions in the group", member) for member in found.exceptions]
        if found.__cause__ is not None:
            waiting.append(("Caused by", found.__cause__))
        elif found.__context__ is not None and not found.__suppress_context__:
            waiting.append(("Raised while this was handled", found.__context__))


def failure_of(relation: str, error: BaseException, values: Values) -> Failure:
    steps = [step_of(step, values) for step in own_steps(error.__traceback__)]
    given = getattr(error, "__notes__", ())
    notes = [values.message(note) for note in given if isinstance(note, str)] if isinstance(given, list) else []
    message = values.message_of(error)
    title = f"{type(error).__name__}: {message}" if message else type(error).__name__
    return Failure(relation, title, notes, list(reversed(steps)))


def step_of(trace: TracebackType, values: Values) -> Step:
    frame, number = trace.tb_frame, trace.tb_lineno
    code = frame.f_code
    lines = linecache.getlines(code.co_filename, frame.f_globals)
    first = max(number - AROUND, 1)
    source = [
        Line(line, text.rstrip("\n"), line == number)
        for line, text in enumerate(lines[first - 1 : number + AROUND], first)
    ]
    variables = [
        (name, values.shown(name, value)) for name, value in frame.f_locals.items() if not name.startswith("__")
    ]
    return Step(shown_file(code.co_filename), number, code.co_qualname, source, variables)


def shown_file(name: str) -> str:
    """Name a file from the current folder, if it is below that folder."""
    path = Path(name)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else name


def tables_of(scope: Scope, values: Values) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield what the request has brought: parameters of path and query, and headers."""
    parameters: Mapping[str, Any] = scope.get("path_params") or {}
    yield "Path parameters", [(name, values.shown(name, value)) for name, value in parameters.items()]
    query = parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    yield "Query parameters", [(name, values.shown(name, value)) for name, value in query]
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
    yield "Headers", [(name, values.shown(name, value)) for name, value in headers]
