"""Raw requests, the clause that each comes from, and what a server must do with them.

The outcome is the statuses of the answers in order, whether the connection is kept, and what the application has seen.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from typeway.protocol import HTTPSettings

KIB: Final = 1024

# What the servers of the corpus accept; the limits that are not here are the defaults.
SETTINGS: Final = HTTPSettings(max_body_size=100 * KIB, origins=frozenset({"https://good.example"}))

Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True)
class Seen:
    """A request as the application sees it; None for what a case does not speak of."""

    method: str = "GET"
    path: str = "/"
    query: bytes = b""
    headers: Headers | None = None
    body: bytes = b""


@dataclass(frozen=True)
class Case:
    """One entry of the corpus.

    Attributes:
        rule: the clause of the RFC, or the option, that demands the outcome.
        statuses: the answers in order; a 100 is one of them.
        kept: whether the connection is open afterwards.
        seen: the requests that reach the application.
        on_typeway: the statuses where a Typeway application answers by itself.
    """

    name: str
    rule: str
    sent: bytes
    statuses: tuple[int, ...]
    kept: bool
    seen: tuple[Seen, ...] = ()
    on_typeway: tuple[int, ...] | None = None
    group: str = ""

    def __str__(self) -> str:
        return f"{self.group}-{self.name}".replace(" ", "_")


HOST: Final = b"Host: a.example\r\n"
GET: Final = b"GET / HTTP/1.1\r\n" + HOST
AGAIN: Final = b"GET /again HTTP/1.1\r\n" + HOST + b"\r\n"
SAW_AGAIN: Final = Seen(path="/again")
KEY: Final = b"dGhlIHNhbXBsZSBub25jZQ=="


def refused(name: str, rule: str, sent: bytes, status: int = 400) -> Case:
    """A request that the application does not see, and after which the connection is closed."""
    return Case(name, rule, sent, (status,), kept=False)


def get(name: str, rule: str, lines: bytes, **seen: object) -> Case:
    """A GET with more header lines that is answered."""
    return Case(name, rule, GET + lines + b"\r\n", (200,), True, (Seen(**seen),))  # type: ignore[arg-type]


def post(lines: bytes, body: bytes = b"") -> bytes:
    return b"POST / HTTP/1.1\r\n" + HOST + lines + b"\r\n" + body


def chunked(body: bytes) -> bytes:
    return post(b"Transfer-Encoding: chunked\r\n", body)


def taken(name: str, rule: str, sent: bytes, body: bytes, headers: Headers | None = None) -> Case:
    """A POST that is answered, followed by a GET that is answered too: the body ends where it should."""
    seen = Seen("POST", headers=headers, body=body)
    return Case(name, rule, sent + AGAIN, (200, 200), True, (seen, SAW_AGAIN))


def line(text: bytes, headers: bytes = HOST) -> bytes:
    return text + b"\r\n" + headers + b"\r\n"


CONTENT_LENGTH: Final = (
    taken("body", "RFC 9112 6.2", post(b"Content-Length: 3\r\n", b"abc"), b"abc"),
    taken("zero", "RFC 9112 6.3", post(b"Content-Length: 0\r\n"), b""),
    taken("none", "RFC 9112 6.3", post(b""), b""),
    taken("leading zeros", "RFC 9110 8.6", post(b"Content-Length: 0003\r\n", b"abc"), b"abc"),
    taken("space after", "RFC 9112 5.1", post(b"Content-Length: 3 \r\n", b"abc"), b"abc"),
    taken("tab before", "RFC 9112 5.1", post(b"Content-Length:\t3\r\n", b"abc"), b"abc"),
    taken("no space", "RFC 9112 5.1", post(b"Content-Length:3\r\n", b"abc"), b"abc"),
    taken("other case", "RFC 9110 5.1", post(b"CONTENT-LENGTH: 3\r\n", b"abc"), b"abc"),
    Case(
        "of a GET", "RFC 9110 9.3.1", GET + b"Content-Length: 3\r\n\r\nabc" + AGAIN, (200, 200), True,
        (Seen(body=b"abc"), SAW_AGAIN),
    ),
    Case(
        "body that looks like a request", "RFC 9112 6.2", post(b"Content-Length: %d\r\n" % len(AGAIN), AGAIN), (200,), True,
        (Seen("POST", body=AGAIN),),
    ),
    refused("twice, different", "RFC 9112 6.3", post(b"Content-Length: 3\r\nContent-Length: 4\r\n", b"abcd")),
    refused("twice, the same", "RFC 9110 8.6", post(b"Content-Length: 3\r\nContent-Length: 3\r\n", b"abc")),
    refused("list", "RFC 9110 8.6", post(b"Content-Length: 3, 3\r\n", b"abc")),
    refused("negative", "RFC 9110 8.6", post(b"Content-Length: -1\r\n", b"abc")),
    refused("plus", "RFC 9110 8.6", post(b"Content-Length: +3\r\n", b"abc")),
    refused("hexadecimal", "RFC 9110 8.6", post(b"Content-Length: 0x3\r\n", b"abc")),
    refused("underscore", "RFC 9110 8.6", post(b"Content-Length: 1_0\r\n", b"abcdefghij")),
    refused("exponent", "RFC 9110 8.6", post(b"Content-Length: 1e1\r\n", b"abcdefghij")),
    refused("decimal point", "RFC 9110 8.6", post(b"Content-Length: 3.0\r\n", b"abc")),
    refused("space within", "RFC 9110 8.6", post(b"Content-Length: 3 3\r\n", b"abc")),
    refused("empty", "RFC 9110 8.6", post(b"Content-Length:\r\n", b"abc")),
    refused("word", "RFC 9110 8.6", post(b"Content-Length: three\r\n", b"abc")),
    refused("digits that are not ASCII", "RFC 9110 8.6", post("Content-Length: ٣\r\n".encode(), b"abc")),
    refused("2 to the 64", "RFC 9110 8.6", post(b"Content-Length: 18446744073709551616\r\n", b"abc")),
    refused("quoted", "RFC 9110 8.6", post(b'Content-Length: "3"\r\n', b"abc")),
    refused("space before the colon", "RFC 9112 5.1", post(b"Content-Length : 3\r\n", b"abc")),
    refused("with chunks", "RFC 9112 6.1", post(b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n")),
    refused("with chunks, before", "RFC 9112 6.1", post(b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", b"0\r\n\r\n")),
)  # fmt: skip

TRANSFER_ENCODING: Final = (
    taken("chunked", "RFC 9112 7.1", chunked(b"3\r\nabc\r\n0\r\n\r\n"), b"abc"),
    taken("other case", "RFC 9112 7", post(b"Transfer-Encoding: Chunked\r\n", b"3\r\nabc\r\n0\r\n\r\n"), b"abc"),
    taken("space after", "RFC 9112 5.1", post(b"Transfer-Encoding: chunked \r\n", b"3\r\nabc\r\n0\r\n\r\n"), b"abc"),
    refused("gzip before", "RFC 9112 6.1", post(b"Transfer-Encoding: gzip, chunked\r\n", b"0\r\n\r\n"), 501),
    refused("gzip", "RFC 9112 6.3", post(b"Transfer-Encoding: gzip\r\n", b"abc"), 501),
    refused("identity", "RFC 9112 6.1", post(b"Transfer-Encoding: identity\r\n", b"abc"), 501),
    refused("chunked not last", "RFC 9112 6.3", post(b"Transfer-Encoding: chunked, gzip\r\n", b"0\r\n\r\n")),
    refused("chunked twice", "RFC 9112 6.1", post(b"Transfer-Encoding: chunked, chunked\r\n", b"0\r\n\r\n")),
    refused("two fields", "RFC 9112 6.1", post(b"Transfer-Encoding: chunked\r\n" * 2, b"0\r\n\r\n")),
    refused("two fields, identity", "RFC 9112 6.1", post(b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"), 501),
    refused("unknown", "RFC 9112 6.1", post(b"Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n"), 501),
    refused("quoted", "RFC 9112 7", post(b'Transfer-Encoding: "chunked"\r\n', b"0\r\n\r\n"), 501),
    refused("parameter", "RFC 9112 7", post(b"Transfer-Encoding: chunked;a=b\r\n", b"0\r\n\r\n"), 501),
    refused("empty", "RFC 9112 6.1", post(b"Transfer-Encoding:\r\n", b"abc")),
    refused("vertical tab", "RFC 9110 5.5", post(b"Transfer-Encoding: \x0bchunked\r\n", b"0\r\n\r\n")),
    refused("NUL", "RFC 9110 5.5", post(b"Transfer-Encoding: chunked\x00\r\n", b"0\r\n\r\n")),
    refused("space before the colon", "RFC 9112 5.1", post(b"Transfer-Encoding : chunked\r\n", b"0\r\n\r\n")),
    refused("folded", "RFC 9112 5.2", post(b"Transfer-Encoding:\r\n chunked\r\n", b"0\r\n\r\n")),
    refused("of HTTP/1.0", "RFC 9112 6.1", b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
)  # fmt: skip

CHUNKS: Final = (
    taken("empty", "RFC 9112 7.1", chunked(b"0\r\n\r\n"), b""),
    taken("several", "RFC 9112 7.1", chunked(b"1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"), b"abc"),
    taken("upper-case size", "RFC 9112 7.1", chunked(b"A\r\nabcdefghij\r\n0\r\n\r\n"), b"abcdefghij"),
    taken("lower-case size", "RFC 9112 7.1", chunked(b"a\r\nabcdefghij\r\n0\r\n\r\n"), b"abcdefghij"),
    taken("leading zeros", "RFC 9112 7.1", chunked(b"0003\r\nabc\r\n000\r\n\r\n"), b"abc"),
    taken("extension", "RFC 9112 7.1.1", chunked(b"3;name=value\r\nabc\r\n0\r\n\r\n"), b"abc"),
    taken("extension without value", "RFC 9112 7.1.1", chunked(b"3;name\r\nabc\r\n0;name\r\n\r\n"), b"abc"),
    taken("quoted extension", "RFC 9112 7.1.1", chunked(b'3;name="a b"\r\nabc\r\n0\r\n\r\n'), b"abc"),
    taken("CRLF in the data", "RFC 9112 7.1", chunked(b"5\r\na\r\n\r\n\r\n0\r\n\r\n"), b"a\r\n\r\n"),
    taken(
        "trailer is no header", "RFC 9112 7.1.2", chunked(b"3\r\nabc\r\n0\r\nX-Role: admin\r\n\r\n"), b"abc",
        ((b"host", b"a.example"), (b"transfer-encoding", b"chunked")),
    ),
    taken(
        "trailer named like a header", "RFC 9110 6.5.1", chunked(b"0\r\nHost: b\r\nExpect: a\r\n\r\n"), b"",
        ((b"host", b"a.example"), (b"transfer-encoding", b"chunked")),
    ),
    Case("trailer that would close", "RFC 9110 6.5.1", chunked(b"0\r\nConnection: close\r\n\r\n") + AGAIN, (200, 400), False,
         (Seen("POST"),)),
    refused("trailer that would frame", "RFC 9110 6.5.1", chunked(b"0\r\nContent-Length: 5\r\n\r\n")),
    refused("no size", "RFC 9112 7.1", chunked(b"\r\nabc\r\n0\r\n\r\n")),
    refused("size with 0x", "RFC 9112 7.1", chunked(b"0x3\r\nabc\r\n0\r\n\r\n")),
    refused("negative size", "RFC 9112 7.1", chunked(b"-3\r\nabc\r\n0\r\n\r\n")),
    refused("size with plus", "RFC 9112 7.1", chunked(b"+3\r\nabc\r\n0\r\n\r\n")),
    refused("size with underscore", "RFC 9112 7.1", chunked(b"0_3\r\nabc\r\n0\r\n\r\n")),
    refused("size of a letter beyond F", "RFC 9112 7.1", chunked(b"g\r\nabc\r\n0\r\n\r\n")),
    refused("size too large", "RFC 9112 7.1", chunked(b"FFFFFFFFFFFFFFFFF\r\nabc\r\n0\r\n\r\n")),
    refused("space after the size", "RFC 9112 7.1", chunked(b"3 \r\nabc\r\n0\r\n\r\n")),
    refused("space before the size", "RFC 9112 7.1", chunked(b" 3\r\nabc\r\n0\r\n\r\n")),
    refused("bare LF after the size", "RFC 9112 2.2", chunked(b"3\nabc\r\n0\r\n\r\n")),
    refused("bare CR after the size", "RFC 9112 2.2", chunked(b"3\rabc\r\n0\r\n\r\n")),
    refused("bare LF in an extension", "RFC 9112 7.1.1", chunked(b"3;a\nb\r\nabc\r\n0\r\n\r\n")),
    refused("bare LF after the data", "RFC 9112 7.1", chunked(b"3\r\nabc\n0\r\n\r\n")),
    refused("data without CRLF", "RFC 9112 7.1", chunked(b"3\r\nabc0\r\n\r\n")),
    refused("data too long", "RFC 9112 7.1", chunked(b"3\r\nabcd\r\n0\r\n\r\n")),
    refused("other bytes for the CRLF", "RFC 9112 7.1", chunked(b"3\r\nabcXX0\r\n\r\n")),
    refused("open quote in an extension", "RFC 9112 7.1.1", chunked(b'3;a="b\r\nabc\r\n0\r\n\r\n')),
    refused("NUL in an extension", "RFC 9112 7.1.1", chunked(b"3;a\x00\r\nabc\r\n0\r\n\r\n")),
    refused("malformed trailer", "RFC 9112 7.1.2", chunked(b"0\r\nno colon\r\n\r\n")),
    refused("folded trailer", "RFC 9112 5.2", chunked(b"0\r\nX: a\r\n b\r\n\r\n")),
)  # fmt: skip

FIELDS: Final = (
    get("order and repetition", "RFC 9110 5.3", b"X: 1\r\nY: 2\r\nx: 3\r\n", headers=((b"host", b"a.example"), (b"x", b"1"), (b"y", b"2"), (b"x", b"3"))),
    get("whitespace around a value", "RFC 9112 5.1", b"X: \t a b \t \r\n", headers=((b"host", b"a.example"), (b"x", b"a b"))),
    get("empty value", "RFC 9110 5.5", b"X:\r\nY: \r\n", headers=((b"host", b"a.example"), (b"x", b""), (b"y", b""))),
    get("obs-text", "RFC 9110 5.5", b"X: \x80\xff\r\n", headers=((b"host", b"a.example"), (b"x", b"\x80\xff"))),
    get("colons in a value", "RFC 9110 5.5", b"X: a:b::c\r\n", headers=((b"host", b"a.example"), (b"x", b"a:b::c"))),
    get("every character of a token", "RFC 9110 5.6.2", b"!#$%&'*+-.^_`|~09Az: a\r\n", headers=((b"host", b"a.example"), (b"!#$%&'*+-.^_`|~09az", b"a"))),
    refused("folded", "RFC 9112 5.2", GET + b"X: a\r\n b\r\n\r\n"),
    refused("folded by a tab", "RFC 9112 5.2", GET + b"X: a\r\n\tb\r\n\r\n"),
    refused("folded first line", "RFC 9112 2.2", b"GET / HTTP/1.1\r\n X: a\r\n" + HOST + b"\r\n"),
    refused("line of whitespace", "RFC 9112 5.2", GET + b" \r\n\r\n"),
    refused("bare LF", "RFC 9112 2.2", b"GET / HTTP/1.1\r\nHost: a.example\nX: a\r\n\r\n"),
    refused("bare LF everywhere", "RFC 9112 2.2", b"GET / HTTP/1.1\nHost: a.example\n\n"),
    refused("bare LF at the end", "RFC 9112 2.2", b"GET / HTTP/1.1\r\nHost: a.example\r\n\n"),
    refused("bare CR", "RFC 9112 2.2", GET + b"X: a\rY: b\r\n\r\n"),
    refused("two CR", "RFC 9112 2.2", GET + b"X: a\r\r\n\r\n"),
    refused("NUL in a value", "RFC 9110 5.5", GET + b"X: a\x00b\r\n\r\n"),
    refused("control character in a value", "RFC 9110 5.5", GET + b"X: a\x01b\r\n\r\n"),
    refused("DEL in a value", "RFC 9110 5.5", GET + b"X: a\x7fb\r\n\r\n"),
    refused("NUL in a name", "RFC 9110 5.1", GET + b"X\x00: a\r\n\r\n"),
    refused("space before the colon", "RFC 9112 5.1", GET + b"X : a\r\n\r\n"),
    refused("tab before the colon", "RFC 9112 5.1", GET + b"X\t: a\r\n\r\n"),
    refused("space in a name", "RFC 9110 5.1", GET + b"X Y: a\r\n\r\n"),
    refused("empty name", "RFC 9110 5.1", GET + b": a\r\n\r\n"),
    refused("no colon", "RFC 9112 5", GET + b"X\r\n\r\n"),
    refused("name with parentheses", "RFC 9110 5.6.2", GET + b"X(Y): a\r\n\r\n"),
    refused("name with a slash", "RFC 9110 5.6.2", GET + b"X/Y: a\r\n\r\n"),
    refused("name that is not ASCII", "RFC 9110 5.1", GET + "Ä: a\r\n\r\n".encode()),
)  # fmt: skip


def hosted(name: str, rule: str, value: bytes) -> Case:
    return Case(
        name, rule, line(b"GET / HTTP/1.1", b"Host: " + value + b"\r\n"), (200,), True,
        (Seen(headers=((b"host", value.strip()),)),),
    )  # fmt: skip


def unhosted(name: str, rule: str, headers: bytes) -> Case:
    return refused(name, rule, line(b"GET / HTTP/1.1", headers))


HOSTS: Final = (
    hosted("name", "RFC 3986 3.2.2", b"www.example.org"),
    hosted("port", "RFC 9110 7.2", b"a.example:8080"),
    hosted("empty port", "RFC 3986 3.2.3", b"a.example:"),
    hosted("IPv4", "RFC 3986 3.2.2", b"127.0.0.1:80"),
    hosted("IPv6", "RFC 3986 3.2.2", b"[::1]:80"),
    hosted("whitespace around", "RFC 9112 5.1", b"a.example \t"),
    unhosted("missing", "RFC 9112 3.2", b""),
    unhosted("missing among others", "RFC 9112 3.2", b"X: a\r\nConnection: keep-alive\r\n"),
    unhosted("twice", "RFC 9112 3.2", b"Host: a\r\nHost: b\r\n"),
    unhosted("twice the same", "RFC 9112 3.2", HOST * 2),
    unhosted("empty", "RFC 9112 3.2", b"Host:\r\n"),
    unhosted("space", "RFC 9110 7.2", b"Host: a b\r\n"),
    unhosted("path", "RFC 9110 7.2", b"Host: a/b\r\n"),
    unhosted("query", "RFC 9110 7.2", b"Host: a?b\r\n"),
    unhosted("fragment", "RFC 9110 7.2", b"Host: a#b\r\n"),
    unhosted("user", "RFC 9110 4.2.4", b"Host: u@a\r\n"),
    unhosted("URL", "RFC 9110 7.2", b"Host: http://a\r\n"),
    unhosted("list", "RFC 9112 3.2", b"Host: a, b\r\n"),
    unhosted("two ports", "RFC 3986 3.2.3", b"Host: a:80:80\r\n"),
    unhosted("port of letters", "RFC 3986 3.2.3", b"Host: a:b\r\n"),
    unhosted("open bracket", "RFC 3986 3.2.2", b"Host: [::1\r\n"),
    unhosted("backslash", "RFC 3986 3.2.2", b"Host: a\\b\r\n"),
    unhosted("not ASCII", "RFC 3986 3.2.2", "Host: ä\r\n".encode()),
    unhosted("second is bad", "RFC 9112 3.2", HOST + b"Host: a b\r\n"),
)  # fmt: skip


def targeted(name: str, rule: str, target: bytes, method: str = "GET", **seen: object) -> Case:
    sent = line(b"%b %b HTTP/1.1" % (method.encode(), target))
    return Case(name, rule, sent, (200,), True, (Seen(method, **seen),))  # type: ignore[arg-type]


def bad_line(name: str, rule: str, text: bytes, status: int = 400) -> Case:
    return refused(name, rule, line(text), status)


ABSOLUTE: Final = ((b"host", b"b.example"),)
REQUEST_LINE: Final = (
    targeted("path and query", "RFC 9112 3.2.1", b"/a/b?c=d&e", path="/a/b", query=b"c=d&e"),
    targeted("empty query", "RFC 9112 3.2.1", b"/a?", path="/a"),
    targeted("question marks in the query", "RFC 3986 3.4", b"/a?b?c", path="/a", query=b"b?c"),
    targeted("percent-encoding", "RFC 3986 2.1", b"/a%20b%C3%A4?c=%20", path="/a bä", query=b"c=%20"),
    Case("percent-encoded control characters", "RFC 3986 2.1", line(b"GET /a%0D%0Ab HTTP/1.1"), (200,), True,
         (Seen(path="/a\r\nb"),), on_typeway=(404,)),
    targeted("colon and at", "RFC 3986 3.3", b"/a:b@c", path="/a:b@c"),
    targeted("two slashes", "RFC 9112 3.2.1", b"//a/b", path="//a/b"),
    targeted("dots stay", "RFC 9112 3.2.1", b"/a/../b", path="/a/../b"),
    targeted("absolute", "RFC 9112 3.2.2", b"http://b.example/a?c", path="/a", query=b"c", headers=ABSOLUTE),
    targeted("absolute, https", "RFC 9112 3.2.2", b"https://b.example/a", path="/a", headers=ABSOLUTE),
    targeted("absolute, upper case", "RFC 3986 3.1", b"HTTP://b.example/a", path="/a", headers=ABSOLUTE),
    targeted("absolute without path", "RFC 9112 3.2.2", b"http://b.example", headers=ABSOLUTE),
    targeted("absolute with query only", "RFC 9112 3.2.2", b"http://b.example?c", query=b"c", headers=ABSOLUTE),
    targeted("absolute with port", "RFC 9112 3.2.2", b"http://b.example:81/", headers=((b"host", b"b.example:81"),)),
    targeted("POST", "RFC 9110 9.3.3", b"/", "POST"),
    targeted("PUT", "RFC 9110 9.3.4", b"/", "PUT"),
    targeted("DELETE", "RFC 9110 9.3.5", b"/", "DELETE"),
    targeted("PATCH", "RFC 5789 2", b"/", "PATCH"),
    targeted("PROPFIND", "RFC 4918 9.1", b"/", "PROPFIND"),
    # Section 3 allows a lenient reading, and the parser takes spaces only where no reader can see another target.
    Case("two spaces", "RFC 9112 3", line(b"GET  /a   HTTP/1.1"), (200,), True, (Seen(path="/a"),)),
    # The parser does not tell which protocol it has read. It is taken for HTTP/1.0, and so the connection ends.
    Case("version of RTSP", "RFC 9112 2.3", line(b"OPTIONS / RTSP/1.0"), (200,), False, (Seen("OPTIONS"),)),
    Case("asterisk", "RFC 9112 3.2.4", line(b"OPTIONS * HTTP/1.1"), (200,), True, (Seen("OPTIONS", "*"),), on_typeway=(404,)),
    bad_line("asterisk of a GET", "RFC 9112 3.2.4", b"GET * HTTP/1.1"),
    bad_line("absolute without Host", "RFC 9112 3.2.2", b"GET http:///a HTTP/1.1"),
    bad_line("absolute with user", "RFC 9110 4.2.4", b"GET http://u:p@b.example/ HTTP/1.1"),
    bad_line("absolute of another scheme", "RFC 9112 3.2.2", b"GET ftp://b.example/ HTTP/1.1"),
    bad_line("authority", "RFC 9112 3.2.3", b"GET b.example:80 HTTP/1.1"),
    bad_line("relative", "RFC 9112 3.2.1", b"GET a HTTP/1.1"),
    bad_line("user before a path", "RFC 9112 3.2.1", b"GET @evil.example/ HTTP/1.1"),
    bad_line("fragment", "RFC 9112 3.2", b"GET /a#b HTTP/1.1"),
    bad_line("fragment after a query", "RFC 9112 3.2", b"GET /a?b#c HTTP/1.1"),
    bad_line("absolute with fragment", "RFC 9112 3.2", b"GET http://b.example/#c HTTP/1.1"),
    bad_line("not ASCII", "RFC 9112 3.2", "GET /ä HTTP/1.1".encode()),
    bad_line("query not ASCII", "RFC 9112 3.2", b"GET /?\xff HTTP/1.1"),
    bad_line("NUL", "RFC 9112 3.2", b"GET /a\x00b HTTP/1.1"),
    bad_line("tab in the target", "RFC 9112 3", b"GET /a\tb HTTP/1.1"),
    bad_line("space in the target", "RFC 9112 3.2", b"GET /a b HTTP/1.1"),
    bad_line("tab for a space", "RFC 9112 3", b"GET\t/ HTTP/1.1", 501),
    bad_line("space at the end", "RFC 9112 3", b"GET / HTTP/1.1 "),
    bad_line("space at the beginning", "RFC 9112 3", b" GET / HTTP/1.1"),
    bad_line("no target", "RFC 9112 3", b"GET HTTP/1.1"),
    bad_line("bare CR", "RFC 9112 2.2", b"GET / HTTP/1.1\rX: a"),
    bad_line("CONNECT", "RFC 9110 9.3.6", b"CONNECT a.example:80 HTTP/1.1", 501),
    bad_line("unknown method", "RFC 9110 9.1", b"BREW / HTTP/1.1", 501),
    bad_line("lower-case method", "RFC 9110 9.1", b"get / HTTP/1.1", 501),
    bad_line("method with more letters", "RFC 9110 9.1", b"GETX / HTTP/1.1", 501),
    bad_line("method of one letter", "RFC 9110 9.1", b"X / HTTP/1.1", 501),
    bad_line("method with a slash", "RFC 9110 9.1", b"/GET / HTTP/1.1", 400),
    bad_line("version 0.9", "RFC 9110 2.5", b"GET / HTTP/0.9", 505),
    bad_line("version 2.0", "RFC 9110 2.5", b"GET / HTTP/2.0", 505),
    bad_line("version 1.2", "RFC 9112 2.3", b"GET / HTTP/1.2"),
    bad_line("version 1", "RFC 9112 2.3", b"GET / HTTP/1"),
    bad_line("version 1.10", "RFC 9112 2.3", b"GET / HTTP/1.10"),
    bad_line("version 01.1", "RFC 9112 2.3", b"GET / HTTP/01.1"),
    bad_line("version with a comma", "RFC 9112 2.3", b"GET / HTTP/1,1"),
    bad_line("lower-case version", "RFC 9112 2.3", b"GET / http/1.1"),
    bad_line("another protocol", "RFC 9112 2.3", b"GET / FTP/1.1"),
    bad_line("method of RTSP", "RFC 9112 2.3", b"PLAY / RTSP/1.0", 501),
    bad_line("method of Icecast", "RFC 9112 2.3", b"SOURCE / ICE/1.0", 501),
    refused("without version", "RFC 9112 3", b"GET /\r\n\r\n", 505),
    refused("preface of HTTP/2", "RFC 9113 3.4", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    refused("TLS", "RFC 9112 3", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    refused("a response", "RFC 9112 2.1", b"HTTP/1.1 200 OK\r\n\r\n", 501),
)  # fmt: skip

CLOSING: Final = b"Connection: close\r\n"
EXPECTS: Final = b"Expect: 100-continue\r\n"
CONNECTION: Final = (
    Case("kept", "RFC 9112 9.3", GET + b"\r\n", (200,), True, (Seen(),)),
    Case("close", "RFC 9112 9.6", GET + CLOSING + b"\r\n", (200,), False, (Seen(),)),
    Case("close in another case", "RFC 9110 7.6.1", GET + b"connection: CLOSE\r\n\r\n", (200,), False, (Seen(),)),
    Case("close in a list", "RFC 9110 7.6.1", GET + b"Connection: te, close\r\nTE: a\r\n\r\n", (200,), False, (Seen(),)),
    Case("close in the second field", "RFC 9110 5.3", GET + b"Connection: te\r\n" + CLOSING + b"\r\n", (200,), False, (Seen(),)),
    Case("close beats keep-alive", "RFC 9112 9.3", GET + b"Connection: keep-alive, close\r\n\r\n", (200,), False, (Seen(),)),
    Case("keep-alive", "RFC 9112 9.3", GET + b"Connection: keep-alive\r\n\r\n", (200,), True, (Seen(),)),
    Case("unknown option", "RFC 9110 7.6.1", GET + b"Connection: closed\r\n\r\n", (200,), True, (Seen(),)),
    Case("nothing after close", "RFC 9112 9.6", GET + CLOSING + b"\r\n" + AGAIN, (200,), False, (Seen(),)),
    Case("HTTP/1.0", "RFC 9112 9.3", b"GET / HTTP/1.0\r\n" + HOST + b"\r\n", (200,), False, (Seen(),)),
    Case("HTTP/1.0 without Host", "RFC 9112 3.2", b"GET / HTTP/1.0\r\n\r\n", (200,), False, (Seen(headers=()),)),
    Case("HTTP/1.0 that is kept", "RFC 9112 C.2.2", b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", (200,), True, (Seen(),)),
    Case("HTTP/1.0 with a body", "RFC 9112 6.3", b"POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc", (200,), False, (Seen("POST", body=b"abc"),)),
    refused("HTTP/1.0 with two Hosts", "RFC 9112 3.2", b"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"),
    Case("pipelined", "RFC 9112 9.3.2", GET + b"\r\n" + AGAIN, (200, 200), True, (Seen(), SAW_AGAIN)),
    Case("many pipelined", "RFC 9112 9.3.2", AGAIN * 40, (200,) * 40, True, (SAW_AGAIN,) * 40),
    Case("pipelined with bodies", "RFC 9112 9.3.2", post(b"Content-Length: 1\r\n", b"a") + chunked(b"1\r\nb\r\n0\r\n\r\n") + AGAIN,
         (200, 200, 200), True, (Seen("POST", body=b"a"), Seen("POST", body=b"b"), SAW_AGAIN)),
    Case("bad after good", "RFC 9112 9.3.2", AGAIN * 3 + GET + b"X : a\r\n\r\n", (200, 200, 200, 400), False, (SAW_AGAIN,) * 3),
    Case("without Host after good", "RFC 9112 9.3.2", AGAIN + b"GET / HTTP/1.1\r\n\r\n", (200, 400), False, (SAW_AGAIN,)),
    Case("bad chunk after good", "RFC 9112 9.3.2", AGAIN + chunked(b"x\r\n"), (200, 400), False, (SAW_AGAIN,)),
    Case("unknown method after good", "RFC 9112 9.3.2", AGAIN + b"BREW / HTTP/1.1\r\n\r\n", (200, 501), False, (SAW_AGAIN,)),
    Case("close after good", "RFC 9112 9.3.2", AGAIN + GET + CLOSING + b"\r\n", (200, 200), False, (SAW_AGAIN, Seen())),
    Case("empty line between", "RFC 9112 2.2", AGAIN + b"\r\n" + AGAIN, (200, 200), True, (SAW_AGAIN,) * 2),
    Case("HEAD", "RFC 9110 9.3.2", b"HEAD / HTTP/1.1\r\n" + HOST + b"\r\n", (200,), True, (Seen("HEAD"),)),
    Case("Upgrade without Connection", "RFC 9110 7.8", GET + b"Upgrade: websocket\r\n\r\n", (200,), True, (Seen(),)),
    Case("Connection without Upgrade", "RFC 9110 7.8", GET + b"Connection: upgrade\r\n\r\n", (200,), True, (Seen(),)),
    Case("empty Upgrade", "RFC 9110 7.8", GET + b"Connection: upgrade\r\nUpgrade:\r\n\r\n", (200,), True, (Seen(),)),
    Case("Upgrade of HTTP/1.0", "RFC 9110 7.8", b"GET / HTTP/1.0\r\n" + HOST + b"Connection: upgrade\r\nUpgrade: websocket\r\n\r\n", (200,), False, (Seen(),)),
    Case("h2c", "RFC 9110 7.8", GET + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n" + AGAIN,
         (200, 200), True, (Seen(), SAW_AGAIN)),
    taken("h2c with a body", "RFC 9110 7.8", post(b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 3\r\n", b"abc"), b"abc"),
    taken("h2c with chunks", "RFC 9110 7.8", post(b"Connection: Upgrade\r\nUpgrade: h2c\r\nTransfer-Encoding: chunked\r\n", b"3\r\nabc\r\n0\r\nX: a\r\n\r\n"), b"abc"),
    taken("h2c with Expect", "RFC 9110 7.8", post(EXPECTS + b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 3\r\n", b"abc"), b"abc"),
    Case("h2c, then close", "RFC 9110 7.8", post(b"Connection: Upgrade, close\r\nUpgrade: h2c\r\nContent-Length: 3\r\n", b"abc") + AGAIN,
         (200,), False, (Seen("POST", body=b"abc"),)),
    Case("two upgrades", "RFC 9110 7.8", (GET + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n") * 2, (200, 200), True, (Seen(), Seen())),
    Case("Expect", "RFC 9110 10.1.1", post(EXPECTS + b"Content-Length: 3\r\n", b"abc"), (200,), True, (Seen("POST", body=b"abc"),)),
    Case("Expect without a body", "RFC 9110 10.1.1", post(EXPECTS), (200,), True, (Seen("POST"),)),
    Case("Expect in another case", "RFC 9110 10.1.1", post(b"Expect: 100-Continue\r\nContent-Length: 1\r\n", b"a"), (200,), True, (Seen("POST", body=b"a"),)),
    refused("unknown expectation", "RFC 9110 10.1.1", post(b"Expect: miracle\r\nContent-Length: 1\r\n", b"a"), 417),
    Case("Expect of HTTP/1.0", "RFC 9110 10.1.1", b"POST / HTTP/1.0\r\n" + EXPECTS + b"Content-Length: 1\r\n\r\na", (200,), False, (Seen("POST", body=b"a"),)),
)  # fmt: skip


def sized_line(size: int) -> bytes:
    """A request whose target has a size."""
    return line(b"GET /" + b"a" * (size - 1) + b" HTTP/1.1")


def sized_header(size: int) -> bytes:
    """A request with a header field, name and value, of a size."""
    return GET + b"X: " + b"a" * (size - 1) + b"\r\n\r\n"


def many(count: int, size: int = 5) -> bytes:
    """A request with a number of fields, with the Host."""
    return (
        GET + b"".join(b"%b: a\r\n" % (b"x%d" % number).ljust(size - 1, b"y") for number in range(count - 1)) + b"\r\n"
    )


def long_path(size: int) -> Seen:
    return Seen(path="/" + "a" * (size - 1))


LIMITS: Final = (
    Case("longest target", "HTTPSettings.request_line_size", sized_line(8 * KIB), (200,), True, (long_path(8 * KIB),)),
    refused("target too long", "RFC 9112 3", sized_line(8 * KIB + 1), 414),
    refused("target far too long", "RFC 9112 3", sized_line(100 * KIB), 414),
    Case("largest header", "HTTPSettings.header_size", sized_header(16 * KIB), (200,), True, (Seen(),)),
    refused("header too large", "RFC 6585 5", sized_header(16 * KIB + 1), 431),
    refused("header of 60 KiB", "RFC 6585 5", sized_header(60 * KIB), 431),
    refused("header of 1 MiB", "RFC 6585 5", sized_header(KIB * KIB), 431),
    Case("most headers", "HTTPSettings.header_count", many(100), (200,), True, (Seen(),)),
    refused("too many headers", "RFC 6585 5", many(101), 431),
    refused("far too many headers", "RFC 6585 5", many(10_000), 431),
    Case("headers of 60 KiB in all", "HTTPSettings.headers_size", many(60, KIB), (200,), True, (Seen(),)),
    refused("headers of 70 KiB in all", "RFC 6585 5", many(70, KIB), 431),
    Case("five empty lines", "RFC 9112 2.2", b"\r\n" * 5 + AGAIN, (200,), True, (SAW_AGAIN,)),
    refused("six empty lines", "RFC 9112 2.2", b"\r\n" * 6 + AGAIN),
    refused("endless empty lines", "RFC 9112 2.2", b"\r\n" * 100_000),
    refused("empty line of LF", "RFC 9112 2.2", b"\n" + AGAIN),
    refused("empty line of CR", "RFC 9112 2.2", b"\r" + AGAIN),
    refused("body too large", "RFC 9110 15.5.14", post(b"Content-Length: %d\r\n" % (100 * KIB + 1)), 413),
    refused("body far too large", "RFC 9110 15.5.14", post(b"Content-Length: 999999999999\r\n"), 413),
    refused("body too large, with Expect", "RFC 9110 10.1.1", post(EXPECTS + b"Content-Length: 999999\r\n"), 413),
    taken("largest body", "HTTPSettings.max_body_size", post(b"Content-Length: %d\r\n" % (100 * KIB), b"a" * 100 * KIB), b"a" * 100 * KIB),
    taken("largest body of chunks", "HTTPSettings.max_body_size", chunked(b"5000\r\n" + b"a" * 20 * KIB + b"\r\n14000\r\n" + b"a" * 80 * KIB + b"\r\n0\r\n\r\n"), b"a" * 100 * KIB),
    refused("chunks too large", "RFC 9110 15.5.14", chunked(b"19001\r\n" + b"a" * (100 * KIB + 1) + b"\r\n0\r\n\r\n"), 413),
    refused("many chunks too large", "RFC 9110 15.5.14", chunked((b"400\r\n" + b"a" * KIB + b"\r\n") * 101), 413),
    taken("extension of 1 KiB", "RFC 9112 7.1.1", chunked(b"1;" + b"a" * KIB + b"\r\na\r\n0\r\n\r\n"), b"a"),
    refused("extension of 100 KiB", "RFC 9112 7.1.1", chunked(b"1;" + b"a" * 100 * KIB + b"\r\na\r\n0\r\n\r\n")),
    refused("extensions of 100 KiB", "RFC 9112 7.1.1", chunked((b"1;" + b"a" * KIB + b"\r\na\r\n") * 100 + b"0\r\n\r\n")),
    refused("trailer of 100 KiB", "RFC 9112 7.1.2", chunked(b"0\r\nX: " + b"a" * 100 * KIB + b"\r\n\r\n")),
    refused("trailers of 100 KiB", "RFC 9112 7.1.2", chunked(b"0\r\n" + b"X: a\r\n" * 17_000 + b"\r\n")),
    taken("many small chunks", "RFC 9112 7.1", chunked(b"1\r\na\r\n" * 10_000 + b"0\r\n\r\n"), b"a" * 10_000),
)  # fmt: skip


def handshake(
    lines: bytes = b"", *, method: bytes = b"GET", version: bytes = b"13", key: bytes = KEY, host: bytes = HOST
) -> bytes:
    head = b"%b /socket HTTP/1.1\r\n%bConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: %b\r\nSec-WebSocket-Key: %b\r\n"
    return head % (method, host, version, key) + lines + b"\r\n"


WEBSOCKET: Final = (
    refused("with a body", "RFC 6455 4.2.1", handshake(b"Content-Length: 3\r\n") + b"abc"),
    refused("with chunks", "RFC 6455 4.2.1", handshake(b"Transfer-Encoding: chunked\r\n") + b"0\r\n\r\n"),
    refused("POST", "RFC 6455 4.2.1", handshake(method=b"POST")),
    refused("version 99", "RFC 6455 4.2.2", handshake(version=b"99"), 426),
    refused("version 8", "RFC 6455 4.4", handshake(version=b"8"), 426),
    refused("two versions", "RFC 6455 11.3.5", handshake(b"Sec-WebSocket-Version: 13\r\n"), 426),
    refused("short key", "RFC 6455 4.2.1", handshake(key=b"YQ==")),
    refused("key that is not Base64", "RFC 6455 4.2.1", handshake(key=b"!!!!!!!!!!!!!!!!!!!!!!!!")),
    refused("empty key", "RFC 6455 4.2.1", handshake(key=b"")),
    refused("two keys", "RFC 6455 11.3.1", handshake(b"Sec-WebSocket-Key: " + KEY + b"\r\n")),
    refused("without Host", "RFC 6455 4.2.1", handshake(host=b"")),
    refused("foreign Origin", "RFC 6455 10.2", handshake(b"Origin: https://evil.example\r\n"), 403),
    refused("two Origins", "RFC 6455 10.2", handshake(b"Origin: https://good.example\r\nOrigin: https://evil.example\r\n"), 403),
    refused("null Origin", "RFC 6455 10.2", handshake(b"Origin: null\r\n"), 403),
    refused("header of 1 MiB", "RFC 6585 5", handshake(b"X: " + b"a" * KIB * KIB + b"\r\n"), 431),
    Case("after good", "RFC 9112 9.3.2", AGAIN + handshake(version=b"99"), (200, 426), False, (SAW_AGAIN,)),
)  # fmt: skip

GROUPS: Final = {
    "content-length": CONTENT_LENGTH,
    "transfer-encoding": TRANSFER_ENCODING,
    "chunks": CHUNKS,
    "fields": FIELDS,
    "host": HOSTS,
    "request-line": REQUEST_LINE,
    "connection": CONNECTION,
    "limits": LIMITS,
    "websocket": WEBSOCKET,
}


def cases() -> Iterator[Case]:
    for group, members in GROUPS.items():
        for case in members:
            yield replace(case, group=group)


CASES: Final = tuple(cases())
