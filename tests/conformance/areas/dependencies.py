"""Dependencies: kinds, caching, order, generators and their lifetimes, overrides."""

import functools
from typing import Annotated, Any

from pydantic import BaseModel

from tests.conformance.cases import case
from tests.frameworks import asked

BACKENDS = ("asyncio", "trio")


@case(
    "GET /function /async /class /instance /partial /wrapped /method /static /generator /lambda /builtin",
    backends=BACKENDS,
)
def kinds(web: Any) -> Any:
    def function(q: int = 1):
        return q

    async def asynchronous(q: int = 2):
        return q

    class Class:
        def __init__(self, q: int = 3):
            self.q = q

    class Instance:
        def __init__(self, base: int):
            self.base = base

        def __call__(self, q: int = 4):
            return self.base + q

        async def method(self, q: int = 5):
            return self.base + q

        @staticmethod
        def static(q: int = 6):
            return q

        @classmethod
        def build(cls, q: int = 7):
            return q

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any):
        return function(*args, **kwargs) + 10

    def generator(q: int = 8):
        yield q

    app = web.FastAPI()
    for name, need in {
        "function": function, "async": asynchronous, "class": Class, "instance": Instance(10), "method": Instance(10).method,
        "partial": functools.partial(function, q=9), "static": Instance.static, "builtin": Instance.build,
        "wrapped": wrapped, "generator": generator, "lambda": lambda q=5: q,
    }.items():  # fmt: skip

        def read(value: Any = web.Depends(need)):
            return getattr(value, "q", value)

        read.__name__ = f"read_{name}"
        app.get(f"/{name}")(read)
    return app


@case("GET /?q=3", "GET /typed?skip=1", "GET /generic")
def dependencies_named_by_their_annotation(web: Any) -> Any:
    class Page:
        def __init__(self, skip: int = 0, limit: int = 10):
            self.shown = [skip, limit]

    class Model(BaseModel):
        q: int = 1

    app = web.FastAPI()

    @app.get("/typed")
    def typed(page: Annotated[Page, web.Depends()]):
        return page.shown

    @app.get("/")
    def model(model: Model = web.Depends()):
        return model

    @app.get("/generic")
    def generic(page: Page = web.Depends(Page)):
        return page.shown

    return app


@case("GET /cached /uncached /mixed /diamond")
def caching(web: Any) -> Any:
    calls = []

    def count():
        calls.append(1)
        return len(calls)

    def left(n: Annotated[int, web.Depends(count)]):
        return n

    def right(n: Annotated[int, web.Depends(count)]):
        return n

    app = web.FastAPI()

    @app.get("/cached")
    def cached(a: Annotated[int, web.Depends(count)], b: Annotated[int, web.Depends(count)]):
        return [a, b]

    @app.get("/uncached")
    def uncached(a: Annotated[int, web.Depends(count)], b: Annotated[int, web.Depends(count, use_cache=False)]):
        return [a, b]

    @app.get("/mixed")
    def mixed(a: Annotated[int, web.Depends(count, use_cache=False)], b: Annotated[int, web.Depends(count)]):
        return [a, b]

    @app.get("/diamond", dependencies=[web.Depends(count)])
    def diamond(a: Annotated[int, web.Depends(left)], b: Annotated[int, web.Depends(right)]):
        return [a, b]

    return app


@case("GET /?a=1&b=2 /?a=x&b=2 /?a=1&b=x /?a=x&b=x /")
def invalid_inputs_of_some(web: Any) -> Any:
    def first(a: int):
        web.log.append("first")
        return a

    def second(b: int):
        web.log.append("second")
        return b

    def third(a: Annotated[int, web.Depends(first)]):
        web.log.append("third")

    app = web.FastAPI()

    @app.get("/")
    def read(
        c: Annotated[None, web.Depends(third)], b: Annotated[int, web.Depends(second)], d: Annotated[int, web.Depends(first)], e: str
    ):  # fmt: skip
        return "ok"

    return app


@case(
    asked("POST /?token=x", content=b"{"),
    asked("POST /", json={}),
    asked("POST /", content=b"{"),
    asked("POST /?token=1", json=[]),
)
def errors_before_validation(web: Any) -> Any:
    def need(token: str | None = None):
        web.log.append("asked")
        if token is None:
            raise web.HTTPException(401, "no token", {"x-why": "none"})

    app = web.FastAPI(dependencies=[web.Depends(need)])

    @app.post("/")
    def post(item: dict[str, int]):
        return item

    return app


def lifetimes(web: Any, scope: str | None, sync: bool = False) -> Any:
    """A generator that notes when it is entered, thrown into and left."""

    async def asynchronous():
        web.log.append(f"{scope} entered")
        try:
            yield scope
        except BaseException as error:
            web.log.append(f"{scope} saw {type(error).__name__}")
            raise
        finally:
            web.log.append(f"{scope} left")

    def synchronous():
        web.log.append(f"{scope} entered")
        try:
            yield scope
        except BaseException as error:
            web.log.append(f"{scope} saw {type(error).__name__}")
            raise
        finally:
            web.log.append(f"{scope} left")

    return web.Depends(synchronous if sync else asynchronous, scope=scope)


