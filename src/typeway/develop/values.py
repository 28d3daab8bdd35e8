"""Show the values of variables: short, and without what their names say is secret."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel
from pydantic.types import Secret, SecretBytes, SecretStr

from typeway.plan.inputs import HIDDEN, is_secret, shorten

MOST_CHARACTERS: Final = 300
MOST_ITEMS: Final = 20
MOST_DEPTH: Final = 4
CUT: Final = "…"

# A shorter text is found everywhere; replacing it would hide nothing and garble the page.
SHORTEST_SECRET: Final = 4
SHORTEST_PART: Final = 8

# A name with its value, as a `repr`, a message or a URL writes it: password='x', "token": "y", api_key=z.
named_value: Final = re.compile(
    r"""(?P<name>[A-Za-z_][\w-]*)(?:(?P<sign>['"]?\s?[=:]\s?)(?P<quoted>'[^']*'|"[^"]*")|=(?P<bare>[^\s,;)}\]&'"]+))"""
)
separators: Final = re.compile(r"[\s;,=]+")
# The password in a URL: postgresql://user:password@host.
user_information: Final = re.compile(r"(?P<before>://[^\s/:@]*:)[^\s/@]+(?=@)")


class Values:
    """Turns values into text, and remembers what it has hidden, so that it can be hidden elsewhere too."""

    __slots__ = ("hidden",)

    def __init__(self) -> None:
        self.hidden: set[str] = set()

    def shown(self, name: Any, value: Any) -> str:
        """Return the text of a value; nothing of it if its name is that of a secret, such as `password`."""
        if is_secret(name):
            self.remember(value)
            return HIDDEN
        return shorten(self.text(value, 0), 3 * MOST_CHARACTERS)

    def text(self, value: Any, depth: int) -> str:
        """Return the text of a value; objects are shown by their fields, so that secrets among these can be hidden."""
        if depth > MOST_DEPTH:
            return CUT
        if isinstance(value, Secret | SecretStr | SecretBytes):
            self.remember(value.get_secret_value())
            return HIDDEN
        if isinstance(value, bytes):
            return repr(value[:MOST_CHARACTERS]) + (CUT if len(value) > MOST_CHARACTERS else "")
        if isinstance(value, str):
            return repr(self.message(value[:MOST_CHARACTERS])) + (CUT if len(value) > MOST_CHARACTERS else "")
        try:
            return self.text_of_object(value, depth)
        except Exception as error:  # noqa: BLE001  an author's `__repr__` may fail, and so may the half of an object
            return f"<{type(value).__name__}: its representation raised {type(error).__name__}>"

    def text_of_object(self, value: Any, depth: int) -> str:
        kind = type(value).__name__
        if isinstance(value, Mapping):
            items = (f"{self.text(key, depth + 1)}: {self.member(key, item, depth)}" for key, item in value.items())
            return f"{{{limited(items)}}}"
        fields = fields_of(value)
        if fields is not None:
            return f"{kind}({limited(f'{name}={self.member(name, item, depth)}' for name, item in fields)})"
        if isinstance(value, list | set | frozenset | tuple):
            items = (self.text(item, depth + 1) for item in value)
            left, right = (
                ("[", "]") if isinstance(value, list) else ("(", ")") if isinstance(value, tuple) else ("{", "}")
            )
            return f"{left}{limited(items)}{right}"
        return self.message(shorten(repr(value), 4 * MOST_CHARACTERS))

    def member(self, name: Any, value: Any, depth: int) -> str:
        """Return the text of a value inside of another."""
        if is_secret(name):
            self.remember(value)
            return HIDDEN
        return self.text(value, depth + 1)

    def remember(self, value: Any) -> None:
        """Remember the texts of a secret."""
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        if isinstance(value, Secret | SecretStr | SecretBytes):
            self.remember(value.get_secret_value())
        elif isinstance(value, str):
            # `Bearer abc` is written without its scheme elsewhere, a cookie without its name.
            parts = (part for part in separators.split(value) if len(part) >= SHORTEST_PART)
            self.hidden.update(text for text in (value, *parts) if len(text) >= SHORTEST_SECRET)
        elif isinstance(value, Mapping):
            self.remember(list(value.values()))
        elif isinstance(value, list | tuple | set | frozenset):
            for item in value:
                self.remember(item)
        elif isinstance(value, int) and not isinstance(value, bool):
            self.remember(str(value))

    def hide_named(self, found: re.Match[str]) -> str:
        if not is_secret(found["name"]):
            return found[0]
        self.remember((found["quoted"] or found["bare"]).strip("'\""))
        return f"{found['name']}{found['sign'] or '='}{HIDDEN}"

    def message(self, text: str) -> str:
        """Return a message without values whose names beside them are those of secrets."""
        return named_value.sub(self.hide_named, text)

    def without_secrets(self, text: str) -> str:
        """Return a text without everything that has been hidden, and without the passwords of URLs."""
        for secret in sorted(self.hidden, key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        return user_information.sub(rf"\g<before>{HIDDEN}", text)


def fields_of(value: Any) -> list[tuple[str, Any]] | None:
    """Return the fields of a record with their values; None if it is not one."""
    if isinstance(value, BaseModel):
        return list(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [(field.name, getattr(value, field.name, CUT)) for field in dataclasses.fields(value)]
    given: Any = value
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return list(zip(given._fields, given, strict=False))
    attributes = getattr(type(value), "__attrs_attrs__", None)
    if attributes is not None:
        return [(attribute.name, getattr(value, attribute.name, CUT)) for attribute in attributes]
    return None


def limited(items: Iterable[str]) -> str:
    """Join texts; only the first ones if there are many."""
    return ", ".join(first(items))


def first(items: Iterable[str]) -> Iterator[str]:
    for number, item in enumerate(items):
        if number == MOST_ITEMS:
            yield CUT
            return
        yield item
