"""Write a report of findings: for people, for programs, for code scanners, for GitHub."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from typeway.check.baseline import fingerprints
from typeway.check.fix.change import Change, changes
from typeway.check.fix.edits import Edit
from typeway.check.rules import RULES
from typeway.evidence.finding import Finding
from typeway.source.files import Files
from typeway.texts import READ_MORE
from typeway.version import __version__

SARIF_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
# The key says how the value is made, so that another way gets another key (SARIF 2.1.0 section 3.27.17).
FINGERPRINT: Final = "typewayCheck/v1"
# What the confidence of a finding is for a code scanner.
LEVELS: Final = {"high": "warning", "medium": "warning", "low": "note"}


@dataclass(eq=False)
class Report:
    """Findings with everything that a report says about them.

    Parameters:
        findings: what was found.
        files: where the source lines come from.
        folder: the folder to which shown paths are relative.
    """

    findings: Sequence[Finding]
    files: Files
    folder: Path
    changes: list[Change] = field(init=False)

    def __post_init__(self) -> None:
        self.changes = changes(self.findings, self.files)

    @cached_property
    def repairs(self) -> Mapping[Finding, tuple[Change, Sequence[Edit]]]:
        """What `--fix` changes for each finding that it takes."""
        return {finding: (change, edits) for change in self.changes for finding, edits in change.repairs.items()}

    @cached_property
    def fingerprints(self) -> Mapping[Finding, str]:
        return fingerprints(self.findings, self.files, self.folder)

    def shown(self, path: str) -> str:
        return shown(path, self.folder)

    def diff(self, finding: Finding) -> str:
        """The fix of a finding as a unified diff; empty where it is left to people."""
        if finding not in self.repairs:
            return ""
        change, edits = self.repairs[finding]
        return change.diff(self.shown(finding.path), edits)

    def way(self, finding: Finding) -> str:
        """How a request comes to a finding: "GET /tasks → read_tasks() → load()"."""
        return " → ".join([finding.entry, *(f"{name}()" for name in finding.chain)]) if finding.entry else ""

    def write(self, form: str) -> str:
        """Return the report as text.

        Parameters:
            form: a key of `FORMS`.
        """
        return FORMS[form](self)


def shown(path: str, folder: Path) -> str:
    """A file as reports name it: relative to a folder if it is in that."""
    given = Path(path)
    return given.relative_to(folder).as_posix() if given.is_relative_to(folder) else path


def page_of(code: str) -> str:
    """The page about a rule in the documentation."""
    return f"docs/check/{code}.md"


def as_text(report: Report) -> str:
    """For people: place, code, message and confidence, the line itself, the way to it, and the fix; at the end how to read more."""
    parts = []
    for finding in report.findings:
        file = report.files.file(finding.path)
        lines = file.lines if file is not None else []
        source = lines[finding.line - 1].strip() if 0 < finding.line <= len(lines) else ""
        parts.append(
            f"{report.shown(finding.path)}:{finding.line}: {finding.code} {finding.message} ({finding.confidence})"
        )
        if source:
            parts.append(f"    {finding.line} | {source}")
        if len(finding.chain) > 1:
            parts.append(f"    Way: {report.way(finding)}")
        parts.append(f"    Fix: {finding.fix}")
        # Without the file's names, which stand above.
        parts += [f"    {line}" for line in report.diff(finding).split("\n")[2:] if line]
        parts.append("")
    return "\n".join([*parts, summary(report)])


def summary(report: Report) -> str:
    count = len(report.findings)
    if not count:
        return "No findings."
    places = len({finding.path for finding in report.findings})
    fixed = len(report.repairs)
    codes = sorted({finding.code for finding in report.findings})
    text = f"{count} finding{'s' * (count != 1)} in {places} file{'s' * (places != 1)}"
    text += f", {fixed} of which `--fix` can change." if fixed else "."
    return f"{text} {READ_MORE.format(' '.join(codes))}"


def as_json(report: Report) -> str:
    """For programs: one object with a list."""
    return json.dumps(
        {"findings": [as_record(finding, report) for finding in report.findings]}, indent=2, ensure_ascii=False
    )


def as_record(finding: Finding, report: Report) -> dict[str, Any]:
    """A finding for programs, without what only the rules use."""
    record = asdict(replace(finding, path=report.shown(finding.path)))
    record["also"] = [{**place, "path": report.shown(place["path"])} for place in record["also"]]
    kept = {name: value for name, value in record.items() if name not in ("cause", "function")}
    return kept | {
        "rule": RULES[finding.code].name,
        "page": page_of(finding.code),
        "diff": report.diff(finding),
        "fingerprint": report.fingerprints[finding],
    }


def as_github(report: Report) -> str:
    """For GitHub Actions: workflow commands, which become annotations of the lines."""
    return "\n".join(
        f"::warning file={escaped_property(report.shown(finding.path))},line={finding.line},"
        f"title={finding.code} {RULES[finding.code].name}::{escaped(in_full(finding, report))}"
        for finding in report.findings
    )


def in_full(finding: Finding, report: Report) -> str:
    """Everything about a finding in a few lines."""
    diff = "\n".join(report.diff(finding).split("\n")[2:]).rstrip("\n")
    way = f"Way: {report.way(finding)}" if len(finding.chain) > 1 else ""
    lines = [f"{finding.message} Fix: {finding.fix}", way, diff, READ_MORE.format(finding.code)]
    return "\n".join(line for line in lines if line)


def escaped(text: str) -> str:
    """A message as workflow commands need it: on one line."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escaped_property(text: str) -> str:
    return escaped(text).replace(":", "%3A").replace(",", "%2C")


