"""Start the servers that are compared, each with its framework: what runs, on which server, and which package it needs."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final

from benchmarks.contestants import CONTESTANTS

# A module that granian imports; the variables say which application it is.
APPLICATION: Final = "benchmarks.application:app"

UVICORN: Final = """
import sys, uvicorn
from benchmarks.application import app
http = sys.argv[2]
if http == "typeway":
    from typeway.protocol import HTTPProtocol as http
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False, lifespan="off",
            loop="uvloop", http=http, backlog=8192, timeout_keep_alive=600)
"""
FASTPYSGI: Final = """
import sys, fastpysgi
from benchmarks.application import app
fastpysgi.server.lifespan = 0
fastpysgi.run(app, "127.0.0.1", int(sys.argv[1]))
"""
# The least that a server in Python can do: parse each request with httptools, and answer GET /plain with bytes made before.
CONSTANT: Final = """
import asyncio, sys, httptools, uvloop
BODY = b'{"message":"hello"}'
ANSWER = b"HTTP/1.1 200 OK\\r\\ncontent-length: %d\\r\\ncontent-type: application/json\\r\\n\\r\\n%s" % (len(BODY), BODY)

class Constant(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.parser = transport, httptools.HttpRequestParser(self)
    def on_url(self, url):
        self.url = url
    def on_message_complete(self):
        self.transport.write(ANSWER) if self.url == b"/plain" else self.transport.close()
    def data_received(self, data):
        self.parser.feed_data(data)

async def main():
    server = await asyncio.get_running_loop().create_server(Constant, "127.0.0.1", int(sys.argv[1]), backlog=8192)
    await server.serve_forever()

uvloop.run(main())
"""
ROBYN: Final = """
import sys
from benchmarks.on_robyn import build
build().start("127.0.0.1", int(sys.argv[1]), _check_port=False)
"""


@dataclass(frozen=True, slots=True)
class Stack:
    """A contestant on a server.

    Attributes:
        server: what reads HTTP: a class for uvicorn, or a server.
        needs: the package without which it cannot run, if that is not one of the contestant's.
    """

    contestant: str
    server: str
    needs: str = "uvicorn"

    def command(self, port: int) -> Sequence[str]:
        """Return what starts the server on a port."""
        if self.server == "granian":
            options = [
                "--interface",
                "asgi",
                "--loop",
                "uvloop",
                "--no-ws",
                "--log-level",
                "error",
                "--backlog",
                "8192",
            ]
            return [sys.executable, "-m", "granian", *options, "--host", "127.0.0.1", "--port", str(port), APPLICATION]
        if self.server == "fastpysgi":
            return [sys.executable, "-c", FASTPYSGI, str(port)]
        if self.server == "robyn":
            return [sys.executable, "-c", ROBYN, str(port), "--log-level", "WARN"]
        if self.server == "constant bytes":
            return [sys.executable, "-c", CONSTANT, str(port)]
        return [sys.executable, "-c", UVICORN, str(port), self.server]

    @property
    def is_installed(self) -> bool:
        return find_spec(self.needs) is not None and find_spec(PACKAGES.get(self.contestant, "typeway")) is not None


# The package of a contestant, where it has its name.
PACKAGES: Final[Mapping[str, str]] = {
    name: name for name in ("fastapi", "starlette", "litestar", "blacksheep", "robyn")
}

# By the names in the tables. The first is what the others are divided by.
SERVERS: Final[Mapping[str, Stack]] = {
    "floor": Stack("floor", "httptools"),
    "typeway": Stack("typeway", "typeway"),
    "typeway on uvicorn": Stack("typeway", "httptools"),
    **{name: Stack(name, "httptools") for name in CONTESTANTS if name not in ("floor", "typeway")},
    "typeway on granian": Stack("typeway", "granian", "granian"),
    "floor on granian": Stack("floor", "granian", "granian"),
    "floor on fastpysgi": Stack("floor", "fastpysgi", "fastpysgi"),
    "robyn": Stack("robyn", "robyn", "robyn"),
    "constant bytes": Stack("floor", "constant bytes", "httptools"),
}
