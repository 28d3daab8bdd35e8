"""Background tasks run in the order in which they were added."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.middleware.base import BaseHTTPMiddleware

from tests.frameworks import ask, client
from typeway import Depends, Request, Response, Typeway
from typeway.background import BackgroundTask, BackgroundTasks
from typeway.compat.shapes import routes as compat_routes
from typeway.compat.shapes.application import FastAPI
from typeway.responses import FileResponse, JSONResponse, StreamingResponse

log: list[Any] = []


@pytest.fixture(autouse=True)
def clear() -> None:
    log.clear()


@pytest.mark.anyio
async def test_tasks_run_in_order_with_their_arguments():
    """Plain and async functions run one after the other, with what was given for them."""
    calls: list[object] = []

    def plain(*values: int, name: str) -> None:
        calls.append((values, name))

    async def awaited(value: int) -> None:
        calls.append(value)

    tasks = BackgroundTasks([BackgroundTask(awaited, 0)])
    tasks.add_task(plain, 1, 2, name="x")
    tasks.add_task(awaited, 3)
    await tasks()
    assert calls == [0, ((1, 2), "x"), 3]


# ---------------------------------------------------------------- the request's tasks and a response's own


class Handled(compat_routes.APIRoute):
    """A route class that goes through its handler."""

    def get_route_handler(self) -> Any:
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            response: Response = await handle(request)
            return response

        return handler


def directly(app: Any) -> None: ...


def behind_a_function(app: Any) -> None:
    @app.middleware("http")
    async def pass_on(request: Request, call_next: Any) -> Any:
        return await call_next(request)


def behind_a_class(app: Any) -> None:
    class Passing(BaseHTTPMiddleware):
        async def dispatch(self, request: Request, call_next: Any) -> Any:
            return await call_next(request)

    app.add_middleware(Passing)


def through_a_route_class(app: Any) -> None:
    app.router.route_class = Handled


RESPONSES: dict[str, Callable[[BackgroundTask | None], Response]] = {
    "plain": lambda background: JSONResponse(1, background=background),
    "stream": lambda background: StreamingResponse(iter([b"1"]), background=background),
    "file": lambda background: FileResponse(__file__, background=background),
}


@pytest.mark.parametrize("respond", RESPONSES.values(), ids=RESPONSES)
@pytest.mark.parametrize("serve", [directly, behind_a_function, behind_a_class, through_a_route_class])
@pytest.mark.parametrize("kind", [Typeway, FastAPI], ids=["native", "compat"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("with_exits", [False, True])
def test_both_the_responses_and_the_requests_tasks_run(
    respond: Any, serve: Any, kind: Any, method: str, with_exits: bool
) -> None:
    """A response's own task runs first, then what was added to the injected tasks; all before clean-up."""
    app = kind()
    serve(app)

    def resource() -> Iterator[None]:
        yield
        log.append("clean-up")

    def dependency(tasks: BackgroundTasks) -> None:
        tasks.add_task(log.append, "dependency's")

    @app.api_route("/", methods=["GET", "HEAD"], dependencies=[Depends(resource)] if with_exits else [])
    def endpoint(tasks: BackgroundTasks, done: Any = Depends(dependency)) -> Any:
        tasks.add_task(log.append, "endpoint's")
        return respond(BackgroundTask(log.append, "response's"))

    assert ask(app, f"{method} /").status_code == 200
    assert log == ["response's", "dependency's", "endpoint's", *(["clean-up"] if with_exits else [])]


def the_same(tasks: BackgroundTasks) -> BackgroundTask:
    return tasks


def a_copy(tasks: BackgroundTasks) -> BackgroundTask:
    return BackgroundTasks(tasks.tasks)


def one_of_them(tasks: BackgroundTasks) -> BackgroundTask:
    return tasks.tasks[0]


def more(tasks: BackgroundTasks) -> BackgroundTask:
    longer = BackgroundTasks(tasks.tasks)
    longer.add_task(log.append, "more")
    return longer


@pytest.mark.parametrize("serve", [directly, behind_a_function, behind_a_class, through_a_route_class])
@pytest.mark.parametrize("choose", [the_same, a_copy, one_of_them, more])
def test_a_task_in_both_runs_once(serve: Any, choose: Callable[[BackgroundTasks], BackgroundTask]) -> None:
    """Handing the injected tasks, or some of them, to the response does not run them twice."""
    app = FastAPI()
    serve(app)

    @app.get("/")
    def endpoint(tasks: BackgroundTasks) -> Any:
        tasks.add_task(log.append, 1)
        tasks.add_task(log.append, 2)
        return JSONResponse(None, background=choose(tasks))

    ask(app, "GET /")
    assert log == ([1, 2, "more"] if choose is more else [1, 2])


@pytest.mark.parametrize("serve", [directly, behind_a_function, behind_a_class, through_a_route_class])
def test_a_response_that_is_kept_keeps_no_tasks(serve: Any) -> None:
    """The tasks of one request are not run again when another returns the same response."""
    app, kept = FastAPI(), JSONResponse(1)
    serve(app)

    @app.get("/{number}")
    def endpoint(number: int, tasks: BackgroundTasks) -> Any:
        tasks.add_task(log.append, number)
        return kept

    for number in range(3):
        assert ask(app, f"GET /{number}").json() == 1
    assert log == [0, 1, 2]


def test_tasks_that_are_added_while_tasks_run_are_run() -> None:
    """A task may add others, a response's own as well."""
    app = Typeway()

    @app.get("/")
    def endpoint(tasks: BackgroundTasks) -> Any:
        tasks.add_task(lambda: tasks.add_task(log.append, "later"))
        return JSONResponse(1, background=BackgroundTask(lambda: tasks.add_task(log.append, "sooner")))

    ask(app, "GET /")
    assert log == ["sooner", "later"]


@pytest.mark.parametrize("serve", [directly, behind_a_function, behind_a_class, through_a_route_class])
def test_the_tasks_of_a_request_that_fails_do_not_run(serve: Any) -> None:
    """An error's answer runs no tasks that were added before the error, and runs its own."""
    app = FastAPI()
    serve(app)

    @app.exception_handler(LookupError)
    async def handle(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse("handled", background=BackgroundTask(log.append, "handler's"))

    @app.get("/{kind}")
    def endpoint(kind: str, tasks: BackgroundTasks) -> Any:
        tasks.add_task(log.append, "endpoint's")
        raise LookupError if kind == "handled" else ValueError

    assert ask(app, "GET /handled").json() == "handled"
    assert ask(app, "GET /unhandled").status_code == 500
    assert log == ["handler's"]


def test_an_error_in_a_responses_task_ends_the_rest() -> None:
    """As among tasks of one kind, an error in one of them ends those that come after it."""
    app = Typeway()

    def fail() -> None:
        raise LookupError

    @app.get("/")
    def endpoint(tasks: BackgroundTasks) -> Any:
        tasks.add_task(log.append, "after")
        return JSONResponse(1, background=BackgroundTask(fail))

    assert client(app).get("/").json() == 1
    assert not log