def as_sarif(report: Report) -> str:
    """For code scanners: SARIF 2.1.0 (OASIS, 2020)."""
    rules = [*RULES.values()]
    places = {rule.code: place for place, rule in enumerate(rules)}
    driver: dict[str, Any] = {
        "name": "typeway check",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [
            {
                "id": rule.code,
                "name": "".join(word.capitalize() for word in rule.name.split("-")),
                "shortDescription": {"text": rule.says},
                "help": {"text": f"{READ_MORE.format(rule.code)} ({page_of(rule.code)})"},
                "defaultConfiguration": {"level": "warning"},
            }
            for rule in rules
        ],
    }
    results = [as_result(finding, report) | {"ruleIndex": places[finding.code]} for finding in report.findings]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def as_result(finding: Finding, report: Report) -> dict[str, Any]:
    """One finding in SARIF, with its fix, and with the other places of the same cause."""
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "level": LEVELS[finding.confidence],
        "message": {"text": in_full(finding, report)},
        "locations": [{"physicalLocation": physical_location(finding.path, finding.line, report)}],
        "partialFingerprints": {FINGERPRINT: report.fingerprints[finding]},
        "properties": {"confidence": finding.confidence, "entry": finding.entry, "chain": [*finding.chain]},
    }
    if finding.also:
        result["relatedLocations"] = [
            {"physicalLocation": physical_location(place.path, place.line, report), "message": {"text": place.entry}}
            for place in finding.also
        ]
    if finding in report.repairs:
        _, edits = report.repairs[finding]
        artifact = physical_location(finding.path, 0, report)["artifactLocation"]
        replacements = [replacement(edit) for edit in sorted(edits)]
        changed = [{"artifactLocation": artifact, "replacements": replacements}]
        result["fixes"] = [{"description": {"text": finding.fix}, "artifactChanges": changed}]
    return result


def replacement(edit: Edit) -> dict[str, Any]:
    """An edit in SARIF: what is deleted, and what is inserted instead (section 3.57)."""
    region = {"charOffset": edit.start, "charLength": edit.end - edit.start}
    return {"deletedRegion": region, "insertedContent": {"text": edit.text}}


def physical_location(path: str, line: int, report: Report) -> dict[str, Any]:
    given = Path(path)
    inside = given.is_relative_to(report.folder)
    name = quote(given.relative_to(report.folder).as_posix()) if inside else ""
    artifact = name or (given.as_uri() if given.is_absolute() else "unknown")
    # Lines are counted from 1; what has no line has no region (SARIF 2.1.0 section 3.30.5).
    return {"artifactLocation": {"uri": artifact}} | ({"region": {"startLine": line}} if line else {})


FORMS: Final[Mapping[str, Callable[[Report], str]]] = {
    "text": as_text,
    "json": as_json,
    "sarif": as_sarif,
    "github": as_github,
}
