"""Write the workloads on Robyn, as its documentation would; what it cannot say the same way is left out."""

from __future__ import annotations

from typing import Any

from robyn import Request, Response, Robyn

from benchmarks.models import Item


def build() -> Any:
    """Robyn's application, which only its own server can serve. It validates nothing by itself, so Pydantic does."""
    app = Robyn(__file__)

    @app.get("/plain")
    async def plain(request: Request) -> dict[str, str]:
        return {"message": "hello"}

    @app.get("/items/:item_id")
    async def read_item(request: Request) -> dict[str, Any]:
        limit = int(request.query_params.get("limit", "10"))
        if not 1 <= limit <= 100:
            raise ValueError(limit)
        return {"item_id": int(request.path_params["item_id"]), "q": request.query_params.get("q", ""), "limit": limit}

    @app.post("/items")
    async def create_item(request: Request) -> Response:
        item = Item.model_validate_json(request.body)
        return Response(201, {"content-type": "application/json"}, item.model_dump_json())

    return app
