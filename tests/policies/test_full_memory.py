"""What clients can make a process keep in its memory has an end, and no protection ends there."""

from typing import Any

import pytest

from tests.frameworks import client
from typeway import Typeway
from typeway.policies import Idempotency, RateLimit, answers, rate_limit


def test_clients_beyond_the_most_count_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are counted already keep their own counts; a client that invents names does not get past the limit."""
    monkeypatch.setattr(rate_limit, "MOST_CLIENTS", 3)
    app = Typeway(policies=[RateLimit("2/hour", key=lambda connection: connection.headers["name"])])
    app.get("/")(lambda: 1)
    http = client(app)

    def ask(name: str) -> int:
        return http.get("/", headers={"name": name}).status_code

    assert [ask(name) for name in ("a", "b", "c")] == [200, 200, 200]
    assert [ask(f"invented {number}") for number in range(4)] == [200, 200, 429, 429]
    assert [ask(name) for name in ("a", "a", "b")] == [200, 429, 200]


def test_places_of_clients_are_free_after_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """What counts no longer is dropped before clients count together."""
    monkeypatch.setattr(rate_limit, "MOST_CLIENTS", 2)
    counts, window = rate_limit.Counts(), rate_limit.Window(1, 10)
    assert [counts.hit(name, window, 100.0)[0] for name in "abcd"] == [True, True, True, False]
    assert [counts.hit(name, window, 125.0)[0] for name in "efgh"] == [True, True, True, False]
    assert len(counts.used) == 3


def paying(**options: Any) -> tuple[Any, list[str]]:
    """A client of an application that is paid once for each key, and what has been paid."""
    app, paid = Typeway(policies=[Idempotency(**options)]), list[str]()

    @app.post("/{name}")
    async def pay(name: str) -> str:
        paid.append(name)
        return "x" * 100

    return client(app), paid


@pytest.mark.parametrize(("name", "most"), [("MOST_KEYS", 3), ("MOST_CHARACTERS", 400)])
def test_a_full_memory_refuses_new_keys(name: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers that have been promised are kept; a request with a new key is a 503, and is not carried out."""
    monkeypatch.setattr(answers, name, most)
    http, paid = paying()
    statuses = [http.post(f"/{key}", headers={"idempotency-key": key}).status_code for key in "abcdef"]
    assert statuses[0] == 200
    assert statuses[-1] == 503
    count = statuses.count(200)
    assert statuses == [200] * count + [503] * (6 - count)
    again = http.post("/a", headers={"idempotency-key": "a"})
    assert (again.status_code, again.headers["idempotent-replayed"]) == (200, "true")
    assert len(paid) == count


def test_a_full_memory_may_let_requests_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """With `on_store_failure="allow"` they are carried out without their key, as if the store had failed."""
    monkeypatch.setattr(answers, "MOST_KEYS", 1)
    http, paid = paying(on_store_failure="allow")
    assert [http.post(f"/{key}", headers={"idempotency-key": key}).status_code for key in "abb"] == [200] * 3
    assert paid == ["a", "b", "b"]


def test_answers_that_have_expired_make_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are dropped when there is no place, but not for each request."""
    monkeypatch.setattr(answers, "MOST_KEYS", 2)
    now = [1_000.0]
    monkeypatch.setattr(answers, "time", lambda: now[0])
    http, _ = paying(ttl=60, lease=50)
    ask = [http.post(f"/{key}", headers={"idempotency-key": key}).status_code for key in "abc"]
    assert ask == [200, 200, 503]
    now[0] += 61
    assert http.post("/d", headers={"idempotency-key": "d"}).status_code == 200
