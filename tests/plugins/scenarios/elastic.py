"""elastic-apm: transactions named by the route's template, with their results, and errors with the request."""

from typing import Any

import elasticapm
from elasticapm.contrib.starlette import ElasticAPM, make_apm_client
from fastapi import APIRouter, FastAPI, HTTPException
from fastapi.testclient import TestClient

apm = make_apm_client({
    "SERVICE_NAME": "shop", "TRANSPORT_CLASS": "elasticapm.transport.base.Transport", "METRICS_INTERVAL": "0ms",
    "CENTRAL_CONFIG": False, "CLOUD_PROVIDER": "none", "CAPTURE_BODY": "all",
})  # fmt: skip
sent: list[tuple[str, Any]] = []
apm._transport.queue = lambda kind, data, flush=False: sent.append((kind, data))
app = FastAPI()
app.add_middleware(ElasticAPM, client=apm)
router = APIRouter(prefix="/items")


@router.get("/{item}")
async def read(item: int) -> int:
    with elasticapm.capture_span("reading"):
        if item == 404:
            raise HTTPException(404)
        if item == 500:
            raise ValueError("broken")
    return item


@router.post("/")
def write(item: dict[str, int]) -> int:
    elasticapm.label(number=len(item))
    return len(item)


app.include_router(router, prefix="/api")


def told(kind: str, data: Any) -> Any:
    context = data.get("context") or {}
    return [
        kind, data.get("name") or data.get("culprit"), data.get("result"), data.get("outcome"), context.get("tags"),
        (context.get("request") or {}).get("body"), ((context.get("request") or {}).get("url") or {}).get("pathname"),
        (data.get("exception") or {}).get("message"),
    ]  # fmt: skip


def play() -> Any:
    client = TestClient(app, raise_server_exceptions=False)
    statuses = []
    for method, path, body in (
        ("GET", "/api/items/1", None), ("GET", "/api/items/404", None), ("GET", "/api/items/500", None),
        ("GET", "/api/items/x", None), ("POST", "/api/items/", {"a": 1}), ("GET", "/nowhere", None),
    ):  # fmt: skip
        statuses.append(client.request(method, path, json=body).status_code)
    seen = [told(kind, data) for kind, data in sent if kind != "metricset"]
    assert any(entry[1] == "GET /api/items/{item}" for entry in seen), seen
    apm.close()
    return {"statuses": statuses, "seen": seen}
