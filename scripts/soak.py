"""Serve mixed requests at full speed for minutes, and fail if the server's memory or its open files grow.

    python -m scripts.soak [--seconds 600] [--count 1000000] [--workload mixed]

One worker of `typeway run` serves; clients with kept and with new connections send plain requests, parameters, JSON bodies,
requests that fail in every way that clients and endpoints can fail, uploads, streams and WebSockets, some of which are abandoned. Every answer is
checked. Every second the resident memory (RSS) and the number of open files of the worker are read (Linux). The first
part is for warming up. The run ends after the seconds, or after the number of requests if that is given, and fails if

- memory at the end differs from memory after the warm-up by more than 2 MiB (medians of a tenth of the samples each),
- more files are open than before the clients came,
- an answer was wrong, or the server does not end with status 0.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
MIB: Final = 1024 * 1024

# By how much memory may change after the warm-up, in MiB, and which part of the run is the warm-up.
ALLOWED: Final = 2.0
WARM_UP: Final = 0.2
PERIOD: Final = 1.0

APPLICATION: Final = """
import asyncio
from typing import Annotated

from pydantic import BaseModel
from typeway import Depends, HTTPException, Query, Request, Typeway, WebSocket
from typeway.responses import StreamingResponse

app = Typeway()


class Item(BaseModel):
    name: str
    price: float
    tags: list[str] = []


async def session():
    yield "open"


@app.get("/plain")
async def plain() -> dict[str, str]:
    return {"message": "hello"}


@app.get("/items/{item_id}")
async def read(item_id: int, limit: Annotated[int, Query(le=100)] = 10, db: str = Depends(session)) -> dict[str, int]:
    return {"item_id": item_id, "limit": limit}


@app.post("/items", status_code=201)
async def create(item: Item) -> Item:
    return item


@app.get("/thread")
def thread() -> int:
    return sum(range(1000))


@app.get("/refused")
async def refused() -> None:
    raise HTTPException(409)


@app.get("/broken")
async def broken(db: str = Depends(session)) -> None:
    raise ValueError("on purpose")


@app.post("/upload")
async def upload(request: Request) -> int:
    size = 0
    async for part in request.stream():
        size += len(part)
    return size


@app.get("/stream")
async def stream() -> StreamingResponse:
    async def parts():
        for _ in range(50):
            yield b"a" * 1000
            await asyncio.sleep(0)

    return StreamingResponse(parts())


