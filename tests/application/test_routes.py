"""Route objects keep an endpoint, its path and its options as plain attributes that tools may read and change."""

from typing import Annotated, Any

import pytest
from pydantic import BaseModel
from starlette import routing

import typeway
from tests.frameworks import answer, ask, each_framework
from typeway import Body, Depends, HTTPException, Router, Typeway
from typeway.application.routes import APIRoute
from typeway.application.socket_routes import APIWebSocketRoute
from typeway.exceptions import DeclarationError


class Item(BaseModel):
    name: str


def read_item(key: int, q: str = "") -> Item:
    """Read an item.

    It is described in several lines.
    \f
    This is only for readers of the code.
    """
    return Item(name=f"{key}{q}")


@each_framework
def test_a_routes_attributes_say_what_was_declared(web):
    """Path, methods, name, endpoint, model, status, description and the rest are plain attributes."""
    app = web.FastAPI()
    app.api_route("/items/{key}", methods=["get", "PUT"], status_code=201, tags=["t"], summary="S", deprecated=True)(
        read_item
    )
    route = app.routes[-1]
    assert isinstance(route, routing.Route)
    assert (route.path, route.path_format, route.methods, route.name) == (
        "/items/{key}",
        "/items/{key}",
        {"GET", "PUT"},
        "read_item",
    )
    assert (route.endpoint, route.response_model, route.status_code) == (read_item, Item, 201)
    assert (route.tags, route.summary, route.deprecated, route.include_in_schema) == (["t"], "S", True, True)
    assert route.description == "Read an item.\n\nIt is described in several lines."
    assert route.unique_id in ("read_item_items__key__get", "read_item_items__key__put")
    assert route.response_model_by_alias is True


def test_a_route_can_be_made_by_hand():
    """A route object that is made by hand and appended serves."""
    app = Typeway()
    app.router.routes.append(APIRoute("/items/{key}", read_item, methods=["GET"]))
    assert answer(app, "GET /items/3?q=x") == (200, {"name": "3x"})
    assert "/items/{key}" in app.openapi()["paths"]


def test_a_socket_route_can_be_made_by_hand():
    """The route of a WebSocket keeps what was said about it."""

    async def serve(socket: typeway.WebSocket, key: int): ...

    depends = Depends(lambda: 1)
    route = APIWebSocketRoute("/s/{key}", serve, dependencies=[depends])
    assert (route.path, route.name, route.endpoint, route.dependencies) == ("/s/{key}", "serve", serve, [depends])
    view = route.inside("/a", {"dependencies": [depends, depends]})
    assert (view.path, len(view.dependencies), view.original_route) == ("/a/s/{key}", 3, route)
    assert len(route.dependencies) == 1


def test_options_are_copied_so_that_routes_do_not_share_them():
    """Changing one route's tags or dependencies changes no other route, and nothing of the caller's."""
    tags = ["a"]
    app = Typeway()
    app.get("/x", tags=tags)(lambda: 1)
    app.get("/y", tags=tags)(lambda: 1)
    app.routes[-1].tags.append("b")
    assert (tags, app.routes[-2].tags) == (["a"], ["a"])


def test_changes_of_an_included_route_before_the_start_reach_its_views():
    """Plugins change `dependencies` and `response_model` of a router's routes before the application is used."""
    log: list[str] = []
    app, router = Typeway(), Router()
    router.get("/x", response_model=None)(lambda: {"name": "n", "more": 1})
    app.include_router(router)
    router.routes[0].dependencies.append(Depends(lambda: log.append("late")))
    router.routes[0].response_model = Item
    assert answer(app, "GET /x") == (200, {"name": "n"})
    assert log == ["late"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"responses": {200: []}}, "An additional response must be a dict"),
        ({"status_code": 304, "response_model": int}, "Status code 304 must not have a response body"),
        ({"responses": {"304": {"model": int}}}, "Status code 304 must not have a response body"),
        ({"dependencies": [Depends(3)]}, "a dependency must be callable"),
    ],
)
def test_a_route_that_cannot_work_is_refused_with_its_place(options, message):
    """Options that contradict each other are refused where the route is made, with the endpoint's file and line."""
    with pytest.raises(DeclarationError, match=message) as caught:
        APIRoute("/x/{key}", read_item, **options)
    assert caught.value.where == f"{__file__}:{read_item.__code__.co_firstlineno}"


