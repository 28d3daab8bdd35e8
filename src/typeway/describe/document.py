"""Describe an application: its operations, webhooks and security schemes become one OpenAPI document."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic_core import to_jsonable_python
from typing_extensions import Unpack

from typeway.declare.operation import Operation
from typeway.declare.options import AboutOptions
from typeway.describe.operation import describe_operations
from typeway.describe.schemas import Components, Failures
from typeway.encoders import jsonable_encoder


class About(AboutOptions, total=False):
    """The options of a document that describe the whole API."""

    openapi_version: str
    """The version of the OpenAPI specification that the document claims to follow."""
    tags: Sequence[Mapping[str, Any]] | None
    """The tags of operations, each with `name` and `description`."""
    external_docs: Mapping[str, Any] | None
    """`url` and `description` of further documentation."""


# The members of the Info Object (OpenAPI 3.1, section 4.8.2), and the names that are different there.
INFO: Final = ("title", "summary", "description", "terms_of_service", "contact", "license_info", "version")
CALLED: Final = {"terms_of_service": "termsOfService", "license_info": "license"}
# The members that it must have, also where they are empty.
REQUIRED: Final = frozenset({"title", "version"})


def build_document(
    *,
    operations: Sequence[Operation],
    webhooks: Sequence[Operation] = (),
    separate_input_output_schemas: bool = True,
    failures: Failures,
    **about: Unpack[About],
) -> dict[str, Any]:
    """Build the OpenAPI document of an application (OpenAPI 3.1, section 4.8.1) as JSON values.

    Raises:
        DeclarationError: a type has no JSON Schema.
    """
    components = Components(separate=separate_input_output_schemas, failures=failures)
    paths, sent = describe_operations(operations, components), describe_operations(webhooks, components)
    document: dict[str, Any] = {
        "openapi": about.get("openapi_version", "3.1.0"),
        "info": {CALLED.get(name, name): stated(name, about.get(name)) for name in INFO},
        "servers": about.get("servers") or None,
        "paths": paths,
        "webhooks": sent or None,
        "components": components.describe() or None,
        "tags": about.get("tags") or None,
        "externalDocs": about.get("external_docs") or None,
    }
    shown: dict[str, Any] = without_none(
        to_jsonable_python(document, exclude_none=True, inf_nan_mode="null", fallback=jsonable_encoder)
    )
    return shown


def stated(name: str, value: Any) -> Any:
    """Return a member of the Info Object, None if it is left out: an empty one is, unless the object must have it."""
    return value if name in REQUIRED else value or None


def without_none(value: Any) -> Any:
    """Return the value without members that are None, at any depth."""
    if isinstance(value, dict):
        return {key: without_none(member) for key, member in value.items() if member is not None}
    if isinstance(value, list):
        return [without_none(item) for item in value]
    return value
