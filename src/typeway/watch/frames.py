"""Read a stack of frames: which are the user's, which request they serve, and which call they are in."""

from __future__ import annotations

import builtins
import dis
import inspect
import itertools
import linecache
import os
import sysconfig
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any, Final, NamedTuple

from typeway.watch.loops import may_stop

FRAMEWORK: Final = __name__.partition(".")[0]

# Everything below these folders was installed, not written by the authors of the application.
INSTALLED: Final = (
    f"{Path(__file__).parents[1]}{os.sep}",
    *{f"{sysconfig.get_path(name)}{os.sep}" for name in ("stdlib", "platstdlib", "purelib", "platlib")},
)
INSTALLED_PARTS: Final = ("site-packages", "dist-packages")

# The packages whose frames stand between the server and the user's code: a blocked library is none of these.
PLUMBING: Final = frozenset(
    {FRAMEWORK, "starlette", "uvicorn", "uvloop", "httptools", "asyncio", "anyio", "trio", "pydantic", "contextlib"}
    | {"threading", "concurrent", "selectors", "functools", "runpy", "importlib", "_frozen_importlib", "httpx"}
)

# What functions call the ASGI scope of their connection, or the object whose attribute `scope` it is.
CONNECTIONS: Final = ("scope", "exchange", "flight")

# While one of these is on the stack, somebody may be reading at a breakpoint.
DEBUGGERS: Final = frozenset(
    {"bdb", "pdb", "cmd", "code", "debugpy", "pydevd", "_pydevd_bundle", "_pydev_bundle"}
    | {"ipdb", "pudb", "pdbpp", "wdb"}
)

# The function that imports a module, which happens once.
IMPORT: Final = ("importlib._bootstrap", "_find_and_load")

# The first instruction of every function.
START: Final = dis.opmap["RESUME"]

LONGEST_TEXT: Final = 100


class Location(NamedTuple):
    """A line of a function: the one where it is defined, or where it makes a call."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        return f"{shown_path(self.file)}:{self.line}"


class CallSite(NamedTuple):
    """A call that a frame is in.

    Parameters:
        location: where it is made.
        text: the source code of the call.
        callee: the qualified name of what is called, "time.sleep"; empty if it is not known.
    """

    location: Location
    text: str
    callee: str

    @property
    def function(self) -> str:
        """The called function as it is written in the source; empty if the text is no plain call."""
        name, parenthesis, _ = self.text.removeprefix("await ").removeprefix("with ").partition("(")
        return name if parenthesis and all(part.isidentifier() for part in name.split(".")) else ""


def module_of(frame: FrameType) -> str:
    """The name of the module that a frame's code belongs to."""
    return str(frame.f_globals.get("__name__", ""))


def package_of(frame: FrameType) -> str:
    """The name of the outermost package that a frame's code belongs to."""
    return module_of(frame).partition(".")[0]


def is_installed(file: str) -> bool:
    """Whether a file came with Python or with a package, or is no file at all."""
    return file.startswith(("<", *INSTALLED)) or any(part in file for part in INSTALLED_PARTS)


def is_own(frame: FrameType, packages: frozenset[str]) -> bool:
    """Whether a frame is the user's: its file was not installed, or it is of the application's own packages."""
    return not is_installed(frame.f_code.co_filename) or package_of(frame) in packages


def own_frames(frames: Sequence[FrameType], packages: frozenset[str]) -> list[FrameType]:
    """The user's frames, the outermost first; where there are none, those of libraries that the user's code may use.

    Only the frames inside the last function of the framework that handles the connection count: those around it, for
    example middleware, have passed the request on, and wait.
    """
    passed = next((n for n in range(len(frames), 0, -1) if passes_request_on(frames[n - 1])), 0)
    inner = frames[passed:]
    own = [frame for frame in inner if is_own(frame, packages)]
    return own or [frame for frame in inner if package_of(frame) not in PLUMBING]


