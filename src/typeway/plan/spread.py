"""Bound the time that sets and dicts take: values can be chosen such that each new one meets all of those before it.

Python's hashes of texts are secret, but those of numbers, UUIDs, decimals and tuples are known: 100,000 multiples of 2**61 - 1 in
a `set[int]` would take two minutes.
"""

import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from time import thread_time
from typing import Any, Final

from pydantic_core import (
    CoreSchema,
    InitErrorDetails,
    PydanticKnownError,
    SchemaValidator,
    ValidationError,
    core_schema,
)

from typeway import texts
from typeway.exceptions import HTTPException

# Schemas of values whose hashes nobody can foresee, or of which there are few.
SECRET: Final = frozenset({"str", "bytes", "bool", "none", "literal", "enum"})

# Up to so many values are not looked at: if all of them collide, they take 0.2 ms.
FEW: Final = 100

# How many values are added before the time is looked at.
STEP: Final = 500

# For how many seconds of this thread's time one body may look for places in sets and dicts, beside the time that honest values need:
# not more than so many times what their hashes take.
PATIENCE: Final = 0.1
SHARE: Final = 10

COLLECTIONS: Final = (list, tuple, set, frozenset, deque)

# The class, its name in errors, and the error for what is no collection, of each type of schema.
SETS: Final[Mapping[str, tuple[type[Any], str, Any]]] = {
    "set": (set, "Set", "set_type"),
    "frozenset": (frozenset, "Frozenset", "frozen_set_type"),
}


class Patience(threading.local):
    """What is left of the time for one body."""

    left: float = PATIENCE


patience: Final = Patience()


def is_secret(schema: Any) -> bool:
    """Whether nobody can choose values of this schema by their hashes."""
    kind = schema["type"]
    if kind in ("nullable", "default"):
        return is_secret(schema["schema"])
    if kind == "union":
        return all(is_secret(choice[0] if isinstance(choice, tuple) else choice) for choice in schema["choices"])
    return kind in SECRET


def needs_guard(part: Mapping[str, Any]) -> bool:
    """Whether a part of a schema makes a set or a dict of any number of values that can be chosen by their hashes."""
    if (part.get("max_length") or sys.maxsize) <= FEW:
        return False
    if part["type"] in SETS:
        return not is_secret(part.get("items_schema", {"type": "any"}))
    # The keys of an object are texts, and stay texts unless their schema says otherwise.
    keys = part.get("keys_schema", {"type": "any"})
    return keys["type"] != "any" and not is_secret(keys)


def guarded(part: dict[str, Any], definitions: list[Any]) -> Any:
    """Return the schema of a set or a dict within the time for one body.

    Parameters:
        definitions: what it may refer to.
    """
    named = {key: part[key] for key in ("metadata", "serialization") if key in part}
    inner: Any = {key: value for key, value in part.items() if key not in named}
    if "keys_schema" in part:
        keys = SchemaValidator(core_schema.definitions_schema(part["keys_schema"], definitions), _use_prebuilt=False)
        return {**core_schema.no_info_wrap_validator_function(partial(place_keys, keys), inner), **named}
    lengths = inner.pop("min_length", None), inner.pop("max_length", None)
    function = partial(place_items, part["type"], lengths)
    # A list of the same items has the same errors.
    inner["type"] = "list"
    return {**core_schema.no_info_wrap_validator_function(function, inner), **named}


def begin(value: Any, handler: Callable[[Any], Any]) -> Any:
    """Validate a body, which has all the time for itself."""
    patience.left = PATIENCE
    return handler(value)


def beginning(schema: CoreSchema) -> CoreSchema:
    """Return a schema whose validator begins with all the time."""
    whole: Any = schema
    if whole["type"] == "definitions":  # they stay outermost
        whole = {**whole, "schema": beginning(whole["schema"])}
        inside: CoreSchema = whole
        return inside
    return core_schema.no_info_wrap_validator_function(begin, schema)


def place_items(
    kind: str, lengths: tuple[int | None, int | None], value: Any, handler: Callable[[Any], list[Any]]
) -> Any:
    """Return the set of validated items, with the errors of a validator of sets."""
    make, name, error_type = SETS[kind]
    if type(value) not in COLLECTIONS:
        try:
            items = handler(value)
        except ValidationError:
            raise PydanticKnownError(error_type) from None
    else:
        items = handler(value)
    try:
        found = placed(items)
    except TypeError:
        raise ValidationError.from_exception_data(kind, unhashable(items)) from None
    least, most = lengths
    if least is not None and len(found) < least:
        context = {"field_type": name, "min_length": least, "actual_length": len(found)}
        raise PydanticKnownError("too_short", context)
    if most is not None and len(found) > most:
        raise PydanticKnownError("too_long", {"field_type": name, "max_length": most, "actual_length": None})
    return found if make is set else make(found)


def place_keys(keys: SchemaValidator, value: Any, handler: Callable[[Any], Any]) -> Any:
    """Let a validator make a dict, after its keys have been tried."""
    if type(value) is dict and len(value) > FEW:
        found = []
        for key in value:
            try:
                found.append(keys.validate_python(key))
            except ValidationError:
                continue  # the handler says so
        placed(found)
    return handler(value)


def placed(items: list[Any]) -> set[Any]:
    """Return the set of items.

    Raises:
        HTTPException: 400, it takes so long as only items take that have been chosen for that.
        TypeError: an item has no hash.
    """
    if len(items) <= FEW:
        return set(items)
    begun = thread_time()
    deque(map(hash, items), 0)
    now = thread_time()
    allowed = SHARE * (now - begun)
    end = now + allowed + patience.left
    found: set[Any] = set()
    for start in range(0, len(items), STEP):
        found.update(items[start : start + STEP])
        if thread_time() > end:
            raise HTTPException(400, f"{texts.BODY_PARSE_ERROR}: its values have been chosen to take long")
    patience.left -= max(0.0, thread_time() - now - allowed)
    return found


def unhashable(items: list[Any]) -> list[InitErrorDetails]:
    """Return the errors for the items that have no hash."""
    found: list[InitErrorDetails] = []
    for index, item in enumerate(items):
        try:
            hash(item)
        except TypeError:
            found.append({"type": "set_item_not_hashable", "loc": (index,), "input": item})
    return found
