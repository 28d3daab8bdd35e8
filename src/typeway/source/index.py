"""List what all of the application's own functions call, assign and define, by name."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import FunctionType
from typing import Any, Final

from typeway.describe.syntax import statements_in
from typeway.source.asking import attributes_of, safely
from typeway.source.files import FunctionNode, SourceFile
from typeway.source.program import Function, Program, inner_of
from typeway.source.providers import by_product
from typeway.source.tables import ADDS, additions, root_of

# What applications and requests are told to keep: `app.state.client`, `app.client`.
STATES: Final = ("state", "app")


@dataclass(eq=False)
class Index:
    """Calls, assignments and properties of the application's own modules, as far as these have been imported.

    Parameters:
        program: the application's code.
    """

    program: Program
    made: dict[ast.AST, Function] = field(default_factory=dict)

    @cached_property
    def functions(self) -> list[Function]:
        """Every own function, those inside of others too."""
        found: list[Function] = []
        for names, file in self.program.files.modules():
            for function in self.defined(file.tree, file, names, None):
                found += [function, *self.inside(function)]
        return found

    def defined(
        self, node: ast.AST, file: SourceFile, names: Mapping[str, Any], owner: type[Any] | None
    ) -> Iterator[Function]:
        """The functions and methods that are defined in a module or a class."""
        here = vars(owner) if owner is not None else names
        for statement in statements_in(node):
            if isinstance(statement, FunctionNode):
                yield self.function(statement, file, names, here.get(statement.name), owner)
            elif isinstance(statement, ast.ClassDef):
                kind = here.get(statement.name)
                if isinstance(kind, type):
                    yield from self.defined(statement, file, names, kind)

    def function(
        self, node: FunctionNode, file: SourceFile, names: Mapping[str, Any], thing: Any, owner: type[Any] | None
    ) -> Function:
        """The function of a definition: the one that is found from its object, where the object is there."""
        held = (safely(getattr, thing, name) for name in ("fget", "__func__"))
        live = next((each for each in held if each is not None), thing)
        found = self.program.source(inner_of(live), owner)
        if found is not None and found.node is node:
            return found
        if node not in self.made:
            self.made[node] = Function(node, file, names, {}, owner)
        return self.made[node]

    def inside(self, function: Function) -> Iterator[Function]:
        for statement in function.statements:
            if isinstance(statement, FunctionNode):
                inner = self.program.inner(statement, function)
                yield inner
                yield from self.inside(inner)

    @cached_property
    def calls(self) -> Mapping[str, list[tuple[ast.Call, Function]]]:
        """The calls by the last part of the name that is called."""
        found: dict[str, list[tuple[ast.Call, Function]]] = {}
        for function in self.functions:
            for node in function.of(ast.Call):
                found.setdefault(last_name(node.func), []).append((node, function))
        return found

    def calls_of(self, name: str) -> list[tuple[ast.Call, Function]]:
        """The calls of what has a name, also by the other names that modules have for an own function."""
        names = [name, *self.others.get(name, ())]
        return [call for each in names for call in self.calls.get(each, ())]

    @cached_property
    def others(self) -> Mapping[str, set[str]]:
        """The other names of own functions, by their own: `save = store`, `save = partial(store)`."""
        found: dict[str, set[str]] = {}
        for names, _ in self.program.files.modules():
            for name, thing in list(names.items()):
                # A proxy that is not set up raises when it is asked for its class.
                kept = thing.func if type(thing) is functools.partial and not thing.args else thing
                if type(kept) is FunctionType and kept.__name__ != name:
                    found.setdefault(kept.__name__, set()).add(name)
        return found

    @cached_property
    def providers(self) -> Mapping[int, list[Any]]:
        """The providers of containers by the identity of what they make or call."""
        return by_product()

    @cached_property
    def states(self) -> Mapping[str, list[tuple[ast.expr, Function]]]:
        """What is kept in the state of an application or request, by name: `app.state.client = …`, a lifespan's dict."""
        found: dict[str, list[tuple[ast.expr, Function]]] = {}
        modules = [(self.program.module(file, names), file.outer) for names, file in self.program.files.modules()]
        outer = [(node, function) for function, nodes in modules for node in nodes]
        for node, function in [*self.stored, *outer]:
            for name, value in kept_in_state(node):
                found.setdefault(name, []).append((value, function))
        return found

    @cached_property
    def added(self) -> Mapping[str, list[tuple[ast.expr, int, ast.expr, bool, Function]]]:
        """What functions add to collections, by the last name of the collection; see `additions`."""
        found: dict[str, list[tuple[ast.expr, int, ast.expr, bool, Function]]] = {}
        calls = [entry for name in ADDS for entry in self.calls.get(name, ())]
        for node, function in [*calls, *self.stored]:
            for table, value, is_many in additions(node):
                root, depth = root_of(table)
                found.setdefault(last_name(root), []).append((root, depth, value, is_many, function))
        return found

    @cached_property
    def stored(self) -> list[tuple[ast.AST, Function]]:
        """The statements of own functions that assign something, or yield it."""
        kinds = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Yield)
        return [(node, each) for each in self.functions for kind in kinds for node in each.of(kind)]

    @cached_property
    def objects(self) -> Mapping[int, list[Any]]:
        """The objects of own classes that the modules hold, and those that these hold, by the identity of their class."""
        found: dict[int, list[Any]] = {}
        owned: dict[int, bool] = {}
        waiting, seen = (
            [thing for names, _ in self.program.files.modules() for thing in list(names.values())],
            set[int](),
        )
        while waiting:
            thing = waiting.pop()
            kind = type(thing)
            if id(kind) not in owned:
                owned[id(kind)] = self.program.owns(kind)
            if owned[id(kind)] and id(thing) not in seen:
                seen.add(id(thing))
                found.setdefault(id(kind), []).append(thing)
                waiting += attributes_of(thing).values()
        return found

    @cached_property
    def globals(self) -> Mapping[tuple[str, str], list[tuple[ast.expr, Function]]]:
        """What functions assign to the names of their modules, by file and name."""
        found: dict[tuple[str, str], list[tuple[ast.expr, Function]]] = {}
        for function in self.functions:
            names = {name for node in function.of(ast.Global) for name in node.names}
            for node in function.of(ast.Assign) if names else ():
                for target in node.targets:
                    if isinstance(target, ast.Name) and target.id in names:
                        found.setdefault((str(function.file.path), target.id), []).append((node.value, function))
        return found

    @cached_property
    def literals(self) -> frozenset[str]:
        """The names to which each module or class gives a literal in one place, and no function anything else."""
        found: dict[str, bool] = {}
        for _, file in self.program.files.modules():
            blocks: list[Iterable[ast.AST]] = [node.body for node in file.statements if isinstance(node, ast.ClassDef)]
            for block in [file.outer, *blocks]:
                once = set[str]()
                for name, value in (entry for node in block for entry in assigned_in(node)):
                    found[name] = found.get(name, True) and name not in once and is_literal(value)
                    once.add(name)
        return frozenset(name for name, is_one in found.items() if is_one and name not in self.renewed)

    @cached_property
    def renewed(self) -> frozenset[str]:
        """The names of globals and attributes that functions give another value, but for attributes of `self`."""
        found: set[str] = set()
        for node in (node for function in self.functions for node in function.statements):
            found.update(node.names if isinstance(node, ast.Global) else ())
            for target in node.targets if isinstance(node, ast.Assign) else ():
                if isinstance(target, ast.Attribute) and getattr(target.value, "id", "") != "self":
                    found.add(target.attr)
        return frozenset(found)

    @cached_property
    def special(self) -> frozenset[str]:
        """The names of the special methods that own classes have."""
        names = {function.node.name for function in self.functions if function.owner is not None}
        return frozenset(name for name in names if name.startswith("__"))

    @cached_property
    def properties(self) -> frozenset[str]:
        """The names of the own properties."""
        return frozenset(each.node.name for each in self.functions if any(map(is_property, each.node.decorator_list)))


