"""Describe an application: its operations, webhooks and security schemes become one OpenAPI document."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic_core import to_jsonable_python
from typing_extensions import Unpack

from typeway.describe.merge import merged
from typeway.describe.operation import METHODS_WITH_BODY, Outline, ids_of, outline_all
from typeway.describe.schemas import Components, Failures, ValidationFailures
from typeway.encoders import jsonable_encoder
from typeway.operation import Operation
from typeway.options import AboutOptions


class About(AboutOptions, total=False):
    """What a document says of the whole API."""

    openapi_version: str
    """The version of the OpenAPI specification that the document claims to follow."""
    tags: Sequence[Mapping[str, Any]] | None
    """What the operations' tags mean: `name` and `description`."""
    external_docs: Mapping[str, Any] | None
    """`url` and `description` of further documentation."""


# How the Info Object (OpenAPI 3.1, section 4.8.2) calls what else is known under another name.
INFO: Final[Mapping[str, str]] = {
    "title": "title",
    "summary": "summary",
    "description": "description",
    "termsOfService": "terms_of_service",
    "contact": "contact",
    "license": "license_info",
    "version": "version",
}


def build_document(
    *,
    operations: Sequence[Operation],
    webhooks: Sequence[Operation] = (),
    separate_input_output_schemas: bool = True,
    failures: Failures | None = None,
    **about: Unpack[About],
) -> dict[str, Any]:
    """The OpenAPI document of an application, as JSON values.

    Parameters:
        operations: what the application serves; those that are hidden are left out.
        webhooks: the requests that the application sends without being asked.
        separate_input_output_schemas: whether a model that sends something else than it accepts has a component
            for each. Models with computed fields always have.
        failures: describes what operations answer where they fail; None for the 422 of validation alone.
        about: see `About`.

    Raises:
        DeclarationError: a type has no JSON Schema, or a name in an annotation is not defined.

    Source: OpenAPI 3.1.0, section 4.8.1.
    """
    components = Components(separate=separate_input_output_schemas, failures=failures or ValidationFailures())
    served, sent = outline_all(operations, components), outline_all(webhooks, components)
    described = components.describe()
    writer = Writer()
    document: dict[str, Any] = {
        "openapi": about.get("openapi_version", "3.1.0"),
        "info": {key: about.get(name) or None for key, name in INFO.items()},
        "servers": about.get("servers") or None,
        "paths": writer.paths(served),
        "webhooks": writer.paths(sent) or None,
        "components": described or None,
        "tags": about.get("tags") or None,
        "externalDocs": about.get("external_docs") or None,
    }
    return {key: plain(value) for key, value in document.items() if value is not None}


@dataclass(slots=True)
class Writer:
    """Writes operations into one document, in which every operation id should stand once."""

    ids: set[str] = field(default_factory=set)

    def paths(self, outlines: Sequence[Outline]) -> dict[str, dict[str, Any]]:
        """The Paths Object (section 4.8.8)."""
        paths: dict[str, dict[str, Any]] = {}
        for outline in outlines:
            paths.setdefault(outline.operation.path_format, {}).update(self.path_item(outline))
        return paths

    def path_item(self, outline: Outline) -> dict[str, Any]:
        """What one operation adds to its path: itself, once per method, with what its author adds."""
        operation = outline.operation
        item = {}
        for method, operation_id in ids_of(operation).items():
            self.check_id(operation_id, operation)
            shown = {**outline.shown, "operationId": operation_id}
            if method not in METHODS_WITH_BODY:
                del shown["requestBody"]
            # The Callback Objects (section 4.8.18) are called like their functions.
            shown["callbacks"] = {
                callback.operation.name: {callback.operation.path: self.path_item(callback)}
                for callback in outline.callbacks
            } or None
            item[method.lower()] = merged(shown, operation.openapi_extra or {})
        return item

    def check_id(self, operation_id: str, operation: Operation) -> None:
        """Warn of an operation id that stands twice: client generators make functions of them (section 4.8.10)."""
        if operation_id in self.ids:
            name = getattr(operation.endpoint, "__name__", repr(operation.endpoint))
            warnings.warn(
                f"Duplicate Operation ID {operation_id} for function {name} at {operation.declaration.where}: "
                "give one of the operations another name or operation_id.",
                stacklevel=2,
            )
        self.ids.add(operation_id)


def plain(value: Any) -> Any:
    """The value as JSON has it, without members that are None, at any depth.

    Example:
        >>> plain({"a": None, "b": [None, {1, 2}]})
        {'b': [None, [1, 2]]}
    """
    return without_none(to_jsonable_python(value, exclude_none=True, inf_nan_mode="null", fallback=jsonable_encoder))


def without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_none(member) for key, member in value.items() if member is not None}
    if isinstance(value, list):
        return [without_none(item) for item in value]
    return value
