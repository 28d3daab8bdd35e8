"""What browsers are told, and what pages of other sites cannot do: headers, origins, hosts, redirects, cookies."""

import asyncio
import re
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware

from tests.frameworks import COMPAT, Sending, answer_of, client
from tests.serve.wire import converse, served
from typeway import Request, Response, Typeway, WebSocket, WebSocketDisconnect
from typeway.exceptions import DeclarationError
from typeway.headers import UnsafeHeaderError
from typeway.middleware.cors import CORSMiddleware
from typeway.middleware.csrf import CSRFMiddleware
from typeway.middleware.securityheaders import SecurityHeadersMiddleware
from typeway.protocol import HTTPProtocol
from typeway.responses import PlainTextResponse
from typeway.security import SecureCookie, is_safe_url, safe_redirect

STRICT = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"


def protected(middleware: Any, **options: Any) -> Typeway:
    app = Typeway()
    app.add_middleware(middleware, **options)

    @app.get("/")
    async def read() -> str:
        return "read"

    @app.post("/")
    @app.post("/hooks/payment")
    async def change() -> str:
        return "changed"

    @app.get("/fail")
    async def fail() -> None:
        raise ValueError

    @app.get("/own")
    async def own() -> Response:
        return PlainTextResponse("", headers={"X-Frame-Options": "SAMEORIGIN"})

    @app.websocket("/socket")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        await socket.close()

    return app


# --- headers ----------------------------------------------------------------------------------------------------------

DEFAULTS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "strict-origin-when-cross-origin",
    "cross-origin-opener-policy": "same-origin",
}
ALL = {"hsts": 60, "content_security_policy": STRICT, "permissions_policy": "camera=()"}


@pytest.mark.parametrize("path", ["/", "/missing", "/fail", "/docs"])
@pytest.mark.parametrize(("options", "more"), [
    ({}, {}),
    (ALL, {"strict-transport-security": "max-age=60; includeSubDomains", "content-security-policy": STRICT,
           "permissions-policy": "camera=()"}),
])  # fmt: skip
def test_every_response_gets_the_headers(path, options, more):
    """Answers of endpoints, 404s, pages and the 500 of an unhandled error have them."""
    headers = client(protected(SecurityHeadersMiddleware, **options)).get(path).headers
    optional = {"strict-transport-security", "content-security-policy", "permissions-policy"}
    assert {name: headers[name] for name in headers if name in DEFAULTS.keys() | optional} == {**DEFAULTS, **more}


def test_a_response_keeps_the_headers_that_it_sets():
    """What an endpoint has set is not doubled and not replaced."""
    headers = client(protected(SecurityHeadersMiddleware)).get("/own").headers
    assert headers.get_list("x-frame-options") == ["SAMEORIGIN"]


def test_headers_can_be_left_out():
    """None leaves a header out."""
    app = protected(SecurityHeadersMiddleware, frame_options=None, referrer_policy=None, opener_policy=None)
    assert client(app).get("/").headers.keys() & DEFAULTS.keys() == {"x-content-type-options"}


@pytest.mark.parametrize(("options", "error"), [
    ({"frame_options": "ALLOW"}, ValueError), ({"hsts": "1y"}, ValueError), ({"hsts": -1}, ValueError),
    ({"content_security_policy": "a\r\nb: c"}, UnsafeHeaderError),
])  # fmt: skip
def test_a_wrong_value_is_refused(options, error):
    """A value that no browser understands, or that would end the header, is an error when the middleware is made."""
    with pytest.raises(error):
        SecurityHeadersMiddleware(None, **options)


def test_the_pages_of_the_documentation_fit_the_strict_policy():
    """No page has a script or a style in it, an attribute that is a script, or a file of another host."""
    asking = client(protected(SecurityHeadersMiddleware, content_security_policy=STRICT))
    for path in ("/docs", "/redoc", "/docs/oauth2-redirect"):
        text = asking.get(path).text
        scripts = re.findall(r"<script([^>]*)>", text)
        assert scripts, path
        assert all("src=" in script or 'type="application/json"' in script for script in scripts)
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", text)
        for address in re.findall(r'(?:src|href)="([^"]+)"', text):
            assert not urlsplit(address).netloc
            assert asking.get(address).status_code == 200


# --- requests of other sites --------------------------------------------------------------------------------------------

