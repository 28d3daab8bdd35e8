"""A request that is sent again with its key is carried out once, and answered as it was answered first."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import pytest

from tests.patience import PATIENCE
from tests.policies.servers import RedisServer
from typeway import BackgroundTasks, Depends, HTTPException, Problem, Request, Response, Typeway, UploadFile
from typeway.exceptions import DeclarationError
from typeway.policies import Idempotency, RateLimit, Store, Timeout, by_principal
from typeway.policies.answers import ANSWERS
from typeway.policies.stores import close_clients
from typeway.responses import FileResponse, JSONResponse, StreamingResponse
from typeway.routing import APIRoute
from typeway.security import APIKeyCookie, HTTPBearer
from typeway.testclient import TestClient

KEY = {"Idempotency-Key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}


class Conflict(Problem):
    """The name is taken."""

    status = 409


class Payments:
    """An application whose endpoint counts its calls and answers in a given way."""

    def __init__(self, **options: Any) -> None:
        self.calls = 0
        self.tasks = 0
        self.app = Typeway(policies=[Idempotency(**options)])
        self.app.post("/payments/{kind}")(self.pay)

    async def pay(self, kind: str, request: Request, response: Response, tasks: BackgroundTasks) -> Any:
        self.calls += 1
        tasks.add_task(self.count_task)
        if kind == "raised":
            raise HTTPException(403, "No.")
        if kind == "problem":
            raise Conflict
        if kind == "error":
            raise HTTPException(502, "Bad gateway.")
        if kind == "crash":
            raise RuntimeError("crash")
        response.status_code = 201
        response.headers["X-Call"] = str(self.calls)
        response.set_cookie("session", "secret")
        return {"call": self.calls, "body": (await request.body()).decode()}

    def count_task(self) -> None:
        self.tasks += 1


def test_the_first_answer_is_repeated(store: str) -> None:
    """Status, headers and body are those of the first answer, without its cookies and its background tasks."""
    payments = Payments(store=store)
    with TestClient(payments.app) as client:
        first, second = (client.post("/payments/x", content=b"a", headers=KEY) for _ in range(2))
        client.cookies.clear()
        other = client.post("/payments/x", content=b"a", headers={"Idempotency-Key": "other"})
    assert (first.status_code, first.json()) == (second.status_code, second.json()) == (201, {"call": 1, "body": "a"})
    assert first.headers["X-Call"] == second.headers["X-Call"] == "1"
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert "set-cookie" in first.headers
    assert "set-cookie" not in second.headers
    assert other.json()["call"] == 2
    assert (payments.calls, payments.tasks) == (2, 2)


@pytest.mark.parametrize(
    ("path", "method", "content", "content_type"),
    [
        ("/payments/x", "POST", b"b", "text/plain"),
        ("/payments/y", "POST", b"a", "text/plain"),
        ("/payments/x?q=1", "POST", b"a", "text/plain"),
        ("/payments/x", "POST", b"a", "text/csv"),
        ("/payments/x", "POST", b"", "text/plain"),
    ],
)
def test_a_key_of_another_request_is_422(store: str, path: str, method: str, content: bytes, content_type: str) -> None:
    """A key names one request: another path, query, type or body with it is a mistake, and is not carried out."""
    payments = Payments(store=store)
    with TestClient(payments.app) as client:
        client.post("/payments/x", content=b"a", headers={**KEY, "content-type": "text/plain"})
        answer = client.request(method, path, content=content, headers={**KEY, "content-type": content_type})
    assert (answer.status_code, payments.calls) == (422, 1)


@pytest.mark.parametrize(
    ("given", "status"),
    [([], 400), (["a" * 256], 400), ([""], 400), (['"'], 400), (["a b"], 400), (["a", "b"], 400), (['"a b"'], 201),
     (["a" * 255], 201), (["\xe9"], 400)],
)  # fmt: skip
def test_a_missing_or_malformed_key_is_400(given: list[str], status: int) -> None:
    """The key is one string of structured fields, with or without its quotes."""
    payments = Payments()
    headers = [(b"Idempotency-Key", value.encode("latin-1")) for value in given]
    with TestClient(payments.app) as client:
        answer = client.post("/payments/x", content=b"a", headers=headers)  # type: ignore[arg-type]
    assert (answer.status_code, payments.calls) == (status, int(status == 201))


def test_a_key_that_is_not_required_may_be_missing() -> None:
    """Each request without a key is carried out."""
    payments = Payments(required=False)
    with TestClient(payments.app) as client:
        assert [client.post("/payments/x").json()["call"] for _ in range(2)] == [1, 2]


@pytest.mark.parametrize(
    ("kind", "status", "calls"), [("raised", 403, 1), ("problem", 409, 1), ("error", 502, 2), ("crash", 500, 2)]
)
def test_errors_of_the_client_are_kept_and_those_of_the_server_are_not(
    store: str, kind: str, status: int, calls: int
) -> None:
    """A 4xx that the endpoint has decided is its answer; after a 5xx the request may be sent again."""
    payments = Payments(store=store)
    with TestClient(payments.app, raise_server_exceptions=False) as client:
        answers = [client.post(f"/payments/{kind}", content=b"a", headers=KEY) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [status, status]
    assert answers[0].json() == answers[1].json()
    assert payments.calls == calls


def test_what_has_not_reached_the_endpoint_is_not_kept() -> None:
    """A request that a dependency or the validation has refused is carried out when it is sent again."""
    allowed = False
    calls = []

    async def permission() -> None:
        if not allowed:
            raise HTTPException(403)

    app = Typeway(policies=[Idempotency()])

    @app.post("/", dependencies=[Depends(permission)])
    async def write(item: dict[str, int]) -> int:
        calls.append(item)
        return len(calls)

    with TestClient(app) as client:
        assert client.post("/", json={"a": "x"}, headers=KEY).status_code == 403
        allowed = True
        assert client.post("/", json={"a": "x"}, headers=KEY).status_code == 422
        assert [client.post("/", json={"a": 1}, headers=KEY).json() for _ in range(2)] == [1, 1]


@pytest.fixture
def held() -> Any:
    """An application with an endpoint that waits until the test lets it go on."""

    class Held:
        def __init__(self) -> None:
            self.has_begun, self.may_end, self.calls = threading.Event(), threading.Event(), 0

        def app(self, **options: Any) -> Typeway:
            app = Typeway(policies=[Idempotency(**options)])

            @app.post("/")
            def work() -> int:
                self.calls += 1
                self.has_begun.set()
                assert self.may_end.wait(PATIENCE)
                return self.calls

            return app

    return Held()


def test_a_request_in_progress_is_409(store: str, held: Any) -> None:
    """The second request does not wait and is not carried out; when the first has ended, it has that answer."""
    with TestClient(held.app(store=store)) as client:
        answers: list[Any] = []
        first = threading.Thread(target=lambda: answers.append(client.post("/", headers=KEY)))
        first.start()
        assert held.has_begun.wait(PATIENCE)
        second = client.post("/", headers=KEY)
        held.may_end.set()
        first.join(PATIENCE)
        third = client.post("/", headers=KEY)
    assert (second.status_code, second.headers["Retry-After"]) == (409, "1")
    assert (answers[0].json(), third.json(), held.calls) == (1, 1, 1)


async def call(app: Any, receive: Any, note: Any = None) -> list[Any]:
    """Send a POST to / as a server does, and return the messages of the answer."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)
        if note is not None:
            await note(message)

    scope = {
        "type": "http", "method": "POST", "path": "/", "raw_path": b"/", "query_string": b"", "root_path": "",
        "headers": [(b"idempotency-key", b"k")], "client": ("127.0.0.1", 1), "server": ("x", 80),
        "http_version": "1.1", "scheme": "http",
    }  # fmt: skip
    await app(scope, receive, send)
    return sent


