"""Read JSON strictly: what RFC 8259 does not define, or readers understand differently, is refused."""

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from pydantic_core import from_json, to_json

# How deeply arrays and objects may be nested in one another; pydantic-core's parser has the same limit.
MAX_DEPTH: Final = 200

# A string, which may contain anything, or one of Python's names for numbers that JSON does not have.
string_or_constant: Final = re.compile(r'"(?:[^"\\]|\\.)*"|NaN|-?Infinity', re.DOTALL)

TOO_DEEP: Final = "it is nested too deeply"
TOO_LARGE: Final = "it contains a number that is too large"
TOO_MANY: Final = "it has more than {:,} values"

# How many values a text may have. One takes up to 200 bytes of memory, and twice that once it has been validated, so that a text
# of the smallest values takes no more memory than one long string of the largest size that is allowed by default.
MAX_VALUES: Final = 100_000

# A string, which may be cut off at the end of the text; and every byte that does not separate values.
string: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
NO_SEPARATORS: Final = bytes(set(range(256)) - set(b",[{"))

# What a JSON text becomes in which all digits are 0: a number beyond the largest float has an exponent of three digits,
# or hundreds of digits before a shorter one. A regular expression would take as long as parsing, this a tenth of it.
WITH_ZEROS: Final = bytes.maketrans(b"123456789E+", b"000000000e0")
LONG_EXPONENT: Final = b"e000"
LONG: Final = 200
LONG_NUMBER: Final = b"0" * LONG
INFINITIES: Final = (math.inf, -math.inf)


# The scope key of the limits that are set around a mounted application, by option.
AROUND: Final = "typeway.limits"


class RefusedJSON(ValueError):
    """A JSON text that is well-formed, and refused all the same; the message says why, without a part of the text."""


@dataclass(frozen=True, slots=True)
class JSONRules:
    """The rules for one JSON text, from the option `json_limits`."""

    max_depth: int = MAX_DEPTH
    max_values: int = MAX_VALUES
    duplicate_keys: bool = False

    @classmethod
    def of(cls, limits: Mapping[str, Any] | None) -> "JSONRules":
        return cls(**limits) if limits else DEFAULT_RULES

    def read(self, raw: bytes) -> Any:
        """Return the value of a JSON text.

        Raises:
            JSONDecodeError: the text is malformed (RFC 8259, section 2).
            RefusedJSON: it is not UTF-8, has a key twice in one object, half a surrogate pair, a number of more than
                4,300 digits or one that is no finite float, is nested too deeply, or has too many values.
        """
        if len(raw) > self.max_values:
            self.verify_number(raw)
        # PERF: what the parser does not know is looked for in one frame, because most bodies are small and flat: calls
        # would double its time. `find`, because `in` would raise and catch a TypeError inside.
        zeros = raw.translate(WITH_ZEROS)
        is_sound = zeros.find(LONG_EXPONENT) < 0 and (len(raw) < LONG or zeros.find(LONG_NUMBER) < 0)
        del zeros  # before the value takes its memory
        try:
            value = from_json(raw, allow_inf_nan=False)
        except ValueError:
            return self.read_slowly(raw)
        if is_sound and not self.duplicate_keys:
            colons, members = raw.count(b":"), 0
            if type(value) is dict:
                members = len(value)
                if members != colons:
                    for member in value.values():
                        if type(member) is dict:
                            members += len(member)
            is_sound = members == colons or has_members(raw, value, colons)
        if not is_sound:
            return self.read_slowly(raw)
        if self.max_depth < MAX_DEPTH:
            self.verify_depth(value)
        return value

    def verify_number(self, raw: bytes) -> None:
        """Raise an error for a text with too many values, before they take memory.

        Counted are the members of objects, the items of arrays, and the outermost value; an empty object or array counts
        twice. In all of them but the outermost, one of `,[{` stands before each value, and before nothing else.
        """
        most = self.max_values
        if separators_in(raw) >= most and has_separators(raw, most):
            raise RefusedJSON(TOO_MANY.format(most))

    def read_slowly(self, raw: bytes) -> Any:
        """Do what `read` does by the standard library's parser, whose messages give reasons."""
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise RefusedJSON("it is not UTF-8") from None
        collect = None if self.duplicate_keys else unique
        try:
            value = json.loads(
                text,
                object_pairs_hook=collect,
                parse_constant=lambda _: refuse_constant(text),
                parse_float=finite,
            )
            json.dumps(value, ensure_ascii=False).encode()
        except (json.JSONDecodeError, RefusedJSON):
            raise
        except RecursionError:
            raise RefusedJSON(TOO_DEEP) from None
        except UnicodeEncodeError:
            raise RefusedJSON("it contains half a surrogate pair") from None
        except ValueError:
            raise RefusedJSON("it contains a number of too many digits") from None
        self.verify_depth(value)
        return value

    def verify_depth(self, value: Any) -> None:
        """Raise an error for a value that is nested too deeply."""
        level = containers_in([value])
        for _ in range(self.max_depth + 1):
            level = containers_in(
                item for outer in level for item in (outer if type(outer) is list else outer.values())
            )
        if level:
            raise RefusedJSON(TOO_DEEP)


