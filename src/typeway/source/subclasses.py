"""Find what implements a method that its class only declares."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping
from typing import Any, Final, Protocol

from typeway.source.asking import declares, safely
from typeway.source.bindings import Binding
from typeway.source.index import Index, last_name
from typeway.source.program import Function
from typeway.source.providers import Provides
from typeway.source.values import Instance, Known, known
from typeway.watch.catalogue import module_and_name

# With more implementations than these nobody can say which one is meant.
MOST_IMPLEMENTATIONS: Final = 3


class Indexed(Provides, Protocol):
    """What infers, and has an index of the program."""

    index: Index

    def bindings(self, function: Function) -> Mapping[str, list[Binding]]:
        """Where the local names of a function get their values."""
        ...


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
    kinds = shaped(inference, kind) if is_protocol(kind) else below(kind)
    for below_kind in kinds:
        function = inference.program.method(below_kind, name)
        if function is not None and not is_stub(function):
            found[function] = None
    return [*found] if len({function.node for function in found}) <= MOST_IMPLEMENTATIONS else []


def below(kind: type[Any]) -> Iterator[type[Any]]:
    for child in type.__subclasses__(kind):
        yield child
        yield from below(child)


def is_protocol(kind: Any) -> bool:
    """Whether a class is a Protocol itself, and does not merely derive from one."""
    return isinstance(kind, type) and inspect.getattr_static(kind, "_is_protocol", False) is True


def kept_by(kind: type[Any], name: str) -> Known | Instance | None:
    """The object that a class keeps for all of its objects, such as a client; None where subclasses have others."""
    found = inspect.getattr_static(kind, name, None)
    # What text, numbers and collections are says little; a descriptor gives something else than itself.
    is_plain = module_and_name(type(found))[0] == "builtins" or callable(found) or declares(type(found), "__get__")
    return None if is_plain or any(name in vars(each) for each in below(kind)) else known(found)


def shaped(inference: Indexed, protocol: type[Any]) -> Iterator[type[Any]]:
    """The own classes that have every method of a Protocol."""
    wanted = {name: value for name, value in vars(protocol).items() if callable(value) and not name.startswith("_")}
    called = inference.program.method(protocol, "__call__") if "__call__" in vars(protocol) else None
    owners = {function.owner for function in inference.index.functions if function.owner is not None}
    for owner in sorted(owners, key=module_and_name):
        if is_protocol(owner) or not all(fits(owner, *each) for each in wanted.items()):
            continue
        own = inference.program.method(owner, "__call__") if called is not None else None
        if is_called_alike(called, own) if called is not None else wanted:
            yield owner


def fits(owner: type[Any], name: str, declared: object) -> bool:
    """Whether a class has a method that a Protocol declares. What callers await is not implemented by a plain `def`."""
    own: Any = safely(getattr, owner, name)
    awaited = inspect.iscoroutinefunction(declared) and inspect.isfunction(own)
    return own is not None and (not awaited or inspect.iscoroutinefunction(inspect.unwrap(own)))


def is_called_alike(one: Function, other: Function | None) -> bool:
    """Whether two functions have the same parameters: nearly any object can be called, and few are meant."""
    return other is not None and (other.positional, other.is_async) == (one.positional, one.is_async)
