"""What a request costs grows in proportion to what the client sends, whatever the client chooses to send."""

import asyncio
import time
from collections.abc import Callable
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict

from typeway import Cookie, Form, Header, Query, Typeway

MODES: tuple[Literal["allow", "forbid", "ignore"], ...] = ("allow", "forbid", "ignore")

FEW, MANY = 1_500, 6_000
# Four times as much may take eight times as long: memory is slower than caches, and the machine may be busy.
GROWTH = 8


def application(marker: Callable[[], Any], extra: Literal["allow", "forbid", "ignore"]) -> Typeway:
    """An application whose only endpoint takes a parameter model."""
    app = Typeway(openapi_url=None)

    class Filters(BaseModel):
        model_config = ConfigDict(extra=extra)
        limit: int = 10
        tags: list[str] = []

    @app.post("/")
    async def find(filters: Annotated[Filters, marker()]) -> int:
        return filters.limit

    return app


def scope_and_body(location: str, count: int) -> tuple[dict[str, Any], bytes]:
    """A request with so many names that nobody declares, all different."""
    scope: dict[str, Any] = {
        "type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": [], "root_path": "",
        "http_version": "1.1", "scheme": "http", "asgi": {"version": "3.0"},
    }  # fmt: skip
    pairs = [b"n%d=1" % number for number in range(count)]
    body = b""
    if location == "query":
        scope["query_string"] = b"&".join(pairs)
    elif location == "header":
        scope["headers"] = [(b"n%d" % number, b"1") for number in range(count)]
    elif location == "cookie":
        scope["headers"] = [(b"cookie", b"; ".join(pairs))]
    else:
        body = b"&".join(pairs[:900]) if count == FEW else b"&".join(pairs[:3_600])
        scope["headers"] = [(b"content-type", b"application/x-www-form-urlencoded")]
    return scope, body


def seconds(app: Typeway, location: str, count: int) -> float:
    """The least CPU time that a request takes, of a few."""
    scope, body = scope_and_body(location, count)
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    async def measure() -> float:
        least = 60.0
        for _ in range(4):
            begun = time.process_time()
            await app({**scope}, receive, send)
            least = min(least, time.process_time() - begun)
        return least

    least = asyncio.run(measure())
    assert sent[0]["status"] in (200, 422)
    return least


@pytest.mark.parametrize("extra", MODES)
@pytest.mark.parametrize(
    ("location", "marker"), [("query", Query), ("header", Header), ("cookie", Cookie), ("form", Form)]
)
def test_names_that_nobody_declares_cost_no_more_than_their_number(location, marker, extra):
    """Four times as many names cost at most eight times as much, in every location and for every `extra` of a model."""
    app = application(marker, extra)
    if location == "form":
        app.router.routes[0].form_limits = {"max_fields": 10_000}
    ratios = []
    for _ in range(3):  # a busy machine may disturb one measurement; a cost that grows with the square disturbs all
        ratios.append(seconds(app, location, MANY) / seconds(app, location, FEW))
        if ratios[-1] < GROWTH:
            return
    pytest.fail(f"{location}, extra={extra}: {ratios}")
