"""Turn the result of an endpoint into a reply: validate it against its model, and encode it to bytes where possible."""

import marshal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from pydantic_core import PydanticSerializationError, ValidationError
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse

from typeway.declare.operation import Operation
from typeway.declare.signature import undefined_name
from typeway.encoders import ENCODERS_BY_TYPE, json_writer, jsonable_encoder, to_any_json, to_json_bytes
from typeway.exceptions import EndpointContext, ValidationException
from typeway.plan.exchange import UNSET, Exchange
from typeway.plan.fields import Model, build_model, taken_as_it_is
from typeway.plan.plain import is_plain_schema
from typeway.responses import BODILESS, JSON_TYPE
from typeway.serve.reply import Reply, from_response
from typeway.serve.stream import build_stream, streams
from typeway.serve.validate import build_validate, dump_options, returned_by, unawaited, unfit, unraised

# Marks a response that a response class has made of a result: only such a response gets injected headers.
MADE: Final = "_typeway_made"

# Encodes a result: to the bytes of the body, or to a response.
Encode = Callable[[Any], bytes | Response]

# Whether the encoding of a result runs only built-in code, so that it cannot block.
IsPlain = Callable[[Any], bool]

# Applications may replace these functions before the first request.
BUILT_IN_ENCODERS: Final = {**ENCODERS_BY_TYPE}


@dataclass(frozen=True, slots=True, eq=False)
class Responder:
    """How one operation answers."""

    encode: Encode  # encodes a result; may run in a thread
    status: int  # the status of a successful response
    keeps_type: bool  # whether responses without a body keep their content type
    is_plain: IsPlain | None = None  # whether a result can be encoded on the event loop; None if none can

    def reply(self, exchange: Exchange, encoded: bytes | Response) -> Reply:
        """Return the reply, with the status and headers that were set on the injected Response."""
        if not isinstance(encoded, bytes):
            return self.reply_with(exchange, encoded)
        status, headers = self.status, [(b"content-length", b"%d" % len(encoded)), JSON_TYPE]
        injected = exchange.response
        if injected is not None:
            status = status if injected.status_code is UNSET else injected.status_code
            headers += injected.raw_headers
        if status in BODILESS:
            encoded, headers = b"", headers[1 if self.keeps_type else 2 :]
        return status, headers, encoded, None

    def reply_with(self, exchange: Exchange, response: Response) -> Reply:
        """Return the reply for a response; one that the endpoint has made is sent unchanged."""
        if vars(response).pop(MADE, None) is None:  # an endpoint may keep a response, and return it as its own later
            return from_response(response)
        injected = exchange.response
        if injected is not None:
            if injected.status_code is not None:
                response.status_code = injected.status_code
            response.raw_headers.extend(injected.raw_headers)
        return from_response(self.emptied(response) if response.status_code in BODILESS else response)

    def emptied(self, response: Response) -> Response:
        """Return the response without its body; a stream is not started."""
        dropped = (b"content-length",) if self.keeps_type else (b"content-length", b"content-type")
        empty = Response(status_code=response.status_code, background=response.background)
        empty.raw_headers = [(name, value) for name, value in response.raw_headers if name not in dropped]
        return empty


def build_responder(operation: Operation) -> Responder:
    """Return the responder of an operation."""
    annotation = operation.returns.model
    is_checked = annotation is not None and not operation.returns.missing and not streams(operation)
    model = build_model(annotation, operation.declaration.where) if is_checked else None
    return Responder(
        encode=build_encode(operation, model),
        status=200 if operation.status_code is None else int(operation.status_code),
        keeps_type=operation.conventions.bodiless_content_type,
        is_plain=build_is_plain(operation, model),
    )


def build_is_plain(operation: Operation, model: Model | None) -> IsPlain | None:
    """Return the test whether `encode` runs only built-in code for a result; None if it never does."""
    if streams(operation) or not is_built_in(operation.response_class):
        return None
    if model is None:
        return is_plain if ENCODERS_BY_TYPE == BUILT_IN_ENCODERS else None
    if not is_plain_schema(model.core_schema, anything=True):
        return None
    own = taken_as_it_is(model) if is_plain_schema(model.core_schema) else None
    return lambda result: type(result) is own or is_plain(result)


