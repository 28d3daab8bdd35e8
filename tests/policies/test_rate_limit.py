"""A client that sends more requests than a limit is refused, and is told when to come back."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import Annotated, Any

import pytest

from tests.patience import PATIENCE
from tests.policies.servers import RedisServer
from typeway import BackgroundTasks, Depends, Form, HTTPException, Request, Router, Typeway, UploadFile
from typeway.exceptions import DeclarationError
from typeway.policies import RateLimit, by_credentials, by_principal
from typeway.policies.rate_limit import Counts, Usage, Window
from typeway.security import APIKeyHeader
from typeway.testclient import TestClient


def limited(policy: RateLimit) -> Typeway:
    app = Typeway(policies=[policy])

    @app.get("/items")
    async def items() -> int:
        return 1

    @app.post("/items")
    def add_item(item: dict[str, int]) -> dict[str, int]:
        return item

    return app


def test_requests_over_the_limit_are_429_with_a_time_to_wait() -> None:
    """The limit is exact, and each response says what is left, by the fields of the draft."""
    with TestClient(limited(RateLimit("3/hour"))) as client:
        answers = [client.get("/items") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert [answer.headers["RateLimit"].partition(";t=")[0] for answer in answers[:3]] == [
        '"default";r=2', '"default";r=1', '"default";r=0',
    ]  # fmt: skip
    assert {answer.headers["RateLimit-Policy"] for answer in answers} == {'"default";q=3;w=3600'}
    assert 3500 < int(answers[-1].headers["Retry-After"]) <= 3600


def test_a_request_counts_before_its_body_is_read_and_whatever_its_answer() -> None:
    """Bodies that cannot be read, and invalid ones, use the limit up like others."""
    with TestClient(limited(RateLimit("2/hour"))) as client:
        bodies = [b"{", b'{"a": "x"}', b'{"a": 1}']
        answers = [client.post("/items", content=body, headers={"content-type": "application/json"}) for body in bodies]
    assert [answer.status_code for answer in answers] == [422, 422, 429]
    assert "RateLimit" in answers[0].headers


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_head_counts_like_get(method: str) -> None:
    """A HEAD that a GET route answers is a request to it."""
    with TestClient(limited(RateLimit("1/hour"))) as client:
        assert [client.request(method, "/items").status_code for _ in range(2)] == [200, 429]


def test_what_no_route_answers_does_not_count() -> None:
    """A preflight, a 404 and a 405 reach no route, so that no policy acts."""
    with TestClient(limited(RateLimit("1/hour"))) as client:
        assert [client.options("/items").status_code, client.get("/nowhere").status_code] == [204, 404]
        assert client.get("/openapi.json").status_code == 200
        assert client.get("/items").status_code == 200


def test_several_limits_apply_together() -> None:
    """`"2/second; 3/hour"` are two limits, and limits of other names apply beside them."""
    app = Typeway(policies=[RateLimit("9/hour", name="all", key=lambda connection: "all")])

    @app.get("/", policies=[RateLimit("20/second; 3/hour")])
    async def read() -> int:
        return 1

    with TestClient(app) as client:
        answers = [client.get("/") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert '"default-1";q=20;w=1, "default-3600";q=3;w=3600' in answers[0].headers["RateLimit-Policy"]
    assert '"all";q=9;w=3600' in answers[0].headers["RateLimit-Policy"]


def test_the_nearer_limit_takes_the_place_of_the_farther_one() -> None:
    """Of the application, the inclusion, the router and the route, the innermost limit counts."""
    router = Router(policies=[RateLimit("2/hour")])

    @router.get("/router")
    async def of_router() -> int:
        return 1

    @router.get("/route", policies=[RateLimit("1/hour")])
    async def of_route() -> int:
        return 1

    inner = Router()

    @inner.get("/inclusion")
    async def of_inclusion() -> int:
        return 1

    app = Typeway(policies=[RateLimit("5/hour")])
    app.include_router(router)
    app.include_router(inner, policies=[RateLimit("3/hour")])

    @app.get("/app")
    async def of_app() -> int:
        return 1

    counts = {}
    with TestClient(app) as client:
        for path in ("/router", "/route", "/inclusion", "/app"):
            counts[path] = [client.get(path).status_code for _ in range(8)].count(200)
    assert counts == {"/router": 2, "/route": 1, "/inclusion": 3, "/app": 5}


calls: list[str] = []


async def current_user(name: str | None = None) -> str | None:
    calls.append(name or "")
    if name == "nobody":
        raise HTTPException(401)
    return name


def test_a_principal_of_a_dependency_tells_clients_apart() -> None:
    """The dependency runs once for policy and endpoint, before the body is read; without a principal the address counts."""
    app = Typeway()

    @app.post("/", policies=[RateLimit("1/hour", key=by_principal(current_user))])
    async def write(user: Annotated[str | None, Depends(current_user)], item: dict[str, int]) -> str | None:
        return user

    calls.clear()
    with TestClient(app) as client:
        answers = [client.post(f"/?name={name}", json={"a": 1}) for name in ("ann", "bob", "ann")]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert calls == ["ann", "bob", "ann"]
        assert client.post("/?name=bob", content=b"{").status_code == 429
        assert client.post("/?name=nobody", content=b"{").status_code == 401
        assert [client.post("/", json={}).status_code for _ in range(2)] == [200, 429]
        assert client.post("/?name=1&name=2", json={"a": 1}).status_code == 200


def test_a_principal_that_identifies_nobody_is_an_error_and_not_a_new_client(caplog: pytest.LogCaptureFixture) -> None:
    """An object whose text is its address in memory would be another client at every request."""

    class User:
        pass

    app = Typeway()

    @app.get("/", policies=[RateLimit("1/hour", key=by_principal(User))])
    async def read() -> int:
        return 1

    with TestClient(app, raise_server_exceptions=False) as client:
        assert client.get("/").status_code == 500


def test_credentials_are_those_of_the_security_scheme() -> None:
    """by_credentials reads what the route's own scheme reads, and other headers make no other client."""
    scheme = APIKeyHeader(name="X-Token")
    app = Typeway(policies=[RateLimit("1/hour", key=by_credentials)])

    @app.get("/")
    async def read(token: Annotated[str, Depends(scheme)]) -> str:
        return token

    with TestClient(app) as client:
        sent = [{"X-Token": "a"}, {"X-Token": "b"}, {"X-Token": "a", "Authorization": "new"}]
        assert [client.get("/", headers=headers).status_code for headers in sent] == [200, 200, 429]


