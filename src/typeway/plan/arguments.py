"""Compute the keyword arguments of a call: validated values, results of other calls, and objects of the request."""

from collections.abc import Callable
from typing import Any

from pydantic_core import ValidationError

from typeway.plan.body import Collect
from typeway.plan.checks import Check
from typeway.plan.exchange import Exchange
from typeway.plan.sources import MISSING, Reader

# Computes the keyword arguments of a call; if they are invalid, it reports the errors to the exchange and returns None.
Arguments = Callable[[Exchange], dict[str, Any] | None]


def build_arguments(
    slot: int,
    reader: Reader | None,
    collect: Collect | None,
    check: Check | None,
    needs: tuple[tuple[str, int], ...],
    injected: tuple[tuple[str, Callable[[Exchange], Any]], ...],
) -> Arguments:
    """Return the function that computes the arguments of a call.

    `needs` are the parameters that receive results of other calls, with the slots of these; `injected` are those that
    receive objects of the request.
    """
    validated: Arguments = (lambda exchange: {}) if check is None else build_validated(slot, reader, collect, check)
    if not needs and not injected:
        return validated

    def arguments(exchange: Exchange) -> dict[str, Any] | None:
        found = {} if check is None else validated(exchange)
        if found is not None:
            for name, source in needs:
                found[name] = exchange.values[source]
            for name, inject in injected:
                found[name] = inject(exchange)
        return found

    return arguments


def build_validated(slot: int, reader: Reader | None, collect: Collect | None, check: Check) -> Arguments:
    """Return the function that computes the arguments whose values come from the request."""
    read = None if reader is None else reader.read
    validate, bounded = check.validator.validate_python, check.bounded

    def validated(exchange: Exchange) -> dict[str, Any] | None:
        found: dict[str, Any]
        raw = {} if read is None else read(exchange)
        if collect is not None and not collect(exchange, raw):
            exchange.report(slot, check.errors_without_object(raw, exchange))
            return None
        if exchange.is_large and bounded is not None:
            found, errors = bounded.validate(raw)
            if errors:
                exchange.report(slot, check.placed_all(errors, exchange))
            return None if errors else found
        try:
            found = validate(raw, from_attributes=True)
        except ValidationError as error:
            exchange.report(slot, check.errors(error, exchange))
            return None
        return found

    if check.alone is None or (read is None and collect is None):
        return validated
    name, validate_one = check.alone[0], check.alone[1].validate_python

    # PERF: a single value is validated without a mapping around it: 0.7 us less of 9 for a body, 0.4 of 6 for a path.
    def validated_one(exchange: Exchange) -> dict[str, Any] | None:
        if read is None:
            value = exchange.body
        else:
            value = read(exchange).get(name, MISSING)
        if value is MISSING or exchange.is_large:
            return validated(exchange)
        try:
            return {name: validate_one(value, from_attributes=True)}
        except ValidationError as error:
            exchange.report(slot, check.errors(error, exchange, name))
            return None

    return validated_one
