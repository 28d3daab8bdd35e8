"""fastapi-cache2: answers are kept, told apart by what was asked, and revalidated."""

from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.testclient import TestClient
from fastapi_cache import FastAPICache
from fastapi_cache.backends.inmemory import InMemoryBackend
from fastapi_cache.decorator import cache
from pydantic import BaseModel

calls: list[str] = []


class Item(BaseModel):
    name: str
    price: float


app = FastAPI()
router = APIRouter(prefix="/items")


def user(name: str = "nobody") -> str:
    return name


@router.get("/plain/{number}")
@cache(expire=60)
async def plain(number: int, q: str | None = None) -> dict[str, Any]:
    calls.append(f"plain {number} {q}")
    return {"number": number, "q": q, "call": len(calls)}


@router.get("/sync")
@cache(expire=60)
def sync(who: str = Depends(user)) -> Item:
    calls.append(f"sync {who}")
    return Item(name=who, price=len(calls))


@router.get("/injected")
@cache(namespace="own", expire=60)
async def injected(request: Request, response: Response) -> Item:
    calls.append("injected")
    response.headers["X-Path"] = request.url.path
    return Item(name="x", price=1)


@app.get("/clear")
async def clear() -> int:
    return await FastAPICache.clear()


app.include_router(router)


def play() -> Any:
    FastAPICache.init(InMemoryBackend(), prefix="test")
    client = TestClient(app)
    seen = []
    for path in (
        "/items/plain/1", "/items/plain/1", "/items/plain/1?q=a", "/items/plain/2", "/items/sync", "/items/sync",
        "/items/sync?name=me", "/items/sync?name=me", "/items/injected", "/items/injected", "/items/plain/x", "/clear",
        "/items/plain/1",
    ):  # fmt: skip
        response = client.get(path)
        # The seconds that are left and the entity tags differ from run to run.
        kept = [response.headers.get(name) for name in ("x-fastapi-cache", "x-path")]
        told = [name in response.headers for name in ("cache-control", "etag")]
        seen.append((path, response.status_code, response.json(), *kept, *told))
    etag = client.get("/items/injected").headers["etag"]
    revalidated = client.get("/items/injected", headers={"If-None-Match": etag})
    fresh = client.get("/items/sync", headers={"Cache-Control": "no-store"})
    assert calls.count("plain 1 None") == 2, calls
    return {
        "seen": seen,
        "calls": calls,
        "revalidated": (revalidated.status_code, revalidated.text),
        "fresh": fresh.json(),
        "openapi": app.openapi(),
    }
