"""Offer FastAPI's functions for OpenAPI documents, operation ids and status codes."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from starlette.routing import BaseRoute
from typing_extensions import Unpack

from typeway.application.app import Typeway, operations_of
from typeway.compat.shapes.contexts import RouteContext, served_route
from typeway.compat.shapes.dependant import get_flat_body_params, get_flat_params
from typeway.compat.shapes.fields import ModelField
from typeway.compat.shapes.routes import APIRoute
from typeway.compat.shapes.routes import generate_unique_id as generate_unique_id
from typeway.datastructures import DefaultPlaceholder
from typeway.declare.given import given_options
from typeway.describe.document import About, build_document, without_none
from typeway.describe.failures import INVALID, Failures
from typeway.describe.operation import METHODS_WITH_BODY as METHODS_WITH_BODY
from typeway.describe.operation import unique_id
from typeway.describe.responses import merged
from typeway.describe.schemas import COMPONENT
from typeway.exceptions import TypewayDeprecationWarning
from typeway.responses import BODILESS

REF_PREFIX: Final = COMPONENT
REF_TEMPLATE: Final = COMPONENT + "{model}"

validation_error_definition: Final[dict[str, Any]] = dict(INVALID)
validation_error_response_definition: Final[dict[str, Any]] = {
    "title": "HTTPValidationError",
    "type": "object",
    "properties": {
        "detail": {"title": "Detail", "type": "array", "items": {"$ref": REF_PREFIX + "ValidationError"}},
    },
}

# The descriptions of the keys of `responses` that are ranges of statuses.
status_code_ranges: Final[Mapping[str, str]] = {
    "1XX": "Information", "2XX": "Success", "3XX": "Redirection", "4XX": "Client Error", "5XX": "Server Error",
    "DEFAULT": "Default Response",
}  # fmt: skip


def describe_routes(
    *,
    routes: Sequence[BaseRoute | RouteContext],
    webhooks: Sequence[BaseRoute | RouteContext] | None = None,
    separate_input_output_schemas: bool = True,
    errors: Literal["detail", "problem"] = "detail",
    **about: Unpack[About],
) -> dict[str, Any]:
    """Build the OpenAPI document of some routes.

    Parameters:
        routes: the routes, or their contexts.
        webhooks: the requests that the application sends without being asked.
        separate_input_output_schemas: whether a model may have two schemas, one for requests and one for responses.
        errors: how the application answers errors, as in `Typeway(errors=…)`.
        about: see `typeway.describe.document.About`; `title` and `version` at least.

    Raises:
        TypeError: title or version is missing, or an option does not exist.
    """
    given: Any = {"openapi_version": Typeway.openapi_version, **given_options("get_openapi()", about, About)}
    for name in ("title", "version"):
        if name not in given:
            raise TypeError(f"get_openapi() needs {name!r}.")
    return build_document(
        operations=operations_of([served_route(route) for route in routes]),
        webhooks=operations_of([served_route(route) for route in webhooks or ()]),
        separate_input_output_schemas=separate_input_output_schemas,
        failures=Failures(errors).responses,
        **given,
    )


def get_openapi(*, routes: Sequence[BaseRoute | RouteContext], **options: Any) -> dict[str, Any]:
    """Build the OpenAPI document of some routes as FastAPI does: checked against the specification.

    Parameters:
        routes: the routes, or their contexts.
        options: see `describe_routes`.

    Raises:
        TypeError: title or version is missing, or an option does not exist.
        pydantic.ValidationError: an option has a value that OpenAPI does not allow.
    """
    return checked(describe_routes(routes=routes, **options))


def checked(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document with URLs normalized and members in the specification's order, checked by models of OpenAPI.

    Raises:
        pydantic.ValidationError: a member has a value that OpenAPI does not allow.
    """
    # Imported when first needed: building the models of the whole specification takes longer than most applications
    # take to start.
    from typeway.compat.shapes.models import OpenAPI

    # Paths are not checked: they are written here, except for what authors add, which may be anything.
    whole = OpenAPI.model_validate({**document, "paths": None})
    shown = whole.model_dump(mode="json", by_alias=True, exclude_none=True) | {"paths": document["paths"]}
    return {key: without_none(shown[key]) for key in document}


def get_fields_from_routes(routes: Sequence[BaseRoute | RouteContext]) -> list[ModelField]:
    """Return the fields of everything that some routes read and respond with."""
    fields: list[ModelField] = []
    for route in map(served_route, routes):
        if isinstance(route, APIRoute) and route.include_in_schema:
            answer = [] if route.response_field is None else [route.response_field]
            fields += [*get_flat_body_params(route.dependant), *answer, *get_flat_params(route.dependant)]
    return fields


def generate_operation_id(*, route: Any, method: str) -> str:
    """Return the operation id of one method of a route."""
    warn("generate_operation_id")
    return str(route.operation_id or unique_id(route.name, route.path_format, method))


def generate_operation_summary(*, route: Any, method: str) -> str:
    """Return the summary of one method of a route."""
    return str(route.summary or route.name.replace("_", " ").title())


def generate_operation_id_for_path(*, name: str, path: str, method: str) -> str:
    """Return the operation id of a function on a path."""
    warn("generate_operation_id_for_path")
    return unique_id(name, path, method)


def warn(name: str) -> None:
    message = f"{name}() is deprecated: use generate_unique_id() instead."
    warnings.warn(message, TypewayDeprecationWarning, stacklevel=3)


def is_body_allowed_for_status_code(status_code: int | str | None) -> bool:
    """Return whether a response of this status may have a body (RFC 9110)."""
    if status_code is None or status_code in {"default", "1XX", "2XX", "3XX", "4XX", "5XX"}:
        return True
    return int(status_code) not in BODILESS


def get_path_param_names(path: str) -> set[str]:
    """Return the texts in braces in a path."""
    return {part.partition("}")[0] for part in path.split("{")[1:]}


def deep_dict_update(main_dict: dict[Any, Any], update_dict: dict[Any, Any]) -> None:
    """Merge one dict into another, at any depth; lists are concatenated."""
    main_dict.update(merged(main_dict, update_dict))


def get_value_or_default(first_item: Any, *extra_items: Any) -> Any:
    """Return the first item that is no `Default(...)`; the first item if all are."""
    return next((item for item in (first_item, *extra_items) if not isinstance(item, DefaultPlaceholder)), first_item)
