"""Find the names that a callable's annotations may use: its module's, and those of the functions around it."""

import builtins
import functools
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import FrameType, FunctionType
from typing import Any, Final, ForwardRef, get_origin

# Where a function keeps what was found around it: the functions around it have ended when it is planned.
KEPT: Final = "__typeway_scope__"


@dataclass(slots=True, eq=False)
class Surroundings:
    """The local names that a function's annotations use."""

    found: dict[str, Any] = field(default_factory=dict)
    # The calls around it, while a name is missing: it may be assigned later, as a class further down in a factory is.
    frames: tuple[FrameType, ...] = ()

    def __contains__(self, name: str) -> bool:
        if name not in self.found:
            holder = next((frame for frame in self.frames if name in frame.f_locals), None)
            if holder is None:
                return False
            self.found[name] = holder.f_locals[name]
        return True


class Names(dict[str, Any]):
    """The names that the annotations of one callable, or of one module, may use; looked up when they are needed.

    A name that is not defined stands for itself as a ForwardRef, so that what is written around it still counts:
    `Annotated[Unknown, Depends(f)]` is a dependency. `missing` lists such names.
    """

    __slots__ = ("_around", "function", "missing", "module")

    def __init__(self, module: Mapping[str, Any], function: Any = None) -> None:
        super().__init__()
        self.module = module
        self.function = function
        self.missing: list[str] = []
        self._around: Surroundings | None = None

    def __missing__(self, name: str) -> Any:
        # What is local hides a global of the same name, as everywhere in Python.
        if name in self.around:
            return self.around.found[name]
        for known in (self.module, vars(builtins)):
            if name in known:
                return known[name]
        self.missing.append(name)
        return ForwardRef(name)

    @property
    def around(self) -> Surroundings:
        """What was found around the callable when it was first read, or what is around it now."""
        if self._around is None:
            holder = written(self.function)
            kept: Surroundings | None = getattr(holder, "__dict__", {}).get(KEPT)
            if kept is None:
                kept = Surroundings({**closure_of(holder), **parameters_of(holder)})
            self._around = Surroundings(kept.found, kept.frames or tuple(calls_around(holder, self.module)))
        return self._around

    def keep(self, *, calls: bool) -> None:
        """Keep what was found around the callable, for later readings; the calls too, where a name is still missing."""
        around = self._around
        if around is None or not (around.found or calls):
            return
        holder = written(self.function)
        if inspect.isfunction(holder):
            setattr(holder, KEPT, Surroundings(around.found, around.frames if calls else ()))


def parameters_of(holder: Any) -> dict[str, Any]:
    """The type parameters of a generic function (PEP 695)."""
    return {each.__name__: each for each in getattr(holder, "__type_params__", ())}


def closure_of(holder: Any) -> dict[str, Any]:
    """The names of the functions around one that its own code uses; those that have no value yet are left out."""
    if not isinstance(holder, FunctionType) or holder.__closure__ is None:
        return {}
    found = {}
    for name, cell in zip(holder.__code__.co_freevars, holder.__closure__, strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:
            continue
    return found


def calls_around(holder: Any, module: Mapping[str, Any]) -> Iterator[FrameType]:
    """The running calls, and class bodies, in which a function was defined: the innermost first."""
    parts = getattr(holder, "__qualname__", "").split(".")
    outer = {".".join(parts[:end]) for end in range(1, len(parts))}
    if not outer:
        return
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_code.co_qualname in outer and frame.f_globals is module:
            yield frame
        frame = frame.f_back


def unwrap(function: Any) -> Any:
    """The function or class that a stack of partials, wrappers, methods and generic aliases ends in."""
    for _ in range(100):  # a wrapper that names itself must not hang the declaration
        if type(function) is FunctionType and "__wrapped__" not in function.__dict__:
            return function  # PERF: nearly every endpoint; it is asked eight times while its route is declared
        inner: Any = function
        if isinstance(function, functools.partial):
            function = function.func
        elif hasattr(function, "__wrapped__"):
            function = inner.__wrapped__
        elif inspect.ismethod(function):
            function = function.__func__
        elif isinstance(getattr(function, "__origin__", None), type):
            function = inner.__origin__  # `Repository[User]` constructs a Repository
        else:
            return function
    return function


def candidates(function: Any) -> list[Any]:
    """Every function that calling this one may end in: itself, what it wraps, and its class's `__call__`."""
    inner = unwrap(function)
    if inner is function and type(function) is FunctionType:
        return [function]
    found = [function, inner]
    for entry in (function, inner):
        if not inspect.isclass(entry) and not inspect.isroutine(entry) and not inspect.isclass(get_origin(entry)):
            call = getattr(type(entry), "__call__", None)
            found += [call, unwrap(call)]
    return [entry for entry in found if entry is not None and not inspect.isclass(entry)]


def written(function: Any) -> Any:
    """Where a callable's parameters are written: in a class's constructor, in the `__call__` of an object's class."""
    inner = unwrap(function)
    if inspect.isclass(inner):
        return unwrap(inner.__init__)
    return inner if hasattr(inner, "__code__") else unwrap(getattr(type(inner), "__call__", inner))


def globals_of(function: Callable[..., Any]) -> dict[str, Any]:
    """The names of the module in which a callable is written."""
    module = sys.modules.get(getattr(unwrap(function), "__module__", None) or "")
    return getattr(written(function), "__globals__", None) or getattr(module, "__dict__", {})


def where(function: Any) -> str:
    """File and line of a callable's definition, as tracebacks and editors write it."""
    code = getattr(written(function), "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code is not None else repr(function)
