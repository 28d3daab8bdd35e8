"""Credentials of the Authorization header are read by scheme, and refused without being echoed."""

from base64 import b64encode
from typing import Annotated, Any

import pytest

from typeway import Depends, Typeway, WebSocket
from typeway.security import (
    HTTPAuthorizationCredentials,
    HTTPBasic,
    HTTPBasicCredentials,
    HTTPBearer,
    HTTPDigest,
)
from typeway.security.http import HTTPBase
from typeway.testclient import TestClient

OPTIONAL = {"auto_error": False}


def client_for(scheme: HTTPBase) -> TestClient:
    """Serve one endpoint that answers with what the scheme read."""
    app = Typeway()

    @app.get("/")
    async def read(credentials: Annotated[Any, Depends(scheme)]):
        return credentials

    return TestClient(app)


def encoded(credentials: bytes) -> str:
    """Return credentials as RFC 7617 wants them."""
    return b64encode(credentials).decode()


def ask(scheme: HTTPBase, header: str | None) -> tuple[int, Any, str | None]:
    """Return status, body and challenge for this Authorization header."""
    answer = client_for(scheme).get("/", headers={} if header is None else {"Authorization": header})
    return answer.status_code, answer.json(), answer.headers.get("www-authenticate")


@pytest.mark.parametrize(
    ("scheme", "header", "read"),
    [
        (HTTPBearer(), "Bearer token", {"scheme": "Bearer", "credentials": "token"}),
        (HTTPBearer(), "bearer  a b ", {"scheme": "bearer", "credentials": "a b"}),
        (HTTPDigest(), "DIGEST a=b", {"scheme": "DIGEST", "credentials": "a=b"}),
        (HTTPBase(scheme="own"), "Anything goes", {"scheme": "Anything", "credentials": "goes"}),
        (HTTPBasic(), f"Basic {encoded(b'ada:lovelace')}", {"username": "ada", "password": "lovelace"}),
        (HTTPBasic(), f"basic {encoded(b'ada:a:b')}", {"username": "ada", "password": "a:b"}),
        (HTTPBasic(), f"basic {encoded(b':')}", {"username": "", "password": ""}),
    ],
)
def test_credentials_are_read_whatever_the_case_of_the_scheme(scheme, header, read):
    """The dependency yields what the header holds."""
    assert ask(scheme, header) == (200, read, None)


MISSING = [None, "", "Bearer", "Other token"]


@pytest.mark.parametrize(
    ("kind", "challenge"),
    [
        (HTTPBearer, "Bearer"),
        (HTTPDigest, "Digest"),
        (HTTPBasic, "Basic"),
        (lambda **options: HTTPBasic(realm="the lab", **options), 'Basic realm="the lab"'),
    ],
)
@pytest.mark.parametrize("header", MISSING)
def test_missing_credentials_are_401_with_a_challenge_or_none(kind, challenge, header):
    """No header, no credentials and another scheme are a 401 that names the scheme, or None if that is wanted."""
    assert ask(kind(), header) == (401, {"detail": "Not authenticated"}, challenge)
    assert ask(kind(**OPTIONAL), header) == (200, None, None)


@pytest.mark.parametrize("header", [None, "", "Own"])
def test_a_scheme_of_your_own_challenges_with_its_name(header):
    """The base class demands a scheme and credentials, whatever they are."""
    assert ask(HTTPBase(scheme="own"), header) == (401, {"detail": "Not authenticated"}, "Own")
    assert ask(HTTPBase(scheme="own", **OPTIONAL), header) == (200, None, None)


@pytest.mark.parametrize(
    "credentials", ["", "not base64", encoded(b"no colon"), encoded("é:x".encode()), encoded(b"ada:x")[:-2]]
)
@pytest.mark.parametrize("options", [{}, OPTIONAL])
def test_malformed_basic_credentials_are_always_401(credentials, options):
    """Credentials that were sent and cannot be read are refused even where none would do."""
    assert ask(HTTPBasic(**options), f"Basic {credentials}") == (401, {"detail": "Not authenticated"}, "Basic")


@pytest.mark.parametrize(
    ("scheme", "described"),
    [
        (HTTPBearer(bearerFormat="JWT"), {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}),
        (HTTPBasic(description="Staff"), {"type": "http", "scheme": "basic", "description": "Staff"}),
        (HTTPDigest(), {"type": "http", "scheme": "digest"}),
        (HTTPBase(scheme="own", scheme_name="HTTPBase"), {"type": "http", "scheme": "own"}),
    ],
)
def test_the_document_describes_the_scheme(scheme, described):
    """The scheme stands in the document, and the operation demands it."""
    document = client_for(scheme).get("/openapi.json").json()
    assert document["components"]["securitySchemes"] == {type(scheme).__name__: described}
    assert document["paths"]["/"]["get"]["security"] == [{type(scheme).__name__: []}]


def test_secrets_are_left_out_of_logs():
    """Neither a password nor a token shows where the credentials are printed."""
    assert "lovelace" not in repr(HTTPBasicCredentials(username="ada", password="lovelace"))
    assert "token" not in str(HTTPAuthorizationCredentials(scheme="Bearer", credentials="token"))


def test_schemes_work_on_websockets():
    """A WebSocket without credentials is denied before it opens; with them it opens."""
    app = Typeway()

    @app.websocket("/")
    async def talk(socket: WebSocket, user: Annotated[HTTPBasicCredentials, Depends(HTTPBasic())]) -> None:
        await socket.accept()
        await socket.send_text(user.username)
        await socket.close()

    client = TestClient(app)
    with client.websocket_connect("/", headers={"Authorization": f"Basic {encoded(b'ada:x')}"}) as socket:
        assert socket.receive_text() == "ada"
    from starlette.testclient import WebSocketDenialResponse

    with pytest.raises(WebSocketDenialResponse) as denied, client.websocket_connect("/"):
        pass
    assert (denied.value.status_code, denied.value.json()) == (401, {"detail": "Not authenticated"})
