"""Good: a route class of the application's own decides by a header which of two equal paths it answers."""

from collections.abc import MutableMapping
from typing import Any

from typeway import Router, Typeway
from typeway.routing import APIRoute, Match


class SecondVersion(APIRoute):
    def matches(self, scope: MutableMapping[str, Any]) -> tuple[Match, Any]:
        if (b"x-version", b"2") in scope["headers"]:
            return super().matches(scope)
        return Match.NONE, {}


app = Typeway()
second = Router(route_class=SecondVersion)


@second.get("/tasks/{task_id}")
async def read_task_with_owner(task_id: int) -> dict[str, int]:
    return {"id": task_id, "owner": 1}


app.include_router(second)


@app.get("/tasks/{task_id}")
async def read_task(task_id: int) -> dict[str, int]:
    return {"id": task_id}
