"""Project structure: routers, schemas, dependencies and settings in files of their own, put together in main.py."""

import sys
from importlib import import_module
from pathlib import Path

import pytest

from tests.frameworks import answer, ask, each_framework

# The layout below src/task_manager, with `{web}` for the framework.
FILES = {
    "__init__.py": "",
    "config.py": """
        from functools import lru_cache
        from pydantic_settings import BaseSettings, SettingsConfigDict

        class Settings(BaseSettings):
            model_config = SettingsConfigDict(env_prefix="COURSE_")
            app_name: str = "Task Manager"

        @lru_cache
        def get_settings() -> Settings:
            return Settings()
    """,
    "dependencies.py": """
        from collections.abc import AsyncIterator
        from typing import Annotated
        from {web} import Depends
        from task_manager.models.task import Task

        TABLE: dict[int, Task] = {{}}

        async def get_db() -> AsyncIterator[dict[int, Task]]:
            yield TABLE

        Db = Annotated[dict[int, Task], Depends(get_db)]
    """,
    "models/__init__.py": "",
    "models/task.py": """
        from dataclasses import dataclass, field
        from datetime import datetime, timezone

        @dataclass
        class Task:
            id: int
            title: str
            owner_password_hash: str = "scrypt:internal"
            created_at: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    """,
    "schemas/__init__.py": "",
    "schemas/task.py": """
        from datetime import datetime
        from pydantic import BaseModel, ConfigDict

        class TaskCreate(BaseModel):
            title: str

        class TaskResponse(BaseModel):
            model_config = ConfigDict(from_attributes=True)
            id: int
            title: str
            created_at: datetime
    """,
    "routers/__init__.py": "",
    "routers/tasks.py": """
        from {web} import APIRouter
        from task_manager.dependencies import Db
        from task_manager.models.task import Task
        from task_manager.schemas.task import TaskCreate, TaskResponse

        router = APIRouter(prefix="/tasks", tags=["tasks"])

        @router.post("", response_model=TaskResponse, status_code=201)
        async def create_task(task: TaskCreate, db: Db) -> Task:
            db[len(db) + 1] = Task(len(db) + 1, **task.model_dump())
            return db[len(db)]
    """,
    "middleware.py": """
        async def name_application(request, call_next):
            response = await call_next(request)
            response.headers["X-Application"] = request.app.title
            return response
    """,
    "main.py": """
        from {web} import FastAPI
        from task_manager.config import get_settings
        from task_manager.middleware import name_application
        from task_manager.routers import tasks

        def create_app() -> FastAPI:
            app = FastAPI(title=get_settings().app_name)
            app.middleware("http")(name_application)
            app.include_router(tasks.router)
            return app

        app = create_app()
    """,
}

# A new resource: two files of its own, and two lines in main.py.
COMMENTS = {
    "schemas/comment.py": """
        from pydantic import BaseModel

        class CommentCreate(BaseModel):
            text: str
    """,
    "routers/comments.py": """
        from {web} import APIRouter
        from task_manager.schemas.comment import CommentCreate

        router = APIRouter(prefix="/comments", tags=["comments"])

        @router.post("", status_code=201)
        async def create_comment(comment: CommentCreate) -> CommentCreate:
            return comment
    """,
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Write a package below src/ and import its main module; what was imported is forgotten afterwards."""
    monkeypatch.syspath_prepend(str(tmp_path / "src"))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def write(web, files):
        for name, text in files.items():
            file: Path = tmp_path / "src" / "task_manager" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("\n".join(line[8:] for line in text.format(web=web.__name__).splitlines()))
        forget()
        return import_module("task_manager.main")

    def forget():
        for name in [name for name in sys.modules if name.partition(".")[0] == "task_manager"]:
            del sys.modules[name]

    yield write
    forget()


@each_framework
def test_the_recommended_layout_makes_one_application(web, project):
    """Routers, schemas, dependencies, settings and middleware in their own files are one application in main.py."""
    app = project(web, FILES).app
    assert app.title == "Task Manager"
    response = ask(app, "POST /tasks", json={"title": "Write"})
    assert response.status_code == 201
    assert response.headers["X-Application"] == "Task Manager"
    assert app.openapi()["paths"]["/tasks"]["post"]["tags"] == ["tasks"]


@each_framework
def test_what_comes_in_goes_out_and_is_stored_are_three_types(web, project):
    """The server gives id and time; a client can neither set them nor see what the model holds beside them."""
    main = project(web, FILES)
    sent = {"title": "Write", "id": 77, "owner_password_hash": "mine"}
    status, body = answer(main.app, "POST /tasks", json=sent)
    assert status == 201
    assert set(body) == {"id", "title", "created_at"}
    assert body["id"] == 1
    stored = import_module("task_manager.dependencies").TABLE[1]
    assert stored.owner_password_hash == "scrypt:internal"


@each_framework
def test_a_new_resource_is_new_files_and_one_inclusion(web, project):
    """A resource is added by its own router and schema, wired in main.py; no other file changes."""
    wired = (
        FILES["main.py"]
        .replace("import tasks", "import comments, tasks")
        .replace(
            "    app.include_router(tasks.router)",
            "    app.include_router(tasks.router)\n            app.include_router(comments.router)",
        )
    )
    app = project(web, {**FILES, **COMMENTS, "main.py": wired}).app
    assert answer(app, "POST /comments", json={"text": "Good"}) == (201, {"text": "Good"})
    assert answer(app, "POST /tasks", json={"title": "Write"})[0] == 201
    assert list(app.openapi()["paths"]) == ["/tasks", "/comments"]


@each_framework
def test_the_factory_makes_a_fresh_application_each_time(web, project):
    """Two applications of one factory share routers, and nothing that belongs to an application."""
    main = project(web, FILES)
    one, other = main.create_app(), main.create_app()

    async def empty_table() -> dict:
        return {}

    one.dependency_overrides[import_module("task_manager.dependencies").get_db] = empty_table
    assert other.dependency_overrides == {}
    assert answer(one, "POST /tasks", json={"title": "a"})[1]["id"] == 1
    assert answer(other, "POST /tasks", json={"title": "a"})[1]["id"] == 1
    assert answer(other, "POST /tasks", json={"title": "b"})[1]["id"] == 2
    assert answer(one, "POST /tasks", json={"title": "b"})[1]["id"] == 1


@each_framework
def test_no_structure_is_enforced(web):
    """The same application may stand in one file, without router, factory or package."""
    app = web.FastAPI()

    @app.post("/tasks", status_code=201)
    async def create_task(title: str) -> dict[str, str]:
        return {"title": title}

    assert answer(app, "POST /tasks?title=Write") == (201, {"title": "Write"})
