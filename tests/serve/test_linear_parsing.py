"""What Python's and Starlette's parsers would take long for is parsed in linear time, with the same result."""

import time
from pathlib import Path
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import cookie_parser

from tests.frameworks import FORM, client
from typeway import Cookie, Form, Request, Typeway
from typeway.negotiation import accepts_html
from typeway.requests import cookies_of

texts = st.text(st.sampled_from('ab=;" \\1237,\t/é'), max_size=24)


def scope_with(name: bytes, *values: str) -> dict[str, Any]:
    return {"headers": [(name, value.encode("latin-1")) for value in values]}


@given(texts)
def test_cookies_are_read_as_starlette_reads_them(text: str) -> None:
    """Names, quotes and escapes mean the same."""
    assert cookies_of(scope_with(b"cookie", text)) == cookie_parser(text)


def seconds(ask: Any) -> float:
    """The least of three times, in seconds of this process."""
    found = []
    for _ in range(3):
        begun = time.process_time()
        ask()
        found.append(time.process_time() - begun)
    return min(found)


@pytest.mark.parametrize("piece", ["\\1", "\\\\", "\\101", '\\"', "\\", '"', ";", "a=b;", "="])
def test_the_time_for_cookies_is_linear(piece: str) -> None:
    """A cookie of 14 KB with 7,000 escapes took half a second (CVE-2024-7592)."""
    app = Typeway()

    @app.get("/")
    async def read(request: Request, a: Annotated[str, Cookie()] = "") -> int:
        return len(request.cookies)

    http = client(app)
    cookie = f'a="{piece * (16_000 // len(piece))}"'
    http.get("/")
    assert seconds(lambda: http.get("/", headers={"cookie": cookie})) < 0.1


@pytest.mark.parametrize("piece", [";", ",", ";q=", '"', ";a=b", "text/html;q=0,"])
@pytest.mark.parametrize("start", ["", "text/html;", 'text/html; q="'])
def test_the_time_for_accepted_types_is_linear(start: str, piece: str, tmp_path: Path) -> None:
    """A path without a file looks at what the client accepts."""
    (tmp_path / "index.html").write_text("<p>")
    app = Typeway()
    app.frontend("/", directory=tmp_path)
    http = client(app)
    http.get("/x")
    assert seconds(lambda: http.get("/x", headers={"accept": start + piece * (16_000 // len(piece))})) < 0.1


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("text/html", True), ("TEXT/HTML ; q=0.5", True), ("text/html;q=0", False), ("text/html; q=0.000", False), ("text/html; Q=0", False),
        ('text/html; q="0"', False), ("a/b, text/html", True), ("*/*", False), ("", False), ("text/html;q=", True), ("text/html;qq=0", True),
        ("application/xhtml+xml", True), ("text/html;q=0, text/html", True), ("text/htmlx", False), ("text", False), (";", False),
        ("text/html; level=1; q=0", False), ('text/html;charset="a;q=0"', True), ("text/html;q=0;q=1", False), ("text/html;q=1;q=0", True),
        ("text/html;q", True), ("text/html;q=much", True), ('text/html;a="\\";q=0', False), ('text/html; a="b\\"; q=0"; q=1', True),
    ],
)  # fmt: skip
def test_pages_are_for_who_accepts_them(accept: str, expected: bool) -> None:
    """A weight of zero means that a type is not accepted (RFC 9110, section 12.4.2)."""
    assert accepts_html(scope_with(b"accept", accept)) is expected


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        (b"&" * 9_000_000, 400, None), (b"a=1" + b"&" * 12_100, 400, None), (b"a=1" + b"&" * 5_000 + b"b=2", 200, "1"),
        (b"a=1&" + b"x=1&" * 1_000, 400, None), (b"a=1&" + b"x=1&" * 998, 200, "1"), (b"&a=%26%26&", 200, "&&"),
    ],
    ids=range(6),
)  # fmt: skip
def test_a_form_of_separators_is_refused(body: bytes, status: int, expected: str | None) -> None:
    """9 MB of ampersands took more than two seconds, and were a form without fields."""
    app = Typeway()

    @app.post("/")
    async def read(a: Annotated[str, Form()] = "none") -> str:
        return a

    @app.post("/request")
    async def of_request(request: Request) -> str:
        return str((await request.form()).get("a", "none"))

    http = client(app)
    for path in ("/", "/request"):
        begun = time.process_time()
        response = http.post(path, content=body, headers={"content-type": FORM})
        assert time.process_time() - begun < 1
        assert response.status_code == status
        assert expected is None or response.json() == expected
