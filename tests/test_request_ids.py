"""A request id leads from the response that a user has seen to the message in the log."""

import json
import logging
import sys
from typing import Any

import pytest

from tests.frameworks import COMPAT, client
from typeway import Request, Typeway, WebSocket
from typeway.cli.logs import JSONFormatter
from typeway.requests import ID_NOTE, request_id

KEPT = ValueError("raised again and again")


def failing(**options: Any) -> Typeway:
    app = Typeway(**options)

    @app.get("/")
    async def fail() -> None:
        raise KEPT

    return app


def with_layer(app: Typeway) -> Typeway:
    @app.middleware("http")
    async def layer(request: Request, call_next: Any) -> Any:
        return await call_next(request)

    return app


@pytest.mark.parametrize("reach", [lambda app: app, with_layer], ids=["alone", "layer"])
@pytest.mark.parametrize("errors", ["detail", "problem"])
def test_an_unhandled_error_and_its_answer_have_one_id(errors, reach):
    """The header of the 500 and the one note of the error name the same id, a new one for each request."""
    asking, seen = client(reach(failing(errors=errors))), set()
    for _ in range(3):
        given = asking.get("/").headers["x-request-id"]
        assert KEPT.__notes__ == [f"{ID_NOTE}{given}"]
        seen.add(given)
    assert len(seen) == 3


@pytest.mark.parametrize(("sent", "is_kept"), [
    ("abc-123", True), ("a" * 128, True), ("a" * 129, False), ("a b", False), ("a;b", False), ('"', False), ("é", False),
])  # fmt: skip
def test_an_id_that_can_do_no_harm_is_kept(sent, is_kept):
    """The id that a client or a proxy sends is kept if it can stand in a log and a header unchanged."""
    response = client(failing()).get("/", headers={"x-request-id": sent.encode("latin-1")})
    assert (response.headers["x-request-id"] == sent) is is_kept


def test_the_application_can_ask_for_the_id():
    """A request, a WebSocket and their scopes have one id, whoever asks and however often."""
    app = Typeway()

    @app.get("/")
    async def read(request: Request) -> list[str]:
        return [request_id(request), request_id(request.scope)]

    @app.websocket("/")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_json([request_id(socket), request_id(socket.scope)])
        await socket.close()

    first, second = client(app).get("/").json()
    assert first == second
    with client(app).websocket_connect("/", headers={"x-request-id": "mine"}) as socket:
        assert socket.receive_json() == ["mine", "mine"]


def test_json_logs_have_the_id():
    """The message about the error has the member request_id; others have none."""
    given = client(failing()).get("/").headers["x-request-id"]
    try:
        raise KEPT
    except ValueError:
        record = logging.LogRecord("uvicorn.error", logging.ERROR, "", 1, "Exception", (), sys.exc_info())
    assert json.loads(JSONFormatter().format(record))["request_id"] == given
    plain = logging.LogRecord("uvicorn.error", logging.INFO, "", 1, "Started", (), None)
    assert "request_id" not in json.loads(JSONFormatter().format(plain))


def test_compat_mode_adds_nothing():
    """On an unmodified FastAPI application the 500 and the error are as on FastAPI."""
    app, error = COMPAT.FastAPI(), ValueError("x")

    @app.get("/")
    async def fail() -> None:
        raise error

    assert "x-request-id" not in client(app).get("/").headers
    assert not hasattr(error, "__notes__")
