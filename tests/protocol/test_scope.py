"""What the application is told of a request and its connection, and what the log says of it."""

import asyncio
import logging
from typing import Any

import pytest

from tests.protocol.connect import Server, answers, connected, read_all, run, until
from typeway import Request, Typeway
from typeway.protocol import HTTPProtocol, HTTPSettings

GET = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


def telling() -> Typeway:
    """An application that answers with what it knows about the connection."""
    app = Typeway()

    @app.get("/{path:path}")
    async def tell(request: Request) -> dict[str, Any]:
        scope = request.scope
        request.state.seen = True
        return {
            "client": scope["client"],
            "server": scope["server"],
            "scheme": scope["scheme"],
            "path": scope["path"],
            "root_path": scope["root_path"],
            "state": "seen" in scope["state"],
            "url": str(request.url),
        }

    return app


async def wrapped(scope: Any, receive: Any, send: Any) -> None:
    """The same over ASGI."""
    await telling()(scope, receive, send)


async def ask(server: Server, sent: bytes = GET) -> Any:
    async with server.listening() as port, connected(port) as (reader, writer):
        writer.write(sent)
        return answers(await read_all(reader))[0], port


each_way = pytest.mark.parametrize("app", [telling(), wrapped], ids=["direct", "asgi"])


@each_way
@pytest.mark.parametrize(
    ("trusted", "is_believed"),
    [("127.0.0.1", True), ("10.0.0.0/8", False), ("*", True)],
    ids=["listed", "other", "every"],
)
def test_believes_only_listed_proxies(app: Any, trusted: str, is_believed: bool) -> None:
    """X-Forwarded-For and X-Forwarded-Proto change the client and the scheme only if they come from a listed address."""
    sent = GET.replace(b"\r\n\r\n", b"\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n\r\n")
    answer, _ = run(ask(Server(app, options={"forwarded_allow_ips": trusted}), sent))
    assert (b'"192.0.2.1"' in answer.body, b'"https"' in answer.body) == (is_believed, is_believed)


@each_way
def test_ignores_proxy_headers_where_they_are_off(app: Any) -> None:
    """With the option `proxy_headers` off, nobody is believed."""
    sent = GET.replace(b"\r\n\r\n", b"\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n\r\n")
    answer, _ = run(ask(Server(app, options={"proxy_headers": False}), sent))
    assert b"192.0.2.1" not in answer.body
    assert b'"http"' in answer.body


@each_way
def test_tells_the_ends_of_the_connection(app: Any) -> None:
    """Client and server are the addresses of the connection, and the URL is made of the Host header."""
    answer, port = run(ask(Server(app)))
    assert b'"client":["127.0.0.1",' in answer.body
    assert b'"server":["127.0.0.1",%d]' % port in answer.body
    assert b'"url":"http://a/"' in answer.body
    assert b'"state":true' in answer.body


@each_way
def test_puts_the_root_path_before_the_path(app: Any) -> None:
    """Behind a proxy that removes a prefix, the path has it again, as with uvicorn's own classes."""
    answer, _ = run(ask(Server(app, options={"root_path": "/api"}), GET.replace(b"/ ", b"/b%20c ")))
    assert b'"path":"/api/b c"' in answer.body
    assert b'"root_path":"/api"' in answer.body


def test_serves_a_unix_socket(tmp_path: Any) -> None:
    """Over a Unix socket there is no client address, and requests are served all the same."""

    async def converse() -> bytes:
        server = Server(telling())
        path = str(tmp_path / "s")
        listening = await asyncio.get_running_loop().create_unix_server(server.factory, path)
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(GET)
        raw = await read_all(reader)
        writer.close()
        listening.close()
        await until(lambda: not server.state.connections)
        return raw

    assert b'"client":null' in answers(run(converse()))[0].body


def test_limits_concurrency() -> None:
    """Above the limit of connections, a request is answered with 503, in JSON, and the connection is closed."""

    async def converse() -> Any:
        server = Server(telling(), options={"limit_concurrency": 2})
        async with server.listening() as port, connected(port), connected(port) as (reader, writer):
            await until(lambda: len(server.state.connections) == 2)
            writer.write(GET)
            return answers(await read_all(reader))[0]

    answer = run(converse())
    assert (answer.status, answer.headers["content-type"]) == (503, "application/json")


@each_way
def test_logs_one_line_for_a_request(app: Any, caplog: pytest.LogCaptureFixture) -> None:
    """The access log has one line for each request, in which a client cannot begin another."""
    caplog.set_level(logging.INFO, "uvicorn.access")
    sent = GET.replace(b"/ ", b"/a%0Ab%1B[31m?c=%0A ") if app is wrapped else GET.replace(b"/ ", b"/a%1B[31m?c=%0A ")
    run(ask(Server(app, options={"access_log": True}), sent))
    (record,) = [record for record in caplog.records if record.name == "uvicorn.access"]
    message = record.getMessage()
    assert message.isprintable()
    assert '"GET /a%' in message
    assert "?c=%0A HTTP/1.1" in message


@pytest.mark.parametrize("sent", [b"BREW\x1b[31m / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: \x1b[31m\r\n\r\n"])
def test_a_refused_request_writes_nothing_of_its_own_into_the_log(
    sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """The log names the mistake of a refused request in our words, without its bytes."""
    run(ask(Server(telling()), sent))
    assert caplog.records
    assert all(record.getMessage().isprintable() and "31m" not in record.getMessage() for record in caplog.records)


def test_other_limits_make_another_class() -> None:
    """`with_settings` leaves the class as it is, so that two servers of one process can have different limits."""
    strict = HTTPProtocol.with_settings(HTTPSettings(header_count=1))
    sent = GET.replace(b"\r\n\r\n", b"\r\nX: a\r\n\r\n")
    assert run(ask(Server(telling(), strict), sent))[0].status == 431
    assert run(ask(Server(telling()), sent))[0].status == 200
