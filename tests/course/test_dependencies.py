"""Dependency injection: what a function asks for is made before it, once per request, and tidied up after the answer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Self, get_type_hints

import pytest
from pydantic import BaseModel, field_serializer
from sqlalchemy import ForeignKey, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column

from tests.frameworks import answer, application, ask, client, each_framework, errors


@each_framework
@pytest.mark.parametrize("kind", ["function", "async function", "class", "method", "callable object"])
def test_any_callable_can_be_a_dependency(web, kind):
    """Functions of both kinds, classes, methods and objects with `__call__` are called before the endpoint."""

    def function(word: str) -> str:
        return word.upper()

    async def async_function(word: str) -> str:
        return word.upper()

    class Upper(str):
        def __new__(cls, word: str) -> Self:
            return super().__new__(cls, word.upper())

    class Shouter:
        def shout(self, word: str) -> str:
            return word.upper()

        def __call__(self, word: str) -> str:
            return word.upper()

    callables = {
        "function": function,
        "async function": async_function,
        "class": Upper,
        "method": Shouter().shout,
        "callable object": Shouter(),
    }

    @application(web)
    async def read(result=web.Depends(callables[kind])):
        return {"result": result}

    assert answer(read, "GET /?word=hey") == (200, {"result": "HEY"})
    assert errors(read, "GET /") == [("missing", ["query", "word"])]


def paginated(web: Any) -> Any:
    """A list whose page is read by a class."""
    app = web.FastAPI()

    class PaginationParams:
        def __init__(self, offset: int = web.Query(0, ge=0), limit: int = web.Query(20, ge=1, le=100)) -> None:
            self.offset = offset
            self.limit = limit

    @app.get("/tasks")
    async def list_tasks(pagination: PaginationParams = web.Depends(PaginationParams)) -> dict:
        assert type(pagination) is PaginationParams
        return {"offset": pagination.offset, "limit": pagination.limit}

    @app.get("/short")
    async def short(pagination: Annotated[PaginationParams, web.Depends()]) -> int:
        return pagination.limit

    return app


@each_framework
def test_a_class_is_constructed_from_the_query(web):
    """The parameters of a class's constructor are read from the request, checked, and the instance is handed over."""
    app = paginated(web)
    assert answer(app, "GET /tasks") == (200, {"offset": 0, "limit": 20})
    assert answer(app, "GET /tasks?offset=40&limit=100") == (200, {"offset": 40, "limit": 100})
    assert errors(app, "GET /tasks?offset=-1&limit=101") == [
        ("greater_than_equal", ["query", "offset"]),
        ("less_than_equal", ["query", "limit"]),
    ]
    # `Depends()` alone takes the class from the annotation.
    assert answer(app, "GET /short?limit=3") == (200, 3)


@each_framework
def test_parameters_of_dependencies_are_documented_with_the_endpoint(web):
    """The document shows what the whole tree reads, as if the endpoint read it itself."""
    parameters = paginated(web).openapi()["paths"]["/tasks"]["get"]["parameters"]
    assert [(item["name"], item["in"], item["schema"]["default"]) for item in parameters] == [
        ("offset", "query", 0),
        ("limit", "query", 20),
    ]


class Base(MappedAsDataclass, DeclarativeBase):
    """The tables of this chapter."""


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str]


class Task(Base):
    __tablename__ = "tasks"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    title: Mapped[str]


class TaskResponse(BaseModel):
    id: int
    title: str


