"""Behind nginx and HAProxy, which keep their connections to the server, no response ever goes to the wrong request."""

import asyncio
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.patience import PATIENCE
from tests.protocol.connect import Server, run, until
from typeway import Request, Response, Typeway
from typeway.protocol import HTTPProtocol, HTTPSettings
from typeway.responses import StreamingResponse

CLIENTS: Final = 32
REQUESTS: Final = 100

# Where a distribution keeps them that is not for users.
PLACES: Final = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])

NGINX: Final = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/log crit;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c; uwsgi_temp_path {folder}/d;
    scgi_temp_path {folder}/e;
    upstream served {{ server 127.0.0.1:{port}; keepalive 8; }}
    server {{
        listen unix:{folder}/front;
        location / {{
            proxy_pass http://served; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;
            proxy_request_buffering off; proxy_buffering off; proxy_next_upstream off;
        }}
    }}
}}
"""
HAPROXY: Final = """
global
    stats timeout 1s
defaults
    mode http
    http-reuse always
    retries 0
    timeout connect 20s
    timeout client 60s
    timeout server 60s
frontend front
    bind unix@{folder}/front
    default_backend served
backend served
    server one 127.0.0.1:{port} pool-max-conn 8
"""
PROXIES: Final = {
    "nginx": (NGINX, ["-e", "stderr", "-p", "{folder}", "-c", "{folder}/configuration"]),
    "haproxy": (HAPROXY, ["-db", "-f", "{folder}/configuration"]),
}


def application() -> Typeway:
    """Answers with what it has been sent, in several ways."""
    app = Typeway()

    @app.api_route("/echo/{number}", methods=["GET", "POST", "HEAD"])
    async def echo(number: str, request: Request) -> Response:
        await asyncio.sleep(random.random() / 500)
        return Response(f"{number} ".encode() + await request.body(), headers={"x-number": number})

    @app.post("/stream/{number}")
    async def stream(number: str, request: Request) -> Response:
        body = await request.body()

        async def parts() -> AsyncIterator[bytes]:
            yield f"{number} ".encode()
            await asyncio.sleep(0)
            yield body

        return StreamingResponse(parts(), headers={"x-number": number})

    @app.post("/early/{number}")
    async def early(number: str) -> Response:
        return Response(f"{number} early", 403, headers={"x-number": number})

    @app.get("/none/{number}")
    async def none(number: str) -> Response:
        return Response(status_code=204, headers={"x-number": number})

    @app.get("/broken/{number}")
    async def broken(number: str) -> Response:
        return Response(number, headers={"x-number": f"{number}\r\nx-other: a"})

    return app


def proxy_path(name: str) -> str:
    """Return the program, or skip the test; where it is demanded, a missing one is a failure."""
    found = shutil.which(name, path=PLACES)
    if found is None:
        if os.environ.get("TYPEWAY_REQUIRE_PROXIES"):
            pytest.fail(f"{name} is demanded by TYPEWAY_REQUIRE_PROXIES and is not installed")
        pytest.skip(f"{name} is not installed (apt install {name})")
    return found


@contextmanager
def proxied(name: str, program: str, port: int) -> Iterator[Path]:
    """Run a proxy in front of a port; the path of its Unix socket is yielded."""
    configuration, arguments = PROXIES[name]
    # The path of a Unix socket is short.
    with tempfile.TemporaryDirectory(prefix="typeway-") as folder:
        Path(folder, "configuration").write_text(configuration.format(folder=folder, port=port))
        command = [program, *(argument.format(folder=folder) for argument in arguments)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            yield Path(folder, "front")
        finally:
            process.kill()
            sys.stdout.write(process.communicate()[0].decode())


def accepts(path: Path) -> bool:
    """Whether a server accepts connections; the file of its socket is there before that."""
    with socket.socket(socket.AF_UNIX) as tried:
        return tried.connect_ex(str(path)) == 0


async def read_response(reader: asyncio.StreamReader, *, is_head: bool) -> tuple[int, dict[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    status = int(head[0].split()[1])
    body = b""
    if is_head or status in (204, 304):
        pass
    elif "chunked" in headers.get("transfer-encoding", ""):
        while size := int(await reader.readline(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
    else:
        body = await reader.readexactly(int(headers["content-length"]))
    return status, headers, body


def request_of(number: str, source: random.Random) -> tuple[bytes, str, int, bytes | None]:
    """Return a request, its method, the status that it must have, and what must come back behind the number."""
    body = number.encode() * source.choice((0, 1, 5, 500, 5000))
    length = b"Content-Length: %d\r\n" % len(body)
    kind = source.choice(("get", "get", "post", "post", "chunks", "stream", "early", "none", "head", "broken"))
    kinds: dict[str, tuple[str, str, bytes, bytes, int, bytes | None]] = {
        "get": ("GET", "echo", b"", b"", 200, b""),
        "post": ("POST", "echo", length, body, 200, body),
        "chunks": ("POST", "echo", b"Transfer-Encoding: chunked\r\n", b"%x\r\n%b\r\n0\r\n\r\n" % (len(number), number.encode()), 200, number.encode()),
        "stream": ("POST", "stream", length, body, 200, body),
        "early": ("POST", "early", length, body, 403, b"early"),
        "none": ("GET", "none", b"", b"", 204, None),
        "head": ("HEAD", "echo", b"", b"", 200, None),
        "broken": ("GET", "broken", b"", b"", 500, None),
    }  # fmt: skip
    method, place, headers, sent, status, expected = kinds[kind]
    head = f"{method} /{place}/{number} HTTP/1.1\r\nHost: a.example\r\n".encode()
    return head + headers + b"\r\n" + sent, method, status, expected


async def client(front: Path, name: str, source: random.Random) -> int:
    """Send requests, some of them bad or abandoned, and check that every answer is that of its request."""
    checked = 0
    reader, writer = await asyncio.open_unix_connection(front)
    for index in range(REQUESTS):
        number = f"{name}-{index}"
        if source.random() < 0.1:  # gone in the middle
            writer.write(b"POST /echo/gone HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n" + b"gone")
            writer.transport.abort()
        elif source.random() < 0.1:  # what a proxy may pass on, and the server refuses
            writer.write(
                source.choice((b"GET /a HTTP/1.1\r\nHost: a b\r\n\r\n", b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n"))
            )
            await reader.readuntil(b"\r\n\r\n")
            writer.close()
        if writer.is_closing():
            reader, writer = await asyncio.open_unix_connection(front)
        sent, method, status, expected = request_of(number, source)
        writer.write(sent)
        found, headers, body = await read_response(reader, is_head=method == "HEAD")
        assert found == status, (sent[:200], found, headers, body[:200])
        if status < 500:
            assert headers["x-number"] == number
        if expected is not None:
            assert body == f"{number} ".encode() + expected
        checked += 1
        if headers.get("connection") == "close":
            writer.close()
    writer.close()
    return checked


@pytest.mark.parametrize("name", PROXIES)
def test_no_response_goes_to_the_wrong_request(name: str) -> None:
    """Many clients share few connections to the server; each gets its own answers, whatever the others do."""
    program = proxy_path(name)
    seed = random.randrange(2**32)

    async def ask() -> int:
        server = Server(application(), HTTPProtocol.with_settings(HTTPSettings(header_timeout=PATIENCE)))
        async with server.listening() as port, asyncio.timeout(PATIENCE):
            with proxied(name, program, port) as front:
                await until(lambda: accepts(front))
                clients = (client(front, f"{number}", random.Random(seed + number)) for number in range(CLIENTS))
                checked = sum(await asyncio.gather(*clients))
        assert server.made < checked / 2, "the proxy does not keep its connections"
        return checked

    assert run(ask()) == CLIENTS * REQUESTS
