"""Exceptions survive pickling and copying: workers, process pools and log queues send them on."""

import copy
import pickle
import threading
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, model_validator
from starlette.datastructures import FormData, UploadFile

import typeway
from tests.frameworks import answer, client
from typeway import File, Form, Problem, Typeway
from typeway.derive.absence import NotSentError
from typeway.exceptions import (
    DeclarationError,
    DependencyScopeError,
    HTTPException,
    PydanticV1NotSupportedError,
    RequestValidationError,
    ResponseValidationError,
    TypewayDeprecationWarning,
    TypewayError,
    UnknownOptionError,
    ValidationException,
    WebSocketException,
    WebSocketRequestValidationError,
    declaration_error,
)

PLACE: Any = {"function": "read", "path": "GET /items", "file": "/srv/app.py", "line": 7}
WRONG = [
    {"type": "value_error", "loc": ("body", "a"), "msg": "no", "input": {"a": [1]}, "ctx": {"error": ValueError(3)}}
]


class NoTask(HTTPException):
    """An error whose constructor takes something else than its base's."""

    def __init__(self, task_id: int, *, owner: str) -> None:
        super().__init__(404, detail={"task": task_id}, headers={"X-Owner": owner})
        self.owner = owner


class Slotted(HTTPException):
    """An error that keeps a value in a slot."""

    __slots__ = ("place",)

    def __init__(self, *, place: str) -> None:
        super().__init__(status_code=400)
        self.place = place


class Denied(HTTPException, PermissionError):
    """An error that is of a type of Python's as well."""


class Closed(WebSocketException):
    """An error whose constructor takes nothing."""

    def __init__(self) -> None:
        super().__init__(code=4000, reason="closed")


class OutOfStock(Problem):
    """A problem with a member."""

    status = 409
    headers = {"Retry-After": "60"}
    sku: str


class Gone(Problem):
    """A problem whose own constructor forgets its base's."""

    status = 410

    def __init__(self, *, since: int) -> None:
        self.since = since


class Misfit(RequestValidationError):
    """A validation error with a constructor of its own."""

    def __init__(self, *, field: str) -> None:
        super().__init__([{"loc": (field,)}], body={"field": field})
        self.field = field


class Broken(TypewayError):
    """An error of the framework's kind, with a constructor of its own."""

    def __init__(self, *, part: str) -> None:
        super().__init__(f"{part} is broken")
        self.part = part


def noted(error: Exception) -> Exception:
    """An error with what its author added to it."""
    error.add_note("seen")
    vars(error)["extra"] = 1
    return error


ERRORS = [
    HTTPException(404),
    HTTPException(status_code=404),
    HTTPException(404, "x", {"a": "b"}),
    HTTPException(status_code=418, detail={"reason": ["teapot"]}, headers={"X-Pot": "1"}),
    noted(HTTPException(status_code=404, detail=None)),
    NoTask(3, owner="me"),
    Slotted(place="here"),
    Denied(status_code=403),
    WebSocketException(1008),
    WebSocketException(code=1008, reason="No such room"),
    Closed(),
    Problem("wrong", headers={"a": "b"}),
    OutOfStock(sku="A1"),
    OutOfStock("none left", sku="A1", headers={"Retry-After": "1"}),
    Gone(since=1999),
    ValidationException([]),
    RequestValidationError(WRONG, body={"a": 1}, endpoint_ctx=PLACE),
    WebSocketRequestValidationError(errors=[], endpoint_ctx=PLACE),
    noted(ResponseValidationError(WRONG, body=b"raw")),
    Misfit(field="a"),
    TypewayError("no"),
    Broken(part="door"),
    DependencyScopeError("no"),
    PydanticV1NotSupportedError("no"),
    TypewayDeprecationWarning("old"),
    DeclarationError("Wrong.", hint="Write it so."),
    noted(declaration_error("Wrong.", hint="Write it so.", where="main.py:3", also=AssertionError)),
    declaration_error("Wrong.", hint="Write it so.", also=NameError),
    UnknownOptionError("Wrong.", hint="Write it so.", where="main.py:3"),
    NotSentError("'a' was not sent.", name="a", obj=None),
]
WAYS = [
    *(pytest.param(lambda error, n=n: pickle.loads(pickle.dumps(error, n)), id=f"pickle {n}") for n in range(6)),
    pytest.param(copy.copy, id="copy"),
    pytest.param(copy.deepcopy, id="deepcopy"),
]


def shown(value: Any) -> Any:
    """All that an error holds, comparable: exceptions have no equality of their own."""
    if isinstance(value, BaseException):
        kept = {**vars(value), **{name: getattr(value, name) for name in getattr(type(value), "__slots__", ())}}
        return type(value), str(value), repr(value), shown(value.args), shown(kept)
    if isinstance(value, dict):
        return {key: shown(item) for key, item in value.items()}
    return [shown(item) for item in value] if isinstance(value, list | tuple) else value


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_an_exception_keeps_all_that_it_holds(error, way):
    """Type, text, arguments and attributes are the same, whatever the constructor takes and wherever the values are kept."""
    assert shown(way(error)) == shown(error)


