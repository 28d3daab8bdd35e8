"""Limit how long a route may take to begin its response."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from typeway.declare.policy import Policy, Refusal


@dataclass(frozen=True, eq=False)
class Timeout(Policy):
    """Answer with 504 and cancel the request if its response has not begun in time.

    The time counts from where the route has been found: reading the body, dependencies and endpoint are in it. A stream
    must begin in time, not end. Dependencies clean up after the cancellation. A `def` function runs in a thread, which
    nothing can stop: the client has its answer, and the function goes on; only after it do dependencies clean up and
    is a place of `Concurrency` free again.

    Parameters:
        seconds: the time.

    Raises:
        DeclarationError: the time is no positive number.

    Example: `Timeout(30)`
    """

    seconds: float

    def verify(self) -> None:
        given: Any = self.seconds
        is_number = isinstance(given, (int, float)) and not isinstance(given, bool)
        if not is_number or given <= 0 or not isfinite(given):
            raise self.refused(f"seconds must be a positive number, not {given!r}.", "Write Timeout(30).")

    @property
    def summary(self) -> str:
        return f"Timeout({self.seconds:g} s)"

    def unfit(self, methods: frozenset[str] | None) -> str | None:
        if methods is not None and not methods:
            return "a WebSocket has no response that could begin in time; limit its messages with anyio.fail_after()"
        return None

    def refusals(self) -> Sequence[Refusal]:
        return [Refusal(504, "The response did not begin in time")]
