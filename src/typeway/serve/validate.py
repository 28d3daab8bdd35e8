"""Validate the results of an endpoint, or the items that it yields, against its return type."""

import inspect
from collections.abc import Callable
from typing import Any

from pydantic_core import ValidationError

from typeway.declare.operation import Operation
from typeway.exceptions import EndpointContext, ResponseValidationError
from typeway.plan.fields import Model


def build_validate(operation: Operation, model: Model) -> Callable[[Any], Any]:
    """Return a function that validates a result, and raises a ResponseValidationError if it does not fit its model."""
    validate = model.validator.validate_python
    context = operation.context

    def check(result: Any) -> Any:
        try:
            return validate(result, from_attributes=True)
        except ValidationError as error:
            raise unfit(error, result, context) from None  # whose text would repeat all errors

    return check


def unfit(error: ValidationError, result: Any, context: EndpointContext) -> ResponseValidationError:
    """Return the exception for a result that does not fit the response model."""
    said = unawaited(result, context)
    if said is not None:
        shown = {"type": "coroutine_returned", "loc": ("response",), "msg": said, "input": repr(result)}
        return ResponseValidationError([shown], body=None, endpoint_ctx=context)
    errors = [{**entry, "loc": ("response", *entry["loc"])} for entry in error.errors(include_url=False)]
    return ResponseValidationError(errors, body=result, endpoint_ctx=context)


def unawaited(result: Any, context: EndpointContext) -> str | None:
    """Return the error message for a coroutine as a result; None for other results."""
    if not inspect.iscoroutine(result):
        return None
    result.close()  # otherwise Python also warns, without the name of the endpoint
    name = result.__qualname__.rpartition("<locals>.")[2]
    return (
        f"{returned_by(context)} returned the coroutine {name}(), which nothing awaits. "
        f"Write `return await {name}(...)`, in an `async def` function."
    )


def unraised(result: Any, context: EndpointContext) -> str | None:
    """Return the error message for an exception as a result; None for other results."""
    if not isinstance(result, BaseException):
        return None
    name = type(result).__name__
    return f"{returned_by(context)} returned the exception {name}, which is no response. Write `raise {name}(...)`."


def returned_by(context: EndpointContext) -> str:
    """Return the name and the place of an endpoint, for messages in the log."""
    return f"{context.get('function')}() ({context.get('file')}:{context.get('line')})"


def dump_options(operation: Operation) -> dict[str, Any]:
    """Return the options of the serializer that differ from its defaults; its default of by_alias is False."""
    options: dict[str, Any] = {"by_alias": operation.response_model_by_alias}
    given = {
        "include": operation.response_model_include,
        "exclude": operation.response_model_exclude,
        "exclude_unset": operation.response_model_exclude_unset,
        "exclude_defaults": operation.response_model_exclude_defaults,
        "exclude_none": operation.response_model_exclude_none,
    }
    return options | {name: value for name, value in given.items() if value}