@app.websocket("/echo")
async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(text)
"""


def request(method: str, target: str, body: bytes = b"", lines: bytes = b"") -> bytes:
    head = f"{method} {target} HTTP/1.1\r\nHost: soak.example\r\n".encode() + lines
    return head + (b"Content-Length: %d\r\n\r\n" % len(body) + body if body else b"\r\n")


JSON: Final = b"Content-Type: application/json\r\n"
HANDSHAKE: Final = (
    b"GET /echo HTTP/1.1\r\nHost: soak.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + base64.b64encode(bytes(16)) + b"\r\n\r\n"
)
HELLO: Final = b"\x81\x85\x00\x00\x00\x00hello"  # a frame of text, masked with zeros

# The request, the status of its answer, and how often it comes.
MIXED: Final[Sequence[tuple[bytes, int, int]]] = (
    (request("GET", "/plain"), 200, 30),
    (request("GET", "/items/7?limit=5"), 200, 20),
    (request("POST", "/items", b'{"name": "lamp", "price": 9.5, "tags": ["a", "b"]}', JSON), 201, 20),
    (request("GET", "/thread"), 200, 2),
    (request("GET", "/items/seven?limit=1000"), 422, 5),
    (request("POST", "/items", b'{"name": ', JSON), 422, 3),
    (request("GET", "/refused"), 409, 3),
    (request("GET", "/broken"), 500, 1),
    (request("GET", "/nowhere"), 404, 3),
    (request("DELETE", "/plain"), 405, 2),
    (request("HEAD", "/plain"), 200, 2),
    (request("POST", "/upload", bytes(50_000)), 200, 2),
    (request("GET", "/stream"), 200, 2),
    (request("GET", "/plain", lines=b"Connection: close\r\n"), 200, 5),
    # What the door refuses.
    (b"GET /plain HTTP/1.1\r\n\r\n", 400, 1),
    (b"BREW /plain HTTP/1.1\r\nHost: a\r\n\r\n", 501, 1),
    (request("GET", "/" + "a" * 9000), 414, 1),
)
PLAIN: Final[Sequence[tuple[bytes, int, int]]] = ((request("GET", "/plain"), 200, 1),)
WORKLOADS: Final = {"mixed": MIXED, "plain": PLAIN}

# How many requests of a hundred are abandoned, and how many connections become WebSockets.
ABANDONED: Final = 1
SOCKETS: Final = 1


@dataclass
class Load:
    """The clients of one run, and what they have seen."""

    port: int
    workload: Sequence[tuple[bytes, int, int]]
    most: int | None  # requests
    answered: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    is_over: bool = False

    async def wait_for_server(self) -> None:
        """Return when the first request has been answered."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(PLAIN[0][0])
        await self.check(reader, 200, is_head=False)
        writer.close()
        await asyncio.sleep(PERIOD)

    async def client(self, source: random.Random) -> None:
        """Send requests, one after the other, until the run is over."""
        weights = [weight for _, _, weight in self.workload]
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        while not self.is_over and (self.most is None or self.answered < self.most):
            sent, status, _ = source.choices(self.workload, weights)[0]
            chance = source.randrange(1000) if self.workload is MIXED else 1000
            if chance < 10 * ABANDONED:
                writer.write(sent[: source.randrange(1, len(sent))])
                writer.transport.abort()
            elif chance < 10 * (ABANDONED + SOCKETS):
                await self.talk(reader, writer)
            else:
                writer.write(sent)
                is_kept = await self.check(reader, status, is_head=sent.startswith(b"HEAD"))
                if not is_kept:
                    writer.close()
            if writer.is_closing():
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.close()

    async def check(self, reader: asyncio.StreamReader, status: int, *, is_head: bool) -> bool:
        """Read an answer; return whether the connection is kept."""
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        found = int(head[9:12])
        self.answered += 1
        self.statuses[found] += 1
        if found != status and len(self.wrong) < 20:
            self.wrong.append(f"{found} instead of {status}: {head[:200]!r}")
        if b"transfer-encoding: chunked" in head:
            while size := int(await reader.readline(), 16):
                await reader.readexactly(size + 2)
            await reader.readline()
        elif not is_head:
            _, _, length = head.partition(b"content-length: ")
            await reader.readexactly(int(length.partition(b"\r\n")[0]))
        return b"connection: close" not in head

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Exchange some messages on a WebSocket, and leave it."""
        writer.write(HANDSHAKE)
        await reader.readuntil(b"\r\n\r\n")
        for _ in range(5):
            writer.write(HELLO)
            await reader.readexactly(7)
            self.answered += 1
        writer.close()


@dataclass
class Samples:
    """What has been read about a process, in order."""

    process: int
    memory: list[float] = field(default_factory=list)  # MiB
    files: list[int] = field(default_factory=list)

    def read(self) -> None:
        pages = int(Path(f"/proc/{self.process}/statm").read_text().split()[1])
        self.memory.append(pages * os.sysconf("SC_PAGE_SIZE") / MIB)
        self.files.append(len(list(Path(f"/proc/{self.process}/fd").iterdir())))

    def growth(self) -> tuple[float, float]:
        """Return the memory after the warm-up and at the end, in MiB."""
        begun = self.memory[int(len(self.memory) * WARM_UP) :]
        tenth = max(1, len(begun) // 10)
        return statistics.median(begun[:tenth]), statistics.median(begun[-tenth:])


@contextlib.contextmanager
def served(folder: Path) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Run one worker of `typeway run`; its port and its process are yielded."""
    Path(folder, "soaked.py").write_text(APPLICATION)
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        number, port = listener.fileno(), listener.getsockname()[1]
        pin = ["taskset", "-c", "0"] if (os.cpu_count() or 1) > 1 and sys.platform == "linux" else []
        command = [*pin, sys.executable, "-m", "typeway", "run", "soaked:app", "--fd", str(number)]
        paths = os.pathsep.join([str(folder), str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
        process = subprocess.Popen(
            [*command, "--no-access-log", "--log-level", "critical"],
            pass_fds=[number], env={**os.environ, "PYTHONPATH": paths}, cwd=folder, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield port, process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()


async def soak(load: Load, samples: Samples, seconds: float, clients: int) -> float:
    """Let the clients run, and read about the server meanwhile; return how long it took, in seconds."""
    await load.wait_for_server()
    samples.read()
    begun = time.monotonic()
    source = random.Random(load.port)
    running = [asyncio.ensure_future(load.client(random.Random(source.random()))) for _ in range(clients)]
    while not load.is_over:
        done, _ = await asyncio.wait(running, timeout=PERIOD, return_when=asyncio.FIRST_EXCEPTION)
        samples.read()
        took = time.monotonic() - begun
        load.is_over = len(done) == len(running) or any(task.exception() for task in done)
        load.is_over = load.is_over or (load.most is None and took >= seconds)
        if len(samples.memory) % 60 == 0:
            print(f"{took:6.0f} s {load.answered:10,} requests {samples.memory[-1]:8.1f} MiB {samples.files[-1]} files")
    took = time.monotonic() - begun
    await asyncio.gather(*running)
    return took


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600, help="how long the run takes")
    parser.add_argument("--count", type=int, help="end after this many requests instead")
    parser.add_argument("--workload", choices=WORKLOADS, default="mixed")
    parser.add_argument("--clients", type=int, default=32, help="connections at once")
    options = parser.parse_args()
    if sys.platform != "linux":
        print("The memory and the files of a process are read from /proc, which only Linux has.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as (port, process):
        load = Load(port, WORKLOADS[options.workload], options.count)
        samples = Samples(process.pid)
        took = asyncio.run(soak(load, samples, options.seconds, options.clients))
        time.sleep(3)  # connections that linger are gone
        samples.read()
        process.send_signal(signal.SIGTERM)
        status = process.wait(60)
    return report(load, samples, took, status)


def report(load: Load, samples: Samples, took: float, status: int) -> int:
    """Print what has been seen; return the exit status."""
    before, after = samples.growth()
    files = samples.files[0], samples.files[-1]
    print(f"{load.answered:,} answers in {took:.0f} s, {load.answered / took:,.0f} per second: {dict(load.statuses)}")
    print(
        f"memory {before:.1f} MiB after the warm-up, {after:.1f} MiB at the end, {max(samples.memory):.1f} MiB at most"
    )
    print(f"open files {files[0]} before, {files[1]} after, {max(samples.files)} at most; exit status {status}")
    problems = [*load.wrong]
    if abs(after - before) > ALLOWED:
        problems.append(f"memory changed by {after - before:+.1f} MiB, more than {ALLOWED} MiB")
    if files[1] > files[0]:
        problems.append(f"{files[1] - files[0]} files stay open")
    if status:
        problems.append(f"the server ended with status {status}")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
