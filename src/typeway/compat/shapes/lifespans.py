"""Offer the functions by which plugins join a lifespan of their own to an application's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Self

from typeway.application.lifespan import JoinedLifespan, call_all
from typeway.application.router import Router
from typeway.types import Lifespan


def merge_lifespans(original_context: Lifespan, nested_context: Lifespan) -> Lifespan:
    """Return two lifespans as one: the first starts first and ends last, and its state takes precedence."""
    joined = JoinedLifespan(original_context, nested_context)

    # A function, because code that looks into an application expects one.
    @asynccontextmanager
    async def merged_lifespan(app: Any) -> AsyncIterator[Mapping[str, Any] | None]:
        async with joined(app) as state:
            yield state

    return merged_lifespan


class DefaultLifespan:
    """The lifespan that runs the start-up and shut-down functions of a router.

    Plugins set it, `router.lifespan_context = _DefaultLifespan(router)`, or enter it: `async with _DefaultLifespan(router)`.
    """

    def __init__(self, router: Router) -> None:
        self.events: Any = router._events

    async def __aenter__(self) -> None:
        await call_all(self.events["startup"])

    async def __aexit__(self, *raised: object) -> None:
        await call_all(self.events["shutdown"])

    def __call__(self, app: Any) -> Self:
        return self
