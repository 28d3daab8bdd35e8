"""Notice that a thread pool has no free thread, and find out what its threads run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from types import CodeType, FrameType
from typing import Any, Final

from anyio import CapacityLimiter

from typeway.watch.frames import CallSite, Location, call_of, own_frames, qualified_name
from typeway.watch.loops import stack_of
from typeway.watch.report import Exhausted, Holder

# How long a pool may be exhausted, in seconds.
PATIENCE: Final = 1.0

# The functions in which the threads of anyio's pools call what they are given: on asyncio, and on trio.
WORKERS: Final = (
    ("anyio/_backends/_asyncio.py", "WorkerThread.run"),
    ("trio/_core/_thread_cache.py", "WorkerThread._handle_job"),
)


class Pool:
    """The thread pool of one event loop, seen from another thread.

    Parameters:
        limiter: counts its threads.
    """

    def __init__(self, limiter: CapacityLimiter) -> None:
        self.limiter = limiter
        self.since: float | None = None
        self.is_reported: bool = False
        self.reported: set[frozenset[Location]] = set()

    def has_room(self) -> bool:
        """Whether a thread is free."""
        return self.limiter.available_tokens > 0

    def exhausted_for(self, now: float) -> float | None:
        """For how many seconds the pool has been exhausted; None if that is not long, or was reported."""
        if self.has_room() or not self.limiter.statistics().tasks_waiting:
            self.since, self.is_reported = None, False
            return None
        if self.since is None:
            self.since = now
        seconds = now - self.since
        return None if seconds < PATIENCE or self.is_reported else seconds

    def report(
        self,
        seconds: float,
        frames: Mapping[int, FrameType],
        endpoints: Mapping[CodeType, str],
        packages: frozenset[str],
    ) -> Exhausted | None:
        """What the pool's threads run; None if the same functions were reported before."""
        self.is_reported = True
        holders = holders_of(frames.values(), endpoints, packages)
        functions = frozenset(holder.function for holder in holders)
        if functions in self.reported:
            return None
        self.reported.add(functions)
        statistics = self.limiter.statistics()
        return Exhausted(seconds, int(statistics.total_tokens), statistics.tasks_waiting, holders)


def holders_of(
    frames: Iterable[FrameType], endpoints: Mapping[CodeType, str], packages: frozenset[str]
) -> list[Holder]:
    """What the threads of pools run, the functions with the most threads first.

    Parameters:
        frames: the innermost frame of every thread.
        endpoints: the method and path of each endpoint, by its code.
        packages: the names of the application's own packages.
    """
    found: Counter[tuple[Location, str, CallSite | None]] = Counter()
    for frame in frames:
        work = work_of(stack_of(frame))
        if not work:
            continue
        own = own_frames(work, packages) or work[:1]
        code = own[0].f_code
        function = Location(code.co_filename, code.co_firstlineno, qualified_name(code))
        found[function, endpoints.get(code, ""), call_of(work, own[-1])] += 1
    return [Holder(count, *key) for key, count in found.most_common()]


def work_of(stack: list[FrameType]) -> list[FrameType]:
    """The frames of what a pool's thread runs; none if it waits for work, or belongs to no pool."""
    for depth, frame in enumerate(stack, 1):
        code = frame.f_code
        file = code.co_filename.replace("\\", "/")
        if any(code.co_qualname == name and file.endswith(end) for end, name in WORKERS):
            work = stack[depth:]
            return [] if work and is_idle(work[0]) else work
    return []


def is_idle(frame: FrameType) -> bool:
    """Whether a pool's thread waits for something to do: that is the only call of its own."""
    return frame.f_globals.get("__name__") in ("queue", "threading")


def endpoints_of(app: Any) -> dict[CodeType, str]:
    """The method and path of each endpoint of an application, by its code."""
    found: dict[CodeType, str] = {}
    for route in getattr(app, "routes", ()):
        code = getattr(getattr(route, "endpoint", None), "__code__", None)
        if isinstance(code, CodeType):
            methods = ", ".join(sorted(getattr(route, "methods", None) or ()))
            found.setdefault(code, f"{methods} {route.path}".strip())
    return found
