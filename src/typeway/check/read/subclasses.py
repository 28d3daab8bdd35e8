"""Find what implements a method that its class only declares."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, Final, Protocol

from typeway.check.read.index import Index, last_name
from typeway.check.read.program import Function
from typeway.check.read.values import Infers

# With more implementations than these nobody can say which one is meant.
MOST_IMPLEMENTATIONS: Final = 3


class Indexed(Infers, Protocol):
    """What infers, and has an index of the program."""

    index: Index


def is_stub(function: Function | None) -> bool:
    """Whether a function only declares what its subclasses do: it is abstract, or its body says nothing."""
    if function is None:
        return False
    if any(last_name(part) == "abstractmethod" for part in function.node.decorator_list):
        return True
    return function.owner is not None and all(map(says_nothing, function.node.body))


def says_nothing(statement: ast.stmt) -> bool:
    match statement:
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Raise(exc=ast.Name(id="NotImplementedError") | ast.Call(func=ast.Name(id="NotImplementedError"))):
            return True
    return False


def overriding(inference: Indexed, kind: type[Any], name: str) -> list[Function]:
    """The own functions that implement a method of a class: those of its subclasses, or of what has a Protocol's shape."""
    found: dict[Function, None] = {}
    kinds = shaped(inference, kind) if getattr(kind, "_is_protocol", False) else below(kind)
    for below_kind in kinds:
        function = inference.program.method(below_kind, name)
        if function is not None and not is_stub(function):
            found[function] = None
    return [*found] if len({function.node for function in found}) <= MOST_IMPLEMENTATIONS else []


def below(kind: type[Any]) -> Iterator[type[Any]]:
    for child in type.__subclasses__(kind):
        yield child
        yield from below(child)


def shaped(inference: Indexed, protocol: type[Any]) -> Iterator[type[Any]]:
    """The own classes that have every method of a Protocol."""
    wanted = {name for name, value in vars(protocol).items() if callable(value) and not name.startswith("_")}
    owners = {function.owner for function in inference.index.functions if function.owner is not None}
    for owner in sorted(owners, key=lambda owner: (owner.__module__, owner.__qualname__)):
        if wanted and not getattr(owner, "_is_protocol", False) and all(hasattr(owner, name) for name in wanted):
            yield owner
