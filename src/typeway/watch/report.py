"""Report what was seen: a blocked event loop, or an exhausted thread pool."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

from typeway.watch.blocking import cause_of
from typeway.watch.frames import CallSite, Location, location_of

SMALLER_RESPONSE: Final = (
    "return less at a time, or make the endpoint a `def`: its response is then encoded in a thread too"
)
BIGGER_POOL: Final = (
    "make what waits `async def` and await it, give it a limit with Depends(..., max_concurrency=...), "
    "or make the pool larger: Typeway(thread_pool_size=...)"
)


class Served(NamedTuple):
    """The request that was served meanwhile, as far as it was known.

    Parameters:
        request: its method, and the path of its route, or its own path before a route was found.
        endpoint: where the endpoint is defined.
    """

    request: str
    endpoint: Location | None

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
    return Served(f"{method} {path}", location_of(endpoint) if callable(endpoint) else None)


@dataclass(frozen=True, slots=True)
class Blocked:
    """An event loop was blocked.

    Parameters:
        seconds: for how long, in all.
        call: the call that blocked it; None if the framework itself was at work.
        served: the request that it served; None if it served none.
        path: the user's functions from the outermost to the one that makes the call, each where it calls the next.
        is_over: whether the loop runs again.
    """

    seconds: float
    call: CallSite | None
    served: Served | None
    path: tuple[Location, ...]
    is_over: bool = True

    @property
    def place(self) -> tuple[str, int] | None:
        """The file and line of which the log speaks once."""
        at = self.call.location if self.call is not None else None if self.served is None else self.served.endpoint
        return None if at is None else (at.file, at.line)

    def __str__(self) -> str:
        was = "was blocked for about" if self.is_over else "has been blocked for"
        meanwhile = "" if self.served is None else f" while it served {self.served}"
        lines = [f"The event loop {was} {self.seconds:.2f} s{meanwhile}. No other request was served meanwhile."]
        if self.call is None:
            lines.append(f"  It takes that long to validate and encode the response. Fix: {SMALLER_RESPONSE}.")
        else:
            lines += self.about_call(self.call)
        return "\n".join(lines)

    def about_call(self, call: CallSite) -> Iterator[str]:
        at = call.location
        yield f"  Blocked at {at}, in {at.function}: {call.text}"
        if len(self.path) > 1:
            yield "  Called by  " + " > ".join(f"{place.function} ({place})" for place in self.path[:-1])
        yield f"  Fix: {cause_of(call.callee).fix(call.function)}."


class Holder(NamedTuple):
    """What occupies threads of the pool.

    Parameters:
        threads: how many they are.
        function: the function that they run.
        request: the request's method and path if the function is an endpoint; else empty.
        call: where they are in it.
    """

    threads: int
    function: Location
    request: str
    call: CallSite | None

    def __str__(self) -> str:
        request = f" of {self.request}" if self.request else ""
        now = "" if self.call is None else f", now at {self.call.location}: {self.call.text}"
        return f"{self.threads} x {self.function.function} ({self.function}){request}{now}"


@dataclass(frozen=True, slots=True)
class Exhausted:
    """A thread pool had no free thread.

    Parameters:
        seconds: for how long so far.
        size: how many threads it has.
        waiting: how many calls wait for one.
        holders: what its threads run, the functions with the most threads first.
    """

    seconds: float
    size: int
    waiting: int
    holders: Sequence[Holder]

    def __str__(self) -> str:
        busy = f"All {self.size} threads of the pool have been busy" if self.size > 1 else "The pool's thread was busy"
        lines = [f"{busy} for {self.seconds:.1f} s; calls that wait for one: {self.waiting}. They run:"]
        return "\n".join([*lines, *(f"  {holder}" for holder in self.holders), f"  Fix: {BIGGER_POOL}."])


Report: TypeAlias = "Blocked | Exhausted"
