"""Write a report of findings: for people, for programs, for code scanners, for GitHub."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from typeway.check.finding import Finding
from typeway.check.read.files import Files
from typeway.check.rules import RULES
from typeway.texts import READ_MORE
from typeway.version import __version__

SARIF_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"


def report(findings: Sequence[Finding], files: Files, folder: Path, form: str) -> str:
    """Return findings as text.

    Parameters:
        findings: what was found.
        files: where the source lines come from.
        folder: the folder to which shown paths are relative.
        form: a key of `FORMS`.
    """
    return FORMS[form](findings, files, folder)


def as_text(findings: Sequence[Finding], files: Files, folder: Path) -> str:
    """For people: place, code and message, the line itself, and the fix; at the end how to read more about the rules."""
    parts = []
    for finding in findings:
        file = files.file(finding.path)
        lines = file.lines if file is not None else []
        source = lines[finding.line - 1].strip() if 0 < finding.line <= len(lines) else ""
        parts.append(f"{shown(finding.path, folder)}:{finding.line}: {finding.code} {finding.message}")
        if source:
            parts.append(f"    {finding.line} | {source}")
        parts.append(f"    Fix: {finding.fix}\n")
    count = len(findings)
    places = len({finding.path for finding in findings})
    codes = sorted({finding.code for finding in findings})
    parts.append(
        f"{count} finding{'s' * (count != 1)} in {places} file{'s' * (places != 1)}. {READ_MORE.format(' '.join(codes))}"
        if findings
        else "No findings."
    )  # fmt: skip
    return "\n".join(parts)


def as_json(findings: Sequence[Finding], files: Files, folder: Path) -> str:
    """For programs: one object with a list."""
    found = [asdict(replace(finding, path=shown(finding.path, folder))) for finding in findings]
    return json.dumps({"findings": found}, indent=2, ensure_ascii=False)


def as_github(findings: Sequence[Finding], files: Files, folder: Path) -> str:
    """For GitHub Actions: workflow commands, which become annotations of the lines."""
    return "\n".join(
        f"::warning file={escaped_property(shown(finding.path, folder))},line={finding.line},"
        f"title={finding.code} {RULES[finding.code].name}::{escaped(f'{finding.message} Fix: {finding.fix}')}"
        for finding in findings
    )


def escaped(text: str) -> str:
    """A message as workflow commands need it: on one line."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escaped_property(text: str) -> str:
    return escaped(text).replace(":", "%3A").replace(",", "%2C")


def as_sarif(findings: Sequence[Finding], files: Files, folder: Path) -> str:
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
                "defaultConfiguration": {"level": "warning"},
            }
            for rule in rules
        ],
    }
    results = [
        {
            "ruleId": finding.code,
            "ruleIndex": places[finding.code],
            "level": "warning",
            "message": {"text": f"{finding.message} Fix: {finding.fix}"},
            "locations": [{"physicalLocation": physical_location(finding, folder)}],
        }
        for finding in findings
    ]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def physical_location(finding: Finding, folder: Path) -> dict[str, Any]:
    path = Path(finding.path)
    inside = path.is_relative_to(folder)
    artifact = path.relative_to(folder).as_posix() if inside else path.as_uri() if path.is_absolute() else "unknown"
    # Lines are counted from 1; what has no line has no region (SARIF 2.1.0 section 3.30.5).
    return {"artifactLocation": {"uri": artifact}} | ({"region": {"startLine": finding.line}} if finding.line else {})


def shown(path: str, folder: Path) -> str:
    """A path relative to the folder in which the command was run."""
    return Path(path).relative_to(folder).as_posix() if Path(path).is_relative_to(folder) else path


FORMS: Final[Mapping[str, Callable[[Sequence[Finding], Files, Path], str]]] = {
    "text": as_text, "json": as_json, "sarif": as_sarif, "github": as_github,
}  # fmt: skip
