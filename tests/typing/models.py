"""Type checkers see a derived model as the model that it comes from; checked by mypy and pyright, never run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Annotated, Any, assert_type

from pydantic import BaseModel

from typeway import AllRequired, Depends, MergePatch, Omit, Partial, Pick, Problem, Typeway, apply, changes
from typeway.testclient import TestClient

app = Typeway(errors="problem")


class Task(BaseModel):
    id: int
    title: str
    priority: int = 1

    def loud(self) -> str:
        return self.title.upper()


class TaskNotFound(Problem):
    status = 404
    title = "Task not found"
    task_id: int


TaskPatch = Partial[Task]


@app.patch("/tasks/{task_id}", raises=(TaskNotFound,))
async def update(task_id: int, patch: Partial[Task]) -> Annotated[Task, Pick("id", "title")]:
    assert_type(patch, Task)
    assert_type(patch.title, str)
    assert_type(patch.loud(), str)
    assert_type(changes(patch), dict[str, Any])
    task = Task(id=task_id, title="t")
    assert_type(apply(patch, task), dict[str, Any])
    if task_id == 0:
        raise TaskNotFound("none", task_id=0)
    return task


@app.patch("/merge")
async def merge(patch: MergePatch[Task]) -> AllRequired[Task]:
    assert_type(patch.priority, int)
    return patch


@app.post("/tasks")
async def create(task: Annotated[Task, Omit("id")], other: TaskPatch | None = None) -> list[Partial[Task]]:
    assert_type(task.priority, int)
    assert_type(other, Task | None)
    return [task]


class Holder(BaseModel):
    patch: Partial[Task]
    shown: Annotated[Task, Pick("id")] | None = None


def get_text() -> str:
    return "text"


async def get_number() -> int:
    return 1


def get_session() -> Iterator[bytes]:
    yield b""


async def get_connection() -> AsyncIterator[float]:
    yield 1.0


async def resolving() -> None:
    assert_type(await app.resolve(get_text), str)
    assert_type(await app.resolve(get_number), int)
    assert_type(await app.resolve(get_session, overrides={get_text: lambda: ""}), bytes)
    async with app.resolve(get_connection) as connection:
        assert_type(connection, float)
    with app.override(get_text, lambda: "other"):
        assert_type(await job(1), str)
        assert_type(await sync_job(1), int)


@app.inject
async def job(day: int, text: Annotated[str, Depends(get_text)]) -> str:
    return text


@app.inject
def sync_job(day: int, text: Annotated[str, Depends(get_text)]) -> int:
    return day


wrapped: Callable[..., Coroutine[Any, Any, str]] = job
client = TestClient(app, overrides={get_text: lambda: "fake"}, raise_server_exceptions=False)
