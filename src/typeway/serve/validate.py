"""Check what an endpoint returns or yields against the type that it declares."""

import inspect
from collections.abc import Callable
from typing import Any

from pydantic_core import ValidationError

from typeway.declare.operation import Operation
from typeway.exceptions import EndpointContext, ResponseValidationError
from typeway.plan.fields import Model


def build_validate(operation: Operation, model: Model) -> Callable[[Any], Any]:
    """A function that returns a result as its model sees it, and raises a ResponseValidationError if it does not fit."""
    validate = model.validator.validate_python
    context = operation.context

    def check(result: Any) -> Any:
        try:
            return validate(result, from_attributes=True)
        except ValidationError as error:
            raise unfit(error, result, context) from error

    return check


def unfit(error: ValidationError, result: Any, context: EndpointContext) -> ResponseValidationError:
    """What is raised where a result does not fit the model of its endpoint's answers."""
    said = unawaited(result, context)
    if said is not None:
        shown = {"type": "coroutine_returned", "loc": ("response",), "msg": said, "input": repr(result)}
        return ResponseValidationError([shown], body=None, endpoint_ctx=context)
    errors = [{**entry, "loc": ("response", *entry["loc"])} for entry in error.errors(include_url=False)]
    return ResponseValidationError(errors, body=result, endpoint_ctx=context)


def unawaited(result: Any, context: EndpointContext) -> str | None:
    """What to say of a coroutine that an endpoint returned; None where it returned something else."""
    if not inspect.iscoroutine(result):
        return None
    result.close()  # else Python warns of it as well, without saying whose it is
    name = result.__qualname__.rpartition("<locals>.")[2]
    return (
        f"{returned_by(context)} returned the coroutine {name}(), which nothing awaits. "
        f"Write `return await {name}(...)`, in an `async def` function."
    )


def returned_by(context: EndpointContext) -> str:
    """How messages in the log name an endpoint."""
    return f"{context.get('function')}() ({context.get('file')}:{context.get('line')})"


def dump_options(operation: Operation) -> dict[str, Any]:
    """What the serializer is told, without what is its default anyway; pydantic-core's own by_alias is False."""
    options: dict[str, Any] = {"by_alias": operation.response_model_by_alias}
    given = {
        "include": operation.response_model_include,
        "exclude": operation.response_model_exclude,
        "exclude_unset": operation.response_model_exclude_unset,
        "exclude_defaults": operation.response_model_exclude_defaults,
        "exclude_none": operation.response_model_exclude_none,
    }
    return options | {name: value for name, value in given.items() if value}
