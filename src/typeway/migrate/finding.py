"""Hold what was found, and print it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final


class Kind(StrEnum):
    """What a finding is about, in the order of the report."""

    IMPORT = "imports"
    PRIVATE = "private names"
    PIN = "requirements"
    REFUSED = "refused declarations"
    DIFFERENCE = "differences"
    DOCUMENT = "OpenAPI document"
    TESTS = "tests"


class Weight(StrEnum):
    """What a finding asks of the author."""

    STOPS = "stops"
    """The application does not run before this is changed."""
    DECIDE = "decide"
    """Something behaves differently, or cannot be imported natively: decide whether it matters."""
    KNOW = "know"
    """Something behaves differently, and hardly anybody minds."""


EXPLAINED: Final = {
    Kind.IMPORT: "names of FastAPI that have another home, or none, in Typeway",
    Kind.PRIVATE: "names that FastAPI keeps to itself; they may change with each of its versions",
    Kind.PIN: "versions that cannot be installed beside Typeway",
    Kind.REFUSED: "declarations that FastAPI accepts and Typeway refuses, because they cannot work",
    Kind.DIFFERENCE: "what Typeway does differently on purpose; docs/differences.md says why, compat mode keeps FastAPI's way",
    Kind.DOCUMENT: "differences between the OpenAPI documents",
    Kind.TESTS: "tests whose outcome differs",
}


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing to know or to do.

    Attributes:
        kind: what it is about.
        weight: what it asks of the author.
        text: what is so, in a sentence.
        place: the file with the line, or the operation; empty if it is about the whole project.
        hint: what to do; empty if there is nothing to do.
    """

    kind: Kind
    weight: Weight
    text: str
    place: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All findings about a project, and what could not be looked at.

    Attributes:
        findings: what was found, each thing once.
        skipped: what was not looked at, each with the reason.
        looked: what was looked at, in words, for example `"31 files"`.
    """

    findings: Sequence[Finding]
    skipped: Sequence[str] = ()
    looked: Sequence[str] = ()

    @property
    def is_clear(self) -> bool:
        """Whether nothing needs a decision."""
        return all(finding.weight is Weight.KNOW for finding in self.findings)


def as_text(report: Report) -> str:
    """Return a report for a terminal: one part for each kind, the findings in the order of their places."""
    parts = []
    for kind in Kind:
        found = sorted((finding for finding in report.findings if finding.kind is kind), key=in_order)
        if found:
            lines = [line for finding in found for line in lines_of(finding)]
            parts.append("\n".join([f"{kind.value[0].upper()}{kind.value[1:]}: {EXPLAINED[kind]}", *lines]))
    if report.skipped:
        parts.append("\n".join(["Not looked at", *(f"  {reason}" for reason in report.skipped)]))
    parts.append(summary(report))
    return "\n\n".join(parts)


def lines_of(finding: Finding) -> Iterable[str]:
    place = f"{finding.place}: " if finding.place else ""
    yield f"  {'! ' if finding.weight is Weight.STOPS else ''}{place}{finding.text}"
    if finding.hint:
        yield f"      {finding.hint}"


def in_order(finding: Finding) -> tuple[bool, str, int, str]:
    file, _, line = finding.place.partition(":")
    return finding.weight is not Weight.STOPS, file, int(line) if line.isdigit() else 0, finding.text


def summary(report: Report) -> str:
    """Return one line that says how much there is to do."""
    counts = {weight: sum(finding.weight is weight for finding in report.findings) for weight in Weight}
    looked = f"Looked at {', '.join(report.looked)}. " if report.looked else ""
    if not report.findings:
        return f"{looked}{'Nothing was found there.' if report.skipped else 'Nothing will be different.'}"
    return (
        f"{looked}{counts[Weight.STOPS]} to change first, {counts[Weight.DECIDE]} to decide, "
        f"{counts[Weight.KNOW]} to know."
    )


def as_json(report: Report) -> str:
    """Return a report for programs: findings with kind, weight, place, text and hint."""
    found = [asdict(finding) for finding in sorted(report.findings, key=lambda one: (one.kind, in_order(one)))]
    document = {
        "findings": found,
        "skipped": list(report.skipped),
        "looked": list(report.looked),
        "clear": report.is_clear,
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def place_of(file: Path, line: int, root: Path) -> str:
    """Return a place as it is printed, relative to the project."""
    shown = file.relative_to(root) if file.is_relative_to(root) else file
    return f"{shown}:{line}"
