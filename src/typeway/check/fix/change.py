"""Collect what the repairs of findings change in each file, show it as a diff, and write it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from typeway.check.fix.edits import Edit, Source, lines_of, read_text, write_text
from typeway.check.fix.repairs import REPAIRS, repair
from typeway.evidence.finding import Finding
from typeway.source.files import Files

# How many lines around a change are shown.
CONTEXT = 2


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one file.

    Parameters:
        path: the file, absolute.
        source: the file as it is.
        encoding: its encoding.
        repairs: for each finding that can be repaired what changes for it.
    """

    path: str
    source: Source
    encoding: str
    repairs: Mapping[Finding, Sequence[Edit]]

    @property
    def edits(self) -> list[Edit]:
        """Everything that changes, each once: two findings may need the same import."""
        return list(dict.fromkeys(edit for edits in self.repairs.values() for edit in edits))

    def diff(self, name: str, edits: Iterable[Edit] | None = None) -> str:
        """The change as a unified diff, which `git apply` takes.

        Parameters:
            name: the file as it is called in the diff.
            edits: only these edits; None for all.
        """
        old = lines_of(self.source.text)
        new = lines_of(self.source.edited(self.edits if edits is None else edits))
        lines = difflib.unified_diff(old, new, f"a/{name}", f"b/{name}", n=CONTEXT)
        return "".join(
            line if line.endswith(("\n", "\r")) else f"{line}\n\\ No newline at end of file\n" for line in lines
        )

    def line_after(self, line: int) -> int:
        """The number of a line after the change."""
        start = self.source.starts[line - 1] if line else 0
        before = (edit for edit in self.edits if edit.start <= start and edit.end <= start)
        return line + sum(len(lines_of(edit.text + "x")) - 1 for edit in before)

    def write(self) -> None:
        """Write the file as it becomes.

        Raises:
            OSError: the file cannot be written.
        """
        write_text(Path(self.path), self.source.edited(self.edits), self.encoding)


def changes(findings: Iterable[Finding], files: Files) -> list[Change]:
    """What changes in each file so that findings are gone, as far as that can be done safely.

    Parameters:
        findings: what was found.
        files: which source files are the application's own: no other is changed.
    """
    by_path: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.code in REPAIRS and files.file(finding.path) is not None:
            by_path.setdefault(finding.path, []).append(finding)
    found = []
    for path, here in sorted(by_path.items()):
        text, encoding = read_text(Path(path))
        source = Source(text)
        repairs = apart((finding, repair(source, finding)) for finding in here)
        if repairs:
            found.append(Change(path, source, encoding, repairs))
    return found


def apart(repairs: Iterable[tuple[Finding, list[Edit]]]) -> dict[Finding, list[Edit]]:
    """Those repairs that do not get into each other's way, the earlier ones first."""
    kept: dict[Finding, list[Edit]] = {}
    taken: set[Edit] = set()
    for finding, edits in repairs:
        if edits and not any(meet(edit, other) for edit in edits for other in taken - {edit}):
            kept[finding] = edits
            taken.update(edits)
    return kept


def meet(one: Edit, other: Edit) -> bool:
    """Whether two edits change the same text; two that only insert do not."""
    return one.start < other.end and other.start < one.end
