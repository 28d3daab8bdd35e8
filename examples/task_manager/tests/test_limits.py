"""Passwords cannot be tried by the thousand."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from examples.task_manager.config import ConfigurationError, Settings, load_settings
from examples.task_manager.tests.assembled import create_app, needs_typeway
from examples.task_manager.tests.people import PASSWORD, join
from typeway import FastAPI
from typeway.testclient import TestClient

pytestmark = needs_typeway

WRONG = "wrong password"
ORIGIN = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """A client by HTTPS, for the cookie."""
    with TestClient(app, "https://testserver", headers=ORIGIN) as client:
        yield client


def tries(client: TestClient, path: str, username: str, number: int, password: str = WRONG) -> list[int]:
    """Try to log in, and return the statuses."""
    form = {"username": username, "password": password}
    return [client.post(path, data=form).status_code for _ in range(number)]


@pytest.mark.parametrize("path", ["/auth/token", "/web/login"])
def test_a_name_is_tried_ten_times_a_minute_from_an_address(client: TestClient, path: str) -> None:
    """Then the right password does not help either; letter case makes no other name, and other names are free."""
    join(client, "alice")
    join(client, "bob")
    assert tries(client, path, "bob", 5) + tries(client, path, "BOB", 4) == [401] * 9
    assert tries(client, path, "bob", 1, PASSWORD) == [429]
    refused = client.post(path, data={"username": "bob", "password": WRONG})
    assert (refused.json()["error"], int(refused.headers["retry-after"]) > 0) == ("too_many_requests", True)
    assert tries(client, path, "alice", 1, PASSWORD) == [200]


def test_both_doors_count_together(client: TestClient) -> None:
    """The page and the API are two ways to the same account."""
    assert tries(client, "/auth/token", "nobody", 5) + tries(client, "/web/login", "nobody", 6) == [401] * 10 + [429]


def test_a_name_is_free_from_another_address(app: FastAPI) -> None:
    """Whoever tries passwords locks nobody out elsewhere."""
    with TestClient(app, client=("192.0.2.1", 1)) as thief, TestClient(app, client=("192.0.2.2", 1)) as owner:
        join(owner, "alice")
        assert tries(thief, "/auth/token", "alice", 11)[-1] == 429
        assert tries(owner, "/auth/token", "alice", 1, PASSWORD) == [200]


def test_an_address_has_a_limit_for_all_names(client: TestClient) -> None:
    """Sixty tries in a minute, whatever is tried; other requests go on."""
    statuses = [tries(client, "/auth/token", f"user{number}", 1)[0] for number in range(61)]
    assert statuses == [401] * 60 + [429]
    newcomer = {"username": "carol", "password": PASSWORD}
    assert client.post("/auth/register", json=newcomer).status_code == 429
    assert client.get("/").status_code == client.get("/health/live").status_code == 200


@pytest.mark.parametrize("content", [b"", b"\xff", b"username=" + b"x" * 60_000, b"{}"])
def test_forms_that_cannot_be_read_are_answered_as_without_the_limit(client: TestClient, content: bytes) -> None:
    """The limit reads the form before the endpoint does, and leaves its mistakes to it."""
    for kind in (
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "multipart/form-data; boundary=x",
        "text/plain",
    ):
        answer = client.post("/auth/token", content=content, headers={"Content-Type": kind})
        assert answer.status_code in {400, 401, 415, 422}, (kind, content[:10])


def test_processes_count_together_in_redis(settings: Settings, redis_url: str) -> None:
    """Two applications with one store are two workers: together they answer ten times."""
    shared = settings.model_copy(update={"rate_limit_store": redis_url})
    with TestClient(create_app(shared)) as one, TestClient(create_app(shared)) as two:
        statuses = [tries(client, "/auth/token", "alice", 1)[0] for _ in range(6) for client in (one, two)]
    assert statuses == [401] * 10 + [429] * 2


def test_without_its_store_nobody_logs_in(settings: Settings) -> None:
    """A limit that cannot be checked is no limit: the answer is 503, and everything else goes on."""
    with TemporaryDirectory() as folder:
        away = settings.model_copy(update={"rate_limit_store": f"unix://{folder}/nothing.sock"})
        with TestClient(create_app(away)) as client:
            assert tries(client, "/auth/token", "alice", 1) == [503]
            assert client.get("/health/ready").status_code == 200


def test_a_store_of_another_kind_is_refused_at_the_start(clean_environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The message names the setting."""
    clean_environment.setenv("TASK_MANAGER_DEMO", "1")
    clean_environment.setenv("TASK_MANAGER_RATE_LIMIT_STORE", "postgresql://secret@host/x")
    with pytest.raises(ConfigurationError, match=r"^TASK_MANAGER_RATE_LIMIT_STORE: ") as caught:
        load_settings()
    assert "secret" not in str(caught.value)
