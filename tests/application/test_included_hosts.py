"""A `Host` in an included router has the prefix of the inclusion, like every other route."""

from typing import Any

import pytest
from starlette.responses import JSONResponse
from starlette.routing import Host, NoMatchFound, Route, Router

import typeway
from tests.frameworks import COMPAT, answer, every_mode


def application(web: Any, *prefixes: str) -> Any:
    """An application that includes, through one or several routers, one with a Host."""

    async def show(request: Any) -> JSONResponse:
        link = "" if "one" in request.query_params else str(request.url_for("item", item="a"))
        return JSONResponse([request.path_params, request.scope["root_path"], link])

    inside = Router([Route("/items/{item}", show, name="item")])
    included = web.APIRouter(routes=[Host("{sub}.example.com", inside, name="hosted")])
    for prefix in reversed(prefixes[1:]):
        outer = web.APIRouter()
        outer.include_router(included, prefix=prefix)
        included = outer
    app = web.FastAPI()
    app.include_router(included, prefix=prefixes[0])

    @app.get("/{rest:path}")
    def other(rest: str) -> str:
        return rest

    return app


@every_mode
@pytest.mark.parametrize(("prefixes", "path"), [
    (("",), ""), (("/api",), "/api"), (("/api", "/v1"), "/api/v1"), (("/{tenant}",), "/7"),
], ids=str)  # fmt: skip
def test_a_host_answers_below_the_prefix(web: Any, prefixes: tuple[str, ...], path: str) -> None:
    """The application of the host sees the rest of the path; other hosts are left to the routes that follow."""
    app, there = application(web, *prefixes), {"host": "a.example.com"}
    tenant = {"tenant": "7"} if "{" in prefixes[0] else {}
    status, body = answer(app, f"GET {path}/items/x?one", headers=there)
    assert (status, body[:2]) == (200, [{**tenant, "sub": "a", "item": "x"}, path])
    assert answer(app, f"GET {path}/items/x", headers={"host": "b.org"}) == (200, f"{path}/items/x"[1:])
    url = app.url_path_for("hosted:item", sub="a", item="x", **tenant)
    assert (str(url), url.host) == (f"{path}/items/x", "a.example.com")
    with pytest.raises(NoMatchFound):
        app.url_path_for("hosted:item", sub="a", **tenant)


@pytest.mark.parametrize("web", [typeway, COMPAT], ids=["typeway", "compat"])
def test_other_paths_of_the_host_are_left_to_the_routes_that_follow(web: Any) -> None:
    """A prefix means the same for a host as for every other route; FastAPI answers 404."""
    app, there = application(web, "/api"), {"host": "a.example.com"}
    for path in ("items/x", "apis/items/x", "other"):
        assert answer(app, f"GET /{path}", headers=there) == (200, path)
    assert answer(app, "GET /api/other", headers=there)[0] == 404
