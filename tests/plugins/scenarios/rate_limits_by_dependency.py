"""fastapi-limiter: limits that are dependencies of routes, counted per route and per caller."""

from typing import Any

from fastapi import Depends, FastAPI, Request, WebSocket
from fastapi.testclient import TestClient
from fastapi_limiter.depends import RateLimiter
from pyrate_limiter import Duration, Limiter, Rate


async def caller(request: Request | WebSocket) -> str:
    return request.headers.get("x-caller", "nobody")


def limiter(times: int) -> RateLimiter:
    return RateLimiter(limiter=Limiter(Rate(times, Duration.HOUR)), identifier=caller)


app = FastAPI()


@app.get("/once", dependencies=[Depends(limiter(1))])
def once() -> str:
    return "once"


@app.get("/numbers/{number}", dependencies=[Depends(limiter(3)), Depends(limiter(2))])
async def numbers(number: int) -> int:
    return number


def play() -> Any:
    client = TestClient(app)
    seen = []
    for path in ("/once", "/numbers/1", "/numbers/x"):
        for who in ("ada", "ada", "eve", "ada"):
            response = client.get(path, headers={"X-Caller": who})
            seen.append((path, who, response.status_code, response.text, "retry-after" in response.headers))
    assert [entry[2] for entry in seen][:2] == [200, 429], seen
    return {"seen": seen, "openapi": app.openapi()}
