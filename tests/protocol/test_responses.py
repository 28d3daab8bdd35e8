"""Responses are framed as RFC 9112 demands, whatever the application says; what would break them becomes a clean 500."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.protocol.connect import LAST, Answer, Server, answers, connected, read_all, run
from typeway import Response, Typeway
from typeway.responses import FileResponse, JSONResponse, RedirectResponse, StreamingResponse

Pairs = list[tuple[bytes, bytes]]
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
HEAD = GET.replace(b"GET", b"HEAD")
OLD = b"GET / HTTP/1.0\r\n\r\n"
OLD_KEPT = b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"


def sends(status: int, headers: Pairs, *parts: bytes) -> Any:
    """An ASGI application that sends a head and the parts of a body."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/last":
            await Response("last")(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": status, "headers": headers})
        for number, part in enumerate(parts):
            more = number < len(parts) - 1
            await send({"type": "http.response.body", "body": part, "more_body": more})

    return app


async def ask(app: Any, sent: bytes, **options: Any) -> bytes:
    return await Server(app, options=options).converse([sent])


def answered(app: Any, sent: bytes = GET) -> tuple[Answer, bool]:
    """Return the answer to a request, and whether the connection was kept."""
    found = answers(asyncio.run(ask(app, sent)), [sent[:4].strip().decode()])
    return found[0], len(found) > 1


@dataclass
class Sent:
    """What an application sends, and what the client must get."""

    name: str
    rule: str
    app: Any
    sent: bytes = GET
    status: int = 200
    headers: dict[str, str | None] = field(default_factory=dict)  # None for one that must be missing
    body: bytes = b""
    kept: bool = True


LENGTH_3: Pairs = [(b"content-length", b"3")]
CHUNKED: Pairs = [(b"transfer-encoding", b"chunked")]
SENT = [
    Sent("length", "RFC 9112 6.2", sends(200, LENGTH_3, b"abc"), headers={"content-length": "3"}, body=b"abc"),
    Sent("length in parts", "RFC 9112 6.2", sends(200, LENGTH_3, b"a", b"bc", b""), headers={"content-length": "3"}, body=b"abc"),
    Sent("no length, one part", "RFC 9112 6.3", sends(200, [], b"abc"), headers={"content-length": "3"}, body=b"abc"),
    Sent("no length, empty", "RFC 9112 6.3", sends(200, [], b""), headers={"content-length": "0"}),
    Sent("no length, parts", "RFC 9112 7.1", sends(200, [], b"a", b"", b"bc"), headers={"transfer-encoding": "chunked"}, body=b"abc"),
    Sent("chunked by the application", "RFC 9112 7.1", sends(200, CHUNKED, b"abc"), headers={"transfer-encoding": "chunked"}, body=b"abc"),
    Sent("length and chunks", "RFC 9112 6.2", sends(200, LENGTH_3 + CHUNKED, b"abc"), headers={"content-length": None}, body=b"abc"),
    Sent("length twice the same", "RFC 9110 8.6", sends(200, LENGTH_3 * 2, b"abc"), body=b"abc"),
    Sent("other transfer coding", "RFC 9112 6.1", sends(200, [(b"transfer-encoding", b"gzip")], b"abc"), headers={"transfer-encoding": None}, body=b"abc"),
    Sent("upper-case names", "RFC 9110 5.1", sends(200, [(b"Content-Length", b"3")], b"abc"), body=b"abc"),
    Sent("HEAD", "RFC 9110 9.3.2", sends(200, LENGTH_3, b"abc"), HEAD, headers={"content-length": "3"}),
    Sent("HEAD without length", "RFC 9110 9.3.2", sends(200, [], b"a", b"b"), HEAD),
    Sent("HEAD with chunks", "RFC 9112 6.1", sends(200, CHUNKED, b"a", b"b"), HEAD, headers={"transfer-encoding": "chunked"}),
    Sent("204", "RFC 9110 6.4.1", sends(204, [], b"abc"), status=204, headers={"content-length": None, "transfer-encoding": None}),
    Sent("204 with a length", "RFC 9110 8.6", sends(204, LENGTH_3, b"abc"), status=204, headers={"content-length": None}),
    Sent("204 with chunks", "RFC 9112 6.1", sends(204, CHUNKED, b"abc"), status=204, headers={"transfer-encoding": None}),
    Sent("304 with a length", "RFC 9110 15.4.5", sends(304, LENGTH_3, b"abc"), status=304, headers={"content-length": "3"}),
    Sent("close", "RFC 9112 9.6", sends(200, [(b"Connection", b"Close")], b"a"), headers={"connection": "close"}, body=b"a", kept=False),
    Sent("keep-alive", "RFC 9112 9.3", sends(200, [(b"connection", b"keep-alive")], b"a"), headers={"connection": None}, body=b"a"),
    Sent("HTTP/1.0", "RFC 9112 9.3", sends(200, [], b"a"), OLD, headers={"content-length": "1", "connection": "close"}, body=b"a", kept=False),
    Sent("HTTP/1.0 kept", "RFC 9112 C.2.2", sends(200, [], b"a"), OLD_KEPT, headers={"connection": "keep-alive"}, body=b"a"),
    Sent("HTTP/1.0 stream", "RFC 9112 6.3", sends(200, [], b"a", b"b"), OLD_KEPT, headers={"transfer-encoding": None, "connection": "close"}, body=b"ab", kept=False),
    Sent("HTTP/1.0 chunked", "RFC 9112 6.1", sends(200, CHUNKED, b"a", b"b"), OLD_KEPT, headers={"transfer-encoding": None}, body=b"ab", kept=False),
    Sent("unknown status", "RFC 9112 4", sends(299, [], b"a"), status=299, body=b"a"),
    Sent("two cookies", "RFC 6265 3", sends(200, [(b"set-cookie", b"a=b"), (b"set-cookie", b"c=d")], b"a"), body=b"a"),
    Sent("value that is not ASCII", "RFC 9110 5.5", sends(200, [(b"x", b"\xe4\t")], b"a"), headers={"x": "\xe4\t"}, body=b"a"),
]  # fmt: skip


@pytest.mark.parametrize("case", SENT, ids=lambda case: case.name)
def test_frames_responses(case: Sent) -> None:
    """A response has one way to find its end, which fits its status, its request and the version."""
    answer, kept = answered(case.app, case.sent)
    assert (answer.status, answer.body, kept) == (case.status, case.body, case.kept)
    for name, value in case.headers.items():
        assert answer.headers.get(name) == value


BROKEN = [
    ("LF in a value", "RFC 9110 5.5", [(b"x", b"a\nb: c")], (b"",)),
    ("CRLF in a value", "RFC 9110 5.5", [(b"x", b"a\r\nb: c")], (b"",)),
    ("CR in a value", "RFC 9110 5.5", [(b"x", b"a\rb")], (b"",)),
    ("NUL in a value", "RFC 9110 5.5", [(b"x", b"a\x00b")], (b"",)),
    ("DEL in a value", "RFC 9110 5.5", [(b"x", b"a\x7fb")], (b"",)),
    ("CRLF in a name", "RFC 9110 5.1", [(b"x\r\ny", b"a")], (b"",)),
    ("colon in a name", "RFC 9110 5.1", [(b"x:", b"a")], (b"",)),
    ("space in a name", "RFC 9110 5.1", [(b"x y", b"a")], (b"",)),
    ("empty name", "RFC 9110 5.1", [(b"", b"a")], (b"",)),
    ("CRLF in a length", "RFC 9110 8.6", [(b"content-length", b"3\r\nx: y")], (b"abc",)),
    ("negative length", "RFC 9110 8.6", [(b"content-length", b"-3")], (b"abc",)),
    ("length with plus", "RFC 9110 8.6", [(b"content-length", b"+3")], (b"abc",)),
    ("length of letters", "RFC 9110 8.6", [(b"content-length", b"abc")], (b"abc",)),
    ("two lengths", "RFC 9110 8.6", [(b"content-length", b"3"), (b"content-length", b"4")], (b"abc",)),
    ("body too long", "RFC 9112 6.2", [(b"content-length", b"2")], (b"abc",)),
    ("body too short", "RFC 9112 6.2", [(b"content-length", b"4")], (b"abc",)),
    ("no body", "RFC 9112 6.2", [(b"content-length", b"4")], (b"",)),
]


def check_500(answer: Answer, kept: bool, caplog: pytest.LogCaptureFixture) -> None:
    assert (answer.status, answer.body, kept) == (500, b'{"detail": "Internal Server Error"}', True)
    assert not {"x", "b", "y"} & answer.headers.keys()
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert caplog.records[0].exc_info is not None


@pytest.mark.parametrize(("name", "rule", "headers", "parts"), BROKEN, ids=[case[0] for case in BROKEN])
def test_answers_500_instead_of_breaking_the_connection(
    name: str, rule: str, headers: Pairs, parts: tuple[bytes, ...], caplog: pytest.LogCaptureFixture
) -> None:
    """A head that would split the response, or a length that is not that of the body, is a 500 and one line in the log."""
    answer, kept = answered(sends(200, headers, *parts))
    check_500(answer, kept, caplog)


@pytest.mark.parametrize("status", [100, 101, 199, 0, 1000, -1])
def test_answers_500_for_a_status_that_is_not_final(status: int, caplog: pytest.LogCaptureFixture) -> None:
    """A response with a status below 200, or of more than three digits, is a 500 (RFC 9110 section 15)."""
    answer, kept = answered(sends(status, [], b"a"))
    check_500(answer, kept, caplog)


@pytest.mark.parametrize("parts", [(b"abc", b"d"), (b"a", b"b")], ids=["longer", "shorter"])
def test_cuts_a_body_of_another_length(parts: tuple[bytes, ...]) -> None:
    """Once a part of the body has been sent, another length than the head says ends the connection (RFC 9112 section 8)."""
    raw = asyncio.run(ask(sends(200, LENGTH_3, *parts), GET))
    assert raw.count(b"HTTP/1.1") == 1
    with pytest.raises(ValueError, match="bytes are missing") if parts[0] == b"a" else pytest.raises(AssertionError):
        assert answers(raw)[0].body != b"abc"


@pytest.mark.parametrize("parts", [(), (b"a",)], ids=["nothing sent", "begun"])
def test_an_error_after_the_head_does_not_look_like_a_whole_response(parts: tuple[bytes, ...]) -> None:
    """An application that fails gives a 500 if nothing has been sent, and else a response that the client sees is cut."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for part in parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        raise ValueError

    raw = asyncio.run(ask(app, GET))
    if parts:
        with pytest.raises(ValueError, match="not found"):
            answers(raw)
    else:
        assert next(answer.status for answer in answers(raw)) == 500


async def returns_nothing(scope: Any, receive: Any, send: Any) -> None:
    """Sends no response."""


async def returns_a_value(scope: Any, receive: Any, send: Any) -> int:
    """Sends no response, and returns something."""
    return 1


async def sends_only_a_head(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x", b"a")]})


async def sends_two_heads(scope: Any, receive: Any, send: Any) -> None:
    await sends_only_a_head(scope, receive, send)
    await sends_only_a_head(scope, receive, send)


async def sends_no_head(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.body", "body": b"a"})


@pytest.mark.parametrize("app", [returns_nothing, returns_a_value, sends_only_a_head, sends_two_heads, sends_no_head])
def test_answers_500_for_an_application_that_does_not_keep_to_asgi(app: Any, caplog: pytest.LogCaptureFixture) -> None:
    """An application that sends no whole response costs its client a 500, and is named in the log."""
    answer, kept = answered(app)
    assert (answer.status, kept) == (500, True)
    assert "x" not in answer.headers
    assert len(caplog.records) == 2  # one for each request


def test_an_error_after_the_response_hurts_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """What goes wrong when the response is complete is logged, and the connection goes on."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await Response("a")(scope, receive, send)
        if scope["path"] == "/":
            await send({"type": "http.response.body", "body": b"b"})

    answer, kept = answered(app)
    assert (answer.body, kept) == (b"a", True)
    assert "already completed" in caplog.text


@pytest.mark.parametrize("change", [0, 5, -5], ids=["same", "grown", "shrunk"])
@pytest.mark.parametrize("size", [0, 10, 512 * 1024, 512 * 1024 + 1], ids=str)
def test_sends_as_much_of_a_file_as_its_head_says(change: int, size: int, tmp_path: Path) -> None:
    """A file that grows while it is sent is sent as far as the head says; one that has shrunk is a 500."""
    path = tmp_path / "file"
    path.write_bytes(b"a" * max(0, size + change))

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % size)]})
            await send({"type": "http.response.pathsend", "path": str(path)})
        else:
            await Response("last")(scope, receive, send)

    async def converse() -> bytes:
        server = Server(app)
        async with server.listening() as port, connected(port) as (reader, writer):
            writer.write(GET + LAST)
            return await read_all(reader)

    raw = run(converse())
    if change < 0 and size:  # nothing has been sent when it shows
        assert [answer.status for answer in answers(raw)] == [500, 200]
    else:
        assert [answer.body for answer in answers(raw)] == [b"a" * size, b"last"]


