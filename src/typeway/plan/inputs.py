"""Show in an error what the client has sent: nothing that may be secret, and at most 200 characters of a value."""

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import is_dataclass
from functools import cache
from typing import Any, Final, TypeAlias, get_type_hints

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic.types import Secret, SecretBytes, SecretStr
from typing_extensions import is_typeddict

from typeway.declare import shapes
from typeway.declare.annotation import parts_of
from typeway.declare.classify import Input
from typeway.texts import MISSING

Hide: TypeAlias = Callable[[Iterable[Mapping[str, Any]]], list[Any]]

MOST_CHARACTERS: Final = 200
MOST_CHARACTERS_OF_MESSAGE: Final = 1_000
MOST_BITS: Final = 660  # of a number with 200 digits
CUT: Final = "…"
HIDDEN: Final = "[hidden]"

# What the name of a secret contains, without case, hyphens, underscores and spaces.
secret_name: Final = re.compile(
    r"passw|passphrase|secret|token|authori[sz]ation|apikey|accesskey|privatekey|credential|cookie|session"
    r"|signingkey|encryptionkey|connectionstring|bearer|csrf|xsrf|^creds$"
    r"|^(?:auth|jwt|pwd|pin|otp|cvv|cvc|ssn)$"
)
separators: Final = re.compile(r"[-_\s]")


def is_secret(name: Any) -> bool:
    """Whether a value of this name may be secret: `password`, `X-Api-Key`, `access_token`."""
    return isinstance(name, str) and secret_name.search(separators.sub("", name.lower())) is not None


def hider(inputs: Iterable[Input]) -> Hide:
    """Return a function that returns errors whose inputs are shortened and hold no secrets."""
    secrets = cache(lambda: secrets_of(inputs))  # the types are searched when the first error is made
    return lambda errors: hide_inputs(errors, secrets())


def hide_inputs(errors: Iterable[Mapping[str, Any]], secrets: frozenset[str]) -> list[dict[str, Any]]:
    """Return errors whose inputs are shortened and hold no secrets.

    Parameters:
        secrets: names of values whose types are secret, beside those whose names say so.
    """
    hidden = []
    for error in errors:
        shown = Excerpt(MOST_CHARACTERS, secrets)
        # The first part is the location; the input of what is missing is the object around it.
        names = error["loc"][1:-1] if error["type"] == MISSING[0] else error["loc"][1:]
        is_hidden = error["input"] is not None and any(map(shown.hides, names))
        # The message and the context of a discriminator contain the tag that the client has sent.
        context = {"ctx": {key: cut(value) for key, value in error["ctx"].items()}} if "ctx" in error else {}
        hidden.append(
            {**error, "msg": cut(error["msg"]), "input": HIDDEN if is_hidden else shown.of(error["input"]), **context}
        )
    return hidden


def cut(value: Any) -> Any:
    return shorten(value, MOST_CHARACTERS_OF_MESSAGE) if type(value) is str else value


def shorten(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most] + CUT


class Excerpt:
    """The beginning of a value, which is cut after so many characters in all."""

    __slots__ = ("left", "secrets")

    def __init__(self, most: int, secrets: frozenset[str] = frozenset()) -> None:
        self.secrets: frozenset[str] = secrets
        self.left: int = most

    def hides(self, name: Any) -> bool:
        return name in self.secrets or is_secret(name)

    def of(self, value: Any) -> Any:
        """Return plain data in a shortened form, and everything else as it is."""
        kind = type(value)
        self.left -= 4
        if kind is str:
            shown = shorten(value, max(self.left, 0))
            self.left -= len(value)
            return shown
        if kind is int and value.bit_length() > MOST_BITS:
            return CUT
        if kind is dict:
            members: dict[Any, Any] = {}
            for key, item in value.items():
                if self.left <= 0:
                    members[CUT] = CUT
                    break
                members[self.of(key)] = HIDDEN if self.hides(key) else self.of(item)
            return members
        if kind is list or kind is tuple:
            items: list[Any] = []
            for item in value:
                items.append(self.of(item) if self.left > 0 else CUT)
                if self.left <= 0:
                    break
            return items
        return value


def secrets_of(inputs: Iterable[Input]) -> frozenset[str]:
    """Return the names of all values with a secret type, such as `SecretStr`, among the inputs and in their models."""
    found: set[str] = set()
    seen: set[Any] = set()

    def visit(annotation: Any, *names: Any) -> None:
        for part in parts_of(annotation):
            if shapes.is_subclass(part, (SecretStr, SecretBytes, Secret)):
                found.update(name for name in names if isinstance(name, str))
            elif isinstance(part, type) and part not in seen:
                seen.add(part)
                for name, field in members_of(part).items():
                    aliases = (field.alias, field.validation_alias) if isinstance(field, FieldInfo) else ()
                    visit(field.annotation if isinstance(field, FieldInfo) else field, name, *aliases)

    for entry in inputs:
        visit(entry.annotation, *entry.wires)
    return frozenset(found)


def members_of(kind: type[Any]) -> Mapping[str, Any]:
    """Return the fields of a model, or the types of the members of a dataclass or TypedDict, by name."""
    if issubclass(kind, BaseModel):
        return kind.model_fields
    if not (is_dataclass(kind) or is_typeddict(kind)):
        return {}
    with suppress(NameError):
        return get_type_hints(kind, include_extras=True)
    return {}
