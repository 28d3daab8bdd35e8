"""Offer FastAPI's functions about documents and operation ids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.routing import BaseRoute

from typeway.app import OPENAPI_VERSION, operations_of
from typeway.describe.document import About, build_document
from typeway.describe.operation import unique_id
from typeway.options import given_options
from typeway.responses import BODILESS
from typeway.routes import APIRoute


def get_openapi(
    *,
    title: str,
    version: str,
    openapi_version: str = OPENAPI_VERSION,
    routes: Sequence[BaseRoute],
    webhooks: Sequence[BaseRoute] | None = None,
    separate_input_output_schemas: bool = True,
    **about: Any,
) -> dict[str, Any]:
    """The OpenAPI document of some routes.

    Parameters:
        about: what else is said of the API; see `typeway.describe.document.About`.

    Raises:
        UnknownOptionError: nothing of that name can be said.
    """
    return build_document(
        title=title,
        version=version,
        openapi_version=openapi_version,
        operations=operations_of(routes),
        webhooks=operations_of(webhooks or ()),
        separate_input_output_schemas=separate_input_output_schemas,
        **given_options("get_openapi()", about, About),
    )


def generate_unique_id(route: APIRoute) -> str:
    """The operation id of a route that names none."""
    return unique_id(route.name, route.path_format, min(route.methods))


def is_body_allowed_for_status_code(status_code: int | str | None) -> bool:
    """Whether an answer of this status may have a body (RFC 9110)."""
    if status_code is None or status_code in {"default", "1XX", "2XX", "3XX", "4XX", "5XX"}:
        return True
    return int(status_code) not in BODILESS
