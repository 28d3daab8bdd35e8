"""Read a request's body: JSON, forms and files, their media types and their limits."""

import json
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Container, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from pydantic_core import from_json
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException as StarletteHTTPException

from typeway import texts
from typeway.declare import shapes
from typeway.declare.classify import Input
from typeway.declare.operation import Operation
from typeway.declare.options import FormLimits
from typeway.decoders import AROUND, JSONRules, RefusedJSON
from typeway.exceptions import EndpointContext, HTTPException, RequestValidationError
from typeway.plan.bounded import LARGE
from typeway.plan.exchange import Exchange
from typeway.plan.sources import MISSING, choice_of, group_collector, grouped, names_read_once, pick
from typeway.types import Message

# Takes the place of the first message if the body is read through a Request.
NO_MESSAGE: Final[Message] = {"type": ""}

# Limits what is still to be received of a body, given how many bytes have been received.
Bound = Callable[[Exchange, int], None]

# Adds the values in the body to the raw values of a callable; returns False if the body is not an object.
Collect = Callable[[Exchange, dict[str, Any]], bool]
ReadField = Callable[[FormData], Awaitable[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """The body that an operation expects."""

    inputs: tuple[Input, ...]  # every input of the operation that the body carries, dependencies' first
    is_form: bool  # whether the body is a form instead of JSON
    media_types: frozenset[str]  # what the inputs declare to accept beside JSON
    embedded: bool  # whether JSON is an object whose members are the inputs
    strict: bool  # whether a body without a media type is left unparsed
    rejects: bool  # whether other media types are answered with 415; not where an input takes the raw bytes of any
    form_limits: Mapping[str, int]  # see `FormLimits`
    default_limits: Mapping[str, int]  # the same, where neither the operation nor an application around it sets them
    json_limits: Mapping[str, Any]  # see `JSONLimits`
    rules: JSONRules | None  # how JSON is read; None to read it as FastAPI does
    exact: bool  # whether values of JSON must have the types of the document; see `typeway.plan.json_types`
    context: EndpointContext  # the endpoint that errors in the body belong to
    # Applies the default limit to JSON of several messages, or of more bytes than `most`; None where another layer does.
    bound: Bound | None
    most: int
    readers: Mapping[int, ReadField]  # of a form, what reads the raw value of each input, by the input's id
    once: frozenset[str]  # of a form, the fields of which inputs read one value

    async def read(self, exchange: Exchange) -> None:  # noqa: C901 - see PERF
        """Read and parse the body into the exchange; raise an HTTPException or RequestValidationError if that fails."""
        # PERF: nearly all bodies are JSON in one message. They are handled here in one frame, 2 us instead of 4: no
        # Request.body(), no mapping of headers, no function for the first attempt of the parser.
        message: Message = NO_MESSAGE if exchange.held is not None else await exchange.receive()
        if message["type"] == "http.request" and not message.get("more_body", False):
            raw = exchange.raw_body = message.get("body", b"")
            if len(raw) > self.most and self.bound is not None:
                self.bound(exchange, len(raw))
        else:
            if self.bound is not None:
                self.bound(exchange, len(message.get("body", b"")))
            raw = await read_rest(exchange, message)
        if not raw:
            exchange.body = MISSING
            return
        content_type = None
        for name, value in exchange.scope["headers"]:
            if name == b"content-type":
                content_type = value
                break
        if content_type == b"application/json" or self.is_json(content_type):
            rules = self.rules
            if rules is None:
                exchange.body = parse_json(raw, self.context)
                return
            if AROUND in exchange.scope:
                rules = JSONRules.of({**exchange.scope[AROUND].get("json_limits", {}), **self.json_limits})
            if len(raw) > LARGE:
                exchange.is_large = True
            try:
                exchange.body = rules.read(raw)
            except json.JSONDecodeError as error:
                raise malformed(error, self.context) from error
            except RefusedJSON as error:
                raise parse_failure(str(error)) from error
        elif self.rejects and media_type(content_type) not in self.media_types:
            raise unsupported(self.media_types | {"application/json"})
        else:
            exchange.body = raw

    def is_json(self, content_type: bytes | None) -> bool:
        """Whether a body is JSON by its media type; without one, if the operation takes it for JSON."""
        return is_json(media_type(content_type)) if content_type else not self.strict

    async def read_form(self, exchange: Exchange) -> None:
        """Read and parse a form into the exchange; see `read`."""
        request: Any = exchange.connection  # a WebSocket has no body to read
        with parsing():
            limits = {
                **self.default_limits,
                **exchange.scope.get(AROUND, {}).get("form_limits", {}),
                **self.form_limits,
            }
            may_repeat = limits.pop("duplicate_fields", True)
            exchange.form = form = await request.form(**limits)
            if not may_repeat:
                refuse_repeated(form, self.once)
            found = {key: await read(form) for key, read in self.readers.items()}
            exchange.body = {key: value for key, value in found.items() if value is not MISSING}

    def refusals(self, max_size: int | None) -> dict[int, str]:
        """Return the statuses with which a body is refused before it is validated, each with its meaning.

        Parameters:
            max_size: the limit of the operation's body in bytes; None if it has none.
        """
        found = {400: texts.BODY_PARSE_ERROR}
        if max_size is not None:
            found[413] = texts.CONTENT_TOO_LARGE
        if self.rejects and not self.is_form:
            found[415] = texts.UNSUPPORTED_MEDIA_TYPE
        return found

    def collector(self, inputs: Sequence[Input]) -> Collect | None:
        """Return a function that adds the values in the body to the raw values of a callable."""
        own = [entry for entry in inputs if entry.in_body]
        if not own:
            return None
        if not self.has_members(own):
            return collect_whole(own[0].name)
        return collect_members([(entry.name, (id(entry),) if self.is_form else entry.wires) for entry in own])

    def has_members(self, inputs: Sequence[Input]) -> bool:
        """Whether the inputs of a callable are members of the body, instead of the whole body.

        If all inputs of the body have one name, they are members only with `embed`; the endpoint's, the last, decides.
        """
        asking = [*(entry for entry in inputs if entry.in_body), self.inputs[-1]]
        return self.is_form or are_members(asking, self.inputs)


class PatchBody(Body):
    """A body whose type defines its media type: other media types are refused, also other kinds of JSON."""

    __slots__ = ()

    async def read(self, exchange: Exchange) -> None:
        """Read and parse the body into the exchange; see `Body.read`."""
        content_type = next((value for name, value in exchange.scope["headers"] if name == b"content-type"), None)
        is_refused = media_type(content_type) not in self.media_types and (content_type or self.strict)
        try:
            await super().read(exchange)
        except (RequestValidationError, HTTPException) as error:
            # Errors in a body of another media type do not matter, except for its size.
            if not is_refused or getattr(error, "status_code", 415) != 415:
                raise
        if is_refused and exchange.body is not MISSING:
            # RFC 5789, section 2.2: the response names the media types of patches that are accepted.
            raise unsupported(self.media_types, "Accept-Patch")


def are_members(asking: Iterable[Input], together: Iterable[Input]) -> bool:
    """Whether JSON is an object: the inputs have several names, or one of them has `embed`."""
    return len({entry.name for entry in together}) > 1 or any(entry.marker.embed for entry in asking)


def unsupported(media_types: Iterable[str], *also: str) -> HTTPException:
    """Return a 415 that names the accepted media types (RFC 9110, section 15.5.16)."""
    accepted = ", ".join(sorted(media_types))
    headers = dict.fromkeys(("Accept", *also), accepted)
    return HTTPException(415, f"{texts.UNSUPPORTED_MEDIA_TYPE}: send the body as {accepted}.", headers)


def collect_whole(name: str) -> Collect:
    def collect(exchange: Exchange, values: dict[str, Any]) -> bool:
        if exchange.body is not MISSING:
            values[name] = exchange.body
        return True

    return collect


def collect_members(members: list[tuple[str, tuple[Hashable, ...]]]) -> Collect:
    def collect(exchange: Exchange, values: dict[str, Any]) -> bool:
        body = exchange.body
        if not isinstance(body, dict):
            return body is MISSING or isinstance(body, bytes)
        for name, keys in members:
            for key in keys:
                if key in body:
                    values[name] = body[key]
                    break
        return True

    return collect


async def read_rest(exchange: Exchange, message: Message) -> bytes:
    """Return the whole body if it has several messages, or if a dependency holds the Request and may have read it."""
    if message is NO_MESSAGE:
        request: Any = exchange.connection
        with parsing():
            raw: bytes = await request.body()
        return raw
    chunks = []
    while True:
        if message["type"] != "http.request":
            raise parse_failure()
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            exchange.raw_body = b"".join(chunks)
            return exchange.raw_body
        message = await exchange.receive()


@contextmanager
def parsing() -> Iterator[None]:
    """Turn exceptions inside the block into a 400: the body cannot be read; an HTTPException is raised unchanged."""
    try:
        yield
    except StarletteHTTPException:
        raise
    except Exception as error:
        raise parse_failure() from error


def parse_failure(*reasons: str) -> StarletteHTTPException:
    """Return the exception for a body that cannot be read."""
    return StarletteHTTPException(400, ": ".join((texts.BODY_PARSE_ERROR, *reasons)))


def parse_json(raw: bytes, context: EndpointContext) -> Any:
    """Return the value of a JSON text as FastAPI reads it.

    If the fast parser refuses it, the standard library parses it again, so that clients get the values and error messages
    of Python.

    Raises:
        RequestValidationError: the text is malformed; the location of the error contains the position.
        HTTPException: 400, the bytes are not text, or are nested too deeply.
    """
    try:
        return from_json(raw)
    except ValueError:
        pass
    try:
        return json.loads(raw)
    except json.JSONDecodeError as error:
        raise malformed(error, context) from error
    except (ValueError, RecursionError) as error:
        raise parse_failure() from error


def malformed(error: json.JSONDecodeError, context: EndpointContext) -> RequestValidationError:
    """Return the exception for a text that is not JSON."""
    kind, message = texts.JSON_INVALID
    found = {"type": kind, "loc": ("body", error.pos), "msg": message, "input": {}, "ctx": {"error": error.msg}}
    return RequestValidationError([found], body=error.doc, endpoint_ctx=context)


def is_json(kind: str) -> bool:
    """Whether a media type is JSON: `application/json`, or one with the suffix `+json` (RFC 6839)."""
    whole, _, subtype = kind.partition("/")
    return whole == "application" and (subtype == "json" or subtype.endswith("+json"))


def media_type(content_type: bytes | None) -> str:
    """Return the media type of a Content-Type header without its parameters, in lower case."""
    return (content_type or b"").decode("latin-1").partition(";")[0].strip().lower()


def refuse_repeated(form: FormData, names: Container[str]) -> None:
    """Raise a 400 if a form has one of these fields more than once."""
    counts = Counter(name for name, _ in form.multi_items() if name in names)
    repeated = [name for name, count in counts.items() if count > 1]
    if repeated:
        raise parse_failure(f"it has the field {repeated[0]!r} more than once")


def field_reader(entry: Input) -> ReadField:
    """Return a function that reads the raw value of one input of a form, or MISSING; an empty field is missing too."""
    wires, choice = entry.wires, choice_of(entry, "form")
    collect = group_collector(entry) if entry.is_group else None
    # With the type bytes, the value is the content of a file.
    reads_content = entry.location == "file" and shapes.is_one_or_several(entry.kind, bytes)

    async def read(form: FormData) -> Any:
        if collect is not None:
            return collect(grouped(form.multi_items()))
        _, value = pick(form.getlist, wires, choice)
        return await content_of(value) if reads_content else value

    return read


async def content_of(value: Any) -> Any:
    """Return the content of a file, and restore its position: another parameter may read the file too."""
    if isinstance(value, list):
        return [await content_of(item) for item in value]
    if not isinstance(value, UploadFile):
        return value
    content = await value.read()
    await value.seek(0)
    return content


def build_body(inputs: Sequence[Input], operation: Operation, bound: Bound | None = None) -> Body | None:
    """Return the body that the inputs of an operation expect; None if no input is in the body.

    Parameters:
        bound: applies the default limit of its size; None where another layer does.
    """
    own = tuple(entry for entry in inputs if entry.in_body)
    if not own:
        return None
    is_form = any(entry.location != "body" for entry in own)
    embedded = not is_form and are_members(own, own)
    says_type = not is_form and not embedded and all(shapes.media_type(entry.kind) is not None for entry in own)
    rejects = operation.conventions.rejects_media_types
    rules = JSONRules.of(operation.json_limits) if operation.conventions.strict_json else None
    return (PatchBody if says_type and rejects else Body)(
        inputs=own,
        is_form=is_form,
        media_types=frozenset(entry.marker.media_type for entry in own),
        embedded=embedded,
        strict=operation.strict_content_type,
        rejects=rejects and not any(shapes.is_one_or_several(entry.kind, (UploadFile, bytes)) for entry in own),
        form_limits=dict(operation.form_limits),
        default_limits=operation.conventions.limits.under({}, *FormLimits.__annotations__),
        json_limits=dict(operation.json_limits),
        rules=rules,
        exact=operation.conventions.exact_json_types,
        context=operation.context,
        bound=bound,
        most=sys.maxsize if bound is None else operation.conventions.limits.max_body_size or 0,
        readers={id(entry): field_reader(entry) for entry in own} if is_form else {},
        once=frozenset().union(*map(names_read_once, own)) if is_form else frozenset(),
    )
