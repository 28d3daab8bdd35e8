"""The framework's own exceptions are answered with JSON, and whatever a client sends is the client's mistake."""

import json
import math
from decimal import Decimal
from typing import ClassVar
from unittest.mock import MagicMock, Mock

import pytest
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from typeway.errors.detail import (
    http_exception_handler,
    request_validation_exception_handler,
    websocket_request_validation_exception_handler,
)
from typeway.exceptions import HTTPException, RequestValidationError, WebSocketRequestValidationError

pytestmark = pytest.mark.anyio
REQUEST = Request({"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""})


class Socket:
    """Records how it is closed."""

    closed: tuple[int, object] | None = None
    scope: ClassVar[dict[str, object]] = {}

    async def close(self, code: int, reason: object) -> None:
        self.closed = (code, reason)


async def answer_to(errors: list[dict[str, object]]) -> tuple[int, object]:
    """Return status and parsed body for these errors."""
    response = await request_validation_exception_handler(REQUEST, RequestValidationError(errors))
    return response.status_code, json.loads(bytes(response.body))


@pytest.mark.parametrize("request_", [None, Mock(), MagicMock(spec=Request)], ids=["none", "mock", "mock of a request"])
async def test_tests_of_handlers_need_no_request(request_):
    """FastAPI's handlers never look at it, so tests of applications pass what they have at hand."""
    response = await http_exception_handler(request_, HTTPException(404, "No such task"))
    assert (response.status_code, bytes(response.body)) == (404, b'{"detail":"No such task"}')
    error = {"type": "missing", "loc": ("body",), "msg": "Field required", "input": None}
    invalid = await request_validation_exception_handler(request_, RequestValidationError([error]))
    assert (invalid.status_code, json.loads(bytes(invalid.body))) == (422, {"detail": [{**error, "loc": ["body"]}]})


@pytest.mark.parametrize("kind", [HTTPException, StarletteHTTPException])
async def test_an_http_exception_becomes_its_status_with_detail_and_headers(kind):
    """Both our HTTPException and Starlette's give JSON with the detail, and their headers."""
    response = await http_exception_handler(REQUEST, kind(404, "No such task", {"X-Hint": "1"}))
    assert isinstance(response, JSONResponse)
    assert (response.status_code, bytes(response.body)) == (404, b'{"detail":"No such task"}')
    assert response.headers["x-hint"] == "1"


@pytest.mark.parametrize("status", [100, 204, 205, 304])
async def test_a_status_without_a_body_gets_none(status):
    """Where the status forbids a body there is none, whatever the detail says."""
    response = await http_exception_handler(REQUEST, HTTPException(status, "ignored", {"X-Hint": "1"}))
    assert (response.status_code, bytes(response.body)) == (status, b"")
    assert response.headers["x-hint"] == "1"
    assert "content-type" not in response.headers


async def test_a_request_validation_error_becomes_422_with_every_error():
    """The errors stand under `detail`, with values turned into JSON."""
    errors = [
        {"type": "x", "loc": ("body", 0), "msg": "é", "input": Decimal("1.5"), "ctx": {"error": ValueError("no")}}
    ]
    assert await answer_to(errors) == (
        422,
        {"detail": [{"type": "x", "loc": ["body", 0], "msg": "é", "input": 1.5, "ctx": {"error": {}}}]},
    )


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (math.nan, None),
        ([math.inf], [None]),
        ("\ud800", "?"),
        (b"\xff", None),
        ({"\ud800": 1}, {"?": 1}),
        (object(), None),
    ],
)
async def test_input_that_json_cannot_hold_is_still_the_clients_mistake(sent, shown):
    """NaN, stray bytes and half surrogates in the input are replaced in the 422, which is never a 500."""
    error = {"type": "x", "loc": ("body", "a\ud800"), "msg": "bad \ud800", "input": sent, "ctx": {"le": math.inf}}
    assert await answer_to([error]) == (
        422,
        {"detail": [{"type": "x", "loc": ["body", "a?"], "msg": "bad ?", "input": shown, "ctx": {"le": None}}]},
    )


async def test_finite_numbers_stay_when_other_input_cannot():
    """Only what JSON cannot hold is replaced in an error's context."""
    errors = [{"type": "x", "loc": ("body",), "msg": "m", "input": math.nan, "ctx": {"le": 1.5}}]
    status, body = await answer_to(errors)
    assert (status, body["detail"][0]["ctx"]) == (422, {"le": 1.5})


async def test_a_websocket_validation_error_closes_with_1008_and_the_errors():
    """The socket is closed as a policy violation, with the errors in words as the reason."""
    socket = Socket()
    error = WebSocketRequestValidationError([{"type": "x", "loc": ("query", "q"), "msg": "m", "input": Decimal(1)}])
    await websocket_request_validation_exception_handler(socket, error)
    assert socket.closed == (1008, "query.q: m")
