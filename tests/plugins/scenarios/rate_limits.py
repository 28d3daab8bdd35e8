"""slowapi: endpoints and whole applications are limited, and answers say what is left."""

from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.testclient import TestClient
from slowapi import Limiter, _rate_limit_exceeded_handler
from slowapi.errors import RateLimitExceeded
from slowapi.middleware import SlowAPIMiddleware


def client_of(request: Request) -> str:
    return request.headers.get("x-client", "nobody")


limiter = Limiter(key_func=client_of, default_limits=["3/minute"], headers_enabled=True)
app = FastAPI()
app.state.limiter = limiter
app.add_exception_handler(RateLimitExceeded, _rate_limit_exceeded_handler)
app.add_middleware(SlowAPIMiddleware)
router = APIRouter(prefix="/api")


@router.get("/strict/{number}")
@limiter.limit("1/minute")
async def strict(request: Request, response: Response, number: int) -> dict[str, int]:
    return {"number": number}


@router.get("/shared")
@limiter.limit("2/minute", error_message="slow down")
def shared(request: Request, response: Response) -> str:
    return "shared"


@app.get("/default")
async def default() -> str:
    return "default"


@router.get("/free")
@limiter.exempt
async def free() -> str:
    return "free"


app.include_router(router)


def play() -> Any:
    client = TestClient(app)
    seen = []
    for path, times in (
        ("/api/strict/1", 2), ("/api/strict/2", 1), ("/api/shared", 3), ("/default", 4), ("/api/free", 5),
        ("/api/none", 5),
    ):  # fmt: skip
        for _ in range(times):
            response = client.get(path)
            limits = {k: v for k, v in response.headers.items() if k in ("x-ratelimit-limit", "x-ratelimit-remaining")}
            seen.append((path, response.status_code, response.json(), limits))
    other = client.get("/api/strict/1", headers={"x-client": "somebody"})
    assert other.status_code == 200
    assert [status for path, status, *_ in seen if path == "/default"] == [200, 200, 200, 429]
    return seen
