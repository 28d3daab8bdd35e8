"""Describe one operation: its names, its parameters and body, and its responses."""

import re
import warnings
from collections.abc import Hashable, Iterable
from enum import Enum
from typing import Any, Final

from typeway.declare.operation import Operation
from typeway.describe.body import describe_body
from typeway.describe.failures import refusals_of
from typeway.describe.parameters import Placed, describe_parameters
from typeway.describe.responses import describe_responses, merged
from typeway.describe.schemas import Components, title_of
from typeway.exceptions import DeclarationWarning
from typeway.plan.body import build_body
from typeway.plan.build import build_tree, inputs_of
from typeway.plan.tree import Node
from typeway.security.base import SecurityBase

# The methods whose requests may have a body that means something (RFC 9110, section 9.3).
METHODS_WITH_BODY: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"})


def describe_operations(operations: Iterable[Operation], components: Components) -> dict[str, dict[str, Any]]:
    """Return the Paths Object (OpenAPI 3.1, section 4.8.8) of all operations except the hidden ones.

    An operation whose types use a name that is not defined is left out with a warning: it cannot be served either.
    """
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        if not operation.include_in_schema:
            continue
        before = components.mark()
        try:
            item = describe_operation(operation, components)
        except NameError as error:
            components.forget_since(before)
            warnings.warn(f"{operation.path} is not documented: {error}", DeclarationWarning, stacklevel=2)
        else:
            paths.setdefault(operation.path_format, {}).update(item)
    return paths


def describe_operation(operation: Operation, components: Components) -> dict[str, Any]:
    """Return the Operation Objects of one operation by method (OpenAPI 3.1, section 4.8.10), with what its author adds."""
    ids = unique_ids_of(operation, components)
    tree = build_tree(operation)
    nodes = nodes_in_order(tree)
    inputs = [Placed(entry, node.declaration.where) for node in nodes for entry in node.inputs]
    carried, in_body = inputs_of(tree), inputs
    if operation.documented_body is not None:
        carried = operation.documented_body
        in_body = [Placed(entry, operation.declaration.where) for entry in carried]
    body = build_body(carried, operation)
    body_title = operation.body_title or f"Body_{operation.unique_id}"
    refusals = refusals_of(operation, [placed.entry for placed in inputs], body)
    of_policies = [parameter for policy in operation.policies for parameter in policy.parameters()]
    as_sent = operation.conventions.documents_wire
    security: dict[str, dict[str, None]] = {}
    for node in nodes:
        guard: Any = node.function  # schemes are callable, which SecurityBase itself is not
        if isinstance(guard, SecurityBase):
            components.guards[guard.scheme_name] = guard.model
            security.setdefault(guard.scheme_name, {}).update(dict.fromkeys(node.scopes))
    # Members that are None are left out of the document.
    shown = {
        "tags": [tag.value if isinstance(tag, Enum) else tag for tag in operation.tags] or None,
        "summary": operation.summary or title_of(operation.name),
        "description": operation.description or None,
        "operationId": operation.unique_id,
        "parameters": [
            *describe_parameters(inputs, operation.path_names, components, as_sent=as_sent),
            *of_policies,
        ]
        or None,
        "requestBody": describe_body(in_body, body, body_title, components, operation.conventions),
        "responses": describe_responses(operation, [node.function for node in nodes], refusals, components),
        "deprecated": operation.deprecated or None,
        "security": [{name: list(scopes)} for name, scopes in security.items()] or None,
        # The Callback Objects (section 4.8.18) have the names of their functions.
        "callbacks": {
            callback.name: {callback.path: describe_operation(callback, components)}
            for callback in operation.callbacks
            if callback.include_in_schema
        }
        or None,
    }
    item = {}
    for method, operation_id in ids.items():
        own = item[method.lower()] = {**shown, "operationId": operation_id}
        if method not in METHODS_WITH_BODY:
            del own["requestBody"]

    def add_extra() -> None:
        for own in item.values():
            own.update(merged(own, operation.openapi_extra or {}))

    # Merged afterwards, because the schemas are empty until then.
    components.afterwards.append(add_extra)
    return item


def unique_ids_of(operation: Operation, components: Components) -> dict[str, str]:
    """Return the operation ids by method; warn of one that another operation of the document has."""
    ids = ids_of(operation)
    for operation_id in ids.values():
        if operation_id in components.ids:
            # Client generators name functions after them (section 4.8.10).
            name = getattr(operation.endpoint, "__name__", repr(operation.endpoint))
            warnings.warn(
                f"Duplicate Operation ID {operation_id} for function {name} at {operation.declaration.where}: "
                "give one of the operations another name or operation_id.",
                stacklevel=3,
            )
        components.ids.add(operation_id)
    return ids


def nodes_in_order(tree: Node) -> list[Node]:
    """Return every callable of an operation once, dependencies after the functions that need them."""
    found: dict[Hashable, Node] = {}

    def visit(node: Node) -> None:
        if found.setdefault(node.cache_key, node) is node:
            for _, child in node.children:
                visit(child)

    visit(tree)
    return list(found.values())


def unique_id(name: str, path_format: str, method: str) -> str:
    """Return the operation id of a route that was given none, for example `read_item_items__item_id__get`."""
    return re.sub(r"\W", "_", f"{name}{path_format}_") + method.lower()


def ids_of(operation: Operation) -> dict[str, str]:
    """Return the operation id of each method; the same for all, unless the conventions demand one for each."""
    own, methods = operation.unique_id, operation.methods
    if not operation.conventions.id_per_method:
        return dict.fromkeys(methods, own)
    computed = {method: unique_id(operation.name, operation.path_format, method) for method in methods}
    given = {method: f"{own}_{method.lower()}" if place else own for place, method in enumerate(methods)}
    return computed if own in computed.values() else given
