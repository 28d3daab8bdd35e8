"""Serve with several processes: start them, replace those that die, restart them one by one, and stop them."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from socket import socket
from types import FrameType
from typing import Any, Final

from typeway.health import STOPPING
from typeway.protocol.server import STARTUP_FAILURE, STOPPING_SIGNALS, Config, refuse_more, serve

logger: Final = logging.getLogger("uvicorn.error")

# A worker that fails to start is replaced after a pause that grows between these numbers of seconds.
SHORTEST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 30.0

# Beside the time that requests get to finish, a worker gets this many seconds to stop its application.
STOPPING_SECONDS: Final = 10.0

# Tells a worker that the server is about to stop.
DRAINING_SIGNAL: Final = getattr(signal, "SIGUSR1", signal.SIGTERM)


@dataclass(eq=False)
class Worker:
    """One process that serves."""

    process: Any
    news: Connection  # the worker says here when it is ready
    is_ready: bool = False
    is_leaving: bool = False  # whether it has been told to stop


class Workers:
    """The processes that serve an application, and the process that watches over them.

    All listen on the same sockets. A worker that dies is replaced at once, except while none has ever started: then the
    application is broken, and the exit status says so. SIGHUP replaces the workers one by one, each when its successor
    is ready. SIGTERM and SIGINT stop them; a second one kills them.

    Parameters:
        config: the configuration of each worker; its application is an import string.
        sockets: what the workers listen on.
        number: how many workers there are.
        preload: modules that every worker needs. A process that has imported them is forked for each worker, which
            takes milliseconds, where an import takes tenths of a second (not on Windows).
    """

    def __init__(self, config: Config, sockets: Sequence[socket], number: int, preload: Sequence[str] = ()) -> None:
        self.config = config
        self.sockets: list[socket] = list(sockets)
        self.number = number
        self.workers: list[Worker] = []
        self.replacing: list[Worker] = []  # those that a SIGHUP replaces, and that still serve
        self.signals: list[int] = []
        self.has_served: bool = False
        self.pause: float = 0.0
        self.next_start: float = 0.0  # not before this time is a worker started again, after one that has not started
        self.context: Any = process_context(preload)

    def run(self) -> int:
        """Serve until a signal says to stop; return the exit status."""
        logger.info("Started parent process [%d]", os.getpid())
        with self.woken_by_signals() as alarm:
            while True:
                self.start_missing()
                news = [worker.news for worker in self.workers if not worker.news.closed]
                wait([alarm, *news, *(worker.process.sentinel for worker in self.workers)], self.patience())
                self.hear()
                status = self.bury()
                if status is not None:
                    return self.stop(alarm, status)
                if self.handle_signals(alarm):
                    return self.stop(alarm, 0)

    def missing(self) -> int:
        """Return how many workers fewer there are than should serve."""
        return self.number - sum(not worker.is_leaving for worker in self.workers)

    def start_missing(self) -> None:
        """Start the workers that are missing, unless one has failed to start a moment ago."""
        if time.monotonic() >= self.next_start:
            for _ in range(self.missing()):
                self.start()

    def patience(self) -> float | None:
        """Return for how many seconds nothing is to be done unless something happens; None for as long as it takes."""
        return max(self.next_start - time.monotonic(), 0) if self.missing() > 0 else None

    def start(self) -> None:
        """Start a worker."""
        ours, theirs = self.context.Pipe(duplex=False)
        process = self.context.Process(target=work, args=(self.config, self.sockets, theirs))
        process.start()
        theirs.close()
        self.workers.append(Worker(process, ours))

    def hear(self) -> None:
        """Note which workers are ready; a successor that is ready sends its predecessor away."""
        for worker in self.workers:
            if not worker.is_ready and not worker.news.closed and worker.news.poll():
                with contextlib.suppress(EOFError):
                    worker.news.recv()
                    worker.is_ready = self.has_served = True
                    self.pause = 0.0
                    if self.replacing:
                        self.send_away(self.replacing.pop(0))
                        if self.replacing:
                            self.start()
                worker.news.close()

    def bury(self) -> int | None:
        """Forget the workers that have died; return an exit status if the server cannot go on."""
        for worker in [worker for worker in self.workers if worker.process.exitcode is not None]:
            self.workers.remove(worker)
            worker.news.close()
            status = worker.process.exitcode
            if worker.is_leaving:
                continue
            if worker in self.replacing:
                self.replacing.remove(worker)
            if worker.is_ready:
                logger.warning("Child process [%s] died (exit status %s); replacing it.", worker.process.pid, status)
                continue
            if not self.has_served:
                return status or STARTUP_FAILURE
            self.replacing.clear()
            self.pause = min(max(2 * self.pause, SHORTEST_PAUSE), LONGEST_PAUSE)
            self.next_start = time.monotonic() + self.pause
            is_missed = self.missing() > 0
            next = f"trying again in {self.pause:.1f} s" if is_missed else "the workers of before go on"
            logger.error("A worker did not start (exit status %s); %s.", status, next)
        return None

    def handle_signals(self, alarm: Connection) -> bool:
        """Act on the signals that have arrived; return whether to stop."""
        while alarm.poll():
            alarm.recv_bytes()
        while self.signals:
            number = self.signals.pop(0)
            if number in STOPPING_SIGNALS:
                return True
            if not self.replacing:
                logger.info("Restarting the workers one by one.")
                self.replacing = [worker for worker in self.workers if not worker.is_leaving]
                self.start()
        return False

    def send_away(self, worker: Worker) -> None:
        """Tell a worker to finish its requests and exit."""
        worker.is_leaving = True
        worker.process.terminate()

    def stop(self, alarm: Connection, status: int) -> int:
        """Let all workers finish and exit; kill them when their time is over, or at another signal."""
        self.drain(alarm)
        # While a copy is open here, clients could connect to a server that nobody runs any more.
        for listener in self.sockets:
            refuse_more(listener, self.config)
            listener.close()
        for worker in self.workers:
            self.send_away(worker)
        graceful = self.config.timeout_graceful_shutdown
        end = None if graceful is None else time.monotonic() + graceful + STOPPING_SECONDS
        while alive := [worker.process for worker in self.workers if worker.process.exitcode is None]:
            left = None if end is None else max(end - time.monotonic(), 0)
            wait([alarm, *(process.sentinel for process in alive)], left)
            if alarm.poll() or left == 0:
                for process in alive:
                    process.kill()
                end = None
                while alarm.poll():
                    alarm.recv_bytes()
        logger.info("Stopped parent process [%d]", os.getpid())
        return status

    def drain(self, alarm: Connection) -> None:
        """Let the workers say that they are about to stop, and go on serving for a while, unless another signal comes."""
        if self.config.drain_delay and not alarm.poll():
            for worker in self.workers:
                with contextlib.suppress(OSError):  # it has died
                    os.kill(worker.process.pid, DRAINING_SIGNAL)
            wait([alarm], self.config.drain_delay)

    @contextlib.contextmanager
    def woken_by_signals(self) -> Iterator[Connection]:
        """Collect signals, and wake the loop that waits for processes."""
        ours, theirs = multiprocessing.Pipe(duplex=False)

        def note(number: int, frame: FrameType | None) -> None:
            self.signals.append(number)
            theirs.send_bytes(b"!")

        hang_up = getattr(signal, "SIGHUP", None)  # Windows has none
        numbers = [*STOPPING_SIGNALS, *([hang_up] if hang_up is not None else [])]
        before = {number: signal.signal(number, note) for number in numbers}
        try:
            yield ours
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def process_context(preload: Sequence[str]) -> Any:
    """Return how processes are made: forked from one that has imported what all need, where the system can."""
    if sys.platform == "win32":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*preload])
    return context


def work(config: Config, sockets: list[socket], news: Connection) -> None:
    """Serve in a worker, and say when it is ready."""
    # Ctrl+C in a terminal reaches all processes; the parent decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if DRAINING_SIGNAL != signal.SIGTERM:
        signal.signal(DRAINING_SIGNAL, lambda number, frame: STOPPING.set())
    config.configure_logging()

    def tell() -> None:
        with contextlib.suppress(OSError):
            news.send(os.getpid())
            news.close()

    threading.Thread(target=follow_parent, daemon=True).start()
    sys.exit(serve(config, sockets, tell, is_only=False))


def follow_parent() -> None:
    """Stop this worker when the parent has died, however that happened."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
