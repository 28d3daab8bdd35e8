"""Limits of bodies and forms hold in mounted applications, in every inclusion, and as they were given."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.routing import Mount

import typeway
from tests.frameworks import answer, ask, client, every_mode
from typeway.responses import PlainTextResponse

TOO_LARGE = (413, {"detail": "Content Too Large"})


def form(fields: int) -> dict[str, Any]:
    return {"data": {f"f{number}": "x" for number in range(fields)}}


def with_form(app: Any, web: Any) -> Any:
    """An application or router with an endpoint that reads a form."""

    @app.post("/form")
    def post(f0: Annotated[str, web.Form()]) -> str:
        return f0

    return app


def limited(levels: dict[str, Any], name: str) -> dict[str, Any]:
    return {} if levels.get(name) is None else {"form_limits": levels[name]}


# Where limits may be: on the application, the router that is included, the inclusion, what is mounted, its router, its route.
LEVELS = ("app", "include", "router", "mounted", "inner_include", "inner_router")
CASES = [
    *({name: {"max_fields": 2}} for name in LEVELS),
    *({outer: {"max_fields": 2}, inner: {"max_fields": 3}} for outer, inner in itertools.combinations(LEVELS, 2)),
    *({outer: {"max_fields": 3}, inner: {"max_fields": 2}} for outer, inner in itertools.combinations(LEVELS, 2)),
    *({outer: {"max_files": 1}, inner: {"max_fields": 2}} for outer, inner in itertools.combinations(LEVELS, 2)),
    {"app": {"max_fields": 0}, "mounted": {"max_files": 0}},
    {},
]


@every_mode
@pytest.mark.parametrize("levels", CASES, ids=str)
def test_form_limits_reach_what_is_mounted(web: Any, levels: dict[str, Any]) -> None:
    """They join key by key from the application through routers and mounts to the route; the innermost value applies."""
    inner_router = with_form(web.APIRouter(**limited(levels, "inner_router")), web)
    mounted = web.FastAPI(**limited(levels, "mounted"))
    mounted.include_router(inner_router, **limited(levels, "inner_include"))
    router = web.APIRouter(**limited(levels, "router"))
    router.mount("/m", mounted)
    app = web.FastAPI(**limited(levels, "app"))
    app.include_router(router, prefix="/r", **limited(levels, "include"))
    most = 1000
    # An inclusion is outside of the router that it includes.
    for name in LEVELS:
        most = (levels.get(name) or {}).get("max_fields", most)
    assert answer(app, "POST /r/m/form", **form(min(most, 5) or 1))[0] == (200 if most else 400)
    assert answer(app, "POST /r/m/form", **form(4))[0] == (400 if most < 4 else 200)
    # The mounted application alone is not limited by what is around it.
    own = {name: levels[name] for name in ("mounted", "inner_include", "inner_router") if name in levels}
    alone = 1000
    for limits in own.values():
        alone = limits.get("max_fields", alone)
    assert answer(mounted, "POST /form", **form(4))[0] == (400 if alone < 4 else 200)


@every_mode
def test_mounts_in_mounts_join_their_limits(web: Any) -> None:
    """Each application adds its own limits to those around it; one request does not change the next."""
    inner = with_form(web.FastAPI(), web)
    middle = with_form(web.FastAPI(form_limits={"max_fields": 3}), web)
    outer = web.FastAPI(form_limits={"max_fields": 1, "max_files": 0})
    middle.mount("/n", inner)
    outer.mount("/m", middle)
    outer.mount("/direct", inner)
    for _ in range(2):
        assert [answer(outer, "POST /m/n/form", **form(number))[0] for number in (3, 4)] == [200, 400]
        assert [answer(outer, "POST /m/form", **form(number))[0] for number in (3, 4)] == [200, 400]
        assert [answer(outer, "POST /direct/form", **form(number))[0] for number in (1, 2)] == [200, 400]
    files = {"files": {"f1": b"x"}, "data": {"f0": "x"}}
    assert answer(outer, "POST /m/n/form", **files)[0] == 400
    assert answer(middle, "POST /n/form", **files)[0] == 200


@every_mode
@pytest.mark.parametrize("level", ["app", "router", "include", "route"])
def test_collections_are_copied_when_they_are_given(web: Any, level: str) -> None:
    """What the caller does later to a dict or a list of options has no effect, at any level."""
    called: list[int] = []
    limits, tags, dependencies = {"max_fields": 2}, ["a"], []
    responses: dict[int | str, dict[str, Any]] = {}
    given: dict[str, Any] = {"form_limits": limits, "dependencies": dependencies, "responses": responses}
    given |= {} if level == "app" else {"tags": tags}
    options = {name: given if name == level else {} for name in ("app", "router", "include", "route")}
    router = web.APIRouter(**options["router"])

    @router.post("/form", **options["route"])
    def post(f0: Annotated[str, web.Form()]) -> str:
        return f0

    app = web.FastAPI(**options["app"])
    app.include_router(router, **options["include"])
    limits["max_fields"] = 9
    tags.append("late")
    responses[418] = {"description": "late"}
    dependencies.append(web.Depends(lambda: called.append(1)))
    assert [answer(app, "POST /form", **form(number))[0] for number in (2, 3)] == [200, 400]
    assert called == []
    operation = app.openapi()["paths"]["/form"]["post"]
    assert operation.get("tags", ["a"]) == ["a"]
    assert "418" not in operation["responses"]


class Reads:
    """ASGI middleware that reads the body and passes it on."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            body = await typeway.Request(scope, receive).body()
            messages = iter([{"type": "http.request", "body": body}])

            async def again() -> Any:
                return next(messages, None) or await receive()

            await self.app(scope, again, send)
        else:
            await self.app(scope, receive, send)


