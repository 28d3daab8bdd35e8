"""fastapi-injectable: dependencies of endpoints, used in functions that no request calls."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient
from fastapi_injectable import (
    async_get_injected_obj,
    cleanup_all_exit_stacks,
    get_injected_obj,
    injectable,
    register_app,
)

log: list[str] = []


def settings() -> dict[str, str]:
    log.append("settings")
    return {"name": "shop"}


async def session(settings: Annotated[dict[str, str], Depends(settings)]) -> AsyncIterator[str]:
    log.append("open")
    yield f"session of {settings['name']}"
    log.append("close")


def reader(session: Annotated[str, Depends(session)], again: dict[str, str] = Depends(settings)) -> Iterator[str]:
    yield f"{session}, read by {again['name']}"
    log.append("read")


@injectable
async def job(number: int, reader: Annotated[str, Depends(reader)]) -> str:
    return f"{number}: {reader}"


@injectable(use_cache=False)
def sync_job(settings: Annotated[dict[str, str], Depends(settings)]) -> str:
    return settings["name"]


app = FastAPI()


@app.get("/")
def root(found: Annotated[str, Depends(reader)], name: str = Depends(sync_job)) -> list[str]:
    return [found, name]


def play() -> Any:
    async def outside() -> list[str]:
        await register_app(app)
        app.dependency_overrides[settings] = lambda: {"name": "test"}
        found = [await job(1), await async_get_injected_obj(reader)]
        app.dependency_overrides.clear()
        await cleanup_all_exit_stacks()
        return found

    seen: list[Any] = [asyncio.run(outside()), sync_job(), get_injected_obj(settings)]
    seen.append(TestClient(app).get("/").json())
    assert seen[0][0] == "1: session of test, read by test", seen
    return {"seen": seen, "log": log}
