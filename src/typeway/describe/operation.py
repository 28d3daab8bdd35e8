"""Describe one operation: what it is called, what it takes and what it answers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from typeway.describe.body import describe_body
from typeway.describe.inputs import Placed, nodes_in_order
from typeway.describe.parameters import describe_parameters
from typeway.describe.responses import describe_responses
from typeway.describe.schemas import Components, title_of
from typeway.operation import Operation
from typeway.plan.body import build_body
from typeway.plan.build import build_tree, inputs_of
from typeway.security.base import SecurityBase

# The methods whose requests may carry something that has a meaning (RFC 9110, section 9.3).
METHODS_WITH_BODY: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"})

NOT_A_WORD: Final = re.compile(r"\W")


@dataclass(frozen=True, slots=True)
class Outline:
    """What the document says of an operation."""

    operation: Operation
    shown: dict[str, Any]  # its Operation Object, whatever the method; schemas and responses in it are filled in later
    callbacks: tuple[Outline, ...]  # the requests that the API sends to its clients


def unique_id(name: str, path_format: str, method: str) -> str:
    """The operation id of a route that was given none.

    Example:
        >>> unique_id("read_item", "/items/{item_id}", "GET")
        'read_item_items__item_id__get'
    """
    return f"{NOT_A_WORD.sub('_', name + path_format)}_{method.lower()}"


def outline_operation(operation: Operation, components: Components) -> Outline:
    """Read from an operation's tree what the document says of it, and ask for the components it needs.

    Source: OpenAPI 3.1, section 4.8.10.
    """
    tree = build_tree(operation)
    nodes = nodes_in_order(tree)
    inputs = [Placed(entry, node.declaration.where) for node in nodes for entry in node.inputs]
    security: dict[str, dict[str, None]] = {}
    for node in nodes:
        guard: Any = node.function  # a scheme of the author's own is callable, which SecurityBase alone is not
        if isinstance(guard, SecurityBase):
            components.guards[guard.scheme_name] = guard.model
            security.setdefault(guard.scheme_name, {}).update(dict.fromkeys(node.scopes))
    # What is None is no part of the document.
    shown = {
        "tags": [tag.value if isinstance(tag, Enum) else tag for tag in operation.tags] or None,
        "summary": operation.summary or title_of(operation.name),
        "description": operation.description or None,
        "operationId": operation.unique_id,
        "parameters": describe_parameters(inputs, operation.path_names, components) or None,
        "requestBody": describe_body(
            inputs, build_body(inputs_of(tree), operation), f"Body_{operation.unique_id}", components
        ),
        "responses": describe_responses(
            operation, [node.function for node in nodes], components, validates=bool(inputs)
        ),
        "deprecated": operation.deprecated or None,
        "security": [{name: list(scopes)} for name, scopes in security.items()] or None,
    }
    return Outline(operation, shown, outline_all(operation.callbacks, components))


def outline_all(operations: Iterable[Operation], components: Components) -> tuple[Outline, ...]:
    """Outline all operations but the hidden ones."""
    return tuple(outline_operation(operation, components) for operation in operations if operation.include_in_schema)


def ids_of(operation: Operation) -> dict[str, str]:
    """The operation id of each method: the router's, where several methods do not need one each."""
    methods = operation.methods
    if len(methods) == 1 or not operation.conventions.id_per_method:
        return dict.fromkeys(methods, operation.unique_id)
    computed = {method: unique_id(operation.name, operation.path_format, method) for method in methods}
    if operation.unique_id in computed.values():
        return computed
    return {
        method: f"{operation.unique_id}_{method.lower()}" if place else operation.unique_id
        for place, method in enumerate(methods)
    }
