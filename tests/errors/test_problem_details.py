"""With `errors="problem"` every error is a problem document (RFC 9457)."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import BaseModel, Field, SecretStr

from tests.frameworks import ask
from typeway import Body, Depends, Form, Header, HTTPException, Problem, Query, Request, Response, Typeway
from typeway.exception_handlers import http_exception_handler, request_validation_exception_handler
from typeway.exceptions import DeclarationError, RequestValidationError
from typeway.responses import PlainTextResponse
from typeway.security import HTTPBearer
from typeway.staticfiles import StaticFiles


class Gone(Problem):
    status = 410
    title = "Task gone"


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    tricks: list[str]


class Home(BaseModel):
    pets: list[Annotated[Cat | Dog, Field(discriminator="kind")]]
    value: int | list[int] = 0
    names: dict[str, int] = {}


RAISES: dict[str, Any] = {
    "gone": Gone("Task 7 is gone.", task_id=7),
    "plain": Gone(),
    "teapot": HTTPException(418, "Short and stout"),
    "phrase": HTTPException(404),
    "large": HTTPException(413),
    "list": HTTPException(409, [1, 2], {"X-More": "yes"}),
    "odd": HTTPException(499, ""),
    "empty": HTTPException(304),
    "bug": RuntimeError("secret"),
}


def application(**options: Any) -> Typeway:
    """Endpoints that fail in every way."""
    app = Typeway(errors="problem", **options)

    @app.get("/raise/{name}")
    async def fail(name: str) -> None:
        raise RAISES[name]

    @app.post("/home")
    async def home(home: Home) -> None: ...

    @app.post("/two")
    async def two(home: Home, extra: Annotated[int, Body()]) -> None: ...

    @app.post("/form")
    async def form(age: Annotated[int, Form()]) -> None: ...

    @app.get("/read/{key}")
    async def read(
        key: int, tags: Annotated[list[int], Query()], token: Annotated[str, Header(min_length=3)]
    ) -> None: ...

    @app.get("/private")
    async def private(token: Annotated[Any, Depends(HTTPBearer())]) -> None: ...

    @app.get("/wrong")
    async def wrong() -> int:
        return "secret"  # type: ignore[return-value]

    @app.post("/small", max_body_size=5)
    async def small(data: dict[str, Any]) -> None: ...

    return app


def problem(request: str, **options: Any) -> dict[str, Any]:
    """The problem document that answers a request, without its request id."""
    response = ask(application(), request, **options)
    assert response.headers["content-type"] == "application/problem+json", response.text
    content = response.json()
    assert content["status"] == response.status_code
    assert content.pop("request_id") == response.headers["x-request-id"]
    return content


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "gone",
            {
                "type": "/problems/gone", "title": "Task gone", "status": 410,
                "detail": "Task 7 is gone.", "task_id": 7,
            },
        ),
        ("plain", {"type": "/problems/gone", "title": "Task gone", "status": 410}),
        ("teapot", {"type": "about:blank", "title": "I'm a Teapot", "status": 418, "detail": "Short and stout"}),
        ("phrase", {"type": "about:blank", "title": "Not Found", "status": 404}),
        ("list", {"type": "about:blank", "title": "Conflict", "status": 409, "details": [1, 2]}),
        ("large", {"type": "about:blank", "title": "Content Too Large", "status": 413}),
        ("odd", {"type": "about:blank", "title": "Error", "status": 499}),
        ("bug", {"type": "about:blank", "title": "Internal Server Error", "status": 500}),
    ],
)  # fmt: skip
def test_what_is_raised_is_a_problem(name, expected):
    """Problems have their own type and title, other errors the status's; unhandled ones show nothing."""
    assert problem(f"GET /raise/{name}") == {**expected, "instance": f"/raise/{name}"}


def test_headers_and_empty_answers_stay():
    """An error's own headers are sent, and a status without a body has none."""
    assert ask(application(), "GET /raise/list").headers["x-more"] == "yes"
    empty = ask(application(), "GET /raise/empty")
    assert (empty.status_code, empty.content) == (304, b"")


