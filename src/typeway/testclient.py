"""Offer the client that sends requests to an application in tests, without a server."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, Final, Literal

from starlette.testclient import TestClient as StarletteTestClient
from typing_extensions import TypedDict, Unpack

from typeway.declare.shown import shows_options
from typeway.exceptions import calling_line, declaration_error
from typeway.types import ASGIApp, Receive, Scope, Send

__all__ = ["TestClient"]


class ClientOptions(TypedDict, total=False):
    """The options of Starlette's test client."""

    root_path: str  # the path under which the application is mounted
    backend: Literal["asyncio", "trio"]  # the event loop
    backend_options: dict[str, Any] | None  # options that anyio passes on to the event loop
    cookies: Any  # the first cookies
    headers: dict[str, str] | None  # headers of every request
    follow_redirects: bool  # whether redirects are followed; True unless given
    client: tuple[str, int]  # the client's host and port


# Starlette's defaults.
CLIENT: Final[Mapping[str, Any]] = {
    "root_path": "", "backend": "asyncio", "follow_redirects": True, "client": ("testclient", 50_000),
}  # fmt: skip


class TestClient(StarletteTestClient):
    """Send requests to an application in tests, without a server.

    Parameters:
        app: the application.
        base_url: the base of relative URLs.
        raise_server_exceptions: whether an unhandled exception of the application is raised in the test.
        overrides: dependencies to replace in the requests of this client, and in the lifespan that it starts; see
            `Typeway.override`. They have no effect on other clients of the application.
        options: see `ClientOptions`.

    Raises:
        DeclarationError: the application is none, or an override replaces nothing.

    Example:
        ```python
        client = TestClient(app, overrides={get_db: fake_db})
        assert client.get("/tasks").status_code == 200
        ```
    """

    __test__ = False

    @shows_options(ClientOptions, CLIENT)
    def __init__(
        self,
        app: ASGIApp,
        base_url: str = "http://testserver",
        raise_server_exceptions: bool = True,
        *,
        overrides: Mapping[Callable[..., Any], Callable[..., Any]] | None = None,
        **options: Unpack[ClientOptions],
    ) -> None:
        given: Any = app
        if not callable(given):
            problem = f"TestClient() takes an ASGI application, not {given!r}."
            raise declaration_error(problem, hint="Pass the application itself.", where=calling_line(), also=TypeError)
        self.in_force: Callable[[], AbstractContextManager[None]] = nullcontext
        if overrides:
            from typeway.application.overrides import check_overrides, in_force

            checked: Any = app
            check_overrides(checked, overrides)
            self.in_force = partial(in_force, checked, dict(overrides))
        super().__init__(self.serve if overrides else app, base_url, raise_server_exceptions, **options)
        self.app = app

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a connection with the overrides in force."""
        with self.in_force():
            await self.app(scope, receive, send)

    async def lifespan(self) -> None:
        """Run the application's lifespan with the overrides in force."""
        with self.in_force():
            await super().lifespan()
