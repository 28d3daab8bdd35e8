"""Tell what was not sent, or was taken away, from what is there."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final

from pydantic import MISSING


class NotSentError(AttributeError, KeyError):
    """A field was read that nobody sent, or that a derived model does not have.

    It is an AttributeError, so that `hasattr()` and `getattr(model, name, default)` work; and a KeyError, for validators
    that look into `info.data`. Ask `changes()` what was sent.
    """

    def __str__(self) -> str:
        return str(self.args[0])


class Mark(Enum):
    """What stands in a model for a value that is to be taken away."""

    REMOVED = "removed"

    def __repr__(self) -> str:
        return self.value


REMOVED: Final = Mark.REMOVED


class Slot:
    """Stands on a class for a field that its instances may not have.

    Parameters:
        name: the field's name.
        reason: why it may be absent, for the message.
        fallback: makes the value that the field has once it is removed.
    """

    __slots__ = ("fallback", "name", "reason")

    def __init__(self, name: str, reason: str, fallback: Callable[[], Any] | None = None) -> None:
        self.name = name
        self.reason = reason
        self.fallback = fallback

    def __get__(self, instance: Any, owner: type[Any] | None = None) -> Any:
        # Pydantic asks classes for the defaults of their fields; here there is none.
        value = MISSING if instance is None else vars(instance).get(self.name, MISSING)
        if value is MISSING:
            raise AttributeError(self.name, name=self.name, obj=instance)
        if value is REMOVED and self.fallback is not None:
            return self.fallback()
        return value

    def __set__(self, instance: Any, value: Any) -> None:
        # Without this an instance's own value would come first, and with it the mark of an absent one.
        vars(instance)[self.name] = value


def slot_of(kind: type[Any], name: str) -> Slot | None:
    """What a class says of a field that may be absent."""
    found = inspect.getattr_static(kind, name, None)
    return found if isinstance(found, Slot) else None


def not_sent(model: Any, slot: Slot) -> NotSentError:
    """The error for a field that is not there."""
    return NotSentError(
        f"{type(model).__name__} has no {slot.name!r} here: {slot.reason}. Ask typeway.changes() what there is.",
        name=slot.name,
        obj=model,
    )


class SentData(dict[str, Any]):
    """The fields that are validated already; one that is not there has nothing to say."""

    def __missing__(self, name: str) -> Any:
        raise NotSentError(f"{name!r} is not there.", name=name, obj=self)


class SentInfo:
    """What a validator is told, without what was not sent.

    Parameters:
        info: what Pydantic tells.
    """

    def __init__(self, info: Any) -> None:
        self._info = info

    @property
    def data(self) -> Mapping[str, Any]:
        """The fields that are validated already."""
        data = self._info.data
        return SentData({name: value for name, value in data.items() if value is not MISSING and value is not REMOVED})

    def __getattr__(self, name: str) -> Any:
        return getattr(self._info, name)