def chunks(size: int) -> Iterator[bytes]:
    """A body whose length is not declared."""
    yield from (b"x" for _ in range(size))


def reading(web: Any, kind: str) -> Any:
    """An application whose middleware reads the body."""
    app = web.FastAPI()
    app.post("/x")(lambda: "done")
    if kind == "asgi":
        app.add_middleware(Reads)
    elif kind == "http":

        @app.middleware("http")
        async def read(request: typeway.Request, call_next: Any) -> Any:
            await request.body()
            return await call_next(request)

    return app


@every_mode
@pytest.mark.parametrize("kind", ["asgi", "http", "none"])
@pytest.mark.parametrize("level", ["app", "include", "router", "two"])
def test_middleware_of_a_mounted_application_may_read_too_much(web: Any, kind: str, level: str) -> None:
    """A body over the limit of what is around it is a 413, declared or counted, and no exception reaches the server."""
    router = web.APIRouter(**({"max_body_size": 10} if level == "router" else {}))
    mounted = reading(web, kind)
    if level == "two":
        mounted, inner = web.FastAPI(), mounted
        mounted.mount("", inner)
    router.mount("/m", mounted)
    outer = web.FastAPI(**({"max_body_size": 10} if level in ("app", "two") else {}))
    outer.include_router(router, prefix="/r", **({"max_body_size": 10} if level == "include" else {}))
    strict = client(outer, raise_server_exceptions=True)
    assert strict.post("/r/m/x", content=chunks(10)).json() == "done"
    if kind == "none":  # nobody reads the body
        return
    found = strict.post("/r/m/x", content=chunks(11))
    assert (found.status_code, found.json()) == TOO_LARGE
    assert strict.post("/r/m/x", content=b"x" * 11).status_code == 413
    assert answer(mounted, "POST /x", content=chunks(11)) == (200, "done")


def test_the_mounted_applications_handler_answers() -> None:
    """A handler of the application whose middleware read the body answers the 413, as for its other errors."""
    inner, outer = reading(typeway, "asgi"), typeway.Typeway(max_body_size=10)
    inner.exception_handler(413)(lambda request, error: PlainTextResponse("inner", 413))
    outer.exception_handler(413)(lambda request, error: PlainTextResponse("outer", 413))
    outer.mount("/m", inner)
    assert ask(outer, "POST /m/x", content=chunks(11)).text == "inner"


@every_mode
def test_debug_mode_answers_the_limit_as_well(web: Any) -> None:
    """The page with the traceback is for errors of the server."""
    inner, outer = web.FastAPI(debug=True), web.FastAPI(max_body_size=10)
    inner.post("/x")(lambda: 1 / 0)
    inner.add_middleware(Reads)
    outer.mount("/m", inner)
    assert answer(outer, "POST /m/x", content=chunks(11)) == TOO_LARGE
    assert "ZeroDivisionError" in ask(outer, "POST /m/x", content=chunks(9)).text


@every_mode
def test_another_error_of_such_middleware_stays_an_error(web: Any) -> None:
    """Only the limit's own exception is a 413; what middleware answers itself is sent."""
    inner, outer = web.FastAPI(), web.FastAPI(max_body_size=10)
    outer.mount("/m", inner)

    @inner.middleware("http")
    async def read(request: typeway.Request, call_next: Any) -> Any:
        try:
            await request.body()
        except Exception as error:
            if request.url.path == "/m/handled":
                return PlainTextResponse(str(getattr(error, "status_code", 0)))
            raise KeyError from error

    assert ask(outer, "POST /m/handled", content=chunks(11)).text == "413"
    assert ask(outer, "POST /m/other", content=chunks(11)).status_code == 500
    with pytest.raises(KeyError):
        client(outer, raise_server_exceptions=True).post("/m/other", content=chunks(11))


@every_mode
def test_starlettes_own_limit_around_an_application_is_a_413(web: Any) -> None:
    """So it is where Starlette's middleware limits the body of a mounted application."""
    limit = Middleware(RequestBodyLimitMiddleware, max_body_size=10)
    outer = Starlette(routes=[Mount("/m", reading(web, "asgi"))], middleware=[limit])
    assert answer(outer, "POST /m/x", content=chunks(11)) == TOO_LARGE