@pytest.mark.parametrize(
    ("request_line", "options", "status"),
    [
        ("GET /nowhere", {}, 404),
        ("DELETE /home", {}, 405),
        ("GET /private", {}, 401),
        ("POST /home", {"content": b"x", "headers": {"content-type": "text/plain"}}, 415),
        ("POST /small", {"json": {"a": "long enough"}}, 413),
        ("GET /wrong", {}, 500),
        ("GET /files/none.txt", {}, 404),
    ],
)
def test_what_the_framework_answers_is_a_problem(request_line, options, status, tmp_path):
    """Routing, security, media types, limits, wrong answers and mounted applications say it in the same form."""
    app = application()
    app.mount("/files", StaticFiles(directory=tmp_path))
    response = ask(app, request_line, **options)
    content = response.json()
    assert (response.status_code, content["type"], content["status"]) == (status, "about:blank", status)
    assert response.headers["content-type"] == "application/problem+json"
    assert "secret" not in response.text
    if status == 401:
        assert response.headers["www-authenticate"] == "Bearer"
    if status == 405:
        assert response.headers["allow"] == "OPTIONS, POST"


@pytest.mark.parametrize("kind", ["http", "asgi"])
def test_middleware_changes_nothing(kind):
    """What middleware raises, and what it lets through, is answered in the same form."""
    app = application(max_body_size=1000)
    if kind == "http":

        @app.middleware("http")
        async def refuse(request: Request, call_next: Any) -> Response:
            if "stop" in request.query_params:
                raise Gone("stopped")
            return await call_next(request)
    else:

        class Pass:
            def __init__(self, app: Any) -> None:
                self.app = app

            async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
                await self.app(scope, receive, send)

        app.add_middleware(Pass)
    if kind == "http":
        assert ask(app, "GET /raise/bug?stop=1").json()["detail"] == "stopped"
    assert ask(app, "GET /raise/bug").json()["title"] == "Internal Server Error"
    assert ask(app, "POST /home", json="x" * 2000).json()["title"] == "Content Too Large"


def places(request: str, **options: Any) -> list[tuple[str, str, str]]:
    """Kind, part and pointer of each error in a 422."""
    content = problem(request, **options)
    assert content["type"] == "/problems/validation-error"
    assert content["title"] == "Validation Error"
    assert all(set(error) == {"detail", "type", "in", "pointer"} for error in content["errors"])
    return [(error["type"], error["in"], error["pointer"]) for error in content["errors"]]


def test_errors_point_into_the_body():
    """Pointers lead through the document that was sent (RFC 6901): labels of unions are no part of it."""
    body = {
        "pets": [{"kind": "cat", "lives": "x"}, {"kind": "dog"}, {"kind": "cow"}],
        "value": "x",
        "names": {"a/b~c": "x"},
    }
    assert places("POST /home", json=body) == [
        ("int_parsing", "body", "/pets/0/lives"),
        ("missing", "body", "/pets/1/tricks"),
        ("union_tag_invalid", "body", "/pets/2"),
        ("int_parsing", "body", "/value"),
        ("list_type", "body", "/value"),
        ("int_parsing", "body", "/names/a~1b~0c"),
    ]
    assert places("POST /two", json={"home": {}}) == [
        ("missing", "body", "/home/pets"),
        ("missing", "body", "/extra"),
    ]
    assert places("POST /home", json=[]) == [("model_attributes_type", "body", "")]
    assert places("POST /home") == [("missing", "body", "")]


def test_errors_point_to_parameters():
    """Of other parts of a request the pointer names the parameter."""
    assert places("GET /read/x?tags=1&tags=y", headers={"token": "a"}) == [
        ("int_parsing", "path", "/key"),
        ("int_parsing", "query", "/tags/1"),
        ("string_too_short", "header", "/token"),
    ]
    assert places("POST /form", data={"age": "x"}) == [("int_parsing", "body", "/age")]


def test_malformed_json_has_its_place():
    """The body as a whole is wrong, at a character."""
    content = problem("POST /home", content=b'{"pets": ]', headers={"content-type": "application/json"})
    assert content["detail"] == "The request has one error."
    assert content["errors"] == [
        {
            "detail": "JSON decode error at character 9: Expecting value",
            "type": "json_invalid", "in": "body", "pointer": "",
        }
    ]  # fmt: skip


def test_the_clients_input_is_not_repeated():
    """A 422 says what is wrong and where, not what was sent."""
    assert "s3cret" not in ask(application(), "POST /home", json={"pets": "s3cret", "value": "s3cret"}).text


@pytest.mark.parametrize(
    ("given", "is_kept"),
    [("abc-123", True), ("a" * 128, True), ("a" * 129, False), ("", False), ("a b", False), ("<script>", False)],
)
def test_the_request_id_is_the_clients_or_a_new_one(given, is_kept):
    """An id that is safe to repeat is kept, any other is replaced."""
    content = ask(application(), "GET /nowhere", headers={"X-Request-ID": given}).json()
    assert (content["request_id"] == given) is is_kept
    if not is_kept:
        UUID(content["request_id"])


