"""With Typeway's own conventions a body that declares to be too large is refused before anything of the endpoint runs."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

import typeway
from tests.frameworks import Sending, send
from tests.plan.test_limits_conformance import PATHS, Buffering, endpoints, option, sendings
from typeway.application.routes import APIRoute

Arrange = Callable[[int | None, int | None, list[Any]], Any]


class Wrapping(APIRoute):
    """A route class that serves its requests itself."""

    def get_route_handler(self) -> Any:
        handle = super().get_route_handler()

        async def wrapped(request: Any) -> Any:
            return await handle(request)

        return wrapped


def plain(outer: int | None, inner: int | None, log: list[Any]) -> Any:
    app = typeway.Typeway(**option(outer))
    endpoints(typeway, log, app, **option(inner))
    return app


def behind_http_middleware(outer: int | None, inner: int | None, log: list[Any]) -> Any:
    app = plain(outer, inner, log)

    @app.middleware("http")
    async def middleware(request: Any, call_next: Any) -> Any:
        return await call_next(request)

    return app


def behind_reading_middleware(outer: int | None, inner: int | None, log: list[Any]) -> Any:
    app = plain(outer, inner, log)
    app.add_middleware(Buffering)
    return app


def of_a_route_class(outer: int | None, inner: int | None, log: list[Any]) -> Any:
    app = typeway.Typeway(**option(outer))
    router = typeway.Router(route_class=Wrapping)
    endpoints(typeway, log, router, **option(inner))
    app.include_router(router)
    return app


def in_a_mounted_application(outer: int | None, inner: int | None, log: list[Any]) -> Any:
    app = typeway.Typeway(**option(outer))
    app.mount("", plain(inner, None, log))
    return app


def in_a_mounted_router(outer: int | None, inner: int | None, log: list[Any]) -> Any:
    app = typeway.Typeway(**option(outer))
    router = typeway.Router(**option(inner))
    endpoints(typeway, log, router)
    app.mount("", router)
    return app


ARRANGEMENTS = [
    plain, behind_http_middleware, behind_reading_middleware, of_a_route_class, in_a_mounted_application,
    in_a_mounted_router,
]  # fmt: skip


@pytest.mark.parametrize("sizes", [(15, None), (None, 15), (100, 15), (5, 15)], ids=str)
@pytest.mark.parametrize("arrange", ARRANGEMENTS, ids=lambda arrange: arrange.__name__)
def test_nothing_runs_for_a_body_that_is_declared_too_large(
    arrange: Arrange, sizes: tuple[int | None, int | None]
) -> None:
    """No endpoint, no dependency, no task; the answer is JSON."""
    log: list[Any] = []
    app = arrange(*sizes, log)
    for path in PATHS[:-1]:
        answer = send(app, Sending(f"/{path}", [b"x" * 30], declared=True))
        assert (answer["status"], answer["body"], log) == ([413], b'{"detail":"Content Too Large"}', []), path


@pytest.mark.parametrize("sizes", [(15, None), (None, 15), (100, 15)], ids=str)
@pytest.mark.parametrize("arrange", ARRANGEMENTS, ids=lambda arrange: arrange.__name__)
def test_what_is_counted_is_refused_in_json_too(arrange: Arrange, sizes: tuple[int | None, int | None]) -> None:
    """A body that turns out too large while it is read gets the same answer."""
    app = arrange(*sizes, [])
    for sending in sendings(paths=["model", "form", "request", "stream"]):
        if sum(map(len, sending.chunks)) > 15:
            answer = send(app, sending)
            assert (answer["status"], answer["body"]) == ([413], b'{"detail":"Content Too Large"}'), sending


def test_a_starlette_route_does_not_run_either() -> None:
    """A plain Starlette route is held to the limit of the application, of its router, or to its own."""
    log: list[str] = []

    async def endpoint(request: Any) -> PlainTextResponse:
        log.append("ran")
        return PlainTextResponse("ran")

    router = typeway.Router(max_body_size=15)
    router.add_route("/router", endpoint, methods=["POST"])
    app = typeway.Typeway(max_body_size=20)
    app.add_route("/app", endpoint, methods=["POST"])
    app.routes.append(Route("/own", endpoint, methods=["POST"], max_body_size=40))
    app.include_router(router)
    accepted = {
        path: max(
            size for size in range(50)
            if send(app, Sending(path, [b"x" * size], declared=True))["status"] == [200]
        )
        for path in ("/app", "/router", "/own")
    }  # fmt: skip
    assert accepted == {"/app": 20, "/router": 15, "/own": 40}


def test_an_unknown_path_is_not_found_before_it_is_too_large() -> None:
    """Where no route takes the request, its size is told only if a limit of the application is exceeded."""
    assert send(typeway.Typeway(), Sending("/missing", [b"x" * 30], declared=True))["status"] == [404]
    assert send(typeway.Typeway(max_body_size=5), Sending("/missing", [b"x" * 30], declared=True))["status"] == [413]


def test_handlers_answer_a_declared_length_as_well() -> None:
    """The application's handler for 413 answers, wherever the excess is found."""

    async def handler(request: Any, error: Any) -> PlainTextResponse:
        return PlainTextResponse(f"too large: {error.detail}", 413)

    for outer, inner in ((15, None), (None, 15)):
        for arrange in (plain, behind_http_middleware, behind_reading_middleware, of_a_route_class):
            app = arrange(outer, inner, [])
            app.add_exception_handler(413, handler)
            for path in ("model", "ignored", "request"):
                answer = send(app, Sending(f"/{path}", [b"x" * 30], declared=True))
                assert answer["body"] == b"too large: Content Too Large", (arrange, path)


def test_a_stream_that_reads_too_much_is_cut_off() -> None:
    """An endpoint that answers while it reads has answered already: the server learns of it as an error."""
    app = plain(15, None, [])
    answer = send(app, Sending("/lines", [b"x" * 8, b"x" * 22]))
    assert answer["status"] == [200]
    assert answer["raised"] == "RuntimeError"


def test_starlettes_limit_around_the_application_counts() -> None:
    """An application mounted in a limited Starlette application raises or lowers that limit, as the innermost."""
    app = Starlette(
        routes=[Mount("/raised", plain(40, None, [])), Mount("/same", plain(None, None, []))], max_body_size=20
    )
    assert send(app, Sending("/raised/request", [b"x" * 30], declared=True))["body"] == b"30"
    assert send(app, Sending("/same/request", [b"x" * 30], declared=True))["status"] == [413]
    assert send(app, Sending("/same/request", [b"x" * 10], declared=True))["body"] == b"10"
