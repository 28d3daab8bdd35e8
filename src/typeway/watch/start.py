"""Start the watchdog on an application's event loops, if the application, the environment or a test run wants it.

Every application imports this module at its first connection, and the rest of the watchdog only if it is wanted.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from types import CodeType
from typing import Any, Final

from typeway.exceptions import declaration_error
from typeway.types import ASGIApp, Message, Receive, Scope, Send

# For how many seconds an event loop may be blocked; 0 switches the watchdog off.
VARIABLE: Final = "TYPEWAY_WATCHDOG"

# The limit where the watchdog is wanted but no limit is given, in seconds.
LIMIT: Final = 0.1


class TestRun:
    """What a run of tests wants: as long as it has a limit, every application is watched that does not refuse."""

    limit: float | None = None


TEST_RUN: Final = TestRun()


@contextmanager
def watch_everything(limit: float) -> Iterator[None]:
    """Watch every application that does not refuse, and sample its loops more often: as tests want it.

    Parameters:
        limit: of applications that name none, in seconds.
    """
    before, TEST_RUN.limit = TEST_RUN.limit, limit
    try:
        yield
    finally:
        TEST_RUN.limit = before


def limit_of(wanted: float | bool | None) -> float | None:
    """How long an application's event loop may be blocked, in seconds; None if it is not to be watched.

    Parameters:
        wanted: what the application says; None leaves it to a test run, and then to the environment.

    Raises:
        DeclarationError: the environment variable is not a number.
    """
    if wanted is not None:
        return (LIMIT if wanted is True else float(wanted)) or None
    if TEST_RUN.limit is not None:
        return TEST_RUN.limit
    given = os.environ.get(VARIABLE) or "0"
    try:
        return float(given) or None
    except ValueError:
        raise declaration_error(
            f"the environment variable {VARIABLE} must be a number of seconds, not {given!r}.",
            hint="Write for example 0.1; 0 switches the watchdog off.",
        ) from None


def with_watchdog(app: Any, stack: ASGIApp, scope: Scope, once: Collection[CodeType] = ()) -> ASGIApp:
    """Watch the running event loop, and return what serves in the place of an application's stack.

    Parameters:
        app: the application.
        stack: the application's whole stack as its first connection finds it, or for each lifespan the router's own.
        scope: of the connection; a lifespan's loop is watched between start-up and shutdown.
        once: the code of the framework's own functions that run once per operation, so that they may block.
    """
    limit = limit_of(app.watchdog)
    if limit is None:
        return stack
    watched = WatchedStack(app, stack, limit, once)
    if scope["type"] != "lifespan":
        watched.watch()
    return watched if TEST_RUN.limit is not None or stack == app.router.lifespan else stack


class WatchedStack:
    """A stack that has the watchdog watch every event loop in which it is called: tests create many loops."""

    def __init__(self, app: Any, stack: ASGIApp, limit: float, once: Collection[CodeType]) -> None:
        from typeway.watch.watchdog import WATCHDOG

        self.app = app
        self.stack = stack
        self.limit = limit
        self.once = once
        self.watchdog = WATCHDOG

    def watch(self) -> None:
        """Watch the event loop that runs in this thread."""
        self.watchdog.watch(self.app, self.limit, self.once, samples_often=TEST_RUN.limit is not None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def watching_send(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                self.watch()
            await send(message)

        async def watching_receive() -> Message:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                self.watchdog.leave()
            return message

        if scope["type"] == "lifespan":
            await self.stack(scope, watching_receive, watching_send)
        else:
            self.watch()
            await self.stack(scope, receive, send)
