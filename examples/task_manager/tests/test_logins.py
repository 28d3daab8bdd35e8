"""Stay logged in with refresh tokens, and log out."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from examples.task_manager.models import Login
from examples.task_manager.tests.databases import each_database, opened
from examples.task_manager.tests.people import PASSWORD, join
from typeway.testclient import TestClient

Tokens = dict[str, str]


@pytest.fixture
def tokens(client: TestClient) -> Tokens:
    """The tokens of a user who has just logged in."""
    join(client, "alice")
    answer: Tokens = client.post("/auth/token", data={"username": "alice", "password": PASSWORD}).json()
    return answer


def refresh(client: TestClient, tokens: Tokens) -> tuple[int, Tokens]:
    """Exchange a refresh token."""
    answer = client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    return answer.status_code, answer.json()


def status_of_me(client: TestClient, tokens: Tokens) -> int:
    """Use an access token."""
    return client.get("/users/me", headers={"Authorization": f"Bearer {tokens['access_token']}"}).status_code


@each_database
def test_a_refresh_token_is_exchanged_for_new_tokens(client: TestClient, tokens: Tokens) -> None:
    """Each exchange gives a new refresh token, which works in its turn; no cache may store it."""
    seen = {tokens["refresh_token"]}
    for _ in range(3):
        answer = client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
        tokens = answer.json()
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        assert status_of_me(client, tokens) == 200
        seen.add(tokens["refresh_token"])
    assert len(seen) == 4


@each_database
def test_using_a_refresh_token_twice_ends_the_login(client: TestClient, tokens: Tokens) -> None:
    """Whether the thief or the owner comes second, both are locked out; other logins of the user go on."""
    other = client.post("/auth/token", data={"username": "alice", "password": PASSWORD}).json()
    status, renewed = refresh(client, tokens)
    assert status == 200
    assert refresh(client, tokens)[0] == 401
    assert refresh(client, renewed)[0] == 401
    assert status_of_me(client, renewed) == status_of_me(client, tokens) == 401
    assert status_of_me(client, other) == 200
    assert refresh(client, other)[0] == 200


@each_database
def test_logging_out_ends_all_tokens_of_the_login(client: TestClient, tokens: Tokens) -> None:
    """After 204 neither token works; logging out again is no error."""
    other = client.post("/auth/token", data={"username": "alice", "password": PASSWORD}).json()
    for _ in range(2):
        answer = client.post("/auth/logout", json={"refresh_token": tokens["refresh_token"]})
        assert (answer.status_code, answer.content) == (204, b"")
    assert status_of_me(client, tokens) == 401
    assert refresh(client, tokens)[0] == 401
    assert status_of_me(client, other) == 200


@pytest.mark.parametrize(
    "text", ["", "x", "." * 50, "0" * 32, "0" * 32 + ".", "0" * 32 + ".x", "\x00" * 32 + ".x", "ä" * 32 + ".ö"]
)
def test_other_texts_are_no_refresh_tokens(client: TestClient, tokens: Tokens, text: str) -> None:
    """Damaged and invented tokens are refused alike, and end nothing."""
    status, problem = refresh(client, {"refresh_token": text})
    assert (status, problem["error"]) == (401, "invalid_token")
    assert client.post("/auth/logout", json={"refresh_token": text}).status_code == 204
    assert status_of_me(client, tokens) == 200


def test_a_guessed_secret_is_refused(client: TestClient, tokens: Tokens) -> None:
    """The name of a login without its secret renews nothing."""
    login, _, _ = tokens["refresh_token"].partition(".")
    assert refresh(client, {"refresh_token": f"{login}.guess"})[0] == 401


@each_database
def test_a_login_that_nobody_renews_ends(client: TestClient, tokens: Tokens, database: str) -> None:
    """After its lifetime neither token works."""

    async def age() -> None:
        async with opened(database) as engine, engine.begin() as connection:
            await connection.execute(update(Login).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))

    asyncio.run(age())
    assert status_of_me(client, tokens) == 401
    assert refresh(client, tokens)[0] == 401


def test_refresh_needs_a_token(client: TestClient) -> None:
    """A body without the token is not valid."""
    answer = client.post("/auth/refresh", json={})
    assert (answer.status_code, answer.json()["details"][0]["field"]) == (422, "body.refresh_token")
