"""fastapi-mcp: the endpoints of an application as tools of the Model Context Protocol."""

import asyncio
from typing import Any

import httpx
from fastapi import Depends, FastAPI, Header, HTTPException
from fastapi.testclient import TestClient
from fastapi_mcp import FastApiMCP
from mcp.shared.memory import create_connected_server_and_client_session
from pydantic import BaseModel


class Item(BaseModel):
    name: str
    price: float = 1


def reader(x_reader: str = Header("nobody")) -> str:
    return x_reader


app = FastAPI(title="shop")


@app.get("/items/{item}", operation_id="read_item", tags=["items"])
async def read(item: int, q: str | None = None, reader: str = Depends(reader)) -> dict[str, Any]:
    """Read an item."""
    if item == 404:
        raise HTTPException(404, "no such item")
    return {"item": item, "q": q, "reader": reader}


@app.post("/items", operation_id="write_item", tags=["items"], status_code=201)
def write(item: Item, count: int = 1) -> list[Item]:
    return [item] * count


@app.get("/inside", operation_id="inside", tags=["inside"])
def inside() -> int:
    return 1


client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://shop")
mcp = FastApiMCP(app, include_tags=["items"], describe_all_responses=True, http_client=client)
mcp.mount_http()
mcp.mount_sse()


async def talk() -> Any:
    async with create_connected_server_and_client_session(mcp.server) as session:
        tools = [tool.model_dump(mode="json") for tool in (await session.list_tools()).tools]
        results = []
        for name, arguments in (
            ("read_item", {"item": 1, "q": "x"}), ("read_item", {"item": 404}), ("read_item", {"item": "x"}),
            ("write_item", {"name": "tea", "count": 2}), ("nothing", {}),
        ):  # fmt: skip
            result = await session.call_tool(name, arguments)
            results.append([result.isError, [getattr(part, "text", None) for part in result.content]])
        return {"tools": tools, "results": results}


def play() -> Any:
    seen = asyncio.run(talk())
    hello = {
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {"protocolVersion": "2025-03-26", "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}},
    }  # fmt: skip
    with TestClient(app) as client:
        response = client.post("/mcp", json=hello, headers={"Accept": "application/json, text/event-stream"})
        seen["http"] = (response.status_code, response.json())
        seen["openapi"] = client.get("/openapi.json").json()
    return seen
