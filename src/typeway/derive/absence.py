"""Represent fields that a derived model does not have: not sent, removed by a patch, or left out of the class."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final

from pydantic import MISSING


class NotSentError(AttributeError, KeyError):
    """A field was read that the input did not contain, or that the derived model does not have.

    Raised:
        By the attributes of models that `Partial`, `Omit`, `Pick` and `MergePatch` make.

    Fix:
        Read `changes(model)`, which has only the fields that were sent, or ask with `getattr(model, name, default)`.

    It is an AttributeError, so that `hasattr()` and `getattr(model, name, default)` work, and a KeyError, for validators
    that read `info.data`. `changes()` returns the fields that were sent.
    """

    def __str__(self) -> str:
        return str(self.args[0])


class Removal(Enum):
    """The value that a model holds for a field that a merge patch removes."""

    REMOVED = "removed"

    def __repr__(self) -> str:
        return self.value


REMOVED: Final = Removal.REMOVED


class AbsentField:
    """Descriptor on a derived class for a field that its instances may lack.

    Parameters:
        name: the name of the field.
        reason: why the field may be absent; a part of the error message.
        fallback: returns the value of the field after a merge patch has removed it.
    """

    __slots__ = ("fallback", "name", "reason")

    def __init__(self, name: str, reason: str, fallback: Callable[[], Any] | None = None) -> None:
        self.name: str = name
        self.reason: str = reason
        self.fallback: Callable[[], Any] | None = fallback

    def __get__(self, instance: Any, owner: type[Any] | None = None) -> Any:
        # Pydantic reads defaults from the class; this field has none.
        value = MISSING if instance is None else vars(instance).get(self.name, MISSING)
        if value is MISSING:
            raise AttributeError(self.name, name=self.name, obj=instance)
        if value is REMOVED and self.fallback is not None:
            return self.fallback()
        return value

    def __set__(self, instance: Any, value: Any) -> None:
        # A data descriptor comes before the instance's __dict__; without __set__, an instance would return MISSING.
        vars(instance)[self.name] = value


def absent_field_of(kind: type[Any], name: str) -> AbsentField | None:
    """Return the descriptor of a field that may be absent; None for any other name."""
    found = inspect.getattr_static(kind, name, None)
    return found if isinstance(found, AbsentField) else None


def not_sent_error(model: Any, field: AbsentField) -> NotSentError:
    """Return the error for reading a field that an instance does not have."""
    return NotSentError(
        f"{type(model).__name__} has no value for {field.name!r}: {field.reason}. "
        "Call typeway.changes() to get the fields that it has.",
        name=field.name,
        obj=model,
    )


class SentData(dict[str, Any]):
    """The fields that have been validated so far; reading one that is absent raises NotSentError."""

    def __missing__(self, name: str) -> Any:
        raise NotSentError(f"{name!r} was not sent.", name=name, obj=self)


class SentInfo:
    """Pydantic's ValidationInfo, without the fields that were not sent.

    Parameters:
        info: the ValidationInfo that Pydantic passes to a validator.
    """

    def __init__(self, info: Any) -> None:
        self._info = info

    @property
    def data(self) -> Mapping[str, Any]:
        """The fields that have been validated so far."""
        data = self._info.data
        return SentData({name: value for name, value in data.items() if value is not MISSING and value is not REMOVED})

    def __getattr__(self, name: str) -> Any:
        return getattr(self._info, name)