def test_a_key_that_reads_the_body_is_refused_at_start() -> None:
    """The body is not there yet when the key is needed, so the declaration says so."""

    async def user_in_body(user: dict[str, str]) -> str:
        return user["name"]

    app = Typeway()

    @app.post("/", policies=[RateLimit("1/hour", key=by_principal(user_in_body))])
    async def write() -> int:
        return 1

    with pytest.raises(DeclarationError, match="reads the body"), TestClient(app):
        pass


def test_a_key_may_read_the_body_from_the_request() -> None:
    """As the name of an account from a login: the endpoint gets its form, file or JSON all the same, within the limits."""

    async def name_in_form(request: Request) -> str:
        return str((await request.form()).get("name"))

    async def name_in_json(request: Request) -> str:
        return str((await request.json()).get("name"))

    app = Typeway(max_body_size=1_000)

    @app.post("/form", policies=[RateLimit("2/hour", key=by_principal(name_in_form))])
    async def send_form(name: Annotated[str, Form()], file: UploadFile | None = None) -> list[str]:
        return [name, "" if file is None else (await file.read()).decode()]

    @app.post("/json", policies=[RateLimit("2/hour", key=by_principal(name_in_json))])
    async def send_json(item: dict[str, str]) -> dict[str, str]:
        return item

    with TestClient(app) as client:
        forms: list[dict[str, Any]] = [
            {"data": {"name": "ann"}},
            {"data": {"name": "ann"}, "files": {"file": ("a.txt", b"text")}},
            {"data": {"name": "ann"}},
            {"data": {"name": "bob"}},
        ]
        answers = [client.post("/form", **form) for form in forms]
        assert [answer.status_code for answer in answers] == [200, 200, 429, 200]
        assert [answers[number].json() for number in (0, 1, 3)] == [["ann", ""], ["ann", "text"], ["bob", ""]]
        assert client.post("/form", data={}).status_code == 422
        assert client.post("/form", data={"name": "x" * 1_000}).status_code == 413
        statuses = [client.post("/json", json={"name": name}).status_code for name in ("ann", "ann", "ann", "bob")]
        assert statuses == [200, 200, 429, 200]
        assert client.post("/json", content=b"{").status_code == 400
        assert client.post("/json", json={"name": "x" * 1_000}).status_code == 413


