"""fastapi-utils: class-based views and inferred response models."""

from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Header
from fastapi.testclient import TestClient
from fastapi_utils.api_model import APIModel
from fastapi_utils.cbv import cbv
from fastapi_utils.cbv_base import Api, Resource, set_responses
from fastapi_utils.tasks import repeat_every


class Book(APIModel):
    book_id: int
    full_title: str


def reader(x_reader: str = Header("nobody")) -> str:
    return x_reader


router = APIRouter(prefix="/books", tags=["books"])
log: list[str] = []


@cbv(router)
class Books:
    reader: str = Depends(reader)
    limit: int = 3

    def __init__(self, shelf: str = "main") -> None:
        self.shelf = shelf

    @router.get("/")
    def every(self) -> list[str]:
        return [self.shelf, self.reader][: self.limit]

    @router.get("/{book_id}")
    async def read(self, book_id: int, q: str | None = None) -> Book:
        return Book(book_id=book_id, full_title=f"{self.reader} {q}")

    @router.post("/", status_code=201, response_model=Book)
    def write(self, book: Book) -> Any:
        return book


class Shelf(Resource):
    def __init__(self, name: str) -> None:
        self.name = name

    @set_responses(str, 200, {404: {"description": "no such shelf"}})
    def get(self, item: int) -> str:
        return f"{self.name} {item}"


app = FastAPI()
app.include_router(router, prefix="/api")
Api(app).add_resource(Shelf("oak"), "/shelves")


@app.on_event("startup")
@repeat_every(seconds=60, max_repetitions=1)
async def tick() -> None:
    log.append("tick")


def play() -> Any:
    seen: list[Any] = []
    with TestClient(app) as client:
        for method, path, body in (
            ("GET", "/api/books/?shelf=oak", None), ("GET", "/api/books/?limit=1", None), ("GET", "/api/books/1?q=z", None),
            ("GET", "/api/books/x", None), ("POST", "/api/books/", {"bookId": 1, "fullTitle": "Emma"}),
            ("POST", "/api/books/", {"bookId": 1}), ("GET", "/shelves?item=3", None),
        ):  # fmt: skip
            response = client.request(method, path, json=body, headers={"X-Reader": "ada"})
            seen.append((path, response.status_code, response.json()))
    return {"seen": seen, "log": log, "openapi": app.openapi()}
