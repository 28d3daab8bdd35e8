"""The document says what operations answer where they fail: what is declared, what can be seen, and validation."""

import functools
import types
from http import HTTPStatus
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

import typeway
from tests.frameworks import client
from typeway import (
    Body,
    Depends,
    Form,
    HTTPException,
    Problem,
    Query,
    Request,
    Router,
    Security,
    Typeway,
    UploadFile,
    status,
)
from typeway.compat.shapes.application import FastAPI
from typeway.exceptions import DeclarationWarning, RequestValidationError
from typeway.responses import JSONResponse
from typeway.security import APIKeyHeader, HTTPBasic, HTTPBearer


class TaskNotFound(Problem):
    """The task does not exist, or no longer."""

    status = 404
    title = "Task not found"
    task_id: int
    hint: str | None = None


class ProjectNotFound(Problem):
    status = 404


class Busy(Problem):
    status = 503
    title = "Busy"


def responses(app: Typeway, path: str = "/", method: str = "get") -> dict[str, Any]:
    """What an operation answers beside success."""
    found: dict[str, Any] = dict(app.openapi()["paths"][path][method]["responses"])
    found.pop("200")
    return found


def described(app: Typeway) -> dict[str, str]:
    """The meaning of each status of the one operation."""
    return {code: response["description"] for code, response in responses(app).items()}


def with_endpoint(endpoint: Any, **options: Any) -> Typeway:
    app = Typeway(**options)
    app.get("/")(endpoint)
    return app


def reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def test_problems_are_declared_at_every_level():
    """Application, inclusion, router and route add up; several of one status stand side by side."""
    router = Router(raises=(ProjectNotFound,))

    @router.get("/tasks", raises=[TaskNotFound])
    def tasks() -> None: ...

    app = Typeway(raises=(Busy,))
    app.include_router(router, raises=(Busy,))
    assert responses(app, "/tasks") == {
        "404": {
            "description": "Project not found or Task not found",
            "content": {
                "application/json": {"schema": {"anyOf": [reference("ProjectNotFound"), reference("TaskNotFound")]}}
            },
        },
        "503": {"description": "Busy", "content": {"application/json": {"schema": reference("Busy")}}},
    }
    assert app.openapi()["components"]["schemas"]["TaskNotFound"] == {
        "title": "TaskNotFound",
        "description": "The task does not exist, or no longer.",
        "type": "object",
        "properties": {
            "detail": {"type": "string"},
            "type": {"type": "string", "format": "uri-reference", "const": "/problems/task-not-found"},
            "task_id": {"type": "integer"},
            "hint": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        },
        "required": ["detail", "type", "task_id"],
    }


def test_what_authors_say_of_a_response_counts():
    """`responses` adds to a declared problem and takes the place of an error that is only seen."""

    def endpoint(fail: bool = False) -> None:
        if fail:
            raise HTTPException(409, "seen")
        raise HTTPException(410, "seen too")

    app = Typeway()
    app.get("/", raises=[Busy], responses={503: {"description": "Later"}, 409: {"description": "Mine"}})(endpoint)
    found = responses(app)
    assert found["503"]["description"] == "Later"
    assert found["503"]["content"] == {"application/json": {"schema": reference("Busy")}}
    assert found["409"] == {"description": "Mine"}
    assert found["410"]["description"] == "seen too"


@pytest.mark.parametrize("key", ["4XX", "default"])
def test_ranges_cover_what_is_seen(key):
    """Who documents all errors at once has said enough of those that are only seen."""

    def endpoint() -> None:
        raise HTTPException(404)

    app = Typeway()
    app.get("/", responses={key: {"description": "All"}})(endpoint)
    assert list(responses(app)) == [key]


class Pager:
    def __init__(self, page: int = 0) -> None:
        if page > 9:
            raise HTTPException(status_code=416, detail="No such page")


class Checker:
    def __call__(self) -> None:
        raise HTTPException(HTTPStatus.PAYMENT_REQUIRED)


async def get_task(task_id: int) -> int:
    if task_id == 1:
        raise TaskNotFound(task_id=1)
    try:
        return 10 // task_id
    except ZeroDivisionError as error:
        raise HTTPException(status.HTTP_400_BAD_REQUEST, detail=f"No {task_id}") from error


