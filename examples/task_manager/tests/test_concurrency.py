"""Send many requests at the same time."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from httpx import ASGITransport, AsyncClient

from examples.task_manager.tests.databases import each_database
from examples.task_manager.tests.people import PASSWORD
from typeway import FastAPI

pytestmark = [pytest.mark.anyio, each_database]


@pytest.fixture
async def web(app: FastAPI) -> AsyncIterator[AsyncClient]:
    """An async client of the running application."""
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url="http://test") as web,
    ):
        yield web


async def join(web: AsyncClient, username: str) -> dict[str, str]:
    """Register a user and return the headers of the user's requests."""
    await web.post("/auth/register", json={"username": username, "password": PASSWORD})
    answer = await web.post("/auth/token", data={"username": username, "password": PASSWORD})
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def test_one_title_is_created_once(web: AsyncClient) -> None:
    """Of many equal requests one succeeds, and all others are a conflict."""
    alice = await join(web, "alice")
    answers = await asyncio.gather(*(web.post("/tasks", json={"title": "Same"}, headers=alice) for _ in range(20)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 19}
    assert (await web.get("/tasks", headers=alice)).headers["x-total-count"] == "1"


async def test_one_name_is_registered_once(web: AsyncClient) -> None:
    """The same is true for user names."""
    newcomer = {"username": "alice", "password": PASSWORD}
    answers = await asyncio.gather(*(web.post("/auth/register", json=newcomer) for _ in range(10)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 9}


async def test_writers_wait_for_each_other(web: AsyncClient) -> None:
    """More writers than connections lose nothing: each task is stored, and each read succeeds."""
    alice, bob = await join(web, "alice"), await join(web, "bob")
    answers = await asyncio.gather(
        *(web.post("/tasks", json={"title": f"Task {n}"}, headers=alice) for n in range(30)),
        *(web.post("/tasks", json={"title": f"Task {n}"}, headers=bob) for n in range(30)),
        *(web.get("/tasks", headers=alice) for _ in range(10)),
    )
    assert Counter(answer.status_code for answer in answers) == {201: 60, 200: 10}
    assert (await web.get("/tasks", headers=alice)).headers["x-total-count"] == "30"