def last_name(node: ast.expr) -> str:
    """The last part of a name: `save` of `self.repository.save`, `Repository` of `Repository[User]`."""
    node = node.value if isinstance(node, ast.Subscript) else node
    return str(getattr(node, "attr", getattr(node, "id", "")))


def assigned_in(node: ast.AST) -> Iterator[tuple[str, ast.expr | None]]:
    """The names to which a statement of a module or class assigns something, each with what it is, where that is clear."""
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None) or ast.Pass()]
    for part in (part for target in targets for part in ast.walk(target)):
        if isinstance(part, ast.Name):
            yield part.id, node.value if isinstance(node, ast.Assign | ast.AnnAssign) and part in targets else None


def is_literal(value: ast.expr | None) -> bool:
    match value:
        case ast.Call(func=ast.Name(id="frozenset" | "tuple" | "set"), args=[made]):
            return is_literal(made)
        case ast.Tuple(elts=entries) | ast.List(elts=entries) | ast.Set(elts=entries):
            return all(map(is_literal, entries))
    return isinstance(value, ast.Constant)


def kept_in_state(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                if isinstance(target, ast.Attribute) and is_in_state(target):
                    yield target.attr, value
        case ast.AnnAssign(target=ast.Attribute() as target, value=ast.expr() as value) if is_in_state(target):
            yield target.attr, value
        case ast.Yield(value=ast.Dict(keys=keys, values=values)):
            for key, value in zip(keys, values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield key.value, value


def is_in_state(node: ast.AST) -> bool:
    """Whether an expression is an attribute of something called `state` or `app`."""
    return isinstance(node, ast.Attribute) and last_name(node.value) in STATES


def is_property(decorator: ast.expr) -> bool:
    name = last_name(decorator.func if isinstance(decorator, ast.Call) else decorator)
    return name in ("property", "cached_property", "setter")
