"""modern-di-fastapi: containers of dependencies, opened and closed with the application and with each request."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from modern_di import Container, Group, Scope, providers
from modern_di_fastapi import FromDI, setup_di

log: list[str] = []


class Pool:
    def close(self) -> None:
        log.append("pool closed")


class Unit:
    def __init__(self, pool: Pool) -> None:
        self.pool = pool


def path_of(request: Request) -> str:
    return request.url.path


class Dependencies(Group):
    pool = providers.Factory(
        creator=Pool, scope=Scope.APP, cache=providers.CacheSettings(finalizer=lambda pool: pool.close())
    )
    unit = providers.Factory(creator=Unit, scope=Scope.REQUEST)
    path = providers.Factory(creator=path_of, scope=Scope.REQUEST, bound_type=None)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, str]]:
    log.append("start")
    yield {"name": "shop"}
    log.append("stop")


app = FastAPI(lifespan=lifespan)
setup_di(app, Container(groups=[Dependencies]))


@app.get("/units/{number}")
async def units(
    request: Request,
    number: int,
    unit: Annotated[Unit, FromDI(Dependencies.unit)],
    pool: Annotated[Pool, FromDI(Pool)],
    path: Annotated[str, FromDI(Dependencies.path)],
) -> dict[str, Any]:
    return {"same": unit.pool is pool, "number": number, "path": path, "state": request.state.name}


def play() -> Any:
    with TestClient(app) as client:
        seen = [client.get(path).json() for path in ("/units/1", "/units/x")]
    return {"seen": seen, "log": log, "openapi": app.openapi()}
