"""Hold what serves one operation: its plan, built at first use, and one more per set of overrides."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from weakref import WeakSet

from typeway.declare.operation import Operation
from typeway.plan.build import Plan, build_plan
from typeway.plan.calls import Kind
from typeway.serve.respond import Responder, build_responder

# How many sets of overrides an operation keeps plans for: tests change them often, one after the other.
KEPT: Final = 16

Overrides = Mapping[Callable[..., Any], Callable[..., Any]]


@dataclass(frozen=True, slots=True)
class Instrument:
    """Changes how operations are served so that it can be watched; the request path itself asks nothing of it."""

    plan: Callable[[Plan], Plan]  # returns what shall run in the place of a plan
    responder: Callable[[Responder, Operation], Responder]  # returns what shall answer in the place of a responder


class Instrumentation:
    """Who watches this process serving its operations, if anybody does: the one seam for telemetry."""

    __slots__ = ("instrument", "lock", "caches")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.instrument: Instrument | None = None
        self.caches: WeakSet[PlanCache] = WeakSet()

    def begin(self, instrument: Instrument) -> None:
        """Serve by what an instrument makes of the plans from now on, of those too that are built already."""
        with self.lock:
            if self.instrument is None:
                self.instrument = instrument
                for cache in list(self.caches):
                    if cache.prepared is not None:
                        cache.publish(*cache.prepared)


INSTRUMENTATION: Final = Instrumentation()


class PlanCache:
    """The plan of an operation, built when first asked for; `operation` returns what its route says at that moment."""

    __slots__ = ("__weakref__", "_lock", "_overridden", "_operation", "prepared")

    def __init__(self, operation: Callable[[], Operation]) -> None:
        self._operation = operation
        self._lock = threading.Lock()
        self._overridden: dict[tuple[int, ...], tuple[Plan, object]] = {}
        self.prepared: tuple[Plan, Responder] | None = None

    def build(self) -> tuple[Plan, Responder]:
        """The plan and the responder, built once."""
        with self._lock:
            if self.prepared is not None:
                return self.prepared
            operation = self._operation()
            responder = build_responder(operation)
            plan = plan_of(operation, responder)
            with INSTRUMENTATION.lock:
                INSTRUMENTATION.caches.add(self)
                return self.publish(plan, responder)

    def forget(self) -> None:
        """Build the plan again for the next request: what the route says has been changed while it serves."""
        with self._lock:
            self.prepared = None

    def publish(self, plan: Plan, responder: Responder) -> tuple[Plan, Responder]:
        """Serve by a plan and a responder, as the watch wants them; its lock is held."""
        if INSTRUMENTATION.instrument is not None:
            plan, responder = (
                INSTRUMENTATION.instrument.plan(plan),
                INSTRUMENTATION.instrument.responder(responder, plan.operation),
            )
        self._overridden = {}
        self.prepared = plan, responder
        return plan, responder

    def ready(self, overrides: Overrides) -> tuple[Plan, Responder]:
        """The plan and responder to use now; built if they are not there yet."""
        plan, responder = self.prepared or self.build()
        return self.overridden(plan.operation, responder, overrides) if overrides else plan, responder

    def overridden(self, operation: Operation, responder: Responder, overrides: Overrides) -> Plan:
        """The plan with other callables in the place of some dependencies."""
        pairs = tuple(overrides.items())
        # By identity, whatever the callables say about equality.
        key = tuple(id(function) for pair in pairs for function in pair)
        kept = self._overridden.get(key)
        if kept is not None:
            return kept[0]
        plan = plan_of(operation, responder, dict(pairs))
        with INSTRUMENTATION.lock:
            while len(self._overridden) >= KEPT:
                del self._overridden[next(iter(self._overridden))]
            if INSTRUMENTATION.instrument is not None:
                plan = INSTRUMENTATION.instrument.plan(plan)
            # The callables are held as well, so that no other can come to stand at their address.
            self._overridden[key] = plan, pairs
        return plan


def plan_of(operation: Operation, responder: Responder, overrides: dict[Any, Any] | None = None) -> Plan:
    """The plan of an operation, with what may run at the same time put together."""
    plan = build_plan(operation, overrides)
    # An endpoint that cannot block runs on the event loop only if what it returns can be encoded there.
    if plan.endpoint.kind is Kind.INLINE and not (plan.endpoint.gives_plain and responder.is_plain is not None):
        kind = Kind.THREAD if responder.is_plain is None else Kind.CHECKED
        plan = replace(plan, endpoint=replace(plan.endpoint, kind=kind))
    if sum(call.concurrent for call in plan.dependencies) < 2:
        return plan
    # Few applications ask for this.
    from typeway.plan.arrange import arrange
    from typeway.serve.together import run_group

    return arrange(plan, run_group)
