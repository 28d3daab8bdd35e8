"""Record the behaviours in which Typeway and FastAPI differ."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits that count where the author sets none: an option, and the keys of the options `*_limits`; None for none.

    Those of JSON are in `typeway.decoders`, because `strict_json` decides about them.
    """

    max_body_size: int | None = None
    duplicate_fields: bool | None = None
    max_fields: int | None = None
    max_files: int | None = None
    max_part_size: int | None = None
    max_query: int | None = None
    max_headers: int | None = None
    max_cookies: int | None = None
    max_errors: int | None = None
    max_size: int | None = None

    def under(self, given: Mapping[str, int], *names: str) -> dict[str, int]:
        """Return the limits of these names, each as it was given, or else the default if there is one."""
        found = {name: given.get(name, getattr(self, name)) for name in names}
        return {name: limit for name, limit in found.items() if limit is not None}


SAFE_LIMITS: Final = Limits(
    max_body_size=10_000_000,
    max_fields=1_000,
    max_files=100,
    max_part_size=1 << 20,
    duplicate_fields=True,
    max_query=1_000,
    max_headers=100,
    max_cookies=100,
    max_errors=100,
    max_size=64 << 10,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conventions:
    """How one application or router behaves where Typeway and FastAPI differ.

    One layer reads each field, once, while it builds something. Fields about declarations follow the router, fields
    about requests follow the application. The defaults are Typeway's.

    Example: `dataclasses.replace(TYPEWAY, answers_options=False)`
    """

    json_errors: bool = True
    """Answer unhandled errors (500) and oversized bodies (413) with JSON `{"detail": …}`, not with plain text."""
    answers_head: bool = True
    """Answer HEAD wherever GET is declared, without a body (RFC 9110 section 9.3.2)."""
    answers_options: bool = True
    """Answer OPTIONS on every path with 204 and `Allow` (RFC 9110 section 9.3.7); no dependency runs."""
    union_allow: bool = True
    """List in `Allow` the methods of every route on the path, not only of its first route (RFC 9110 section 10.2.1)."""
    encoded_slashes: bool = True
    """Accept an encoded slash (`%2F`) as a part of a path segment, if no route matches with it as a separator."""
    rejects_media_types: bool = True
    """Answer a body of an undeclared media type with 415 (RFC 9110 section 15.5.16), not with a 422 that echoes it."""
    errors_once: bool = True
    """Report the errors of a dependency once, even if several functions depend on it."""
    errors_show_data: bool = True
    """Repeat the client's input in a 422 only if it is plain data: no bytes, and no attributes of objects."""
    strict_json: bool = True
    """Refuse JSON that RFC 8259 does not define: NaN, keys that occur twice, half surrogate pairs, other encodings."""
    exact_json_types: bool = True
    """Refuse in JSON bodies what the schema refuses and Pydantic converts: `"done": 1`, `"count": "3"`."""
    whole_forms: bool = True
    """Refuse a multipart form that ends before its last boundary."""
    nulls_for_nan: bool = True
    """Write null for NaN and the infinities without a response model too; FastAPI answers 500."""
    refuses_returned_errors: bool = True
    """Answer 500, and say so in the log, if an endpoint returns an exception instead of raising it; FastAPI shows its attributes."""
    hides_inputs: bool = True
    """Repeat in a 422 at most 200 characters of an input, and nothing of passwords, tokens and other secrets."""
    limits: Limits = SAFE_LIMITS
    """The limits of a request and of the response to an invalid one; FastAPI has none but Starlette's limits of forms."""
    text_reasons: bool = True
    """Close a WebSocket whose handshake does not fit with a text as the reason; no server can send FastAPI's list."""
    quiet_disconnects: bool = True
    """Let a connection end when its client leaves, with a line in the debug log; FastAPI raises an error to the server."""
    closes_sockets: bool = True
    """Close a WebSocket whose endpoint has returned with 1000, and after an error with 1011; FastAPI breaks the connection off."""
    cancels_abandoned: bool = True
    """Cancel a WebSocket endpoint whose client has left, and a request whose client has left before it got a thread."""
    own_threads: bool = True
    """Give a `def` endpoint that has no thread one of its own while all threads of the pool are busy."""
    relative_redirects: bool = True
    """Redirect a trailing slash to a path, not to a URL with the host that the client names."""
    identifies_errors: bool = True
    """Give an unhandled error and its 500 the same request id, in the log and in the header `X-Request-ID`."""
    limits_before_endpoint: bool = True
    """Refuse a body over the limit before the endpoint runs, whether or not the endpoint reads it."""
    cors_on_errors: bool = True
    """Send the headers of the CORS middleware with the 500 of an unhandled error and the 413 of a body limit."""
    mounted_lifespans: bool = True
    """Run the lifespans of mounted applications inside the lifespan of the outer application."""
    middleware_errors_answered: bool = True
    """Handle an HTTPException raised in http middleware like one raised in an endpoint."""
    opens_groups: bool = True
    """Answer the one error of an exception group, with which a task group reports the failure of one of its tasks."""
    one_http_exception: bool = True
    """Pass the 404 and 405 of routing to a handler for HTTPException as well."""
    field_defaults: bool = True
    """Read `limit: int = Field(default=20, ge=1)` in a signature as a query parameter with that default and bound."""
    annotated_beside_default: bool = True
    """Apply the metadata of `Annotated` where the default value is a marker: `Annotated[int, Ge(1)] = Query(3)`."""
    ignores_var_arguments: bool = True
    """Ignore `*args` and `**kwargs` of an endpoint instead of reading them as required query parameters."""
    rereads_signatures: bool = True
    """Read an endpoint again if its signature was set after its decorator ran, even if its router was not included."""
    original_scope_route: bool = False
    """Set `scope["route"]` to the route as it was declared, without the prefixes of its inclusion."""
    id_per_method: bool = True
    """Give each method of a route its own operation id."""
    bodiless_content_type: bool = False
    """Keep `content-type` on responses without a body (204, 205, 304)."""

    one_source: bool = True
    """Refuse a parameter whose `Annotated` contains markers of different sources; FastAPI uses the last one."""
    warns_unvalidated: bool = True
    """Warn about a body type that Pydantic does not validate: a SQLModel class with `table=True`."""
    multipart_models: bool = True
    """Describe a form model that contains a file as `multipart/form-data`, the only encoding that can carry files."""
    documents_wire: bool = True
    """Describe parameters and form fields as they can be sent: never null, and not empty where that means missing."""
    names_aliases: bool = True
    """Describe a body whose type is a named alias (`type Pet = …`) as a component of that name, not inline."""
    documents_failures: bool = True
    """Document errors that functions raise in their own bodies, and the errors of security schemes."""

    checks_paths: bool = True
    """Refuse a path that cannot match: without its slash, with an unpaired brace, with a query."""
    checks_path_names: bool = True
    """Refuse a name in a path that no parameter takes, if another parameter would then be read from the query."""
    checks_decorators: bool = True
    """Refuse a decorator without parentheses, which registers nothing."""
    checks_options: bool = True
    """Refuse an option value of a type that cannot work."""
    checks_parameters: bool = True
    """Refuse parameters and dependencies that can never receive a value."""
    checks_sockets: bool = True
    """Refuse a WebSocket endpoint that cannot accept its connection."""
    checks_handlers: bool = True
    """Refuse an exception handler that would never be called, or whose signature does not fit."""
    checks_middleware: bool = True
    """Refuse middleware that cannot be constructed."""
    checks_cors: bool = True
    """Refuse CORS middleware that lets every origin send credentials."""
    checks_mounts: bool = True
    """Refuse to mount an object that is not an ASGI application."""
    checks_lifespans: bool = True
    """Refuse a lifespan that cannot start, and start-up handlers that a lifespan would replace."""

    default_title: str = "Typeway"
    """The title of an application that does not set one."""


TYPEWAY: Final = Conventions()
"""Typeway's own conventions, which `Typeway` and `Router` use."""