async def with_closing(scenario: Any) -> None:
    """Run a scenario, and close the clients that it has opened."""
    try:
        await scenario()
    finally:
        await close_clients()


async def whole_request() -> Any:
    return {"type": "http.request", "body": b"", "more_body": False}


def test_a_cancelled_request_releases_its_key() -> None:
    """After the request has been cancelled in the endpoint, as when its client disconnects, it may be sent again."""

    async def scenario() -> None:
        begun, calls = asyncio.Event(), []
        app = Typeway(policies=[Idempotency()])

        @app.post("/")
        async def work() -> int:
            calls.append(1)
            if len(calls) == 1:
                begun.set()
                await asyncio.Event().wait()
            return len(calls)

        first = asyncio.create_task(call(app, whole_request))
        await asyncio.wait_for(begun.wait(), PATIENCE)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert (await call(app, whole_request))[1]["body"] == b"2"

    asyncio.run(scenario())


def test_a_client_that_leaves_during_its_body_has_begun_nothing() -> None:
    """The key is not used up by half a request."""

    async def scenario() -> None:
        app = Typeway(policies=[Idempotency()])
        app.post("/")(lambda: 1)

        async def disconnect() -> Any:
            return {"type": "http.disconnect"}

        assert await call(app, disconnect) == []
        assert (await call(app, whole_request))[0]["status"] == 200

    asyncio.run(scenario())


