"""Say what was seen: a loop that stood still, or a thread pool that was exhausted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

from typeway.watch.fixes import mend_of
from typeway.watch.frames import Call, Place, place_of, shown_path

ANSWERING: Final = "return less at a time, or make the endpoint a `def`: its answer is then encoded in a thread too"
BIGGER_POOL: Final = (
    "make what waits `async def` and await it, give it a limit with Depends(..., max_concurrency=...), "
    "or make the pool larger: Typeway(thread_pool_size=...)"
)


class Served(NamedTuple):
    """The request that was served meanwhile, as far as it was known.

    Parameters:
        request: its method, and its route's path, or its own path before a route was found.
        endpoint: where the endpoint stands.
    """

    request: str
    endpoint: Place | None

    def __str__(self) -> str:
        if self.endpoint is None:
            return self.request
        return f"{self.request} ({self.endpoint.function}, {self.endpoint})"


def served_by(scope: dict[str, Any] | None) -> Served | None:
    """What a scope says about its request."""
    if scope is None:
        return None
    path = getattr(scope.get("route"), "path", None) or scope.get("path", "")
    endpoint = scope.get("endpoint")
    method = scope.get("method", "WebSocket")
    return Served(f"{method} {path}", place_of(endpoint) if callable(endpoint) else None)


@dataclass(frozen=True, slots=True)
class Blocked:
    """An event loop did not turn.

    Parameters:
        seconds: for how long, in all.
        call: what held it; None if nothing of the user's did.
        served: the request that it served; None if it served none.
        path: the user's functions from the outermost to the one that makes the call, each where it calls the next.
        is_over: whether the loop turns again.
    """

    seconds: float
    call: Call | None
    served: Served | None
    path: tuple[Place, ...]
    is_over: bool = True

    @property
    def place(self) -> tuple[str, int] | None:
        """What is reported only once."""
        at = self.call.place if self.call is not None else None if self.served is None else self.served.endpoint
        return None if at is None else (at.file, at.line)

    def __str__(self) -> str:
        stood = "stood still for about" if self.is_over else "has not turned for"
        meanwhile = "" if self.served is None else f" while it served {self.served}"
        lines = [f"The event loop {stood} {self.seconds:.2f} s{meanwhile}. No other request was served meanwhile."]
        if self.call is None:
            return "\n".join([*lines, f"  Its answer takes that long to make. Mend: {ANSWERING}."])
        at = self.call.place
        lines.append(f"  Blocked at {at}, in {at.function}: {self.call.text}")
        if len(self.path) > 1:
            chain = " > ".join(f"{place.function} ({shown_path(place.file)}:{place.line})" for place in self.path[:-1])
            lines.append(f"  Called by  {chain}")
        return "\n".join([*lines, f"  Mend: {mend_of(self.call.callee)}."])


class Holder(NamedTuple):
    """What holds threads of the pool.

    Parameters:
        threads: how many they are.
        function: the function that they run.
        request: the request's method and path if the function is an endpoint; else empty.
        call: where they are in it.
    """

    threads: int
    function: Place
    request: str
    call: Call | None

    def __str__(self) -> str:
        request = f" of {self.request}" if self.request else ""
        now = "" if self.call is None else f", now at {self.call.place}: {self.call.text}"
        return f"{self.threads} x {self.function.function} ({self.function}){request}{now}"


@dataclass(frozen=True, slots=True)
class Exhausted:
    """A thread pool had no free thread.

    Parameters:
        seconds: for how long so far.
        size: how many threads it has.
        waiting: how many calls wait for one.
        holders: what holds them, the most threads first.
    """

    seconds: float
    size: int
    waiting: int
    holders: Sequence[Holder]

    def __str__(self) -> str:
        busy = f"All {self.size} threads of the pool have been busy" if self.size > 1 else "The pool's thread was busy"
        lines = [f"{busy} for {self.seconds:.1f} s; calls that wait for one: {self.waiting}. They are held by:"]
        return "\n".join([*lines, *(f"  {holder}" for holder in self.holders), f"  Mend: {BIGGER_POOL}."])


Report: TypeAlias = "Blocked | Exhausted"