def test_instances_are_uris():
    """The path is written as a URI reference, whatever it holds."""
    assert problem("GET /nö where")["instance"] == "/n%C3%B6%20where"


def test_the_authors_handlers_come_first():
    """Handlers replace the form of one kind of error or of all unhandled ones."""

    def handle(request: Request, error: Exception) -> Response:
        return PlainTextResponse("mine", 500)

    app = application(exception_handlers={Exception: handle, 404: handle})
    assert ask(app, "GET /raise/bug").text == "mine"
    assert ask(app, "GET /nowhere").text == "mine"
    assert ask(app, "DELETE /home").json()["title"] == "Method Not Allowed"


async def call_http_default(request: Request, error: HTTPException) -> Response:
    """Do what a handler of one's own does when it only wants to see the error."""
    return await http_exception_handler(request, error)


async def call_invalid_default(request: Request, error: RequestValidationError) -> Response:
    return await request_validation_exception_handler(request, error)


@pytest.mark.parametrize(
    "handlers",
    [
        {HTTPException: call_http_default, RequestValidationError: call_invalid_default},
        {HTTPException: http_exception_handler, RequestValidationError: request_validation_exception_handler},
        {404: call_http_default, 405: call_http_default, 410: call_http_default},
    ],
    ids=["called", "registered", "by-status"],
)
@pytest.mark.parametrize(
    "request_line",
    [
        "GET /nowhere",
        "PATCH /home",
        "GET /raise/gone",
        "GET /raise/teapot",
        "GET /raise/list",
        "GET /raise/empty",
        "POST /home",
    ],
)
def test_the_default_handlers_answer_as_the_application_does(handlers: dict[Any, Any], request_line: str) -> None:
    """A handler that calls the default handler gets the answer that the client would get without it."""

    def answered(app: Typeway) -> tuple[int, dict[str, str], bytes]:
        response = ask(app, request_line, headers={"X-Request-ID": "same"})
        return response.status_code, dict(response.headers), response.content

    assert answered(application(exception_handlers=handlers)) == answered(application())


def test_another_form_is_refused():
    """A form of errors that does not exist is a mistake of the declaration."""
    with pytest.raises(DeclarationError, match='errors must be "detail" or "problem", not '):
        Typeway(errors="json")  # type: ignore[arg-type]


def test_debugging_shows_the_traceback():
    """With debug on the developer sees the error."""
    assert "secret" in ask(application(debug=True), "GET /raise/bug").text


class Price(BaseModel):
    amount: Annotated[Decimal, Field(alias="value")]


class Refused(Problem):
    missing: Decimal
    wait: timedelta
    day: date
    colours: set[Literal["red"]]
    price: Price
    token: SecretStr
    note: bytes


MEMBERS: dict[str, Any] = {
    "missing": Decimal("90.00"),
    "wait": timedelta(minutes=1),
    "day": date(2026, 1, 2),
    "colours": {"red"},
    "price": Price(value=Decimal("1.50")),
    "token": SecretStr("sesame"),
    "note": b"text",
}


@pytest.mark.parametrize("errors", ["detail", "problem"])
@pytest.mark.parametrize("member", MEMBERS)
def test_members_have_the_form_that_the_document_says(errors: Any, member: str) -> None:
    """A response with members of every type is valid against the schema of its problem."""
    app = Typeway(errors=errors)

    @app.get("/", raises=(Refused,))
    async def refuse() -> None:
        raise Refused("No.", **MEMBERS)

    document = app.openapi()
    schema = document["components"]["schemas"]["Refused"]["properties"][member]
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    value = ask(app, "GET /").json()[member]
    types = {"string": str, "array": list, "object": dict}
    assert isinstance(value, types[schema["type"]])
    if "properties" in schema:
        assert value == {"value": "1.50"}


@pytest.mark.parametrize("given", ["not a number", None, {"a": Decimal("1.5")}, {}])
def test_a_member_of_another_type_is_written_as_what_it_is(given: Any) -> None:
    """An annotation that an error does not keep to makes no other error of it, and no warning."""
    app = Typeway()

    @app.get("/")
    async def refuse() -> None:
        raise Refused("No.", missing=given, other=Decimal("2.5"))

    answer = ask(app, "GET /")
    assert (answer.status_code, answer.json()["other"]) == (400, 2.5)
    assert answer.json()["missing"] is not None or given is None
