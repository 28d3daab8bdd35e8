"""Over TLS requests are answered as without it, and clients that leave or are not trusted cost nothing."""

import asyncio
import datetime as dt
import logging
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from tests.certificates import Authority, authority
from tests.patience import PATIENCE
from tests.protocol.connect import Plain, Server, answers, connected, read_all, run, until
from typeway import Request, Typeway
from typeway.protocol import HTTPProtocol, HTTPSettings, server
from typeway.responses import StreamingResponse

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
CLOSE = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
MIB = 1024 * 1024


@pytest.fixture
def signer(tmp_path: Path) -> Authority:
    return authority(tmp_path)


def application() -> Typeway:
    """What can go wrong over TLS: small and large answers, uploads, streams."""
    app = Typeway()

    @app.get("/")
    async def scheme(request: Request) -> str:
        return request.url.scheme

    @app.post("/")
    async def size(request: Request) -> int:
        return len(await request.body())

    @app.get("/large")
    async def large() -> StreamingResponse:
        return StreamingResponse(iter([bytes(MIB)] * 8))

    @app.get("/endless")
    async def endless() -> StreamingResponse:
        async def parts() -> Any:
            while True:
                yield bytes(1000)
                await asyncio.sleep(0)

        return StreamingResponse(parts())

    return app


