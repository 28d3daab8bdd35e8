"""Register, log in, and authenticate."""

import base64
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest

from examples.task_manager.config import Settings
from examples.task_manager.services.tokens import AccessTokens
from examples.task_manager.tests.databases import each_database
from examples.task_manager.tests.people import PASSWORD, join, log_in
from typeway.testclient import TestClient


@each_database
def test_newcomer_can_register_log_in_and_read_their_account(client: TestClient) -> None:
    """A user registers, exchanges the password for a token, and uses the token."""
    registered = client.post("/auth/register", json={"username": "alice", "password": PASSWORD})
    token = client.post("/auth/token", data={"username": "alice", "password": PASSWORD})
    me = client.get("/users/me", headers={"Authorization": f"Bearer {token.json()['access_token']}"})

    assert (registered.status_code, token.status_code, me.status_code) == (201, 200, 200)
    assert registered.json() == me.json()
    assert set(me.json()) == {"id", "username", "created_at"}
    assert me.json()["username"] == "alice"


def test_token_answer_has_the_form_of_oauth2(client: TestClient) -> None:
    """RFC 6749 5.1: type, lifetime in seconds, and no caching."""
    join(client, "alice")
    answer = client.post("/auth/token", data={"grant_type": "password", "username": "alice", "password": PASSWORD})
    tokens = answer.json()
    assert set(tokens) == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert (tokens["token_type"], tokens["expires_in"]) == ("bearer", 900)
    assert answer.headers["cache-control"] == "no-store"


@each_database
def test_username_belongs_to_the_first_who_took_it(client: TestClient) -> None:
    """A second registration is a conflict and does not change the first account."""
    join(client, "alice")
    answer = client.post("/auth/register", json={"username": "alice", "password": "another password"})
    assert answer.status_code == 409
    assert answer.json() == {"error": "username_taken", "message": "The username 'alice' is taken"}
    log_in(client, "alice")


@each_database
@pytest.mark.parametrize("other", ["Alice", "ALICE", "alicE"])
def test_letter_case_makes_no_other_user(client: TestClient, other: str) -> None:
    """Names that differ in letter case are one user, who may log in with either and is shown as registered."""
    join(client, "alice")
    answer = client.post("/auth/register", json={"username": other, "password": PASSWORD})
    assert (answer.status_code, answer.json()["error"]) == (409, "username_taken")
    assert client.get("/users/me", headers=log_in(client, other)).json()["username"] == "alice"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"username": "alice"}, "body.password"),
        ({"password": PASSWORD}, "body.username"),
        ({"username": "alice", "password": "1234567"}, "body.password"),
        ({"username": "alice", "password": "x" * 129}, "body.password"),
        ({"username": "alice", "password": 12345678}, "body.password"),
        ({"username": "", "password": PASSWORD}, "body.username"),
        ({"username": "x" * 65, "password": PASSWORD}, "body.username"),
        ({"username": "al ice", "password": PASSWORD}, "body.username"),
        ({"username": "alice\n", "password": PASSWORD}, "body.username"),
        ({"username": "al\x00ice", "password": PASSWORD}, "body.username"),
        ({"username": None, "password": PASSWORD}, "body.username"),
        ({"username": "alice", "password": PASSWORD, "admin": True}, "body.admin"),
    ],
)
def test_registration_must_be_valid(client: TestClient, body: dict[str, Any], field: str) -> None:
    """The error names the invalid field of a registration, and does not contain the password."""
    answer = client.post("/auth/register", json=body)
    assert answer.status_code == 422
    assert [problem["field"] for problem in answer.json()["details"]] == [field]
    assert str(body.get("password", PASSWORD)) not in answer.text


@each_database
@pytest.mark.parametrize("username", ["alice", "nobody", "no\x00body", "x" * 10_000, ""])
def test_wrong_password_and_unknown_user_get_the_same_answer(client: TestClient, username: str) -> None:
    """A failed login does not reveal which names exist, and no form value is a server error."""
    join(client, "alice")
    answer = client.post("/auth/token", data={"username": username or " ", "password": "wrong password"})
    assert answer.status_code == 401
    assert answer.json() == {"error": "invalid_credentials", "message": "Incorrect username or password"}
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ({}, ["body.username", "body.password"]),
        ({"username": "alice"}, ["body.password"]),
        ({"username": "alice", "password": PASSWORD, "grant_type": "refresh_token"}, ["body.grant_type"]),
    ],
)
def test_login_form_must_be_complete(client: TestClient, form: dict[str, str], fields: list[str]) -> None:
    """A login without a name or a password, or with another grant type, is refused."""
    answer = client.post("/auth/token", data=form)
    assert answer.status_code == 422
    assert [problem["field"] for problem in answer.json()["details"]] == fields


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/users/me"),
        ("GET", "/tasks"),
        ("POST", "/tasks"),
        ("GET", "/tasks/1"),
        ("PATCH", "/tasks/1"),
        ("DELETE", "/tasks/1"),
    ],
)
def test_no_token_no_answer(client: TestClient, method: str, path: str) -> None:
    """Without a bearer token the response is 401 and names the right scheme."""
    attempts: list[dict[str, str]] = [{}, *({"Authorization": text} for text in ("Basic YTpi", "Bearer", "token"))]
    for headers in attempts:
        answer = client.request(method, path, headers=headers)
        assert answer.status_code == 401
        assert answer.json()["error"] in {"unauthorized", "invalid_token"}
        assert answer.headers["www-authenticate"].startswith("Bearer")


def unsigned(claims: dict[str, Any]) -> str:
    """Create a token with the algorithm "none"."""

    def part(content: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims)}."


def signed(key: str, **claims: Any) -> str:
    """Sign claims that the application itself would not create."""
    return jwt.encode(claims, key, algorithm="HS256")


@each_database
def test_only_our_own_fresh_tokens_open_an_account(client: TestClient, settings: Settings) -> None:
    """Forged, altered, expired, incomplete and foreign tokens are all refused with the same message."""
    headers = join(client, "alice")
    good = headers["Authorization"].removeprefix("Bearer ")
    assert settings.secret_key is not None
    key = settings.secret_key.get_secret_value()
    later = 4_000_000_000
    header, payload, signature = good.split(".")
    login = jwt.decode(good, key, algorithms=["HS256"])["sid"]
    forgeries = {
        "another key": signed("k" * 40, sub="1", sid=login, exp=later),
        "no signature": unsigned({"sub": "1", "sid": login, "exp": later}),
        "altered payload": f"{header}.{payload[:-2]}xx.{signature}",
        "signature cut off": f"{header}.{payload}.",
        "expired": AccessTokens(key, timedelta(seconds=-1)).issue(1, login),
        "never expires": signed(key, sub="1", sid=login),
        "no subject": signed(key, sid=login, exp=later),
        "no login": signed(key, sub="1", exp=later),
        "a number for a login": signed(key, sub="1", sid=1, exp=later),
        "a login with NUL": signed(key, sub="1", sid="\x00", exp=later),
        "unknown login": signed(key, sub="1", sid="0" * 32, exp=later),
        "not a token": "nonsense",
        "bytes beyond ASCII": "gr\xfc\xdfe",
    }
    for name, token in forgeries.items():
        answer = client.get("/users/me", headers={b"Authorization": f"Bearer {token}".encode("latin-1")})
        assert (name, answer.status_code) == (name, 401)
        assert answer.json() == {"error": "invalid_token", "message": "The token is invalid or has expired"}
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert client.get("/users/me", headers=headers).status_code == 200
