"""An override that a dependency sets in a request applies at once: to the dependencies that are looked up later."""

import functools
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import fastapi
import pytest
from starlette.requests import HTTPConnection

from tests.frameworks import COMPAT, ROOT, answer, client, every_mode, printed
from typeway import Depends, Typeway
from typeway.plan.build import build_plan
from typeway.plan.late import may_override

# What the functions below do, in order.
LOG: list[str] = []


def a() -> str:
    LOG.append("a")
    return "a"


def a2() -> str:
    LOG.append("a2")
    return "a2"


def asks() -> str:
    raise NotImplementedError


def query(q: int) -> str:
    return f"q{q}"


def generator() -> Iterator[str]:
    LOG.append("enter")
    yield "generator"
    LOG.append("exit")


async def async_generator() -> AsyncIterator[str]:
    LOG.append("enter async")
    yield "async generator"
    LOG.append("exit async")


def change(app: Any, **others: Callable[..., Any]) -> None:
    app.dependency_overrides[a] = others.get("by", a2)


class Changes:
    """A dependency that is a class."""

    def __init__(self, connection: HTTPConnection) -> None:
        connection.app.dependency_overrides[a] = a2


class Changer:
    """A dependency that is an object."""

    async def __call__(self, connection: HTTPConnection) -> None:
        connection.app.dependency_overrides[a] = a2


async def changes_asynchronously(connection: HTTPConnection) -> None:
    connection.app.dependency_overrides[a] = a2


def changes_in_a_thread(connection: HTTPConnection) -> None:
    connection.app.dependency_overrides[a] = a2


def changes_while_it_lasts(connection: HTTPConnection) -> Iterator[None]:
    connection.app.dependency_overrides[a] = a2
    yield
    del connection.app.dependency_overrides[a]


def replaces_all(connection: HTTPConnection) -> None:
    connection.app.dependency_overrides = {a: a2}


def changes_by_another(connection: HTTPConnection) -> None:
    change(connection.app)


def changes_by_name(connection: HTTPConnection) -> None:
    setattr(connection.app, "dependency_overrides", {a: a2})  # noqa: B010


def wrapped(connection: HTTPConnection) -> None:
    def inner() -> None:
        change(connection.app)

    inner()


@functools.wraps(changes_in_a_thread)
def decorated(*values: Any, **options: Any) -> None:
    changes_in_a_thread(*values, **options)


CHANGERS = [Changes, Changer(), changes_asynchronously, changes_in_a_thread, changes_while_it_lasts, replaces_all,
            changes_by_another, changes_by_name, wrapped, decorated, functools.partial(changes_in_a_thread)]  # fmt: skip


@every_mode
@pytest.mark.parametrize("changer", CHANGERS, ids=lambda changer: getattr(changer, "__name__", type(changer).__name__))
def test_it_applies_however_it_is_set(web: Any, changer: Any) -> None:
    """Functions, generators, classes and objects may set it, in a thread or not, themselves or by another function."""
    app = web.FastAPI()

    def b(v: str = web.Depends(a)) -> str:
        return "b" + v

    @app.get("/")
    def read(first: Any = web.Depends(changer), v: str = web.Depends(a), w: str = web.Depends(b)) -> list[str]:
        return [v, w]

    for _ in range(2):
        LOG.clear()
        assert answer(app, "GET /") == (200, ["a2", "ba2"])
        assert LOG == ["a2"]


def in_the_middle(web: Any, app: Any) -> Any:
    """A dependency that has begun keeps its function, and so does what has a result."""

    def install() -> None:
        app.dependency_overrides.update({a: a2, top: lambda: "no top"})

    def middle(first: None = web.Depends(install), v: str = web.Depends(a)) -> str:
        return v

    def top(m: str = web.Depends(middle), v: str = web.Depends(a, use_cache=False)) -> str:
        return m + v

    def read(
        v: str = web.Depends(a), t: str = web.Depends(top), w: str = web.Depends(a, use_cache=False),
        again: str = web.Depends(top, use_cache=False),
    ) -> list[str]:  # fmt: skip
        return [v, t, w, again]

    return read


