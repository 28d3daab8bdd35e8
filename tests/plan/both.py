"""Send one raw request to an application on FastAPI and to the same on Typeway, and compare what both send back."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import fastapi
import fastapi.exceptions
import fastapi.routing
from pydantic import BaseModel
from starlette.datastructures import UploadFile

import typeway
from tests.frameworks import without_files
from tests.patience import PATIENCE
from typeway.application.routes import APIRoute
from typeway.compat.shapes.conventions import FASTAPI
from typeway.exceptions import RequestValidationError


class Router(typeway.Router):
    """A router with FastAPI's conventions."""

    conventions = FASTAPI


class Application(typeway.Typeway):
    """An application with FastAPI's conventions."""

    conventions = FASTAPI
    router_class = Router


class Ours:
    """Typeway's names, as an application written for FastAPI uses them."""

    FastAPI = Application
    APIRouter = Router
    APIRoute = APIRoute
    RequestValidationError = RequestValidationError

    def __getattr__(self, name: str) -> Any:
        return getattr(typeway, name)


class Peers:
    """FastAPI's names, those of its submodules that tests use among them."""

    APIRoute = fastapi.routing.APIRoute
    RequestValidationError = fastapi.exceptions.RequestValidationError

    def __getattr__(self, name: str) -> Any:
        return getattr(fastapi, name)


OURS: Final = Ours()
PEERS: Final = Peers()
JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data; boundary=BB"


@dataclass(frozen=True, slots=True)
class Sending:
    """One request, message by message.

    Parameters:
        path: where it goes.
        chunks: the body, one message each.
        media_type: the Content-Type; None for none.
        declared: the Content-Length; True for the body's own.
        headers: further headers.
        leaves: whether the client goes away after the last chunk, before the body's end.
    """

    path: str
    chunks: Sequence[bytes] = (b"",)
    media_type: str | None = JSON
    declared: bool | str = False
    method: str = "POST"
    query: bytes = b""
    headers: Sequence[tuple[str, str]] = ()
    leaves: bool = False

    def scope(self) -> dict[str, Any]:
        headers = [(b"host", b"testserver")]
        if self.media_type is not None:
            headers.append((b"content-type", self.media_type.encode("latin-1")))
        if self.declared:
            length = str(sum(map(len, self.chunks))) if self.declared is True else self.declared
            headers.append((b"content-length", length.encode()))
        headers += [(name.encode(), value.encode("latin-1")) for name, value in self.headers]
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": self.method,
            "scheme": "http",
            "path": self.path,
            "raw_path": self.path.encode(),
            "query_string": self.query,
            "root_path": "",
            "headers": headers,
            "server": ("testserver", 80),
            "client": ("client", 1),
        }


async def answer_of(app: Any, sending: Sending) -> dict[str, Any]:
    """Status, headers and body of the answer, and what the application raised."""
    waiting = [
        {"type": "http.request", "body": chunk, "more_body": sending.leaves or number < len(sending.chunks)}
        for number, chunk in enumerate(sending.chunks, 1)
    ]
    messages: list[Any] = []

    async def receive() -> Any:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        messages.append(message)

    raised = None
    try:
        await asyncio.wait_for(app(sending.scope(), receive, send), PATIENCE)
    except Exception as error:
        raised = type(error).__name__
    starts = [message for message in messages if message["type"] == "http.response.start"]
    headers = [header for message in starts for header in sorted(message["headers"])]
    body = b"".join(message.get("body", b"") for message in messages)
    if b'"_max_mem_size"' in body:
        length = len(body)
        body = without_files(body.decode()).encode()
        headers = [(name, b"%d" % len(body) if value == b"%d" % length else value) for name, value in headers]
    return {
        "status": [message["status"] for message in starts],
        "headers": headers,
        "body": body,
        "raised": raised,
    }


def ask(app: Any, sending: Sending) -> dict[str, Any]:
    """The answer to one request."""
    return asyncio.run(answer_of(app, sending))


async def shown(value: Any) -> Any:
    """A value that an endpoint was given, as JSON that tells types, files and what a model was really sent."""
    if isinstance(value, UploadFile):
        content = (await value.read()).decode("latin-1")
        return ["file", value.filename, value.size, value.content_type, content]
    if isinstance(value, BaseModel):
        fields = {name: await shown(field) for name, field in value}
        return [type(value).__name__, fields, sorted(value.model_fields_set)]
    if isinstance(value, dict):
        return {str(key): await shown(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, deque)):
        return [type(value).__name__, *[await shown(item) for item in value]]
    if isinstance(value, (set, frozenset)):
        return [type(value).__name__, *sorted(map(repr, value))]
    return repr(value)


class Both:
    """One application on both frameworks.

    Parameters:
        build: makes it of a framework's names and a list for what its functions note.
    """

    def __init__(self, build: Callable[[Any, list[Any]], Any]) -> None:
        self.logs: tuple[list[Any], list[Any]] = ([], [])
        self.apps = (build(PEERS, self.logs[0]), build(OURS, self.logs[1]))

    def difference(self, sending: Sending) -> tuple[Any, Any] | None:
        """What FastAPI does with a request and what Typeway does, if that is not the same."""
        return next(iter(self.differences([sending]).values()), None)

    def differences(self, sendings: Sequence[Sending]) -> dict[int, tuple[Any, Any]]:
        """The same for each of several requests, sent one after the other; the keys are their places."""
        return asyncio.run(self._differences(sendings))

    async def _differences(self, sendings: Sequence[Sending]) -> dict[int, tuple[Any, Any]]:
        # One event loop for all: to make one costs more than a request.
        found = {}
        for number, sending in enumerate(sendings):
            answers = []
            for app, log in zip(self.apps, self.logs, strict=True):
                log.clear()
                answers.append({**await answer_of(app, sending), "log": list(log)})
            if answers[0] != answers[1]:
                found[number] = (answers[0], answers[1])
        return found

    def check(self, sendings: Sequence[Sending]) -> None:
        """Send requests one after the other.

        Raises:
            AssertionError: the frameworks differ; all differences are shown.
        """
        found = list(self.differences(sendings).items())
        assert not found, "\n".join(f"{sendings[number]}\n  {peer}\n  {ours}" for number, (peer, ours) in found[:5])
