"""Add one endpoint to the book API in three versions: each asks a shop for an offer and waits for the response.

The shop is a sleep. The versions differ in what sleeps: nothing, a thread of the pool, or the event loop.
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
    """One run of an endpoint, on the clock of `time.perf_counter`, which all processes of a machine share."""

    started: float
    ended: float
    thread: int
    on_event_loop: bool


@router.get("/awaited")
async def awaited(seconds: Seconds = 1) -> Visit:
    """Wait with `await`: the event loop continues with other requests meanwhile."""
    started = time.perf_counter()
    await asyncio.sleep(seconds)
    return end_visit(started)


@router.get("/threaded")
def threaded(seconds: Seconds = 1) -> Visit:
    """Wait in a `def` endpoint: a thread of the pool sleeps, and the event loop continues."""
    started = time.perf_counter()
    time.sleep(seconds)
    return end_visit(started)


@router.get("/blocking")
async def blocking(seconds: Seconds = 1) -> Visit:
    """Wait without `await` in `async def`, which is wrong: the event loop sleeps, and all other requests wait."""
    started = time.perf_counter()
    time.sleep(seconds)  # noqa: ASYNC251 - the mistake that is to be seen
    return end_visit(started)


def end_visit(started: float) -> Visit:
    """Record when and where an endpoint ran."""
    return Visit(
        started=started, ended=time.perf_counter(), thread=threading.get_ident(), on_event_loop=on_event_loop()
    )


def on_event_loop() -> bool:
    """Return whether the current thread is running the event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


app = create_app(Settings(database_url=None))
app.include_router(router)
