"""Judge, from looks at an event loop, whether one step of its work holds it up, for how long, and where."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Final

from typeway.watch.frames import Call, Place, call_of, happens_once, is_debugged, own_frames, scope_of
from typeway.watch.loops import EventLoop, Look
from typeway.watch.report import Blocked, Served, served_by

# A loop that seems to have nothing to do is asked to turn after this time all the same, in seconds: its own frames may
# be others by now.
HEARTBEAT: Final = 5.0

# What lasts so many times longer than the limit is reported before it is over.
UNENDING: Final = 50


class Pauses:
    """How long the garbage collector has held up the whole process: that is nobody's blocking call."""

    __slots__ = ("begun", "finished")

    def __init__(self) -> None:
        self.begun: float | None = None
        self.finished = 0.0

    def __call__(self, phase: str, info: object) -> None:
        if phase == "start":
            self.begun = time.perf_counter()
        elif self.begun is not None:
            # In this order: who looks in between counts the pause twice, and the time after it not at all.
            self.finished += time.perf_counter() - self.begun
            self.begun = None

    def until(self, now: float) -> float:
        """The seconds up to now; a collection may have ended without its end having been noted."""
        begun = self.begun
        return self.finished if begun is None else self.finished + now - begun


@dataclass(slots=True)
class Tick:
    """What the watching thread knows of the time since it last looked.

    Parameters:
        now: the time in seconds.
        elapsed: how long ago it looked last.
        period: how long ago it wanted to have looked last.
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
        task: tells the step from others.
        seen_at: when it was last seen.
        position: the innermost frame then, and the instruction that it was at.
        before: how long it had probably lasted when it was first seen, in seconds.
        counted: for how many seconds it has lasted since, without what was nobody's fault.
        calls: where it was seen, with the microseconds that it spent there.
        details: the rest of what was seen there.
        is_excused: whether it is nobody's fault.
        is_told: whether it was reported before its end.
        delayed: how long its thread had waited for a CPU until then; None if that is unknown.
    """

    task: object
    seen_at: float
    position: tuple[int, int]
    before: float
    counted: float = 0.0
    calls: Counter[Call | None] = field(default_factory=Counter)
    details: dict[Call | None, tuple[Served | None, tuple[Place, ...]]] = field(default_factory=dict)
    is_excused: bool = False
    is_told: bool = False
    delayed: float | None = None

    def report(self, seconds: float, *, is_over: bool = True) -> Blocked | None:
        """What there is to say; None if it is nobody's fault."""
        if self.is_excused or not self.calls:
            return None
        # A call of the user's says more than that the framework was at work in between.
        call = max(self.calls, key=lambda call: (call is not None, self.calls[call]))
        served, path = self.details[call]
        if call is None and (served is None or served.endpoint is None):
            return None
        return Blocked(seconds, call, served, path, is_over)


class Judge:
    """Watches one event loop; everything here runs in the watching thread.

    Parameters:
        loop: the loop.
        limit: how long a step may hold it up, in seconds.
        packages: the names of the application's own packages.
    """

    def __init__(self, loop: EventLoop, limit: float, packages: frozenset[str]) -> None:
        self.loop = loop
        self.limit = limit
        self.packages = packages
        self.stall: Stall | None = None
        self.ended: Stall | None = None
        self.cpu = loop.cpu_time()
        self.asked_at = 0.0

    @property
    def is_suspicious(self) -> bool:
        """Whether the loop was at work when it was last seen, and may still be at the same."""
        return self.stall is not None or self.ended is not None

    def rests(self, now: float) -> bool:
        """Whether the loop need not be asked to turn."""
        return now - self.asked_at < HEARTBEAT

    def look(self, frame: FrameType | None, tick: Tick, *, is_left: bool) -> Blocked | None:
        """See what the loop does now; return what there is to report.

        Parameters:
            frame: the innermost frame of the loop's thread; None if the thread is gone.
            is_left: whether what begins now is no longer to be reported.
        """
        loop = self.loop
        cpu = loop.cpu_time()
        used, self.cpu = cpu - self.cpu, cpu
        look = loop.look(frame)
        if self.stall is not None and not look.frames and loop.is_asked and loop.is_alive:
            # The loop has not turned. While this thread looked it may have lost the interpreter's lock, and what it
            # was looking at.
            return None
        if self.stall is not None and self.stall.task != look.task:
            self.end(self.stall, tick, used)
        report = None
        # Whether a debugger stopped the step is known when the loop has turned.
        if self.ended is not None and (not loop.is_asked or not loop.is_alive):
            report, self.ended = self.told(self.ended), None
        if look.frames and not (is_left and self.stall is None):
            report = self.follow(look, tick, used) or report
        if not loop.is_asked and (look.frames or tick.now - self.asked_at > HEARTBEAT):
            self.asked_at = tick.now
            loop.ask()
        return report

    def end(self, stall: Stall, tick: Tick, used: float) -> None:
        """The step is over; if the loop has turned since, it is known to the moment when."""
        self.stall = None
        turned = self.loop.answered_at
        if turned > stall.seen_at and not self.loop.is_asked:
            stall.counted += max(min(turned - stall.seen_at, tick.elapsed - tick.paused, used + tick.period), 0.0)
        if stall.counted >= self.limit:
            self.ended = stall

    def told(self, stall: Stall) -> Blocked | None:
        """What to say of a stall that is over."""
        return None if self.loop.is_traced else stall.report(stall.counted + stall.before)

    def follow(self, look: Look, tick: Tick, used: float) -> Blocked | None:
        """Go on with the stall that a look belongs to, or begin one; report one that does not end."""
        innermost = look.frames[-1]
        position = (id(innermost), innermost.f_lasti)
        stall = self.stall
        if stall is None:
            # Who kept this thread from looking for so long has held the interpreter's lock, in one call.
            is_late = tick.elapsed > 2 * tick.period
            seconds = max(min(tick.elapsed - tick.paused, used), 0.0) if is_late else 0.0
            stall = self.stall = Stall(look.task, tick.now, position, before=0.0 if seconds else tick.period / 2)
            if seconds < self.limit:
                return None
        else:
            seconds = self.counted(stall, tick, used, is_still=position == stall.position)
        stall.counted += seconds
        stall.seen_at, stall.position = tick.now, position
        self.note(stall, look, seconds)
        if stall.counted < UNENDING * self.limit or stall.is_told:
            return None
        stall.is_told = True
        return stall.report(stall.counted, is_over=False)

    def counted(self, stall: Stall, tick: Tick, used: float, *, is_still: bool) -> float:
        """How much of the time since the last look the loop was really held up by its own work.

        A late look means that something held up this thread as well: then a call that waits counts for what it may
        have waited, and work for the CPU time that it had. A machine that slept, and a process that was stopped or got
        no CPU, hold up nobody.
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

    def note(self, stall: Stall, look: Look, seconds: float) -> None:
        """Note where a stall is."""
        frames = look.frames
        if stall.is_excused or is_debugged(frames) or happens_once(frames):
            stall.is_excused = True
            return
        own = own_frames(frames, self.packages)
        call = call_of(frames, own[-1]) if own else None
        stall.calls[call] += int(seconds * 1e6)
        if call not in stall.details:
            path = tuple(call_of(frames, frame).place for frame in own)
            stall.details[call] = (served_by(scope_of(frames) or scope_of(self.loop.waiting())), path)


def run_delay(loop: EventLoop) -> float | None:
    """For how many seconds a loop's thread has waited for a CPU; None where the platform does not say."""
    try:
        return int(Path(f"/proc/self/task/{loop.native_thread}/schedstat").read_text("ascii").split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return None
