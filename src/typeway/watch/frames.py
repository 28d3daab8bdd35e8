"""Read a stack of frames: which are the user's, what request they serve, and which call they are in."""

from __future__ import annotations

import builtins
import dis
import inspect
import itertools
import linecache
import os
import sysconfig
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any, Final, NamedTuple

from typeway.watch.loops import stops

PACKAGE: Final = str(Path(__file__).parents[1])

# Everything below these folders was installed, not written by whoever writes the application.
INSTALLED: Final = tuple(
    f"{folder}{os.sep}"
    for folder in {PACKAGE, *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))}
)
INSTALLED_PARTS: Final = ("site-packages", "dist-packages")

# What carries a request to the user's code and back; a library is what comes between these and the user.
CARRIERS: Final = frozenset(
    {"typeway", "starlette", "uvicorn", "uvloop", "httptools", "asyncio", "anyio", "trio", "pydantic", "contextlib"}
    | {"threading", "concurrent", "selectors", "functools", "runpy", "importlib", "_frozen_importlib", "httpx"}
)

# Of these, the modules that pass a request on to what is further in.
PASSING: Final = (
    "typeway.serve.", "typeway.application.app", "typeway.application.router", "typeway.application.routes", "typeway.telemetry.",
    "starlette.middleware.", "starlette.routing", "starlette.applications",
)  # fmt: skip

# While one of these is on the stack, somebody may be reading at a breakpoint.
DEBUGGERS: Final = frozenset(
    {
        "bdb",
        "pdb",
        "cmd",
        "code",
        "debugpy",
        "pydevd",
        "_pydevd_bundle",
        "_pydev_bundle",
        "ipdb",
        "pudb",
        "pdbpp",
        "wdb",
    }
)

# What is done once and then never again: importing a module, and planning an operation at its first request.
ONCE: Final = frozenset({("importlib._bootstrap", "_find_and_load"), ("typeway.serve.plans", "build")})

# The instruction that a function begins with.
BEGINNING: Final = dis.opmap["RESUME"]

LONGEST_TEXT: Final = 100


class Place(NamedTuple):
    """Where a function stands, or where in it a call is made."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        return f"{shown_path(self.file)}:{self.line}"


class Call(NamedTuple):
    """A call that a frame is in.

    Parameters:
        place: where it is made.
        text: as it is written there.
        callee: the whole name of what is called, "time.sleep"; empty if it cannot be told.
    """

    place: Place
    text: str
    callee: str


def module_of(frame: FrameType) -> str:
    """The name of the module that a frame's code belongs to."""
    return str(frame.f_globals.get("__name__", ""))


def root_of(frame: FrameType) -> str:
    return module_of(frame).partition(".")[0]


def is_installed(file: str) -> bool:
    """Whether a file came with Python or with a package, or is no file at all."""
    return file.startswith(("<", *INSTALLED)) or any(part in file for part in INSTALLED_PARTS)


def is_own(frame: FrameType, packages: frozenset[str]) -> bool:
    """Whether a frame is the user's: nothing that was installed, unless it is of the application's own packages."""
    return not is_installed(frame.f_code.co_filename) or (root_of(frame) in packages)


def own_frames(frames: Sequence[FrameType], packages: frozenset[str]) -> list[FrameType]:
    """The user's frames, the outermost first; where there are none, those of the libraries that are in their place.

    What has passed a request on only waits for what is further in, so that it does not count: middleware, where the
    framework encodes an endpoint's answer.
    """
    passed = max((place for place, frame in enumerate(frames, 1) if module_of(frame).startswith(PASSING)), default=0)
    inner = frames[passed:]
    own = [frame for frame in inner if is_own(frame, packages)]
    return own or [frame for frame in inner if root_of(frame) not in CARRIERS]


def is_debugged(frames: Sequence[FrameType]) -> bool:
    """Whether a debugger is at work in a stack: it is called from there, or it traces one of its frames."""
    return any(root_of(frame) in DEBUGGERS or stops(frame.f_trace) for frame in frames) or any(
        # A function that has not begun calls nothing, unless a trace function is told of its beginning.
        frame.f_code.co_code[frame.f_lasti] == BEGINNING
        for frame in frames[:-1]
        if frame.f_lasti >= 0
    )


