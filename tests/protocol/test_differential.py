"""The protocol class and h11 see the same requests in the same bytes, however they are split."""

import asyncio
import logging
import random
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.protocol.connect import Plain, Server
from tests.protocol.differential import Comparison

SECONDS: Final = 30


@pytest.fixture
def quiet() -> Iterator[None]:
    """Thousands of refused requests write nothing into the log."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.usefixtures("quiet")
def test_sees_what_h11_sees() -> None:
    """For generated and mutated requests, both see the same requests, or one refuses by a known rule."""
    comparison = Comparison(random.randrange(2**32))
    asyncio.run(comparison.run(SECONDS))
    assert comparison.count > 100


chunks = st.lists(st.binary(min_size=1, max_size=40), max_size=6)
extensions = st.sampled_from((b"", b";a", b";a=b", b';a="b c"'))
trailers = st.lists(st.sampled_from((b"X: a\r\n", b"Host: b\r\n", b"Y:\r\n")), max_size=3)


@given(chunks, extensions, trailers, st.lists(st.integers(0, 2**16), max_size=30))
@settings(deadline=None, max_examples=300)
def test_chunks_make_the_same_body(parts: list[bytes], extension: bytes, lines: list[bytes], cuts: list[int]) -> None:
    """Wherever chunks are split on their way, the application gets their data and nothing else, and the connection goes on."""
    framed = b"".join(b"%x%b\r\n%b\r\n" % (len(part), extension, part) for part in parts)
    body = framed + b"0" + extension + b"\r\n" + b"".join(lines) + b"\r\n"
    data = (
        b"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        + body
        + b"GET /b HTTP/1.1\r\nHost: a\r\n\r\n"
    )
    positions = sorted({0, len(data), *(cut % len(data) for cut in cuts)})
    pieces = [data[start:end] for start, end in pairwise(positions)]
    app = Plain()
    asyncio.run(Server(app).converse(pieces))
    assert [(record.path, record.body) for record in app.seen] == [("/a", b"".join(parts)), ("/b", b"")]
    assert app.seen[0].headers == ((b"host", b"a"), (b"transfer-encoding", b"chunked"))


@given(st.binary(max_size=3000), st.lists(st.integers(0, 2**16), max_size=30))
@settings(deadline=None, max_examples=200)
def test_a_body_of_a_length_arrives_whole(body: bytes, cuts: list[int]) -> None:
    """Wherever a body with a Content-Length is split, all of it arrives, and the next request begins where it ends."""
    data = b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%bGET /b HTTP/1.1\r\nHost: a\r\n\r\n" % (
        len(body),
        body,
    )
    positions = sorted({0, len(data), *(cut % len(data) for cut in cuts)})
    app = Plain()
    asyncio.run(Server(app).converse(data[a:b] for a, b in pairwise(positions)))
    assert [(record.path, record.body) for record in app.seen] == [("/a", body), ("/b", b"")]
