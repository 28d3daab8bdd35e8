"""Count the instructions of a request from the bytes of its head to those of its response, without sockets.

    python -m benchmarks.door [WORKLOAD ...]

Requests reach the protocol class as a socket would deliver them, 32 connections in each turn of the event loop; a transport
in memory takes the responses. The floor is served by uvicorn's httptools class. Needs valgrind, as `benchmarks.instructions`.
"""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import uvicorn
from uvicorn.server import ServerState

from benchmarks.contestants import CONTESTANTS
from benchmarks.instructions import control, newest_total
from benchmarks.workloads import WORKLOADS, Workload

CONNECTIONS: Final = 32
WARM_UP: Final = 12
BATCHES: Final = 16
NAMES: Final = ("plain", "parameters", "body", "dependencies", "middleware")
FOREVER: Final = 100_000  # seconds; under valgrind an idle connection would be closed


class Transport(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__({"sockname": ("127.0.0.1", 8000), "peername": ("127.0.0.1", 50000)})
        self.sent: list[bytes] = []

    def write(self, data: Any) -> None:
        self.sent.append(data)

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def get_write_buffer_size(self) -> int:
        return 0


def request_of(workload: Workload) -> bytes:
    """The request as `wrk` sends it."""
    lines = [f"{workload.method} {workload.url} HTTP/1.1", "Host: 127.0.0.1:8000"]
    lines += [f"{name.decode()}: {value.decode()}" for name, value in workload.headers]
    if workload.body:
        lines.append(f"Content-Length: {len(workload.body)}")
    return "\r\n".join([*lines, "", ""]).encode() + workload.body


class Door:
    """The connections of one contestant, in the running event loop."""

    def __init__(self, contestant: str, http: Any, workload: Workload) -> None:
        app = CONTESTANTS[contestant]()[workload.app]
        options: Any = {"http": http, "log_level": "warning", "access_log": False, "lifespan": "off"}
        config = uvicorn.Config(app, timeout_keep_alive=FOREVER, **options)
        config.load()
        state, loop = ServerState(), asyncio.get_running_loop()
        state.default_headers = [(b"date", b"Mon, 01 Jan 2024 00:00:00 GMT"), (b"server", b"uvicorn")]
        self.request = request_of(workload)
        self.pairs: list[tuple[Any, Transport]] = []
        for _ in range(CONNECTIONS):
            protocol: Any = config.http_protocol_class
            protocol = protocol(config=config, server_state=state, app_state={}, _loop=loop)
            transport = Transport()
            protocol.connection_made(transport)
            self.pairs.append((protocol, transport))

    async def batch(self) -> bytes:
        """Send one request on each connection; return the first response."""
        for protocol, _ in self.pairs:
            protocol.data_received(self.request)
        while not all(transport.sent for _, transport in self.pairs):
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        first = b"".join(self.pairs[0][1].sent)
        for _, transport in self.pairs:
            transport.sent.clear()
        return first


async def count(door: Door | None, directory: Path) -> int:
    """The instructions of all batches; without a door those of counting itself."""
    before = set(directory.iterdir())
    for _ in range(WARM_UP if door is not None else 0):
        await door.batch()  # type: ignore[union-attr]
    gc.collect()
    gc.disable()
    control("--instr=on")
    for _ in range(BATCHES if door is not None else 0):
        await door.batch()  # type: ignore[union-attr]
    control("--instr=off")
    gc.enable()
    control("--dump")
    return newest_total(directory, before)


async def count_all(directory: Path, names: list[str]) -> None:
    from typeway.protocol import HTTPProtocol

    own = await count(None, directory)
    for workload in (WORKLOADS[name] for name in names):
        found = []
        for contestant, http in (("floor", "httptools"), ("typeway", HTTPProtocol)):
            door = Door(contestant, http, workload)
            response = await door.batch()
            if not response.startswith(b"HTTP/1.1 %d " % workload.status):
                raise RuntimeError(f"{contestant} answers {workload.name} with {response!r}")
            found.append((await count(door, directory) - own) // (BATCHES * CONNECTIONS))
        print(f"| {workload.title} | {found[0]:,} | {found[1]:,} ({found[1] / found[0]:.2f}) |", flush=True)


if __name__ == "__main__":
    if "VALGRIND_FOLDER" in os.environ:
        import uvloop

        uvloop.run(count_all(Path(os.environ["VALGRIND_FOLDER"]), sys.argv[1:] or [*NAMES]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            command = [
                "valgrind",
                "--tool=callgrind",
                "--instr-atstart=no",
                "--quiet",
                f"--callgrind-out-file={folder}/callgrind.out",
            ]
            command += [sys.executable, "-m", "benchmarks.door", *sys.argv[1:]]
            subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": "0", "VALGRIND_FOLDER": folder})