def test_all_bodies_are_there_after_a_key_of_a_dependency() -> None:
    """Forms, files, a held Request and concurrent dependencies are as without the policy."""

    async def one(request: Request) -> int:
        return len(await request.body())

    async def two() -> int:
        return 2

    app = Typeway(policies=[RateLimit("10/hour", key=by_principal(current_user))])

    @app.post("/concurrent")
    async def write(
        item: dict[str, int],
        first: Annotated[int, Depends(one, concurrent=True)],
        second: Annotated[int, Depends(two, concurrent=True)],
        tasks: BackgroundTasks,
    ) -> list[Any]:
        tasks.add_task(calls.append, "task")
        return [item, first, second]

    calls.clear()
    with TestClient(app) as client:
        assert client.post("/concurrent?name=x", json={"a": 1}).json() == [{"a": 1}, 7, 2]
    assert calls == ["x", "task"]


@pytest.mark.parametrize("given", ["", "ten/minute", "0/minute", "1/fortnight", "5", None, "1/minute,"])
def test_a_limit_that_cannot_be_read_is_refused_where_it_is_declared(given: Any) -> None:
    """The error names the file and line of the policy."""
    with pytest.raises(DeclarationError, match=r"test_rate_limit\.py:\d+: RateLimit\(\): the limit"):
        RateLimit(given)


def test_threads_of_several_event_loops_count_exactly() -> None:
    """No place is given twice when many threads take places at the same time."""
    counts, window, allowed = Counts(), Window(500, 3600), []

    def take() -> None:
        allowed.extend(counts.hit("client", window, 1.0)[0] for _ in range(300))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert allowed.count(True) == 500


@pytest.mark.parametrize("taken", [(0, 0.0, 3, 10.0), (5, 4.0, 1, 9.0), (5, 5.0, 5, 6.0), (3, 0.5, 2, 5.5)])
def test_after_the_time_to_wait_one_more_request_is_allowed(taken: tuple[int, float, int, float]) -> None:
    """Retry-After is not too early: after it, the weight of what was sent is below the limit."""
    window, usage = Window(5, 5), Usage(*taken)
    wait = usage.wait(window) + 1e-6
    left = usage.current_left - window.seconds - wait
    later = (
        Usage(usage.previous, usage.previous_left - wait, usage.current, 0.0)
        if left > 0
        else Usage(usage.current, window.seconds + left, 0, 0.0)
    )
    assert later.weight(window) < window.amount


def test_old_clients_are_forgotten() -> None:
    """The memory of a policy is bounded by the clients of the last two windows."""
    counts, window = Counts(), Window(5, 1)
    for number in range(5_000):
        counts.hit(str(number), window, number / 1_000)
    for number in range(3_000):
        counts.hit(f"later {number}", window, 100.0)
    assert len(counts.used) <= 3_000


def test_two_processes_share_a_limit_through_redis_exactly(redis: RedisServer) -> None:
    """Of the requests that two processes take at the same time, exactly as many are allowed as the limit says."""
    program = textwrap.dedent(f"""
        import sys
        from typeway import Typeway
        from typeway.policies import RateLimit
        from typeway.testclient import TestClient

        app = Typeway(policies=[RateLimit("50/hour", store={redis.url!r}, key=lambda connection: "all")])
        app.get("/")(lambda: 1)
        with TestClient(app) as client:
            print("ready", flush=True)
            sys.stdin.readline()
            print(sum(client.get("/").status_code == 200 for _ in range(40)))
    """)
    file = redis.folder / "shared.py"
    file.write_text(program)
    command = [sys.executable, str(file)]
    both = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path.cwd())
        for _ in range(2)
    ]
    for process in both:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in both:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    counts = [int(process.communicate(timeout=PATIENCE)[0]) for process in both]
    assert sum(counts) == 50, counts


