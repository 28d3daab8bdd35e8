"""sentry-sdk: errors are reported with the route, the request and the user; transactions are named by templates."""

import logging
from typing import Any

import sentry_sdk
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

sent: list[dict[str, Any]] = []


class Kept(Transport):
    def capture_envelope(self, envelope: Envelope) -> None:
        sent.extend(item.payload.json for item in envelope.items if item.payload.json is not None)


sentry_sdk.init(
    dsn="https://key@example.invalid/1", transport=Kept, traces_sample_rate=1.0, send_default_pii=True,
    max_request_body_size="always",
)  # fmt: skip

from fastapi import APIRouter, Body, Depends, FastAPI, HTTPException, Request  # noqa: E402  # as its documentation says
from fastapi.responses import JSONResponse  # noqa: E402
from fastapi.testclient import TestClient  # noqa: E402
from starlette.middleware.base import BaseHTTPMiddleware  # noqa: E402


class Teapot(Exception):
    pass


async def pass_on(request: Request, call_next: Any) -> Any:
    response = await call_next(request)
    response.headers["X-Passed"] = "on"
    return response


def tag(item_id: int) -> int:
    sentry_sdk.set_tag("item", item_id)
    return item_id


app = FastAPI()
app.add_middleware(BaseHTTPMiddleware, dispatch=pass_on)
router = APIRouter(prefix="/items")


@app.exception_handler(Teapot)
async def teapot(request: Request, error: Teapot) -> JSONResponse:
    return JSONResponse({"short": "stout"}, 418)


@router.get("/{item_id}")
async def read(item_id: int = Depends(tag)) -> int:
    if item_id == 500:
        raise ValueError("broken")
    if item_id == 503:
        raise HTTPException(503, "not now")
    if item_id == 404:
        raise HTTPException(404)
    if item_id == 418:
        raise Teapot
    return item_id


@router.post("/{item_id}")
def write(item_id: int, item: dict[str, Any] = Body()) -> int:
    logging.getLogger("shop").error("cannot write %s", item_id)
    return 1 // 0


app.include_router(router, prefix="/api")


def told(event: dict[str, Any]) -> Any:
    request = event.get("request", {})
    values = event.get("exception", {}).get("values", [])
    return {
        "type": event.get("type", "event"),
        "transaction": event.get("transaction"),
        "source": event.get("transaction_info"),
        "errors": [(value["type"], value["value"], value["mechanism"]) for value in values],
        "in_app": [frame["function"] for value in values for frame in value["stacktrace"]["frames"][-1:]],
        "message": event.get("logentry", {}).get("message"),
        "request": {name: request.get(name) for name in ("method", "url", "data", "query_string")},
        "tags": event.get("tags"),
        "status": event.get("contexts", {}).get("trace", {}).get("status"),
        "spans": sorted({(span["op"], span["description"]) for span in event.get("spans", ())}),
    }


def play() -> Any:
    client = TestClient(app, raise_server_exceptions=False)
    seen = []
    for method, path in (
        ("GET", "/api/items/1"), ("GET", "/api/items/500?q=1"), ("GET", "/api/items/503"), ("GET", "/api/items/404"),
        ("GET", "/api/items/418"), ("GET", "/api/items/x"), ("POST", "/api/items/7"), ("GET", "/nowhere"),
    ):  # fmt: skip
        response = client.request(method, path, json={"a": [1]} if method == "POST" else None)
        seen.append((path, response.status_code, response.text, response.headers.get("x-passed")))
    sentry_sdk.flush()
    events = [told(event) for event in sent]
    errors = [event["errors"][0][0] for event in events if event["errors"]]
    assert errors == ["ValueError", "HTTPException", "ZeroDivisionError"], errors
    assert "/api/items/{item_id}" in [event["transaction"] for event in events]
    return {"seen": seen, "events": events}
