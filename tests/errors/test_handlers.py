"""Exceptions are answered by the handlers that the author registered, else by answers that leak nothing."""

from typing import Annotated, Any

import pytest
from pydantic import BaseModel
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.routing import Route

import typeway
from tests.frameworks import answer, application, ask, client, each_framework
from typeway import Depends, HTTPException, Request, Router, Typeway
from typeway.errors.detail import http_exception_handler
from typeway.exceptions import RequestValidationError, ResponseValidationError
from typeway.responses import JSONResponse, PlainTextResponse


class Trouble(Exception):
    """The application's own."""


class DeepTrouble(Trouble):
    """A special case of it."""


class TeaError(HTTPException):
    """An HTTPException of the application's own."""


class Item(BaseModel):
    name: str


def says(text: str, status: int = 400) -> Any:
    """A handler that answers with a text."""

    async def handler(request: Any, error: Exception) -> PlainTextResponse:
        return PlainTextResponse(f"{text}: {type(error).__name__}", status)

    return handler


def raising(web: Any) -> Any:
    """An application that raises whatever is asked for."""
    app = web.FastAPI()

    errors = {
        "trouble": Trouble("secret"),
        "deep": DeepTrouble("secret"),
        "value": ValueError("secret"),
        "starlette": StarletteHTTPException(418, "tea", {"x-a": "1"}),
        "none": web.HTTPException(404),
        "detail": web.HTTPException(409, {"any": ["json", None]}),
        "bodiless": web.HTTPException(304, "not shown", {"x-a": "1"}),
        "internal": web.HTTPException(500, "shown"),
    }

    @app.get("/raise/{name}")
    async def read(name: str):
        raise errors[name]

    @app.post("/items")
    def create(item: Item) -> int:
        return item.name

    return app


@each_framework
@pytest.mark.parametrize(
    ("name", "status", "body"),
    [
        ("starlette", 418, {"detail": "tea"}),
        ("none", 404, {"detail": "Not Found"}),
        ("detail", 409, {"detail": {"any": ["json", None]}}),
        ("bodiless", 304, ""),
        ("internal", 500, {"detail": "shown"}),
    ],
)
def test_http_exceptions_are_answered_with_their_status_and_detail(web, name, status, body):
    """Both kinds of HTTPException are answers, with their headers; some statuses have no body."""
    assert answer(raising(web), f"GET /raise/{name}") == (status, body)
    assert ask(raising(web), f"GET /raise/{name}").headers.get("x-a") == ("1" if status in (418, 304) else None)


@each_framework
@pytest.mark.parametrize("name", ["trouble", "deep", "value"])
def test_an_unhandled_exception_is_a_500_and_is_raised_to_the_server(web, name):
    """The client sees a bare 500; the server, which logs, sees the exception itself."""
    response = ask(raising(web), f"GET /raise/{name}")
    assert (response.status_code, "secret" in response.text) == (500, False)
    with pytest.raises((Trouble, ValueError), match="secret"):
        client(raising(web), raise_server_exceptions=True).get(f"/raise/{name}")


@each_framework
def test_handlers_are_found_by_the_nearest_class(web):
    """A handler for a base class answers for all below it, but for those with a handler of their own."""
    app = raising(web)
    app.exception_handler(Trouble)(says("trouble"))
    assert ask(app, "GET /raise/trouble").text == "trouble: Trouble"
    assert ask(app, "GET /raise/deep").text == "trouble: DeepTrouble"
    app = raising(web)
    app.exception_handler(Trouble)(says("trouble"))
    app.exception_handler(DeepTrouble)(says("deep"))
    assert ask(app, "GET /raise/trouble").text == "trouble: Trouble"
    assert ask(app, "GET /raise/deep").text == "deep: DeepTrouble"


@each_framework
def test_handlers_are_found_by_status(web):
    """A handler for a status answers every HTTPException of it, routing's own too, and beats one by class."""
    app = raising(web)
    app.exception_handler(404)(says("404", 404))
    app.exception_handler(405)(says("405", 405))
    app.exception_handler(StarletteHTTPException)(says("any"))
    assert ask(app, "GET /raise/none").text == "404: HTTPException"
    assert ask(app, "GET /nowhere").text == "404: HTTPException"
    assert ask(app, "PUT /items").text == "405: HTTPException"
    assert ask(app, "GET /raise/detail").text == "any: HTTPException"