def taken_back(web: Any, app: Any) -> Any:
    """Overrides that are removed end at once as well."""
    app.dependency_overrides[a] = a2

    def clear() -> None:
        app.dependency_overrides.clear()

    def read(
        v: str = web.Depends(a), first: None = web.Depends(clear), w: str = web.Depends(a, use_cache=False)
    ) -> list[str]:
        return [v, w]

    return read


def twice(web: Any, app: Any) -> Any:
    """The overrides may change several times."""

    def one() -> None:
        change(app)

    def two() -> None:
        change(app, by=lambda: "other")

    def read(
        first: None = web.Depends(one), v: str = web.Depends(a),
        second: None = web.Depends(two), w: str = web.Depends(a, use_cache=False),
    ) -> list[str]:  # fmt: skip
        return [v, w]

    return read


def again_with_other_dependencies(web: Any, app: Any) -> Any:
    """A second change keeps what the first has decided, though the functions need other dependencies."""

    def sub() -> str:
        LOG.append("sub")
        return "sub"

    def deeper(v: str = web.Depends(sub, use_cache=False)) -> str:
        return "deeper " + v

    def deepest(v: str = web.Depends(deeper, use_cache=False), w: str = web.Depends(sub, use_cache=False)) -> str:
        return "deepest " + v + w

    def one() -> None:
        change(app, by=deeper)

    def two() -> None:
        change(app, by=deepest)

    def three() -> None:
        app.dependency_overrides.clear()

    def read(
        v: str = web.Depends(a, use_cache=False), first: None = web.Depends(one), w: str = web.Depends(a, use_cache=False),
        second: None = web.Depends(two), x: str = web.Depends(a, use_cache=False), third: None = web.Depends(three),
        y: str = web.Depends(a, use_cache=False),
    ) -> list[str]:  # fmt: skip
        return [v, w, x, y]

    return read


def with_parameters(web: Any, app: Any) -> Any:
    """An override may have parameters of its own, and their errors are reported."""

    def install() -> None:
        change(app, by=query)

    def read(y: int, first: None = web.Depends(install), v: str = web.Depends(a)) -> str:
        return f"{y}{v}"

    return read


def with_forms(web: Any, app: Any) -> Any:
    """What was read of a form reaches the calls that were planned again."""

    def install(c: str = web.Form("c")) -> None:
        change(app, by=lambda: "x" + c)

    def form(b: str = web.Form("b"), v: str = web.Depends(a)) -> str:
        return b + v

    def read(a: str = web.Form("a"), first: None = web.Depends(install), v: str = web.Depends(form)) -> list[str]:
        return [a, v]

    return read


def with_generators(web: Any, app: Any) -> Any:
    """An override may be a generator, which is resumed like others."""

    def install() -> None:
        app.dependency_overrides.update({a: generator, asks: async_generator})

    def read(first: None = web.Depends(install), v: str = web.Depends(a), w: str = web.Depends(asks)) -> list[str]:
        LOG.append("read")
        return [v, w]

    return read


def with_dependencies(web: Any, app: Any) -> Any:
    """An override may have dependencies, whose results are shared."""

    def sub() -> str:
        LOG.append("sub")
        return "sub"

    def override(v: str = web.Depends(sub)) -> str:
        return "over " + v

    def install() -> None:
        change(app, by=override)

    def read(s: str = web.Depends(sub), first: None = web.Depends(install), v: str = web.Depends(a)) -> list[str]:
        return [s, v]

    return read


def by_an_override(web: Any, app: Any) -> Any:
    """What sets an override may be one."""

    def nothing() -> None: ...

    def install() -> None:
        change(app)

    app.dependency_overrides[nothing] = install

    def read(first: None = web.Depends(nothing), v: str = web.Depends(a)) -> str:
        return v

    return read


def that_fails(web: Any, app: Any) -> Any:
    """An override may raise, after which generators are left."""

    def fail() -> None:
        raise web.HTTPException(418)

    def install() -> None:
        change(app, by=fail)

    def read(g: str = web.Depends(generator), first: None = web.Depends(install), v: str = web.Depends(a)) -> str:
        return v

    return read


CASES = [
    with_forms,
    again_with_other_dependencies,
    in_the_middle,
    taken_back,
    twice,
    with_parameters,
    with_generators,
    with_dependencies,
    by_an_override,
    that_fails,
]


