"""Look names up in modules and classes without running anything."""

from __future__ import annotations

import ast
import inspect
import sys
from contextlib import suppress
from enum import EnumMeta
from types import ModuleType
from typing import Any, Final, TypeVar

from typeway.declare.annotation import resolve
from typeway.declare.scope import Namespace
from typeway.source.asking import attributes_of, safely
from typeway.source.program import Function
from typeway.source.values import Infers, Instance, Method, Named, Value, instance_of, is_missing, known
from typeway.watch.catalogue import module_and_name

# The package that is this framework.
OWN: Final = __name__.partition(".")[0]


def imported(name: str, function: Function) -> Value | None:
    """What an import statement inside a function imports, without importing it."""
    if name.startswith("."):
        package = str(function.names.get("__package__") or "")
        level = len(name) - len(name.lstrip("."))
        above = package.split(".")[: len(package.split(".")) - level + 1]
        name = ".".join([*above, name.lstrip(".")])
    if name in sys.modules:
        return known(sys.modules[name])
    module, _, attribute = name.rpartition(".")
    if module in sys.modules:
        return member_of(sys.modules[module], attribute)
    return Named(name)


def member_of(module: ModuleType, name: str) -> Value | None:
    """What a name of a module stands for; nothing of the application or of another package is run to find out."""
    held = attributes_of(module)
    own = held.get("__name__")
    if OWN in (own, module_and_name(type(module))[0].partition(".")[0]):
        # The framework's modules, and those that stand for FastAPI's, import a name when it is first used.
        with suppress(AttributeError, ImportError):
            return known(getattr(module, name))
    if name in held:
        return known(held[name])
    inside = sys.modules.get(f"{own}.{name}")
    return known(inside) if inside is not None else Named(f"{own}.{name}")


def class_member(kind: type[Any], name: str) -> Value | None:
    # Some enumerations, such as HTTPStatus, have a property where others have the member.
    found: Any = kind.__members__.get(name) if isinstance(kind, EnumMeta) else None
    found = inspect.getattr_static(kind, name, None) if found is None else found
    if issubclass(type(found), classmethod):
        return Method(Instance(kind), name, found)
    if issubclass(type(found), staticmethod):
        return known(found.__func__)
    return known(found) if found is not None else None


def named_by(inference: Infers, call: ast.Call, function: Function) -> Value | None:
    """What `getattr()` gives by a name that is written out; or of what has the methods of HTTP, any of these."""
    held, name = (*call.args, None, None)[:2]
    if held is None or name is None:
        return None
    names = [name.value] if isinstance(name, ast.Constant) else ["get", "post", "request"]
    attributes = (ast.copy_location(ast.Attribute(held, str(each), ast.Load()), call) for each in names)
    found = [inference.value(each, function) for each in attributes]
    return None if None in found or any(map(is_missing, found)) else found[-1]


def meaning(annotation: Any, names: Namespace) -> Any:
    """What an annotation in the source means; Any where nobody could say: most are never evaluated while it runs."""
    try:
        return resolve(annotation, names)
    except (Exception, SystemExit):  # noqa: BLE001  an annotation may be any object, and its text any call
        return Any


def returned_by(found: Any) -> Any:
    """The return annotation of a function of another package, which may be text that only its module understands."""
    found = found.__func__ if issubclass(type(found), classmethod | staticmethod) else found
    says = safely(getattr, found, "__annotations__") if safely(inspect.isroutine, found) else None
    returns = says.get("return") if type(says) is dict else None
    is_text = type(returns) is str and returns != "Self"
    return meaning(returns, Namespace(safely(getattr, found, "__globals__") or {})) if is_text else returns


def foreign(found: Any, owner: Instance) -> Instance | None:
    """What a method of another package returns by its annotation: a class, or its own kind."""
    returns = returned_by(found)
    # What a class makes in another way is mostly annotated with a variable for the class: `from_connection_string()`.
    is_another = (
        issubclass(type(found), classmethod)
        and (returns is None or type(returns) is TypeVar)
        and str(safely(getattr, found, "__name__")).startswith("from_")
    )
    if is_another or (returns if type(returns) is str else safely(getattr, returns, "_name")) == "Self":
        return owner
    return instance_of(returns) if isinstance(returns, type) else None
