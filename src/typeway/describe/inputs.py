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
from typeway.plan.fields import TEXTS, described_schema, member_schema, schema_of
from typeway.plan.tree import Node


@dataclass(frozen=True, slots=True)
class Placed:
    """An input, and the file and line of the callable that declares it."""

    entry: Input
    where: str

    @property
    def type_schema(self) -> CoreSchema:
        """The input's type, without what is said about it for readers."""
        kind, *extras, marker = get_args(self.entry.annotation)
        silent = copy(marker)
        for name in TEXTS:
            setattr(silent, name, None)
        return schema_of(Annotated[(kind, *extras, silent)], self.where)

    @property
    def schema(self) -> CoreSchema:
        """The input's type and what is said about it."""
        return described_schema(self.type_schema, self.entry.marker)

    @property
    def schema_with_default(self) -> CoreSchema:
        """The input's type, what is said about it, and its default."""
        return self.with_default(self.schema)

    def with_default(self, schema: CoreSchema) -> CoreSchema:
        """The schema with the input's default; one of None goes without saying."""
        default = self.entry.marker.default
        if default is PydanticUndefined or default is None:
            return schema
        return core_schema.with_default_schema(schema, default=default)

    def member(self, title: str | None, *, is_required: bool) -> TypedDictField:
        """The input as a member of an object; see `typeway.plan.fields.member_schema`."""
        schema = self.with_default(self.type_schema)
        return member_schema(schema, self.entry.marker, title, wire=self.entry.wire, is_required=is_required)


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
