"""Copies of applications, routers, routes and dependants: they serve by themselves, and leave their original alone."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cloudpickle
import fastapi
import pytest
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.staticfiles import StaticFiles

import typeway
from tests.frameworks import COMPAT, client
from typeway import Depends, Request, WebSocket
from typeway.responses import JSONResponse
from typeway.routing import APIRoute

HERE = Path(__file__).parent
Operation = Callable[[Any], Any]


class Failure(Exception): ...


def dependency(q: int = 1) -> int:
    return q


def override() -> int:
    return 7


def last() -> int:
    return 9


def read(a: int = 2, given: int = Depends(dependency)) -> dict[str, int]:
    return {"a": a, "given": given}


def fail() -> None:
    raise Failure


def late() -> str:
    return "late"


async def handle(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse("handled", 418)


async def mark(request: Request, call_next: Any) -> Any:
    response = await call_next(request)
    response.headers["x-marked"] = "1"
    return response


class Layer(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: Any) -> Any:
        return await mark(request, call_next)


async def talk(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text("hello")
    await socket.close()


def read_of(web: Any) -> Any:
    """The endpoint with a marker of the framework."""
    return read if web is not fastapi else read_on_fastapi


def read_on_fastapi(a: int = 2, given: int = fastapi.Depends(dependency)) -> dict[str, int]:
    return {"a": a, "given": given}


def plain(web: Any) -> Any:
    app = web.FastAPI(title="Original")
    app.add_api_route("/read", read_of(web))
    app.add_api_route("/fail", fail)
    return app


def router(web: Any) -> Any:
    made = web.APIRouter(prefix="/group", tags=["tag"])
    made.add_api_route("/read", read_of(web))
    return made


def nested(web: Any) -> Any:
    outer = router(web)
    outer.include_router(router(web), prefix="/inner")
    outer.add_api_websocket_route("/talk", talk)
    return outer


def with_routers(web: Any) -> Any:
    app = plain(web)
    app.include_router(nested(web), prefix="/included", dependencies=[web.Depends(override)])
    return app


def with_middleware(web: Any) -> Any:
    app = plain(web)
    app.middleware("http")(mark)
    app.add_middleware(CORSMiddleware, allow_origins=["*"])
    app.add_middleware(Layer)
    return app


def with_handlers(web: Any) -> Any:
    app = plain(web)
    app.add_exception_handler(Failure, handle)
    return app


def with_mounts(web: Any) -> Any:
    app = plain(web)
    app.mount("/mounted", with_handlers(web))
    app.mount("/static", StaticFiles(directory=HERE))
    return app


def with_overrides(web: Any) -> Any:
    app = plain(web)
    app.dependency_overrides[dependency] = override
    return app


def with_frontend(web: Any) -> Any:
    app = plain(web)
    app.frontend("/front", directory=HERE)
    return app


def with_state(web: Any) -> Any:
    app = plain(web)
    app.state.items = [1]
    app.add_api_route("/state", state)
    return app


def state(request: Request) -> Any:
    return request.app.state.items


APPLICATIONS = [
    plain, with_routers, with_middleware, with_handlers, with_mounts, with_overrides, with_frontend, with_state,
]  # fmt: skip
PATHS = [
    "/read?a=3&q=4", "/fail", "/included/group/read", "/included/group/inner/group/read", "/mounted/fail",
    "/static/test_copies.py", "/front/test_copies.py", "/state", "/openapi.json", "/docs", "/nowhere",
]  # fmt: skip


def by_pickle(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


def by_cloudpickle(value: Any) -> Any:
    return cloudpickle.loads(cloudpickle.dumps(value))


each_mode = pytest.mark.parametrize("web", [typeway, COMPAT], ids=["typeway", "compat"])
each_application = pytest.mark.parametrize("make", APPLICATIONS)
each_copy = pytest.mark.parametrize("copied", [copy.deepcopy, by_cloudpickle])


def answers(app: Any) -> Any:
    """What an application answers on every path."""
    http = client(app)
    found = [http.get(path) for path in PATHS]
    return [(response.status_code, response.content, response.headers.get("x-marked")) for response in found]


def served(web: Any, made: Any) -> Any:
    """What an application answers that has this object: a router or a route, or is it itself."""
    if isinstance(made, typeway.Router | fastapi.APIRouter):
        app = web.FastAPI()
        app.include_router(made, prefix="/included")
    elif not isinstance(made, typeway.Typeway | fastapi.FastAPI):
        app = web.FastAPI()
        app.router.routes.append(made)
    else:
        app = made
    return answers(app)


@each_mode
@each_application
@each_copy
@pytest.mark.parametrize("has_served", [False, True], ids=["new", "has served"])
def test_a_copied_application_serves_by_itself(web: Any, make: Any, copied: Operation, has_served: bool) -> None:
    """A copy answers as its original does, also a copy that is made after the first request, and of a copy."""
    app = make(web)
    expected = answers(make(web))
    if has_served:
        answers(app)
    result = copied(app)
    assert answers(result) == expected
    assert answers(copied(result)) == expected
    assert answers(app) == expected


@each_mode
@each_application
@each_copy
@pytest.mark.parametrize("has_served", [False, True], ids=["new", "has served"])
def test_a_changed_copy_leaves_its_original_alone(web: Any, make: Any, copied: Operation, has_served: bool) -> None:
    """Routes, overrides, handlers, middleware, state and title of a copy are its own, and so is its documentation."""
    app, expected = make(web), answers(make(web))
    if has_served:
        answers(app)
    changed = copied(app)
    changed.title = "Copy"
    changed.add_api_route("/late", late)
    changed.dependency_overrides[dependency] = last
    changed.add_exception_handler(Failure, handle)
    changed.add_middleware(Layer)
    changed.state.items = [2]
    http = client(changed)
    assert http.get("/late").headers["x-marked"] == "1"
    assert (http.get("/read").json()["given"], http.get("/fail").status_code) == (9, 418)
    document = http.get("/openapi.json").json()
    assert (document["info"]["title"], "/late" in document["paths"]) == ("Copy", True)
    assert "Copy" in http.get("/docs").text
    assert answers(app) == expected


@each_mode
@each_copy
def test_a_copied_lifespan_is_that_of_the_copy(web: Any, copied: Operation) -> None:
    """A copy runs the lifespans of its own mounted applications, and starts and ends beside its original."""
    app = with_mounts(web)
    result = copied(app)
    with client(app) as first, client(result) as second:
        assert [http.get("/read").status_code for http in (first, second)] == [200, 200]


@each_mode
@each_copy
@pytest.mark.parametrize("make", [router, nested])
def test_a_copied_router_serves_by_itself(web: Any, make: Any, copied: Operation) -> None:
    """Routes that are added to the copy of a router are not in the original."""
    original, expected = make(web), served(web, make(web))
    result = copied(original)
    assert served(web, result) == expected
    result.add_api_route("/late", late)
    assert served(web, original) == expected
    assert len(result.routes) == len(original.routes) + 1


@each_mode
@each_copy
@pytest.mark.parametrize("number", [0, -1])
def test_a_route_is_copied_without_its_application(web: Any, copied: Operation, number: int) -> None:
    """The copy of a route of an application can be added to another one."""
    routes = [route for route in with_routers(web).routes if isinstance(route, APIRoute)]
    result = copied(routes[number])
    assert result is not routes[number]
    assert served(web, result) == served(web, routes[number])


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, by_pickle, by_cloudpickle])
def test_a_dependant_is_copied(copied: Operation) -> None:
    """A copied dependant has the parameters and dependencies of its original, and changes by itself."""
    for dependant in (
        COMPAT.dependencies.utils.get_dependant(path="/", call=read),
        router(COMPAT).routes[0].dependant,
        plain(COMPAT).routes[-1].dependant,
    ):
        names = [field.name for field in dependant.query_params]
        result = copied(dependant)
        assert [field.name for field in result.query_params] == names
        assert (result.call, len(result.dependencies)) == (dependant.call, len(dependant.dependencies))
        result.query_params = []
        assert [field.name for field in dependant.query_params] == names


def outcome(web: Any, make: Callable[[Any], Any], copied: Operation) -> Any:
    """What the copy answers; None if there is none."""
    original = make(web)
    try:
        result = copied(original)
    except Exception:
        return None
    statuses = [answer[0] for answer in served(web, result)]
    return type(result).__name__, statuses


def first_route(web: Any) -> Any:
    return router(web).routes[0]


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, by_pickle, by_cloudpickle])
@pytest.mark.parametrize("make", [*APPLICATIONS, router, nested, first_route])
def test_what_fastapi_copies_is_copied(make: Any, copied: Operation) -> None:
    """In compat mode everything can be copied that can be copied on FastAPI, and answers alike."""
    expected = outcome(fastapi, make, copied)
    assert expected is None or outcome(COMPAT, make, copied) == expected


def test_modules_that_stand_for_fastapi_are_pickled_by_name() -> None:
    """A function that is pickled by its value may use the module."""
    copied = cloudpickle.loads(cloudpickle.dumps(COMPAT.routing))
    assert copied.__name__ == "fastapi.routing"
