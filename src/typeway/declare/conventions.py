"""Hold the few conventions in which an application may differ: ours, or FastAPI's."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Conventions:
    """How one application or router behaves where Typeway and FastAPI differ.

    Every field is read once, by the layer that acts on it, while something is being built. Fields about
    declarations follow the router, fields about requests follow the application. The defaults are Typeway's.

    Example: `dataclasses.replace(TYPEWAY, answers_options=False)`
    """

    json_errors: bool = True
    """Answer unhandled errors (500) and oversized bodies (413) with JSON `{"detail": …}`, never with plain text."""
    answers_head: bool = True
    """Answer HEAD wherever GET is declared, without a body (RFC 9110 section 9.3.2)."""
    answers_options: bool = True
    """Answer OPTIONS on every path with 204 and `Allow` (RFC 9110 section 9.3.7); no dependency runs."""
    union_allow: bool = True
    """Name in `Allow` the methods of all that is on the path, not only of its first route (RFC 9110 section 10.2.1)."""
    encoded_slashes: bool = True
    """Take a slash that the client has encoded (`%2F`) for part of a segment where no route takes it for a separator."""
    rejects_media_types: bool = True
    """Answer a body of an undeclared media type with 415 (RFC 9110 section 15.5.16), not with a 422 that echoes it."""
    errors_once: bool = True
    """Report the errors of a dependency that is used several times once."""
    errors_show_data: bool = True
    """Repeat in a 422 what the client sent only where it is data: no bytes, and no attributes of any object."""
    limits_before_endpoint: bool = True
    """Refuse a body over the limit before the endpoint runs, whether or not the endpoint would read it."""
    cors_on_errors: bool = True
    """Send the 500 of an unhandled error, and the 413 of a body limit, with the headers of the CORS middleware."""
    mounted_lifespans: bool = True
    """Run the lifespans of mounted applications inside that of the application around them."""
    middleware_errors_answered: bool = True
    """Answer an HTTPException raised in http middleware like one raised in an endpoint."""
    one_http_exception: bool = True
    """Let a handler for HTTPException also catch the 404 and 405 that routing raises."""
    field_defaults: bool = True
    """Take `limit: int = Field(default=20, ge=1)` in a signature as a query parameter with that default and bound."""
    annotated_beside_default: bool = True
    """Apply what `Annotated` says of a type where the default value is a marker: `Annotated[int, Ge(1)] = Query(3)`."""
    ignores_var_arguments: bool = True
    """Take `*args` and `**kwargs` of an endpoint for what they are, not for required query parameters."""
    rereads_signatures: bool = True
    """Read an endpoint again whose signature was set after its decorator, also where its router was not included."""
    original_scope_route: bool = False
    """Put the route as it was first declared, without the prefixes of its inclusion, into `scope["route"]`."""
    id_per_method: bool = True
    """Give each method of a route with several methods its own operation id."""
    bodiless_content_type: bool = False
    """Keep `content-type` on answers that have no body (204, 205, 304)."""

    one_source: bool = True
    """Refuse a parameter whose `Annotated` holds markers of different sources; FastAPI obeys the last."""
    warns_unvalidated: bool = True
    """Warn where a body is declared that Pydantic would not validate: a SQLModel class with `table=True`."""
    multipart_models: bool = True
    """Describe a form model with a file inside as `multipart/form-data`, the only encoding that carries files."""
    names_aliases: bool = True
    """Describe a body whose type is a named alias (`type Pet = …`) as a component of that name, not spelled out."""
    documents_failures: bool = True
    """Document the errors that can be seen: those that functions raise in their own bodies, and refusals of schemes."""

    checks_paths: bool = True
    """Refuse a path that no request could match: without its slash, with an unpaired brace, with a query."""
    checks_path_names: bool = True
    """Refuse a name in a path that no parameter takes, beside a parameter that the query would have to hold."""
    checks_decorators: bool = True
    """Refuse a decorator without parentheses, which registers nothing."""
    checks_options: bool = True
    """Refuse the value of an option that is of a kind that could not work."""
    checks_parameters: bool = True
    """Refuse parameters and dependencies that could never get what they ask for."""
    checks_sockets: bool = True
    """Refuse a WebSocket endpoint that could not accept its connection."""
    checks_handlers: bool = True
    """Refuse an exception handler that would never be called, or could not be."""
    checks_middleware: bool = True
    """Refuse middleware that could not be constructed."""
    checks_mounts: bool = True
    """Refuse to mount what is no ASGI application."""
    checks_lifespans: bool = True
    """Refuse a lifespan that could not begin, and events that a lifespan leaves out."""

    default_title: str = "Typeway"
    """The title of an application that names none."""


TYPEWAY: Final = Conventions()
"""Our own conventions: what `Typeway` and `Router` carry."""
