"""Record which names of FastAPI that it does not document a program asks for: `python -m typeway.compat --report`."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final

from typeway.compat.shapes.facade import OBSERVERS

if TYPE_CHECKING:
    from collections.abc import Iterable

# Holds the id of the process whose children record too.
VARIABLE: Final = "TYPEWAY_COMPAT_REPORT"

# Modules whose names are no part of what FastAPI documents, though they have no underscore.
UNDOCUMENTED: Final = frozenset(
    {
        "fastapi.dependencies.utils",
        "fastapi.dependencies.models",
        "fastapi.openapi.utils",
        "fastapi.utils",
        "fastapi.types",
    }
)
DOCUMENTED: Final = frozenset({"fastapi.openapi.utils.get_openapi"})
# Steps of FastAPI's own serving, in a module whose other names are documented.
STEPS: Final = frozenset(
    f"fastapi.routing.{name}"
    for name in (
        "get_request_handler", "get_websocket_app", "iter_route_contexts", "request_response", "run_endpoint_function",
        "serialize_response", "solve_dependencies", "websocket_session", "RouteContext",
    )
)  # fmt: skip

# Code that stands between a program and the name that it asks for.
BETWEEN: Final = ("importlib", "_frozen_importlib", "typeway.compat", "pkgutil", "inspect", "unittest.mock", "wrapt")


def is_private(name: str) -> bool:
    """Return whether FastAPI keeps a name to itself: one with an underscore, or a part of how it works inside."""
    module = name.rpartition(".")[0]
    parts = name.split(".")[1:]
    if any(part.startswith("_") and not part.endswith("__") for part in parts):
        return True
    return name in STEPS or (module in UNDOCUMENTED and name not in DOCUMENTED)


@dataclass(frozen=True, slots=True, order=True)
class Asked:
    """One place that asked for one name: `name` is whole, `there` says whether Typeway offers it."""

    name: str
    there: bool
    module: str
    place: str


@dataclass(slots=True)
class Record:
    """What a program has asked for; filled from any thread."""

    asked: set[Asked] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, name: str, there: bool) -> None:
        """Note that the code which is running now asks for a name."""
        # Python and its tools probe every module for names such as `__path__`.
        if not name.rpartition(".")[2].startswith("__") and (is_private(name) or not there):
            with self.lock:
                self.asked.add(Asked(name, there, *asker()))


def asker() -> tuple[str, str]:
    """Return the module, and the file with the line, of the code that asks for a name."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        module = str(frame.f_globals.get("__name__", "?"))
        if not f"{module}.".startswith(tuple(f"{name}." for name in BETWEEN)):
            return module, f"{shown(frame.f_code.co_filename)}:{frame.f_lineno}"
        frame = frame.f_back
    return "?", "?"


def shown(file: str) -> str:
    """Return a path in short: of an installed package from its folder on, of the program's files from here."""
    for folder in ("site-packages", "dist-packages"):
        _, found, rest = file.rpartition(f"{os.sep}{folder}{os.sep}")
        if found:
            return rest
    return os.path.relpath(file) if Path(file).is_relative_to(Path.cwd()) else file


def table(asked: Iterable[Asked]) -> str:
    """Return what was asked for as a table, names that are not there first."""
    rows = sorted(asked, key=lambda one: (one.there, one.name, one.module, one.place))
    if not rows:
        return "No private name of FastAPI was asked for."
    cells = [("name", "there", "asked for by", "at")]
    cells += [(one.name, "yes" if one.there else "NO", one.module, one.place) for one in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(3)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]]) for row in cells
    ]
    names = {one.name for one in rows}
    gone = {one.name for one in rows if not one.there}
    return "\n".join(
        [*lines, "", f"{len(names)} names of FastAPI that it does not document, {len(gone)} of them not there."]
    )


def start() -> Record:
    """Record from now on, in this process and in those that it starts; each prints its table to stderr when it ends."""
    record = Record()
    OBSERVERS.append(record.note)
    os.environ.setdefault(VARIABLE, str(os.getpid()))
    atexit.register(finish, record)
    return record


def finish(record: Record) -> None:
    """Print the table; a child process says which one it is, and nothing where it has nothing to say."""
    is_child = os.environ.get(VARIABLE) != str(os.getpid())
    if record.asked or not is_child:
        who = f" in process {os.getpid()}" if is_child else ""
        sys.stderr.write(f"\nPrivate names of FastAPI{who}\n{table(record.asked)}\n")
