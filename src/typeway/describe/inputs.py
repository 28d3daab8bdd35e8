"""List the callables of an operation, and what they take, in the order of the document: the endpoint's own first."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

from pydantic_core import CoreSchema, PydanticUndefined, core_schema

from typeway.declare.classify import Input
from typeway.plan.fields import schema_of
from typeway.plan.tree import Node


@dataclass(frozen=True, slots=True)
class Placed:
    """An input, and the file and line of the callable that declares it."""

    entry: Input
    where: str

    @property
    def bare_schema(self) -> CoreSchema:
        """The input's type without its default."""
        return schema_of(self.entry.annotation, self.where)

    @property
    def schema(self) -> CoreSchema:
        """The input's type with its default; one of None goes without saying."""
        default = self.entry.marker.default
        if default is PydanticUndefined or default is None:
            return self.bare_schema
        return core_schema.with_default_schema(self.bare_schema, default=default)


def nodes_in_order(tree: Node) -> tuple[Node, ...]:
    """Every callable of an operation once: what asks comes before what is asked for."""
    seen: set[Hashable] = set()

    def visit(node: Node) -> Iterator[Node]:
        if node.cache_key in seen:
            return
        seen.add(node.cache_key)
        yield node
        for _, child in node.children:
            yield from visit(child)

    return tuple(visit(tree))


def inputs_in_order(nodes: Sequence[Node]) -> tuple[Placed, ...]:
    """What the callables take from the request."""
    return tuple(Placed(entry, node.declaration.where) for node in nodes for entry in node.inputs)
