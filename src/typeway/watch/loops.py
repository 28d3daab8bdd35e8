"""Reach an event loop from another thread: schedule callbacks in it, and find the frames of the work that it runs."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from types import CodeType, FrameType
from typing import Any, Final, NamedTuple

# Tracers that measure; all others may stop a thread for as long as somebody reads.
MEASURING: Final = ("coverage",)

# Where sys.monitoring has debuggers (PEP 669).
DEBUGGER_ID: Final = 0


class Sample(NamedTuple):
    """What an event loop was seen to do at one moment.

    Parameters:
        task: distinguishes one step of work from the next; None if there was none.
        frames: the frames of the work, the outermost first; empty while the loop waits or runs its own code.
    """

    task: object
    frames: list[FrameType]


IDLE: Final = Sample(None, [])


class EventLoop:
    """An asyncio event loop, of any implementation, that is watched from another thread.

    It is created in the thread that runs the loop. The loop's own frames are below those of everything that it runs, so
    the position of a callback's frame shows how many they are.

    Raises:
        RuntimeError: no loop runs in this thread.
    """

    loop: asyncio.AbstractEventLoop

    def __init__(self) -> None:
        self.owner: threading.Thread = threading.current_thread()
        self.thread: int = threading.get_ident()
        self.native_thread: int = threading.get_native_id()
        self.clock: int | None = cpu_clock(self.thread)
        self.is_traced: bool = traced()
        self.answered_at: float = 0.0
        self.is_pinged: bool = False
        self.base: CodeType | None = None
        self.depth: int = 0
        # The two innermost functions of the thread while the loop waits for something to do.
        self.idle: CodeType | None = None
        self.idle_caller: CodeType | None = None
        self.find_loop()

    def find_loop(self) -> None:
        """Find the loop that runs in this thread."""
        self.loop = asyncio.get_running_loop()
        coroutine: Any = getattr(asyncio.current_task(), "get_coro", lambda: None)()
        root = getattr(coroutine, "cr_frame", None)
        if root is not None:
            self.find_base(root)

    @property
    def key(self) -> object:
        """What distinguishes loops; an id, because the watchdog and a loop must not keep each other alive."""
        return id(self.loop)

    @property
    def is_closed(self) -> bool:
        return self.loop.is_closed()

    @property
    def is_alive(self) -> bool:
        """Whether the loop may run again; the number of a thread that has ended is given to another thread."""
        return self.owner.is_alive() and not self.is_closed

    def call_soon(self, callback: Callable[[], None]) -> None:
        """Have the loop call something in its next iteration.

        Raises:
            RuntimeError: the loop is closed.
        """
        self.loop.call_soon_threadsafe(callback)

    def task(self) -> object:
        task: Any = asyncio.current_task(self.loop)
        return None if task is None else weakref.ref(task)

    def waiting_frames(self) -> list[FrameType]:
        """The frames of the tasks that wait for the current one, as far as anyio knows them."""
        states: Any = getattr(sys.modules.get("anyio._backends._asyncio"), "_task_states", {})
        tasks = {id(task): task for task in asyncio.all_tasks(self.loop)}
        frames: list[FrameType] = []
        task = asyncio.current_task(self.loop)
        while task is not None:
            task = tasks.pop(getattr(states.get(task), "parent_id", None) or 0, None)
            coroutine: Any = None if task is None else task.get_coro()
            while (frame := getattr(coroutine, "cr_frame", None)) is not None:
                frames.append(frame)
                coroutine = coroutine.cr_await
        return frames

    def ping(self) -> bool:
        """Ask the loop to answer in its next iteration; False if there will be none."""
        self.is_pinged = True
        try:
            self.call_soon(self.answer)
        except RuntimeError:
            return False
        return True

    def answer(self) -> None:
        """Note that the loop has come to its next iteration; the loop itself calls this."""
        self.answered_at = time.perf_counter()
        self.is_traced = traced()
        self.find_base(sys._getframe())
        self.is_pinged = False

    def find_base(self, frame: FrameType) -> None:
        """Count the frames below a callback's."""
        below = frame.f_back
        self.base = None if below is None else below.f_code
        self.depth = len(stack_of(below))

    def sample(self, frame: FrameType | None) -> Sample:
        """See what the loop does.

        Parameters:
            frame: the innermost frame of its thread; None if the thread is gone.
        """
        stack = stack_of(frame) if self.is_alive else []
        depth = self.depth
        if self.base is None or len(stack) <= depth or stack[depth - 1].f_code is not self.base:
            if self.base is not None and len(stack) == depth > 1 and not self.is_pinged:
                self.idle, self.idle_caller = stack[-1].f_code, stack[-2].f_code
            return IDLE
        work = stack[depth:]
        # A callback has no task: its frame, which is gone when it ends, identifies it.
        return Sample(self.task() or (id(work[0]), work[0].f_code), work)

    def cpu_time(self) -> float:
        """The CPU time in seconds that the loop's thread has used, or where that is unknown, the process."""
        if self.clock is None:
            return time.process_time()
        try:
            return time.clock_gettime(self.clock)
        except OSError:  # the thread has ended
            return 0.0


class TrioLoop(EventLoop):
    """Trio's event loop: one function of trio calls everything that it runs."""

    depth: int
    base: CodeType | None

    def find_loop(self) -> None:
        """Find the loop that runs in this thread."""
        trio: Any = sys.modules["trio.lowlevel"]
        self.token: Any = trio.current_trio_token()
        self.finished: type[Exception] = sys.modules["trio"].RunFinishedError
        self.is_finished: bool = False
        self.find_base(sys._getframe())

    @property
    def key(self) -> object:
        return id(self.token)

    @property
    def is_closed(self) -> bool:
        return self.is_finished

    def call_soon(self, callback: Callable[[], None]) -> None:
        try:
            self.token.run_sync_soon(callback)
        except self.finished as error:
            self.is_finished = True
            raise RuntimeError(str(error)) from error

    def task(self) -> object:
        return None

    def waiting_frames(self) -> list[FrameType]:
        return []

    def find_base(self, frame: FrameType) -> None:
        """Count the frames up to that of trio's function."""
        stack = stack_of(frame)
        for depth, entry in enumerate(stack, 1):
            if entry.f_code.co_name == "unrolled_run":
                self.base, self.depth = entry.f_code, depth
                return


def running_loop() -> EventLoop | None:
    """The event loop that runs in this thread; None if it is of an unknown library."""
    for kind in (EventLoop, TrioLoop) if "trio" in sys.modules else (EventLoop,):
        with suppress(RuntimeError):
            return kind()
    return None


def stack_of(frame: FrameType | None) -> list[FrameType]:
    """A thread's frames, the outermost first."""
    stack = []
    while frame is not None:
        stack.append(frame)
        frame = frame.f_back
    stack.reverse()
    return stack


def cpu_clock(thread: int) -> int | None:
    """The clock of a thread's CPU time; None where the platform has none."""
    find: Callable[[int], int] | None = getattr(time, "pthread_getcpuclockid", None)
    return None if find is None else find(thread)


def traced() -> bool:
    """Whether a debugger follows this thread, so that how long something takes in it means nothing."""
    monitoring: Any = getattr(sys, "monitoring", None)
    return may_stop(sys.gettrace()) or (monitoring is not None and monitoring.get_tool(DEBUGGER_ID) is not None)


def may_stop(tracer: Any) -> bool:
    """Whether a trace function may stop what it traces."""
    module = getattr(tracer, "__module__", None) or type(tracer).__module__
    return tracer is not None and str(module).partition(".")[0] not in MEASURING
