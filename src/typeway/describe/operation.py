"""Describe one operation: what it is called, what it takes and what it answers."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from typeway.describe.body import Carried, describe_body, outline_body
from typeway.describe.inputs import inputs_in_order, nodes_in_order
from typeway.describe.merge import merged
from typeway.describe.parameters import Parameter, describe_parameter, outline_parameters
from typeway.describe.responses import Answers, describe_responses, outline_responses
from typeway.describe.schemas import Described, Schemas
from typeway.operation import Operation
from typeway.plan.build import body_of, build_tree
from typeway.plan.tree import Node
from typeway.security.base import SecurityBase

# The methods whose requests may carry something that has a meaning (RFC 9110, section 9.3).
METHODS_WITH_BODY: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"})

NOT_A_WORD: Final = re.compile(r"\W")


@dataclass(frozen=True, slots=True)
class Outline:
    """An operation with everything settled that the document says of it, but for the schemas.

    Parameters:
        security: the scopes that each security scheme must grant, by the scheme's name.
        schemes: the security schemes by name.
        callbacks: the requests that the API sends to its clients.
    """

    operation: Operation
    parameters: tuple[Parameter, ...]
    body: Carried | None
    answers: Answers
    security: Mapping[str, list[str]]
    schemes: Mapping[str, Any]
    callbacks: tuple[Outline, ...]


def unique_id(name: str, path_format: str, method: str) -> str:
    """The operation id of a route that was given none.

    Example:
        >>> unique_id("read_item", "/items/{item_id}", "GET")
        'read_item_items__item_id__get'
    """
    return f"{NOT_A_WORD.sub('_', name + path_format)}_{method.lower()}"


def summary_of(name: str) -> str:
    """The summary of an operation that was given none.

    Example:
        >>> summary_of("read_item")
        'Read Item'
    """
    return name.replace("_", " ").title()


def outline_operation(operation: Operation, schemas: Schemas) -> Outline:
    """Read from an operation's tree what the document says of it, and ask for the schemas it needs.

    Raises:
        DeclarationError: a type has no schema, or a name in an annotation is not defined.
    """
    tree = build_tree(operation)
    nodes = nodes_in_order(tree)
    inputs = inputs_in_order(nodes)
    guards = guards_of(nodes)
    return Outline(
        operation=operation,
        parameters=outline_parameters(inputs, operation.path_names, schemas),
        body=outline_body(inputs, body_of(operation, tree), f"Body_{operation.unique_id}", schemas),
        answers=outline_responses(operation, schemas, validates=bool(inputs)),
        security=scopes_of(guards),
        schemes={guard.scheme_name: guard.model for guard, _ in guards},
        callbacks=tuple(
            outline_operation(callback, schemas) for callback in operation.callbacks if callback.include_in_schema
        ),
    )


def guards_of(nodes: Sequence[Node]) -> list[tuple[SecurityBase, tuple[str, ...]]]:
    """The security schemes that the callables are, with the scopes that each must grant."""
    callables: list[tuple[Any, tuple[str, ...]]] = [(node.function, node.scopes) for node in nodes]
    return [(function, scopes) for function, scopes in callables if isinstance(function, SecurityBase)]


def scopes_of(guards: Sequence[tuple[SecurityBase, tuple[str, ...]]]) -> dict[str, list[str]]:
    """The scopes by scheme: every scheme once, every scope once."""
    scopes: dict[str, dict[str, None]] = {}
    for guard, demanded in guards:
        scopes.setdefault(guard.scheme_name, {}).update(dict.fromkeys(demanded))
    return {name: list(demanded) for name, demanded in scopes.items()}


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


def describe_operation(
    outline: Outline, method: str, operation_id: str, described: Described, validation_errors: str
) -> dict[str, Any]:
    """The Operation Object (OpenAPI 3.1, section 4.8.10).

    Parameters:
        described: the schemas that the outline asked for.
        validation_errors: the name of the component that describes a 422.
    """
    operation = outline.operation
    shown: dict[str, Any] = {}
    if operation.tags:
        shown["tags"] = [tag.value if isinstance(tag, Enum) else tag for tag in operation.tags]
    shown["summary"] = operation.summary or summary_of(operation.name)
    description = description_of(operation)
    if description:
        shown["description"] = description
    shown["operationId"] = operation_id
    if outline.parameters:
        shown["parameters"] = [describe_parameter(parameter, described) for parameter in outline.parameters]
    if outline.body is not None and method in METHODS_WITH_BODY:
        shown["requestBody"] = describe_body(outline.body, described)
    shown["responses"] = describe_responses(operation, outline.answers, described, validation_errors)
    if operation.deprecated:
        shown["deprecated"] = True
    if outline.security:
        shown["security"] = [{name: scopes} for name, scopes in outline.security.items()]
    return shown


def with_extra(operation: Operation, shown: dict[str, Any]) -> dict[str, Any]:
    """The operation with what its author adds to it; None takes a member away."""
    if not operation.openapi_extra:
        return shown
    return merged(shown, operation.openapi_extra)


def description_of(operation: Operation) -> str:
    """The given description, else the endpoint's docstring; either is shown up to a form feed."""
    text = operation.description or inspect.cleandoc(operation.endpoint.__doc__ or "")
    return text.split("\f")[0].strip()
