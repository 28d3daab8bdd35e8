"""Third pitfall: a partial update that writes None over what was not sent."""

from typing import Any

import pytest
from pydantic import BaseModel

from tests.frameworks import answer, each_framework


class TaskUpdate(BaseModel):
    title: str | None = None
    description: str | None = None
    priority: int | None = None


STORED = {"title": "Old", "description": "Long", "priority": 3}


def updating(web: Any, **options: Any) -> Any:
    """An endpoint that writes a dump of the update over what is stored."""
    app = web.FastAPI()
    stored = dict(STORED)

    @app.patch("/tasks/{task_id}")
    async def update_task(task_id: int, updates: TaskUpdate) -> dict:
        stored.update(updates.model_dump(**options))
        return stored

    return app


@each_framework
def test_a_whole_dump_overwrites_what_was_not_sent(web):
    """`model_dump()` has every field, so that description and priority are lost."""
    assert answer(updating(web), "PATCH /tasks/1", json={"title": "New"}) == (
        200,
        {"title": "New", "description": None, "priority": None},
    )


@each_framework
@pytest.mark.parametrize(
    ("sent", "result"),
    [
        ({"title": "New"}, {**STORED, "title": "New"}),
        ({}, STORED),
        # None that was sent is meant.
        ({"description": None}, {**STORED, "description": None}),
        ({"priority": 1, "title": "New"}, {**STORED, "priority": 1, "title": "New"}),
    ],
)
def test_exclude_unset_writes_what_was_sent(web, sent, result):
    """`model_dump(exclude_unset=True)` has the fields of the request's body and no others."""
    assert answer(updating(web, exclude_unset=True), "PATCH /tasks/1", json=sent) == (200, result)
