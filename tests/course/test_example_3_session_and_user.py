"""Third example: a database session and the current user, composed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Annotated, Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from tests.frameworks import client, each_framework

GOOD = {"authorization": "Bearer valid-token"}


def create_app(web: Any, path: Any, log: list[str]) -> Any:
    """Users and their tasks in SQLite behind the two dependencies."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}/tasks.db", echo=False)
    async_session = async_sessionmaker(engine, expire_on_commit=False)

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        async with engine.begin() as connection:
            await connection.execute(text("CREATE TABLE users (id INTEGER, name TEXT, token TEXT)"))
            await connection.execute(text("INSERT INTO users VALUES (1, 'alice', 'valid-token')"))
        yield
        await engine.dispose()

    async def get_db() -> AsyncIterator[AsyncSession]:
        session = async_session()
        log.append("opened")
        try:
            yield session
        finally:
            await session.close()
            log.append("closed")

    db_session = Annotated[AsyncSession, web.Depends(get_db)]

    async def get_current_user(
        authorization: str = web.Header(description="Bearer token"),
        # Behind a default there must be one; the value in the request's place is the session all the same.
        db: db_session = None,
    ) -> dict:
        challenge = {"WWW-Authenticate": "Bearer"}
        unauthorized = web.status.HTTP_401_UNAUTHORIZED
        if not authorization.startswith("Bearer "):
            raise web.HTTPException(unauthorized, "Invalid authorization header format", challenge)
        query = text("SELECT id, name FROM users WHERE token = :token")
        user = (await db.execute(query, {"token": authorization.removeprefix("Bearer ")})).mappings().first()
        if user is None:
            raise web.HTTPException(unauthorized, "Invalid or expired token", challenge)
        return dict(user)

    current_user = Annotated[dict, web.Depends(get_current_user)]
    app = web.FastAPI(lifespan=lifespan)

    @app.get("/me")
    async def me(db: db_session, user: current_user) -> dict:
        assert type(db) is AsyncSession
        log.append("endpoint")
        return user

    @app.get("/fails")
    async def fails(db: db_session, user: current_user) -> None:
        raise RuntimeError

    return app


@pytest.fixture
def log() -> list[str]:
    """What happened, in order."""
    return []


@pytest.fixture(params=["typeway", "fastapi"])
def app(request: pytest.FixtureRequest, tmp_path: Any, log: list[str]) -> Any:
    """The application, on each framework."""
    return create_app(import_module(request.param), tmp_path, log)


def test_a_valid_token_finds_its_user_in_one_session(app, log):
    """The user comes from the session that the endpoint has too: one is opened and closed."""
    with client(app) as http:
        response = http.get("/me", headers=GOOD)
        assert (response.status_code, response.json()) == (200, {"id": 1, "name": "alice"})
        assert log == ["opened", "endpoint", "closed"]


@pytest.mark.parametrize(
    ("authorization", "detail"),
    [
        ("Basic YTpi", "Invalid authorization header format"),
        ("valid-token", "Invalid authorization header format"),
        ("Bearer stolen", "Invalid or expired token"),
    ],
)
def test_anything_else_is_401_with_a_challenge(app, log, authorization, detail):
    """A header of another form or an unknown token is refused with `WWW-Authenticate`, and the endpoint never runs."""
    with client(app) as http:
        response = http.get("/me", headers={"authorization": authorization})
    assert (response.status_code, response.json()) == (401, {"detail": detail})
    assert response.headers["www-authenticate"] == "Bearer"
    assert log == ["opened", "closed"]


def test_without_the_header_it_is_422(app):
    """The header is required: leaving it out is an error of the request that names it."""
    with client(app) as http:
        response = http.get("/me")
    assert response.status_code == 422
    (error,) = response.json()["detail"]
    assert (error["type"], error["loc"]) == ("missing", ["header", "authorization"])


def test_the_session_is_closed_when_the_endpoint_raises(app, log):
    """What stands behind `finally` runs, whatever the endpoint did."""
    with client(app) as http:
        assert http.get("/fails", headers=GOOD).status_code == 500
    assert log == ["opened", "closed"]


def test_the_header_is_documented_and_the_session_is_not(app):
    """The document lists the header with its description; `db` with its default of None is no parameter of a request."""
    operation = app.openapi()["paths"]["/me"]["get"]
    (header,) = operation["parameters"]
    assert (header["name"], header["in"], header["required"]) == ("authorization", "header", True)
    assert header["description"] == "Bearer token"
    assert "requestBody" not in operation


@each_framework
def test_a_default_beside_depends_is_never_used(web):
    """`db: Annotated[..., Depends(...)] = None` is the dependency in every place where it may stand."""

    async def get_db() -> str:
        return "session"

    alias = Annotated[str, web.Depends(get_db)]

    class Service:
        def __init__(self, word: str = web.Query("w"), db: alias = None) -> None:
            self.text = f"{word} {db}"

    app = web.FastAPI()

    @app.get("/")
    async def read(q: str = "q", db: alias = None, service: Service = web.Depends()) -> list:
        return [q, db, service.text]

    assert client(app).get("/").json() == ["q", "session", "w session"]