def test_errors_in_bodies_are_seen():
    """HTTPExceptions of a literal status and problems document themselves, of dependencies as well."""

    async def endpoint(
        task: Annotated[int, Depends(get_task)], pager: Annotated[Any, Depends(Pager)], ok: Any = Depends(Checker())
    ) -> None:
        if task:
            raise typeway.HTTPException(403, "Not yours")
        raise HTTPException(403, "Not theirs")

    app = with_endpoint(endpoint)
    assert described(app) == {
        "400": "Bad Request",
        "402": "Payment Required",
        "403": "Not yours or Not theirs",
        "404": "Task not found",
        "416": "No such page",
        "422": "Validation Error",
    }
    assert responses(app)["404"]["content"] == {"application/json": {"schema": reference("TaskNotFound")}}
    assert app.openapi()["components"]["schemas"]["HTTPError"] == {
        "title": "HTTPError", "type": "object", "properties": {"detail": {"title": "Detail"}}, "required": ["detail"],
    }  # fmt: skip


def test_a_422_of_ones_own_stands_beside_validation():
    """Both are documented."""

    def endpoint(limit: int) -> None:
        raise HTTPException(422, "Odd")

    assert responses(with_endpoint(endpoint))["422"] == {
        "description": "Odd or Validation Error",
        "content": {
            "application/json": {"schema": {"anyOf": [reference("HTTPError"), reference("HTTPValidationError")]}}
        },
    }


CODE = 404


