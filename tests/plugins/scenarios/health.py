"""fastapi-health: an endpoint whose conditions are dependencies."""

from typing import Any

from fastapi import Depends, FastAPI, Header
from fastapi.testclient import TestClient
from fastapi_health import health


def online(x_state: str = Header("up")) -> bool:
    return x_state == "up"


def database(state: bool = Depends(online)) -> Any:
    return {"database": "online"} if state else False


async def failed(**conditions: Any) -> dict[str, Any]:
    return {"failed": sorted(conditions)}


app = FastAPI()
app.add_api_route("/health", health([online, database], failure_handler=failed, failure_status=500))
app.add_api_route("/plain", health([database]))


def play() -> Any:
    client = TestClient(app)
    seen = []
    for path in ("/health", "/plain"):
        for state in ("up", "down"):
            response = client.get(path, headers={"X-State": state})
            seen.append((path, state, response.status_code, response.json()))
    return {"seen": seen, "openapi": app.openapi()}