def test_a_client_that_leaves_during_a_stream_releases_the_key() -> None:
    """Half a stream is no answer: the request may be sent again, and a whole stream is repeated."""

    async def scenario() -> None:
        calls: list[int] = []
        gone = asyncio.Event()
        app = Typeway(policies=[Idempotency()])

        @app.post("/")
        async def stream() -> StreamingResponse:
            calls.append(1)
            is_first = len(calls) == 1

            async def chunks() -> AsyncIterator[bytes]:
                yield b"one"
                if is_first:
                    gone.set()
                    await asyncio.Event().wait()
                yield b"two"

            return StreamingResponse(chunks())

        has_sent = False

        async def leave() -> Any:
            nonlocal has_sent
            if not has_sent:
                has_sent = True
                return await whole_request()
            await gone.wait()
            return {"type": "http.disconnect"}

        async def stay() -> Any:
            nonlocal has_sent
            if not has_sent:
                has_sent = True
                return await whole_request()
            return await asyncio.Event().wait()

        await asyncio.wait_for(call(app, leave), PATIENCE)
        for expected in (b"onetwo", b"onetwo"):
            has_sent = False
            sent = await asyncio.wait_for(call(app, stay), PATIENCE)
            assert b"".join(message.get("body", b"") for message in sent) == expected
        assert len(calls) == 2

    asyncio.run(scenario())


@pytest.mark.parametrize("kind", ["json", "response", "stream", "file"])
def test_of_an_answer_that_is_too_large_it_is_kept_that_it_was_given(kind: str, tmp_path: Path) -> None:
    """The request is not carried out again: sending it again is a 409 that says why."""
    calls = []
    (tmp_path / "large").write_bytes(b"x" * 200)
    app = Typeway()

    @app.post("/", policies=[Idempotency(max_size=100)])
    async def write() -> Any:
        calls.append(1)
        text = "x" * 200
        return {
            "json": text,
            "response": JSONResponse(text),
            "stream": StreamingResponse(iter([text])),
            "file": FileResponse(tmp_path / "large"),
        }[kind]

    with TestClient(app) as client:
        first, second = (client.post("/", headers=KEY) for _ in range(2))
    assert (first.status_code, second.status_code, len(calls)) == (200, 409, 1)
    assert "too large" in second.json()["detail"]


def test_each_principal_has_keys_of_its_own() -> None:
    """The default principal is what the security schemes of the route read; a dependency may say it too."""
    app = Typeway()
    bearer, cookie = HTTPBearer(), APIKeyCookie(name="session")

    async def user(name: str) -> str:
        return name

    @app.post("/bearer", policies=[Idempotency()])
    async def by_bearer(token: Annotated[Any, Depends(bearer)]) -> str:
        return str(token.credentials)

    @app.post("/cookie", policies=[Idempotency()])
    async def by_cookie(session: Annotated[str, Depends(cookie)]) -> str:
        return session

    @app.post("/user", policies=[Idempotency(principal=by_principal(user))])
    async def by_user(name: Annotated[str, Depends(user)], item: dict[str, int]) -> str:
        return name

    with TestClient(app) as client:
        for name in ("ann", "bob", "ann"):
            assert client.post("/bearer", headers={**KEY, "Authorization": f"Bearer {name}"}).json() == name
            client.cookies.set("session", name)
            client.cookies.set("tracking", "changes")
            assert client.post("/cookie", headers=KEY).json() == name
            client.cookies.clear()
            fresh = {"Idempotency-Key": "user"}
            assert client.post(f"/user?name={name}", json={"a": 1}, headers=fresh).json() == name
        assert client.post("/user?name=ann", json={"a": 2}, headers={"Idempotency-Key": "user"}).status_code == 422


