"""Applications are tested without a server: by the test client, or asynchronously through httpx."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import anyio
import anyio.lowlevel
import httpx
import pytest

from tests.frameworks import each_framework
from typeway import Depends, Request, Typeway
from typeway.testclient import TestClient


def get_user() -> str:
    return "real"


def application(log: list[str] | None = None) -> Typeway:
    """An application with a dependency, a lifespan, a failing endpoint and cookies."""

    @asynccontextmanager
    async def lifespan(app: Typeway) -> AsyncIterator[dict[str, str]]:
        if log is not None:
            log.append("begins")
        yield {"name": "state"}
        if log is not None:
            log.append("ends")

    app = Typeway(lifespan=lifespan)

    @app.get("/user")
    async def user(user: Annotated[str, Depends(get_user)]):
        return user

    @app.get("/state")
    async def state(request: Request):
        return request.state.name

    @app.get("/fails")
    def fails():
        raise ValueError("shown to the test")

    @app.post("/items", status_code=201)
    async def create(item: dict[str, int]):
        await anyio.lowlevel.checkpoint()
        return item

    return app


@each_framework
def test_the_test_client_is_a_client(web):
    """The client sends requests without a server; cookies are kept, redirects followed."""
    app = web.FastAPI()

    @app.get("/login")
    def login(response: web.Response):
        response.set_cookie("session", "s")

    @app.get("/me")
    def me(session: Annotated[str | None, web.Cookie()] = None):
        return session

    http = web.testclient.TestClient(app)
    assert http.get("/me").json() is None
    http.get("/login/")
    assert http.get("/me").json() == "s"
    assert http.post("/me").status_code == 405


def test_the_test_client_raises_what_the_application_does_not_handle():
    """Unhandled errors fail the test, unless it wants to see the answer."""
    with pytest.raises(ValueError, match="shown to the test"):
        TestClient(application()).get("/fails")
    response = TestClient(application(), raise_server_exceptions=False).get("/fails")
    assert (response.status_code, response.json()) == (500, {"detail": "Internal Server Error"})


def test_the_test_client_runs_the_lifespan_as_a_context_manager():
    """Start and end run around the `with` block."""
    log: list[str] = []
    with TestClient(application(log)) as http:
        assert log == ["begins"]
        assert http.get("/state").json() == "state"
    assert log == ["begins", "ends"]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_test_client_runs_on_either_event_loop(backend):
    """The same application serves on asyncio and on trio."""
    with TestClient(application(), backend=backend) as http:
        assert http.get("/user").json() == "real"
        assert http.post("/items", json={"a": 1}).json() == {"a": 1}
        assert http.post("/items", json={"a": "x"}).status_code == 422


def test_dependencies_are_replaced_for_a_test_and_put_back():
    """`dependency_overrides` change what the client meets, and only while they are there."""
    app = application()
    http = TestClient(app)
    app.dependency_overrides[get_user] = lambda: "fake"
    assert http.get("/user").json() == "fake"
    app.dependency_overrides.clear()
    assert http.get("/user").json() == "real"


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
async def test_asynchronous_tests_use_httpx(anyio_backend):
    """httpx's transport drives the application in the test's own event loop, several requests at once."""
    app = application()
    app.dependency_overrides[get_user] = lambda: "fake"
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http:
        answers: list[int] = []

        async def post(number: int) -> None:
            response = await http.post("/items", json={"n": number})
            answers.append(response.json()["n"])

        async with anyio.create_task_group() as group:
            for number in range(5):
                group.start_soon(post, number)
        assert sorted(answers) == [0, 1, 2, 3, 4]
        assert (await http.get("/user")).json() == "fake"
        with pytest.raises(ValueError, match="shown to the test"):
            await http.get("/fails")