HERE = "http://testserver"
FRIEND = "https://app.example.com"
CASES = [
    ({}, True),  # no browser
    ({"sec-fetch-site": "same-origin"}, True),
    ({"sec-fetch-site": "none"}, True),
    ({"sec-fetch-site": "same-site"}, False),
    ({"sec-fetch-site": "cross-site"}, False),
    ({"sec-fetch-site": "other"}, False),
    ({"sec-fetch-site": "Cross-Site"}, False),
    ({"sec-fetch-site": "cross-site", "origin": FRIEND}, True),
    ({"sec-fetch-site": "cross-site", "origin": "https://evil.example"}, False),
    ({"sec-fetch-site": "cross-site", "origin": "http://testserver"}, False),
    ({"sec-fetch-site": "same-origin", "origin": "null"}, True),
    ({"origin": HERE}, True),
    ({"origin": "https://testserver"}, True),  # a proxy has ended TLS
    ({"origin": FRIEND}, True),
    ({"origin": "https://APP.example.com"}, True),
    ({"origin": "null"}, False),
    ({"origin": ""}, False),
    ({"origin": "https://evil.example"}, False),
    ({"origin": "http://testserver.evil.example"}, False),
    ({"origin": "http://testserver:81"}, False),
    ({"origin": "http://app.example.com"}, False),
    ({"origin": "testserver"}, False),
]


@pytest.mark.parametrize(("headers", "passes"), CASES, ids=repr)
def test_only_requests_of_own_and_trusted_pages_change_something(headers, passes):
    """What browsers say about who has caused a request decides; reading is always possible."""
    asking = client(protected(CSRFMiddleware, trusted_origins=[FRIEND]))
    assert asking.post("/", headers=headers).status_code == (200 if passes else 403)
    assert asking.get("/", headers=headers).status_code == 200
    assert asking.options("/", headers=headers).status_code == 204
    if passes:
        with asking.websocket_connect("/socket", headers=headers):
            pass
    else:
        with pytest.raises(WebSocketDisconnect), asking.websocket_connect("/socket", headers=headers):
            pass


@pytest.mark.parametrize("headers", [
    [("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")],
    [("origin", HERE), ("origin", "https://evil.example")],
    [("origin", FRIEND), ("origin", "https://evil.example")],
    [("origin", "https://evil.example"), ("host", "evil.example")],
])  # fmt: skip
def test_of_several_headers_none_may_be_wrong(headers):
    """A header that occurs twice, with a good and a bad value, does not pass by its good one."""
    app = protected(CSRFMiddleware, trusted_origins=[FRIEND])
    found = asyncio.run(answer_of(app, Sending("/", headers=headers)))
    assert found["status"] == [403]


async def nothing(request, error):
    return None


async def mistake(request, error):
    raise LookupError


@pytest.mark.parametrize("handler", [nothing, mistake])
def test_a_refusal_stays_one_whatever_the_handlers_do(handler):
    """A handler that returns nothing leaves the usual 403; what a handler raises has a handler too, as at an endpoint."""
    app = Typeway()
    app.exception_handler(403)(handler)

    @app.exception_handler(LookupError)
    async def lost(request, error):
        return PlainTextResponse("lost", 403)

    app.add_middleware(CSRFMiddleware)
    asking = client(app)
    response = asking.post("/", headers={"sec-fetch-site": "cross-site"})
    assert (response.status_code, response.text == "lost") == (403, handler is mistake)


def test_a_refusal_has_the_format_of_the_application():
    """It is answered like any other error: as the author's handlers do, as a problem, or as usual."""
    foreign = {"sec-fetch-site": "cross-site"}
    own = Typeway()

    @own.exception_handler(403)
    async def forbidden(request: Request, error: Exception) -> PlainTextResponse:
        return PlainTextResponse(f"{request.url.path} is forbidden", 403)

    for app, kind, text in (
        (own, "text/plain", "/ is forbidden"),
        (Typeway(errors="problem"), "application/problem+json", '"detail":"Cross-origin request refused"'),
        (Typeway(), "application/json", '{"detail":"Cross-origin request refused"}'),
        (Starlette(), "application/json", '{"detail":"Cross-origin request refused"}'),
    ):
        app.add_middleware(CSRFMiddleware)
        response = client(app).post("/", headers=foreign)
        assert response.status_code == 403
        assert response.headers["content-type"].startswith(kind)
        assert text in response.text