def is_plain(result: Any) -> bool:
    """Whether a result consists of built-in types only, or is a response.

    No attribute of the result is read, not even its class: an object may run code for that.
    """
    try:
        # PERF: marshal refuses all other types, also subclasses: 0.3 us for a small value. A thread costs 80 us.
        marshal.dumps(result)
    except (TypeError, ValueError):
        return issubclass(type(result), Response)
    return True


def is_built_in(response_class: type[Response] | None) -> bool:
    """Whether a response class belongs to Starlette or Typeway and only encodes its content."""
    if response_class is None:
        return True
    owners = {owner.__module__.partition(".")[0] for owner in response_class.__mro__}
    return owners <= {"starlette", "typeway", "builtins"} and not issubclass(
        response_class, (FileResponse, StreamingResponse)
    )


def build_encode(operation: Operation, model: Model | None) -> Encode:
    """Return the function that encodes the results of an operation."""
    if operation.returns.missing:
        return unless_response(refuse_undefined(operation), operation)
    if streams(operation):
        make = build_stream(operation)
        return unless_response(lambda result: marked(make(result)), operation)
    if model is not None:
        return encode_model(operation, model)
    if operation.response_class is None:
        nulls = operation.conventions.nulls_for_nan
        return json_writer(unless_response(to_any_json if nulls else to_json_bytes, operation))
    render = renderer(operation)
    return unless_response(lambda result: render(jsonable_encoder(result)), operation)


def refuse_undefined(operation: Operation) -> Encode:
    """Return an encoder for an operation whose response type is not defined: it accepts only Response objects."""
    name = operation.returns.missing[0]

    def encode(result: Any) -> bytes:
        raise undefined_name(name, "its return type", operation.declaration)

    return encode


def unless_response(convert: Encode, operation: Operation) -> Encode:
    """Return an encoder that passes Response objects on and converts other results; its errors name the endpoint."""
    context, unconverted = operation.context, unconverted_by(operation)

    def encode(result: Any) -> bytes | Response:
        if isinstance(result, unconverted):
            return passed_on(result, context)
        try:
            return convert(result)
        except ValidationException:
            raise
        except Exception as error:
            said = unawaited(result, context)
            if said is not None:
                raise ValueError(said) from error
            with suppress(AttributeError):  # of a class whose instances take no attributes
                error.add_note(f"while encoding what {returned_by(context)} returned")
            raise

    return encode


def unconverted_by(operation: Operation) -> tuple[type[Any], ...]:
    """Return the classes whose instances are no data, so that they are neither validated nor encoded."""
    return (Response, BaseException) if operation.conventions.refuses_returned_errors else (Response,)


def passed_on(result: Any, context: EndpointContext) -> Response:
    """Return a response unchanged; raise an error for an exception that was returned."""
    said = unraised(result, context)
    if said is not None:
        raise ValueError(said)
    response: Response = result
    return response


def encode_model(operation: Operation, model: Model) -> Encode:
    """Return an encoder that validates a result and serializes only the fields of its model."""
    serializer, options = model.serializer, dump_options(operation)
    if operation.response_class is not None:
        check, to_python, render = build_validate(operation, model), serializer.to_python, renderer(operation)
        return unless_response(lambda result: render(to_python(check(result), mode="json", **options)), operation)
    validate, to_json = model.validator.validate_python, serializer.to_json
    context, unconverted = operation.context, unconverted_by(operation)

    own = taken_as_it_is(model) if options == {"by_alias": True} else None

    # PERF: the function of build_validate would cost another frame, validating an instance of the model another call,
    # and `**options` more than a written keyword argument: 0.1, 0.2 and 0.1 of 5 us.
    def encode(result: Any) -> bytes | Response:
        if type(result) is own:
            return to_json(result, by_alias=True)
        if isinstance(result, unconverted):
            return passed_on(result, context)
        try:
            checked = validate(result, from_attributes=True)
        except ValidationError as error:
            raise unfit(error, result, context) from None  # whose text would repeat all errors
        try:
            return to_json(checked, **options)
        except PydanticSerializationError as error:
            said = unawaited(result, context)
            if said is not None:
                raise ValueError(said) from error
            raise

    return encode


def renderer(operation: Operation) -> Callable[[Any], Response]:
    """Return a function that makes a response of the operation's class, by default with the status of that class."""
    response_class = operation.response_class or JSONResponse
    status: dict[str, Any] = {} if operation.status_code is None else {"status_code": int(operation.status_code)}
    return lambda content: marked(response_class(content, **status))


def marked(response: Response) -> Response:
    vars(response)[MADE] = True
    return response
