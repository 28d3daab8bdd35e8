"""Show the values of variables: short, and without what their names say is secret."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

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

WAYS_TO_WRITE: Final[tuple[Callable[[str], str], ...]] = (repr, json.dumps)

# A name before its value, as a `repr`, a message, a header or a URL writes it: password='x', {\"token\": \"y\"}, api_key=z.
named: Final = re.compile(r"""(?<![\w-])(?P<name>[\w-]+)\\*['"]?\s?[=:]\s?""")
# The value: in quotes, of which the second may have been cut off, or the next word.
named_value: Final = re.compile(
    r"""b?(?P<quote>\\*['"])(?P<inside>.*?)(?:(?P=quote)|\Z)|(?:(?:bearer|basic|digest|token)\s+)?(?P<bare>[^\s,;)}\]&'"]+)""",
    re.DOTALL | re.IGNORECASE,
)
separators: Final = re.compile(r"[\s;,=]+")
# The password in a URL: postgresql://user:password@host; where it is not escaped, it may have an @ or a slash itself.
user_information: Final = re.compile(r"""(?P<before>://[^\s/:@]*:)[^\s'"]+(?=@)""")


class Values:
    """Turns values into text, and remembers what it has hidden, so that it can be hidden elsewhere too."""

    __slots__ = ("hidden",)

    def __init__(self) -> None:
        self.hidden: set[str] = set()

    def shown(self, name: Any, value: Any) -> str:
        """Return the text of a value; nothing of it if its name is that of a secret, such as `password`."""
        if is_secret(as_text(name)):
            self.remember(value)
            return HIDDEN
        return shorten(self.text(value, 0), 3 * MOST_CHARACTERS)

    def text(self, value: Any, depth: int) -> str:
        """Return the text of a value; objects are shown by their fields, so that secrets among these can be hidden."""
        if depth > MOST_DEPTH:
            return CUT
        try:
            return self.text_of_scalar(value) or self.text_of_object(value, depth)
        except Exception as error:  # noqa: BLE001  an author's `__repr__` may fail, a proxy's `__class__`, and half of an object
            return f"<{type(value).__name__}: its representation raised {type(error).__name__}>"

    def text_of_scalar(self, value: Any) -> str | None:
        """Return the text of a secret, of bytes or of a string; None for anything else."""
        if isinstance(value, Secret | SecretStr | SecretBytes):
            self.remember(value.get_secret_value())
            return HIDDEN
        if isinstance(value, bytes | str):
            shown = value[:MOST_CHARACTERS] if isinstance(value, bytes) else self.message(value[:MOST_CHARACTERS])
            text = self.message(repr(shown)) if isinstance(shown, bytes) else repr(shown)
            return text + (CUT if len(value) > MOST_CHARACTERS else "")
        return None

    def text_of_object(self, value: Any, depth: int) -> str:
        kind = type(value).__name__
        if isinstance(value, Mapping):
            items = (f"{self.text(key, depth + 1)}: {self.member(key, item, depth)}" for key, item in value.items())
            return f"{{{limited(items)}}}"
        fields = fields_of(value)
        if fields is not None:
            return f"{kind}({limited(f'{name}={self.member(name, item, depth)}' for name, item in fields)})"
        if isinstance(value, list | tuple) and len(value) == 2 and is_secret(as_text(value[0])):
            # A header of ASGI is a pair of name and value. Two names in a list are one too, of which the second is a word.
            if not str(as_text(value[1])).isalpha():
                self.remember(value[1])
            value = [value[0], Hidden()] if isinstance(value, list) else (value[0], Hidden())
        if isinstance(value, list | set | frozenset | tuple):
            items = (self.text(item, depth + 1) for item in value)
            left, right = (
                ("[", "]") if isinstance(value, list) else ("(", ")") if isinstance(value, tuple) else ("{", "}")
            )
            return f"{left}{limited(items)}{right}"
        for name, item in attributes_of(value):
            if is_secret(name):
                self.remember(item)
        return self.message(shorten(repr(value), 4 * MOST_CHARACTERS))

    def member(self, name: Any, value: Any, depth: int) -> str:
        """Return the text of a value inside of another."""
        if is_secret(as_text(name)):
            self.remember(value)
            return HIDDEN
        return self.text(value, depth + 1)

    def remember(self, value: Any) -> None:
        """Remember the texts of a secret."""
        value = as_text(value)
        if isinstance(value, Secret | SecretStr | SecretBytes):
            self.remember(value.get_secret_value())
        elif isinstance(value, str):
            # `Bearer abc` is written without its scheme elsewhere, a cookie without its name.
            parts = (part for part in separators.split(value) if len(part) >= SHORTEST_PART)
            texts = [text for text in (value, *parts) if len(text) >= SHORTEST_SECRET]
            # Elsewhere quotes and backslashes of it may be escaped.
            self.hidden.update(
                form for text in texts for form in (text, *(write(text)[1:-1] for write in WAYS_TO_WRITE))
            )
        elif isinstance(value, Mapping):
            self.remember(list(value.values()))
        elif isinstance(value, list | tuple | set | frozenset):
            for item in value:
                self.remember(item)
        elif isinstance(value, int | float | Decimal | UUID) and not isinstance(value, bool):
            self.remember(str(value))

    def message(self, text: str) -> str:
        """Return a message without values whose names beside them are those of secrets."""
        parts, place = [], 0
        while found := named.search(text, place):
            parts.append(text[place : found.end()])
            place = found.end()
            value = named_value.match(text, place) if is_secret(found["name"]) else None
            if value is not None:
                # A single word may be a part of a sentence, such as `password: required`.
                if value["quote"] or not value["bare"].isalpha():
                    self.remember(value["inside"] or value["bare"])
                parts.append(HIDDEN)
                place = value.end()
        return "".join([*parts, text[place:]])

    def message_of(self, error: BaseException) -> str:
        """Return the message of an exception; one whose `__str__` fails has none."""
        try:
            return self.message(str(error))
        except Exception as failure:  # noqa: BLE001  it is the author's code
            return f"<its message raised {type(failure).__name__}>"

    def without_secrets(self, text: str) -> str:
        """Return a text without everything that has been hidden, and without the passwords of URLs."""
        for secret in sorted(self.hidden, key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        return user_information.sub(rf"\g<before>{HIDDEN}", text)


class Hidden:
    """Stands for a value that is not shown."""

    def __repr__(self) -> str:
        return HIDDEN


def as_text(value: Any) -> Any:
    """Return bytes as text, and everything else as it is."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def attributes_of(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the attributes that an object keeps itself, of which its representation may tell something."""
    yield from getattr(value, "__dict__", {}).items()
    for kind in type(value).__mro__:
        slots = vars(kind).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            yield name, getattr(value, name, None)


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
