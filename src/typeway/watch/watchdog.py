"""Watch event loops from a thread of its own, and say what holds them up, once for each place."""

from __future__ import annotations

import gc
import logging
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

from anyio.to_thread import current_default_thread_limiter

from typeway.watch.frames import CARRIERS
from typeway.watch.loops import EventLoop, running_loop
from typeway.watch.pool import Pool, endpoints_of
from typeway.watch.report import Blocked, Report
from typeway.watch.stall import Judge, Pauses, Tick

logger: Final = logging.getLogger("typeway.watchdog")

# How long a loop may not turn where somebody wants to know but does not say, in seconds.
LIMIT: Final = 0.1

# How many looks there are within the limit once a loop is suspected. As long as none is, they are further apart: to
# wake a thread is what costs most, 20 to 80 us.
LOOKS: Final = 4
EASE: Final = 1.5

# How long an idle loop is only glanced at, in seconds.
CHORES: Final = 0.5

# So many places are remembered; an application that blocks in more has other worries.
MOST_PLACES: Final = 1000


class Log:
    """Writes each place to the log once."""

    def __init__(self) -> None:
        self.told: set[object] = set()

    def __call__(self, report: Report) -> None:
        if isinstance(report, Blocked):
            key = (report.place, report.is_over)
            if key in self.told or len(self.told) >= MOST_PLACES:
                return
            self.told.add(key)
        logger.warning("%s", report)


class Post:
    """One event loop, and whose it is.

    Parameters:
        loop: the loop.
        app: the application that it serves.
        limit: how long a step may hold it up, in seconds.
    """

    def __init__(self, loop: EventLoop, app: Any, limit: float) -> None:
        self.loop = loop
        self.app: weakref.ref[Any] = weakref.ref(app)
        self.packages = packages_of(app)
        self.is_left = False
        self.due = 0.0
        self.judge = Judge(loop, limit, self.packages)
        self.pool = Pool(current_default_thread_limiter())

    def interval(self, is_keen: bool) -> float:
        """When to look again, in seconds."""
        limit = self.judge.limit
        return limit / LOOKS if is_keen or self.judge.is_suspicious else limit * EASE

    @property
    def is_over(self) -> bool:
        """Whether there is nothing more to come."""
        return (self.is_left or not self.loop.is_alive) and not self.judge.is_suspicious

    def is_idle(self, frame: FrameType | None, now: float) -> bool:
        """Whether there is nothing to look at more closely: the loop waits where it was seen to wait before.

        PERF: after each sleep the caches are cold, and what is touched here costs ten times what it costs in a loop.
        Flat like this a tick takes half of the CPU time that it took in methods of loop, judge and pool.
        """
        loop, judge = self.loop, self.judge
        if frame is None or frame.f_code is not loop.resting or judge.stall is not None or judge.ended is not None:
            return False
        below = frame.f_back
        if below is None or below.f_code is not loop.resting_below:
            return False
        judge.cpu = loop.cpu_time() if loop.clock is None else time.clock_gettime(loop.clock)
        if now < self.due:
            return True
        self.due = now + CHORES
        return judge.rests(now) and not self.is_left and self.pool.has_room()

    def look(self, frames: dict[int, FrameType], tick: Tick) -> list[Report]:
        """What there is to report now."""
        found: list[Report] = []
        blocked = self.judge.look(frames.get(self.loop.thread), tick, is_left=self.is_left)
        if blocked is not None:
            found.append(blocked)
        seconds = self.pool.is_exhausted(tick.now)
        if seconds is not None:
            exhausted = self.pool.report(seconds, frames, endpoints_of(self.app()), self.packages)
            if exhausted is not None:
                found.append(exhausted)
        return found


