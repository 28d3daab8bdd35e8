"""List the callables of an operation, and what they take, in the order of the document: the endpoint's own first."""

from collections.abc import Hashable
from dataclasses import dataclass
from types import NoneType

from pydantic_core import CoreSchema
from pydantic_core.core_schema import TypedDictField, typed_dict_field

from typeway.declare import shapes
from typeway.declare.classify import Input
from typeway.describe.schemas import with_default
from typeway.plan.fields import described_schema, schema_of, texts_of
from typeway.plan.tree import Node


@dataclass(frozen=True, slots=True)
class Placed:
    """An input, and the file and line of the callable that declares it."""

    entry: Input
    where: str

    @property
    def schema(self) -> CoreSchema:
        """The input's type and what is said about it."""
        return described_schema(schema_of(self.entry.annotation, self.where), self.entry.marker)

    @property
    def schema_with_default(self) -> CoreSchema:
        return with_default(self.schema, self.entry.marker.default)

    def member(self, title: str | None, *, is_required: bool) -> TypedDictField:
        """The input as a member of an object, described by its marker and not by its type, which may refuse to be.

        Parameters:
            title: the title if the marker has none; None leaves it to the type or to the member's name.
        """
        marker = self.entry.marker
        schema = with_default(schema_of(self.entry.annotation, self.where), marker.default)
        texts = texts_of(marker, title)
        return typed_dict_field(schema, required=is_required, validation_alias=self.entry.wire, metadata=texts)


def nodes_in_order(tree: Node) -> list[Node]:
    """Every callable of an operation once: what asks comes before what is asked for."""
    found: dict[Hashable, Node] = {}

    def visit(node: Node) -> None:
        if found.setdefault(node.cache_key, node) is node:
            for _, child in node.children:
                visit(child)

    visit(tree)
    return list(found.values())


def is_nullable(entry: Input) -> bool:
    """Whether None is a value of the input's type."""
    return any(member is None or member is NoneType for member in shapes.members(entry.kind))