# --- Typeway's direct way ---------------------------------------------------------------------------------------


def direct(endpoint: Any, **options: Any) -> Any:
    """A Typeway application with one endpoint, which is reached without ASGI."""
    app = Typeway()
    app.api_route("/", methods=["GET", "HEAD"], **options)(endpoint)
    app.get("/last")(lambda: "last")
    return app


def setting(name: str, value: str) -> Callable[..., Any]:
    async def endpoint(response: Response) -> dict[str, int]:
        response.headers[name] = value
        return {}

    return endpoint


UNSAFE = [("x", "a\r\nb: c"), ("x", "a\nb"), ("x", "a\x00"), ("x y", "a"), ("x\r\ny", "a")]


@pytest.mark.parametrize(("name", "value"), UNSAFE, ids=repr)
def test_a_typeway_application_cannot_split_a_response(name: str, value: str, caplog: pytest.LogCaptureFixture) -> None:
    """An unsafe header that an endpoint sets is a clean 500 and one line in the log, and costs not even the connection."""
    answer, kept = answered(direct(setting(name, value)))
    assert (answer.status, answer.body, kept) == (500, b'{"detail":"Internal Server Error"}', True)
    assert not {"x", "b", "y"} & answer.headers.keys()
    assert [record.levelname for record in caplog.records] == ["ERROR"]


