"""Check an application by every rule that is selected, and leave out what a comment silences."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from typeway.check.finding import Finding
from typeway.check.read.files import Files
from typeway.check.read.program import Program
from typeway.check.rules import RULES
from typeway.check.subject import Subject
from typeway.exceptions import DeclarationError


@dataclass(frozen=True, slots=True)
class Choice:
    """Which rules are selected.

    Parameters:
        select: codes, or beginnings of codes, of the rules that are selected; all of them where it is empty.
        ignore: codes, or beginnings of codes, of those that are not selected after all.

    Example:
        >>> Choice(select=("TW00",), ignore=("TW002",)).takes("TW001")
        True
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def takes(self, code: str) -> bool:
        """Whether a rule is selected."""
        return (not self.select or code.startswith(self.select)) and not (self.ignore and code.startswith(self.ignore))

    @property
    def unknown(self) -> list[str]:
        """What is given but is not the beginning of any rule's code."""
        return [given for given in (*self.select, *self.ignore) if not any(code.startswith(given) for code in RULES)]


def look(application: Any, files: Files, choice: Choice | None = None) -> list[Finding]:
    """Find the pitfalls of an application, without serving it.

    Parameters:
        application: a Typeway application, with all of its routes.
        files: which source files are its own.
        choice: which rules are selected; all of them where it is None.

    Returns:
        The findings by file and line, without those that an ignore comment silences.

    Example:
        ```python
        from pathlib import Path
        from typeway.check import Files, look

        for finding in look(app, Files(Path.cwd(), package="main")):
            print(f"{finding.path}:{finding.line} {finding.code} {finding.message}")
        ```
    """
    choice = choice or Choice()
    subject = Subject(application, Program(files))
    found = [
        finding
        for rule in RULES.values()
        if rule.find is not None and choice.takes(rule.code)
        for finding in rule.find(subject)
    ]
    found += [refusal(error, files) for error in subject.refused]
    return selected(found, files, choice)


def look_at_refusal(error: DeclarationError, files: Files, choice: Choice | None = None) -> list[Finding]:
    """The finding for an error because of which an application cannot even be imported.

    Parameters:
        error: what the framework raised.
        files: which source files are the application's own.
        choice: which rules are selected.
    """
    return selected([refusal(error, files)], files, choice or Choice())


def refusal(error: DeclarationError, files: Files) -> Finding:
    """The finding for an error in a declaration."""
    place, _, line = (error.where or "").partition(",")[0].rpartition(":")
    if not line.isdigit():
        place, line = place_in(error, files)
    return Finding(error.code, place, int(line), error.described, error.hint)


def place_in(error: DeclarationError, files: Files) -> tuple[str, str]:
    """The innermost line of the application's own code in an error's traceback."""
    place, trace = ("", "0"), error.__traceback__
    while trace is not None:
        path = trace.tb_frame.f_code.co_filename
        if files.file(path) is not None:
            place = (path, str(trace.tb_lineno))
        trace = trace.tb_next
    return place


def selected(found: Iterable[Finding], files: Files, choice: Choice) -> list[Finding]:
    """Findings in order, one of a kind per line, without those that are not selected or silenced."""
    kept: dict[tuple[str, int, str], Finding] = {}
    for finding in found:
        if choice.takes(finding.code) and not is_silenced(finding, files):
            kept.setdefault((finding.path, finding.line, finding.code), finding)
    return [kept[place] for place in sorted(kept)]


def is_silenced(finding: Finding, files: Files) -> bool:
    file = files.file(finding.path)
    return file is not None and file.silences(finding.code, finding.line)
