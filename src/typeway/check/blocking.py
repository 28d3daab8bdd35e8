"""Recognize, among the objects of this process, the functions and methods that block their thread."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable
from typing import Any, NamedTuple

from typeway.check.read.values import dotted
from typeway.watch.blocking import FUNCTIONS, LOCAL, METHODS, Cause, cause_of


class Blocking(NamedTuple):
    """Something in the source that blocks its thread.

    Parameters:
        node: the call, or the expression.
        name: its name for people.
        cause: why it blocks.
        is_sure: whether it is known to be this, and not one of several things.
    """

    node: ast.AST
    name: str
    cause: Cause
    is_sure: bool


class Catalogue:
    """What is known to block, with its names resolved to the objects of this process.

    Parameters:
        added: qualified names of what blocks besides: functions, methods, or classes whose public methods all do.
    """

    def __init__(self, added: Iterable[str] = ()) -> None:
        self.added: frozenset[str] = frozenset(name.removesuffix("()").removesuffix(".*") for name in added)
        self.names: frozenset[str] = FUNCTIONS | self.added
        things = {name: loaded(name) for name in self.names}
        self.functions: dict[int, str] = {
            id(thing): name for name, thing in things.items() if callable(thing) and not isinstance(thing, type)
        }
        self.listed: dict[int | str, tuple[str, frozenset[str] | None]] = {}
        for classes, methods in METHODS:
            for entry in classes:
                self.list_class(entry, methods)
        for name in self.added:
            owner, _, method = name.rpartition(".")
            if isinstance(loaded(name), type):
                self.list_class(name, None)
            elif isinstance(loaded(owner), type):
                known = self.listed.get(owner, ("", frozenset[str]()))[1] or frozenset[str]()
                self.list_class(owner, known | {method})

    def list_class(self, name: str, methods: frozenset[str] | None) -> None:
        self.listed[name] = (name, methods)
        kind = loaded(name)
        if isinstance(kind, type):
            self.listed[id(kind)] = (name, methods)

    def function(self, thing: Any) -> str | None:
        """The usual name of a function that blocks; None for any other."""
        return self.functions.get(id(thing))

    def named(self, name: str) -> Cause | None:
        """Why something blocks whose module has not been imported, if it does."""
        owner, _, verb = name.rpartition(".")
        if name in self.names or owner in self.added:
            return cause_of(name)
        is_class = owner.rpartition(".")[2][:1].isupper()
        is_resource = name.startswith("stripe.") and is_class and not verb.startswith("construct")
        return cause_of(name) if is_resource else None

    def method(self, kind: type[Any] | str, name: str) -> Cause | None:
        """Why a method of a class blocks, if it does."""
        parents = [kind] if isinstance(kind, str) else type.mro(kind)
        for parent in parents:
            entry = self.listed.get(id(parent)) or self.listed.get(
                parent if isinstance(parent, str) else dotted(parent)
            )
            if entry is not None:
                listed, methods = entry
                blocks = name in methods if methods is not None else not name.startswith("_") and name not in LOCAL
                # A resource of boto3 makes others by methods that are called like classes.
                if blocks and not name[:1].isupper():
                    return cause_of(listed)
                if listed not in self.added and listed not in {added.rpartition(".")[0] for added in self.added}:
                    return None
        return None


def loaded(name: str) -> Any:
    """What has a qualified name, if its module has been imported: a name of the module, or of a class in it."""
    module, _, attribute = name.rpartition(".")
    if module in sys.modules:
        return vars(sys.modules[module]).get(attribute)
    outer, _, owner = module.rpartition(".")
    kind = vars(sys.modules[outer]).get(owner) if outer in sys.modules else None
    return vars(kind).get(attribute) if isinstance(kind, type) else None
