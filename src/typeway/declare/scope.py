"""Find the names that the annotations of a callable may use: those of its module and of the enclosing functions."""

import builtins
import functools
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, FunctionType
from typing import Any, Final, ForwardRef, get_origin

# The attribute in which a function keeps its enclosing scope: the enclosing functions have returned when it is planned.
SCOPE_ATTRIBUTE: Final = "__typeway_scope__"


@dataclass(slots=True, eq=False)
class EnclosingScope:
    """The local names of enclosing functions and classes that the annotations of a function use."""

    found: dict[str, Any] = field(default_factory=dict)
    # The enclosing calls, while a name is missing: it may be assigned later, like a class further down in a factory.
    frames: tuple[FrameType, ...] = ()

    def __contains__(self, name: str) -> bool:
        if name not in self.found:
            holder = next((frame for frame in self.frames if name in frame.f_locals), None)
            if holder is None:
                return False
            self.found[name] = holder.f_locals[name]
        return True


class Namespace(dict[str, Any]):
    """The names that the annotations of one callable or one module may use; each is looked up when it is used.

    A name that is not defined becomes a ForwardRef, so that the rest of the annotation can be evaluated:
    `Annotated[Unknown, Depends(f)]` is a dependency. `missing` lists such names.
    """

    __slots__ = ("_around", "function", "missing", "module")

    def __init__(self, module: Mapping[str, Any], function: Any = None) -> None:
        super().__init__()
        self.module: Mapping[str, Any] = module
        self.function: Any = function
        self.missing: list[str] = []
        self._around: EnclosingScope | None = None

    def __missing__(self, name: str) -> Any:
        # A local name hides a global one, as in all Python code.
        if name in self.around:
            return self.around.found[name]
        for known in (self.module, vars(builtins)):
            if name in known:
                return known[name]
        self.missing.append(name)
        return ForwardRef(name)

    @property
    def around(self) -> EnclosingScope:
        """The scope that enclosed the callable when it was first read, or else the one that encloses it now."""
        if self._around is None:
            holder = defining_function(self.function)
            kept: EnclosingScope | None = getattr(holder, "__dict__", {}).get(SCOPE_ATTRIBUTE)
            if kept is None:
                kept = EnclosingScope({**closure_of(holder), **type_parameters_of(holder)})
            self._around = EnclosingScope(kept.found, kept.frames or tuple(calls_around(holder, self.module)))
        return self._around

    def keep(self, *, calls: bool) -> None:
        """Store the enclosing scope for later readings; with the enclosing calls if a name is still missing."""
        around = self._around
        if around is None or not (around.found or calls):
            return
        holder = defining_function(self.function)
        if inspect.isfunction(holder):
            setattr(holder, SCOPE_ATTRIBUTE, EnclosingScope(around.found, around.frames if calls else ()))


def type_parameters_of(holder: Any) -> dict[str, Any]:
    """Return the type parameters of a generic function (PEP 695)."""
    return {each.__name__: each for each in getattr(holder, "__type_params__", ())}


def closure_of(holder: Any) -> dict[str, Any]:
    """Return the names of enclosing functions that the function's own code uses, without those not assigned yet."""
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
    """Yield the running calls and class bodies in which a function was defined, the innermost first."""
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
    """Return the function or class inside of partials, wrappers, methods and generic aliases."""
    for _ in range(100):  # a wrapper of itself must not hang the declaration
        if type(function) is FunctionType and "__wrapped__" not in function.__dict__:
            return function  # PERF: nearly every endpoint, and each declaration of a route calls this eight times
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
    """Return every function that a call may reach: the callable, what it wraps, and the `__call__` of its class."""
    inner = unwrap(function)
    if inner is function and type(function) is FunctionType:
        return [function]
    found = [function, inner]
    for entry in (function, inner):
        if not inspect.isclass(entry) and not inspect.isroutine(entry) and not inspect.isclass(get_origin(entry)):
            call = getattr(type(entry), "__call__", None)
            found += [call, unwrap(call)]
    return [entry for entry in found if entry is not None and not inspect.isclass(entry)]


def defining_function(function: Any) -> Any:
    """Return the function that defines the parameters: a class's `__init__`, or the `__call__` of an object's class."""
    inner = unwrap(function)
    if inspect.isclass(inner):
        return unwrap(inner.__init__)
    return inner if hasattr(inner, "__code__") else unwrap(getattr(type(inner), "__call__", inner))


def globals_of(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the namespace of the module in which a callable is defined."""
    module = sys.modules.get(getattr(unwrap(function), "__module__", None) or "")
    return getattr(defining_function(function), "__globals__", None) or getattr(module, "__dict__", {})


def place_in_source(function: Any, shorten: Callable[[Path], Path]) -> str:
    """Return file and line of a function or class with its decorators; its name where no source is known.

    Parameters:
        shorten: returns the path to show for that of the file.
    """
    while hasattr(function, "func"):
        function = function.func
    try:
        inner = inspect.unwrap(function)
        file, line = inspect.getsourcefile(inner), inspect.getsourcelines(inner)[1]
    except (OSError, TypeError):
        return getattr(function, "__qualname__", type(function).__qualname__)
    return f"{shorten(Path(file or ''))}:{line}"


def where(function: Any) -> str:
    """Return file and line of a callable's definition, in the form that tracebacks and editors use."""
    code = getattr(defining_function(function), "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code is not None else repr(function)
