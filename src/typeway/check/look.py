"""Check an application by every rule that is selected, and leave out what a comment silences."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic import VERSION, BaseModel

from typeway.check.rules import RULES
from typeway.check.rules.models import place_of
from typeway.evidence.finding import CONFIDENCES, Finding, Place
from typeway.evidence.subject import Subject
from typeway.exceptions import DeclarationError
from typeway.source.files import Files
from typeway.source.imports import import_names
from typeway.source.program import Program
from typeway.source.subclasses import below

# The rules that say nothing about a function of which another one says it better.
SAID_BETTER: Final[Mapping[str, str]] = {"TW001": "TW002"}

# How many entry points one finding names.
MOST_NAMED: Final = 5

# The modules that a fix may name and that FastAPI has too.
SHARED: Final = re.compile(r"\btypeway\.(?=(concurrency|routing|status)\b)")

Progress = Callable[[int, int], None]


def without_progress(done: int, total: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which rules are selected.

    Parameters:
        select: codes, or beginnings of codes, of the rules that are selected; where it is empty, those that are on by default.
        ignore: codes, or beginnings of codes, of those that are not selected after all.
        everything: whether findings of low confidence are shown too, and the rules that are off by default are on.

    Example:
        >>> Choice(select=("TW00",), ignore=("TW002",)).takes("TW001")
        True
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    everything: bool = False

    def takes(self, code: str) -> bool:
        """Whether a rule is selected."""
        is_selected = code.startswith(self.select) if self.select else self.everything or RULES[code].is_on
        return is_selected and not (self.ignore and code.startswith(self.ignore))

    def shows(self, finding: Finding) -> bool:
        """Whether a finding is shown: its rule is selected, and it is sure enough."""
        return self.takes(finding.code) and (self.everything or finding.confidence != "low")

    @property
    def unknown(self) -> list[str]:
        """What is given but is not the beginning of any rule's code."""
        return [given for given in (*self.select, *self.ignore) if not any(code.startswith(given) for code in RULES)]


def look(
    application: Any,
    files: Files,
    choice: Choice | None = None,
    blocking: Iterable[str] = (),
    *,
    noted: Iterable[DeclarationError] = (),
    progress: Progress = without_progress,
) -> list[Finding]:
    """Find the pitfalls of an application, without serving it.

    Parameters:
        application: a Typeway application, with all of its routes.
        files: which source files are its own.
        choice: which rules are selected; those that are on by default where it is None.
        blocking: qualified names of what blocks beside what is known to: `"shop.mail.send"`, `"shop.mail.Client.send"`,
            or `"shop.mail.Client"` for all public methods of a class.
        noted: what was wrong while the application was imported, but did not stop it.
        progress: is told before each rule how many are done, and of how many.

    Returns:
        The findings by file and line, without those that an ignore comment silences. Those of one cause are one finding.

    Example:
        ```python
        from pathlib import Path
        from typeway.check import Files, look

        for finding in look(app, Files(Path.cwd(), package="main")):
            print(f"{finding.path}:{finding.line} {finding.code} {finding.message}")
        ```
    """
    choice = choice or Choice()
    subject = Subject(application, Program(files), tuple(blocking))
    found: list[Finding] = []
    rules = [rule.find for rule in RULES.values() if rule.find is not None and choice.takes(rule.code)]
    for number, find in enumerate(rules):
        progress(number, len(rules))
        found += find(subject)
    found += [refusal(error, files) for error in noted]
    found += joined(of_model(error, refusal(error, files), subject) for error in subject.refused)
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


def of_model(error: DeclarationError, finding: Finding, subject: Subject) -> Finding:
    """The finding at the field of an own model, where the model is why one endpoint after the other is refused."""
    # Pydantic's own error is the cause where the name is in a model, and not in the annotation of the endpoint.
    name = error.__cause__.name if isinstance(error.__cause__, NameError) else ""
    found: dict[str, tuple[str, int, str]] = {}
    for kind in below(BaseModel) if name else ():
        held = [each for each, field in kind.model_fields.items() if re.search(rf"\b{name}\b", repr(field.annotation))]
        path, line = place_of(subject, kind, held[0]) if held and not kind.__pydantic_complete__ else ("", 0)
        found |= {path: (path, line, kind.__name__)} if line and path not in found else {}
    if len(found) != 1:
        return finding
    [(path, line, model)], entry = found.values(), error.chain[0]
    message = (
        f"{entry} fails with the installed Pydantic {VERSION}: {model} uses the name {name!r}, which is not defined."
    )
    return replace(finding, path=path, line=line, message=message, entry=entry, cause=f"{path} {name}")


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
    """Findings in order, of each kind the surest per line and cause, without those that are not shown or silenced."""
    kept: dict[tuple[str, int, str], Finding] = {}
    for finding in surest_first(found):
        if choice.shows(finding) and not is_silenced(finding, files):
            kept.setdefault((finding.path, finding.line, finding.code), finding)
    # What happens while an endpoint answers does not happen in one that never does.
    never = {(finding.path, finding.line) for finding in kept.values() if finding.code == "TW003"}
    ordered = [kept[place] for place in sorted(kept) if place[:2] not in never or place[2] == "TW003"]
    said = {(finding.code, finding.function) for finding in ordered if finding.function}
    apart = [finding for finding in ordered if (SAID_BETTER.get(finding.code), finding.function) not in said]
    return joined(as_imported(finding, files) for finding in apart)


def as_imported(finding: Finding, files: Files) -> Finding:
    """A finding whose fix names modules as its file imports the framework, or else another one does: as FastAPI's in compat mode."""
    if not SHARED.search(finding.fix):
        return finding
    own = files.file(finding.path)
    near = (frameworks(file.tree) for file in (*([own] if own is not None else ()), *files.loaded()))
    is_fastapi = next(filter(None, near), None) == {"fastapi"}
    return replace(finding, fix=SHARED.sub("fastapi.", finding.fix)) if is_fastapi else finding


def frameworks(tree: ast.Module) -> set[str]:
    """The names under which a file imports the framework."""
    return {name.partition(".")[0] for name in import_names(tree).values()} & {"typeway", "fastapi"}


def surest_first(found: Iterable[Finding]) -> list[Finding]:
    return sorted(found, key=lambda finding: CONFIDENCES.index(finding.confidence))


def joined(found: Iterable[Finding]) -> list[Finding]:
    """Findings that share a cause as one, at the first of the surest places, which names the others."""
    groups: dict[object, list[Finding]] = {}
    for finding in found:
        groups.setdefault((finding.code, finding.cause) if finding.cause else id(finding), []).append(finding)
    return sorted(map(together, groups.values()), key=lambda finding: (finding.path, finding.line, finding.code))


def together(group: list[Finding]) -> Finding:
    first, *others = surest_first(group)
    if not others:
        return first
    also = tuple(Place(other.path, other.line, other.entry) for other in others)
    entries = list(dict.fromkeys(place.entry for place in also if place.entry != first.entry))
    if not entries:
        return replace(first, also=also)
    more = f" and {len(entries) - MOST_NAMED} more" if len(entries) > MOST_NAMED else ""
    return replace(first, message=f"{first.message} The same from {', '.join(entries[:MOST_NAMED])}{more}.", also=also)


def is_silenced(finding: Finding, files: Files) -> bool:
    file = files.file(finding.path)
    return file is not None and file.silences(finding.code, finding.line)
