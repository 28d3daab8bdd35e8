"""List what all of the application's own functions call, assign and define, by name."""

from __future__ import annotations

import ast
import functools
import inspect
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import FunctionType
from typing import Any

from typeway.check.read.files import FunctionNode, SourceFile
from typeway.check.read.program import Function, Program, inner_of
from typeway.describe.syntax import statements_in


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
        for names, file in self.modules():
            for function in self.defined(file.tree, file, names, None):
                found += [function, *self.inside(function)]
        return found

    def modules(self) -> Iterator[tuple[Mapping[str, Any], SourceFile]]:
        """The own modules that have been imported, each with its names."""
        for module in list(sys.modules.values()):
            path = getattr(module, "__file__", None)
            file = self.program.files.file(path) if isinstance(path, str) and path.endswith(".py") else None
            if file is not None:
                yield vars(module), file

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
        thing = getattr(thing, "fget", None) or getattr(thing, "__func__", None) or thing
        live = inner_of(thing) if thing is not None else None
        if inspect.isfunction(live) and live.__code__.co_firstlineno in file.functions:
            found = self.program.source(live, owner)
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
            for node in function.body:
                if isinstance(node, ast.Call):
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
        for names, _ in self.modules():
            for name, thing in list(names.items()):
                # A proxy that is not set up raises when it is asked for its class.
                kept = thing.func if type(thing) is functools.partial and not thing.args else thing
                if type(kept) is FunctionType and kept.__name__ != name:
                    found.setdefault(kept.__name__, set()).add(name)
        return found

    @cached_property
    def states(self) -> Mapping[str, list[tuple[ast.expr, Function]]]:
        """What is kept in the state of an application or request, by name: `app.state.client = …`, a lifespan's dict."""
        found: dict[str, list[tuple[ast.expr, Function]]] = {}
        for function in self.functions:
            for node in function.body:
                for name, value in kept_in_state(node):
                    found.setdefault(name, []).append((value, function))
        return found

    @cached_property
    def globals(self) -> Mapping[tuple[str, str], list[tuple[ast.expr, Function]]]:
        """What functions assign to the names of their modules, by file and name."""
        found: dict[tuple[str, str], list[tuple[ast.expr, Function]]] = {}
        for function in self.functions:
            names = {name for node in function.body if isinstance(node, ast.Global) for name in node.names}
            for node in function.body if names else ():
                if isinstance(node, ast.Assign):
                    for target in node.targets:
                        if isinstance(target, ast.Name) and target.id in names:
                            found.setdefault((str(function.file.path), target.id), []).append((node.value, function))
        return found

    @cached_property
    def properties(self) -> frozenset[str]:
        """The names of the own properties."""
        return frozenset(
            function.node.name for function in self.functions if any(map(is_property, function.node.decorator_list))
        )


def last_name(node: ast.expr) -> str:
    """The last part of a name: `save` of `self.repository.save`, `Repository` of `Repository[User]`."""
    node = node.value if isinstance(node, ast.Subscript) else node
    return str(getattr(node, "attr", getattr(node, "id", "")))


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
    """Whether an expression is an attribute of something called `state`."""
    return isinstance(node, ast.Attribute) and last_name(node.value) == "state"


def is_property(decorator: ast.expr) -> bool:
    name = last_name(decorator.func if isinstance(decorator, ast.Call) else decorator)
    return name in ("property", "cached_property", "setter")
