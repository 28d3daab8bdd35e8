"""What one thread changes while others serve never breaks a request: routes, overrides, and applications of several event loops."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from tests.frameworks import Sending, answer_of
from typeway import Depends, Router, Typeway

LOOPS = 4
CHANGES = 60


class Item(BaseModel):
    count: int


def settings() -> str:
    return "real"


def application() -> tuple[Typeway, Router]:
    app, router = Typeway(), Router()

    @router.post("/items")
    async def create(item: Item, name: Annotated[str, Depends(settings)]) -> list[Any]:
        return [item.count, name]

    app.include_router(router, prefix="/v1")
    return app, router


def serve(app: Typeway, changed: threading.Event, started: threading.Barrier) -> list[Any]:
    """Ask again and again on an event loop of this thread until the changes have been made; return every answer."""

    async def ask() -> list[Any]:
        found, number = [], 0
        started.wait(60)
        while not changed.is_set() or number < 5:
            number += 1
            answer = await answer_of(app, Sending("/v1/items", [b'{"count":%d}' % number]))
            found.append((answer["status"], answer["body"], number))
        return found

    return asyncio.run(ask())


def answers_under_load(app: Typeway, change: Callable[[int], None]) -> list[Any]:
    """Change an application in this thread while event loops of others ask it; return all answers."""
    changed, started = threading.Event(), threading.Barrier(LOOPS + 1)
    with ThreadPoolExecutor(LOOPS) as pool:
        serving = [pool.submit(serve, app, changed, started) for _ in range(LOOPS)]
        try:
            started.wait(60)
            for number in range(CHANGES):
                change(number)
        finally:
            changed.set()
        return [answer for each in serving for answer in each.result(100)]


def add_routes(app: Typeway, router: Router, number: int) -> None:
    (app if number % 2 else router).get(f"/later/{number}")(lambda: number)


def change_overrides(app: Typeway, router: Router, number: int) -> None:
    if number % 2:
        app.dependency_overrides[settings] = lambda: "other"
    else:
        app.dependency_overrides.clear()


def override_for_a_while(app: Typeway, router: Router, number: int) -> None:
    with app.override(settings, lambda: "other"):
        app.openapi()


def describe(app: Typeway, router: Router, number: int) -> None:
    add_routes(app, router, number)
    paths = app.openapi()["paths"]
    assert f"/{'' if number % 2 else 'v1/'}later/{number}" in paths


def add_handlers(app: Typeway, router: Router, number: int) -> None:
    app.exception_handlers[type(f"Error{number}", (Exception,), {})] = lambda request, error: None


@pytest.mark.parametrize("change", [add_routes, change_overrides, override_for_a_while, describe, add_handlers])
def test_changes_under_load_break_no_request(change: Any) -> None:
    """While one thread changes an application, each request of several event loops is answered as before or after the change."""
    app, router = application()
    answers = answers_under_load(app, lambda number: change(app, router, number))
    wrong = [
        answer
        for answer in answers
        if answer[0] != [200] or answer[1] not in (b'[%d,"real"]' % answer[2], b'[%d,"other"]' % answer[2])
    ]
    assert wrong == []
    if change is not change_overrides:
        assert all(b"real" in answer[1] for answer in answers)


def test_routes_added_under_load_are_served() -> None:
    """After the thread that added them is done, every route is found, on every event loop."""
    app, router = application()
    answers_under_load(app, lambda number: add_routes(app, router, number))

    async def ask(path: str) -> Any:
        return (await answer_of(app, Sending(path, media_type=None, method="GET")))["body"]

    for number in range(CHANGES):
        path = f"/{'' if number % 2 else 'v1/'}later/{number}"
        assert asyncio.run(ask(path)) == b"%d" % number
