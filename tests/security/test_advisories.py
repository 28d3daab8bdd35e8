"""Every class of published advisory about a framework, a form parser or a server of this kind, as a test that pins it.

The table at the end names the advisories from 2020 to 2026 of FastAPI, Starlette, python-multipart, Pydantic, Litestar, Sanic,
Django, Werkzeug, aiohttp, uvicorn, h11, granian and vLLM, each with the test of its class here, a test elsewhere, or the reason why
it cannot concern this framework.
"""

import json
import logging
import re
import tempfile
import threading
import time
import tomllib
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urljoin, urlsplit

import pytest
from pydantic import BaseModel
from starlette.requests import Request as StarletteRequest

from tests.frameworks import JSON, MULTIPART, Sending, client, send
from tests.protocol.connect import LAST_BODY, Answer, Plain, Server, answers, run, until
from typeway import Cookie, File, Form, Header, Query, Request, Response, Typeway, UploadFile, WebSocket
from typeway.responses import FileResponse
from typeway.staticfiles import StaticFiles

ROOT = Path(__file__).parents[2]
URLENCODED = "application/x-www-form-urlencoded"
# The most that a probe may take. Where a protection is missing it takes many times as long, or never ends.
SECONDS = 5.0


class Times(BaseModel):
    at: datetime | None = None
    on: date | None = None
    lasts: timedelta | None = None


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Typeway:
    """An application for the probes."""
    return build(tmp_path_factory.mktemp("files"))


