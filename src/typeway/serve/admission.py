"""Apply the policies of a route in its plan: those that need the result of a dependency, before the body is read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from typeway.declare.operation import Operation
from typeway.exceptions import declaration_error
from typeway.plan.arguments import Arguments
from typeway.plan.build import Call, Plan, build_tree
from typeway.plan.calls import Kind
from typeway.plan.exchange import Exchange
from typeway.policies.guard import Guard, guard_of, reached, visit_of
from typeway.policies.idempotency import Idempotency
from typeway.serve.execute import refusal


def guard_for(operation: Operation) -> Guard | None:
    """Return the guard of an operation; None if no policy acts on its requests."""
    if not operation.policies:
        return None
    return guard_of(operation.policies, [node.function for node in build_tree(operation).walk()])


def with_admission(plan: Plan, arranged: Plan) -> Plan:
    """Return a plan that applies its policies after the dependencies that these need, and then reads the body.

    Parameters:
        plan: the plan of the operation.
        arranged: the plan with the calls as they run, of which the first are the same.

    Raises:
        DeclarationError: one of these dependencies may change the overrides, with which the rest is planned again.
    """
    first = plan.first
    if first:
        if arranged.dependencies[:first] != plan.dependencies[:first]:
            raise declaration_error(
                "a dependency on which a policy depends may change the overrides of the application.",
                hint="Change overrides in tests: with app.override(original, replacement).",
                where=plan.operation.declaration.where,
            )
        early, later = arranged.dependencies[:first], arranged.dependencies[first:]
        steps = [step(admission(plan), "policies", arranged.size)]
        if arranged.read is not None:
            steps.append(step(arranged.read, "body", arranged.size))
        dependencies = (*early, *steps, *later)
        arranged = replace(arranged, dependencies=dependencies, read=None, size=arranged.size + 1)
    if any(isinstance(policy, Idempotency) for policy in plan.operation.policies):
        endpoint = arranged.endpoint
        arranged = replace(arranged, endpoint=replace(endpoint, arguments=noting(endpoint.arguments)))
    guard = guard_for(plan.operation)
    return replace(arranged, guard=guard, is_wrapped=arranged.is_wrapped or guard is not None)


def step(function: Callable[[Exchange], Awaitable[None]], name: str, slot: int) -> Call:
    """Return a call that works on the whole request; its result is not used."""
    return Call(
        function=function, name=name, kind=Kind.ASYNC, slot=slot, arguments=lambda exchange: {"exchange": exchange},
        needs=(), injected=(), after=(), scope=None, in_thread=False,
    )  # fmt: skip


def admission(plan: Plan) -> Callable[[Exchange], Awaitable[None]]:
    """Return the function that applies the policies whose keys are the results of dependencies."""

    async def admit(exchange: Exchange) -> None:
        if exchange.errors is not None:
            raise refusal(plan, exchange)
        visit = visit_of(exchange.scope)
        for policy, slot in plan.keys:
            await visit.admit(policy, exchange.values[slot], exchange)

    return admit


def noting(arguments: Arguments) -> Arguments:
    """Return a function that notes that the endpoint begins, if its arguments are valid."""

    def noted(exchange: Exchange) -> dict[str, Any] | None:
        found = arguments(exchange)
        if found is not None and exchange.errors is None:
            reached(exchange.scope)
        return found

    return noted
