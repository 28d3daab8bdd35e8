"""Write the workloads on BlackSheep, as its documentation would; what it cannot say the same way is left out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from blacksheep import Application, FromForm, FromJSON, FromQuery, Router, json

from benchmarks.models import ROW_MODELS, Item, Row
from benchmarks.workloads import ROWS


def add_main(app: Application) -> None:
    @app.router.get("/plain")
    async def plain() -> Any:
        return json({"message": "hello"})

    @app.router.get("/items/{item_id}")
    async def read_item(item_id: int, q: FromQuery[str], limit: FromQuery[int]) -> Any:
        return json({"item_id": item_id, "q": q.value, "limit": limit.value})

    @app.router.post("/items")
    async def create_item(data: FromJSON[Item]) -> Any:
        return json(data.value, 201)

    @app.router.get("/dicts")
    async def dicts() -> Any:
        return json([Row(**row) for row in ROWS])

    @app.router.get("/models")
    async def models() -> Any:
        return json(ROW_MODELS)

    @app.router.post("/form")
    async def form(data: FromForm[dict[str, str]]) -> Any:
        return json({"username": data.value["username"], "length": len(data.value["password"])})


def add_numbered(app: Application, prefix: str) -> None:
    for number in range(500):

        async def read(item_id: int) -> Any:
            return json({"item_id": item_id})

        app.router.add_get(f"{prefix}/route-{number}/{{item_id}}", read)


def build() -> Mapping[str, Any]:
    """BlackSheep's applications, started: it compiles its handlers then."""
    # It logs every error answer, which none of the others does.
    logging.getLogger("blacksheep").setLevel(logging.CRITICAL)
    # With one router for all, which is the default, each application would compile the handlers of the others again.
    main, flat, deep = (Application(router=Router()) for _ in range(3))
    add_main(main)
    add_numbered(flat, "")
    add_numbered(deep, "/a/b/c")
    for app in (main, flat, deep):
        asyncio.run(app.start())
    return {"main": main, "flat": flat, "deep": deep}