@each_framework
@pytest.mark.parametrize("key", [500, Exception])
def test_a_catch_all_answers_what_nothing_else_does(web, key):
    """A handler for 500 or Exception answers unhandled errors; the server still sees them."""
    app = raising(web)
    app.exception_handler(key)(says("all", 500))
    assert ask(app, "GET /raise/value").text == "all: ValueError"
    assert answer(app, "GET /raise/none") == (404, {"detail": "Not Found"})
    with pytest.raises(ValueError, match="secret"):
        client(app, raise_server_exceptions=True).get("/raise/value")


@each_framework
def test_a_catch_all_by_class_answers_wrong_answers_as_well(web):
    """An answer that does not fit its model is an unhandled error like any other."""
    app = raising(web)
    app.exception_handler(Exception)(says("all", 500))
    assert ask(app, "POST /items", json={"name": "x"}).text == "all: ResponseValidationError"


@each_framework
def test_validation_errors_can_be_answered_otherwise(web):
    """A handler for RequestValidationError has the errors and the body that was sent."""
    app = raising(web)

    @app.exception_handler(web.exceptions.RequestValidationError)
    async def handler(request: Any, error: Any):
        return JSONResponse({"body": error.body, "places": [entry["loc"] for entry in error.errors()]}, 400)

    assert answer(app, "POST /items", json={"n": 1}) == (400, {"body": {"n": 1}, "places": [["body", "name"]]})


@each_framework
def test_wrong_answers_can_be_answered_otherwise(web):
    """A handler for ResponseValidationError is an ordinary handler."""
    app = raising(web)
    app.exception_handler(web.exceptions.ResponseValidationError)(says("wrong", 502))
    assert ask(app, "POST /items", json={"name": "x"}).text == "wrong: ResponseValidationError"
    client(app, raise_server_exceptions=True).post("/items", json={"name": "x"})


@each_framework
def test_handlers_may_be_plain_functions_and_given_at_once(web):
    """A `def` handler runs in a thread; handlers may be given to the constructor, by class and by status."""

    def by_class(request: Any, error: Exception):
        return JSONResponse({"error": str(error)}, 400)

    def by_status(request: Any, error: Exception):
        return JSONResponse({"path": request.url.path}, 404)

    app = web.FastAPI(exception_handlers={Trouble: by_class, 404: by_status})

    @app.get("/")
    def read():
        raise Trouble("told")

    assert answer(app, "GET /") == (400, {"error": "told"})
    assert answer(app, "GET /nowhere") == (404, {"path": "/nowhere"})


@each_framework
def test_handlers_catch_what_dependencies_raise(web):
    """It makes no difference whether the endpoint or a dependency raises."""

    def refuse():
        raise Trouble

    app = web.FastAPI(dependencies=[web.Depends(refuse)])
    app.get("/")(lambda: 1)
    app.exception_handler(Trouble)(says("caught"))
    assert ask(app, "GET /").text == "caught: Trouble"


@each_framework
def test_a_handler_that_fails_is_an_unhandled_error(web):
    """What a handler raises is a 500; nothing of it reaches the client."""
    app = raising(web)

    @app.exception_handler(Trouble)
    def handler(request: Any, error: Exception):
        raise ValueError("secret of the handler")

    response = ask(app, "GET /raise/trouble")
    assert (response.status_code, "secret" in response.text) == (500, False)
    with pytest.raises(ValueError, match="secret of the handler"):
        client(app, raise_server_exceptions=True).get("/raise/trouble")


@each_framework
def test_a_handler_may_raise_what_another_answers(web):
    """A handler that raises an HTTPException is answered by the handler for that."""
    app = raising(web)

    @app.exception_handler(Trouble)
    def handler(request: Any, error: Exception):
        raise web.HTTPException(409, "conflict")

    assert answer(app, "GET /raise/trouble") == (409, {"detail": "conflict"})


def test_a_handler_registered_while_serving_counts():
    """A handler that is added after the first request answers from then on."""
    app = raising(typeway)
    assert ask(app, "GET /raise/trouble").status_code == 500
    app.exception_handlers[Trouble] = says("late")
    assert ask(app, "GET /raise/trouble").text == "late: Trouble"