def happens_once(frames: Iterable[FrameType]) -> bool:
    """Whether a stack is in something that no later request has to wait for."""
    return any((module_of(frame), frame.f_code.co_name) in ONCE for frame in frames)


def scope_of(frames: Sequence[FrameType]) -> dict[str, Any] | None:
    """The ASGI scope of the request that a stack serves; None if it serves none."""
    for frame in reversed(frames):
        names = frame.f_code.co_varnames + frame.f_code.co_freevars + frame.f_code.co_cellvars
        for name in ("scope", "exchange", "flight"):
            if name in names:
                found = frame.f_locals.get(name)
                scope = found if isinstance(found, dict) else getattr(found, "scope", None)
                if isinstance(scope, dict) and scope.get("type") in ("http", "websocket"):
                    return scope
    return None


def call_of(frames: Sequence[FrameType], frame: FrameType) -> Call:
    """The call that a frame is in.

    Parameters:
        frames: the stack that it belongs to, the outermost first.
    """
    code = frame.f_code
    line, text = written(code, frame.f_lasti, frame.f_lineno)
    above = next(itertools.islice(frames, frames.index(frame) + 1, None), None)
    callee = called_name(frame, text) if above is None else f"{module_of(above)}.{qualified_name(above.f_code)}"
    return Call(Place(code.co_filename, line, qualified_name(code)), shortened(text), callee)


def qualified_name(code: CodeType) -> str:
    return code.co_qualname.rpartition("<locals>.")[2]


def written(code: CodeType, instruction: int, line: int | None) -> tuple[int, str]:
    """The line and the text of an instruction, where the source is there (PEP 657)."""
    place = next(itertools.islice(code.co_positions(), instruction // 2, None), (None,) * 4)
    first, last, start, end = place
    number = first or line or code.co_firstlineno
    whole = linecache.getline(code.co_filename, number).strip()
    if first is None or last is None or start is None or end is None:
        return number, whole
    lines = [linecache.getline(code.co_filename, number) for number in range(first, last + 1)]
    # Columns count bytes of UTF-8.
    if len(lines) == 1:
        text = lines[0].encode()[start:end].decode(errors="replace")
    else:
        head, tail = lines[0].encode()[start:], lines[-1].encode()[:end]
        text = "".join([head.decode(errors="replace"), *lines[1:-1], tail.decode(errors="replace")])
    return number, text if "(" in text else whole


def shortened(text: str) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= LONGEST_TEXT else f"{one_line[: LONGEST_TEXT - 1]}…"


def called_name(frame: FrameType, text: str) -> str:
    """The whole name of a function that leaves no frame, such as `time.sleep`, found by how the call is written."""
    dotted = text.partition("(")[0].removeprefix("await ").removeprefix("with ").strip()
    root, *rest = dotted.split(".")
    if not all(part.isidentifier() for part in (root, *rest)):
        return ""
    value = frame.f_locals.get(root, frame.f_globals.get(root, vars(builtins).get(root)))
    # Only modules are looked into: to read an object's attribute may run code, in the wrong thread.
    while rest and isinstance(value, ModuleType):
        value = vars(value).get(rest.pop(0))
    if value is None or isinstance(value, ModuleType):
        return ""
    kind = value if inspect.isroutine(value) or inspect.isclass(value) else type(value)
    return ".".join([str(kind.__module__ or ""), kind.__qualname__, *rest]).strip(".")


def place_of(function: Callable[..., Any]) -> Place | None:
    """Where a function stands; None for what was not written in Python."""
    inner: Any = inspect.unwrap(function)
    inner = getattr(inner, "func", inner)  # functools.partial
    code = getattr(inner, "__code__", None) or getattr(getattr(type(inner), "__call__", None), "__code__", None)
    return Place(code.co_filename, code.co_firstlineno, qualified_name(code)) if isinstance(code, CodeType) else None


def shown_path(file: str) -> str:
    """A path as it is written from where the process stands, if it lies below."""
    path = Path(file)
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return file
