"""A request whose head is known is read as the parser would read it, wherever it stands and however it is split."""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.protocol.connect import LAST, Plain, Server
from typeway.protocol import repeating
from typeway.protocol.site import MOST_HEADS, Site

GET: Final = b"GET /a?b=c HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n"
POST: Final = b"POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
MESSAGES: Final = (
    *(GET, POST) * 4,
    b"HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n\r\n\r\n",
    b"POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
    b"POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    b"POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n",
    b"GET /e HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx",
    b"GET /old HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
    b"GET /u HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
    b"\r\n",
    b"\n",
    b"GE",
    b"GET /cl HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    b"GET /bad HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
)


class Changing(Plain):
    """Records requests, and changes everything in the scope that can be changed."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await super().__call__(scope, receive, send)
        for part in (scope["headers"], scope["asgi"], scope["state"], scope["extensions"]):
            assert "changed" not in part
            part.append("changed") if isinstance(part, list) else part.update(changed=True)
        scope["path"] = "/changed"


@pytest.fixture
def quiet() -> Iterator[None]:
    """Refused requests write nothing into the log."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


async def converse(pieces: Sequence[bytes]) -> tuple[Changing, bytes]:
    """Send pieces, each after the answers to those before it; return what has been seen and what was sent."""
    app = Changing()
    transport = Server(app, options={"ws": "none"}).connect()
    for piece in (*pieces, LAST):
        transport.receive(piece)
        for _ in range(6):
            await asyncio.sleep(0)
    transport.close()
    await asyncio.sleep(0)
    return app, bytes(transport.sent)


def never_remembering(pieces: Sequence[bytes]) -> tuple[Changing, bytes]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(repeating, "LONGEST_HEAD", -1)
        return asyncio.run(converse(pieces))


@pytest.mark.usefixtures("quiet")
@given(st.lists(st.sampled_from(MESSAGES), min_size=1, max_size=14), st.lists(st.integers(0, 2**16), max_size=4))
@settings(deadline=None, max_examples=400)
def test_known_heads_are_read_as_the_parser_reads_them(messages: list[bytes], cuts: list[int]) -> None:
    """With and without remembered heads, the application sees the same requests, and the client the same bytes."""
    data = b"".join(messages)
    ends = {*accumulate(map(len, messages))} ^ {cut % len(data) for cut in cuts} | {0, len(data)}
    pieces = [data[start:end] for start, end in pairwise(sorted(ends))]
    app, sent = asyncio.run(converse(pieces))
    expected_app, expected = never_remembering(pieces)
    assert [*app.seen] == [*expected_app.seen]
    assert sent == expected


@pytest.fixture
def remembered(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The heads that a server remembers, in the order in which it does."""
    found: list[bytes] = []
    remember = Site.remember_head

    def note(site: Site, head: bytes, scope: Any, length: int) -> None:
        remember(site, head, scope, length)
        found.extend(site.heads.keys() - {*found})
        assert len(site.heads) <= MOST_HEADS

    monkeypatch.setattr(Site, "remember_head", note)
    return found


def test_a_head_is_remembered_when_it_is_repeated(remembered: list[bytes]) -> None:
    """The second head in succession is remembered, with its length but without its body; later ones need no parser."""
    asyncio.run(converse([GET, GET, GET, POST, POST]))
    head = POST[:-3]
    # The first request of a server decides about its Host, so the second and the third repeat one another.
    assert remembered == [GET, head]


@pytest.mark.parametrize("field", [b"Authorization: Bearer a", b"Cookie: a=b", b"Proxy-Authorization: Basic YTph"])
def test_a_head_with_a_secret_is_not_remembered(remembered: list[bytes], field: bytes) -> None:
    """The server does not keep what authenticates a client for longer than the request."""
    asyncio.run(converse([b"GET / HTTP/1.1\r\nHost: a\r\n" + field + b"\r\n\r\n"] * 4))
    assert remembered == []


def test_remembered_heads_take_little_memory(remembered: list[bytes]) -> None:
    """Only few and short heads are kept, whatever clients send."""
    long = b"GET / HTTP/1.1\r\nHost: a\r\nX: %b\r\n\r\n" % (b"x" * 2000)
    asyncio.run(converse([long] * 4))
    assert remembered == []
    many = [b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % (number // 2) for number in range(4 * MOST_HEADS)]
    asyncio.run(converse([GET, *many]))
    assert len(remembered) == 2 * MOST_HEADS
