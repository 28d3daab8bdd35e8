"""Decorators hand endpoints back with their own types; checked by mypy and pyright, never run."""
# pyright: reportUnnecessaryTypeIgnoreComment=true

from collections.abc import AsyncIterator, Callable
from typing import Any, assert_type

from typeway import APIRouter, FastAPI, Request, Response, Router, Typeway, WebSocket
from typeway.application.routes import APIRoute
from typeway.declare.conventions import Conventions
from typeway.responses import JSONResponse

app = Typeway(title="Types", openapi_tags=[{"name": "a"}], redirect_slashes=False)
router = Router(prefix="/r", tags=["a"], route_class=APIRoute)


@app.get("/items/{key}", response_model=int, status_code=201, tags=["a"], deprecated=True)
def read(key: str, limit: int = 10) -> int:
    return len(key) + limit


@router.post("/items", response_class=JSONResponse, responses={404: {"description": "no"}})
async def create(name: str) -> dict[str, str]:
    return {"name": name}


@app.api_route("/both", methods=["GET", "PUT"])
@router.put("/both")
def both() -> None: ...


@app.get("/stream")
async def stream() -> AsyncIterator[bytes]:
    yield b"x"


@app.websocket("/socket")
async def socket(websocket: WebSocket, room: int) -> None: ...


@app.exception_handler(ValueError)
async def handle(request: Request, error: ValueError) -> Response:
    return Response(str(error))


@app.exception_handler(404)
def missing(request: Request, error: Exception) -> Response:
    return Response(status_code=404)


@app.middleware("http")
async def middleware(request: Request, call_next: Callable[[Request], Any]) -> Response:
    return Response()


class Endpoint:
    def __call__(self, q: int) -> str:
        return str(q)


endpoint = app.get("/object")(Endpoint())


def pin_endpoints() -> None:
    assert_type(read("x", 3), int)
    assert_type(read("x", limit=3), int)
    assert_type(stream(), AsyncIterator[bytes])
    assert_type(both(), None)
    assert_type(endpoint, Endpoint)
    assert_type(endpoint(3), str)
    read(3)  # type: ignore[arg-type]
    read("x", unknown=1)  # type: ignore[call-arg]


async def pin_coroutines() -> None:
    assert_type(await create("x"), dict[str, str])
    assert_type(await handle(Request({}), ValueError()), Response)
    await create(3)  # type: ignore[arg-type]


def pin_applications() -> None:
    assert_type(app, Typeway)
    assert_type(FastAPI(), Typeway)
    assert_type(APIRouter(), Router)
    assert_type(app.router, Router)
    assert_type(app.webhooks, Router)
    assert_type(app.openapi(), dict[str, Any])
    assert_type(app.dependency_overrides, dict[Callable[..., Any], Callable[..., Any]])
    assert_type(app.conventions, Conventions)
    assert_type(app.include_router(router, prefix="/x"), None)
    assert_type(app.title, str)