def build(place: Path) -> Typeway:
    """Make an application with default options and an endpoint for each kind of attack."""
    (place / "static").mkdir()
    (place / "static-secret").mkdir()
    (place / "static" / "file.txt").write_text("0123456789" * 1_000)
    (place / "static-secret" / "file.txt").write_text("secret")
    (place / "secret.txt").write_text("secret")
    app = Typeway()
    app.mount("/static", StaticFiles(directory=place / "static"))
    app.frontend("/site", directory=place / "static")

    @app.post("/json")
    def take(data: dict[str, Any]) -> dict[str, Any]:
        return data

    @app.post("/times")
    def times(times: Times) -> Times:
        return times

    @app.post("/form")
    def form(name: Annotated[str, Form()] = "", other: Annotated[str, Form()] = "") -> list[str]:
        return [name, other]

    @app.post("/file")
    async def file(file: UploadFile) -> list[Any]:
        return [file.filename, file.size]

    @app.post("/files")
    async def files(files: Annotated[list[UploadFile], File()]) -> int:
        return len(files)

    @app.get("/url")
    def url(request: Request) -> list[Any]:
        return [request.url.path, request.url.hostname, request.scope["path"]]

    @app.get("/{rest:path}/here")
    def here(rest: str) -> str:
        return rest

    @app.get("/file")
    def ranges() -> FileResponse:
        return FileResponse(place / "static" / "file.txt")

    @app.get("/header")
    def header(x_user: Annotated[str | None, Header()] = None) -> str | None:
        return x_user

    @app.get("/set")
    def set_header(value: str) -> Response:
        return Response(headers={"x-value": value})

    @app.get("/set/cookie")
    def set_cookie(response: Response, value: str) -> None:
        response.set_cookie("name", value)

    @app.get("/cookies")
    def cookies(name: Annotated[str, Cookie()] = "") -> str:
        return name

    @app.get("/query")
    def query(name: Annotated[str, Query()] = "") -> str:
        return name

    @app.websocket("/socket")
    async def socket(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("hello")

    return app


def conversation(app: Any, *pieces: bytes) -> list[Answer]:
    """What the protocol class answers to some bytes, the answer to the last request apart if it was reached."""

    async def talk() -> bytes:
        return await Server(app).converse(pieces)

    return answers(run(talk()))


def get(target: bytes, *lines: bytes, host: bytes = b"Host: testserver\r\n", method: bytes = b"GET") -> bytes:
    return method + b" " + target + b" HTTP/1.1\r\n" + host + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


def multipart(*parts: tuple[bytes, bytes], boundary: bytes = b"x") -> bytes:
    """A multipart body of headers and contents."""
    return b"".join(b"--%s\r\n%s\r\n\r\n%s\r\n" % (boundary, *part) for part in parts) + b"--%s--\r\n" % boundary


def posted(app: Any, path: str, body: bytes, media_type: str | None = MULTIPART) -> tuple[int, bytes]:
    """Status and body of the response to a POST, which must not take long."""
    begun = time.process_time()
    found = send(app, Sending(path, [body], media_type, declared=True))
    assert time.process_time() - begun < SECONDS
    return found["status"][0], found["body"]


BOUNDARY = "multipart/form-data; boundary=x"
FIELD = b'Content-Disposition: form-data; name="name"'
UPLOAD = b'Content-Disposition: form-data; name="file"; filename="%s"'


# --- bodies


def json_from_a_form(app: Typeway) -> None:
    for media_type in ("text/plain", None, URLENCODED, "multipart/form-data"):
        assert posted(app, "/json", b'{"a": 1}', media_type)[0] in (415, 422), media_type


def content_type_of_one_expression(app: Typeway) -> None:
    evil = 'application/x-www-form-urlencoded; !="' + "\\" * 50_000
    assert posted(app, "/form", b"name=x", evil)[0] < 500
    assert posted(app, "/file", b"x", 'multipart/form-data; boundary="' + "\\" * 50_000)[0] in (400, 422)


def infinite_times(app: Typeway) -> None:
    for value in ('"infinity"', '"-inf"', '"nan"', "1e400", '"1e400"', "Infinity", '"P1e400D"'):
        for field in ("at", "on", "lasts"):
            assert posted(app, "/times", f'{{"{field}": {value}}}'.encode(), JSON)[0] in (400, 422), (field, value)


def many_parts(app: Typeway) -> None:
    assert posted(app, "/form", multipart(*[(FIELD, b"x")] * 20_000), BOUNDARY)[0] == 400
    assert posted(app, "/files", multipart(*[(UPLOAD % b"f", b"x")] * 5_000), BOUNDARY)[0] == 400


def a_large_part_without_file_name(app: Typeway) -> None:
    assert posted(app, "/form", multipart((FIELD, b"x" * 3_000_000)), BOUNDARY)[0] == 400


def limits_of_urlencoded_forms(app: Typeway) -> None:
    assert posted(app, "/form", b"name=x&" * 20_000, URLENCODED)[0] == 400
    assert posted(app, "/form", b"name=" + b"x" * 3_000_000, URLENCODED)[0] == 400


def preamble_and_epilogue(app: Typeway) -> None:
    body = multipart((FIELD, b"x"))
    assert posted(app, "/form", b"\r\n" * 1_000_000 + body, BOUNDARY)[0] < 500
    assert posted(app, "/form", body + b"\r\nx" * 1_000_000, BOUNDARY)[0] < 500


def headers_of_a_part(app: Typeway) -> None:
    assert posted(app, "/form", multipart((FIELD + b"\r\nX: " + b"x" * 5_000_000, b"x")), BOUNDARY)[0] == 400
    assert posted(app, "/form", multipart((FIELD + b"\r\nX: x" * 100_000, b"x")), BOUNDARY)[0] == 400


def large_uploads_are_written_in_threads(app: Typeway) -> None:
    """What does not fit into memory goes to the disk, which may be slow, and never in the thread of the event loop."""
    threads = []

    class Spooled(tempfile.SpooledTemporaryFile):  # type: ignore[type-arg]
        def rollover(self) -> None:
            threads.append(threading.get_ident())
            super().rollover()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("starlette.formparsers.SpooledTemporaryFile", Spooled)
        assert posted(app, "/file", multipart((UPLOAD % b"f", b"x" * 3_000_000)), BOUNDARY)[0] == 200
    assert len(threads) == 1
    assert threads[0] != threading.get_ident()


def file_names_are_data(app: Typeway) -> None:
    for name in (b"../../etc/passwd", b"/etc/passwd", b"C:\\x", b"..%2fx"):
        status, body = posted(app, "/file", multipart((UPLOAD % name, b"12")), BOUNDARY)
        assert (status, json.loads(body)[1]) == (200, 2)


def one_name_of_a_part(app: Typeway) -> None:
    """RFC 7578 section 4.2 forbids the extended parameters, by which one part would have two names."""
    extended = b"Content-Disposition: form-data; name=\"other\"; name*=utf-8''name"
    assert json.loads(posted(app, "/form", multipart((extended, b"x")), BOUNDARY)[1]) == ["", "x"]
    split = b'Content-Disposition: form-data; name="file"; filename="a.txt"; filename*=utf-8\'\'b.sh'
    assert json.loads(posted(app, "/file", multipart((split, b"x")), BOUNDARY)[1])[0] == "a.txt"


def semicolons_separate_nothing(app: Typeway) -> None:
    assert json.loads(posted(app, "/form", b"name=a;other=b", URLENCODED)[1]) == ["a;other=b", ""]
    assert client(app).get("/query?x=1;name=y").json() == ""
    assert posted(app, "/form", b";" * 900_000, URLENCODED)[0] < 500


def nested_and_large_json(app: Typeway) -> None:
    assert posted(app, "/json", b'{"a":' * 100_000, JSON)[0] in (400, 422)
    assert posted(app, "/json", b'{"a":' + b"9" * 1_000_000 + b"}", JSON)[0] == 400


def compressed_bodies_are_not_expanded(app: Typeway) -> None:
    sent = Sending("/json", [b"\x1f\x8b" + b"x" * 100], JSON, headers=[("content-encoding", "gzip")])
    assert send(app, sent)["status"][0] in (400, 415, 422)


# --- paths, files, URLs


def traversal(app: Typeway) -> None:
    """The sibling directory of a similar name, dots in every spelling, and absolute paths."""
    http = client(app)
    for base in ("/static", "/site"):
        for path in (
            "-secret/file.txt", "/../static-secret/file.txt", "/..%2fsecret.txt", "/%2e%2e/secret.txt", "/%2e%2e%2fsecret.txt",
            "/..%5csecret.txt", "/....//secret.txt", "//etc/passwd", "/%2fetc%2fpasswd", "/..%252fsecret.txt", "/%00/../secret.txt",
            "/\\\\evil.example\\share", "/%5c%5cevil.example%5cshare", "/C:/Windows/win.ini", "/file.txt/../../secret.txt",
            "/NUL", "/sub/NUL", "/CON.txt", "/file.txt%00.png",
        ):  # fmt: skip
            found = http.get(base + path)
            assert "secret" not in found.text
            assert found.status_code in (200, 404) if base == "/site" else found.status_code == 404, base + path
        assert http.get(base + "/file.txt").status_code == 200


def many_ranges(app: Typeway) -> None:
    many = "bytes=" + ",".join(f"{number}-{number + 1}" for number in range(0, 9_000, 3))
    for path in ("/file", "/static/file.txt", "/site/file.txt"):
        begun = time.process_time()
        found = client(app).get(path, headers={"range": many})
        assert time.process_time() - begun < SECONDS
        assert found.status_code in (200, 206, 416)
        assert len(found.content) < 20_000  # the file has half of that


def the_host_moves_no_path(app: Typeway) -> None:
    for host in (b"h/?", b"h/secret#", b"a@b", b"a b", b"", b"h\\x"):
        found = conversation(app, get(b"/url", host=b"Host: " + host + b"\r\n"))
        assert found[0].status == 400, host
    # Other servers pass such a header on: then the URL does not believe it.
    scope = {
        "type": "http",
        "path": "/url",
        "headers": [(b"host", b"h/secret?")],
        "query_string": b"",
        "server": ("s", 80),
    }
    assert StarletteRequest({**scope, "scheme": "http", "method": "GET"}).url.path == "/url"


def the_path_moves_no_host(app: Typeway) -> None:
    for target in (
        b"@evil.example/", b"evil.example/url", b".evil.example", b"*evil.example", b"http://a@evil.example/url", b"ftp://evil.example/url",
        b"/url#@evil.example",
    ):  # fmt: skip
        assert conversation(app, get(target))[0].status == 400, target


def methods_name_no_attributes(app: Typeway) -> None:
    for method in ("__CLASS__", "HANDLE", "DISPATCH", "METHOD_NOT_ALLOWED", "__init__"):
        found = client(app).request(method, "/url")
        assert (found.status_code, found.headers["allow"]) == (405, "GET, HEAD, OPTIONS"), method
        assert conversation(app, get(b"/url", method=method.encode()))[0].status in (400, 501)


def redirects_stay_here(app: Typeway) -> None:
    for path in (b"//evil.example/here/", b"/\\evil.example/here/", b"///evil.example/here/", b"/url/"):
        found = conversation(app, get(path))[0]
        assert found.status == 307, path
        # Browsers take a backslash for a slash.
        target = urljoin("http://testserver/", found.headers["location"].replace("\\", "/"))
        assert urlsplit(target).hostname == "testserver", target


# --- headers, logs, cookies


def headers_split_nothing(app: Typeway) -> None:
    for path in ("/set", "/set/cookie"):
        for value in (b"a%0d%0aX-Evil:%201", b"a%0aX-Evil:%201", b"a%00b", b"a%0d"):
            found = conversation(app, get(path.encode() + b"?value=" + value))
            assert all("x-evil" not in answer.headers for answer in found)
            # One response to each request; after a 500 the connection may be closed.
            assert (found[0].status, len(found)) in ((200, 2), (500, 1), (500, 2))


def logs_hold_one_line(app: Typeway) -> None:
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append  # type: ignore[method-assign]
    logger = logging.getLogger("uvicorn.access")
    before = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:

        async def talk() -> bytes:
            return await Server(app, options={"access_log": True}).converse([get(b"/%1b[2J%0aINFO:%20forged")])

        run(talk())
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before[0])
    assert records
    assert all(re.search(r"[\x00-\x1f\x7f]", record.getMessage()) is None for record in records)


