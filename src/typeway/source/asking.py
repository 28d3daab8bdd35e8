"""Ask objects of the application something, whatever their own code does then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import CodeType
from typing import Any


def safely(question: Callable[..., Any], *things: Any) -> Any:
    """The answer to a question such as `bool`, `hasattr` or `issubclass`; None where code of the application raises.

    It may also end the process: settings that read the command line when they are first used do.
    """
    try:
        return question(*things)
    except (Exception, SystemExit):  # noqa: BLE001  the code of the application
        return None


def is_honest(thing: Any) -> bool:
    """Whether an object is of the class that it says, so that what `isinstance` finds is there.

    A proxy says the class of something else. One of a function has its code too, and can be read as the function.
    """
    return safely(getattr, thing, "__class__") is type(thing) or type(safely(getattr, thing, "__code__")) is CodeType


def is_exactly(thing: Any, *kinds: type[Any]) -> bool:
    """Whether the class of an object is one of some. By identity: a metaclass may raise when a class is compared."""
    return any(type(thing) is kind for kind in kinds)


def declares(kind: type[Any], *names: str) -> bool:
    """Whether a class or one that it derives from has one of some attributes, without asking its metaclass."""
    return any(name in vars(parent) for parent in type.mro(kind) for name in names)


def attributes_of(thing: Any) -> Mapping[str, Any]:
    """The attributes of an object, without running code of its class where that can be avoided."""
    found = safely(object.__getattribute__, thing, "__dict__")
    return found if type(found) is dict else {}
