"""A name that is spelled in another way does not pass for the name that something is protected by."""

import asyncio
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote

import pytest

from tests.frameworks import Sending, client
from typeway import Cookie, Depends, Request, Typeway, WebSocket
from typeway.middleware.csrf import CSRFMiddleware
from typeway.policies import RateLimit
from typeway.security import APIKeyCookie, SecureCookie


def first_message(app: Typeway, path: str, headers: list[tuple[bytes, bytes]], **scope: Any) -> Any:
    """The first message of the answer to a request whose path is written as it is sent."""
    raw, _, query = path.partition("?")
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        sent.append(message)

    known = Sending(unquote(raw), media_type=None, query=query.encode()).scope()
    asyncio.run(app({**known, "raw_path": raw.encode(), "headers": headers, **scope}, receive, send))
    return sent[0]


# --- cookies: another host of the domain may set a cookie with any name but those that begin with __Host- ------------------------

SESSION = "__Host-session"
key = APIKeyCookie(name=SESSION, auto_error=False)


def with_cookies() -> Typeway:
    app = Typeway()

    @app.middleware("http")
    async def look(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        response.headers["seen"] = request.cookies.get(SESSION, "")
        return response

    @app.get("/parameter")
    async def parameter(value: Annotated[str, Cookie(alias=SESSION)] = "") -> str:
        return value

    @app.get("/scheme")
    async def scheme(value: Annotated[str | None, Depends(key)]) -> str:
        return value or ""

    @app.get("/request")
    async def request(request: Request) -> str:
        return request.cookies.get(SESSION, "")

    @app.websocket("/socket")
    async def socket(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(socket.cookies.get(SESSION, ""))

    return app


def seen(app: Typeway, path: str, cookie: bytes) -> Any:
    """What an application finds in the cookie of the session."""
    if path == "/socket":
        with client(app).websocket_connect(path, headers={b"cookie": cookie}) as connection:
            return connection.receive_text()
    response = client(app).get(path, headers=[(b"cookie", cookie)])
    assert response.headers["seen"] == response.json()
    return response.json()


@pytest.mark.parametrize("path", ["/parameter", "/scheme", "/request", "/socket"])
@pytest.mark.parametrize("space", [b"\x85", b"\xa0", b"\x0b", b"\x0c", b"\x1c", b"\x1f"])
def test_a_cookie_with_a_strange_space_is_another_cookie(path: str, space: bytes) -> None:
    """Python drops these characters around a name, browsers do not: to them the prefix is not one."""
    app = with_cookies()
    for wrong in (space + SESSION.encode() + b"=evil", SESSION.encode() + space + b"=evil"):
        assert seen(app, path, wrong) == ""
        assert seen(app, path, wrong + b"; __Host-session=good") == "good"
        assert seen(app, path, b"__Host-session=good; " + wrong + b"; other=1") == "good"
    assert seen(app, path, b" \t__Host-session \t=\t good ") == "good"


@pytest.mark.parametrize("name", ["__Host-a", "__host-a", "__HOST-a", "__Secure-a", "__secure-a"])
def test_prefixes_of_cookies_have_no_case(name: str) -> None:
    """Browsers refuse such a cookie if it is not secure (RFC 6265bis, section 5.7)."""
    with pytest.raises(ValueError, match="prefix"):
        SecureCookie(name=name, secure=False)


# --- hosts -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "status"),
    [
        (b"a.example.com", 200), (b"A.Example.Com:8000", 200), (b"a_b.example.com", 200), (b"a.b.example.com", 200),
        (b"evil.test/.example.com", 400), (b"evil.test?.example.com", 400), (b"evil.test#.example.com", 400),
        (b"evil.test\\.example.com", 400), (b"user@evil.test:80/.example.com", 400), (b"a@b.example.com", 400), (b"evil.test:80/.example.com", 400),
        (b"evil.test%2f.example.com", 400), (b"evil.test .example.com", 400), (b".example.com", 400), (b"example.com", 400),
        (b"evil-example.com", 400), (b"a.example.com.evil.test", 400), (b"a.example.com.", 400), (b"", 400), (b"\xe9.example.com", 400),
        (b"[::1].example.com", 400),
    ],
)  # fmt: skip
def test_a_host_below_a_trusted_one_is_a_name(host: bytes, status: int) -> None:
    """In the URL of a request whose Host has a slash, the host is another one than the Host ends with."""
    app = Typeway(trusted_hosts=["*.example.com"])

    @app.get("/")
    async def read(request: Request) -> str:
        return str(request.url)

    assert first_message(app, "/", [(b"host", host)], method="GET")["status"] == status


def test_every_host_is_every_host() -> None:
    """A star alone stands for addresses too."""
    app = Typeway(trusted_hosts=["*"])
    app.get("/")(lambda: 1)
    for host in ("[::1]:80", "127.0.0.1", "a.test"):
        assert client(app).get("/", headers={"host": host}).status_code == 200


# --- paths without protection ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/hooks/github", 200), ("/hook", 200), ("/hooks%2Fgithub", 403), ("/hooks%2fgithub", 403), ("/hooks/..", 403), ("/hooks/../x", 403),
        ("/hooks/%2e%2e/x", 403), ("/other", 403), ("/Hooks/x", 403), ("//hooks/x", 403), ("/hook/", 403),
    ],
)  # fmt: skip
def test_an_exempt_path_is_the_path_that_is_routed(path: str, status: int) -> None:
    """A slash that is data for the router is none for the list of exempt paths."""
    app = Typeway(redirect_slashes=False)
    app.add_middleware(CSRFMiddleware, exempt_paths=["/hooks/*", "/hook"])

    @app.post("/{name}")
    @app.post("/{first}/{name}")
    async def change(name: str) -> str:
        return name

    headers = [(b"host", b"a.test"), (b"sec-fetch-site", b"cross-site")]
    assert first_message(app, path, headers)["status"] == status