@each_framework
def test_operation_ids_may_be_computed_or_given(web):
    """An id is given, or computed by the nearest function for it, or made of name, path and method."""
    app = web.FastAPI(generate_unique_id_function=lambda route: f"app_{route.name}")
    router = web.APIRouter(generate_unique_id_function=lambda route: f"router_{route.name}")
    app.get("/one")(lambda: 1)
    app.get("/two", operation_id="given")(lambda: 1)
    router.get("/three", name="three")(lambda: 1)
    router.get("/four", name="four", generate_unique_id_function=lambda route: f"route_{route.name}")(lambda: 1)
    app.include_router(router)
    ids = [operation["get"]["operationId"] for operation in app.openapi()["paths"].values()]
    assert ids == ["app_<lambda>", "given", "router_three", "route_four"]


@each_framework
def test_an_unnamed_callable_may_be_an_endpoint(web):
    """Objects without a name serve; their route is named after their class."""

    class Endpoint:
        def __call__(self, q: int = 1):
            return q

    app = web.FastAPI()
    app.get("/x")(Endpoint())
    assert answer(app, "GET /x?q=3") == (200, 3)
    assert app.routes[-1].name == "Endpoint"


@each_framework
@pytest.mark.parametrize("path", ["", "/x"])
def test_a_path_may_be_empty(web, path):
    """Applications accept an empty path, as FastAPI does; one without its slash is refused: see `test_refusals.py`."""
    app = web.FastAPI()
    app.get(path)(lambda: "served")
    assert app.routes[-1].path == path
    assert ask(app, "GET /x").status_code == (200 if path == "/x" else 404)


def test_an_endpoint_may_have_a_parameter_for_every_part_of_its_path():
    """Path parameters that the endpoint does not take are ignored, those it takes are converted."""
    app = Typeway()

    @app.post("/{a}/{b:int}/{c:path}")
    def read(b: int, c: Annotated[str, typeway.Path(max_length=5)], data: Annotated[Any, Body()] = None):
        return [b, c, data]

    assert answer(app, "POST /x/3/a/b", json=[1]) == (200, [3, "a/b", [1]])
    assert answer(app, "POST /x/3/a/b/c/d")[0] == 422


def copy_by_hand(route: Any) -> Any:
    """A copy as a route class of the author's own may make it."""
    copied = object.__new__(type(route))
    vars(copied).update(vars(route))
    return copied


@pytest.mark.parametrize("serves", ["by its plan", "by its handler"])
def test_a_copied_route_is_served_as_it_says_itself(serves):
    """However a route is copied, the copy has its own options and dependencies, even if the other was served before."""

    class Copied(APIRoute):
        __copy__ = copy_by_hand

        if serves == "by its handler":

            def get_route_handler(self):
                return super().get_route_handler()

    def deny() -> None:
        raise HTTPException(403)

    router = Router(route_class=Copied)
    router.get("/secret")(lambda: "secret")
    assert answer(router, "GET /secret") == (200, "secret")
    app = Typeway()
    app.include_router(router, prefix="/admin", dependencies=[Depends(deny)])
    assert answer(app, "GET /admin/secret")[0] == 403
    if serves == "by its plan":
        copied = copy_by_hand(app.routes[-1])
        copied.status_code, copied.dependencies = 202, []
        app.router.routes = [copied]
        assert answer(app, "GET /admin/secret") == (202, "secret")