DEFAULT_RULES: Final = JSONRules()


def rules_for(scope: Mapping[str, Any]) -> JSONRules | None:
    """Return the rules for JSON that the code of an application reads itself; None where it is read as FastAPI reads it."""
    conventions = getattr(scope.get("app"), "conventions", None)
    if not getattr(conventions, "strict_json", False):
        return None
    own = getattr(scope.get("route"), "json_limits", None) or {}
    return JSONRules.of({**scope.get(AROUND, {}).get("json_limits", {}), **own})


def has_members(raw: bytes, value: Any, colons: int) -> bool:
    """Whether a value has all members of its text: a colon stands in each of them, and perhaps in strings."""
    if members_in(value) == colons:
        return True
    # Written again, a value has as many colons as its text if no member is lost; unless an escaped colon, which is written
    # as a colon, makes up for a lost one.
    # PERF: writing takes half the time of parsing, for small and large values; a walk in Python takes as long as parsing.
    return to_json(value).count(b":") == colons and raw.find(b"\\u003") < 0


def members_in(value: Any) -> int:
    """Return how many members the objects of a value have, or fewer: those at a deeper level are not counted.

    PERF: nearly every body is so flat, and has no colon in a string; then this takes a part of what writing takes.
    """
    if type(value) is not dict:
        return members_of(value) if type(value) is list else 0
    count = len(value)
    for member in value.values():
        kind = type(member)
        if kind is dict:
            count += len(member)
        elif kind is list and member and type(member[0]) is dict:
            count += members_of(member)
    return count


def members_of(items: list[Any]) -> int:
    """Return how many members the objects in a list have."""
    return sum([len(item) for item in items if type(item) is dict])


def separators_in(raw: bytes) -> int:
    return len(raw.translate(None, NO_SEPARATORS))


def has_separators(raw: bytes, most: int) -> bool:
    """Whether a text has at least so many separators outside of its strings."""
    count = end = silent = 0
    for found in string.finditer(raw):
        separators = separators_in(raw[end : found.start()])
        count += separators
        silent = 0 if separators else silent + 1
        if count >= most or silent > 1:  # only a key and its value have nothing but a colon between them
            break
        end = found.end()
    else:
        count += separators_in(raw[end:])
    return count >= most


def finite(text: str) -> float:
    """Return a number; what is larger than the largest float would be written as null (RFC 8259, section 6)."""
    number = float(text)
    if number in INFINITIES:
        raise RefusedJSON(TOO_LARGE)
    return number


def containers_in(items: Iterable[Any]) -> list[Any]:
    return [item for item in items if type(item) is dict or type(item) is list]


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of its members, if each has a key of its own."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise RefusedJSON("it contains an object with a key twice")
    return members


def refuse_constant(text: str) -> NoReturn:
    """Raise the error for the first NaN or Infinity outside a string."""
    found = next(match for match in string_or_constant.finditer(text) if match[0][0] != '"')
    raise json.JSONDecodeError("Expecting value", text, found.start())