@every_mode
@pytest.mark.parametrize("declares", [True, False], ids=["declared", "chunked"])
def test_every_inclusion_of_a_frontend_has_its_limit(web: Any, tmp_path: Path, declares: bool) -> None:
    """A frontend that is included several times is limited by each inclusion, which may raise the application's limit."""
    assert statuses(web, tmp_path, declares) == {
        "/1/a": [200, 413, 413, 413], "/1/b": [200, 200, 200, 413],
        "/2/a": [200, 413, 413, 413], "/2/b": [200, 200, 413, 413],
    }  # fmt: skip


def statuses(web: Any, build: Path, declares: bool) -> dict[str, list[int]]:
    """How a frontend that is included twice in a router, which is included twice, answers bodies of four sizes."""
    (build / "index.html").write_text("<p>")

    async def read(request: web.Request) -> None:
        ran.append(len(await request.body()))

    ran: list[int] = []
    inner = web.APIRouter(dependencies=[web.Depends(read)])
    inner.frontend("/", directory=build)
    middle = web.APIRouter()
    middle.include_router(inner, prefix="/a", max_body_size=5)
    middle.include_router(inner, prefix="/b")
    app = web.FastAPI(max_body_size=7)
    app.include_router(middle, prefix="/1", max_body_size=20)
    app.include_router(middle, prefix="/2")
    found = {
        path: [
            ask(app, f"GET {path}/", content=b"x" * size if declares else chunks(size)).status_code
            for size in (4, 6, 10, 30)
        ]
        for path in ("/1/a", "/1/b", "/2/a", "/2/b")
    }
    assert all(size <= 20 for size in ran)
    return found


def test_a_frontend_over_its_limit_runs_nothing(tmp_path: Path) -> None:
    """Typeway answers JSON, and no dependency sees a declared body over the limit."""
    (tmp_path / "index.html").write_text("<p>")
    ran: list[str] = []
    router = typeway.Router(dependencies=[typeway.Depends(lambda: ran.append("dependency"))])
    router.frontend("/", directory=tmp_path)
    app = typeway.Typeway()
    app.include_router(router, prefix="/a", max_body_size=5)
    assert answer(app, "GET /a/", content=b"x" * 6) == TOO_LARGE
    assert ran == []
    assert ask(app, "GET /a/", content=b"x" * 5).text == "<p>"


class Unlike:
    """A route class of the author's: it matches in its own way."""

    def matches(self, scope: Any) -> Any:
        match, found = super().matches(scope)  # type: ignore[misc]
        return match, {**found, "author": "seen"}


def given_routes(web: Any, route: Any, **options: Any) -> Any:
    return web.FastAPI(routes=[route], **options)


def appended(web: Any, route: Any, **options: Any) -> Any:
    app = web.FastAPI(**options)
    app.router.routes.append(route)
    return app


def included(web: Any, route: Any, **options: Any) -> Any:
    app = web.FastAPI(**options)
    app.include_router(web.APIRouter(routes=[route]))
    return app


@every_mode
@pytest.mark.parametrize("bases", [(), (Unlike,)], ids=["plain", "own-matches"])
@pytest.mark.parametrize("place", [given_routes, appended, included])
def test_form_limits_reach_routes_that_the_router_has_not_made(web: Any, place: Any, bases: tuple[type, ...]) -> None:
    """Limits of an application hold for a route object that was put into it, which may only set others."""

    def post(f0: Annotated[str, web.Form()]) -> str:
        return f0

    kind = type("Route", (*bases, web.routing.APIRoute), {})
    app = place(web, kind("/form", post, methods=["POST"]), form_limits={"max_fields": 2})
    assert [answer(app, "POST /form", **form(fields))[0] for fields in (1, 2, 3)] == [200, 200, 400]
    outer = web.FastAPI(form_limits={"max_fields": 1})
    outer.mount("/m", app)
    assert [answer(outer, "POST /m/form", **form(fields))[0] for fields in (2, 3)] == [200, 400]


@pytest.mark.parametrize("place", [given_routes, appended, included])
def test_other_limits_reach_routes_that_the_router_has_not_made(place: Any) -> None:
    """Limits of JSON and of parameters hold for them as well, HEAD is answered, and their own limits come first."""

    def read(numbers: Annotated[list[int], typeway.Query()] = []) -> int:  # noqa: B006
        return len(numbers)

    def post(numbers: Annotated[list[int], typeway.Body()]) -> int:
        return len(numbers)

    limits = {"parameter_limits": {"max_query": 2}, "json_limits": {"max_values": 3}}
    app = place(typeway, typeway.routing.APIRoute("/", read, methods=["GET"]), **limits)
    assert [ask(app, f"GET /?{query}").status_code for query in ("numbers=1", "numbers=1&numbers=2&numbers=3")] == [
        200,
        400,
    ]
    assert ask(app, "HEAD /").status_code == 200
    app = place(typeway, typeway.routing.APIRoute("/", post, methods=["POST"]), **limits)
    assert [ask(app, "POST /", json=[1] * number).status_code for number in (1, 9)] == [200, 400]
    own = typeway.routing.APIRoute("/", post, methods=["POST"], json_limits={"max_values": 20})
    assert ask(place(typeway, own, **limits), "POST /", json=[1] * 9).status_code == 200
