"""Idle connections cost little memory, counted for the process of a server as the operating system does."""

import resource
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.patience import PATIENCE

CONNECTIONS: Final = 1000
MOST_EACH: Final = 5 * 1024

SERVER: Final = """
import asyncio, sys
import uvicorn
from typeway import Typeway
from typeway.protocol import HTTPProtocol

app = Typeway()

@app.get("/")
async def root() -> int:
    return 1

class Server(uvicorn.Server):
    async def startup(self, sockets=None):
        await super().startup(sockets)
        print(self.servers[0].sockets[0].getsockname()[1], flush=True)

Server(uvicorn.Config(app, port=0, http=HTTPProtocol, log_level="critical", timeout_keep_alive=600)).run()
"""


def resident(process: int) -> int:
    """How much memory a process has that is its own, in bytes."""
    pages = Path(f"/proc/{process}/statm").read_text().split()
    return (int(pages[1]) - int(pages[2])) * resource.getpagesize()


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc, which only Linux has")
def test_an_idle_connection_costs_at_most_5_kib() -> None:
    """1,000 connections that have been used and wait for the next request cost at most 5 KiB each."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2 * CONNECTIONS:
        pytest.skip(f"only {hard} files may be open")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2 * CONNECTIONS), hard))
    process = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)
    opened: list[socket.socket] = []

    def connect(count: int) -> None:
        for _ in range(count):
            connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
            opened.append(connection)
            connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: " + b"a" * 100 + b"\r\n\r\n")
            assert connection.recv(1000).endswith(b"\r\n\r\n1")

    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        connect(200)  # what the first ones need is not needed again
        before = resident(process.pid)
        connect(CONNECTIONS)
        each = (resident(process.pid) - before) / CONNECTIONS
        assert each <= MOST_EACH, f"{each / 1024:.2f} KiB"
        sys.stdout.write(f"{each / 1024:.2f} KiB for each connection\n")
    finally:
        for connection in opened:
            connection.close()
        process.kill()
        process.communicate()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
