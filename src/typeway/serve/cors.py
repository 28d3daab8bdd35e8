"""Add the headers of CORS and security middleware to responses that are sent outside it, so that browsers let pages read them."""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from sys import modules
from typing import Any, Final

from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import Request

from typeway.types import ASGIApp, Message, Receive, Scope, Send

# Answers an exception that no other handler answers.
AnswerLast = Callable[[Request, Exception], Awaitable[Any]]

# If this module has not been imported, the application has no CORS middleware.
MODULE: Final = "starlette.middleware.cors"


def is_cors(layer: Any) -> bool:
    """Whether a middleware is Starlette's CORS middleware, or a subclass of it, or says that it is meant for errors too."""
    return is_cors_class(type(layer)) or getattr(type(layer), "adds_to_errors", False) is True


def is_cors_class(kind: Any) -> bool:
    module = modules.get(MODULE)
    return module is not None and isinstance(kind, type) and issubclass(kind, module.CORSMiddleware)


@dataclass(frozen=True, slots=True)
class Shared:
    """An ASGI application, such as a response, that is sent through CORS middleware."""

    app: ASGIApp
    layers: Sequence[Any]  # the middleware of the application, the innermost first

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_started = False

        async def send_on(message: Message) -> None:
            nonlocal has_started
            has_started = True
            await send(message)

        app: Any = self.app
        for layer in () if is_preflight(scope) else self.layers:
            around = copy.copy(layer)
            around.app, app = app, around
        try:
            await app(scope, receive, send_on)
        except Exception:
            # The error may be one of the middleware.
            if has_started or app is self.app:
                raise
            await self.app(scope, receive, send)


def is_preflight(scope: Scope) -> bool:
    """Whether CORS middleware would answer the request itself."""
    return scope["method"] == "OPTIONS" and any(
        name == b"access-control-request-method" for name, _ in scope["headers"]
    )


class SharedErrors(ServerErrorMiddleware):
    """The outermost layer of an application with CORS middleware, or in debug mode: it answers errors and re-raises them.

    Parameters:
        answer_known: returns the answer to an error that is the client's; None for others, of which debug mode shows the
            traceback.
    """

    def __init__(
        self, app: ASGIApp, layers: Sequence[Any], debug: bool, answer_last: AnswerLast, answer_known: AnswerLast
    ) -> None:
        async def answer(request: Request, error: Exception) -> Any:
            return Shared(await answer_last(request, error), layers)

        super().__init__(app, handler=answer, debug=debug)
        self.layers = layers
        self.answer_known = answer_known

    def debug_response(self, request: Request, exc: Exception) -> Any:
        """Return what sends the page with the traceback."""
        page = super().debug_response(request, exc)

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            response = await self.answer_known(request, exc) or page
            await Shared(response, self.layers)(scope, receive, send)

        return answer
