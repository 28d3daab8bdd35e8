"""sse-starlette: endpoints that stream events, named, numbered and with data of every form."""

from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.testclient import TestClient
from sse_starlette import EventSourceResponse, JSONServerSentEvent, ServerSentEvent

log: list[str] = []


async def session() -> AsyncIterator[str]:
    yield "session"
    log.append("closed")


router = APIRouter()


@router.get("/ticks/{count}")
async def ticks(count: int, request: Request, session: str = Depends(session)) -> EventSourceResponse:
    async def events() -> AsyncIterator[Any]:
        for number in range(count):
            yield {"event": "tick", "id": str(number), "data": session}
        yield ServerSentEvent("two\nlines", retry=100, comment="end")
        yield JSONServerSentEvent({"done": await request.is_disconnected()})
        log.append("sent")

    return EventSourceResponse(events(), headers={"X-Count": str(count)}, sep="\n", ping=60)


app = FastAPI()
app.include_router(router, prefix="/api")


def play() -> Any:
    client = TestClient(app)
    seen = []
    for path in ("/api/ticks/2", "/api/ticks/x"):
        response = client.get(path)
        kept = [response.headers.get(name) for name in ("content-type", "cache-control", "x-count")]
        seen.append((response.status_code, response.text, kept))
    assert "event: tick" in seen[0][1], seen
    return {"seen": seen, "log": log, "openapi": app.openapi()}