def test_paths_can_be_exempt():
    """A path, or all below one, can be left unprotected."""
    foreign = {"sec-fetch-site": "cross-site"}
    for exempt in (["/hooks/payment"], ["/hooks/*"]):
        asking = client(protected(CSRFMiddleware, exempt_paths=exempt))
        assert asking.post("/hooks/payment", headers=foreign).status_code == 200
        assert asking.post("/", headers=foreign).status_code == 403


@pytest.mark.parametrize("origin", ["app.example.com", "https://app.example.com/", "*", "null", "https://"])
def test_an_origin_that_can_never_match_is_refused(origin):
    """A trusted origin has a scheme and a host, and nothing else."""
    with pytest.raises(ValueError, match="origin"):
        CSRFMiddleware(None, trusted_origins=[origin])


OPEN = [
    {"allow_origins": ["*"]}, {"allow_origins": ["https://a.example", "*"]}, {"allow_origin_regex": ".*"},
    {"allow_origin_regex": "https?://.*"}, {"allow_origin_regex": r"https://[\w.-]+"},
    {"allow_origin_regex": "(https://a.example|null)"},
]  # fmt: skip


@pytest.mark.parametrize("options", OPEN)
def test_every_origin_with_credentials_is_refused(options):
    """CORS that lets any page read responses with the cookies of its user does not start; in compat mode it does."""
    with pytest.raises(DeclarationError, match="every site"):
        Typeway().add_middleware(CORSMiddleware, allow_credentials=True, **options)
    with pytest.raises(DeclarationError, match="every site"):
        Typeway(middleware=[Middleware(CORSMiddleware, allow_credentials=True, **options)])
    Typeway().add_middleware(CORSMiddleware, **options)
    COMPAT.FastAPI().add_middleware(CORSMiddleware, allow_credentials=True, **options)


def test_listed_origins_may_send_credentials():
    """A list, or a pattern for the hosts below one domain, is accepted."""
    for options in ({"allow_origins": [FRIEND]}, {"allow_origin_regex": r"https://[\w-]+\.example\.com"}):
        Typeway().add_middleware(CORSMiddleware, allow_credentials=True, **options)


# --- hosts and redirects --------------------------------------------------------------------------------------------------

HOSTS = [
    ("example.com", True), ("EXAMPLE.com", True), ("example.com:8000", True), ("a.example.com", False),
    ("a.example.org", True), ("a.b.example.org:1", True), ("example.org", False), ("evilexample.org", False),
    ("evil.example", False), ("example.com.evil.example", False), ("example.com@evil.example", False), ("[::1]:80", True),
    ("", False),
]  # fmt: skip


def hosted() -> Typeway:
    app = Typeway(trusted_hosts=["example.com", "*.example.org", "[::1]"])

    @app.get("/")
    async def read() -> str:
        return "read"

    @app.websocket("/socket")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        await socket.close()

    return app


@pytest.mark.parametrize("layer", [False, True], ids=["alone", "layer"])
@pytest.mark.parametrize(("host", "passes"), HOSTS)
def test_only_listed_hosts_are_served(host, passes, layer):
    """A request for another host is answered with 400 before anything else looks at it."""
    app = hosted()
    if layer:

        @app.middleware("http")
        async def pass_on(request: Request, call_next: Any) -> Any:
            return await call_next(request)

    response = client(app).get("/", headers={"host": host})
    assert response.status_code == (200 if passes else 400)
    assert passes or response.json() == {"detail": "The Host header names no host of this application."}
    asking = client(app)
    if passes:
        with asking.websocket_connect("/socket", headers={"host": host}):
            pass
    else:
        with pytest.raises(WebSocketDisconnect), asking.websocket_connect("/socket", headers={"host": host}):
            pass


def test_the_direct_way_asks_for_the_host_too(monkeypatch):
    """Requests that reach a plan without ASGI are refused as well."""
    monkeypatch.setattr("typeway.application.app.OPENTELEMETRY", "no module of this name")
    app = hosted()
    with served(app, http=HTTPProtocol) as port:
        for host, status in (("example.com", 200), ("evil.example", 400)):
            got = converse(port, f"GET / HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n".encode())
            assert got.startswith(b"HTTP/1.1 %d " % status)
        assert app._direct() is not None


@pytest.mark.parametrize(
    "hosts", ["example.com", ["https://example.com"], ["example.com:80"], ["a*.example.com"], [""], [1]]
)
def test_a_host_that_can_never_match_is_refused(hosts):
    """A trusted host has no scheme, port or path, and a star stands for whole labels in front."""
    with pytest.raises(DeclarationError, match="trusted_hosts"):
        Typeway(trusted_hosts=hosts)


