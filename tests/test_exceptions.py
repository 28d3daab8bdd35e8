"""What goes wrong has a name, says where and what to do, and can be caught as what FastAPI raises."""

import pickle

import pytest
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.exceptions import WebSocketException as StarletteWebSocketException

from typeway.declare.given import given_options
from typeway.declare.options import FormLimits, RouteOptions
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

MISSING = {"type": "missing", "loc": ("query", "q"), "msg": "Field required", "input": None}
PLACE = {"function": "read", "path": "GET /items", "file": "/srv/app.py", "line": 7}


def test_http_exception_carries_any_json_detail_and_headers():
    """The detail is any JSON value; without one it is the status's reason phrase."""
    error = HTTPException(418, detail={"reason": ["teapot"]}, headers={"X-Pot": "1"})
    assert isinstance(error, StarletteHTTPException)
    assert (error.status_code, error.detail, error.headers) == (418, {"reason": ["teapot"]}, {"X-Pot": "1"})
    assert HTTPException(404).detail == "Not Found"


def test_websocket_exception_carries_code_and_reason():
    """The closing code and the reason are kept; no reason is an empty one."""
    error = WebSocketException(1008, reason="No such room")
    assert isinstance(error, StarletteWebSocketException)
    assert (error.code, error.reason) == (1008, "No such room")
    assert WebSocketException(1008).reason == ""


def test_a_declaration_error_says_where_what_and_the_remedy():
    """Its text names the place first, then the mistake, then what to do."""
    error = declaration_error("A path must start with '/'.", hint="Write '/items'.", where="main.py:3, in read")
    assert str(error) == "main.py:3, in read: A path must start with '/'. Hint: Write '/items'."
    assert (error.message, error.hint, error.where) == (
        "A path must start with '/'.",
        "Write '/items'.",
        "main.py:3, in read",
    )
    assert str(declaration_error("Wrong.", hint="Mend it.")) == "Wrong. Hint: Mend it."


@pytest.mark.parametrize(
    "also",
    [
        AssertionError,
        TypeError,
        ValueError,
        NameError,
        RuntimeError,
        TypewayError,
        DependencyScopeError,
        PydanticV1NotSupportedError,
    ],
)
def test_a_declaration_error_is_also_what_others_raise(also):
    """Code that catches another framework's exception type for the same mistake catches ours."""
    error = declaration_error("Wrong.", hint="Mend it.", where="main.py:3", also=also)
    assert isinstance(error, also)
    assert isinstance(error, DeclarationError)
    assert repr(error) == "DeclarationError('main.py:3: Wrong. Hint: Mend it.')"
    restored = pickle.loads(pickle.dumps(error))
    assert (type(restored), str(restored)) == (type(error), str(error))


def test_a_plain_declaration_error_is_no_assertion():
    """Where no other type is named, it is of its own type only."""
    error = declaration_error("Wrong.", hint="Mend it.")
    assert type(error) is DeclarationError
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_an_unknown_option_names_the_nearest_one():
    """A slip of the pen is answered with the option that was meant."""
    with pytest.raises(TypeError) as raised:
        given_options("app.get()", {"respose_model": int}, RouteOptions)
    error = raised.value
    assert (
        str(error).partition(": ")[2]
        == "app.get() takes no option 'respose_model'. Hint: Did you mean 'response_model'?"
    )
    restored = pickle.loads(pickle.dumps(error))
    assert (type(restored), str(restored)) == (UnknownOptionError, str(error))


def test_an_unknown_option_without_a_near_one_names_all():
    """Where nothing is near, the options that exist are listed."""
    with pytest.raises(UnknownOptionError) as raised:
        given_options("app.get()", {"zzz": 1}, FormLimits)
    assert (
        str(raised.value).partition(": ")[2]
        == "app.get() takes no option 'zzz'. Hint: It takes duplicate_fields, max_fields, max_files, max_part_size."
    )


@pytest.mark.parametrize(
    ("errors", "head"), [([], "0 validation errors:"), ([MISSING], f"1 validation error:\n  {MISSING}")]
)
def test_a_validation_error_lists_what_is_wrong(errors, head):
    """Its text counts the errors and shows each."""
    assert str(ValidationException(errors)) == head
    assert ValidationException(errors).errors() == errors
    assert str(ValidationException([MISSING, MISSING])).startswith("2 validation errors:\n")


@pytest.mark.parametrize(
    ("place", "tail"),
    [
        (PLACE, '\n\n  File "/srv/app.py", line 7, in read\n    GET /items'),
        ({**PLACE, "path": ""}, '\n\n  File "/srv/app.py", line 7, in read'),
        ({"path": "GET /items", "function": "read"}, "\n\n  Endpoint: GET /items"),
        ({"function": "read", "file": "/srv/app.py"}, ""),
        ({}, ""),
        (None, ""),
    ],
)
def test_a_validation_error_says_which_endpoint_it_belongs_to(place, tail):
    """Its text ends with the endpoint's place, as far as that is known."""
    error = RequestValidationError([MISSING], endpoint_ctx=place)
    assert str(error) == f"1 validation error:\n  {MISSING}{tail}"
    known = place or {}
    assert error.endpoint_ctx == place
    assert [error.endpoint_function, error.endpoint_path, error.endpoint_file, error.endpoint_line] == [
        known.get(name) for name in ("function", "path", "file", "line")
    ]


@pytest.mark.parametrize("kind", [RequestValidationError, ResponseValidationError])
def test_a_validation_error_keeps_the_body(kind):
    """What was read or returned is there for logs, and not in the text."""
    error = kind([MISSING], body={"password": "secret"})
    assert error.body == {"password": "secret"}
    assert "secret" not in str(error)
    assert kind([]).body is None


def test_the_hierarchy_is_what_handlers_rely_on():
    """A handler for a base class sees its kinds; the framework's own errors are RuntimeErrors."""
    for kind in (RequestValidationError, ResponseValidationError, WebSocketRequestValidationError):
        assert issubclass(kind, ValidationException)
    for kind in (DeclarationError, DependencyScopeError, PydanticV1NotSupportedError):
        assert issubclass(kind, TypewayError)
    assert issubclass(TypewayError, RuntimeError)
    assert issubclass(TypewayDeprecationWarning, UserWarning)
    assert not issubclass(TypewayDeprecationWarning, DeprecationWarning)
