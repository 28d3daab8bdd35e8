"""prometheus-fastapi-instrumentator: requests are counted by their route's whole template, and can be scraped."""

from typing import Any

from fastapi import APIRouter, FastAPI, HTTPException
from fastapi.testclient import TestClient
from prometheus_client import CollectorRegistry
from prometheus_fastapi_instrumentator import Instrumentator, metrics

app = FastAPI()
inner = APIRouter(prefix="/items")
outer = APIRouter(prefix="/shop")
mounted = FastAPI()


@app.get("/")
def root() -> str:
    return "root"


@inner.get("/{item_id}")
def read(item_id: int) -> int:
    if item_id == 418:
        raise HTTPException(418)
    return item_id


@inner.post("/{item_id}")
async def write(item_id: int, item: dict[str, int]) -> dict[str, int]:
    return item


@mounted.get("/deep/{name}")
def deep(name: str) -> str:
    return name


outer.include_router(inner)
app.include_router(outer, prefix="/api")
app.mount("/sub", mounted)
registry = CollectorRegistry()
instrumentator = Instrumentator(
    registry=registry, excluded_handlers=["/metrics"], should_instrument_requests_inprogress=True
)
instrumentator.add(metrics.default(registry=registry)).instrument(app).expose(app, tags=["metrics"])


def play() -> Any:
    with TestClient(app) as client:
        answers = [
            client.request(method, path, **options).status_code
            for method, path, options in (
                ("GET", "/", {}), ("GET", "/api/shop/items/1", {}), ("GET", "/api/shop/items/2", {}),
                ("GET", "/api/shop/items/418", {}), ("GET", "/api/shop/items/x", {}),
                ("POST", "/api/shop/items/1", {"json": {"a": 1}}), ("DELETE", "/api/shop/items/1", {}),
                ("GET", "/nowhere", {}), ("GET", "/sub/deep/x", {}),
            )
        ]  # fmt: skip
        scraped = client.get("/metrics")
    samples = sorted(line for line in scraped.text.splitlines() if line.startswith("http_requests_total"))
    assert any('handler="/api/shop/items/{item_id}"' in line for line in samples), samples
    return {
        "answers": answers,
        "samples": samples,
        "sizes": sorted(line for line in scraped.text.splitlines() if line.startswith("http_response_size_bytes_sum")),
        "type": scraped.headers["content-type"],
        "openapi": app.openapi(),
    }
