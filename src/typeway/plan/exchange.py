"""Hold one request in flight: what a plan reads from it, and what running the plan leaves behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.background import BackgroundTasks as StarletteBackgroundTasks
from starlette.requests import HTTPConnection, Request, cookie_parser
from starlette.responses import Response
from starlette.websockets import WebSocket

from typeway.background import BackgroundTasks
from typeway.types import Receive, Scope, Send

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from anyio import CancelScope


class Exchange:
    """One request and what has become of it so far.

    Only what a plan asks for is ever made: most requests have no Request object, no exits and no tasks.

    Parameters:
        scope: the ASGI scope.
        receive: where the body comes from.
        send: handed to Request and WebSocket objects; running a plan never uses it.
    """

    __slots__ = (
        "background", "body", "cancellation", "errors", "form", "function_exits", "path_params", "raw_body", "receive",
        "request_exits", "response", "scope", "send", "values", "_connection", "_cookies", "_headers",
        "_pairs", "_query",
    )  # fmt: skip

    def __init__(self, scope: Scope, receive: Receive, send: Send, path_params: dict[str, Any]) -> None:
        self.scope = scope
        self.receive = receive
        self.send = send
        self.path_params = path_params
        # PERF: what a plan may fill is set here once; a missing slot would cost an exception per look.
        self.values: list[Any] = EMPTY
        self.body: Any = None
        self.raw_body: bytes | None = None
        self.form: Any = None
        self.errors: dict[int, list[dict[str, Any]]] | None = None
        self.response: Response | None = None
        self.background: StarletteBackgroundTasks | None = None
        self.function_exits: list[AbstractAsyncContextManager[Any]] | None = None
        self.request_exits: list[AbstractAsyncContextManager[Any]] | None = None
        self.cancellation: CancelScope | None = None
        self._connection: Any = None
        self._query: dict[str, str] | None = None
        self._pairs: list[tuple[str, str]] | None = None
        self._headers: dict[bytes, bytes] | None = None
        self._cookies: dict[str, str] | None = None

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The query string's names and values in order, as WHATWG's urlencoded parser reads them."""
        pairs = self._pairs
        if pairs is None:
            raw = self.scope.get("query_string", b"")
            pairs = self._pairs = split_query(raw) if raw else []
        return pairs

    @property
    def query(self) -> dict[str, str]:
        """The query parameters; of a repeated one the last value."""
        query = self._query
        if query is None:
            query = self._query = dict(self.pairs)
        return query

    @property
    def headers(self) -> dict[bytes, bytes]:
        """The request headers by their lower-case name; of a repeated one the first value."""
        headers = self._headers
        if headers is None:
            headers = self._headers = dict(self.scope["headers"][::-1])
        return headers

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies; of a repeated one the last value."""
        cookies = self._cookies
        if cookies is None:
            cookies = self._cookies = {}
            for name, value in self.scope["headers"]:
                if name == b"cookie":
                    cookies.update(cookie_parser(value.decode("latin-1")))
        return cookies

    @property
    def connection(self) -> HTTPConnection[Any]:
        """The one Request or WebSocket of this exchange."""
        connection = self._connection
        if connection is None:
            kind = Request if self.scope["type"] == "http" else WebSocket
            connection = self._connection = kind(self.scope, self.receive, self.send)
            if self.raw_body is not None:
                vars(connection)["_body"] = self.raw_body  # where Request.body() keeps what it has read
        return connection  # type: ignore[no-any-return]

    @connection.setter
    def connection(self, connection: HTTPConnection[Any]) -> None:
        self._connection = connection

    @property
    def has_connection(self) -> bool:
        return self._connection is not None

    @property
    def injected_response(self) -> Response:
        """The Response whose status, headers and cookies the endpoint's own answer takes over."""
        response = self.response
        if response is None:
            response = self.response = Response()
            del response.headers["content-length"]
            response.status_code = None  # type: ignore[assignment]  # means: nobody has set one
        return response

    @property
    def tasks(self) -> StarletteBackgroundTasks:
        """The request's background tasks, shared by all who ask for them."""
        tasks = self.background
        if tasks is None:
            tasks = self.background = BackgroundTasks()
        return tasks

    def report(self, slot: int, errors: list[dict[str, Any]]) -> None:
        """Note what is wrong with the values that the call of this slot asks for."""
        if self.errors is None:
            self.errors = {}
        self.errors.setdefault(slot, []).extend(errors)


EMPTY: list[Any] = []


def split_query(raw: bytes) -> list[tuple[str, str]]:
    """The names and values of a query string.

    Example:
        >>> split_query(b"a=1&b=&a=x%20y")
        [('a', '1'), ('b', ''), ('a', 'x y')]
    """
    text = raw.decode("latin-1")
    if "%" in text or "+" in text:
        return parse_qsl(text, keep_blank_values=True)
    # PERF: 0.6 of 2.4 us for three parameters; parse_qsl checks separators and unquotes each part.
    pairs = []
    for part in text.split("&"):
        if part:
            name, _, value = part.partition("=")
            pairs.append((name, value))
    return pairs
