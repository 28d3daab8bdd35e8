"""Recognize, among the objects of this process, the functions and methods that block their thread."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable
from dataclasses import replace
from types import FunctionType
from typing import Any, NamedTuple

from typeway.watch.blocking import Cause, cause_of
from typeway.watch.catalogue import (
    ALL,
    Entry,
    is_asynchronous,
    listed,
    listed_as,
    loaded,
    module_and_name,
    names_of,
    owner_of,
)


class Blocking(NamedTuple):
    """Something in the source that blocks its thread.

    Parameters:
        node: the call, or the expression.
        name: its name for people.
        cause: why it blocks.
        is_sure: whether it is known to be this, and not one of several things.
        kind: the class whose method is called; None where it is none.
    """

    node: ast.AST
    name: str
    cause: Cause
    is_sure: bool
    kind: type[Any] | str | None = None


class Catalogue:
    """What is known to block, with its names resolved to the objects of this process.

    Parameters:
        added: qualified names of what blocks besides: functions, methods, or classes whose public methods all do.
    """

    def __init__(self, added: Iterable[str] = ()) -> None:
        self.added: frozenset[str] = frozenset(name.removesuffix("()").removesuffix(".*") for name in added)
        self.names: frozenset[str] = frozenset(listed().functions) | self.added
        self.entries: dict[str, Entry] = {**listed().entries}
        for name in self.added:
            owner, _, method = name.rpartition(".")
            if isinstance(loaded(name), type):
                self.entries[name] = Entry({ALL})
            elif isinstance(loaded(owner), type):
                known = self.entries.get(owner, Entry())
                self.entries[owner] = replace(known, waits=known.waits | {method})
        # Functions and classes may have been defined elsewhere than where they are imported from.
        self.functions: dict[int, str] = {}
        self.classes: dict[int, str] = {}
        for owner, entry in self.entries.items():
            kind = loaded(owner)
            if isinstance(kind, type):
                self.classes[id(kind)] = owner
            else:
                self.functions |= {id(loaded(f"{owner}.{name}")): f"{owner}.{name}" for name in entry.waits}
        self.functions |= {id(loaded(name)): name for name in self.added if not isinstance(loaded(name), type)}
        self.functions.pop(id(None), None)
        self.methods: dict[tuple[int | str, str], str | None] = {}

    def function(self, thing: Any) -> str | None:
        """The usual name of a function that blocks; None for any other."""
        # By `type()`: a proxy may say the class of something else, or raise when it is asked.
        if type(thing) is not FunctionType or id(thing) in self.functions:
            return self.functions.get(id(thing)) if not issubclass(type(thing), type) else None
        # Some packages import a function each time that somebody asks for it, and keep it nowhere under its usual name.
        home, module = (str(each) for each in (thing.__globals__.get("__name__"), thing.__module__))
        if home.partition(".")[0] != module.partition(".")[0] or inspect.iscoroutinefunction(thing):
            return None
        return next((name for name in names_of(module, thing.__qualname__) if name in self.names), None)

    def named(self, name: str) -> Cause | None:
        """Why something blocks whose module has not been imported, if it does."""
        owner, _, verb = name.rpartition(".")
        if name in self.names or owner in self.added:
            return cause_of(name)
        is_class = owner.rpartition(".")[2][:1].isupper()
        is_resource = name.startswith("stripe.") and is_class and not verb.startswith("construct")
        return cause_of(name) if is_resource and not is_asynchronous(name) else None

    def needs(self, name: str) -> str:
        """The argument without which a function or method does not block; empty if it always does."""
        owner, _, verb = name.rpartition(".")
        return self.entries[owner].given.get(verb, "") if owner in self.entries else ""

    def method(self, kind: type[Any] | str, name: str) -> str | None:
        """The name in the catalogue of a method that blocks; None for any other.

        Of a class and those it derives from, the nearest that is listed counts: a pipeline of redis only collects what
        a client sends. What hangs below a client is listed with the client.
        """
        key = (kind if isinstance(kind, str) else id(kind), name)
        if key not in self.methods:
            self.methods[key] = self.look_up(kind, name)
        return self.methods[key]

    def look_up(self, kind: type[Any] | str, name: str) -> str | None:
        if isinstance(kind, str):
            owner = kind if kind in self.entries else owner_of(kind)
            return f"{owner}.{name}" if owner and self.entries[owner].blocks(name) else None
        for parent in type.mro(kind):
            owner = self.classes.get(id(parent)) or listed_as(*module_and_name(parent))
            # The asynchronous clients of some packages derive from the others.
            if not owner and is_asynchronous(".".join(module_and_name(parent))):
                return None
            if not owner:
                continue
            if inspect.iscoroutinefunction(inspect.getattr_static(kind, name, None)):
                return None
            if self.entries[owner].blocks(name):
                return f"{owner}.{name}"
            if owner not in self.added and owner not in {added.rpartition(".")[0] for added in self.added}:
                return None
        return None
