"""Determine which path parameters the functions of a tree use."""

from dataclasses import dataclass

from pydantic_core import PydanticUndefined

from typeway.declare.classify import Input
from typeway.declare.markers import Marker
from typeway.declare.paths import names_in
from typeway.plan.tree import Node
from typeway.plan.verify import takes_connection


@dataclass(frozen=True, slots=True)
class PathUse:
    """The use of path parameters by the functions of a route."""

    taken: frozenset[str]  # the names that parameters take
    takes_all: bool  # whether a function takes the connection or a model, and may read any name
    unfilled: tuple[tuple[Input, str], ...]  # required Path() parameters that the path lacks, and where they stand
    asked: tuple[str, ...]  # parameters that the query must have, though nothing but their type says so


def use_of(tree: Node, path: str) -> PathUse:
    """Return the use of a path by a tree."""
    names = names_in(path)
    taken: set[str] = set()
    unfilled: list[tuple[Input, str]] = []
    asked: list[str] = []
    has_names = "{" in path or "/:" in path
    takes_all = False
    for node in tree.walk():
        for entry in node.inputs:
            if entry.location == "path" and entry.is_group:
                takes_all = True
            elif entry.location == "path":
                taken.update(entry.wires)
                # A name in braces that is not a valid parameter gets an error of its own.
                is_there = any(wire in names or f"{{{wire}}}" in path for wire in entry.wires)
                if entry.is_required and not is_there:
                    unfilled.append((entry, node.declaration.where))
            elif has_names and entry.location == "query" and entry.is_required and is_inferred(entry, node):
                asked.append(entry.name)
    # PERF: only if a name is left does it matter which functions could read it.
    takes_all = takes_all or (has_names and not taken.issuperset(names) and takes_connection(tree))
    return PathUse(frozenset(taken), takes_all, tuple(unfilled), tuple(asked))


def is_inferred(entry: Input, node: Node) -> bool:
    """Whether the place of a parameter follows only from its name and type."""
    if entry.is_group:
        return False
    parameter = next(each for each in node.declaration.parameters if each.name == entry.name)
    return parameter.default is PydanticUndefined and not any(isinstance(said, Marker) for said in parameter.metadata)