class Watchdog:
    """The thread that watches; it runs as long as there are loops to watch.

    What it finds goes to its listeners, in its own thread: to the log, unless a test wants to know.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.posts: tuple[Post, ...] = ()  # replaced, never changed: the thread reads it without the lock
        self.thread: threading.Thread | None = None
        self.is_keen = False
        self.limit = LIMIT
        self.is_awaited = 0
        self.looks = 0
        self.looked = threading.Condition(self.lock)
        self.listeners: tuple[Callable[[Report], None], ...] = (Log(),)

    def watch(self, app: Any, limit: float = LIMIT) -> None:
        """Watch the event loop that runs in this thread; once is enough.

        Parameters:
            app: whose routes are named in reports.
            limit: how long the loop may not turn, in seconds.
        """
        loop = running_loop()
        if loop is None:
            return
        with self.lock:
            if self.post_at(loop) is not None:
                return
            self.posts = (*self.posts, Post(loop, app, limit))
            loop.ask()
            if self.thread is None or not self.thread.is_alive():  # a forked process has no threads but its own
                self.thread = threading.Thread(target=self.run, name="typeway watchdog", daemon=True)
                self.thread.start()

    def leave(self) -> None:
        """Watch the event loop of this thread no longer; what has been seen is still reported."""
        loop = running_loop()
        with self.lock:
            post = None if loop is None else self.post_at(loop)
            if post is not None:
                post.is_left, post.due = True, 0.0

    def post_at(self, loop: EventLoop) -> Post | None:
        """The post at a loop, as long as it is not left."""
        return next((post for post in self.posts if post.loop.key == loop.key and not post.is_left), None)

    @contextmanager
    def heard_by(self, listener: Callable[[Report], None]) -> Iterator[None]:
        """Have what is found told to somebody else than the log."""
        with self.lock:
            before, self.listeners = self.listeners, (listener,)
        try:
            yield
        finally:
            with self.lock:
                self.listeners = before

    @contextmanager
    def keenly(self, limit: float) -> Iterator[None]:
        """Watch every application that does not refuse, and look more often: as tests want it.

        Parameters:
            limit: of applications that name none, in seconds.
        """
        self.is_keen, self.limit = True, limit
        try:
            yield
        finally:
            self.is_keen = False

    def settle(self, seconds: float = 1.0) -> None:
        """Wait until everything that has happened has been reported, for so many seconds at most."""
        end = time.monotonic() + seconds
        with self.looked:
            self.is_awaited += 1
            first = self.looks
            while self.thread is not None and time.monotonic() < end:
                if self.looks >= first + 2 and not any(post.judge.is_suspicious for post in self.posts):
                    break
                self.looked.wait(0.1)
            self.is_awaited -= 1

    def run(self) -> None:
        """Look at every loop again and again, until there is none."""
        pauses = Pauses()
        gc.callbacks.append(pauses)
        try:
            self.patrol(pauses)
        except Exception:
            logger.exception("The watchdog has failed, and watches no longer.")
            with self.lock:
                self.posts, self.thread = (), None
        finally:
            gc.callbacks.remove(pauses)

    def patrol(self, pauses: Pauses) -> None:
        before, paused = time.perf_counter(), 0.0
        while self.posts or not self.is_done():
            posts = self.posts
            period = self.interval(posts)
            while posts is self.posts:
                time.sleep(period)  # PERF: half the cost of waiting for an Event
                now = time.perf_counter()
                frames = sys._current_frames()
                for post in posts:
                    if not post.is_idle(frames.get(post.loop.thread), now):
                        break
                else:
                    if not self.is_awaited:
                        before, paused = now, pauses.finished
                        del frames
                        continue
                now_paused = pauses.until(now)
                self.look(posts, frames, Tick(now, now - before, period, max(now_paused - paused, 0.0)))
                before, paused = now, now_paused
                del frames  # what is looked at must not live longer for it
                period = self.interval(posts)

    def interval(self, posts: tuple[Post, ...]) -> float:
        """When to look again, in seconds."""
        return min([post.interval(self.is_keen) for post in posts], default=0.0)

    def is_done(self) -> bool:
        """Whether there is nothing to watch any more; then the thread is given up."""
        with self.lock:
            if self.posts:
                return False
            self.thread = None
            return True

    def look(self, posts: tuple[Post, ...], frames: dict[int, FrameType], tick: Tick) -> None:
        """Look closely at every loop once, and report what is found."""
        for report in [report for post in posts for report in post.look(frames, tick)]:
            for listener in self.listeners:
                listener(report)
        over = {post for post in posts if post.is_over}
        with self.looked:
            if over:
                self.posts = tuple(post for post in self.posts if post not in over)
            self.looks += 1
            self.looked.notify_all()


def packages_of(app: Any) -> frozenset[str]:
    """The packages that an application's endpoints come from: its own, even where they are installed."""
    endpoints = (getattr(route, "endpoint", None) for route in getattr(app, "routes", ()))
    modules = {str(getattr(endpoint, "__module__", "")).partition(".")[0] for endpoint in endpoints}
    return frozenset(modules - CARRIERS - {""})


# Event loops belong to threads, and threads to the process.
WATCHDOG: Final = Watchdog()
