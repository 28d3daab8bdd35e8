"""Name the types that the rest of the package, and its users, speak in."""

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
    """A decorator that hands back what it has decorated, so that editors keep the endpoint's own type."""

    def __call__(self, decorated: DecoratedCallable, /) -> DecoratedCallable: ...


# What a route calls, in any of its forms.
Endpoint: TypeAlias = Callable[..., Any]

# Which fields of a model to keep or to drop: names, or positions for lists, nested to any depth.
IncEx: TypeAlias = set[int] | set[str] | Mapping[int, Union["IncEx", bool]] | Mapping[str, Union["IncEx", bool]]

# What runs around an application's life. What it yields, a mapping or None, becomes the state of every request;
# Any, because Starlette's own type wants a lifespan to yield always the one or always the other.
Lifespan: TypeAlias = Callable[[Any], AbstractAsyncContextManager[Any]]

# What turns an exception into an answer: `(request, exception) -> response`, awaited if it is a coroutine.
ExceptionHandler: TypeAlias = Callable[[Any, Any], Any]