def underscores_are_no_hyphens(app: Typeway) -> None:
    """A proxy removes X-User; a header x_user must not take its place."""
    assert client(app).get("/header", headers={"x_user": "admin"}).json() is None
    assert client(app).get("/header", headers={"x-user": "admin"}).json() == "admin"


def repeated_headers_cost_their_number(app: Typeway) -> None:
    headers = [("x-user", "x")] * 20_000
    begun = time.process_time()
    found = send(app, Sending("/header", media_type=None, method="GET", headers=headers))
    assert (found["status"][0] < 500, time.process_time() - begun < SECONDS) == (True, True)


def wrong_cookies_write_no_log(app: Typeway) -> None:
    records: list[logging.LogRecord] = []
    handler = logging.Handler(logging.INFO)
    handler.emit = records.append  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    try:
        evil = "; ".join(f"na(me{number}\x01=1" for number in range(2_000))
        assert send(app, Sending("/cookies", media_type=None, method="GET", headers=[("cookie", evil)]))["status"] == [
            200
        ]
    finally:
        logging.getLogger().removeHandler(handler)
    assert records == []


def forwarded_hosts_are_not_believed(app: Typeway) -> None:
    sent = get(b"/url", b"X-Forwarded-Host: evil.example", b"Forwarded: host=evil.example")
    assert b"evil.example" not in conversation(app, sent)[0].body


