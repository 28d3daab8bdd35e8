"""Name the types that the rest of the package and its users share."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeAlias, TypeVar, Union

from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = [
    "ASGIApp", "DecoratedCallable", "Endpoint", "ExceptionHandler", "IncEx", "Lifespan", "Message", "Receive", "Register", "Scope",
    "Send",
]  # fmt: skip

DecoratedCallable = TypeVar("DecoratedCallable", bound=Callable[..., Any])


class Register(Protocol):
    """A decorator that returns the function it decorates, so that editors keep the endpoint's own type."""

    def __call__(self, decorated: DecoratedCallable, /) -> DecoratedCallable: ...


# The callable that a route calls.
Endpoint: TypeAlias = Callable[..., Any]

# Which fields of a model to keep or to drop: names, or positions for lists, nested to any depth.
IncEx: TypeAlias = set[int] | set[str] | Mapping[int, Union["IncEx", bool]] | Mapping[str, Union["IncEx", bool]]

# The function that runs at start-up and shut-down. It yields the state of every request, a mapping or None; the type is Any,
# because Starlette's own type demands that a lifespan always yields a mapping or always None.
Lifespan: TypeAlias = Callable[[Any], AbstractAsyncContextManager[Any]]

# A function that turns an exception into a response: `(request, exception) -> response`, awaited if it is a coroutine.
ExceptionHandler: TypeAlias = Callable[[Any, Any], Any]
