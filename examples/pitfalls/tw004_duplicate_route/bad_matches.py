"""Bad: the route class looks at the response only, so the second of two equal paths is never asked."""

from collections.abc import Callable, Coroutine
from typing import Any

from typeway import Request, Response, Router, Typeway
from typeway.routing import APIRoute


class SecondVersion(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def answer_with_version(request: Request) -> Response:
            response = await answer(request)
            response.headers["X-Version"] = "2"
            return response

        return answer_with_version


app = Typeway()
second = Router(route_class=SecondVersion)


@second.get("/tasks/{task_id}")
async def read_task_with_owner(task_id: int) -> dict[str, int]:
    return {"id": task_id, "owner": 1}


app.include_router(second)


@app.get("/tasks/{task_id}")
async def read_task(task_id: int) -> dict[str, int]:
    return {"id": task_id}
