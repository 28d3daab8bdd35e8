"""Describe an application: its operations, webhooks and security schemes become one OpenAPI document."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic_core import to_jsonable_python
from typing_extensions import TypedDict, Unpack

from typeway.describe.body import compose_form
from typeway.describe.operation import Outline, describe_operation, ids_of, outline_operation, with_extra
from typeway.describe.schemas import Described, Schemas, add_validation_errors
from typeway.encoders import jsonable_encoder
from typeway.operation import Operation


class About(TypedDict, total=False):
    """What a document says of the whole API."""

    title: str
    """The API's name."""
    version: str
    """The API's version."""
    openapi_version: str
    """The version of the OpenAPI specification that the document claims to follow."""
    summary: str | None
    """A short summary."""
    description: str | None
    """Markdown."""
    terms_of_service: str | None
    """A URL."""
    contact: Mapping[str, Any] | None
    """`name`, `url` and `email` of whom to ask."""
    license_info: Mapping[str, Any] | None
    """`name` and either `identifier` or `url` of the API's licence."""
    servers: Sequence[Mapping[str, Any]] | None
    """Where the API is: `url` and `description`."""
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
    **about: Unpack[About],
) -> dict[str, Any]:
    """The OpenAPI document of an application, as JSON values.

    Parameters:
        operations: what the application serves; those that are hidden are left out.
        webhooks: the requests that the application sends without being asked.
        separate_input_output_schemas: whether a model that sends something else than it accepts has a component
            for each. Models with computed fields always have.
        about: see `About`.

    Raises:
        DeclarationError: a type has no JSON Schema, or a name in an annotation is not defined.
        pydantic.ValidationError: what is said about the API is not what OpenAPI allows there.

    Example:
        ```python
        build_document(title="Tasks", version="1.0", openapi_version="3.1.0", operations=[])
        # {'openapi': '3.1.0', 'info': {'title': 'Tasks', 'version': '1.0'}, 'paths': {}}
        ```

    Source: OpenAPI 3.1.0, section 4.8.1.
    """
    schemas = Schemas(separate=separate_input_output_schemas)
    served = [outline_operation(operation, schemas) for operation in operations if operation.include_in_schema]
    sent = [outline_operation(webhook, schemas) for webhook in webhooks if webhook.include_in_schema]
    described = schemas.describe()
    outlines = [*every(served), *every(sent)]
    for outline in outlines:
        if outline.body is not None and outline.body.parts:
            compose_form(outline.body, described)
    adds_422 = any(outline.answers.adds_422 for outline in outlines)
    writer = Writer(described, add_validation_errors(described) if adds_422 else "")
    document: dict[str, Any] = {
        "openapi": about.get("openapi_version", "3.1.0"),
        "info": {key: about.get(name) for key, name in INFO.items() if about.get(name)},
        "servers": about.get("servers") or None,
        "paths": writer.paths(served),
        "webhooks": writer.paths(sent) or None,
        "components": components_of(outlines, described) or None,
        "tags": about.get("tags") or None,
        "externalDocs": about.get("external_docs") or None,
    }
    return checked(document)


class Writer:
    """Writes operations into one document, in which every operation id should stand once.

    Parameters:
        described: the schemas that the outlines asked for.
        validation_errors: the name of the component that describes a 422.
    """

    def __init__(self, described: Described, validation_errors: str) -> None:
        self.described = described
        self.validation_errors = validation_errors
        self.ids: set[str] = set()

    def paths(self, outlines: Sequence[Outline]) -> dict[str, dict[str, Any]]:
        """The Paths Object (section 4.8.8)."""
        paths: dict[str, dict[str, Any]] = {}
        for outline in outlines:
            paths.setdefault(outline.operation.path_format, {}).update(self.path_item(outline))
        return paths

    def path_item(self, outline: Outline) -> dict[str, Any]:
        """What one operation adds to its path: itself, once per method."""
        operation = outline.operation
        item = {}
        for method, operation_id in ids_of(operation).items():
            self.check_id(operation_id, operation)
            shown = describe_operation(outline, method, operation_id, self.described, self.validation_errors)
            if outline.callbacks:
                shown["callbacks"] = self.callbacks(outline)
            item[method.lower()] = with_extra(operation, shown)
        return item

    def callbacks(self, outline: Outline) -> dict[str, dict[str, Any]]:
        """The Callback Objects of an operation (section 4.8.18), by the names of their functions."""
        return {
            callback.operation.name: {callback.operation.path: self.path_item(callback)}
            for callback in outline.callbacks
        }

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


def every(outlines: Sequence[Outline]) -> Iterator[Outline]:
    """The outlines and those of their callbacks."""
    for outline in outlines:
        yield outline
        yield from every(outline.callbacks)


def components_of(outlines: Sequence[Outline], described: Described) -> dict[str, Any]:
    """The Components Object (section 4.8.7), without empty members."""
    schemes = {name: scheme for outline in outlines for name, scheme in outline.schemes.items()}
    components = {
        "schemas": dict(sorted(described.components.items())),
        "securitySchemes": schemes,
    }
    return {name: members for name, members in components.items() if members}


def checked(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document as OpenAPI's own objects see it, in plain JSON values, without members that are None.

    Raises:
        pydantic.ValidationError: a member is not what OpenAPI allows there.
    """
    # Imported when first needed: building the models of the whole specification costs more than most applications'
    # start.
    from typeway.describe.models import OpenAPI

    # Paths are left as they were written: everything in them is ours, but for what authors add, which may be anything.
    whole = OpenAPI.model_validate({**document, "paths": None})
    shown = whole.model_dump(by_alias=True, exclude_none=True) | {"paths": document["paths"]}
    return {key: plain(shown[key]) for key in document if key in shown}


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