def test_requests_reach_their_plans_over_tls(signer: Authority) -> None:
    """Many requests on one encrypted connection, also pipelined, are answered in order, and know that they are encrypted."""

    async def ask() -> tuple[list[bytes], int]:
        site = Server(application())
        upload = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + bytes(1_000_000)
        async with (
            site.listening(ssl=signer.for_server()) as port,
            connected(port, ssl=signer.for_client()) as (reader, writer),
        ):
            writer.write(GET * 3 + upload)
            await writer.drain()
            writer.write(GET.replace(b"/ ", b"/large ") + CLOSE)
            return [answer.body for answer in answers(await read_all(reader))], site.made

    bodies, connections = run(ask())
    assert bodies == [b'"https"'] * 3 + [b"1000000", bytes(8 * MIB), b'"https"']
    assert connections == 1


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET", GET, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\na", GET.replace(b"/ ", b"/endless ")],
    ids=["nothing", "part of a head", "idle", "part of a body", "a stream"],
)
@pytest.mark.parametrize("way", ["close", "abort"])
def test_a_client_that_leaves_leaves_nothing(
    signer: Authority, sent: bytes, way: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Wherever the client of an encrypted connection leaves, the server keeps no connection and no task, and logs no error."""

    async def ask() -> None:
        site = Server(application())
        async with site.listening(ssl=signer.for_server()) as port:
            async with connected(port, ssl=signer.for_client()) as (reader, writer):
                await until(lambda: site.state.connections)
                writer.write(sent)
                if sent in (GET, GET.replace(b"/ ", b"/endless ")):
                    await reader.readuntil(b"\r\n\r\n")
                getattr(writer.transport, way)()
            await until(lambda: not site.state.connections and not site.state.tasks)

    with caplog.at_level(logging.ERROR, "uvicorn"):
        run(ask())
    assert not [record for record in caplog.records if record.name.startswith("uvicorn")]


def test_a_refused_upload_can_read_why(signer: Authority) -> None:
    """A client that sends on after a refusal reads it, although TLS cannot end one side of a connection alone."""

    async def ask() -> list[int]:
        site = Server(Plain(), HTTPProtocol.with_settings(HTTPSettings(max_body_size=1000)))
        async with (
            site.listening(ssl=signer.for_server()) as port,
            connected(port, ssl=signer.for_client()) as (reader, writer),
        ):
            writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n" + bytes(500_000))
            return [answer.status for answer in answers(await read_all(reader))]

    assert run(ask()) == [413]


def expired() -> dict[str, Any]:
    now = dt.datetime.now(dt.UTC)
    return {"not_before": now - dt.timedelta(days=2), "not_after": now - dt.timedelta(days=1)}


@pytest.mark.parametrize("mistake", ["unknown authority", "expired", "other name", "no TLS", "old version"])
def test_a_failed_handshake_costs_nothing(signer: Authority, tmp_path: Path, mistake: str) -> None:
    """After a client that does not trust the server, or speaks otherwise, the next one is served."""
    options: dict[str, Any] = {"expired": expired(), "other name": {"name": "other.example"}}.get(mistake, {})
    encrypted, trusting = signer.for_server(**options), signer.for_client()
    if mistake == "unknown authority":
        trusting = authority(tmp_path).for_client()
    elif mistake == "old version":
        encrypted.minimum_version = ssl.TLSVersion.TLSv1_3
        trusting.maximum_version = ssl.TLSVersion.TLSv1_2

    async def ask() -> list[bytes]:
        site = Server(application())
        async with site.listening(ssl=encrypted) as port:
            if mistake == "no TLS":
                async with connected(port) as (reader, writer):
                    writer.write(GET)
                    assert not (await read_all(reader)).startswith(b"HTTP/1.1 200")
            else:
                with pytest.raises((ssl.SSLError, ConnectionError)):
                    async with connected(port, ssl=trusting):
                        raise AssertionError("the handshake succeeds")
            lenient = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            lenient.check_hostname, lenient.verify_mode = False, ssl.CERT_NONE
            async with connected(port, ssl=lenient) as (reader, writer):
                writer.write(CLOSE)
                found = [answer.body for answer in answers(await read_all(reader))]
            await until(lambda: not site.state.connections)
            return found

    assert run(ask()) == [b'"https"']


@pytest.mark.parametrize("identity", ["none", "of another authority", "its own"])
def test_client_certificates_are_demanded(signer: Authority, tmp_path: Path, identity: str) -> None:
    """With authorities for client certificates, only their clients are served."""
    encrypted, trusting = signer.for_server(), signer.for_client()
    encrypted.load_verify_locations(signer.certificate_of_its_own)
    encrypted.verify_mode = ssl.CERT_REQUIRED
    if identity != "none":
        issuer = signer if identity == "its own" else authority(tmp_path)
        trusting.load_cert_chain(issuer.certificate("client.example"))

    async def ask() -> bytes:
        site = Server(application())
        async with site.listening(ssl=encrypted) as port:
            try:
                async with connected(port, ssl=trusting) as (reader, writer):
                    writer.write(CLOSE)
                    return (await reader.read(65_536))[:12]
            except (ssl.SSLError, ConnectionError):
                return b""

    assert run(ask()) == (b"HTTP/1.1 200" if identity == "its own" else b"")


def test_a_silent_handshake_does_not_hold_others_up_when_the_server_stops(
    signer: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the connections that wait when a server stops, each is served as soon as its own handshake is done."""
    monkeypatch.setattr(server, "TLS_SECONDS", float(PATIENCE))

    async def ask() -> bytes:
        config = server.Config(
            application(), http=HTTPProtocol, log_config=None, lifespan="off", ssl_certfile=signer.certificate()
        )
        config.load()
        stopping = server.Server(config)
        stopping.lifespan = config.lifespan_class(config)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.setblocking(False)
            port = listener.getsockname()[1]
            async with connected(port) as (_, silent):
                client = asyncio.ensure_future(encrypted_answer(port))
                await asyncio.sleep(0.05)  # it is connected, and waits for the server
                taking = asyncio.ensure_future(stopping.accept_waiting(listener))
                found = await client
                assert not taking.done()
                silent.transport.abort()
                await taking
        await until(lambda: not stopping.server_state.connections)
        return found

    async def encrypted_answer(port: int) -> bytes:
        async with connected(port, ssl=signer.for_client()) as (reader, writer):
            writer.write(CLOSE)
            return answers(await read_all(reader))[0].body

    assert run(ask()) == b'"https"'