@pytest.mark.parametrize("name", ["content-length", "transfer-encoding", "connection"])
def test_an_endpoint_cannot_frame_a_response(name: str) -> None:
    """Headers that delimit a response are the server's, so that an endpoint cannot desynchronise the connection by one."""
    values = {"content-length": "1", "transfer-encoding": "chunked", "connection": "keep-alive"}
    raw = asyncio.run(ask(direct(setting(name, values[name])), GET))
    found = answers(raw)
    assert [answer.body for answer in found] in (
        [b"{}", b'"last"'],
        [b'{"detail": "Internal Server Error"}', b'"last"'],
    )


def test_a_typeway_application_is_reached_directly() -> None:
    """These tests speak of the way without ASGI: the router of the application is asked for a snapshot."""

    async def endpoint() -> None: ...

    async def site() -> Any:
        return Server(direct(endpoint)).factory().site

    assert asyncio.run(site()).direct is not None


@pytest.mark.parametrize("status", [204, 304])
def test_a_typeway_application_sends_no_body_where_none_may_be(status: int) -> None:
    """Statuses without a body have none, declared or set, and the connection goes on."""

    async def returns(response: Response) -> Any:
        response.status_code = status
        return {"a": 1}

    async def declared():
        return None

    for app in (direct(returns), direct(declared, status_code=status)):
        answer, kept = answered(app)
        assert (answer.status, answer.body, kept) == (status, b"", True)