def test_forms_and_files_are_compared_and_read() -> None:
    """The body is read once into memory, and every way of reading it finds it."""
    calls = []
    app = Typeway(policies=[Idempotency()])

    @app.post("/")
    async def upload(file: UploadFile) -> int:
        calls.append(await file.read())
        return len(calls)

    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n%s\r\n--b--\r\n'
    headers = {**KEY, "content-type": "multipart/form-data; boundary=b"}
    with TestClient(app) as client:
        answers = [client.post("/", content=body % text, headers=headers) for text in (b"a", b"a", b"b")]
    assert [answer.status_code for answer in answers] == [200, 200, 422]
    assert calls == [b"a"]


def test_the_body_limit_holds_before_the_body_is_kept() -> None:
    """A body over the limit is 413, and no key is used."""
    app = Typeway(policies=[Idempotency()], max_body_size=10)
    app.post("/")(lambda: 1)
    with TestClient(app) as client:
        assert client.post("/", content=b"x" * 11, headers=KEY).status_code == 413
        assert client.post("/", content=iter([b"x" * 6, b"x" * 6]), headers=KEY).status_code == 413
        assert client.post("/", content=b"x", headers=KEY).status_code == 200


def test_a_route_class_with_a_handler_of_its_own_has_its_policies() -> None:
    """A handler that wraps the route runs once for each key, and so does the endpoint."""
    calls = []

    class Counting(APIRoute):
        def get_route_handler(self) -> Any:
            inner = super().get_route_handler()

            async def handle(request: Request) -> Response:
                calls.append("handler")
                return await inner(request)

            return handle

    app = Typeway(policies=[Idempotency(), RateLimit("5/hour")])
    app.router.route_class = Counting

    @app.post("/")
    async def write(kind: str) -> str:
        calls.append("endpoint")
        if kind == "raise":
            raise HTTPException(418)
        return kind

    with TestClient(app) as client:
        assert [client.post("/?kind=a", headers=KEY).text for _ in range(2)] == ['"a"', '"a"']
        other = {"Idempotency-Key": "o"}
        assert [client.post("/?kind=raise", headers=other).status_code for _ in range(2)] == [418, 418]
    assert calls == ["handler", "endpoint"] * 2


def test_a_crash_in_flight_expires(store: str) -> None:
    """A process that has died ends nothing: after the lease the request may be carried out again, and only then."""

    async def scenario() -> None:
        found = Store(store)
        answers = ANSWERS[found.kind](found)
        assert await answers.begin("held", "print", "dead", 60) is None
        known = await answers.begin("held", "print", "early", 60)
        assert known is not None
        assert known.answer is None
        assert await answers.begin("key", "print", "dead", 0.2) is None
        while await answers.begin("key", "print", "next", 60) is not None:  # noqa: ASYNC110  a store tells nobody
            await asyncio.sleep(0.02)
        # What the first one still does changes nothing.
        assert not await answers.finish("key", "print", "dead", "late", 60)
        await answers.release("key", "print", "dead")
        known = await answers.begin("key", "print", "other", 60)
        assert known is not None
        assert await answers.finish("key", "print", "next", "answer", 0.2)
        while (known := await answers.begin("key", "print", "later", 60)) is not None:
            assert known.answer == "answer"
            await asyncio.sleep(0.02)
        await answers.release("key", "print", "later")
        assert await answers.begin("key", "print", "last", 60) is None

    asyncio.run(with_closing(scenario))


