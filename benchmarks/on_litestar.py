"""Write the workloads on Litestar, as its documentation would."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Annotated, Any

from litestar import Litestar, Router, get, post
from litestar.datastructures import UploadFile
from litestar.di import Provide
from litestar.enums import RequestEncodingType
from litestar.params import Body, Parameter

from benchmarks.models import ROW_MODELS, Item, Row
from benchmarks.workloads import ROWS


@get("/plain")
async def plain() -> dict[str, str]:
    return {"message": "hello"}


@get("/items/{item_id:int}")
async def read_item(item_id: int, q: str, limit: Annotated[int, Parameter(ge=1, le=100)] = 10) -> dict[str, Any]:
    return {"item_id": item_id, "q": q, "limit": limit}


@post("/items")
async def create_item(data: Item) -> Item:
    return data


@get("/dicts")
async def dicts() -> list[Row]:
    return [Row(**row) for row in ROWS]


@get("/models")
async def models() -> list[Row]:
    return ROW_MODELS


async def session() -> AsyncGenerator[str, None]:
    yield "open"


async def token(x_token: Annotated[str, Parameter(header="x-token")]) -> str:
    return x_token


async def user(db: str, name: str) -> dict[str, str]:
    return {"user": name, "session": db}


@get(
    ["/dependencies", "/dependencies-await"],
    dependencies={"db": Provide(session), "name": Provide(token), "user": Provide(user)},
)
async def dependencies(user: dict[str, str], offset: int = 0) -> dict[str, Any]:
    return {"user": user["user"], "offset": offset, "session": user["session"]}


@post("/form", status_code=200)
async def form(
    data: Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> dict[str, Any]:
    return {"username": data["username"], "length": len(data["password"])}


@post("/upload", status_code=200)
async def upload(data: Annotated[UploadFile, Body(media_type=RequestEncodingType.MULTI_PART)]) -> dict[str, int]:
    return {"size": len(await data.read())}


@post("/rows", status_code=200)
async def rows(data: list[Row]) -> dict[str, int]:
    return {"count": len(data)}


def numbered(count: int) -> list[Any]:
    handlers = []
    for number in range(count):

        @get(f"/route-{number}/{{item_id:int}}", name=f"route-{number}")
        async def read(item_id: int) -> dict[str, int]:
            return {"item_id": item_id}

        handlers.append(read)
    return handlers


def build() -> Mapping[str, Any]:
    """Litestar's applications; it has no middleware of the kind `request -> response`, so that one is left out."""
    main = [plain, read_item, create_item, dicts, models, dependencies, form, upload, rows]
    deep = Router("/a", route_handlers=[Router("/b", route_handlers=[Router("/c", route_handlers=numbered(500))])])
    return {
        "main": Litestar(route_handlers=main),
        "flat": Litestar(route_handlers=numbered(500)),
        "deep": Litestar(route_handlers=[deep]),
    }
