"""Measure what the watchdog costs: the CPU time of an idle and of a busy process, with it and without.

python -m benchmarks.watchdog [seconds]
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

from typeway import Typeway
from typeway.watch.watchdog import WATCHDOG

LIMIT = 0.1
SCOPE = {
    "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "server": ("127.0.0.1", 8000),
    "client": ("127.0.0.1", 5000), "scheme": "http", "root_path": "", "method": "GET", "path": "/items/3",
    "raw_path": b"/items/3", "query_string": b"limit=2", "headers": [],
}  # fmt: skip

app = Typeway()


@app.get("/items/{number}")
async def read_item(number: int, limit: int = 1) -> dict[str, int]:
    return {"number": number, "limit": limit}


async def receive() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def send(message: Any) -> None: ...


async def idle(seconds: float) -> None:
    await asyncio.sleep(seconds)


async def busy(seconds: float) -> None:
    """Requests without a pause, each in a task of its own, ten at a time."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        await asyncio.gather(*(app({**SCOPE}, receive, send) for _ in range(10)))


async def share(work: Callable[[float], Awaitable[None]], seconds: float) -> tuple[float, float]:
    """The CPU time that a second of work takes the whole process, and of that the watchdog's thread, in per cent."""
    thread = WATCHDOG.thread
    clock = None if thread is None or thread.ident is None else time.pthread_getcpuclockid(thread.ident)
    wall, process = time.perf_counter(), time.process_time()
    own = 0.0 if clock is None else time.clock_gettime(clock)
    await work(seconds)
    wall = time.perf_counter() - wall
    own = 0.0 if clock is None else time.clock_gettime(clock) - own
    return (time.process_time() - process) / wall * 100, own / wall * 100


async def main(seconds: float) -> None:
    print(f"idle, {seconds:.0f} s, without: {(await share(idle, seconds))[0]:.3f} % of one CPU")
    WATCHDOG.watch(app, LIMIT)
    await asyncio.sleep(1)
    print(f"idle, {seconds:.0f} s, with:    {(await share(idle, seconds))[0]:.3f} %")
    (watched,) = WATCHDOG.loops
    ping, pings = watched.loop.ping, 0

    def counted() -> bool:
        nonlocal pings
        pings += 1
        return ping()

    watched.loop.ping = counted  # type: ignore[method-assign]
    process, own = await share(busy, seconds)
    print(
        f"busy, {seconds:.0f} s, with:    {process:.1f} %, of that the watchdog's thread {own:.3f} % "
        f"and {pings / seconds:.1f} pings of the loop a second, each {await cost_of(ping) * 1e6:.0f} us"
    )


async def cost_of(ping: Callable[[], bool]) -> float:
    """The CPU time of one ping and its answer, in seconds."""
    before = time.process_time()
    for _ in range(1000):
        ping()
        await asyncio.sleep(0)
    return (time.process_time() - before) / 1000


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else 60))