def passes_request_on(frame: FrameType) -> bool:
    """Whether a frame is of a function of Starlette or of the framework that has the connection in a variable."""
    return package_of(frame) in (FRAMEWORK, "starlette") and connection_scope(frame) is not None


def connection_scope(frame: FrameType) -> dict[str, Any] | None:
    """The ASGI scope of the connection that a frame has in a variable; None if it has none."""
    code = frame.f_code
    names = code.co_varnames + code.co_freevars + code.co_cellvars
    for name in CONNECTIONS:
        if name in names:
            value = frame.f_locals.get(name)
            scope = value if isinstance(value, dict) else getattr(value, "scope", None)
            if isinstance(scope, dict) and scope.get("type") in ("http", "websocket"):
                return scope
    return None


def scope_of(frames: Sequence[FrameType]) -> dict[str, Any] | None:
    """The ASGI scope of the request that a stack serves; None if it serves none."""
    return next((scope for frame in reversed(frames) if (scope := connection_scope(frame)) is not None), None)


def is_debugged(frames: Sequence[FrameType]) -> bool:
    """Whether a debugger is at work in a stack: it is called from there, or it traces one of its frames."""
    return any(package_of(frame) in DEBUGGERS or may_stop(frame.f_trace) for frame in frames) or any(
        # A function that is at its first instruction calls nothing, except a trace function.
        frame.f_code.co_code[frame.f_lasti] == START
        for frame in frames[:-1]
        if frame.f_lasti >= 0
    )


def happens_once(frames: Iterable[FrameType], once: Collection[CodeType]) -> bool:
    """Whether a stack is in an import or in code that runs once, for which no later request has to wait."""
    return any(frame.f_code in once or (module_of(frame), frame.f_code.co_name) == IMPORT for frame in frames)


def call_of(frames: Sequence[FrameType], frame: FrameType) -> CallSite:
    """The call that a frame of a stack is in; the outermost frame is the first."""
    code = frame.f_code
    line, text = source_of(code, frame.f_lasti, frame.f_lineno)
    above = next(itertools.islice(frames, frames.index(frame) + 1, None), None)
    site = CallSite(Location(code.co_filename, line, qualified_name(code)), shortened(text), "")
    callee = (
        builtin_name(frame, site.function) if above is None else f"{module_of(above)}.{qualified_name(above.f_code)}"
    )
    return site._replace(callee=callee)


def qualified_name(code: CodeType) -> str:
    return code.co_qualname.rpartition("<locals>.")[2]


def source_of(code: CodeType, instruction: int, line: int | None) -> tuple[int, str]:
    """The line and the text of an instruction, where the source is there (PEP 657)."""
    position = next(itertools.islice(code.co_positions(), instruction // 2, None), (None,) * 4)
    first, last, start, end = position
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


def builtin_name(frame: FrameType, written: str) -> str:
    """The qualified name of a function that has no frame, such as `time.sleep`, found by how it is written."""
    root, *rest = written.split(".")
    value = frame.f_locals.get(root, frame.f_globals.get(root, vars(builtins).get(root)))
    # Only modules are looked into: to read an object's attribute may run code, in the wrong thread.
    while rest and isinstance(value, ModuleType):
        value = vars(value).get(rest.pop(0))
    if value is None or isinstance(value, ModuleType):
        return ""
    kind = value if inspect.isroutine(value) or inspect.isclass(value) else type(value)
    return ".".join([str(kind.__module__ or ""), kind.__qualname__, *rest]).strip(".")


def location_of(function: Callable[..., Any]) -> Location | None:
    """Where a function is defined; None for what was not written in Python."""
    inner: Any = inspect.unwrap(function)
    inner = getattr(inner, "func", inner)  # functools.partial
    code = getattr(inner, "__code__", None) or getattr(getattr(type(inner), "__call__", None), "__code__", None)
    return Location(code.co_filename, code.co_firstlineno, qualified_name(code)) if isinstance(code, CodeType) else None


def shown_path(file: str) -> str:
    """A path relative to the current folder, if it lies below."""
    path = Path(file)
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return file
