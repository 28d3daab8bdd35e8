"""Watch event loops from a thread of its own, and report what blocks them, once for each place."""

from __future__ import annotations

import gc
import logging
import sys
import threading
import time
import weakref
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any, Final

from anyio.to_thread import current_default_thread_limiter

from typeway.watch.frames import PLUMBING
from typeway.watch.loops import EventLoop, running_loop
from typeway.watch.pool import Pool, endpoints_of
from typeway.watch.report import Blocked, Report
from typeway.watch.stall import Pauses, StallDetector, Tick

logger: Final = logging.getLogger("typeway.watchdog")

# How many samples there are within the limit once a loop is suspected. As long as none is, they are further apart: to
# wake a thread is what costs most, 20 to 80 us.
SAMPLES: Final = 4
UNSUSPECTED: Final = 1.5

# For how long an idle loop is sampled without a closer examination, in seconds.
CHORES: Final = 0.5

# So many places are remembered; an application that blocks in more has bigger problems.
MOST_PLACES: Final = 1000


class Log:
    """Writes a warning to the log, once for each place."""

    def __init__(self) -> None:
        self.logged: set[object] = set()

    def __call__(self, report: Report) -> None:
        if isinstance(report, Blocked):
            key = (report.place, report.is_over)
            if key in self.logged or len(self.logged) >= MOST_PLACES:
                return
            self.logged.add(key)
        logger.warning("%s", report)


class WatchedLoop:
    """One event loop that is watched, and the application that it serves.

    Parameters:
        loop: the loop.
        app: the application.
        limit: how long a step may block the loop, in seconds.
        once: the code of functions that run once, so that they may block.
        samples_often: whether the loop is sampled at short intervals even if it is not suspected.
    """

    def __init__(
        self, loop: EventLoop, app: Any, limit: float, once: Collection[CodeType], *, samples_often: bool
    ) -> None:
        self.loop = loop
        self.app: weakref.ref[Any] = weakref.ref(app)
        self.packages: frozenset[str] = packages_of(app)
        self.samples_often = samples_often
        self.is_left = False
        self.due: float = 0.0
        self.detector: StallDetector = StallDetector(loop, limit, self.packages, once)
        self.pool: Pool = Pool(current_default_thread_limiter())

    @property
    def interval(self) -> float:
        """The time until the next sample, in seconds."""
        limit = self.detector.limit
        return limit / SAMPLES if self.samples_often or self.detector.is_suspicious else limit * UNSUSPECTED

    @property
    def is_over(self) -> bool:
        """Whether there is nothing more to come."""
        return (self.is_left or not self.loop.is_alive) and not self.detector.is_suspicious

    def is_idle(self, frame: FrameType | None, now: float) -> bool:
        """Whether there is nothing to examine: the loop waits where it was seen to wait before.

        PERF: after each sleep the caches are cold, and what is touched here costs ten times what it costs in a loop.
        Flat like this a tick takes half of the CPU time that it took in methods of loop, detector and pool.
        """
        loop, detector = self.loop, self.detector
        if frame is None or frame.f_code is not loop.idle or detector.stall is not None or detector.ended is not None:
            return False
        caller = frame.f_back
        if caller is None or caller.f_code is not loop.idle_caller:
            return False
        detector.cpu = loop.cpu_time() if loop.clock is None else time.clock_gettime(loop.clock)
        if now < self.due:
            return True
        self.due = now + CHORES
        return detector.may_rest(now) and not self.is_left and self.pool.has_room()

    def examine(self, frames: dict[int, FrameType], tick: Tick) -> list[Report]:
        """What there is to report now."""
        blocked = self.detector.examine(frames.get(self.loop.thread), tick, is_left=self.is_left)
        seconds = self.pool.exhausted_for(tick.now)
        exhausted = None
        if seconds is not None:
            exhausted = self.pool.report(seconds, frames, endpoints_of(self.app()), self.packages)
        return [report for report in (blocked, exhausted) if report is not None]


