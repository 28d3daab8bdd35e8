"""Recognize, among the objects of this process, the functions and methods that block their thread."""

from __future__ import annotations

import sys
from typing import Any

from typeway.check.read.values import dotted
from typeway.watch.blocking import FUNCTIONS, LOCAL, METHODS, Cause, cause_of


class Catalogue:
    """What is known to block, with its names resolved to the objects of this process."""

    def __init__(self) -> None:
        self.functions: dict[int, str] = {id(thing): name for name in FUNCTIONS if (thing := loaded(name)) is not None}
        self.methods: dict[tuple[type[Any] | str, str], Cause | None] = {}

    def function(self, thing: Any) -> str | None:
        """The usual name of a function that blocks; None for any other."""
        return self.functions.get(id(thing))

    def method(self, kind: type[Any] | str, name: str) -> Cause | None:
        """Why a method of a class blocks, if it does."""
        key = (kind, name)
        if key not in self.methods:
            self.methods[key] = read_method(kind, name)
        return self.methods[key]


def read_method(kind: type[Any] | str, name: str) -> Cause | None:
    parents = {kind} if isinstance(kind, str) else {*type.mro(kind), *map(dotted, type.mro(kind))}
    for classes, methods in METHODS:
        is_listed = name in methods if methods is not None else not name.startswith("_") and name not in LOCAL
        if is_listed:
            for entry in classes:
                if entry in parents or loaded(entry) in parents:
                    return cause_of(entry)
    return None


def loaded(name: str) -> Any:
    """What has a qualified name, if its module has been imported."""
    module, _, attribute = name.rpartition(".")
    return vars(sys.modules[module]).get(attribute) if module in sys.modules else None
