"""Decide, from samples of an event loop, whether one step of its work blocks it, for how long, and where."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from types import CodeType, FrameType
from typing import Final

from typeway.watch.frames import CallSite, Location, call_of, happens_once, is_debugged, is_own, own_frames, scope_of
from typeway.watch.loops import EventLoop, Sample
from typeway.watch.report import Blocked, Served, served_by

# An idle loop is pinged after this time all the same, in seconds: its own frames may be others by now.
HEARTBEAT: Final = 5.0

# A step that lasts so many times longer than the limit is reported before it is over.
UNENDING: Final = 50

# A call of the user's that takes less than this part of a step is not the reason why the step takes so long.
NOTICEABLE: Final = 0.1


class Pauses:
    """How long the garbage collector has stopped the whole process, for which no call of the user's is to blame."""

    __slots__ = ("begun", "finished")

    def __init__(self) -> None:
        self.begun: float | None = None
        self.finished: float = 0.0

    def __call__(self, phase: str, info: object) -> None:
        if phase == "start":
            self.begun = time.perf_counter()
        elif self.begun is not None:
            # In this order: a sample between the two lines counts the pause twice, and the time after it not at all.
            self.finished += time.perf_counter() - self.begun
            self.begun = None

    def until(self, now: float) -> float:
        """The seconds up to now; a collection may have ended without its end having been noted."""
        begun = self.begun
        return self.finished if begun is None else self.finished + now - begun


@dataclass(slots=True)
class Tick:
    """What the watching thread knows of the time since its last sample.

    Parameters:
        now: the time in seconds.
        elapsed: how long ago the last sample was.
        period: how long ago it should have been.
        paused: how long the garbage collector has run since then.
    """

    now: float
    elapsed: float
    period: float
    paused: float


@dataclass(slots=True)
class Stall:
    """A step of the loop's work that has lasted for a while.

    Parameters:
        task: distinguishes the step from others.
        seen_at: when it was last seen.
        position: the innermost frame then, and the instruction that it was at.
        before: how long it had probably lasted when it was first seen, in seconds.
        counted: for how many seconds it has lasted since, without the time that does not count.
        excused: how many of them are not to be reported: it imported a module, for example. All, if a debugger was seen.
        calls: the calls in which it was seen, with the microseconds that it spent there; None is the framework's work.
        own_calls: those of them that the user's code makes, and not a library that the framework has called.
        details: the request that was served, and the path to the call, each as it was when the call was seen first.
        is_excused: whether what it did when it was last seen is not to be reported.
        is_reported: whether it was reported before its end.
        delayed: how long its thread had waited for a CPU until then; None if that is unknown.
    """

    task: object
    seen_at: float
    position: tuple[int, int]
    before: float
    counted: float = 0.0
    excused: float = 0.0
    calls: Counter[CallSite | None] = field(default_factory=Counter)
    own_calls: set[CallSite | None] = field(default_factory=set)
    details: dict[CallSite | None, tuple[Served | None, tuple[Location, ...]]] = field(default_factory=dict)
    is_excused: bool = False
    is_reported: bool = False
    delayed: float | None = None

    @property
    def blocked(self) -> float:
        return self.counted - self.excused

    def count(self, seconds: float) -> None:
        """Add time that belongs to what the step was last seen to do."""
        self.counted += seconds
        self.excused += seconds if self.is_excused else 0.0

    def report(self, *, is_over: bool = True) -> Blocked | None:
        """The report of this step; None if nothing is known of it."""
        if not self.calls:
            return None
        call = max(self.calls, key=lambda call: (self.explains(call), self.calls[call]))
        served, path = self.details[call]
        if call is None and (served is None or served.endpoint is None):
            return None
        return Blocked(self.blocked + self.before, call, served, path, is_over)

    def explains(self, call: CallSite | None) -> bool:
        """Whether a call explains more than the framework's work around it: it is the user's, and took its time."""
        return call in self.own_calls and self.calls[call] >= NOTICEABLE * self.calls.total()