# --- addresses ---------------------------------------------------------------------------------------------------------


def limited() -> Typeway:
    app = Typeway(policies=[RateLimit("1/hour")])
    app.get("/")(lambda: 1)
    return app


SAME: dict[str, tuple[str, str]] = {
    "a network of IPv6": ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"),
    "written at length": ("2001:db8::1", "2001:0DB8:0:0:0:0:0:1"),
    "with a zone": ("fe80::1%eth0", "fe80::1%eth1"),
    "IPv4 in IPv6": ("::ffff:192.0.2.1", "192.0.2.1"),
    "with a port": ("192.0.2.1:5000", "192.0.2.1:6000"),
    "with a port or without": ("192.0.2.1:5000", "192.0.2.1"),
    "in brackets": ("[2001:db8::1]:80", "2001:db8::2"),
}
OTHER: dict[str, tuple[str, str]] = {
    "networks of IPv6": ("2001:db8:1:2::1", "2001:db8:1:3::1"),
    "IPv4": ("192.0.2.1", "192.0.2.2"),
    "IPv4 in IPv6": ("::ffff:192.0.2.1", "::ffff:192.0.2.2"),
    "names": ("testclient", "another"),
}


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [*((*pair, 429) for pair in SAME.values()), *((*pair, 200) for pair in OTHER.values())],
    ids=[*SAME, *(f"other {name}" for name in OTHER)],
)
def test_a_client_has_one_address_however_it_is_written(first: str, second: str, status: int) -> None:
    """A limit by address counts together what one client can choose from."""
    app = limited()
    statuses = [client(app, client=(host, 1)).get("/").status_code for host in (first, second)]
    assert statuses == [200, status]


# --- redirects ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/pages", "/pages/"),
        ("/pages?a=1", "/pages/?a=1"),
        ("/%70ages", "/%70ages/"),
        ("//pages", "/.//pages/"),
        ("/a%20b", "/a%20b/"),
    ],
)
def test_the_redirect_of_a_frontend_names_no_host(tmp_path: Path, path: str, location: str) -> None:
    """It leads to a path, whatever Host the client has sent."""
    for folder in ("pages", "a b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "index.html").write_text("<p>")
    app = Typeway()
    app.frontend("/", directory=tmp_path, fallback=None)
    found = first_message(app, path, [(b"host", b"evil.test")], method="GET")
    assert found["status"] == 307
    assert dict(found["headers"])[b"location"] == location.encode()
