"""Find the errors that a function raises in its own body, by reading its source."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from textwrap import dedent
from types import CodeType, FunctionType, ModuleType
from typing import Any, Final

from starlette.exceptions import HTTPException

from typeway.declare.problem import Problem
from typeway.declare.scope import unwrap
from typeway.exceptions import HTTPException as OwnHTTPException


@dataclass(frozen=True, slots=True)
class Raised:
    """One error that a function raises.

    Parameters:
        kind: the exception's class.
        status: the status that it is answered with.
        detail: what it says, where that is written out.
    """

    kind: type[HTTPException]
    status: int
    detail: str | None


def raised_in(function: Callable[..., Any]) -> list[Raised]:
    """The HTTPExceptions of a literal status, and the problems, that a function's own body raises.

    Parameters:
        function: an endpoint or dependency; of a class its constructor is read, of a callable object its call.
    """
    inner = body_of(function)
    if inner is None:
        return []
    names = Names(inner)
    if not names.know_any(inner.__code__):
        return []
    try:
        tree = ast.parse(dedent(inspect.getsource(inner)))
    except (OSError, SyntaxError, TypeError):  # no source: made by exec, or only compiled code was shipped
        return []
    found = (raised for statement in raises_of(tree.body[0]) if (raised := names.read(statement)) is not None)
    return list(dict.fromkeys(found))


def body_of(function: Any) -> FunctionType | None:
    """The Python function that runs when something is called."""
    inner = unwrap(function)
    if inspect.isclass(inner):
        inner = unwrap(inner.__init__)
    elif not inspect.isfunction(inner):
        inner = unwrap(getattr(type(inner), "__call__", None))
    return inner if isinstance(inner, FunctionType) else None


def raises_of(tree: ast.AST) -> Iterator[ast.expr]:
    """What a function raises itself; the functions in it are called by nobody yet."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            continue
        if isinstance(node, ast.Raise) and node.exc is not None:
            yield node.exc
        yield from raises_of(node)


class Names:
    """What the names in a function mean: those around it, then those of its module."""

    def __init__(self, function: FunctionType) -> None:
        self.globals = function.__globals__
        self.around: dict[str, Any] = {}
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            try:
                self.around[name] = cell.cell_contents
            except ValueError:  # not assigned yet
                continue

    def know_any(self, code: CodeType) -> bool:
        """Whether a function names an error at all: most do not, and their source need not be read."""
        used = {*code.co_names, *code.co_freevars}
        values = [self.look_up(name) for name in used]
        modules = [value for value in values if isinstance(value, ModuleType)]
        values += [vars(module).get(name) for module in modules for name in used]
        return any(is_error(value) for value in values)

    def look_up(self, name: str) -> Any:
        return self.around.get(name, self.globals.get(name))

    def value_of(self, expression: ast.expr) -> Any:
        """What a literal, a name or a name in a module or class stands for; None for all else."""
        if isinstance(expression, ast.Constant):
            return expression.value
        if isinstance(expression, ast.Name):
            return self.look_up(expression.id)
        if isinstance(expression, ast.Attribute):
            holder = self.value_of(expression.value)
            if isinstance(holder, (ModuleType, type)):
                return getattr(holder, expression.attr, None)
        return None

    def read(self, expression: ast.expr) -> Raised | None:
        """What one `raise` raises, if it is an error of a known status."""
        arguments = Arguments()
        if isinstance(expression, ast.Call):
            arguments = Arguments(expression.args, {each.arg: each.value for each in expression.keywords})
            expression = expression.func
        kind = self.value_of(expression)
        if not is_error(kind):
            return None
        if issubclass(kind, Problem):
            return Raised(kind, kind.status, None)
        if kind.__init__ not in KNOWN_CONSTRUCTORS:
            return None
        status, detail = (self.value_of(arguments.get(place, name)) for place, name in enumerate(PARAMETERS))
        if not isinstance(status, int) or isinstance(status, bool) or not 400 <= status <= 599:
            return None
        return Raised(kind, int(status), detail if isinstance(detail, str) else None)


class Arguments:
    """What a call passes."""

    def __init__(self, positional: list[ast.expr] | None = None, named: dict[str | None, ast.expr] | None = None):
        self.positional = positional or []
        self.named = named or {}

    def get(self, place: int, name: str) -> ast.expr:
        if place < len(self.positional):
            return self.positional[place]
        return self.named.get(name, ast.Constant(None))


# What the constructors of the exceptions take whose status can be read where they are raised.
PARAMETERS: Final = ("status_code", "detail")
KNOWN_CONSTRUCTORS: Final[tuple[Any, ...]] = (HTTPException.__init__, OwnHTTPException.__init__)


def is_error(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, HTTPException)