def seen(web: Any, build: Any) -> list[Any]:
    """What two requests of each kind get and do."""
    app = web.FastAPI()
    app.post("/")(build(web, app))
    found: list[Any] = []
    for request in ("POST /", "POST /?q=3&y=1", "POST /?q=x&y=1", "POST /?y=2"):
        for data in ({}, {"a": "1", "b": "2", "c": "3"}):
            LOG.clear()
            found.append((answer(app, request, data=data), [*LOG]))
    return found


@pytest.mark.parametrize("build", CASES)
def test_it_applies_as_in_fastapi(build: Any) -> None:
    """Which function is called for which dependency, in which order, and what is wrong: the same as in FastAPI."""
    assert seen(COMPAT, build) == seen(fastapi, build)


# A program that runs the cases with a step that instrumentation has replaced, or with dependants that a plugin has changed.
CHANGED = """
import fastapi, fastapi.routing
from fastapi.dependencies.utils import get_dependant
from starlette.testclient import TestClient
from tests.serve.test_late_overrides import CASES, LOG

def other(extra: str = fastapi.Header("")) -> None: ...

def touch(app):
    extended = app.routes[-1].dependant
    read = extended.call
    extended.header_params.extend(get_dependant(path="/", call=other).header_params)
    extended.call = lambda extra, **values: read(**values)

def replace(app):
    solve = fastapi.routing.solve_dependencies
    async def around(*values, **options):
        return await solve(*values, **options)
    fastapi.routing.solve_dependencies = around

for build in CASES:
    app = fastapi.FastAPI()
    app.post("/")(build(fastapi, app))
    {change}(app)
    client = TestClient(app, raise_server_exceptions=False)
    for request in ("/", "/?q=3&y=1", "/?q=x&y=1", "/?y=2"):
        LOG.clear()
        response = client.post(request, data={"a": "1", "b": "2", "c": "3"})
        print(build.__name__, request, response.status_code, response.text, LOG)
"""


@pytest.mark.parametrize("change", ["touch", "replace"])
def test_it_applies_to_what_plugins_have_changed(change: str) -> None:
    """So it does where a plugin has changed a dependant, and where instrumentation is called for each request."""
    code = CHANGED.replace("{change}", change)
    ours, theirs = (
        printed(web, code, PYTHONPATH=os.pathsep.join([str(ROOT), *sys.path]), warnings_fail=False)
        for web in (COMPAT, fastapi)
    )
    assert ours == theirs
    assert len(theirs.splitlines()) == 4 * len(CASES)


@every_mode
def test_websockets_and_routers_see_it_too(web: Any) -> None:
    """So it is for WebSockets, and where the dependency is the router's."""
    router = web.APIRouter(dependencies=[web.Depends(changes_in_a_thread)])

    @router.websocket("/ws")
    async def socket(websocket: web.WebSocket, v: str = web.Depends(a)) -> None:
        await websocket.accept()
        await websocket.send_text(v)
        await websocket.close()

    @router.get("/")
    def read(v: str = web.Depends(a)) -> str:
        return v

    app = web.FastAPI()
    app.include_router(router)
    with client(app).websocket_connect("/ws") as connection:
        assert connection.receive_text() == "a2"
    app.dependency_overrides.clear()
    assert answer(app, "GET /") == (200, "a2")


def test_other_plans_are_as_they_were() -> None:
    """Only a dependency that may change the overrides makes a plan look at them again."""
    app = Typeway()

    def reads_state(connection: HTTPConnection) -> Any:
        return connection.app.state

    @app.get("/plain")
    def plain(v: str = Depends(a), w: Any = Depends(reads_state), g: str = Depends(generator)) -> str:
        return v

    @app.get("/late")
    def late(first: Any = Depends(changes_by_another), v: str = Depends(a)) -> str:
        return v

    *_, other, changing = app.routes
    plan, _ = other.plans.build()
    assert [call.name for call in plan.dependencies] == ["a", "reads_state", "generator"]
    assert not any(may_override(call.function) for call in plan.dependencies)
    assert len(build_plan(changing.to_operation()).dependencies) == 2
    assert changing.plans.build()[0].outline == "changes_by_another → a → late"
    assert may_override(changes_by_another)
