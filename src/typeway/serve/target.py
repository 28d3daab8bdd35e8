"""Hold what serves one operation: its plan, built at first use, and one more per set of overrides."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

from typeway.operation import Operation
from typeway.plan.build import Plan, build_plan
from typeway.serve.respond import Responder, build_responder

# How many sets of overrides a target keeps plans for: tests change them often, one after the other.
KEPT: Final = 16

Overrides = Mapping[Callable[..., Any], Callable[..., Any]]


class Target:
    """The plan of an operation, built when first asked for.

    Parameters:
        settle: makes the operation from what its route says at that moment.
        owner: the route; a copy of it needs a target of its own.
    """

    __slots__ = ("_lock", "_overridden", "_settle", "owner", "plan", "responder")

    def __init__(self, settle: Callable[[], Operation], owner: object) -> None:
        self._settle = settle
        self.owner = owner
        self._lock = threading.Lock()
        self._overridden: dict[tuple[tuple[Any, Any], ...], Plan] = {}
        self.plan: Plan | None = None
        self.responder: Responder | None = None

    def build(self) -> tuple[Plan, Responder]:
        """The plan and the responder, built once.

        Raises:
            DeclarationError: a declaration turned out to be impossible.
        """
        with self._lock:
            if self.plan is None or self.responder is None:
                operation = self._settle()
                self.responder = build_responder(operation)
                self.plan = build_plan(operation)
            return self.plan, self.responder

    def ready(self, overrides: Overrides) -> tuple[Plan, Responder]:
        """The plan and responder to use now; built if they are not there yet."""
        plan, responder = self.plan, self.responder
        if plan is None or responder is None:
            plan, responder = self.build()
        return self.overridden(plan.operation, overrides) if overrides else plan, responder

    def overridden(self, operation: Operation, overrides: Overrides) -> Plan:
        """The plan with other callables in the place of some dependencies."""
        # The callables themselves are held by the key, so that no other can come to stand at their address.
        key = tuple((Same(original), Same(override)) for original, override in overrides.items())
        plan = self._overridden.get(key)
        if plan is None:
            plan = build_plan(operation, dict(overrides))
            with self._lock:
                while len(self._overridden) >= KEPT:
                    del self._overridden[next(iter(self._overridden))]
                self._overridden[key] = plan
        return plan


class Same:
    """A key that is equal only to itself, whatever the object says about equality."""

    __slots__ = ("thing",)

    def __init__(self, thing: Any) -> None:
        self.thing = thing

    def __hash__(self) -> int:
        return id(self.thing)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.thing is other.thing