def test_handlers_may_change_in_any_way_while_serving():
    """An item that is assigned or deleted, a method of the dict, another dict: the next error is answered accordingly."""
    app = raising(typeway)
    default = {"detail": "Not Found"}
    assert answer(app, "GET /nowhere") == (404, default)
    app.exception_handlers[404] = says("item", 404)
    assert ask(app, "GET /nowhere").text == "item: HTTPException"
    app.exception_handlers[404] = lambda request, error: PlainTextResponse("not async", 404)
    assert ask(app, "GET /nowhere").text == "not async"
    del app.exception_handlers[404]
    assert answer(app, "GET /nowhere") == (404, default)
    app.exception_handlers.update({Trouble: says("update")})
    assert ask(app, "GET /raise/deep").text == "update: DeepTrouble"
    app.exception_handlers = {**app.exception_handlers, DeepTrouble: says("another dict")}
    assert ask(app, "GET /raise/deep").text == "another dict: DeepTrouble"
    app.exception_handlers[500] = says("last", 500)
    assert ask(app, "GET /raise/value").text == "last: ValueError"
    app.exception_handlers.clear()
    assert answer(app, "GET /raise/trouble") == (500, {"detail": "Internal Server Error"})


def test_handlers_may_change_behind_middleware_too():
    """The stack around middleware answers unhandled errors by the handler of the moment, whichever dict it is in."""
    app = raising(typeway)

    @app.middleware("http")
    async def around(request: Request, call_next: Any):
        return await call_next(request)

    assert answer(app, "GET /raise/value") == (500, {"detail": "Internal Server Error"})
    app.exception_handlers = {**app.exception_handlers, Exception: says("last", 500), 409: says("status", 409)}
    assert ask(app, "GET /raise/value").text == "last: ValueError"
    assert ask(app, "GET /raise/detail").text == "status: HTTPException"


DETAILS = [
    "text", "", 'quoted "\\" \x00\n', "ümläut \u2028 😀", "half a \ud800 pair", None, 7, 1.5, float("nan"), {"a": [1]},
    [], b"bytes", object(),
]  # fmt: skip
HEADERS: list[Any] = [
    None, {}, {"X-One": "1", "x-two": "ü"}, {"Content-Type": "text/x"}, {"content-length": "3"}, {"x": "€"}, {"x": 1},
]  # fmt: skip


@pytest.mark.parametrize(
    ("detail", "headers"),
    [*((detail, None) for detail in DETAILS), *(("text", headers) for headers in HEADERS)],
    ids=lambda value: "an object" if type(value) is object else repr(value),
)
def test_the_short_way_of_the_default_handler_sends_the_same(detail, headers):
    """Without a handler of the author's, an HTTPException is answered byte for byte as by a Response of its own."""

    async def by_response(request: Any, error: Any):
        return await http_exception_handler(request, error)

    def sent(handlers: Any, *, has_middleware: bool) -> Any:
        app = Typeway(exception_handlers=handlers)

        @app.get("/{status}")
        def fail(status: int):
            raise HTTPException(status, detail, headers)

        if has_middleware:

            @app.middleware("http")
            async def around(request: Request, call_next: Any):
                return await call_next(request)

        asking = client(app)
        responses = [
            asking.request(method, f"/{status}", headers={"x-request-id": "1"})
            for method in ("GET", "HEAD")
            for status in (404, 304, 500)
        ]
        return [(response.status_code, response.headers.raw, response.content) for response in responses]

    expected = sent({StarletteHTTPException: by_response}, has_middleware=False)
    assert sent({}, has_middleware=False) == expected
    assert sent({}, has_middleware=True) == sent({StarletteHTTPException: by_response}, has_middleware=True)


def test_one_handler_for_http_exceptions_catches_routing_too():
    """A handler for our HTTPException also answers 404, 405 and Starlette's own; subclasses keep theirs."""
    app = raising(typeway)
    app.exception_handler(HTTPException)(says("http", 418))
    assert ask(app, "GET /nowhere").text == "http: HTTPException"
    assert ask(app, "PUT /items").text == "http: HTTPException"
    assert ask(app, "GET /raise/starlette").text == "http: HTTPException"

    @app.get("/tea")
    def tea():
        raise TeaError(418)

    app.exception_handler(TeaError)(says("tea", 418))
    assert ask(app, "GET /tea").text == "tea: TeaError"