class Watchdog:
    """The thread that watches; it runs as long as there are loops to watch.

    It calls its listeners with its reports, in its own thread: the log, unless a test wants to have them.
    """

    def __init__(self) -> None:
        self.lock: threading.Lock = threading.Lock()
        self.loops: tuple[WatchedLoop, ...] = ()  # replaced, never changed: the thread reads it without the lock
        self.thread: threading.Thread | None = None
        self.flushing: int = 0
        self.samples: int = 0
        self.sampled: threading.Condition = threading.Condition(self.lock)
        self.listeners: tuple[Callable[[Report], None], ...] = (Log(),)

    def watch(self, app: Any, limit: float, once: Collection[CodeType] = (), *, samples_often: bool = False) -> None:
        """Watch the event loop that runs in this thread, if it is not watched yet.

        Parameters:
            app: the application whose routes are named in reports.
            limit: how long the loop may be blocked, in seconds.
            once: the code of functions that run once, so that they may block.
            samples_often: whether the loop is sampled at short intervals even if it is not suspected.
        """
        loop = running_loop()
        if loop is None:
            return
        with self.lock:
            if self.watched(loop) is not None:
                return
            self.loops = (*self.loops, WatchedLoop(loop, app, limit, once, samples_often=samples_often))
            loop.ping()
            if self.thread is None or not self.thread.is_alive():  # a forked process has no threads but its own
                self.thread = threading.Thread(target=self.run, name="typeway watchdog", daemon=True)
                self.thread.start()

    def leave(self) -> None:
        """Watch the event loop of this thread no longer; what has been seen is still reported."""
        loop = running_loop()
        with self.lock:
            watched = None if loop is None else self.watched(loop)
            if watched is not None:
                watched.is_left, watched.due = True, 0.0

    def watched(self, loop: EventLoop) -> WatchedLoop | None:
        """What is watched of a loop, as long as it has not been left."""
        return next((entry for entry in self.loops if entry.loop.key == loop.key and not entry.is_left), None)

    @contextmanager
    def reporting_to(self, listener: Callable[[Report], None]) -> Iterator[None]:
        """Call a listener with the reports, instead of the log."""
        with self.lock:
            before, self.listeners = self.listeners, (listener,)
        try:
            yield
        finally:
            with self.lock:
                self.listeners = before

    def flush(self, timeout: float = 5.0) -> None:
        """Wait until everything that has happened has been reported, for so many seconds at most."""
        end = time.monotonic() + timeout
        with self.sampled:
            self.flushing += 1
            first = self.samples
            while self.thread is not None and time.monotonic() < end:
                if self.samples >= first + 2 and not any(entry.detector.is_suspicious for entry in self.loops):
                    break
                self.sampled.wait(0.1)
            self.flushing -= 1

    def run(self) -> None:
        """Sample every loop again and again, until there is none."""
        pauses = Pauses()
        gc.callbacks.append(pauses)
        try:
            self.sample_loops(pauses)
        except Exception:
            logger.exception("The watchdog has failed, and watches no longer.")
            with self.lock:
                self.loops, self.thread = (), None
        finally:
            gc.callbacks.remove(pauses)

    def sample_loops(self, pauses: Pauses) -> None:
        before, paused = time.perf_counter(), 0.0
        while self.loops or not self.is_done():
            loops = self.loops
            period = self.interval(loops)
            while loops is self.loops:
                time.sleep(period)  # PERF: half the cost of waiting for an Event
                now = time.perf_counter()
                frames = sys._current_frames()
                for watched in loops:
                    if not watched.is_idle(frames.get(watched.loop.thread), now):
                        break
                else:
                    if not self.flushing:
                        before, paused = now, pauses.finished
                        del frames
                        continue
                now_paused = pauses.until(now)
                self.examine(loops, frames, Tick(now, now - before, period, max(now_paused - paused, 0.0)))
                before, paused = now, now_paused
                del frames  # what a sample refers to must not live longer for it
                period = self.interval(loops)

    def interval(self, loops: tuple[WatchedLoop, ...]) -> float:
        """The time until the next sample, in seconds."""
        return min([watched.interval for watched in loops], default=0.0)

    def is_done(self) -> bool:
        """Whether there is nothing to watch any more; then the thread is given up."""
        with self.lock:
            if self.loops:
                return False
            self.thread = None
            return True

    def examine(self, loops: tuple[WatchedLoop, ...], frames: dict[int, FrameType], tick: Tick) -> None:
        """Examine every loop once, and report what is found."""
        for report in [report for watched in loops for report in watched.examine(frames, tick)]:
            for listener in self.listeners:
                listener(report)
        over = {watched for watched in loops if watched.is_over}
        with self.sampled:
            if over:
                self.loops = tuple(watched for watched in self.loops if watched not in over)
            self.samples += 1
            self.sampled.notify_all()


def packages_of(app: Any) -> frozenset[str]:
    """The packages that an application's endpoints come from: its own, even where they are installed."""
    endpoints = (getattr(route, "endpoint", None) for route in getattr(app, "routes", ()))
    modules = {str(getattr(endpoint, "__module__", "")).partition(".")[0] for endpoint in endpoints}
    return frozenset(modules - PLUMBING - {""})


# Event loops belong to threads, and threads to the process.
WATCHDOG: Final = Watchdog()
