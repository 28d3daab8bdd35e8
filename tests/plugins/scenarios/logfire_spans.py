"""logfire: a span per request, with the arguments, the errors of validation and the time of the endpoint."""

from typing import Any

import logfire
from fastapi import APIRouter, Depends, FastAPI, HTTPException, WebSocket
from fastapi.testclient import TestClient
from logfire.testing import TestExporter
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from pydantic import BaseModel

exporter = TestExporter()
logfire.configure(
    send_to_logfire=False,
    console=False,
    additional_span_processors=[SimpleSpanProcessor(exporter)],
    inspect_arguments=False,
)


class Item(BaseModel):
    name: str


def reader(x_reader: str = "nobody") -> str:
    logfire.info("reading as {reader}", reader=x_reader)
    return x_reader


app = FastAPI()
router = APIRouter(prefix="/items")


@router.get("/{item}")
async def read(item: int, q: str | None = None, who: str = Depends(reader)) -> Any:
    if item == 404:
        raise HTTPException(404, "no such item")
    return {"item": item, "who": who}


@router.post("/")
def write(item: Item) -> Item:
    return item


@app.websocket("/line/{name}")
async def line(socket: WebSocket, name: str) -> None:
    await socket.accept()
    await socket.send_text(name)
    await socket.close()


app.include_router(router, prefix="/api")


def attributes(request: Any, given: dict[str, Any]) -> dict[str, Any]:
    return {"values": {name: str(value) for name, value in given["values"].items()}, "errors": given["errors"]}


logfire.instrument_fastapi(app, request_attributes_mapper=attributes, capture_headers=True, extra_spans=True)
KEPT = (
    "http.route", "http.method", "http.status_code", "fastapi.route.name", "fastapi.route.operation_id", "logfire.msg",
    "values", "errors", "logfire.level_num", "code.function",
)  # fmt: skip


def play() -> Any:
    client = TestClient(app)
    statuses = []
    for method, path, body in (
        ("GET", "/api/items/1?q=x", None), ("GET", "/api/items/404", None), ("GET", "/api/items/x", None),
        ("POST", "/api/items/", {"name": "tea"}), ("POST", "/api/items/", {}), ("GET", "/nowhere", None),
    ):  # fmt: skip
        statuses.append(client.request(method, path, json=body).status_code)
    with client.websocket_connect("/line/ada") as socket:
        assert socket.receive_text() == "ada"
    spans = [
        [span["name"], {name: span["attributes"][name] for name in KEPT if name in span["attributes"]}]
        for span in exporter.exported_spans_as_dict()
    ]
    assert any("FastAPI arguments" in name for name, _ in spans), spans
    return {"statuses": statuses, "spans": spans}
