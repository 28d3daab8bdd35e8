"""Limit how many requests may be in progress at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from anyio import WouldBlock, move_on_after

from typeway.declare.depends import Capacity
from typeway.declare.given import is_whole
from typeway.declare.policy import Policy, Refusal
from typeway.exceptions import HTTPException


@dataclass(frozen=True, eq=False)
class Concurrency(Policy):
    """Answer with 503 and Retry-After where more requests are in progress than a limit; WebSockets count while they are open.

    All routes of the policy share the limit, in each process and event loop. A request is in progress until its
    response has been sent, its background tasks have run and its dependencies have cleaned up.

    Parameters:
        limit: the number of requests.
        wait: how long a request waits for a place, in seconds; it is refused at once unless given.
        retry_after: the value of Retry-After, in seconds (RFC 9110 section 10.2.3).

    Raises:
        DeclarationError: the limit is no positive integer, or a time is negative.

    Example: `Concurrency(20, wait=2)`
    """

    limit: int
    wait: float = 0
    retry_after: int = 1
    capacity: Capacity = field(init=False, repr=False)

    def verify(self) -> None:
        if not is_whole(self.limit, 1):
            raise self.refused(f"limit must be a positive integer, not {self.limit!r}.", "Write Concurrency(20).")
        wait: Any = self.wait
        if not isinstance(wait, (int, float)) or not 0 <= wait < float("inf"):
            raise self.refused(f"wait must be a number of seconds, not {wait!r}.", "Write wait=2.")
        if not is_whole(self.retry_after, 1):
            problem = f"retry_after must be a positive integer, not {self.retry_after!r}."
            raise self.refused(problem, "Write retry_after=5.")
        self.set_computed(capacity=Capacity(self.limit))

    @property
    def summary(self) -> str:
        return f"Concurrency({self.limit})"

    def refusals(self) -> Sequence[Refusal]:
        return [Refusal(503, "Too many requests are in progress", {"Retry-After": "When to try again, in seconds"})]

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Hold a place.

        Raises:
            HTTPException: 503, if there is none in time.
        """
        semaphore = self.capacity.semaphore()
        try:
            semaphore.acquire_nowait()
        except WouldBlock:
            has_place = False
            if self.wait:
                with move_on_after(self.wait):
                    await semaphore.acquire()
                    has_place = True
            if not has_place:
                detail = "Too many requests are in progress. Try again later."
                raise HTTPException(503, detail, {"Retry-After": str(self.retry_after)}) from None
        try:
            yield
        finally:
            semaphore.release()
