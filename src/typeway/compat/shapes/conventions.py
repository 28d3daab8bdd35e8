"""Hold FastAPI's conventions, where they differ from Typeway's."""

from typing import Final

from typeway.declare.conventions import Conventions

FASTAPI: Final = Conventions(
    json_errors=False,
    answers_head=False,
    answers_options=False,
    union_allow=False,
    encoded_slashes=False,
    rejects_media_types=False,
    errors_once=False,
    errors_show_data=False,
    limits_before_endpoint=False,
    cors_on_errors=False,
    mounted_lifespans=False,
    middleware_errors_answered=False,
    one_http_exception=False,
    field_defaults=False,
    annotated_beside_default=False,
    ignores_var_arguments=False,
    rereads_signatures=False,
    original_scope_route=True,
    id_per_method=False,
    bodiless_content_type=True,
    one_source=False,
    warns_unvalidated=False,
    multipart_models=False,
    names_aliases=False,
    documents_failures=False,
    checks_paths=False,
    checks_path_names=False,
    checks_decorators=False,
    checks_options=False,
    checks_parameters=False,
    checks_sockets=False,
    checks_handlers=False,
    checks_middleware=False,
    checks_mounts=False,
    checks_lifespans=False,
    default_title="FastAPI",
)
"""FastAPI's conventions, which the application and router classes of this package follow."""