def large_heads(app: Typeway) -> None:
    assert conversation(app, get(b"/url", b"X: " + b"x" * 20_000))[0].status == 431
    assert conversation(app, get(b"/url", *[b"X: x"] * 1_000))[0].status == 431
    assert conversation(app, get(b"/" + b"x" * 10_000))[0].status == 414


# --- the protocol


def chunks_end_where_they_say(app: Typeway) -> None:
    head = get(b"/json", b"Content-Type: application/json", b"Transfer-Encoding: chunked", method=b"POST")
    for body in (
        b"2\r\n{}XX0\r\n\r\n",
        b"2\r\n{}\n0\r\n\r\n",
        b"+2\r\n{}\r\n0\r\n\r\n",
        b"0x2\r\n{}\r\n0\r\n\r\n",
        b"2_0\r\n{}\r\n0\r\n\r\n",
    ):
        found = conversation(app, head + body)
        assert found[0].status == 400, body
        assert all(answer.body != LAST_BODY for answer in found)


def one_length_of_a_body(app: Typeway) -> None:
    for lines in (
        (b"Content-Length: 2", b"Transfer-Encoding: chunked"), (b"Content-Length: 2", b"Content-Length: 3"),
        (b"Transfer-Encoding: chunked123",), (b"Transfer-Encoding: identity, chunked",), (b"Content-Length: +2",),
        (b"Content-Length : 2",), (b"Transfer-Encoding : chunked",),
    ):  # fmt: skip
        plain = Plain()
        found = conversation(plain, get(b"/json", *lines, method=b"POST") + b"{}" + get(b"/smuggled"))
        assert found[0].status in (400, 501), lines
        assert all(record.path != "/smuggled" for record in plain.seen)