def test_an_error_after_the_answer_has_begun_is_raised():
    """When a stream fails there is nothing to answer any more: the server sees why."""
    app = Typeway()
    app.exception_handler(Trouble)(says("too late"))

    @app.get("/")
    async def read():
        yield 1
        raise Trouble

    with pytest.raises(RuntimeError, match="response already started") as caught:
        client(app, raise_server_exceptions=True).get("/")
    assert isinstance(caught.value.__cause__, Trouble)


def test_a_raised_instance_does_not_collect_the_frames_of_requests():
    """An exception object that an application raises again and again keeps no traceback of handled requests."""
    refused = HTTPException(403)
    app = Typeway()

    @app.get("/")
    def read():
        raise refused

    for _ in range(3):
        assert answer(app, "GET /") == (403, {"detail": "Forbidden"})
    assert refused.__traceback__ is None


def test_debug_shows_the_traceback():
    """With `debug=True` an unhandled error is answered with its traceback, for developers."""
    app = Typeway(debug=True)

    @app.get("/")
    def read():
        raise Trouble("shown")

    assert "Trouble: shown" in ask(app, "GET /").text


def test_errors_of_a_request_say_which_endpoint_it_was_for():
    """A validation error knows the endpoint's file, line, function and path, for logs."""
    seen: list[Any] = []
    app = Typeway()

    @app.exception_handler(RequestValidationError)
    async def handler(request: Request, error: RequestValidationError):
        seen.append(error)
        return JSONResponse({}, 422)

    @app.get("/items/{key}")
    def read_item(key: int): ...

    ask(app, "GET /items/x")
    error = seen[0]
    assert (error.endpoint_function, error.endpoint_path) == ("read_item", "GET /items/{key}")
    assert (error.endpoint_file, error.endpoint_line) == (__file__, read_item.__code__.co_firstlineno)
    assert error.body is None


def test_the_body_of_a_refused_form_is_the_form():
    """A handler for a form's errors sees the parsed form."""
    seen: list[Any] = []
    app = Typeway()

    @app.exception_handler(RequestValidationError)
    async def handler(request: Request, error: RequestValidationError):
        seen.append(dict(error.body))
        return JSONResponse({}, 422)

    @app.post("/")
    def create(name: Annotated[str, typeway.Form()], n: Annotated[int, typeway.Form()] = 0): ...

    ask(app, "POST /", data={"name": "x", "n": "y"})
    assert seen == [{"name": "x", "n": "y"}]


def test_a_broken_answer_is_not_hidden_by_its_dependencies():
    """A generator that sees a ResponseValidationError may answer it otherwise."""

    def translate():
        try:
            yield
        except ResponseValidationError:
            raise HTTPException(502, "bad answer") from None

    @application(typeway, response_model=int)
    def read(done: Annotated[None, Depends(translate)]):
        return "x"

    assert answer(read, "GET /") == (502, {"detail": "bad answer"})


def test_one_handler_for_http_exceptions_reaches_starlettes_routes():
    """Starlette's own routes and mounts answer by the handler for our HTTPException, whichever kind is raised."""
    app = Typeway()
    app.exception_handler(HTTPException)(says("http", 418))

    def fail(request: Request):
        raise StarletteHTTPException(403)

    app.router.add_route("/plain", fail)
    app.mount("/mounted", Router(routes=[Route("/x", fail)]))
    assert ask(app, "GET /plain").text == "http: HTTPException"
    assert ask(app, "GET /mounted/x").text == "http: HTTPException"


def test_errors_below_a_mount_say_the_whole_path():
    """A validation error of a mounted application names the path below which it is mounted."""
    seen: list[Any] = []
    inner = Typeway()

    @inner.exception_handler(RequestValidationError)
    def handler(request: Request, error: RequestValidationError):
        seen.append(error.endpoint_path)
        return JSONResponse({}, 422)

    inner.get("/{key}")(lambda key, q: q)
    app = Typeway()
    app.mount("/inner", inner)
    ask(app, "GET /inner/x")
    assert seen == ["GET /inner/{key}"]


@pytest.mark.parametrize("error", [ValueError("secret"), Exception("secret")])
def test_errors_of_a_bare_kind_have_no_handler(error):
    """An exception without any handler for its classes is a bare 500."""
    app = Typeway()

    @app.get("/")
    def read():
        raise error

    assert answer(app, "GET /") == (500, {"detail": "Internal Server Error"})
