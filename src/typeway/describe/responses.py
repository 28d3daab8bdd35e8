"""Describe what an operation answers: its own response, those its author adds, and the 422 of validation."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from starlette.responses import JSONResponse, Response

from typeway.describe.merge import merged
from typeway.describe.schemas import COMPONENT, Described, JsonSchema, Schemas, title_of
from typeway.exceptions import declaration_error
from typeway.operation import Operation
from typeway.plan.fields import schema_of
from typeway.responses import allows_body
from typeway.sse import EventSourceResponse, ServerSentEvent
from typeway.texts import VALIDATION_ERROR

JSON: Final = "application/json"
JSON_LINES: Final = "application/jsonl"

# What a status, a range of them (RFC 9110, section 15) or the rest (OpenAPI 3.1, section 4.8.16) means.
MEANINGS: Final[Mapping[str, str]] = {
    **{str(int(status)): status.phrase for status in HTTPStatus},
    "1XX": "Information",
    "2XX": "Success",
    "3XX": "Redirection",
    "4XX": "Client Error",
    "5XX": "Server Error",
    "default": "Default Response",
}
OTHER_MEANING: Final = "Additional Response"


@dataclass(frozen=True, slots=True)
class Answers:
    """What an operation answers, as far as it is known before schemas are.

    Parameters:
        status: the status of its own response.
        model: the number of the schema of its own response, or of a stream's items; None if any value will do.
        others: the numbers of the schemas of other responses, by their keys in `Operation.responses`.
        adds_422: whether a failed validation is described because the author describes no such response.
    """

    status: str
    model: int | None
    others: Mapping[int | str, int]
    adds_422: bool


def outline_responses(operation: Operation, schemas: Schemas, *, validates: bool) -> Answers:
    """Ask for the schemas of responses.

    Parameters:
        validates: whether the operation takes anything that may be invalid.
    """
    where = operation.declaration.where
    others = {
        code: schemas.want(
            schema_of(response["model"], where),
            "serialization",
            title_of(f"Response_{code}_{operation.unique_id}"),
        )
        for code, response in operation.responses.items()
        if response.get("model") is not None
    }
    status = status_of(operation)
    documented = {status, *(key_of(code, where) for code in operation.responses)}
    return Answers(
        status=status,
        model=want_model(operation, schemas),
        others=others,
        adds_422=validates and not documented & {"422", "4XX", "default"},
    )


def want_model(operation: Operation, schemas: Schemas) -> int | None:
    returns, where = operation.returns, operation.declaration.where
    if streams_items(operation):
        annotation, title = returns.item, f"StreamItem_{operation.unique_id}"
        if isinstance(annotation, type) and issubclass(annotation, ServerSentEvent):
            return None
    else:
        annotation, title = returns.model, f"Response_{operation.unique_id}"
    if annotation is None:
        return None
    return schemas.want(schema_of(annotation, where), "serialization", title_of(title))


def streams_items(operation: Operation) -> bool:
    """Whether the items of a generator are sent one by one, as lines of JSON or as events."""
    kind = operation.response_class
    return operation.returns.streams and (kind is None or issubclass(kind, EventSourceResponse))


def key_of(code: int | str, where: str) -> str:
    """How the document writes a status code, a range of them, or the rest.

    Raises:
        DeclarationError: it is none of them.
    """
    key = str(code).upper()
    if key == "DEFAULT":
        return "default"
    if key in MEANINGS or key.isdigit():
        return key
    raise declaration_error(
        f"{code!r} is no key of responses.",
        hint='Use a status code like 404, a range like "4XX", or "default".',
        where=where,
        also=ValueError,
    )


def status_of(operation: Operation) -> str:
    """The status of the operation's own response: declared, or what its response class uses."""
    if operation.status_code is not None:
        return str(int(operation.status_code))
    parameter = inspect.signature((operation.response_class or Response).__init__).parameters.get("status_code")
    return str(parameter.default) if parameter is not None and isinstance(parameter.default, int) else "200"


def describe_responses(
    operation: Operation, answers: Answers, described: Described, validation_errors: str
) -> dict[str, Any]:
    """The Responses Object (OpenAPI 3.1, section 4.8.16).

    Parameters:
        validation_errors: the name of the component that describes a 422.
    """
    responses: dict[str, Any] = {answers.status: own_response(operation, answers, described)}
    media_type = getattr(operation.response_class, "media_type", None) or JSON
    for code, given in operation.responses.items():
        key = key_of(code, operation.declaration.where)
        response = {name: value for name, value in given.items() if name != "model"}
        if code in answers.others:
            model = {"content": {media_type: {"schema": described[answers.others[code]]}}}
            response = merged(response, model)
        known = responses.get(key, {})
        response["description"] = (
            response.get("description") or known.get("description") or MEANINGS.get(key, OTHER_MEANING)
        )
        responses[key] = merged(known, response)
    if answers.adds_422:
        responses["422"] = {
            "description": VALIDATION_ERROR,
            "content": {JSON: {"schema": {"$ref": COMPONENT + validation_errors}}},
        }
    return responses


def own_response(operation: Operation, answers: Answers, described: Described) -> dict[str, Any]:
    """The Response Object of what the endpoint returns (section 4.8.17)."""
    response: dict[str, Any] = {"description": operation.response_description}
    content = content_of(operation, {} if answers.model is None else described[answers.model], answers.model)
    if content and allows_body(int(answers.status)):
        response["content"] = content
    return response


def content_of(operation: Operation, model: JsonSchema, number: int | None) -> dict[str, Any] | None:
    """What the endpoint's response carries, by media type; None if its class does not say."""
    kind = operation.response_class
    if streams_items(operation):
        if kind is None:
            return {JSON_LINES: {"itemSchema": model}}
        return {kind.media_type or "text/event-stream": {"itemSchema": event_schema(model, is_json=number is not None)}}
    if kind is None:
        return {JSON: {"schema": model}}
    if kind.media_type is None:
        return None
    return {kind.media_type: {"schema": model if issubclass(kind, JSONResponse) else {"type": "string"}}}


def event_schema(model: JsonSchema, *, is_json: bool) -> JsonSchema:
    """The schema of one server-sent event (HTML Living Standard, section 9.2).

    Parameters:
        model: what the data holds.
        is_json: whether it is known to be JSON.
    """
    data: JsonSchema = {"type": "string"}
    if is_json:
        data |= {"contentMediaType": JSON, "contentSchema": model}
    event: JsonSchema = {
        "type": "object",
        "properties": {
            "data": data,
            "event": {"type": "string"},
            "id": {"type": "string"},
            "retry": {"type": "integer", "minimum": 0},
        },
    }
    return {**event, "required": ["data"]} if is_json else event
