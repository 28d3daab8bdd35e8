"""Say that a parameter is computed by another function: Depends, Security and SecurityScopes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from typeway.exceptions import declaration_error


@dataclass(frozen=True)
class Depends:
    """A request for the result of another callable.

    Parameters:
        dependency: the callable; None means the parameter's own annotation.
        use_cache: whether one result serves all who ask within a request.
        scope: when a generator is resumed: `"function"`, before the response is sent, or `"request"`, after it.
        max_concurrency: how many requests of one event loop may hold the result at a time.
    """

    dependency: Callable[..., Any] | None = None
    use_cache: bool = True
    scope: Literal["function", "request"] | None = None
    max_concurrency: int | None = None

    def __post_init__(self) -> None:
        limit: Any = self.max_concurrency
        if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool) or limit < 1):
            raise declaration_error(
                f"max_concurrency must be a positive integer or None, not {limit!r}.",
                hint="Say how many requests may hold the dependency at once, for example 10.",
                also=ValueError,
            )


@dataclass(frozen=True)
class Security(Depends):
    """A dependency that also demands OAuth2 scopes of everything below it.

    Parameters:
        scopes: names that reach `SecurityScopes` parameters of the dependency and its own dependencies.
    """

    scopes: Sequence[str] | None = field(default=None)


class SecurityScopes:
    """The scopes that the dependants of a function demand; injected by type.

    Example:
        >>> SecurityScopes(["items", "me"]).scope_str
        'items me'

    Source: RFC 6749, section 3.3 (scopes as a space-delimited list).
    """

    def __init__(self, scopes: list[str] | None = None) -> None:
        self.scopes: list[str] = scopes or []
        self.scope_str: str = " ".join(self.scopes)
