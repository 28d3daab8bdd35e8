"""List where a function gives its local names their values."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from typeway.source.files import FunctionNode
from typeway.source.program import Function, before

# What may give a name a value.
BIND: Final[frozenset[type[ast.AST]]] = frozenset({
    ast.Assign, ast.AnnAssign, ast.NamedExpr, ast.For, ast.AsyncFor, ast.comprehension, ast.withitem, ast.Import, ast.ImportFrom,
    ast.ExceptHandler,
})  # fmt: skip
LOOPS: Final = (ast.For, ast.AsyncFor, ast.While)


@dataclass(frozen=True, slots=True)
class Binding:
    """One place where a name gets a value; exactly one of the first five is set, or none if the value is unclear.

    Parameters:
        expression: what is assigned, entered or iterated.
        annotation: what the name is declared to be.
        imported: the dotted name of what is imported; it begins with dots where it is relative.
        defined: the function that is defined under the name.
        parameter: the parameter that the name is at first.
        is_item: whether the value is one item of the expression.
        place: of what is unpacked, which part of it the value is.
        unpacked: what is unpacked, where it is no item of something: `session, is_own = expression`.
        at: the statement or expression that gives the value; None for a parameter.
    """

    expression: ast.expr | None = None
    annotation: ast.expr | None = None
    imported: str | None = None
    defined: FunctionNode | None = None
    parameter: ast.arg | None = None
    is_item: bool = False
    place: int | None = None
    unpacked: ast.expr | None = None
    at: ast.AST | None = None


def bindings_of(function: Function) -> Mapping[str, list[Binding]]:
    """Where each local name of a function gets its values; names that it declares global are not its own."""
    found: dict[str, list[Binding]] = {}
    for node in function.body:
        if type(node) in BIND:  # PERF: nine of ten nodes give no name a value
            for name, binding in bindings_in(node):
                if name not in found and name in function.parameters:
                    found[name] = [Binding(parameter=function.parameters[name][0])]
                found.setdefault(name, []).append(replace(binding, at=node))
    for node in definitions(function):
        defined = node if isinstance(node, FunctionNode) else None
        found.setdefault(node.name, []).append(Binding(defined=defined, at=node))
    return {name: entries for name, entries in found.items() if name not in function.foreign}


def reaching(use: ast.AST, bound: list[Binding], function: Function) -> list[Binding]:
    """Which of the values that a name gets it may have in one place: those that others replace before it are left out."""
    around = [use, *function.around(use), function.node]
    inside, here = {id(part) for part in around}, position(use)
    earlier = {id(each) for inner, outer in pairwise(around) for each in before(inner, outer)}
    found, replaced = list[Binding](), set[ast.AST]()
    for entry in sorted(bound, key=lambda entry: position(entry.at)):
        at = entry.at
        if at is None:
            found.append(entry)
            continue
        chain = [at, *function.around(at), function.node]
        if isinstance(at, ast.ExceptHandler | ast.comprehension):
            # These names are there in the handler, or in the comprehension, and nowhere else.
            own = at if isinstance(at, ast.ExceptHandler) else chain[1]
            if id(own) in inside and id(getattr(at, "iter", None)) not in inside:
                return [entry]
            continue
        if isinstance(at, ast.For | ast.AsyncFor):
            is_certain = id(at) in inside and id(at.iter) not in inside
            is_possible = position(at) < here and id(at) not in inside
        else:
            statement = next(part for part in chain if isinstance(part, ast.stmt))
            is_past = position(at) < here and id(at) not in inside
            is_certain = id(statement) in earlier or (is_past and id(statement) in inside)
            is_possible = is_past and not excludes(chain, around)
        is_again = any(part in chain[1:] and part not in replaced for part in around if isinstance(part, LOOPS))
        if is_certain:
            found, replaced = [entry], {*chain}
        elif is_possible or is_again:
            found.append(entry)
    return found


def excludes(chain: list[ast.AST], around: list[ast.AST]) -> bool:
    """Whether two parts of a function, each with what is around it, are in different branches of one statement."""
    for one, part in pairwise(chain):
        if part in around:
            other = around[around.index(part) - 1]
            bodies = [getattr(part, name, []) for name in ("body", "orelse")] if isinstance(part, ast.If) else []
            return any(one in body and other not in body for body in bodies) and other is not getattr(
                part, "test", None
            )
    return False


def position(node: ast.AST | None) -> tuple[int, int]:
    """Where something begins; what has no place of its own, where its first part does."""
    first: ast.AST | None = getattr(node, "context_expr", None) or getattr(node, "target", None) or node
    return getattr(first, "lineno", 0), getattr(first, "col_offset", 0)


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
                first = alias.name.partition(".")[0]
                yield alias.asname or first, Binding(imported=alias.name if alias.asname else first)
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
        # What comes behind a star may be in any place.
        starred = next((place for place, part in enumerate(target.elts) if isinstance(part, ast.Starred)), None)
        for place, part in enumerate(target.elts):
            part_of = Binding()
            if binding.place is None and (starred is None or place < starred):
                item = replace(binding, place=place)
                part_of = item if binding.is_item else Binding(unpacked=binding.expression, place=place)
            yield from targets_of(part, Binding(expression=given[place]) if is_each else part_of)


def definitions(function: Function) -> Iterator[FunctionNode | ast.ClassDef]:
    """The functions and classes that are defined in a function's body, the last one first."""
    for node in reversed(function.statements):
        if isinstance(node, FunctionNode | ast.ClassDef):
            yield node


def assignments_to_self(function: Function, name: str) -> Iterator[ast.expr]:
    """What a method assigns to an attribute of its object or class."""
    for _, value in attributes_set(function, name):
        if value is not None:
            yield value


def declaration_on_self(function: Function, name: str) -> ast.expr | None:
    """What a method declares an attribute of its object to be."""
    found = (node.annotation for node, _ in attributes_set(function, name) if isinstance(node, ast.AnnAssign))
    return next(found, None)


def attributes_set(function: Function, name: str) -> Iterator[tuple[ast.stmt, ast.expr | None]]:
    """The statements of a method that give an attribute of its object or class a value or a type, each with the value."""
    own = {function.first, function.owner.__name__ if function.owner is not None else ""}
    for node in function.body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                pairs: list[tuple[ast.expr, ast.expr | None]] = [(target, node.value)]
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    pairs = [*zip(target.elts, node.value.elts, strict=False)]
                for each, value in pairs:
                    is_own = isinstance(each, ast.Attribute) and getattr(each.value, "id", None) in own
                    if is_own and getattr(each, "attr", "") == name:
                        yield node, value


def is_optional_filter(binding: Binding, function: Function) -> bool:
    """Whether a query gets a condition only if there is a value for it: `if city: query = query.where(Shop.city == city)`."""
    match binding.at, binding.expression, function.parents.get(binding.at) if binding.at is not None else None:
        case ast.Assign(), ast.Call(func=ast.Attribute(attr="where" | "filter" | "filter_by")) as call, ast.If(
            test=test
        ):
            given = {ast.unparse(part) for each in (*call.args, *call.keywords) for part in ast.walk(each)}
            asked = [test.left if isinstance(test, ast.Compare) else test]
            return any(ast.unparse(each) in given for each in asked)
    return False


def decides(inside: ast.AST, around: ast.AST) -> bool:
    """Whether it depends on something whether a part of the source runs, or what has run before it."""
    is_other = isinstance(around, ast.If) and inside in around.orelse
    return is_other or isinstance(around, ast.For | ast.AsyncFor | ast.While | ast.ExceptHandler | ast.match_case)
