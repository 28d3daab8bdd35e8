"""fastapi-versionizer: one API in several versions, each with its routes, documents and pages."""

from typing import Any

from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient
from fastapi_versionizer.versionizer import Versionizer, api_version
from pydantic import BaseModel


class Item(BaseModel):
    name: str


class NewItem(Item):
    price: float = 1


def reader(who: str = "nobody") -> str:
    return who


app = FastAPI(title="shop")


@api_version(1)
@app.get("/items/{item}", tags=["items"], deprecated=True)
def read(item: int, who: str = Depends(reader)) -> Item:
    return Item(name=f"{item} {who}")


@api_version(2)
@app.get("/items/{item}", tags=["items"])
async def read_again(item: int, who: str = Depends(reader)) -> NewItem:
    return NewItem(name=f"{item} {who}")


@api_version(1, remove_in_major=2)
@app.post("/items")
def write(item: Item) -> Item:
    return item


@app.get("/status")
def status() -> str:
    return "ok"


versions = Versionizer(
    app=app, prefix_format="/v{major}", semantic_version_format="{major}", latest_prefix="/latest",
    include_versions_route=True, sort_routes=True,
).versionize()  # fmt: skip


def play() -> Any:
    client = TestClient(app)
    seen: list[Any] = []
    for version in ("v1", "v2", "latest"):
        for method, path in (("GET", "/items/1?who=ada"), ("GET", "/items/x"), ("POST", "/items"), ("GET", "/status")):
            response = client.request(method, f"/{version}{path}", json={"name": "a"} if method == "POST" else None)
            seen.append((version, path, response.status_code, response.json()))
        seen.append(client.get(f"/{version}/openapi.json").json())
        seen.append(client.get(f"/{version}/docs").status_code)
    seen.append(client.get("/versions").json())
    return {"seen": seen, "versions": versions}
