"""ddtrace: spans of requests, named by the route's template, with the serialization of responses inside."""

import os
from typing import Any

os.environ |= {
    "DD_TRACE_ENABLED": "true",
    "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
    "DD_REMOTE_CONFIGURATION_ENABLED": "false",
}
from ddtrace import patch  # its agent has to start first
from ddtrace.trace import TraceFilter, tracer

spans: list[Any] = []


class Kept(TraceFilter):
    def process_trace(self, trace: Any) -> None:
        spans.extend(trace)


tracer.configure(trace_processors=[Kept()])
patch(fastapi=True, starlette=True)

from fastapi import APIRouter, BackgroundTasks, FastAPI, HTTPException, WebSocket  # noqa: E402
from fastapi.testclient import TestClient  # noqa: E402
from pydantic import BaseModel  # noqa: E402


class Item(BaseModel):
    name: str


app = FastAPI()
router = APIRouter(prefix="/items")


@router.get("/{item}")
async def read(item: int, tasks: BackgroundTasks) -> Item:
    tasks.add_task(str, item)
    if item == 404:
        raise HTTPException(404)
    if item == 500:
        raise ValueError("broken")
    with tracer.trace("inside"):
        return Item(name=str(item))


@router.post("/")
def write(item: Item) -> Any:
    return item


@app.websocket("/line")
async def line(socket: WebSocket) -> None:
    await socket.accept()
    await socket.close()


mounted = FastAPI()
mounted.get("/deep/{name}")(lambda name: name)
app.include_router(router, prefix="/api")
app.mount("/sub", mounted)


def play() -> Any:
    client = TestClient(app, raise_server_exceptions=False)
    statuses = []
    for method, path, body in (
        ("GET", "/api/items/1", None), ("GET", "/api/items/404", None), ("GET", "/api/items/500", None),
        ("GET", "/api/items/x", None), ("POST", "/api/items/", {"name": "tea"}), ("GET", "/sub/deep/x", None),
        ("GET", "/nowhere", None),
    ):  # fmt: skip
        statuses.append(client.request(method, path, json=body).status_code)
    with client.websocket_connect("/line"):
        pass
    tracer.flush()
    kept = [
        [
            span.name,
            span.resource,
            span.error,
            span.get_tag("http.route"),
            span.get_tag("http.status_code"),
            span.get_tag("error.type"),
        ]
        for span in spans
    ]
    assert any(span[1] == "GET /api/items/{item}" for span in kept), kept
    return {"statuses": statuses, "spans": kept}
