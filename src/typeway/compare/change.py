"""Judge a change of a contract: who sends the value, and whether more or fewer values are allowed than before."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Final, Literal

# Who sends a value: a request is written by the client, a response by the server.
Direction = Literal["request", "response"]


class Effect(StrEnum):
    """What a change does to the set of values that a contract allows."""

    NARROWS = "narrows"
    WIDENS = "widens"
    MOVES = "moves"
    """Some values are no longer allowed, and others are."""
    UNKNOWN = "unknown"
    """It cannot be computed, as for a changed regular expression."""
    NONE = "none"


class Verdict(StrEnum):
    """What a change means for a client that is written against the old document."""

    BREAKING = "breaking"
    WARNING = "warning"
    """It may break clients; the document does not tell."""
    COMPATIBLE = "compatible"


VERDICTS: Final = {Effect.MOVES: Verdict.BREAKING, Effect.UNKNOWN: Verdict.WARNING, Effect.NONE: Verdict.COMPATIBLE}

# A client breaks if what it sends is no longer accepted, or if it receives what it did not have to expect.
BREAKS: Final[dict[Direction, Effect]] = {"request": Effect.NARROWS, "response": Effect.WIDENS}

PLURALS: Final = {
    Verdict.BREAKING: ("breaking change", "breaking changes"),
    Verdict.WARNING: ("change that may break clients", "changes that may break clients"),
    Verdict.COMPATIBLE: ("compatible change", "compatible changes"),
}


def verdict_of(effect: Effect, direction: Direction) -> Verdict:
    """Return what an effect means for clients, by the direction of the value."""
    if effect is BREAKS[direction]:
        return Verdict.BREAKING
    return VERDICTS.get(effect, Verdict.COMPATIBLE)


@dataclass(frozen=True, slots=True)
class Change:
    """One change between two documents.

    Parameters:
        rule: the name of the rule that found it; oasdiff's name where it has the same rule.
        verdict: what it means for clients.
        operation: the method and path; empty for a change that belongs to no operation.
        place: where in the operation it is, such as `response 200 application/json .price`.
        text: what has changed.
    """

    rule: str
    verdict: Verdict
    operation: str
    place: str
    text: str


Report = Callable[[Change], None]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a comparison is: it names the rules and reports the changes.

    Parameters:
        report: takes each change.
        operation: the method and path.
        where: the part of the operation, as a reader finds it.
        kind: what the rules at this place are named after: `request-body`, `response-property`.
        direction: who sends the value.
        is_muted: whether the value is never sent in this direction, as a `readOnly` property in a request.
        is_text: whether the value is written as text, so that a string can be any number.
    """

    report: Report
    operation: str
    where: str
    kind: str
    direction: Direction
    is_muted: bool = False
    is_text: bool = False

    def inside(self, step: str, kind: str | None = None, *, is_muted: bool = False) -> Place:
        """Return a place below this one."""
        return replace(
            self,
            where=f"{self.where}{step}",
            kind=kind or self.kind,
            is_muted=self.is_muted or is_muted,
            is_text=self.is_text and step == "[]",
        )

    def found(self, rule: str, effect: Effect, text: str) -> None:
        """Report a change whose verdict follows from its effect."""
        self.judge(f"{self.kind}-{rule}", verdict_of(effect, self.direction), text)

    def judge(self, rule: str, verdict: Verdict, text: str) -> None:
        """Report a change with a verdict of its own."""
        verdict = Verdict.COMPATIBLE if self.is_muted else verdict
        self.report(Change(rule, verdict, self.operation, self.where.strip(), text))


def as_text(changes: Sequence[Change]) -> str:
    """Return one line for each change, those that break clients first, and a line with their numbers.

    Example:
        ```text
        breaking    GET /items/{id}  response 200 application/json .price: the type has changed from integer to string
                    [response-property-type-changed]
        1 breaking change, 0 compatible changes
        ```
    """
    if not changes:
        return "No changes."
    lines = []
    for verdict in Verdict:
        for change in changes:
            if change.verdict is verdict:
                where = "  ".join(filter(None, (change.operation, change.place)))
                where = f"{where}: " if where else ""
                lines.append(f"{verdict.value:<10}  {where}{change.text}  [{change.rule}]")
    return "\n".join([*lines, summary(changes)])


def summary(changes: Sequence[Change]) -> str:
    """Return the numbers of changes in words."""
    numbers = {verdict: sum(change.verdict is verdict for change in changes) for verdict in Verdict}
    shown = [
        f"{number} {PLURALS[verdict][number != 1]}"
        for verdict, number in numbers.items()
        if number or verdict is not Verdict.WARNING
    ]
    return ", ".join(shown)


def as_json(changes: Sequence[Change]) -> str:
    """Return the changes as a JSON object: their numbers by verdict, and each with rule, verdict, operation, place, text."""
    shown: dict[str, Any] = {verdict.value: sum(change.verdict is verdict for change in changes) for verdict in Verdict}
    return json.dumps({**shown, "changes": [asdict(change) for change in changes]}, indent=2, ensure_ascii=False)