def test_redis_counts_at_each_kind_of_address(redis: RedisServer) -> None:
    """A port and a socket of the server work alike; a socket without a server fails like a port without one."""
    with TestClient(limited(RateLimit("2/hour", store=redis.url, key=lambda _: "all"))) as client:
        assert [client.get("/items").status_code for _ in range(3)] == [200, 200, 429]
    with TestClient(limited(RateLimit("2/hour", store=f"unix://{redis.socket}", key=lambda _: "all"))) as client:
        assert [client.get("/items").status_code for _ in range(3)] == [200, 200, 429]
        redis.stop()
        assert client.get("/items").status_code == 503


@pytest.mark.parametrize(("decision", "status"), [("refuse", 503), ("allow", 200)])
def test_a_store_that_is_gone_refuses_or_allows(
    redis: RedisServer, decision: Any, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """The decision is said in the log at start; the limit is back when the server is."""
    caplog.set_level("INFO", "typeway")
    app = limited(RateLimit("3/hour", store=redis.url, on_store_failure=decision))
    with TestClient(app) as client:
        assert f"uses redis://127.0.0.1:{redis.port}/0; if that fails, requests are" in caplog.text
        assert client.get("/items").status_code == 200
        redis.stop()
        answer = client.get("/items")
        assert answer.status_code == status
        assert "has failed" in caplog.text
        assert ("Retry-After" in answer.headers) is (status == 503)
        redis.start()
        assert [client.get("/items").status_code for _ in range(4)] == [200, 200, 200, 429]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis://localhost:port", "URL|Port|port"),
        ("localhost:6379", "no scheme"),
        ("mysql+nothing://x/y", "not installed|URL|one of"),
        ("sqlite+aiosqlite:///file.db", "cannot count"),
    ],
)
def test_a_store_that_cannot_be_used_is_refused_at_once(url: str, said: str) -> None:
    """Neither a wrong URL nor a missing library waits for the first request."""
    with pytest.raises(DeclarationError, match=said):
        RateLimit("1/hour", store=url)


def test_a_missing_library_is_named_and_the_password_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says which package to install, and never shows the URL."""
    monkeypatch.setitem(sys.modules, "limits", None)
    with pytest.raises(DeclarationError, match=r"'limits' is not installed.*typeway\[policies\]") as raised:
        RateLimit("1/hour", store="redis://:secret@localhost:6379/0")
    assert "secret" not in str(raised.value)


def test_several_processes_with_memory_are_warned(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Each of four processes would allow the whole limit, so the log says it at start."""
    monkeypatch.setenv("WEB_CONCURRENCY", "4")
    with TestClient(limited(RateLimit("1/hour"))):
        assert "memory of each of 4 processes" in caplog.text


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_every_event_loop_counts(backend: str) -> None:
    """The memory store needs no asyncio."""
    with TestClient(limited(RateLimit("1/hour")), backend=backend) as client:  # type: ignore[arg-type]
        assert [client.get("/items").status_code for _ in range(2)] == [200, 429]


def test_a_route_that_is_called_past_the_application_does_not_run() -> None:
    """Policies cannot be passed by: a Starlette router that serves the route itself gets an error."""
    app = limited(RateLimit("1/hour"))
    route = next(route for route in app.routes if getattr(route, "path", "") == "/items")
    scope: Any = {
        "type": "http",
        "method": "GET",
        "path": "/items",
        "headers": [],
        "query_string": b"",
        "path_params": {},
    }
    with pytest.raises(RuntimeError, match="has policies"):
        asyncio.run(route.handle(scope, None, None))  # type: ignore[arg-type]
