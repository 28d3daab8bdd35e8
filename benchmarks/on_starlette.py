"""Write the workloads on Starlette alone: what it offers, and Pydantic called by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from benchmarks.models import ROW_MODELS, Item, Row
from benchmarks.workloads import ROWS

ROW_LIST = TypeAdapter(list[Row])


async def plain(request: Request) -> Response:
    return JSONResponse({"message": "hello"})


async def read_item(request: Request) -> Response:
    limit = int(request.query_params.get("limit", 10))
    return JSONResponse(
        {"item_id": int(request.path_params["item_id"]), "q": request.query_params["q"], "limit": limit}
    )


async def create_item(request: Request) -> Response:
    item = Item.model_validate_json(await request.body())
    return Response(item.model_dump_json(), 201, media_type="application/json")


async def dicts(request: Request) -> Response:
    return Response(ROW_LIST.dump_json(ROW_LIST.validate_python(ROWS)), media_type="application/json")


async def models(request: Request) -> Response:
    return Response(ROW_LIST.dump_json(ROW_MODELS), media_type="application/json")


async def form(request: Request) -> Response:
    data = await request.form()
    return JSONResponse({"username": data["username"], "length": len(str(data["password"]))})


async def upload(request: Request) -> Response:
    async with request.form() as data:
        file: Any = data["file"]
        return JSONResponse({"size": file.size})


async def rows(request: Request) -> Response:
    return JSONResponse({"count": len(ROW_LIST.validate_json(await request.body()))})


async def numbered(request: Request) -> Response:
    return JSONResponse({"item_id": int(request.path_params["item_id"])})


async def echo(socket: WebSocket) -> None:
    await socket.accept()
    try:
        while True:
            await socket.send_text(await socket.receive_text())
    except WebSocketDisconnect:
        return


def middleware(name: str) -> Middleware:
    async def dispatch(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        response.headers[name] = "passed"
        return response

    return Middleware(BaseHTTPMiddleware, dispatch=dispatch)


def build() -> Mapping[str, Any]:
    """Starlette's applications; what it has no word for (dependencies) is left out."""
    numbers = [Route(f"/route-{number}/{{item_id}}", numbered) for number in range(500)]
    main = [
        Route("/plain", plain), Route("/items/{item_id}", read_item), Route("/items", create_item, methods=["POST"]),
        Route("/dicts", dicts), Route("/models", models), Route("/form", form, methods=["POST"]),
        Route("/upload", upload, methods=["POST"]), Route("/rows", rows, methods=["POST"]),
        WebSocketRoute("/echo", echo),
    ]  # fmt: skip
    layers = [middleware(f"x-layer-{number}") for number in range(3)]
    return {
        "main": Starlette(routes=main),
        "flat": Starlette(routes=numbers),
        "deep": Starlette(routes=[Mount("/a", routes=[Mount("/b", routes=[Mount("/c", routes=numbers)])])]),
        "middleware": Starlette(routes=main, middleware=layers),
    }
