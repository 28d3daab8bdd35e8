"""starlette-context: values of a request that can be read anywhere while it is served."""

from typing import Any

from fastapi import Depends, FastAPI, HTTPException
from fastapi.testclient import TestClient
from starlette_context import context, plugins, request_cycle_context
from starlette_context.middleware import ContextMiddleware, RawContextMiddleware


def build(kind: Any) -> FastAPI:
    app = FastAPI()
    app.add_middleware(
        kind,
        plugins=(
            plugins.CorrelationIdPlugin(force_new_uuid=False),
            plugins.UserAgentPlugin(),
            plugins.DateHeaderPlugin(),
        ),
    )

    async def user(name: str = "nobody") -> Any:
        with request_cycle_context({**context.data, "user": name}):
            yield name

    @app.get("/")
    async def root(user: str = Depends(user)) -> dict[str, Any]:
        return {name: str(value) for name, value in context.items()}

    @app.get("/sync")
    def in_thread() -> dict[str, Any]:
        if context.get("User-Agent") == "bad":
            raise HTTPException(400, context["X-Correlation-ID"])
        return {"agent": context["User-Agent"]}

    return app


def play() -> Any:
    seen: list[Any] = []
    for kind in (ContextMiddleware, RawContextMiddleware):
        client = TestClient(build(kind))
        for path, agent, date in (
            ("/", "tea", None), ("/?name=ada", "tea", "Wed, 01 Jan 2020 04:27:12 GMT"), ("/sync", "tea", None),
            ("/sync", "bad", None), ("/", "tea", "yesterday"),
        ):  # fmt: skip
            given = {"User-Agent": agent, "X-Correlation-ID": "a" * 32, **({"Date": date} if date else {})}
            response = client.get(path, headers=given)
            seen.append((path, response.status_code, response.text, response.headers.get("x-correlation-id")))
    return seen
