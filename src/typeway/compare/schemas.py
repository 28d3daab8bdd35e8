"""Compare two schemas of one value: what is allowed now and was not, and what was allowed and is not any more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from typeway.compare.assertions import compare_assertions, compare_default, compare_null, compare_values
from typeway.compare.change import Effect, Place, Verdict
from typeway.compare.document import ANNOTATIONS, NOTHING, UNIONS, Document, Schema, canonical
from typeway.compare.lifecycle import compare_lifecycle, removal

# Finds the branch of another union that means the same.
Key = Callable[[Any, Document], Any]

# What properties are called in the names of rules.
PROPERTIES: Final = {"request-body": "request-property", "response-body": "response-property"}

# Which flag says that a property is never sent in a direction.
MUTES: Final = {"request": "readOnly", "response": "writeOnly"}
FLAGS: Final = {"readOnly": "read-only", "writeOnly": "write-only"}


@dataclass(slots=True)
class SchemaComparison:
    """Compares the schemas of one body, parameter or header.

    Parameters:
        old, new: the documents, in which references are looked up.
        today: the date, as `YYYY-MM-DD`: after its sunset date a property may be removed.
    """

    old: Document
    new: Document
    today: str
    # Pairs of references that have been compared: a schema may contain itself.
    seen: set[tuple[Any, Any, bool]] = field(default_factory=set)

    def compare(self, old: Any, new: Any, place: Place) -> None:
        """Report every change between two schemas and what is in them."""
        pair = (by_reference(old, self.old), by_reference(new, self.new), place.is_muted)
        if pair[:2] != (None, None):
            if pair in self.seen:
                return
            self.seen.add(pair)
        before, after = self.old.normal(old), self.new.normal(new)
        compare_null(before, after, place)
        compare_default(before, after, place)
        if union_of(before) or union_of(after):
            self.compare_unions(before, after, place)
        elif compare_values(before, after, place):
            compare_assertions(before, after, place)
            self.compare_properties(before, after, place)
            self.compare_additional(before, after, place)
            self.compare_items(before, after, place)

    # --- unions -------------------------------------------------------------------------------------------------

    def compare_unions(self, old: Schema, new: Schema, place: Place) -> None:
        """Compare the branches that mean the same in both unions, and report the others as added or removed."""
        former, latter = branches(old), branches(new)
        for key in (by_reference, by_meaning, by_title, by_type):
            for branch in list(latter):
                wanted = key(branch, self.new)
                found = [other for other in former if wanted is not None and key(other, self.old) == wanted]
                if len(found) == 1:
                    former.remove(found[0])
                    latter.remove(branch)
                    self.compare(found[0], branch, place)
        name = "one-of" if "oneOf" in (union_of(old), union_of(new)) else "any-of"
        for branch in latter:
            place.found(f"{name}-added", Effect.WIDENS, f"{described(branch, self.new)} is allowed as well")
        for branch in former:
            place.found(f"{name}-removed", Effect.NARROWS, f"{described(branch, self.old)} is no longer allowed")
        tags = [(schema.get("discriminator") or {}).get("propertyName") for schema in (old, new)]
        if None not in tags and tags[0] != tags[1]:
            place.found("discriminator-changed", Effect.MOVES, f"the discriminator is {tags[1]}, not {tags[0]}")

    # --- objects ------------------------------------------------------------------------------------------------

    def compare_properties(self, old: Schema, new: Schema, place: Place) -> None:
        """Compare the properties of two objects."""
        former, latter = old.get("properties") or {}, new.get("properties") or {}
        was, now = frozenset(old.get("required") or ()), frozenset(new.get("required") or ())
        kind = PROPERTIES.get(place.kind, place.kind if "property" in place.kind else f"{place.kind}-property")
        flag = MUTES[place.direction]
        for name in [*former, *(name for name in latter if name not in former)]:
            before = self.old.resolved(former[name]) if name in former else None
            after = self.new.resolved(latter[name]) if name in latter else None
            is_muted = all(side.get(flag) is True for side in (before, after) if side is not None)
            inner = place.inside(f".{name}", kind, is_muted=is_muted)
            if before is None:
                self.added(inner, is_required=name in now)
            elif after is None:
                is_closed = new.get("additionalProperties") is False
                self.removed(before, inner, is_required=name in was, is_closed=is_closed)
            else:
                if (name in was) != (name in now):
                    word, effect = ("required", Effect.NARROWS) if name in now else ("optional", Effect.WIDENS)
                    inner.found(f"became-{word}", effect, f"the property is {word} now")
                compare_flags(before, after, inner)
                compare_lifecycle(before, after, inner)
                self.compare(former[name], latter[name], inner)

    def added(self, place: Place, *, is_required: bool) -> None:
        """Report a new property."""
        word = "required" if is_required else "optional"
        if place.direction == "request":
            verdict = Verdict.BREAKING if is_required else Verdict.COMPATIBLE
            place.judge(f"new-{word}-{place.kind}", verdict, f"there is a new {word} property")
        else:
            rule = place.kind.replace("property", f"{word}-property-added")
            place.judge(rule, Verdict.COMPATIBLE, f"there is a new {word} property")

    def removed(self, old: Schema, place: Place, *, is_required: bool, is_closed: bool) -> None:
        """Report a property that is gone; a server that forbids unknown properties refuses what clients still send."""
        if place.direction == "request":
            rule, verdict = place.kind, Verdict.BREAKING if is_closed else Verdict.WARNING
        else:
            word = "required" if is_required else "optional"
            rule = place.kind.replace("property", f"{word}-property")
            verdict = Verdict.BREAKING if is_required else Verdict.COMPATIBLE
        how, verdict, text = removal(old, self.today, verdict)
        place.judge(f"{rule}-removed{how}", verdict, f"the property {text}")

    def compare_additional(self, old: Schema, new: Schema, place: Place) -> None:
        """Compare what properties without a declaration may be; clients must expect those that a response adds."""
        if "additionalProperties" not in old and "additionalProperties" not in new:
            return
        before, after = old.get("additionalProperties", True), new.get("additionalProperties", True)
        was_closed, is_closed = before in (False, NOTHING), after in (False, NOTHING)
        if was_closed and is_closed:
            return
        if was_closed or is_closed:
            word, effect = ("forbidden", Effect.NARROWS) if is_closed else ("allowed", Effect.NONE)
            rule = f"additional-properties-{word}"
            place.found(rule, effect, f"properties that are not declared are {word} now")
        else:
            self.compare(before, after, place.inside(".*", PROPERTIES.get(place.kind)))

    # --- arrays -------------------------------------------------------------------------------------------------

    def compare_items(self, old: Schema, new: Schema, place: Place) -> None:
        """Compare the items of two arrays, those with a position of their own first."""
        former, latter = old.get("prefixItems") or [], new.get("prefixItems") or []
        for number, (before, after) in enumerate(zip(former, latter, strict=False)):
            self.compare(before, after, place.inside(f"[{number}]"))
        if len(former) != len(latter):
            word, effect = ("added", Effect.NARROWS) if len(former) < len(latter) else ("removed", Effect.WIDENS)
            place.found(
                f"prefix-items-{word}", effect, f"{len(latter)} items have a type of their own, not {len(former)}"
            )
        if "items" in old or "items" in new:
            self.compare(old.get("items", True), new.get("items", True), place.inside("[]"))


def compare_flags(old: Schema, new: Schema, place: Place) -> None:
    """Report that a property is, or is no longer, only read or only written."""
    for flag, words in FLAGS.items():
        was, now = old.get(flag) is True, new.get(flag) is True
        if was == now:
            continue
        effect = Effect.NONE
        if now and flag == MUTES[place.direction]:
            effect = Effect.UNKNOWN if place.direction == "request" else Effect.WIDENS
        word = "" if now else "not-"
        place.found(f"became-{word}{words}", effect, f"the property is {word.replace('-', ' ')}{words} now")


# --- branches of unions -------------------------------------------------------------------------------------------


def union_of(schema: Schema) -> str | None:
    """Return the keyword of a union; None if the schema is none."""
    return next((name for name in UNIONS if name in schema), None)


def branches(schema: Schema) -> list[Any]:
    """Return the schemas of which a value must match one; those that stand beside them count for each."""
    union = union_of(schema)
    if union is None:
        types = schema.get("type") or []
        return [schema] if len(types) < 2 else [{**schema, "type": [name]} for name in types]
    beside = {
        key: value
        for key, value in schema.items()
        if key not in ANNOTATIONS and key not in ("null", "discriminator", union)
    }
    return [{"allOf": [branch], **beside} if beside else branch for branch in schema[union]]


def by_reference(branch: Any, document: Document) -> str | None:
    """Name a schema by its reference."""
    reference = branch.get("$ref") if isinstance(branch, dict) else None
    return reference if isinstance(reference, str) else None


def by_meaning(branch: Any, document: Document) -> str:
    """Name a schema by what it says."""
    return canonical(document.normal(branch))


def by_title(branch: Any, document: Document) -> str | None:
    """Name a schema by its title."""
    title = document.resolved(branch).get("title")
    return title if isinstance(title, str) else None


def by_type(branch: Any, document: Document) -> str:
    """Name a schema by its types."""
    schema = document.normal(branch)
    return canonical([schema.get("type"), schema.get("format")])


def described(branch: Any, document: Document) -> str:
    """Return a few words for a branch of a union."""
    reference = by_reference(branch, document)
    if reference is not None:
        return reference.rpartition("/")[2]
    schema = document.normal(branch)
    types = " or ".join(schema.get("type") or ["any type"])
    return f"{types} ({schema['format']})" if "format" in schema else types
