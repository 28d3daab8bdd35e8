"""Compare what schemas demand of one value: type, format, values, bounds, pattern, and other assertions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from typeway.compare.change import Effect, Place
from typeway.compare.document import Schema, canonical

# Bounds: the keyword, the keyword that excludes the limit itself, the name in rules, and 1 for a lower bound.
BOUNDS: Final = (
    ("minimum", "exclusiveMinimum", "min", 1),
    ("maximum", "exclusiveMaximum", "max", -1),
    ("minLength", None, "min-length", 1),
    ("maxLength", None, "max-length", -1),
    ("minItems", None, "min-items", 1),
    ("maxItems", None, "max-items", -1),
    ("minProperties", None, "min-properties", 1),
    ("maxProperties", None, "max-properties", -1),
)

# Further assertions, of which only the presence can be judged, with their names in rules.
ASSERTIONS: Final[Mapping[str, Sequence[str]]] = {
    "not": ("not",),
    "if-then-else": ("if", "then", "else"),
    "contains": ("contains", "minContains", "maxContains"),
    "dependent-required": ("dependentRequired",),
    "dependent-schemas": ("dependentSchemas",),
    "pattern-properties": ("patternProperties",),
    "property-names": ("propertyNames",),
    "unevaluated-items": ("unevaluatedItems",),
    "unevaluated-properties": ("unevaluatedProperties",),
    "content-media-type": ("contentMediaType",),
    "content-encoding": ("contentEncoding",),
    "all-of": ("allOf",),
}

# Patterns that every text matches.
TRIVIAL: Final = frozenset({None, "", ".*", "^.*$", "^.*", ".*$"})

# Formats of which the first allows less than the second.
WIDER: Final = frozenset({("int32", "int64"), ("float", "double")})

# What a string can be where every value is written as text.
TEXTUAL: Final = frozenset({"integer", "number", "boolean"})

JSON_TYPES: Final[Mapping[type[Any], str]] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}

WORDS: Final = {Effect.WIDENS: "generalized", Effect.NARROWS: "specialized", Effect.MOVES: "changed"}


def compare_null(old: Schema, new: Schema, place: Place) -> None:
    """Report that null is, or is no longer, allowed; a schema without a type, which allows everything, allows null too."""
    if old["null"] == new["null"] or not (is_typed(old) and is_typed(new)):
        return
    if new["null"]:
        place.found("became-nullable", Effect.WIDENS, "null is allowed now")
    else:
        place.found("became-not-nullable", Effect.NARROWS, "null is no longer allowed")


def is_typed(schema: Schema) -> bool:
    return any(key in schema for key in ("type", "enum", "anyOf", "oneOf", "allOf"))


def compare_default(old: Schema, new: Schema, place: Place) -> None:
    """Report that what counts for a missing value of a request has changed; every request is as valid as before."""
    if place.direction == "response" or canonical(old.get("default")) == canonical(new.get("default")):
        return
    if "default" not in old:
        place.found("default-value-added", Effect.NONE, f"the default is now {new['default']!r}")
    elif "default" not in new:
        place.found("default-value-removed", Effect.NONE, f"the default {old['default']!r} has been removed")
    else:
        text = f"the default has changed from {old['default']!r} to {new['default']!r}"
        place.found("default-value-changed", Effect.NONE, text)


def compare_values(old: Schema, new: Schema, place: Place) -> bool:
    """Compare types, formats and listed values; return whether the other assertions can be compared."""
    before, after = types_of(old), types_of(new)
    effect = effect_of_types(before, after, is_text=place.is_text)
    is_same_kind = True
    if effect is not Effect.NONE:
        place.found(f"type-{WORDS[effect]}", effect, f"the type has changed from {words(before)} to {words(after)}")
        is_same_kind = before is not None and after is not None and effect_of_types(before, after) is not Effect.MOVES
    elif old.get("format") != new.get("format"):
        compare_format(old.get("format"), new.get("format"), place)
    compare_enum(old, new, place)
    return is_same_kind


def types_of(schema: Schema) -> frozenset[str] | None:
    """Return the types that a schema allows beside null; None for every type."""
    if "type" in schema:
        return frozenset(schema["type"])
    if "enum" in schema:
        return frozenset(JSON_TYPES.get(type(value), "object") for value in schema["enum"])
    return None


def words(types: frozenset[str] | None) -> str:
    return "any type" if types is None else " or ".join(sorted(types)) or "null"


def effect_of_types(old: frozenset[str] | None, new: frozenset[str] | None, *, is_text: bool = False) -> Effect:
    """Return what a change of types does."""
    if old == new:
        return Effect.NONE
    widens = new is None or (old is not None and all(covers(new, name, is_text=is_text) for name in old))
    narrows = old is None or (new is not None and all(covers(old, name, is_text=is_text) for name in new))
    if widens:
        return Effect.WIDENS
    return Effect.NARROWS if narrows else Effect.MOVES


def covers(types: frozenset[str], name: str, *, is_text: bool) -> bool:
    """Whether one of several types allows every value of a type."""
    is_number = name == "integer" and "number" in types
    return name in types or is_number or (is_text and name in TEXTUAL and "string" in types)


def compare_format(old: Any, new: Any, place: Place) -> None:
    """Report a changed format; a type without one allows every format."""
    if old is None or (new, old) in WIDER:
        effect = Effect.NARROWS
    elif new is None or (old, new) in WIDER:
        effect = Effect.WIDENS
    else:
        effect = Effect.MOVES
    text = f"the format has changed from {old or 'none'} to {new or 'none'}"
    place.found(f"type-{WORDS[effect]}", effect, text)


def compare_enum(old: Schema, new: Schema, place: Place) -> None:
    """Compare the lists of values; a constant is a list of one."""
    before, after = old.get("enum"), new.get("enum")
    if before is None and after is not None:
        place.found("became-enum", Effect.NARROWS, f"only these values are allowed now: {listed(after)}")
    elif after is None and before is not None:
        place.found("became-not-enum", Effect.WIDENS, f"other values than {listed(before)} are allowed now")
    elif before is not None and after is not None:
        known, wanted = {canonical(value) for value in before}, {canonical(value) for value in after}
        for value in before:
            if canonical(value) not in wanted:
                place.found("enum-value-removed", Effect.NARROWS, f"the value {value!r} is no longer allowed")
        for value in after:
            if canonical(value) not in known:
                place.found("enum-value-added", Effect.WIDENS, f"the value {value!r} is allowed as well")


def listed(values: Sequence[Any]) -> str:
    return ", ".join(map(repr, values))


# --- bounds and other assertions ----------------------------------------------------------------------------------


def compare_assertions(old: Schema, new: Schema, place: Place) -> None:
    """Compare everything that two schemas of one type demand."""
    for keyword, exclusive, name, sign in BOUNDS:
        compare_bound(
            bound_of(old, keyword, exclusive, sign), bound_of(new, keyword, exclusive, sign), name, sign, place
        )
    compare_pattern(old.get("pattern"), new.get("pattern"), place)
    compare_step(old.get("multipleOf"), new.get("multipleOf"), place)
    if bool(old.get("uniqueItems")) != bool(new.get("uniqueItems")):
        word, effect = ("added", Effect.NARROWS) if new.get("uniqueItems") else ("removed", Effect.WIDENS)
        place.found(f"unique-items-{word}", effect, f"the demand that items are unique has been {word}")
    for name, keywords in ASSERTIONS.items():
        before, after = [{key: schema[key] for key in keywords if key in schema} for schema in (old, new)]
        if canonical(before) == canonical(after):
            continue
        word, effect = ("changed", Effect.UNKNOWN)
        if not before or not after:
            word, effect = ("removed", Effect.WIDENS) if before else ("added", Effect.NARROWS)
        place.found(f"{name}-{word}", effect, f"{', '.join(keywords)} has been {word}")


# The limit, and whether the limit itself is excluded.
Bound = tuple[float, bool]


def bound_of(schema: Schema, keyword: str, exclusive: str | None, sign: int) -> Bound | None:
    """Return the stricter of two bounds in one direction; None for none. Nothing has a size below 0."""
    found: list[Bound] = []
    if isinstance(schema.get(keyword), int | float) and (exclusive or sign < 0 or schema[keyword] > 0):
        found.append((schema[keyword], False))
    if exclusive and isinstance(schema.get(exclusive), int | float):
        found.append((schema[exclusive], True))
    return max(found, key=lambda bound: strictness(bound, sign), default=None)


def strictness(bound: Bound, sign: int) -> tuple[float, bool]:
    return sign * bound[0], bound[1]


def compare_bound(old: Bound | None, new: Bound | None, name: str, sign: int, place: Place) -> None:
    """Report a bound that has been set, unset, increased or decreased."""
    if old == new:
        return
    limit, is_exclusive = new or old or (0, False)
    name = f"exclusive-{name}" if is_exclusive else name
    if old is None:
        place.found(f"{name}-set", Effect.NARROWS, f"there is a bound now: {name} {limit}")
    elif new is None:
        place.found(f"{name}-unset", Effect.WIDENS, f"the bound {name} {limit} has been removed")
    else:
        is_stricter = strictness(new, sign) > strictness(old, sign)
        word = "increased" if is_stricter == (sign > 0) else "decreased"
        effect = Effect.NARROWS if is_stricter else Effect.WIDENS
        place.found(f"{name}-{word}", effect, f"{name} has {word} from {old[0]} to {limit}")


def compare_pattern(old: Any, new: Any, place: Place) -> None:
    """Report a changed pattern; whether one pattern matches all that another does is not computed."""
    before, after = None if old in TRIVIAL else old, None if new in TRIVIAL else new
    if before == after:
        return
    if before is None:
        place.found("pattern-added", Effect.NARROWS, f"there is a pattern now: {after}")
    elif after is None:
        place.found("pattern-removed", Effect.WIDENS, f"the pattern {before} has been removed")
    else:
        place.found("pattern-changed", Effect.UNKNOWN, f"the pattern has changed from {before} to {after}")


def compare_step(old: Any, new: Any, place: Place) -> None:
    """Report a changed `multipleOf`."""
    if old == new:
        return
    if old is None:
        place.found("multiple-of-set", Effect.NARROWS, f"values must be multiples of {new} now")
    elif new is None:
        place.found("multiple-of-unset", Effect.WIDENS, f"values need not be multiples of {old} any more")
    else:
        effect = Effect.WIDENS if old % new == 0 else Effect.NARROWS if new % old == 0 else Effect.MOVES
        place.found("multiple-of-changed", effect, f"values must be multiples of {new} now, not of {old}")
