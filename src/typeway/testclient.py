"""Offer the client that drives an application in tests, without a server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from starlette.testclient import TestClient as StarletteTestClient
from typing_extensions import TypedDict, Unpack

from typeway.types import ASGIApp, Receive, Scope, Send

__all__ = ["TestClient"]


class ClientOptions(TypedDict, total=False):
    """What Starlette's test client takes beside the application, by name."""

    root_path: str
    """The path under which the application is mounted."""
    backend: Literal["asyncio", "trio"]
    """The event loop."""
    backend_options: dict[str, Any] | None
    """What anyio passes on to the event loop."""
    cookies: Any
    """The cookies to begin with."""
    headers: dict[str, str] | None
    """Headers of every request."""
    follow_redirects: bool
    """Whether redirects are followed; they are unless told otherwise."""
    client: tuple[str, int]
    """The address that requests come from."""


class TestClient(StarletteTestClient):
    """Drive an application in tests, without a server.

    Parameters:
        app: the application.
        base_url: what relative URLs are relative to.
        raise_server_exceptions: whether an unhandled exception of the application is raised in the test.
        overrides: dependencies to replace in whatever this client asks for, its lifespan included; see
            `Typeway.override`. Other clients of the application do not see them.
        options: see `ClientOptions`.

    Raises:
        DeclarationError: an override replaces nothing.

    Example:
        ```python
        client = TestClient(app, overrides={get_db: fake_db})
        assert client.get("/tasks").status_code == 200
        ```
    """

    __test__ = False

    def __init__(
        self,
        app: ASGIApp,
        base_url: str = "http://testserver",
        raise_server_exceptions: bool = True,
        *,
        overrides: Mapping[Callable[..., Any], Callable[..., Any]] | None = None,
        **options: Unpack[ClientOptions],
    ) -> None:
        self.overrides = dict(overrides or {})
        super().__init__(
            overriding(app, self.overrides) if self.overrides else app, base_url, raise_server_exceptions, **options
        )
        self.app = app

    async def lifespan(self) -> None:
        """Run the application's lifespan, with the overrides."""
        if not self.overrides:
            await super().lifespan()
            return
        from typeway.guard.override import in_force

        app: Any = self.app
        with in_force(app, self.overrides):
            await super().lifespan()


def overriding(app: Any, overrides: Mapping[Callable[..., Any], Callable[..., Any]]) -> ASGIApp:
    """The application as one client sees it.

    Raises:
        DeclarationError: an override replaces nothing, or the application has no dependencies.
    """
    from typeway.guard.override import check_overrides, in_force

    check_overrides(app, overrides)

    async def overridden(scope: Scope, receive: Receive, send: Send) -> None:
        with in_force(app, overrides):
            await app(scope, receive, send)

    return overridden
