"""Fifth example: tests that talk to the application without a network, with other dependencies in place."""

import importlib
from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import pytest

from tests.course.task_manager import create_app, task_router

pytestmark = pytest.mark.anyio


async def get_db() -> AsyncIterator[dict]:
    """Stands for a database that is not there in tests."""
    raise ConnectionError("no database here")
    yield {}


async def get_current_user() -> dict:
    """Stands for accounts that are not there in tests."""
    raise ConnectionError("no accounts here")


@pytest.fixture(params=["typeway", "fastapi"])
def app(request: pytest.FixtureRequest) -> Any:
    """A fresh application for each test, its database and its accounts replaced."""
    web = importlib.import_module(request.param)
    guarded = [web.Depends(get_db), web.Depends(get_current_user)]
    app = create_app(web, task_router(web, web.Query(20, ge=1, le=100), dependencies=guarded))

    @app.get("/me")
    async def me(
        user: Annotated[dict, web.Depends(get_current_user)], db: Annotated[dict, web.Depends(get_db)]
    ) -> dict:
        return {"user": user, "db": db}

    async def mock_get_db() -> AsyncIterator[dict]:
        yield {}

    async def mock_get_current_user() -> dict:
        return {"id": 1, "username": "testuser", "role": "admin"}

    app.dependency_overrides[get_db] = mock_get_db
    app.dependency_overrides[get_current_user] = mock_get_current_user
    return app


@pytest.fixture
async def http(app: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client that calls the application directly."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as http:
        yield http


async def test_overrides_reach_the_endpoint(http):
    """The endpoint has the user and the database of the test."""
    response = await http.get("/me")
    assert response.json() == {"user": {"id": 1, "username": "testuser", "role": "admin"}, "db": {}}


async def test_create_answers_201_with_the_task(http):
    """A created task comes back with its number, status and time."""
    response = await http.post("/tasks", json={"title": "Write tests", "priority": 3})
    assert response.status_code == 201
    task = response.json()
    assert (task["title"], task["priority"], task["status"]) == ("Write tests", 3, "todo")
    assert {"id", "created_at"} <= set(task)


async def test_invalid_data_is_a_structured_422(http):
    """An empty title and a priority out of range are two details of one error."""
    response = await http.post("/tasks", json={"title": "", "priority": 99})
    assert response.status_code == 422
    assert response.json()["error"] == "validation_error"
    assert len(response.json()["details"]) == 2


async def test_a_missing_task_is_404(http):
    """Each test has an application of its own, and there is no task in it."""
    assert (await http.get("/tasks/1")).status_code == 404


async def test_a_partial_update_leaves_the_rest(http):
    """PATCH with a title changes the title."""
    created = (await http.post("/tasks", json={"title": "Original", "priority": 2})).json()
    response = await http.patch(f"/tasks/{created['id']}", json={"title": "Updated"})
    assert response.status_code == 200
    assert (response.json()["title"], response.json()["priority"]) == ("Updated", 2)


async def test_without_the_overrides_the_real_ones_are_called(app, http):
    """Overrides that are cleared leave what was declared."""
    app.dependency_overrides.clear()
    with pytest.raises(ConnectionError, match="no database here"):
        await http.get("/tasks")
