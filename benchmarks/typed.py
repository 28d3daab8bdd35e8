"""Write the contestants that share FastAPI's programming model once, against whichever framework is given."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from importlib import import_module
from typing import Annotated, Any

import anyio

from benchmarks.models import ROW_MODELS, Item, Page, Row
from benchmarks.workloads import EVENTS, ROWS, large_file


def build(web: Any) -> Mapping[str, Any]:
    """The applications of a framework whose names are FastAPI's."""
    return {
        "main": main_app(web),
        "flat": flat_app(web, 500),
        "deep": deep_app(web, 500),
        "middleware": middleware_app(web),
    }


def main_app(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/plain", response_model=None)
    async def plain() -> Any:
        return {"message": "hello"}

    @app.get("/items/{item_id}", response_model=None)
    async def read_item(item_id: int, q: str, limit: Annotated[int, web.Query(ge=1, le=100)] = 10) -> Any:
        return {"item_id": item_id, "q": q, "limit": limit}

    @app.post("/items", status_code=201)
    async def create_item(item: Item) -> Item:
        return item

    @app.get("/dicts", response_model=list[Row])
    async def dicts() -> Any:
        return ROWS

    @app.get("/models", response_model=list[Row])
    async def models() -> Any:
        return ROW_MODELS

    @app.get("/thread", response_model=None)
    def thread() -> Any:
        time.sleep(0)
        return {"message": "hello"}

    @app.post("/form", response_model=None)
    async def form(username: Annotated[str, web.Form()], password: Annotated[str, web.Form()]) -> Any:
        return {"username": username, "length": len(password)}

    @app.post("/upload", response_model=None)
    async def upload(file: web.UploadFile) -> Any:
        return {"size": file.size}

    # 490,000 values; FastAPI has no limit of these.
    many: Any = {"json_limits": {"max_values": 1_000_000}} if hasattr(web, "Typeway") else {}

    @app.post("/rows", response_model=None, **many)
    async def rows(rows: list[Row]) -> Any:
        return {"count": len(rows)}

    @app.get("/refused", response_model=None)
    async def refused() -> Any:
        raise web.HTTPException(409, "Refused")

    add_dependencies(app, web)
    add_streams(app, web)
    return app


def add_streams(app: Any, web: Any) -> None:
    name = web.FastAPI.__module__.partition(".")[0]
    response_class = import_module(f"{name}.responses").EventSourceResponse
    file_class = import_module(f"{name}.responses").FileResponse
    disconnect = import_module(f"{name}.websockets").WebSocketDisconnect

    @app.get("/events", response_class=response_class)
    async def events() -> AsyncIterator[dict[str, int]]:
        for number in range(EVENTS):
            yield {"number": number}

    @app.get("/lines")
    async def lines() -> AsyncIterator[dict[str, int]]:
        for number in range(EVENTS):
            yield {"number": number}

    @app.get("/file", response_class=file_class)
    async def file() -> Any:
        return file_class(large_file())

    @app.websocket("/echo")
    async def echo(socket: web.WebSocket) -> None:
        await socket.accept()
        try:
            while True:
                await socket.send_text(await socket.receive_text())
        except disconnect:
            return


def add_dependencies(app: Any, web: Any) -> None:
    async def session() -> AsyncIterator[str]:
        yield "open"

    async def awaiting_session() -> AsyncIterator[str]:
        await anyio.lowlevel.checkpoint()
        yield "open"

    async def token(x_token: Annotated[str, web.Header()]) -> str:
        return x_token

    def endpoint(session: Any) -> Callable[..., Awaitable[Any]]:
        async def user(db: Annotated[str, web.Depends(session)], name: Annotated[str, web.Depends(token)]) -> Any:
            return {"user": name, "session": db}

        async def read(user: Annotated[Any, web.Depends(user)], page: Annotated[Page, web.Depends()]) -> Any:
            return {"user": user["user"], "offset": page.offset, "session": user["session"]}

        return read

    app.get("/dependencies", response_model=None)(endpoint(session))
    app.get("/dependencies-await", response_model=None)(endpoint(awaiting_session))


def flat_app(web: Any, count: int) -> Any:
    app = web.FastAPI()
    for number in range(count):
        app.get(f"/route-{number}/{{item_id}}", response_model=None)(route())
    return app


def deep_app(web: Any, count: int) -> Any:
    app = web.FastAPI()
    inner, middle, outer = web.APIRouter(), web.APIRouter(), web.APIRouter()
    for number in range(count):
        inner.get(f"/route-{number}/{{item_id}}", response_model=None)(route())
    middle.include_router(inner, prefix="/c")
    outer.include_router(middle, prefix="/b")
    app.include_router(outer, prefix="/a")
    return app


def route() -> Callable[[int], Awaitable[dict[str, int]]]:
    async def read(item_id: int) -> dict[str, int]:
        return {"item_id": item_id}

    return read


def middleware_app(web: Any) -> Any:
    app = web.FastAPI()
    for number in range(3):

        @app.middleware("http")
        async def marked(request: Any, call_next: Any, name: str = f"x-layer-{number}") -> Any:
            response = await call_next(request)
            response.headers[name] = "passed"
            return response

    @app.get("/plain", response_model=None)
    async def plain() -> Any:
        return {"message": "hello"}

    return app
