"""classy-fastapi: routes are methods of an object, with the options of the class."""

from typing import Any

from classy_fastapi import Routable, delete, get, post, websocket
from fastapi import FastAPI, HTTPException, WebSocket
from fastapi.testclient import TestClient
from pydantic import BaseModel


class Item(BaseModel):
    name: str
    price: float = 1


class Items(Routable):
    def __init__(self, stock: dict[str, Item], **options: Any) -> None:
        super().__init__(**options)
        self.stock = stock

    @get("/{name}", response_model=Item, responses={404: {"description": "sold"}})
    def read(self, name: str) -> Item:
        """Read an item."""
        if name not in self.stock:
            raise HTTPException(404, "sold")
        return self.stock[name]

    @post("/", status_code=201, summary="Add an item")
    async def add(self, item: Item) -> list[str]:
        """Add an item."""
        self.stock[item.name] = item
        return sorted(self.stock)

    @delete("/{name}", status_code=204)
    def remove(self, name: str) -> None:
        """Remove an item."""
        del self.stock[name]

    @websocket("/live/{name}")
    async def live(self, socket: WebSocket, name: str) -> None:
        await socket.accept()
        await socket.send_text(name.upper())
        await socket.close()


app = FastAPI()
app.include_router(Items({"tea": Item(name="tea")}, prefix="/items", tags=["items"]).router)
app.include_router(Items({}).router, prefix="/empty")


def play() -> Any:
    client = TestClient(app)
    seen: list[Any] = []
    for method, path, body in (
        ("GET", "/items/tea", None), ("GET", "/empty/tea", None), ("POST", "/items/", {"name": "jam", "price": "2"}),
        ("POST", "/items/", {}), ("DELETE", "/items/tea", None), ("GET", "/items/tea", None),
    ):  # fmt: skip
        response = client.request(method, path, json=body)
        seen.append((method, path, response.status_code, response.text))
    with client.websocket_connect("/items/live/jam") as socket:
        seen.append(socket.receive_text())
    return {"seen": seen, "openapi": app.openapi()}