class StallDetector:
    """Watches one event loop; everything here runs in the watching thread.

    Parameters:
        loop: the loop.
        limit: how long a step may block it, in seconds.
        packages: the names of the application's own packages.
        once: the code of functions that run once, so that they may block.
    """

    def __init__(
        self, loop: EventLoop, limit: float, packages: frozenset[str], once: Collection[CodeType] = ()
    ) -> None:
        self.loop = loop
        self.limit = limit
        self.packages = packages
        self.once = once
        self.stall: Stall | None = None
        self.ended: Stall | None = None
        self.cpu: float = loop.cpu_time()
        self.pinged_at: float = 0.0

    @property
    def is_suspicious(self) -> bool:
        """Whether the loop was at work in the last sample, and may still be at the same step."""
        return self.stall is not None or self.ended is not None

    def may_rest(self, now: float) -> bool:
        """Whether the loop need not be pinged yet."""
        return now - self.pinged_at < HEARTBEAT

    def examine(self, frame: FrameType | None, tick: Tick, *, is_left: bool) -> Blocked | None:
        """See what the loop does now; return what there is to report.

        Parameters:
            frame: the innermost frame of the loop's thread; None if the thread is gone.
            tick: the time.
            is_left: whether what begins now is no longer to be reported.
        """
        loop = self.loop
        cpu = loop.cpu_time()
        used, self.cpu = cpu - self.cpu, cpu
        sample = loop.sample(frame)
        if self.stall is not None and not sample.frames and loop.is_pinged and loop.is_alive:
            # The loop has not answered, so the step is not over. This thread may have lost the interpreter's lock while
            # it walked the frames, and the frames with it.
            return None
        if self.stall is not None and self.stall.task != sample.task:
            self.end(self.stall, tick, used)
        report = None
        # Whether a debugger stopped the step is known when the loop has answered.
        if self.ended is not None and (not loop.is_pinged or not loop.is_alive):
            ended, self.ended = self.ended, None
            report = None if loop.is_traced else ended.report()
        if sample.frames and not (is_left and self.stall is None):
            report = self.follow(sample, tick, used) or report
        if not loop.is_pinged and (sample.frames or tick.now - self.pinged_at > HEARTBEAT):
            self.pinged_at = tick.now
            loop.ping()
        return report

    def end(self, stall: Stall, tick: Tick, used: float) -> None:
        """The step is over; if the loop has answered since, its end is known exactly."""
        self.stall = None
        answered = self.loop.answered_at
        if answered > stall.seen_at and not self.loop.is_pinged:
            stall.count(max(min(answered - stall.seen_at, tick.elapsed - tick.paused, used + tick.period), 0.0))
        if stall.blocked >= self.limit:
            self.ended = stall

    def follow(self, sample: Sample, tick: Tick, used: float) -> Blocked | None:
        """Go on with the step that a sample belongs to, or begin one; report one that does not end."""
        innermost = sample.frames[-1]
        position = (id(innermost), innermost.f_lasti)
        stall = self.stall
        if stall is None:
            # What kept this thread from sampling for so long has held the interpreter's lock, in one call.
            is_late = tick.elapsed > 2 * tick.period
            seconds = max(min(tick.elapsed - tick.paused, used), 0.0) if is_late else 0.0
            stall = self.stall = Stall(sample.task, tick.now, position, before=0.0 if seconds else tick.period / 2)
            if seconds < self.limit:
                return None
        else:
            seconds = self.blocked_for(stall, tick, used, is_still=position == stall.position)
        stall.seen_at, stall.position = tick.now, position
        self.note(stall, sample.frames, seconds)
        if stall.blocked < UNENDING * self.limit or stall.is_reported:
            return None
        stall.is_reported = True
        return stall.report(is_over=False)

    def blocked_for(self, stall: Stall, tick: Tick, used: float, *, is_still: bool) -> float:
        """For how much of the time since the last sample the loop was really blocked by its own work.

        A late sample means that something blocked this thread as well: then a call that waits counts for what it may
        have waited, and work for the CPU time that it had. A machine that slept, and a process that was stopped or got
        no CPU, are nobody's blocking call.
        """
        seconds, period = tick.elapsed, tick.period
        if seconds > 2 * period:
            seconds = min(seconds, used + (period if is_still else 0.0))
        elif seconds > 1.25 * period and not is_still:
            seconds = min(seconds, used)
        delay = run_delay(self.loop)
        since, stall.delayed = stall.delayed, delay
        if delay is not None and since is not None:
            seconds = min(seconds, tick.elapsed - (delay - since))
        return max(seconds - tick.paused, 0.0)

    def note(self, stall: Stall, frames: list[FrameType], seconds: float) -> None:
        """Note where a step is, which is where it has been since the last sample."""
        if is_debugged(frames):
            stall.excused = inf
        stall.is_excused = happens_once(frames, self.once)
        stall.count(seconds)
        if stall.is_excused:
            return
        own = own_frames(frames, self.packages)
        call = call_of(frames, own[-1]) if own else None
        stall.calls[call] += int(seconds * 1e6)
        if own and is_own(own[-1], self.packages):
            stall.own_calls.add(call)
        if call not in stall.details:
            path = tuple(call_of(frames, frame).location for frame in own)
            stall.details[call] = (served_by(scope_of(frames) or scope_of(self.loop.waiting_frames())), path)


def run_delay(loop: EventLoop) -> float | None:
    """For how many seconds a loop's thread has waited for a CPU; None where the platform does not say."""
    try:
        return int(Path(f"/proc/self/task/{loop.native_thread}/schedstat").read_text("ascii").split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return None
