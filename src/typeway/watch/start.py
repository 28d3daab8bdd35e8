"""Begin to watch an application's event loop, if anybody wants that: the application, the environment, or a test."""

from __future__ import annotations

import os
from typing import Any

from typeway.application.app import WATCHDOG_VARIABLE
from typeway.exceptions import declaration_error
from typeway.types import ASGIApp, Message, Receive, Scope, Send
from typeway.watch.watchdog import LIMIT, WATCHDOG


def limit_of(wanted: float | bool | None) -> float | None:
    """How long an application's loop may not turn, in seconds; None if it is not to be watched.

    Parameters:
        wanted: what the application says; None leaves it to a test that runs it, and then to the environment.

    Raises:
        DeclarationError: the environment's word is no number.
    """
    if wanted is not None:
        return (LIMIT if wanted is True else float(wanted)) or None
    if WATCHDOG.is_keen:
        return WATCHDOG.limit
    given = os.environ.get(WATCHDOG_VARIABLE) or "0"
    try:
        return float(given) or None
    except ValueError:
        raise declaration_error(
            f"the environment variable {WATCHDOG_VARIABLE} must be a number of seconds, not {given!r}.",
            hint="Write for example 0.1; 0 switches the watchdog off.",
        ) from None


def watched(app: Any, stack: ASGIApp, scope: Scope) -> ASGIApp:
    """What shall serve in the place of an application's stack, with the watchdog set on the running event loop.

    Parameters:
        stack: the application's whole stack as its first connection finds it, or for each lifespan the router's own.
        scope: of the connection; a lifespan's loop is watched between start-up and shut-down.
    """
    limit = limit_of(app.watchdog)
    if limit is None:
        return stack
    if scope["type"] != "lifespan":
        WATCHDOG.watch(app, limit)
    return Attended(app, stack, limit) if WATCHDOG.is_keen or stack == app.router.lifespan else stack


class Attended:
    """A stack that sets the watchdog on every loop it is called in: tests make many loops."""

    def __init__(self, app: Any, stack: ASGIApp, limit: float) -> None:
        self.app = app
        self.stack = stack
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def watching_send(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                WATCHDOG.watch(self.app, self.limit)
            await send(message)

        async def watching_receive() -> Message:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                WATCHDOG.leave()
            return message

        if scope["type"] == "lifespan":
            await self.stack(scope, watching_receive, watching_send)
        else:
            WATCHDOG.watch(self.app, self.limit)
            await self.stack(scope, receive, send)
