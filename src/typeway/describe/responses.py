"""Describe the responses of an operation: its own, those that its author adds, and the error responses."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from starlette.responses import JSONResponse, Response

from typeway.declare import shapes
from typeway.declare.operation import Operation
from typeway.describe.schemas import JSON, Components, JsonSchema, title_of
from typeway.exceptions import declaration_error
from typeway.plan.fields import schema_of
from typeway.responses import BODILESS
from typeway.sse import EventSourceResponse, ServerSentEvent

# The default descriptions of a status, a range of them (RFC 9110, section 15) and the rest (OpenAPI 3.1, section 4.8.16).
MEANINGS: Final[Mapping[str, str]] = {
    **{str(int(status)): status.phrase for status in HTTPStatus},
    "1XX": "Information",
    "2XX": "Success",
    "3XX": "Redirection",
    "4XX": "Client Error",
    "5XX": "Server Error",
    "default": "Default Response",
}


def describe_responses(
    operation: Operation, functions: Sequence[Callable[..., Any]], refusals: Mapping[str, str], components: Components
) -> dict[str, Any]:
    """Return the Responses Object (OpenAPI 3.1, section 4.8.16), which is completed once the schemas are known.

    Parameters:
        functions: the endpoint and all its dependencies.
        refusals: the statuses that refuse a request before the endpoint runs, and what they mean.
    """
    where = operation.declaration.where

    def want(annotation: Any, name: str) -> JsonSchema:
        title = title_of(f"{name}_{operation.unique_id}")
        return components.want(schema_of(annotation, where), "serialization", title)

    status = status_of(operation)
    own = {"description": operation.response_description, "content": content_of(operation, want)}
    if int(status) in BODILESS:
        del own["content"]
    headers = {name: text for policy in operation.policies for name, text in policy.response_headers().items()}
    if headers:
        own["headers"] = {name: {"description": text, "schema": {"type": "string"}} for name, text in headers.items()}
    keys = {code: key_of(code, where) for code in operation.responses}
    models = {
        code: want(response["model"], f"Response_{code}")
        for code, response in operation.responses.items()
        if response.get("model") is not None
    }
    documented = {status, *keys.values()}
    failures = components.failures(operation, functions, components, documented, refusals)
    media_type = getattr(operation.response_class, "media_type", None) or JSON
    responses: dict[str, Any] = {status: own}
    failures.pop(status, None)

    def add_others() -> None:
        for code, given in operation.responses.items():
            added = {name: value for name, value in given.items() if name != "model"}
            if code in models:
                added = merged(added, {"content": {media_type: {"schema": models[code]}}})
            key = keys[code]
            known = responses.get(key) or failures.pop(key, {})
            meaning = added.get("description") or known.get("description") or MEANINGS.get(key, "Additional Response")
            responses[key] = merged(known, {**added, "description": meaning})
        responses.update(failures)

    # Merged afterwards, because the schemas are empty until then.
    components.afterwards.append(add_others)
    return responses


def key_of(code: int | str, where: str) -> str:
    """Return the key of a status code, a range of them, or the rest, as the document writes it."""
    key = str(code).upper()
    if key == "DEFAULT":
        return "default"
    if key in MEANINGS or key.isdigit():
        return key
    hint = 'Use a status code like 404, a range like "4XX", or "default".'
    raise declaration_error(f"{code!r} is no key of responses.", hint=hint, where=where, also=ValueError)


def status_of(operation: Operation) -> str:
    """Return the status of the operation's own response: the declared one, or that of its response class."""
    if operation.status_code is not None:
        return str(int(operation.status_code))
    parameter = inspect.signature((operation.response_class or Response).__init__).parameters.get("status_code")
    return str(parameter.default) if parameter is not None and isinstance(parameter.default, int) else "200"


def content_of(operation: Operation, want: Callable[[Any, str], JsonSchema]) -> dict[str, Any] | None:
    """Return the content of the endpoint's response by media type (section 4.8.14); None if its class has no media type."""
    kind, returns = operation.response_class, operation.returns
    # The items of a generator are sent one by one, as lines of JSON or as events.
    if returns.streams and (kind is None or issubclass(kind, EventSourceResponse)):
        is_any = returns.missing or returns.item is None or shapes.is_subclass(returns.item, ServerSentEvent)
        item = None if is_any else want(returns.item, "StreamItem")
        if kind is None:
            return {"application/jsonl": {"itemSchema": {} if item is None else item}}
        return {kind.media_type or "text/event-stream": {"itemSchema": event_schema(item)}}
    model = {} if returns.missing or returns.model is None else want(returns.model, "Response")
    if kind is None:
        return {JSON: {"schema": model}}
    if kind.media_type is None:
        return None
    return {kind.media_type: {"schema": model if issubclass(kind, JSONResponse) else {"type": "string"}}}


def event_schema(model: JsonSchema | None) -> JsonSchema:
    """Return the schema of one server-sent event (HTML Living Standard, section 9.2), whose data may be JSON of a model."""
    data = {"type": "string"}
    return {
        "type": "object",
        "properties": {
            "data": data if model is None else {**data, "contentMediaType": JSON, "contentSchema": model},
            "event": {"type": "string"},
            "id": {"type": "string"},
            "retry": {"type": "integer", "minimum": 0},
        },
        "required": None if model is None else ["data"],
    }


def merged(known: Mapping[str, Any], added: Mapping[str, Any]) -> dict[str, Any]:
    """Merge two mappings into a new one, at any depth: lists are concatenated, any other value of the second replaces one."""
    result = dict(known)
    for key, value in added.items():
        present = result.get(key)
        if isinstance(present, Mapping) and isinstance(value, Mapping):
            result[key] = merged(present, value)
        elif isinstance(present, list) and isinstance(value, list):
            result[key] = [*present, *value]
        else:
            result[key] = value
    return result