def many_small_chunks(app: Typeway) -> None:
    head = get(b"/json", b"Content-Type: application/json", b"Transfer-Encoding: chunked", method=b"POST")
    begun = time.process_time()
    found = conversation(app, head + b"1\r\n \r\n" * 100_000 + b"2\r\n{}\r\n0\r\n\r\n")
    assert (found[0].status, found[0].body) == (200, b"{}")
    assert time.process_time() - begun < SECONDS


HANDSHAKE = (b"Upgrade: websocket", b"Connection: Upgrade", b"Sec-WebSocket-Version: 13", b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==")  # fmt: skip


def handshakes_have_no_body(app: Typeway) -> None:
    """Of a handshake with a body and the request behind it, only one is answered, with a refusal."""

    async def answered(line: bytes) -> bytes:
        transport = Server(app).connect()
        taken = transport.protocol
        transport.receive(get(b"/socket", *HANDSHAKE, line) + get(b"/url"))
        # A handshake that is accepted has no end: another protocol has the connection.
        await until(lambda: transport.is_over or transport.protocol is not taken)
        transport.abort()
        return bytes(transport.sent)

    for line in (b"Content-Length: 5", b"Transfer-Encoding: chunked"):
        found = run(answered(line))
        assert found.startswith(b"HTTP/1.1 400 "), line
        assert found.count(b"HTTP/1.1 ") == 1, line


def bytes_in_a_handshake(app: Typeway) -> None:
    assert conversation(app, get(b"/socket", *HANDSHAKE, b"Sec-WebSocket-Protocol: \x80\xff"))[0].status == 400


def pipelines_are_bounded(app: Typeway) -> None:
    """While nobody reads the answers, no more requests are taken from the connection than the limit says."""
    plain = Plain()

    async def flood() -> bool:
        transport = Server(plain).connect()
        transport.unread = 10_000_000
        transport.protocol.pause_writing()
        for _ in range(200):
            transport.receive(get(b"/") * 10)
        paused = transport.is_paused
        transport.protocol.resume_writing()
        transport.abort()
        return paused

    assert run(flood())
    assert len(plain.seen) < 1_000


# --- the table

Probe = Callable[[Typeway], None]

PROBED: dict[str, Probe] = {
    "FastAPI CVE-2021-32677 JSON taken from text/plain": json_from_a_form,
    "FastAPI CVE-2024-24762 regular expression of Content-Type": content_type_of_one_expression,
    "Pydantic CVE-2021-29510 infinite datetime": infinite_times,
    "Starlette CVE-2023-29159 sibling of a static directory": traversal,
    "Sanic CVE-2022-35920 encoded slash in a static path": traversal,
    "Litestar CVE-2024-32982 static traversal": traversal,
    "Starlette CVE-2026-48818 UNC path": traversal,
    "Werkzeug CVE-2025-66221, CVE-2026-21860, CVE-2026-27199 names of Windows devices": traversal,
    "Starlette CVE-2023-30798, Litestar CVE-2023-25578, CVE-2024-52581 many parts": many_parts,
    "Starlette CVE-2024-47874, aiohttp CVE-2025-69228 large part without a file name": a_large_part_without_file_name,
    "Starlette CVE-2026-54283 limits of urlencoded forms": limits_of_urlencoded_forms,
    "python-multipart CVE-2024-53981, CVE-2026-40347 preamble and epilogue": preamble_and_epilogue,
    "python-multipart CVE-2026-42561 headers of a part": headers_of_a_part,
    "python-multipart CVE-2026-24486 file name as a path": file_names_are_data,
    "python-multipart CVE-2026-53537 two names of one part": one_name_of_a_part,
    "python-multipart CVE-2026-53538, CVE-2026-53539 semicolons": semicolons_separate_nothing,
    "Starlette CVE-2025-54121 a large upload blocks the loop": large_uploads_are_written_in_threads,
    "Django CVE-2026-1285 deep nesting": nested_and_large_json,
    "aiohttp CVE-2025-69223, CVE-2026-54278 compressed body": compressed_bodies_are_not_expanded,
    "Starlette CVE-2025-62727 many ranges": many_ranges,
    "Starlette CVE-2026-48710 Host moves the path": the_host_moves_no_path,
    "Starlette CVE-2026-54282 path moves the host": the_path_moves_no_host,
    "Starlette CVE-2026-48817 method as an attribute": methods_name_no_attributes,
    "Starlette redirect of a path with two slashes": redirects_stay_here,
    "uvicorn CVE-2020-7695 response splitting": headers_split_nothing,
    "uvicorn CVE-2020-7694 log injection": logs_hold_one_line,
    "Django CVE-2026-3902 underscore for hyphen": underscores_are_no_hyphens,
    "Django CVE-2025-14550 repeated headers": repeated_headers_cost_their_number,
    "aiohttp CVE-2025-69230 log lines of cookies": wrong_cookies_write_no_log,
    "Litestar 2026 X-Forwarded-Host": forwarded_hosts_are_not_believed,
    "vLLM GHSA-rxc4-3w6r-4v47 size of the head": large_heads,
    "h11 CVE-2025-43859 end of a chunk": chunks_end_where_they_say,
    "aiohttp CVE-2023-47641, CVE-2026-111750 two lengths": one_length_of_a_body,
    "aiohttp CVE-2025-69229 many small chunks": many_small_chunks,
    "aiohttp CVE-2026-69243 handshake with a body": handshakes_have_no_body,
    "granian CVE-2026-42544 bytes in a subprotocol": bytes_in_a_handshake,
    "aiohttp CVE-2026-54273 unbounded pipeline": pipelines_are_bounded,
}

# Where another test pins the class.
ELSEWHERE: dict[str, str] = {
    "Litestar CVE-2025-59152 X-Forwarded-For believed": "tests/protocol/test_scope.py::test_believes_only_listed_proxies",
}

NOT_HERE: dict[str, str] = {
    "Litestar CVE-2026-25479 host patterns": "there are no patterns of hosts but those of Starlette's TrustedHostMiddleware, which are literal",
    "Litestar CVE-2026-25480 keys of a cache": "no response is cached by the framework",
    "Django CVE-2025-13473 timing of a user's name": "no database of users; security schemes only read credentials",
    "Django CVE-2026-1207 SQL injection": "the framework writes no SQL",
    "Django CVE-2026-4277, CVE-2026-4292 the admin's permissions": "there is no admin",
    "aiohttp CVE-2026-50269, CVE-2026-47265, CVE-2026-54279, CVE-2026-59881 the client": "the framework has no HTTP client",
}


@pytest.mark.parametrize("probe", PROBED.values(), ids=PROBED)
def test_an_advisory_does_not_apply(app: Typeway, probe: Probe) -> None:
    """What an advisory describes has no effect here: the request is refused, or means only what it says."""
    probe(app)


@pytest.mark.parametrize("test", ELSEWHERE.values(), ids=ELSEWHERE)
def test_other_tests_exist(test: str) -> None:
    """An advisory whose class is pinned by a test elsewhere names a test that is there."""
    path, _, name = test.partition("::")
    assert f"def {name}" in (ROOT / path).read_text(encoding="utf-8")


def test_reasons_are_given() -> None:
    """An advisory that cannot apply has a reason, and each advisory is in one table only."""
    assert all(NOT_HERE.values())
    assert len({*PROBED, *ELSEWHERE, *NOT_HERE}) == len(PROBED) + len(ELSEWHERE) + len(NOT_HERE)


# The first version of a dependency in which every advisory known to us is fixed.
FIXED = {"python-multipart": (0, 0, 30), "starlette": (1, 3, 1), "pydantic": (1, 8, 2)}


@pytest.mark.parametrize("name", FIXED)
def test_no_dependency_may_be_older_than_its_last_fix(name: str) -> None:
    """The lower bounds of the requirements exclude versions with a published advisory."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    (bound,) = [re.match(rf"{name}>=([\d.]+)", entry) for entry in declared if entry.startswith(name)]
    assert bound is not None
    assert tuple(map(int, bound[1].split("."))) >= FIXED[name]