@case("GET /fine /http /crash /validation /response /tasks /returned", document=False, backends=BACKENDS)
def generators_and_exceptions(web: Any) -> Any:
    app = web.FastAPI(
        dependencies=[lifetimes(web, None), lifetimes(web, "request", sync=True), lifetimes(web, "function")]
    )

    @app.get("/fine")
    def fine():
        web.log.append("endpoint")
        return 1

    @app.get("/http")
    async def http():
        raise web.HTTPException(418, "tea")

    @app.get("/crash")
    def crash():
        raise ZeroDivisionError("crashed")

    @app.get("/validation")
    def validation(q: int): ...

    @app.get("/response")
    def response() -> int:
        return "x"

    @app.get("/tasks")
    def tasks(tasks: web.BackgroundTasks):
        tasks.add_task(web.log.append, "task")
        return 1

    @app.get("/returned")
    def returned(tasks: web.BackgroundTasks):
        tasks.add_task(web.log.append, "task")
        return web.responses.PlainTextResponse("x")

    return app


@case("GET /swallow /late /late-short /twice /none /replaced", document=False, backends=BACKENDS)
def generators_that_misbehave(web: Any) -> Any:
    async def swallow():
        try:
            yield
        except ZeroDivisionError:
            web.log.append("swallowed")

    async def late():
        yield
        raise web.HTTPException(409, "late")

    def twice():
        yield 1
        yield 2

    def none():
        return
        yield

    async def replaced():
        try:
            yield
        except ZeroDivisionError as error:
            raise web.HTTPException(410, "instead") from error

    app = web.FastAPI()

    def crash():
        raise ZeroDivisionError

    app.get("/swallow", dependencies=[web.Depends(swallow)])(crash)
    app.get("/replaced", dependencies=[web.Depends(replaced)])(crash)
    for path, need, scope in (
        ("late", late, None), ("late-short", late, "function"), ("twice", twice, None), ("none", none, None),
    ):  # fmt: skip
        app.get(f"/{path}", dependencies=[web.Depends(need, scope=scope)])(lambda: 1)
    return app


@case("GET /", document=False)
def order_of_leaving(web: Any) -> Any:
    def noting(name: str, *needed: Any, scope: str | None = None) -> Any:
        def need(*, inner: Any = needed[0] if needed else None):
            web.log.append(f"+{name}")
            yield name
            web.log.append(f"-{name}")

        return web.Depends(need, scope=scope)

    app = web.FastAPI()
    inner = noting("inner")

    @app.get("/")
    def read(
        tasks: web.BackgroundTasks, a: Any = noting("a", inner), b: Any = noting("b", scope="function"), c: Any = inner,
        d: Any = noting("d", inner, scope="function"),
    ):  # fmt: skip
        tasks.add_task(web.log.append, "task")
        web.log.append("endpoint")

    return app


@case("GET /a /b /c?fake=3 /c?fake=x /d", "POST /a", document=True)
def overrides(web: Any) -> Any:
    def real(q: int):
        return q

    def fake(fake: int = 5):
        yield fake

    def inner(value: Annotated[int, web.Depends(real)]):
        return value + 1

    def wrong():
        raise web.HTTPException(403, "overridden")

    app = web.FastAPI()
    router = web.APIRouter(dependencies=[web.Depends(real)])

    @app.get("/a")
    def a(value: Annotated[int, web.Depends(real)]):
        return value

    @app.get("/b")
    def b(value: Annotated[int, web.Depends(inner)], again: Annotated[int, web.Depends(real)]):
        return [value, again]

    @router.get("/c")
    def c():
        return "c"

    @app.get("/d", dependencies=[web.Depends(print)])
    def d(): ...

    app.include_router(router)
    app.dependency_overrides[real] = fake
    app.dependency_overrides[print] = wrong
    return app


@case("GET / /?on=1 /", document=False)
def overrides_that_change(web: Any) -> Any:
    app = web.FastAPI()

    def real():
        return "real"

    @app.get("/")
    def read(value: Annotated[str, web.Depends(real)], on: bool = False):
        app.dependency_overrides.clear()
        if on:
            app.dependency_overrides[real] = lambda: "fake"
        return value

    return app


@case("GET /?q=1", asked("GET /?q=1", headers={"x-token": "t"}))
def what_dependencies_receive(web: Any) -> Any:
    def need(
        request: web.Request, connection: web.requests.HTTPConnection, response: web.Response, tasks: web.BackgroundTasks,
        scopes: web.security.SecurityScopes, x_token: str = web.Header("-"),
    ):  # fmt: skip
        response.headers["x-token"] = x_token
        tasks.add_task(web.log.append, "task")
        return [request.url.path, request is connection, scopes.scopes, scopes.scope_str, request.query_params["q"]]

    class Derived(web.Request):
        """A class of the author's own."""

    app = web.FastAPI()

    @app.get("/")
    def read(found: Annotated[list[Any], web.Depends(need)], request: Derived):
        return [found, type(request).__name__]

    return app


@case("GET /", document=False)
def the_same_generator_in_two_scopes(web: Any) -> Any:
    def need():
        web.log.append("+")
        yield len(web.log)
        web.log.append("-")

    app = web.FastAPI()

    @app.get("/")
    def read(
        a: Annotated[int, web.Depends(need)], b: Annotated[int, web.Depends(need, scope="function")], c: Annotated[int, web.Depends(need)]
    ):  # fmt: skip
        web.log.append("endpoint")
        return [a, b, c]

    return app


@case("GET /", "GET /", document=False)
def limited(web: Any) -> Any:
    running = []

    async def need():
        running.append(1)
        yield len(running)
        running.pop()

    app = web.FastAPI()

    @app.get("/")
    def read(value: Annotated[int, web.Depends(need, max_concurrency=1)]):
        return value

    return app
