"""Require that routes authenticate their clients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from typeway.declare.depends import Depends
from typeway.declare.policy import Policy


@dataclass(frozen=True, eq=False)
class RequireAuthentication(Policy):
    """Refuse to start the application while a route of the policy lets anybody in.

    Without a function, each route must itself depend on a security scheme that refuses requests (`auto_error`). With
    one, each route gets it as a dependency, as with `dependencies=[Depends(function)]`.

    What has no dependencies, such as a mount or a plain Starlette route, must be named in `except_for`. The pages of
    the documentation are not protected: give `openapi_url=None`, or serve them by routes of your own.

    Parameters:
        check: the function that raises an error for a client who is not authenticated, or a security scheme.
        public: whether the policy takes the place of one of an outer level, and lets anybody in.

    Raises:
        DeclarationError: both are given. When the application starts: a route authenticates nobody.

    Example:
        ```python
        app = Typeway(policies=[RequireAuthentication(current_user)])

        @app.get("/health", policies=[RequireAuthentication(public=True)])
        async def health() -> str: ...
        ```
    """

    check: Callable[..., Any] | None = None
    public: bool = False

    def verify(self) -> None:
        check: Any = self.check
        if check is not None and (self.public or not callable(check)):
            problem = "public=True takes no function." if self.public else f"{self.check!r} is no function."
            hint = "Write RequireAuthentication(current_user), or RequireAuthentication(public=True)."
            raise self.refused(problem, hint)

    @property
    def is_off(self) -> bool:
        return self.public

    @property
    def dependency(self) -> Depends | None:
        return None if self.check is None else Depends(self.check)

    @property
    def summary(self) -> str:
        if self.check is None:
            return "RequireAuthentication"
        return f"RequireAuthentication({getattr(self.check, '__name__', type(self.check).__name__)})"

    @property
    def needs_plan(self) -> bool:
        return True
