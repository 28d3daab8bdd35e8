"""newrelic: transactions named by the endpoint, with a trace of the endpoint and of what it traces."""

import os
from typing import Any

os.environ |= {"NEW_RELIC_LICENSE_KEY": "x" * 40, "NEW_RELIC_DEVELOPER_MODE": "true", "NEW_RELIC_LOG_LEVEL": "critical"}
import newrelic.agent  # its agent has to start first

newrelic.agent.initialize()

from fastapi import APIRouter, Depends, FastAPI, HTTPException  # noqa: E402
from fastapi.testclient import TestClient  # noqa: E402

seen: list[Any] = []


def note() -> None:
    transaction = newrelic.agent.current_transaction()
    trace = newrelic.agent.current_trace()
    seen.append([transaction and transaction.name, trace and getattr(trace, "name", type(trace).__name__)])


async def reader() -> str:
    note()
    return "ada"


app = FastAPI()
router = APIRouter(prefix="/items")


@router.get("/{item}")
async def read(item: int, who: str = Depends(reader)) -> int:
    note()
    if item == 404:
        raise HTTPException(404)
    return item


@router.get("/sync/{item}")
def read_sync(item: int) -> int:
    note()
    return item


app.include_router(router, prefix="/api")


def play() -> Any:
    newrelic.agent.register_application(timeout=10)
    client = TestClient(app, raise_server_exceptions=False)
    statuses = [
        client.get(path).status_code for path in ("/api/items/1", "/api/items/sync/1", "/api/items/404", "/api/items/x")
    ]
    assert any(name and name.endswith(":read") for name, _ in seen), seen
    return {"statuses": statuses, "seen": seen}