def test_no_exception_of_the_package_is_left_out():
    """Every exception that an application can import, by Typeway's names or FastAPI's, is in the table above."""
    namespace = {**vars(typeway), **vars(typeway.exceptions)}
    compared = {type(error) for error in ERRORS}
    ours = [kind for kind in namespace.values() if isinstance(kind, type) and issubclass(kind, Exception)]
    ours = [kind for kind in ours if not issubclass(kind, Warning)]
    assert [kind for kind in ours if kind not in compared and kind.__module__.startswith("typeway")] == []


@pytest.mark.parametrize("mode", ["detail", "problem"])
@pytest.mark.parametrize(
    "error", [NoTask(3, owner="me"), OutOfStock(sku="A1"), Gone(since=1), HTTPException(401)], ids=repr
)
def test_a_restored_exception_is_answered_like_the_first(error, mode):
    """What comes back from a worker process is raised again, and the client sees no difference."""
    app = Typeway(errors=mode)

    @app.get("/first")
    def first():
        raise error

    @app.get("/restored")
    def restored():
        raise pickle.loads(pickle.dumps(error))

    http = client(app, headers={"X-Request-ID": "1"})
    one, other = http.get("/first"), http.get("/restored")
    assert one.status_code == other.status_code == error.status_code
    assert one.json() | {"instance": ""} == other.json() | {"instance": ""}
    for response in (one, other):
        response.headers.pop("content-length")
    assert one.headers == other.headers


def keep_errors(app: Typeway) -> list[RequestValidationError]:
    """Where the application's validation errors go."""
    found: list[RequestValidationError] = []

    @app.exception_handler(RequestValidationError)
    async def keep(request: Any, error: RequestValidationError) -> typeway.Response:
        restored = pickle.loads(pickle.dumps(error))
        found.extend([error, restored, copy.deepcopy(error), copy.copy(error)])
        return typeway.Response(status_code=422)

    return found


@pytest.mark.parametrize("size", [3, 3_000_000], ids=["in memory", "on disk"])
def test_a_validation_error_with_an_upload_is_pickled_with_its_description(size):
    """A file cannot be sent on: its name, its size and its headers are; a shallow copy has the file itself."""
    app = Typeway()
    found = keep_errors(app)

    @app.post("/")
    def store(note: Annotated[str, Form()], file: Annotated[bytes, File()] = b""):
        return note

    assert answer(app, "POST /", files={"note": ("n.txt", b"x" * size, "text/plain")}, data={"file": "y"})[0] == 422
    error, restored, deep, shallow = found
    upload = error.body["note"]
    assert isinstance(upload, UploadFile)
    for other in (restored, deep):
        assert other.errors() == [{**error.errors()[0], "input": repr(upload)}]
        assert isinstance(other.body, FormData)
        assert other.body.multi_items() == [("file", "y"), ("note", repr(upload))]
        assert (other.endpoint_ctx, other.endpoint_path) == (error.endpoint_ctx, "POST /")
        assert f"filename='n.txt', size={size}" in repr(upload)
    assert shallow.errors() is error.errors()
    assert shallow.body is error.body


class Unrestorable(ValueError):
    """An error that can be pickled but not restored."""

    def __init__(self, *, code: int) -> None:
        super().__init__(f"code {code}")


class Strict(BaseModel):
    """A model whose validator raises an error of its own."""

    model_config = ConfigDict(extra="allow")

    @model_validator(mode="before")
    @classmethod
    def refuse(cls, value: Any) -> Any:
        """Refuse every value."""
        raise Unrestorable(code=5)


def test_a_validator_may_raise_what_cannot_be_restored():
    """An exception in `ctx` that only its own constructor could make again is kept as its text."""
    app = Typeway()
    found = keep_errors(app)

    @app.post("/strict")
    def store(item: Strict):
        return item

    assert answer(app, "POST /strict", json={"a": 1})[0] == 422
    _, restored, deep, _ = found
    for other in (restored, deep):
        assert other.errors()[0]["ctx"] == {"error": "Unrestorable('code 5')"}
        assert other.body == {"a": 1}


@pytest.mark.parametrize("result", [threading.Lock(), lambda: 1], ids=["lock", "function"])
def test_an_endpoint_may_return_what_cannot_be_pickled(result):
    """The error of an answer that does not fit keeps the text of what was returned."""
    app = Typeway()
    found: list[ResponseValidationError] = []

    @app.exception_handler(ResponseValidationError)
    def keep(request: Any, error: ResponseValidationError) -> typeway.Response:
        found.append(pickle.loads(pickle.dumps(error)))
        return typeway.Response(status_code=500)

    @app.get("/")
    def read() -> int:
        return result

    assert answer(app, "GET /")[0] == 500
    assert found[0].body == repr(result)
    assert found[0].errors()[0]["loc"] == ("response",)
