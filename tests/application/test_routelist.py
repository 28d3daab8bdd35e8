"""`app.routes` is one flat list, and changing it changes the application, as plugins and tests expect."""

import gc
import weakref
from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from tests.frameworks import answer, ask, each_framework
from typeway import Router, Typeway


def route(path: str) -> Route:
    return Route(path, lambda request: PlainTextResponse(f"new {path}"))


def application() -> Typeway:
    """An application whose routes are `/a`, the included `/r/b` and `/r/c`, and `/d`."""
    app, router = Typeway(openapi_url=None), Router()
    app.get("/a")(lambda: "a")
    app.include_router(router, prefix="/r")
    router.get("/b")(lambda: "b")
    router.get("/c")(lambda: "c")
    app.get("/d")(lambda: "d")
    return app


def paths(app: Any) -> list[str]:
    return [entry.path for entry in app.routes]


def add_item(app: Typeway) -> None:
    app.router.routes += [route("/x"), route("/y")]


def replace_item(app: Typeway) -> None:
    app.routes[1] = route("/x")


def replace_slice(app: Typeway) -> None:
    app.routes[1:] = [route("/x")]


def delete_slice(app: Typeway) -> None:
    del app.routes[1:3]


def delete_item(app: Typeway) -> None:
    del app.routes[0]


CHANGES: list[tuple[Any, list[str]]] = [
    (lambda app: app.routes.append(route("/x")), ["/a", "/r/b", "/r/c", "/d", "/x"]),
    (lambda app: app.routes.extend([route("/x")]), ["/a", "/r/b", "/r/c", "/d", "/x"]),
    (add_item, ["/a", "/r/b", "/r/c", "/d", "/x", "/y"]),
    (lambda app: app.routes.insert(0, route("/x")), ["/x", "/a", "/r/b", "/r/c", "/d"]),
    (lambda app: app.routes.insert(3, route("/x")), ["/a", "/r/b", "/r/c", "/x", "/d"]),
    (lambda app: app.routes.insert(99, route("/x")), ["/a", "/r/b", "/r/c", "/d", "/x"]),
    (lambda app: app.routes.remove(app.routes[0]), ["/r/b", "/r/c", "/d"]),
    (lambda app: app.routes.remove(app.routes[1]), ["/a", "/r/c", "/d"]),
    (lambda app: app.routes.pop(), ["/a", "/r/b", "/r/c"]),
    (lambda app: app.routes.pop(2), ["/a", "/r/b", "/d"]),
    (delete_item, ["/r/b", "/r/c", "/d"]),
    (delete_slice, ["/a", "/d"]),
    (lambda app: app.routes.clear(), []),
    (replace_item, ["/a", "/x", "/r/c", "/d"]),
    (replace_slice, ["/a", "/x"]),
    (lambda app: app.routes.reverse(), ["/d", "/r/c", "/r/b", "/a"]),
    (lambda app: app.routes.sort(key=lambda entry: entry.path), ["/a", "/d", "/r/b", "/r/c"]),
]


@pytest.mark.parametrize(("change", "expected"), CHANGES)
@pytest.mark.parametrize("is_served", [False, True], ids=["before", "after"])
def test_a_change_of_the_list_is_a_change_of_the_application(change, expected, is_served):
    """Every way to change a list changes what is served, before the first request and after it."""
    app = application()
    if is_served:
        assert answer(app, "GET /r/b") == (200, "b")
    change(app)
    assert paths(app) == expected
    for path in ("/a", "/r/b", "/r/c", "/d", "/x"):
        response = ask(app, f"GET {path}")
        assert response.status_code == (200 if path in expected else 404), path
        if path == "/x" and path in expected:
            assert response.text == "new /x"


def test_a_removed_inclusion_stays_removed_while_others_are_live():
    """Removing what an inclusion shows hides that route here only; later routes of the router still appear."""
    app, other, router = Typeway(openapi_url=None), Typeway(openapi_url=None), Router()
    router.get("/b")(lambda: "b")
    app.include_router(router)
    other.include_router(router)
    app.routes.remove(app.routes[0])
    router.get("/c")(lambda: "c")
    assert (paths(app), paths(other)) == (["/c"], ["/b", "/c"])
    assert answer(app, "GET /b")[0] == 404
    assert answer(other, "GET /b") == (200, "b")