@pytest.mark.parametrize(("path", "query", "location"), [
    ("/tasks/", b"", "/tasks"), ("/tasks/", b"a=1&b=%20", "/tasks?a=1&b=%20"), ("/tasks/", b"a=\xe9\r\nx", "/tasks?a=%E9%0D%0Ax"),
    ("//evil.example/tasks/", b"", "/.//evil.example/tasks"),
])  # fmt: skip
def test_the_redirect_of_a_slash_has_no_host(path, query, location):
    """The Location is a path, whatever the Host header says, and a path with two slashes is not read as a host."""
    app = Typeway()

    @app.get("/tasks")
    @app.get("/{rest:path}/tasks")
    async def tasks() -> None: ...

    sending = Sending(path, method="GET", media_type=None, query=query, headers=[("host", "evil.example")])
    headers = dict(asyncio.run(answer_of(app, sending))["headers"])
    assert headers[b"location"].decode() == location
    assert urlsplit(urljoin("https://good.example/x/y", location)).netloc == "good.example"


def test_in_compat_mode_a_redirect_names_the_host():
    """An unmodified FastAPI application redirects as on FastAPI."""
    app = COMPAT.FastAPI()

    @app.get("/tasks")
    async def tasks() -> None: ...

    assert client(app).get("/tasks/").headers["location"] == "http://testserver/tasks"


SAFE = ["/", "/tasks", "/tasks?next=//evil.example", "/a//b", "/%2F%2Fevil.example", "/a:b@c", "/ä", "/#x"]
UNSAFE = [
    "", "tasks", "?a", "#x", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
    "\t//evil.example", " //evil.example", "/\n/evil.example", "/\x00", "https://evil.example", "HTTPS://evil.example",
    "https:evil.example", "https:///evil.example", "javascript:alert(1)", "java\nscript:alert(1)", "data:text/html,x",
    "https://app.example.com@evil.example", "https://evil.example#@app.example.com", "https://app.example.com.evil.example",
    "https://[::1", "ftp://app.example.com", "//app.example.com", "https://app.example.com:444/", "/a b",
]  # fmt: skip


@pytest.mark.parametrize("url", UNSAFE)
def test_an_unsafe_redirect_leads_home(url):
    """An address that a browser may take for another site is replaced."""
    assert not is_safe_url(url, ["app.example.com"])
    assert safe_redirect(url, allowed_hosts=["app.example.com"], otherwise="/home").headers["location"] == "/home"


@pytest.mark.parametrize("url", [*SAFE, "https://app.example.com/x", "http://APP.example.com"])
def test_a_safe_redirect_leads_where_it_says(url):
    """Paths of this application, and URLs of listed hosts, are kept."""
    assert is_safe_url(url, ["app.example.com"])
    response = safe_redirect(url, allowed_hosts=["app.example.com"])
    assert response.status_code == 303
    place = urlsplit(urljoin("https://good.example/", response.headers["location"]))
    assert place.netloc.lower() in ("good.example", "app.example.com")


# --- cookies --------------------------------------------------------------------------------------------------------------


def test_a_cookie_is_secure_unless_it_says_otherwise():
    """It travels by HTTPS only, scripts cannot read it, and it is deleted with the attributes with which it was set."""
    response = Response()
    session = SecureCookie(name="__Host-session", max_age=60)
    session.set(response, "token")
    session.delete(response)
    made, deleted = response.headers.getlist("set-cookie")
    assert made == "__Host-session=token; HttpOnly; Max-Age=60; Path=/; SameSite=lax; Secure"
    assert {"HttpOnly", "Path=/", "SameSite=lax", "Secure", "Max-Age=0"} <= set(deleted.split("; "))


@pytest.mark.parametrize("options", [
    {"name": "__Host-a", "domain": "example.com"}, {"name": "__Host-a", "path": "/a"}, {"name": "__Host-a", "secure": False},
    {"name": "__Secure-a", "secure": False}, {"name": "a", "samesite": "none", "secure": False}, {"name": "a", "samesite": "no"},
])  # fmt: skip
def test_a_cookie_that_browsers_refuse_is_an_error(options):
    """The mistake is reported where the cookie is declared."""
    with pytest.raises(ValueError, match=options["name"]):
        SecureCookie(**options)
