"""Run the calls of a plan after a dependency that may change the overrides, with those that are there at each call."""

from collections.abc import Mapping
from typing import Any

from typeway.plan.exchange import Exchange
from typeway.plan.late import Rest
from typeway.serve.execute import call_dependencies, refusal
from typeway.types import Scope


def overrides_in(scope: Scope) -> Mapping[Any, Any]:
    """Return the overrides of the application that serves a request, which may be another framework's, or None."""
    app = scope.get("app")
    return getattr(app, "_overrides_in_force", getattr(app, "dependency_overrides", None)) or {}


async def run_rest(rest: Rest, exchange: Exchange) -> dict[str, Any]:
    """Make the calls, and return the arguments of the endpoint.

    Raises:
        ValidationException: values of the request are invalid.
    """
    place, seen = rest.place, rest.overrides
    while place < len(rest.plan.dependencies):
        current = dict(overrides_in(exchange.scope).items())
        if not are_same(current, seen):
            rest, seen = rest.planned_again(place, current), current
            exchange.values = [*exchange.values[:place], *[None] * (rest.plan.size - place)]
            if exchange.form is not None and rest.plan.read is not None:
                await rest.plan.read(exchange)  # its values are kept by the inputs of one tree
        await call_dependencies((rest.plan.dependencies[place],), exchange)
        place += 1
    arguments = rest.plan.endpoint.arguments(exchange)
    if arguments is None or exchange.errors is not None:
        raise refusal(rest.plan, exchange)
    exchange.values[-1] = arguments
    return arguments


def are_same(overrides: dict[Any, Any], others: dict[Any, Any]) -> bool:
    """Whether two sets of overrides replace the same functions by the same functions, in any order."""
    # By identity: callables may define their own equality.
    return {(id(key), id(value)) for key, value in overrides.items()} == {
        (id(key), id(value)) for key, value in others.items()
    }
