"""fastapi-jsonrpc: JSON-RPC methods with dependencies, errors, batches, middleware, OpenAPI and OpenRPC."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import fastapi_jsonrpc as jsonrpc
from fastapi import Body, Depends, Header
from fastapi.testclient import TestClient
from pydantic import BaseModel

log: list[str] = []


class Refused(jsonrpc.BaseError):
    CODE = 5000
    MESSAGE = "Refused"

    class DataModel(BaseModel):
        details: str


def user(x_user: str = Header("nobody")) -> str:
    if x_user == "banned":
        raise Refused(data={"details": x_user})
    return x_user


@contextlib.asynccontextmanager
async def logged(context: jsonrpc.JsonRpcContext) -> AsyncIterator[None]:
    log.append(f"begin {context.raw_request}")
    try:
        yield
    finally:
        log.append(f"end {context.raw_response}")


class Item(BaseModel):
    name: str
    price: float = 1


api = jsonrpc.Entrypoint("/api/v1/jsonrpc", errors=[Refused], middlewares=[logged], common_dependencies=[Depends(user)])


@api.method(errors=[Refused])
def echo(data: str = Body(..., examples=["123"]), user: str = Depends(user)) -> str:
    if data == "error":
        raise Refused(data={"details": "error"})
    return f"{data} by {user}"


@api.method()
async def total(items: list[Item], discount: float = 0) -> Item:
    return Item(name="total", price=sum(item.price for item in items) - discount)


@api.method()
def broken() -> int:
    return 1 // 0


app = jsonrpc.API(title="shop")
app.bind_entrypoint(api)


@app.get("/plain")
def plain() -> int:
    return 1


def play() -> Any:
    seen: list[Any] = []
    with TestClient(app, raise_server_exceptions=False) as client:
        for body, who in (
            ({"method": "echo", "params": {"data": "hi"}, "id": 1, "jsonrpc": "2.0"}, "ada"),
            ({"method": "echo", "params": {"data": "hi"}, "id": 1, "jsonrpc": "2.0"}, "banned"),
            ({"method": "echo", "params": {"data": "error"}, "id": 2, "jsonrpc": "2.0"}, "ada"),
            ({"method": "echo", "params": {"data": [1]}, "id": "x", "jsonrpc": "2.0"}, "ada"),
            ({"method": "total", "params": {"items": [{"name": "a"}, {"name": "b", "price": "2"}]}, "id": 3}, "ada"),
            ({"method": "nothing", "id": 4}, "ada"),
            ({"method": "echo", "params": {"data": "noted"}}, "ada"),
            ([{"method": "echo", "params": {"data": n}, "id": n} for n in ("a", "b")], "ada"),
            ({"method": "broken", "id": 5}, "ada"),
            ("nonsense", "ada"),
        ):  # fmt: skip
            response = client.post("/api/v1/jsonrpc", json=body, headers={"X-User": who})
            seen.append((response.status_code, response.text))
        seen.append(client.post("/api/v1/jsonrpc/echo", json={"method": "echo", "params": {"data": "x"}, "id": 1}).text)
        seen.append(client.get("/plain").text)
        documents = [client.get(path).json() for path in ("/openapi.json", "/openrpc.json")]
    assert "hi by ada" in seen[0][1], seen
    return {"seen": seen, "log": sorted(log), "documents": documents}  # calls of a batch run at the same time