def test_the_whole_list_may_be_assigned():
    """Assigning the router's routes replaces them."""
    app = application()
    app.router.routes = [route("/x")]
    assert paths(app) == ["/x"]
    assert ask(app, "GET /x").text == "new /x"


def test_an_assigned_list_forgets_what_was_included():
    """A router that is included again after the whole list was assigned is listed under its new prefix only."""
    for _ in range(20):
        app, router = Typeway(openapi_url=None), Router()
        router.get("/b")(lambda: "b")
        app.include_router(router, prefix="/one")
        assert paths(app) == ["/one/b"]
        app.router.routes = [route("/x")]
        app.include_router(router, prefix="/two")
        assert paths(app) == ["/x", "/two/b"]


@pytest.mark.parametrize("index", [1, 2])
def test_a_route_before_an_included_one_stands_before_the_whole_inclusion(index):
    """An inclusion is not split: what is inserted into it is tried before it."""
    app = application()
    app.routes.insert(index, route("/r/c"))
    assert ask(app, "GET /r/c").text == "new /r/c"
    assert paths(app) == ["/a", "/r/c", "/r/b", "/r/c", "/d"]


def test_adding_to_the_list_keeps_inclusions_live():
    """`routes += [...]` on the router adds, and routes added later to an included router still appear."""
    app, router = Typeway(openapi_url=None), Router()
    app.include_router(router)
    router.get("/b")(lambda: "b")
    app.router.routes += [route("/x")]
    router.get("/c")(lambda: "c")
    assert paths(app) == ["/b", "/c", "/x"]


def insert(routes: Any, added: Any) -> None:
    routes.insert(0, added)


def extend(routes: Any, added: Any) -> None:
    routes.extend([added])


def remove(routes: Any, added: Any) -> None:
    routes.append(added)
    routes.remove(added)


def assign(routes: Any, added: Any) -> None:
    routes[:0] = [added]


def delete(routes: Any, added: Any) -> None:
    routes.insert(0, added)
    del routes[0]


def in_place(routes: Any, added: Any) -> None:
    routes += [added]


@pytest.mark.parametrize("change", [insert, extend, remove, assign, delete, in_place])
@each_framework
def test_a_list_that_was_held_sees_the_present(web: Any, change: Any) -> None:
    """A route that was declared after the list was read is neither hidden from the list nor lost by a change of it."""
    app = web.FastAPI(openapi_url=None)
    app.get("/a")(lambda: "a")
    held = app.routes
    app.get("/b")(lambda: "b")
    change(held, route("/x"))
    assert (answer(app, "GET /a")[0], answer(app, "GET /b")[0]) == (200, 200)
    assert answer(app, "GET /x")[0] == (404 if change in (remove, delete) else 200)
    assert [entry.path for entry in held] == [entry.path for entry in app.routes]


def test_there_is_one_list_for_the_routers_life() -> None:
    """What was held shows later routes, of included routers too, however it is read."""
    app, router = Typeway(openapi_url=None), Router()
    held = app.routes
    app.include_router(router, prefix="/r")
    router.get("/b")(lambda: "b")
    assert held is app.routes
    assert (len(held), held[0].path, bool(held), [*held], list(held) == held) == (1, "/r/b", True, app.routes, True)
    assert held[0] in held
    assert repr(held) == repr(list(app.routes))


def test_what_was_shown_of_a_removed_route_is_dropped():
    """Routes that come and go in an included router leave nothing behind in the application."""
    app, router = Typeway(), Router()
    app.include_router(router, prefix="/api")
    before = len(app.routes)
    shown = []
    for number in range(100):
        router.get(f"/items/{number}")(lambda: None)
        shown.append(weakref.ref(app.routes[-1]))
        router.routes.pop()
        assert len(app.routes) == before
    gc.collect()
    assert [reference for reference in shown if reference() is not None] == []


def test_what_is_shown_of_a_route_stays_the_same_object():
    """Programs keep what they find in `app.routes`, and set attributes of it, while other routes come and go."""
    app, router = Typeway(), Router()
    app.include_router(router, prefix="/api")
    router.get("/kept")(lambda: None)
    kept = app.routes[-1]
    router.get("/other")(lambda: None)
    assert app.routes[-2] is kept
    router.routes.pop()
    assert app.routes[-1] is kept
