"""asgi-correlation-id: every request has an id, in its answer, in its logs and in what it calls."""

import logging
from typing import Any
from uuid import UUID

from asgi_correlation_id import CorrelationIdFilter, CorrelationIdMiddleware
from asgi_correlation_id.context import correlation_id
from fastapi import APIRouter, BackgroundTasks, FastAPI, HTTPException, Request
from fastapi.exception_handlers import http_exception_handler
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient

ID = "a" * 32
lines: list[tuple[str, str | None]] = []


class Lines(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        lines.append((record.getMessage(), vars(record)["correlation_id"]))


log = logging.getLogger("shop")
log.setLevel("INFO")
handler = Lines()
handler.addFilter(CorrelationIdFilter())
log.addHandler(handler)

app = FastAPI()
app.add_middleware(CorrelationIdMiddleware, header_name="X-Request-ID", validator=None)
router = APIRouter(prefix="/orders")


def note(text: str) -> None:
    log.info(text)


@router.get("/{number}")
def read(number: int, tasks: BackgroundTasks) -> dict[str, Any]:
    log.info("read %s", number)
    tasks.add_task(note, "later")
    if number == 404:
        raise HTTPException(404, "no such order")
    if number == 500:
        raise RuntimeError("broken")
    return {"number": number, "id": correlation_id.get()}


@app.exception_handler(Exception)
async def broken(request: Request, error: Exception) -> JSONResponse:
    return await http_exception_handler(
        request, HTTPException(500, "sorry", headers={"X-Request-ID": correlation_id.get() or ""})
    )


app.include_router(router)


def play() -> Any:
    client = TestClient(app, raise_server_exceptions=False)
    seen = []
    for number in (1, 404, 500, "x"):
        response = client.get(f"/orders/{number}", headers={"X-Request-ID": ID})
        seen.append((response.status_code, response.headers.get("x-request-id"), response.json()))
    made = client.get("/orders/2")
    assert UUID(made.headers["x-request-id"]).hex == made.json()["id"]
    assert all(found for _, found in lines)
    return {"seen": seen, "logged": [(text, found) for text, found in lines if found == ID]}
