"""Look names up in modules and classes without running anything."""

from __future__ import annotations

import inspect
import sys
from types import ModuleType
from typing import Any

from typeway.check.read.program import Function
from typeway.check.read.values import Instance, Method, Named, Value, known
from typeway.declare.annotation import resolve
from typeway.declare.scope import Namespace


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
    """What a name of a module stands for; nothing is run to find out."""
    if name in vars(module):
        return known(vars(module)[name])
    inside = sys.modules.get(f"{module.__name__}.{name}")
    return known(inside) if inside is not None else Named(f"{module.__name__}.{name}")


def class_member(kind: type[Any], name: str) -> Value | None:
    found = inspect.getattr_static(kind, name, None)
    if isinstance(found, classmethod):
        return Method(Instance(kind), name, found)
    if isinstance(found, staticmethod):
        return known(found.__func__)
    return known(found) if found is not None else None


def meaning(annotation: Any, names: Namespace) -> Any:
    """What an annotation in the source means; Any where nobody could say: most are never evaluated while it runs."""
    try:
        return resolve(annotation, names)
    except (AttributeError, LookupError, NameError, SyntaxError, TypeError, ValueError):
        return Any
