"""Read what the `raise` statements of a function raise, and with which status."""

from __future__ import annotations

import ast
import inspect
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import CodeType, FunctionType, ModuleType
from typing import Any, Final

from starlette.exceptions import HTTPException

from typeway.declare.problem import Problem
from typeway.declare.scope import closure_of, defining_function
from typeway.describe.syntax import statements_in
from typeway.exceptions import HTTPException as OwnHTTPException

# The constructors of the exceptions whose status can be read where they are raised, and their parameters.
KNOWN_CONSTRUCTORS: Final[tuple[Any, ...]] = (HTTPException.__init__, OwnHTTPException.__init__)
PARAMETERS: Final = ("status_code", "detail")

ValueOf = Callable[[ast.expr], Any]


@dataclass(frozen=True, slots=True)
class Raised:
    """What one `raise` statement raises.

    Parameters:
        kind: the exception's class.
        status: the status of the error response; None if the exception has none, or it is computed.
        detail: what an HTTPException says, where that is written out.
    """

    kind: type[BaseException]
    status: int | None = None
    detail: str | None = None


def raised_in(function: Callable[..., Any]) -> list[Raised]:
    """What a function's own body raises, if it names an HTTPException or a problem at all.

    Parameters:
        function: an endpoint or dependency; of a class its constructor is read, of a callable object its `__call__`.
    """
    inner = defining_function(function)
    if not isinstance(inner, FunctionType):
        return []
    names: Mapping[str, Any] = ChainMap(closure_of(inner), inner.__globals__)
    if not names_error(inner.__code__, names):
        return []
    try:
        source = inspect.getsource(inner)
        # What is defined inside something else is indented, and its texts of several lines may be less so.
        tree: ast.AST = ast.parse(source if source[:1].strip() else f"if True:\n{source}").body[0]
    except (OSError, SyntaxError, TypeError):  # no source: made by exec, or only compiled code was shipped
        return []
    if isinstance(tree, ast.If):
        tree = tree.body[0]
    found = (read_raise(statement, lambda expression: value_in(names, expression)) for statement in raises_of(tree))
    return list(dict.fromkeys(raised for raised in found if raised is not None))


def raises_of(function: ast.AST) -> Iterator[ast.Raise]:
    """The statements of a function's own body that raise something; the functions in it are not called yet."""
    for statement in statements_in(function):
        if isinstance(statement, ast.Raise) and statement.exc is not None:
            yield statement


def read_raise(statement: ast.Raise, value_of: ValueOf) -> Raised | None:
    """What one statement raises; None if its class is not known.

    Parameters:
        statement: the statement.
        value_of: returns the object that an expression stands for, or None if that is not known.
    """
    call = statement.exc
    kind = None if call is None else value_of(call.func if isinstance(call, ast.Call) else call)
    if not isinstance(kind, type) or not issubclass(kind, BaseException):
        return None
    if issubclass(kind, Problem):
        return Raised(kind, kind.status)
    if not issubclass(kind, HTTPException) or kind.__init__ not in KNOWN_CONSTRUCTORS or not isinstance(call, ast.Call):
        return Raised(kind)
    given = dict(zip(PARAMETERS, call.args, strict=False)) | {
        each.arg: each.value for each in call.keywords if each.arg
    }
    status, detail = (value_of(given[name]) if name in given else None for name in PARAMETERS)
    if not isinstance(status, int) or isinstance(status, bool) or not 400 <= status <= 599:
        return Raised(kind)
    return Raised(kind, int(status), detail if isinstance(detail, str) else None)


def names_error(code: CodeType, names: Mapping[str, Any]) -> bool:
    """Whether a function names an HTTPException at all: most do not, and their source need not be read."""
    used = {*code.co_names, *code.co_freevars}
    values = [names.get(name) for name in used]
    modules = [value for value in values if isinstance(value, ModuleType)]
    values += [vars(module).get(name) for module in modules for name in used]
    return any(isinstance(value, type) and issubclass(value, HTTPException) for value in values)


def value_in(names: Mapping[str, Any], expression: ast.expr) -> Any:
    """The object that a literal, a name, or a name in a module or class stands for; None for all else."""
    match expression:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return names.get(name)
        case ast.Attribute(value=inner, attr=name):
            holder = value_in(names, inner)
            return getattr(holder, name, None) if isinstance(holder, (ModuleType, type)) else None
    return None
