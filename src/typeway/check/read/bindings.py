"""List where a function gives its local names their values."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from typeway.check.read.files import FunctionNode
from typeway.check.read.program import Function

# What may give a name a value.
BIND: Final[frozenset[type[ast.AST]]] = frozenset({
    ast.Assign, ast.AnnAssign, ast.NamedExpr, ast.For, ast.AsyncFor, ast.comprehension, ast.withitem, ast.Import, ast.ImportFrom,
    ast.ExceptHandler,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Binding:
    """One place where a name gets a value; exactly one of the first four is set, or none if the value is unclear.

    Parameters:
        expression: what is assigned, entered or iterated.
        annotation: what the name is declared to be.
        imported: the dotted name of what is imported; it begins with dots where it is relative.
        defined: the function that is defined under the name.
        is_item: whether the value is one item of the expression.
    """

    expression: ast.expr | None = None
    annotation: ast.expr | None = None
    imported: str | None = None
    defined: FunctionNode | None = None
    is_item: bool = False


def bindings_of(function: Function) -> Mapping[str, list[Binding]]:
    """Where each local name of a function gets its values; names that it declares global are not its own."""
    found: dict[str, list[Binding]] = {}
    foreign: set[str] = set()
    for node in function.body:
        if isinstance(node, ast.Global | ast.Nonlocal):
            foreign.update(node.names)
        if type(node) in BIND:  # PERF: nine of ten nodes give no name a value
            for name, binding in bindings_in(node):
                found.setdefault(name, []).append(binding)
    for node in definitions(function):
        found.setdefault(node.name, []).append(Binding(defined=node if isinstance(node, FunctionNode) else None))
    return {name: entries for name, entries in found.items() if name not in foreign}


def bindings_in(node: ast.AST) -> Iterator[tuple[str, Binding]]:
    """The names to which one statement or expression gives values."""
    match node:
        case ast.Assign():
            for target in node.targets:
                yield from targets_of(target, Binding(expression=node.value))
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name, Binding(annotation=node.annotation)
        case ast.NamedExpr(target=ast.Name(id=name)):
            yield name, Binding(expression=node.value)
        case ast.For() | ast.AsyncFor() | ast.comprehension():
            yield from targets_of(node.target, Binding(expression=node.iter, is_item=True))
        case ast.withitem() if node.optional_vars is not None:
            yield from targets_of(node.optional_vars, Binding(expression=node.context_expr))
        case ast.Import():
            for alias in node.names:
                yield (
                    alias.asname or alias.name.partition(".")[0],
                    Binding(imported=alias.name if alias.asname else alias.name.partition(".")[0]),
                )
        case ast.ImportFrom():
            for alias in node.names:
                source = "." * node.level + (node.module or "")
                separator = "." if node.module else ""
                yield alias.asname or alias.name, Binding(imported=f"{source}{separator}{alias.name}")
        case ast.ExceptHandler() if node.name is not None:
            yield node.name, Binding()


def targets_of(target: ast.expr, binding: Binding) -> Iterator[tuple[str, Binding]]:
    """One name, or several into which a value is unpacked."""
    if isinstance(target, ast.Name):
        yield target.id, binding
    elif isinstance(target, ast.Starred):
        yield from targets_of(target.value, Binding())
    elif isinstance(target, ast.Tuple | ast.List):
        given = binding.expression.elts if isinstance(binding.expression, ast.Tuple) and not binding.is_item else []
        is_each = len(given) == len(target.elts) and not any(
            isinstance(part, ast.Starred) for part in (*given, *target.elts)
        )
        for place, part in enumerate(target.elts):
            yield from targets_of(part, Binding(expression=given[place]) if is_each else Binding())


def definitions(function: Function) -> Iterator[FunctionNode | ast.ClassDef]:
    """The functions and classes that are defined in a function's body, the last one first."""
    for node in reversed(function.statements):
        if isinstance(node, FunctionNode | ast.ClassDef):
            yield node


def assignments_to_self(function: Function, name: str) -> Iterator[ast.expr]:
    """What a method assigns to an attribute of its object."""
    own = next(iter(function.parameters), None)
    for node in function.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        for target in targets:
            if isinstance(target, ast.Attribute) and target.attr == name and getattr(target.value, "id", "") == own:
                value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
                if value is not None:
                    yield value
