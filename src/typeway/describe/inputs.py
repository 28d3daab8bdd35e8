"""List the callables of an operation, and what they take, in the order of the document: the endpoint's own first."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from types import NoneType
from typing import Annotated, get_args

from pydantic_core import CoreSchema, PydanticUndefined, core_schema
from pydantic_core.core_schema import TypedDictField

from typeway.declare import shapes
from typeway.declare.classify import Input
from typeway.plan.fields import TEXTS, member_schema, schema_of
from typeway.plan.tree import Node


@dataclass(frozen=True, slots=True)
class Placed:
    """An input, and the file and line of the callable that declares it."""

    entry: Input
    where: str

    @property
    def schema(self) -> CoreSchema:
        """The input's type."""
        return schema_of(self.entry.annotation, self.where)

    @property
    def schema_with_default(self) -> CoreSchema:
        """The input's type and default."""
        return self.with_default(self.schema)

    def with_default(self, schema: CoreSchema) -> CoreSchema:
        """The schema with the input's default; one of None goes without saying."""
        default = self.entry.marker.default
        if default is PydanticUndefined or default is None:
            return schema
        return core_schema.with_default_schema(schema, default=default)

    def member(self, title: str | None, *, is_required: bool) -> TypedDictField:
        """The input as a member of an object; see `typeway.plan.fields.member_schema`."""
        kind, *extras, marker = get_args(self.entry.annotation)
        silent = copy(marker)
        for name in TEXTS:
            setattr(silent, name, None)
        schema = self.with_default(schema_of(Annotated[(kind, *extras, silent)], self.where))
        return member_schema(schema, marker, title, wire=self.entry.wire, is_required=is_required)


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


def is_nullable(entry: Input) -> bool:
    """Whether None is a value of the input's type."""
    return any(member is None or member is NoneType for member in shapes.members(entry.kind))
