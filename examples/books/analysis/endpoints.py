"""Add one endpoint to the book API three times: it asks a shop for its offer and waits for the answer.

The shop is a sleep. What differs is who sleeps: nobody, a thread of the pool, or the event loop and all with it.
"""

import asyncio
import threading
import time
from typing import Annotated

from pydantic import BaseModel

from examples.books.config import Settings
from examples.books.main import create_app
from typeway import APIRouter, Query

router = APIRouter(prefix="/offers", tags=["analysis"])

Seconds = Annotated[float, Query(ge=0, le=60, description="How long the shop takes to answer")]


class Visit(BaseModel):
    """What an endpoint saw of itself, on the clock of `time.perf_counter`, which all processes of a machine share."""

    started: float
    ended: float
    thread: int
    on_event_loop: bool


@router.get("/awaited")
async def awaited(seconds: Seconds = 1) -> Visit:
    """Wait as `async def` should: the event loop goes on with other requests meanwhile."""
    started = time.perf_counter()
    await asyncio.sleep(seconds)
    return end_visit(started)


@router.get("/threaded")
def threaded(seconds: Seconds = 1) -> Visit:
    """Wait in a `def` endpoint: a thread of the pool sleeps, and the event loop goes on."""
    started = time.perf_counter()
    time.sleep(seconds)
    return end_visit(started)


@router.get("/blocking")
async def blocking(seconds: Seconds = 1) -> Visit:
    """Wait as `async def` must not: the event loop itself sleeps, and every other request with it."""
    started = time.perf_counter()
    time.sleep(seconds)  # noqa: ASYNC251 - the mistake that is to be seen
    return end_visit(started)


def end_visit(started: float) -> Visit:
    """Write down when and where an endpoint ran."""
    return Visit(
        started=started, ended=time.perf_counter(), thread=threading.get_ident(), on_event_loop=on_event_loop()
    )


def on_event_loop() -> bool:
    """Tell whether the calling thread runs the event loop at this moment."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


app = create_app(Settings(database_url=None))
app.include_router(router)