def wrapped(function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


def test_what_cannot_be_told_is_left_out():
    """Computed statuses, other functions' errors, other classes and functions without source say nothing."""

    class Own(HTTPException):
        def __init__(self, number: int) -> None:
            super().__init__(number + 300)

    class Later:
        code = 404

    def endpoint(number: int = 1) -> None:
        def inner() -> None:
            raise HTTPException(410)

        if number == 2:
            raise HTTPException(number + 400)
        if number == 3:
            raise HTTPException(Later().code)
        if number == 4:
            raise Own(104)
        if number == 5:
            raise ValueError(404)
        if number == 6:
            raise HTTPException(200)
        if number == 7:
            raise HTTPException
        later()  # noqa: F821
        raise HTTPException(*[409])

    made = types.FunctionType(compile("raise HTTPException(404)", "<made>", "exec"), globals())
    assert described(with_endpoint(endpoint)) == {"422": "Validation Error"}
    assert described(with_endpoint(made)) == {}
    assert described(with_endpoint(lambda: 1)) == {}


def test_texts_of_several_lines_hide_no_error():
    """A function is read whatever the indentation of the texts in it, where it is defined inside another as well."""

    def endpoint() -> None:
        raise HTTPException(
            410,
            """No
more""",
        )

    class Checked:
        def __init__(self, number: int = 0) -> None:
            message = """
Number {} is taken.
"""
            if number:
                raise HTTPException(409, message.format(number))

    app = Typeway()
    app.get("/", dependencies=[Depends(Checked)])(endpoint)
    assert described(app) == {"409": "Conflict", "410": "No\nmore", "422": "Validation Error"}


def test_names_are_found_where_they_stand():
    """A status or exception may come from around the function, and decorators do not hide it."""
    error, code = HTTPException, 411

    @wrapped
    def endpoint(number: bool = False) -> None:
        if number:
            raise error(code)
        raise HTTPException(CODE, "Constant")

    assert described(with_endpoint(endpoint)) == {
        "404": "Constant", "411": "Length Required", "422": "Validation Error",
    }  # fmt: skip


class Custom(HTTPBearer):
    def make_not_authenticated_error(self) -> HTTPException:
        return HTTPException(403, "Members only")


@pytest.mark.parametrize(
    ("scheme", "expected", "headers"),
    [
        (HTTPBearer(), {"401": "Not authenticated"}, {"WWW-Authenticate": {"schema": {"type": "string"}}}),
        (HTTPBasic(), {"401": "Not authenticated"}, {"WWW-Authenticate": {"schema": {"type": "string"}}}),
        (APIKeyHeader(name="key"), {"401": "Not authenticated"}, {"WWW-Authenticate": {"schema": {"type": "string"}}}),
        (Custom(), {"403": "Members only"}, None),
        (HTTPBearer(auto_error=False), {}, None),
    ],
)
def test_security_schemes_document_their_refusal(scheme, expected, headers):
    """A scheme that refuses is documented with what it answers."""

    def endpoint(credentials: Any = Security(scheme, scopes=["a"])) -> None: ...

    app = with_endpoint(endpoint)
    assert described(app) == expected
    for response in responses(app).values():
        assert response.get("headers") == headers


def test_compat_mode_documents_what_is_declared_only():
    """FastAPI's document shows nothing that its author has not said; `raises` is said."""

    def endpoint(credentials: Any = Depends(HTTPBearer())) -> None:
        raise HTTPException(404, "seen")

    app = FastAPI()
    app.get("/", raises=[Busy])(endpoint)
    assert described(app) == {"503": "Busy"}


def test_components_do_not_clash():
    """Problems of one name get one each, and an author's model keeps its name."""

    class HTTPError(BaseModel):
        code: int

    def make() -> type[Problem]:
        class Lost(Problem):
            status = 404

        return Lost

    def endpoint() -> HTTPError:
        raise HTTPException(410)

    first, second = make(), make()
    app = Typeway()
    app.get("/", raises=[first, second])(endpoint)
    schemas = app.openapi()["components"]["schemas"]
    lost = f"{__name__}__Lost".replace(".", "__")
    assert sorted(schemas) == sorted(["HTTPError", "Lost", lost, "typeway__HTTPError"])
    assert schemas["HTTPError"]["properties"] == {"code": {"type": "integer", "title": "Code"}}
    assert responses(app)["410"]["content"]["application/json"]["schema"] == reference("typeway__HTTPError")


def test_problem_documents_are_described():
    """With `errors="problem"` every failure is described as what it is, under its media type."""

    def endpoint(limit: int) -> None:
        raise HTTPException(409)

    app = Typeway(errors="problem", raises=[TaskNotFound])
    app.get("/")(endpoint)
    schemas = app.openapi()["components"]["schemas"]
    assert {code: response["content"] for code, response in responses(app).items()} == {
        code: {"application/problem+json": {"schema": reference(name)}}
        for code, name in (("404", "TaskNotFound"), ("409", "ProblemDetails"), ("422", "ValidationProblem"))
    }
    assert sorted(schemas) == ["ProblemDetails", "TaskNotFound", "ValidationProblem"]
    assert schemas["TaskNotFound"]["required"] == ["type", "title", "status", "instance", "task_id", "request_id"]
    assert schemas["TaskNotFound"]["properties"]["type"]["const"] == "/problems/task-not-found"
    error = schemas["ValidationProblem"]["properties"]["errors"]["items"]
    assert error["required"] == ["detail", "type", "in", "pointer"]


def test_a_members_unknown_type_is_named():
    """A problem that annotates a member with what is not defined is a mistake of the declaration."""
    broken = type("Broken", (Problem,), {"__annotations__": {"when": "Nowhere"}})
    app = Typeway(raises=[broken])
    app.get("/")(lambda: 1)
    with pytest.warns(DeclarationWarning, match="Broken annotates a member with the name 'Nowhere'"):
        assert app.openapi()["paths"] == {}


@pytest.mark.parametrize(
    ("body", "options", "statuses"),
    [
        (Annotated[int, Body()], {}, {"400", "413", "415", "422"}),
        (Annotated[int, Body()], {"max_body_size": 100}, {"400", "413", "415", "422"}),
        (Annotated[bytes, Body()], {}, {"400", "413", "422"}),
        (Annotated[str, Form()], {}, {"400", "413", "422"}),
        (UploadFile, {"max_body_size": 100}, {"400", "413", "422"}),
        (Annotated[int, Query()], {"max_body_size": 100}, {"422"}),
    ],
)
def test_refusals_of_a_body_are_documented(body: Any, options: Any, statuses: set[str]) -> None:
    """A body that cannot be read, is too large or has another media type is refused as the document says."""
    app = Typeway(**options)

    @app.post("/")
    def take(data: body) -> None: ...

    documented = responses(app, "/", "post")
    assert set(documented) == statuses
    if "400" not in documented:
        return  # there is no body to refuse
    http = client(app)
    unreadable = {"application/json": b"\xff", "multipart/form-data; boundary=x": b"--x\r\n\x00", "text/plain": b"7"}
    for media_type, sent in {**unreadable, "application/JSON": b"7" * 200}.items():
        answer = http.post("/", content=sent, headers={"content-type": media_type})
        assert answer.status_code == 200 or str(answer.status_code) in documented
    assert documented["400"]["content"] == {"application/json": {"schema": reference("HTTPError")}}


@pytest.mark.parametrize("errors", ["detail", "problem"])
def test_errors_of_handlers_are_documented_without_a_body(errors: Any) -> None:
    """Where the author's handler answers, the document has the status, and does not promise the framework's body."""
    app = Typeway(errors=errors)

    @app.exception_handler(RequestValidationError)
    @app.exception_handler(401)
    @app.exception_handler(TaskNotFound)
    def answer(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse("own", 422)

    def find(token: Annotated[str, Depends(HTTPBearer())]) -> None:
        raise TaskNotFound(task_id=1)

    def busy() -> None:
        raise Busy

    @app.post("/", dependencies=[Depends(find), Depends(busy)])
    def take(data: Annotated[int, Body()]) -> None: ...

    found = responses(app, "/", "post")
    assert {status for status in found if "content" not in found[status]} == {"401", "404", "422"}
    assert {status for status in found if "content" in found[status]} == {"400", "413", "415", "503"}
