"""Fourth pitfall: tests against the real database and real accounts, where an override is one assignment."""

import sys
from collections.abc import AsyncIterator, Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest

from tests.frameworks import client, each_framework

# A module whose names an application imports, so that each of its own modules holds a reference.
REAL: list[str] = []


async def get_db() -> AsyncIterator[dict]:
    """The database, which tests should not touch."""
    REAL.append("database")
    yield {"real": True}


def create_app(web: Any) -> Any:
    """An application whose tasks need a user and a database."""

    async def get_current_user(authorization: str = web.Header(), db: dict = web.Depends(get_db)) -> dict:
        REAL.append("accounts")
        raise web.HTTPException(401, "Invalid token")

    app = web.FastAPI()
    app.state.get_current_user = get_current_user

    @app.post("/tasks", status_code=201)
    async def create_task(
        title: str, user: dict = web.Depends(get_current_user), db: dict = web.Depends(get_db)
    ) -> dict:
        return {"title": title, "owner": user["username"], "real": "real" in db}

    return app


@pytest.fixture(params=["typeway", "fastapi"])
def http(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A client of an application whose database and accounts are the test's."""
    REAL.clear()
    app = create_app(import_module(request.param))

    async def mock_get_db() -> AsyncIterator[dict]:
        yield {}

    async def mock_get_current_user() -> dict:
        return {"id": 1, "username": "testuser"}

    app.dependency_overrides[get_db] = mock_get_db
    app.dependency_overrides[app.state.get_current_user] = mock_get_current_user
    with client(app) as http:
        yield http


@each_framework
def test_without_overrides_a_test_needs_a_real_token_and_a_real_database(web):
    """The real dependencies run, and refuse the test."""
    REAL.clear()
    with client(create_app(web)) as http:
        response = http.post("/tasks?title=t", headers={"authorization": "Bearer made-up"})
    assert response.status_code == 401
    assert REAL == ["database", "accounts"]


def test_with_overrides_no_token_is_needed_and_nothing_real_runs(http):
    """Neither the real dependencies nor what they would read from the request are asked for."""
    response = http.post("/tasks?title=t")
    assert (response.status_code, response.json()) == (201, {"title": "t", "owner": "testuser", "real": False})
    assert REAL == []


@each_framework
def test_an_override_does_not_depend_on_where_a_name_was_imported(web, monkeypatch):
    """Replacing a name in its module misses those who imported it before; an override reaches them."""
    home = ModuleType("course_dependencies")
    exec("async def get_word(): return 'real'", home.__dict__)
    monkeypatch.setitem(sys.modules, "course_dependencies", home)
    imported = import_module("course_dependencies").get_word

    app = web.FastAPI()

    @app.get("/")
    async def read(word: str = web.Depends(imported)) -> str:
        return word

    async def replacement() -> str:
        return "replaced"

    monkeypatch.setattr("course_dependencies.get_word", replacement)
    assert client(app).get("/").json() == "real"
    app.dependency_overrides[imported] = replacement
    assert client(app).get("/").json() == "replaced"