def task_database(web: Any, path: Any, log: list[str]) -> Any:
    """Tasks of users in SQLite; a session dependency, a user dependency above it, and endpoints that use both."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}/tasks.db")
    sessions = async_sessionmaker(engine, expire_on_commit=False)

    async def prepare(app: Any) -> AsyncIterator[None]:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        async with sessions.begin() as session:
            session.add_all([User(id=1, token="ada"), User(id=2, token="bob")])
            session.add_all([Task(id=1, owner_id=1, title="Write"), Task(id=2, owner_id=2, title="Read")])
        yield
        await engine.dispose()

    async def get_db() -> AsyncIterator[AsyncSession]:
        async with sessions() as session:
            log.append("open")
            try:
                yield session
            finally:
                log.append("closed")

    async def get_current_user(token: str = web.Header(), db: AsyncSession = web.Depends(get_db)) -> User:
        user = (await db.execute(select(User).where(User.token == token))).scalar_one_or_none()
        if user is None:
            raise web.HTTPException(status_code=401, detail="Invalid token")
        return user

    current_user = Annotated[User, web.Depends(get_current_user)]
    db_session = Annotated[AsyncSession, web.Depends(get_db)]
    app = web.FastAPI(lifespan=asynccontextmanager(prepare))

    @app.get("/tasks")
    async def list_tasks(user: current_user, db: db_session) -> list[TaskResponse]:
        log.append("endpoint")
        assert user in db
        tasks = await db.execute(select(Task).where(Task.owner_id == user.id))
        return tasks.scalars().all()

    @app.get("/me")
    async def me(user: current_user) -> int:
        return user.id

    return app


@each_framework
def test_a_session_below_a_user_below_an_endpoint(web, tmp_path):
    """Dependencies depend on dependencies: the user is looked up in the session that the endpoint uses too."""
    log: list[str] = []
    with client(task_database(web, tmp_path, log)) as http:
        response = http.get("/tasks", headers={"token": "bob"})
        assert (response.status_code, response.json()) == (200, [{"id": 2, "title": "Read"}])
        # The user's dependency and the endpoint both ask for a session, and there was one.
        assert log == ["open", "endpoint", "closed"]
        http.get("/tasks", headers={"token": "ada"})
        assert log.count("open") == 2


@each_framework
def test_the_chain_ends_where_a_dependency_refuses(web, tmp_path):
    """A dependency that raises is the answer; the endpoint is not called and the session is closed all the same."""
    log: list[str] = []
    with client(task_database(web, tmp_path, log)) as http:
        response = http.get("/tasks", headers={"token": "eve"})
        assert (response.status_code, response.json()) == (401, {"detail": "Invalid token"})
        assert log == ["open", "closed"]
        response = http.get("/tasks")
        assert response.status_code == 422
        assert response.json()["detail"][0]["loc"] == ["header", "token"]


@each_framework
def test_an_alias_serves_many_endpoints(web, tmp_path):
    """`Annotated` is written once and used in every signature; to type checkers it is the type in it."""
    with client(task_database(web, tmp_path, [])) as http:
        assert http.get("/me", headers={"token": "bob"}).json() == 2
        assert len(http.get("/tasks", headers={"token": "bob"}).json()) == 1

    alias = Annotated[User, web.Depends(User)]

    def endpoint(user: alias) -> None: ...

    assert get_type_hints(endpoint)["user"] is User


def wrapped_in_log(app: Any, log: list[str]) -> Any:
    """The application, with a note in the log when the answer begins and when it is sent whole."""

    async def watched(scope: Any, receive: Any, send: Any) -> None:
        async def note(message: Any) -> None:
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                log.append("sent")

        await app(scope, receive, note)

    return watched


@each_framework
@pytest.mark.parametrize("is_async", [True, False], ids=["async", "sync"])
def test_code_after_yield_runs_after_the_response_was_sent(web, is_async):
    """Before `yield` is before the endpoint; after `yield` is after the last byte has gone."""
    log: list[str] = []

    async def async_resource():
        log.append("before")
        yield "resource"
        log.append("after")

    def resource():
        log.append("before")
        yield "resource"
        log.append("after")

    @application(web)
    async def read(value=web.Depends(async_resource if is_async else resource)):
        log.append(f"endpoint has {value}")

    assert answer(wrapped_in_log(read, log), "GET /") == (200, None)
    assert log == ["before", "endpoint has resource", "sent", "after"]


@each_framework
def test_cleanup_runs_when_the_endpoint_fails(web):
    """A generator with try and finally is a context manager: it ends whatever happens in between."""
    log: list[str] = []

    async def resource():
        try:
            yield
        except ValueError as error:
            log.append(f"saw {error}")
            raise
        finally:
            log.append("closed")

    @application(web)
    async def read(value=web.Depends(resource)):
        raise ValueError("trouble")

    assert ask(read, "GET /").status_code == 500
    assert log == ["saw trouble", "closed"]


@each_framework
def test_a_dependency_runs_once_per_request_however_many_need_it(web):
    """Three ways lead to one dependency; it runs once for a request, and again for the next."""
    calls: list[int] = []

    async def get_db() -> int:
        calls.append(len(calls) + 1)
        return calls[-1]

    async def user(db: int = web.Depends(get_db)) -> int:
        return db

    async def settings(db: int = web.Depends(get_db)) -> int:
        return db

    app = web.FastAPI()

    @app.get("/")
    async def read(a=web.Depends(user), b=web.Depends(settings), c=web.Depends(get_db)) -> list[int]:
        return [a, b, c]

    @app.get("/fresh")
    async def fresh(a=web.Depends(get_db), b=web.Depends(get_db, use_cache=False)) -> list[int]:
        return [a, b]

    assert answer(app, "GET /") == (200, [1, 1, 1])
    assert answer(app, "GET /") == (200, [2, 2, 2])
    # Unless it is told otherwise.
    assert answer(app, "GET /fresh") == (200, [3, 4])


@each_framework
def test_an_override_is_an_assignment_to_a_dict(web):
    """`dependency_overrides[get_db] = mock` replaces it wherever it is needed; deleting the key brings it back."""

    async def get_db() -> str:
        return "real"

    async def user(db: str = web.Depends(get_db)) -> str:
        return f"user of {db}"

    app = web.FastAPI()

    @app.get("/")
    async def read(a=web.Depends(user), b=web.Depends(get_db)) -> list[str]:
        return [a, b]

    async def mock(name: str = "mock"):
        yield name

    assert answer(app, "GET /") == (200, ["user of real", "real"])
    app.dependency_overrides[get_db] = mock
    assert answer(app, "GET /") == (200, ["user of mock", "mock"])
    # What takes the place is a dependency of its own right, and may read the request.
    assert answer(app, "GET /?name=fake") == (200, ["user of fake", "fake"])
    del app.dependency_overrides[get_db]
    assert answer(app, "GET /?name=fake") == (200, ["user of real", "real"])


@each_framework
def test_the_way_of_a_request(web):
    """Middleware, route, dependencies in their order, endpoint, response model, middleware, answer, clean-up."""
    log: list[str] = []

    class Answer(BaseModel):
        word: str

        @field_serializer("word")
        def note(self, word: str) -> str:
            log.append("response model")
            return word

    app = web.FastAPI()

    @app.middleware("http")
    async def around(request, call_next):
        log.append("middleware in")
        response = await call_next(request)
        log.append("middleware out")
        return response

    async def get_db():
        log.append("get_db")
        yield "session"
        log.append("get_db ends")

    async def get_current_user(db=web.Depends(get_db)) -> str:
        log.append("get_current_user")
        return "ada"

    @app.get("/")
    async def read(db=web.Depends(get_db), user=web.Depends(get_current_user)) -> Answer:
        log.append("endpoint")
        return Answer(word=user)

    watched = wrapped_in_log(app, log)
    assert answer(watched, "GET /") == (200, {"word": "ada"})
    assert log == [
        "middleware in", "get_db", "get_current_user", "endpoint", "response model", "middleware out", "sent", "get_db ends",
    ]  # fmt: skip
    # Where no route matches, the way ends after middleware.
    log.clear()
    assert answer(watched, "GET /nowhere")[0] == 404
    assert log == ["middleware in", "middleware out", "sent"]
