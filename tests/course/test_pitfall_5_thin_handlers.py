"""Fifth pitfall: rules in endpoints, where nothing else can use or test them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column

from tests.frameworks import client, each_framework


class Base(MappedAsDataclass, DeclarativeBase):
    """The tables of this chapter."""


class Task(Base):
    __tablename__ = "tasks"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    title: Mapped[str]
    description: Mapped[str]
    owner_id: Mapped[int]
    status: Mapped[str] = mapped_column(default="todo")


class TaskCreate(BaseModel):
    title: str = Field(min_length=1)
    description: str = ""


class TaskResponse(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int
    title: str
    description: str
    status: str


class DuplicateTaskError(Exception):
    """The owner has a task of that title."""


class TaskService:
    """All that is true of tasks, without a word of HTTP."""

    def __init__(self, db: AsyncSession) -> None:
        self.db = db

    async def create_task(self, task: TaskCreate, owner_id: int) -> Task:
        await self._ensure_unique_title(task.title, owner_id)
        created = Task(**task.model_dump(), owner_id=owner_id)
        self.db.add(created)
        await self.db.commit()
        await self.db.refresh(created)
        return created

    async def _ensure_unique_title(self, title: str, owner_id: int) -> None:
        query = select(Task).where(Task.title == title, Task.owner_id == owner_id)
        if (await self.db.execute(query)).scalar_one_or_none() is not None:
            raise DuplicateTaskError(title)


@asynccontextmanager
async def database(path: Any) -> AsyncIterator[async_sessionmaker[AsyncSession]]:
    """An empty database in a file, closed at the end."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}/tasks.db")
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield async_sessionmaker(engine, expire_on_commit=False)
    await engine.dispose()


def create_app(web: Any, path: Any) -> Any:
    """Endpoints of one line each around the service."""

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        async with database(path) as app.state.sessions:
            yield

    async def get_db(request: web.Request) -> AsyncIterator[AsyncSession]:
        async with request.app.state.sessions() as session:
            yield session

    async def get_current_user(user: int = web.Header()) -> dict:
        return {"id": user}

    app = web.FastAPI(lifespan=lifespan)

    @app.exception_handler(DuplicateTaskError)
    async def duplicate(request: Any, exc: Any) -> Any:
        return web.responses.JSONResponse({"error": "duplicate_task", "message": f"{exc} exists"}, 409)

    @app.post("/tasks", response_model=TaskResponse, status_code=201)
    async def create_task(
        task: TaskCreate,
        db: Annotated[AsyncSession, web.Depends(get_db)],
        user: Annotated[dict, web.Depends(get_current_user)],
    ) -> Task:
        return await TaskService(db).create_task(task, owner_id=user["id"])

    return app


def test_the_service_is_tested_without_http(tmp_path):
    """Its rules hold when no request is near, as in a command or a worker."""

    async def run() -> None:
        async with database(tmp_path) as sessions, sessions() as db:
            service = TaskService(db)
            first = await service.create_task(TaskCreate(title="t"), owner_id=1)
            assert (first.id, first.title, first.status) == (1, "t", "todo")
            with pytest.raises(DuplicateTaskError):
                await service.create_task(TaskCreate(title="t"), owner_id=1)
            assert (await service.create_task(TaskCreate(title="t"), owner_id=2)).id == 2

    asyncio.run(run())


@each_framework
def test_a_thin_endpoint_is_glue_around_it(web, tmp_path):
    """The endpoint passes on and answers; the service's error becomes a 409 in one place."""
    with client(create_app(web, tmp_path)) as http:
        response = http.post("/tasks", json={"title": "t"}, headers={"user": "1"})
        assert (response.status_code, response.json()) == (
            201,
            {"id": 1, "title": "t", "description": "", "status": "todo"},
        )
        response = http.post("/tasks", json={"title": "t"}, headers={"user": "1"})
        assert (response.status_code, response.json()) == (409, {"error": "duplicate_task", "message": "t exists"})
        assert http.post("/tasks", json={"title": "t"}, headers={"user": "2"}).status_code == 201
        assert http.post("/tasks", json={"title": ""}, headers={"user": "1"}).status_code == 422