def test_one_of_many_at_the_same_time_is_carried_out(store: str) -> None:
    """However many equal requests come at once, one begins."""

    async def scenario() -> None:
        found = Store(store)
        answers = ANSWERS[found.kind](found)
        begun = await asyncio.gather(*(answers.begin("key", "print", str(n), 60) for n in range(10)))
        assert begun.count(None) == 1

    asyncio.run(with_closing(scenario))


@pytest.mark.parametrize(("decision", "status"), [("refuse", 503), ("allow", 200)])
def test_a_store_that_is_gone_refuses_or_allows(redis: RedisServer, decision: Any, status: int) -> None:
    """Where requests are allowed without the store, they are carried out without their key."""
    app = Typeway(policies=[Idempotency(store=redis.url, on_store_failure=decision)])
    app.post("/")(lambda: 1)
    with TestClient(app) as client:
        assert client.post("/", headers=KEY).status_code == 200
        redis.stop()
        assert client.post("/", headers=KEY).status_code == status
        redis.start()
        assert client.post("/", headers=KEY).status_code == 200


def test_an_answer_that_cannot_be_kept_is_sent_all_the_same(
    redis: RedisServer, held: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The store that goes while the request is in progress is logged; the client has its answer."""
    with TestClient(held.app(store=redis.url)) as client:
        answers: list[Any] = []
        first = threading.Thread(target=lambda: answers.append(client.post("/", headers=KEY)))
        first.start()
        assert held.has_begun.wait(PATIENCE)
        redis.stop()
        held.may_end.set()
        first.join(PATIENCE)
    assert answers[0].status_code == 200
    assert "was not kept" in caplog.text


def test_a_finished_thread_is_known_although_its_client_had_a_504(held: Any) -> None:
    """The function has ended after the time was over: sending the request again gives its answer, and runs nothing."""

    async def scenario() -> None:
        app = Typeway(policies=[Idempotency(), Timeout(0.05)])
        refused, statuses = asyncio.Event(), []

        @app.post("/")
        def work() -> int:
            held.calls += 1
            assert held.may_end.wait(PATIENCE)
            return int(held.calls)

        async def note(message: Any) -> None:
            statuses.append(message.get("status"))
            refused.set()

        first = asyncio.create_task(call(app, whole_request, note=note))
        await asyncio.wait_for(refused.wait(), PATIENCE)
        assert statuses[0] == 504
        assert (await call(app, whole_request))[0]["status"] == 409
        held.may_end.set()
        await first
        sent = await call(app, whole_request)
        assert (sent[0]["status"], sent[1]["body"], held.calls) == (200, b"1", 1)

    asyncio.run(scenario())


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_every_event_loop_repeats_answers(backend: Any) -> None:
    """The memory store needs no asyncio."""
    payments = Payments()
    with TestClient(payments.app, backend=backend) as client:
        assert [client.post("/payments/x", headers=KEY).json()["call"] for _ in range(2)] == [1, 1]


@pytest.mark.parametrize(
    "options",
    [{"ttl": 0}, {"lease": -1}, {"max_size": "1"}, {"methods": ["GET"]}, {"methods": "POST"}, {"principal": 3},
     {"on_store_failure": "ignore"}],
)  # fmt: skip
def test_values_that_cannot_work_are_refused(options: dict[str, Any]) -> None:
    """The error names the place of the declaration."""
    with pytest.raises(DeclarationError, match=r"test_idempotency\.py:\d+: Idempotency\(\)"):
        Idempotency(**options)


def test_the_document_describes_the_key_and_its_errors() -> None:
    """The header is a parameter, and 400, 409 and 422 are responses."""
    document = Payments(required=False).app.openapi()
    operation = document["paths"]["/payments/{kind}"]["post"]
    [key] = [each for each in operation["parameters"] if each["name"] == "Idempotency-Key"]
    assert (key["in"], key["required"]) == ("header", False)
    assert {"400", "409", "422"} <= set(operation["responses"])
    assert "Retry-After" in operation["responses"]["409"]["headers"]
    assert "Idempotent-Replayed" in operation["responses"]["200"]["headers"]
    json.dumps(document)
