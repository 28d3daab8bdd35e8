"""Send many requests at the same time, and record when each was sent, started, ended and answered."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from examples.books.analysis.ask import ask

SECONDS_TO_SPARE = 60
SECONDS_BETWEEN_REPORTS = 0.25


@dataclass(frozen=True, slots=True)
class Way:
    """One way to wait: the path of its endpoint, and its code."""

    path: str
    code: str


WAYS = (
    Way("/offers/awaited", "async def, await asyncio.sleep"),
    Way("/offers/threaded", "def, time.sleep"),
    Way("/offers/blocking", "async def, time.sleep"),
)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its response; all times in seconds since the first request was sent."""

    sent: float
    started: float
    ended: float
    answered: float
    thread: int
    on_event_loop: bool


@dataclass(frozen=True, slots=True)
class Measurement:
    """The results of the requests to one endpoint, in the order in which they started."""

    way: Way
    seconds: float
    exchanges: Sequence[Exchange]

    @property
    def wall_time(self) -> float:
        """Seconds from the first request to the last response."""
        return max(exchange.answered for exchange in self.exchanges)

    @property
    def in_flight(self) -> int:
        """The highest number of requests inside the endpoint at the same time."""
        # A request that ends at the moment when another starts does not overlap with it, so ends come first.
        steps = [(each.ended, -1) for each in self.exchanges] + [(each.started, 1) for each in self.exchanges]
        return max(accumulate(step for _, step in sorted(steps)))

    @property
    def threads(self) -> int:
        """The number of threads that ran the endpoint."""
        return len({exchange.thread for exchange in self.exchanges})

    @property
    def place(self) -> str:
        """Whether the endpoint ran on the event loop or in the thread pool."""
        return "event loop" if all(exchange.on_event_loop for exchange in self.exchanges) else "thread pool"


async def measure(
    address: str, way: Way, *, requests: int, seconds: float, report: Callable[[int], None]
) -> Measurement:
    """Send requests to an endpoint, all at the same time, each on its own connection.

    Parameters:
        address: of the server, such as `http://127.0.0.1:8000`.
        way: what to measure.
        requests: how many to send.
        seconds: how long each of them waits in the endpoint.
        report: called with the number of responses, after each response and several times a second.

    Raises:
        TimeoutError: responses are missing long after the last one was expected.
        ExceptionGroup: the server refuses, fails or is gone; it contains the exceptions of `ask`.
    """
    answered: list[Exchange] = []
    # The first request to an endpoint also builds its plan, which should not be measured.
    await ask(address, f"{way.path}?seconds=0")
    began = time.perf_counter()

    async def exchange() -> None:
        sent = time.perf_counter()
        visit = await ask(address, f"{way.path}?seconds={seconds}")
        moments = {"sent": sent, "answered": time.perf_counter(), "started": visit["started"], "ended": visit["ended"]}
        since = {name: moment - began for name, moment in moments.items()}
        answered.append(Exchange(**since, thread=visit["thread"], on_event_loop=visit["on_event_loop"]))
        report(len(answered))

    async def report_meanwhile() -> None:
        while len(answered) < requests:
            report(len(answered))
            await asyncio.sleep(SECONDS_BETWEEN_REPORTS)

    # The slowest endpoint handles one request after the other.
    async with asyncio.timeout(2 * requests * seconds + SECONDS_TO_SPARE), asyncio.TaskGroup() as group:
        group.create_task(report_meanwhile())
        for _ in range(requests):
            group.create_task(exchange())
    return Measurement(way, seconds, sorted(answered, key=lambda each: each.started))