@pytest.mark.parametrize(
    "make",
    [
        lambda: JSONResponse({"a": 1}),
        lambda: Response(status_code=204),
        lambda: RedirectResponse("/x"),
        lambda: StreamingResponse(iter([b"a", b"b"])),
        lambda: FileResponse(__file__),
        lambda: Response("abc", headers={"content-length": "3"}),
        lambda: {"a": 1},
    ],
    ids=["json", "204", "redirect", "stream", "file", "length", "value"],
)
@pytest.mark.parametrize("sent", [GET, HEAD, OLD, OLD_KEPT], ids=["GET", "HEAD", "1.0", "1.0-kept"])
def test_every_kind_of_response_is_framed(make: Callable[[], Any], sent: bytes) -> None:
    """Whatever an endpoint returns, the response ends where its head says, and the next request is answered."""

    async def endpoint() -> Any:
        return make()

    raw = asyncio.run(ask(direct(endpoint, response_model=None), sent))
    found = answers(raw, [sent[:4].strip().decode()])
    assert found[0].status in (200, 204, 307)
    if sent in (GET, HEAD):
        assert found[-1].body == b'"last"'
    if isinstance(make(), FileResponse) and sent != HEAD:
        assert found[0].body == Path(__file__).read_bytes()


@pytest.mark.parametrize("sent", [GET, HEAD], ids=["GET", "HEAD"])
def test_an_unhandled_error_is_answered_and_logged_once(sent: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """An endpoint that raises gives a 500, without a body for a HEAD, and one line in the log."""

    async def endpoint() -> None:
        raise ValueError("secret")

    with caplog.at_level(logging.ERROR):
        raw = asyncio.run(ask(direct(endpoint), sent))
    answer = answers(raw, [sent[:4].strip().decode()])[0]
    assert answer.status == 500
    assert b"secret" not in raw
    assert len(caplog.records) == 1
