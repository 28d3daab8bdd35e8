"""Cache the plans of an operation: the plan itself, built at first use, and one for each set of overrides."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from typeway.declare.operation import Operation
from typeway.plan.build import Plan, build_plan
from typeway.plan.calls import Kind
from typeway.plan.late import with_late_overrides
from typeway.plan.tree import Node
from typeway.serve.late import run_rest
from typeway.serve.limits import bound_rest
from typeway.serve.respond import Responder, build_responder

# For how many sets of overrides an operation keeps plans: tests change the overrides often.
KEPT: Final = 16

Overrides = Mapping[Callable[..., Any], Callable[..., Any]]


@dataclass(frozen=True, slots=True)
class Instrument:
    """Changes how the operations of an application are served so that they can be observed: the seam for telemetry."""

    plan: Callable[[Plan], Plan]  # returns the plan that runs instead
    responder: Callable[[Responder, Operation], Responder]  # returns the responder that is used instead


class PlanCache:
    """The plans of one operation.

    Parameters:
        operation: returns the operation with the present options of its route.
    """

    __slots__ = ("_instrumented", "_lock", "_operation", "_overridden", "prepared")

    def __init__(self, operation: Callable[[], Operation]) -> None:
        self._operation = operation
        self._lock = threading.Lock()
        self._overridden: dict[tuple[int, ...], tuple[Plan, object]] = {}
        self._instrumented: dict[int, tuple[Plan, Responder, object]] = {}
        self.prepared: tuple[Plan, Responder] | None = None

    def build(self) -> tuple[Plan, Responder]:
        """Return the plan and the responder; build them if they do not exist yet."""
        with self._lock:
            if self.prepared is None:
                operation = self._operation()
                responder = build_responder(operation)
                self._overridden, self._instrumented = {}, {}
                self.prepared = plan_of(operation, responder), responder
            return self.prepared

    def verify(self, grow: Callable[[], Node]) -> None:
        """Raise the errors that `build` would raise, without keeping the plan.

        Parameters:
            grow: returns the tree of the route, as its declaration describes it.
        """
        if self.prepared is None:
            operation = self._operation()
            if operation.own_tree is None:
                operation = replace(operation, own_tree=lambda overrides: grow())
            plan_of(operation, build_responder(operation))

    def forget(self) -> None:
        """Discard the plan, so that the next request builds it again with the changed options of the route."""
        with self._lock:
            self.prepared = None

    def ready(self, overrides: Overrides, instrument: Instrument | None = None) -> tuple[Plan, Responder]:
        """Return the plan and the responder for a set of overrides and an instrument."""
        plan, responder = self.prepared or self.build()
        if overrides:
            plan = self.overridden(plan.operation, responder, overrides)
        return (plan, responder) if instrument is None else self.instrumented(plan, responder, instrument)

    def overridden(self, operation: Operation, responder: Responder, overrides: Overrides) -> Plan:
        """Return the plan with some dependencies replaced."""
        pairs = tuple(overrides.items())
        # By identity: callables may define their own equality, or not be hashable.
        key = tuple(id(function) for pair in pairs for function in pair)
        kept = self._overridden.get(key)
        if kept is not None:
            return kept[0]
        plan = plan_of(operation, responder, dict(pairs))
        with self._lock:
            drop_oldest(self._overridden)
            # The callables are kept as well, so that no other object can have their ids.
            self._overridden[key] = plan, pairs
        return plan

    def instrumented(self, plan: Plan, responder: Responder, instrument: Instrument) -> tuple[Plan, Responder]:
        """Return a plan and a responder as an instrument observes them."""
        kept = self._instrumented.get(id(plan))
        if kept is None or kept[2] is not plan:
            kept = instrument.plan(plan), instrument.responder(responder, plan.operation), plan
            with self._lock:
                drop_oldest(self._instrumented)
                self._instrumented[id(plan)] = kept
        return kept[:2]


def drop_oldest(plans: dict[Any, Any]) -> None:
    """Make room for one more plan."""
    while len(plans) >= KEPT:
        del plans[next(iter(plans))]


def is_prompt(plan: Plan, responder: Responder) -> bool:
    """Whether a plan provably runs only built-in code and does not wait, once the body of the request has arrived.

    Then nothing in it can tell whether it runs in a task of its own. A form is excluded: its files may be written to disk.
    """
    endpoint = plan.endpoint
    return (
        not plan.dependencies
        and not plan.is_wrapped
        and not plan.operation.policies
        and endpoint.gives_plain
        and endpoint.kind in (Kind.INLINE, Kind.ASYNC)
        and responder.is_plain is not None
        and not getattr(getattr(plan.read, "__self__", None), "is_form", plan.read is not None)
    )


def plan_of(operation: Operation, responder: Responder, overrides: dict[Any, Any] | None = None) -> Plan:
    """Return the plan of an operation, with calls grouped that may run at the same time or with late overrides."""
    plan = build_plan(operation, overrides, bound_rest)
    # An endpoint that cannot block runs on the event loop only if its result can be encoded there.
    if plan.endpoint.kind is Kind.INLINE and not (plan.endpoint.gives_plain and responder.is_plain is not None):
        kind = Kind.THREAD if responder.is_plain is None else Kind.CHECKED
        plan = replace(plan, endpoint=replace(plan.endpoint, kind=kind))
    if is_prompt(plan, responder):
        plan = replace(plan, is_prompt=True)
    changed = with_late_overrides(plan, overrides or {}, run_rest)
    if changed is plan:
        changed = arranged(plan)
    if not operation.policies:
        return changed
    from typeway.serve.admission import with_admission

    return with_admission(plan, changed)


def arranged(plan: Plan) -> Plan:
    """Return the plan with calls grouped that may run at the same time, except for those that policies need first."""
    first = plan.first
    if sum(call.concurrent for call in plan.dependencies[first:]) < 2:
        return plan
    # Imported here because few applications need it.
    from typeway.plan.arrange import arrange
    from typeway.serve.together import run_group

    grouped = arrange(replace(plan, dependencies=plan.dependencies[first:]), run_group)
    return replace(grouped, dependencies=(*plan.dependencies[:first], *grouped.dependencies))
