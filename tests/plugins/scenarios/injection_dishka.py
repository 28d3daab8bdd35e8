"""dishka: providers with scopes, injected into HTTP and WebSocket endpoints and finalised at the end of each."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from dishka import Provider, Scope, make_async_container, provide
from dishka.integrations.fastapi import DishkaRoute, FastapiProvider, FromDishka, inject, setup_dishka
from fastapi import APIRouter, FastAPI, HTTPException, Request, WebSocket
from fastapi.testclient import TestClient

log: list[str] = []


class Session:
    def __init__(self, who: str) -> None:
        self.who = who


class Sessions(Provider):
    @provide(scope=Scope.APP)
    def prefix(self) -> str:
        return "user "

    @provide(scope=Scope.REQUEST)
    async def session(self, request: Request, prefix: str) -> AsyncIterator[Session]:
        log.append("open")
        yield Session(prefix + request.headers.get("x-user", "nobody"))
        log.append("close")


class Lines(Provider):
    @provide(scope=Scope.SESSION)
    def line(self, socket: WebSocket) -> list[str]:
        return [socket.url.path]


router = APIRouter(prefix="/shop", route_class=DishkaRoute)


@router.get("/{item}")
async def read(item: int, session: FromDishka[Session]) -> dict[str, Any]:
    if item == 404:
        raise HTTPException(404, session.who)
    return {"item": item, "who": session.who}


@router.get("/sync/{item}")
def read_sync(item: int, prefix: FromDishka[str]) -> str:
    return prefix + str(item)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    await app.state.dishka_container.close()


app = FastAPI(lifespan=lifespan)


@app.post("/explicit")
@inject
async def explicit(body: dict[str, int], session: FromDishka[Session]) -> dict[str, Any]:
    return {"sum": sum(body.values()), "who": session.who}


@app.websocket("/line")
@inject
async def line(socket: WebSocket, found: FromDishka[list[str]]) -> None:
    await socket.accept()
    await socket.send_json(found)
    await socket.close()


app.include_router(router)
setup_dishka(make_async_container(Sessions(), Lines(), FastapiProvider()), app)


def play() -> Any:
    seen: list[Any] = []
    with TestClient(app) as client:
        for method, path, body in (
            ("GET", "/shop/1", None), ("GET", "/shop/404", None), ("GET", "/shop/x", None), ("GET", "/shop/sync/2", None),
            ("POST", "/explicit", {"a": 1, "b": 2}), ("POST", "/explicit", {"a": "x"}),
        ):  # fmt: skip
            response = client.request(method, path, json=body, headers={"X-User": "ada"})
            seen.append((path, response.status_code, response.json()))
        with client.websocket_connect("/line") as socket:
            seen.append(socket.receive_json())
    assert log.count("open") == log.count("close") == 3, log
    return {"seen": seen, "log": log, "openapi": app.openapi()}
