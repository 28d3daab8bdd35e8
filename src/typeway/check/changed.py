"""Tell which findings are about code that has changed since a revision of git."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from typeway.evidence.finding import Finding
from typeway.source.files import Files, first_line

HUNK: Final = re.compile(r"@@ -\S+ \+(\d+)(?:,(\d+))? @@")
SECONDS: Final = 60

Lines = Mapping[str, frozenset[int] | None]


class GitError(Exception):
    """Git cannot say what has changed; the message is what it said."""


def changed_lines(folder: Path, revision: str) -> Lines:
    """The lines that have changed since a revision, by the absolute paths of the files; None for a file that is not in git.

    Parameters:
        folder: a folder of the working tree.
        revision: a commit, branch or tag: "HEAD" for what has not been committed.

    Raises:
        GitError: the folder is not in a repository, there is no such revision, or git is not installed.
    """
    if revision.startswith("-"):
        raise GitError(f"{revision!r} is not a revision")
    root = Path(git(folder, "rev-parse", "--show-toplevel").rstrip("\n"))
    found: dict[str, frozenset[int] | None] = {}
    path = ""
    options = ("--unified=0", "--no-color", "--no-ext-diff", "--no-prefix", "--no-renames", "--diff-filter=d")
    for line in git(root, "diff", *options, revision, "--", "*.py").split("\n"):
        if line.startswith("+++ "):
            path = str(root / line.removeprefix("+++ ").rstrip("\t"))
        elif match := HUNK.match(line):
            start, length = int(match[1]), int(match[2] or 1)
            # Where lines were only taken away, the ones around have new neighbours.
            touched = range(start, start + length) if length else range(start, start + 2)
            found[path] = (found.get(path) or frozenset()) | frozenset(touched)
    for name in git(root, "ls-files", "--others", "--exclude-standard", "-z", "--", "*.py").split("\0"):
        if name:
            found[str(root / name)] = None
    return found


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "core.quotePath=off", *arguments]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GitError(f"git cannot be run: {error}") from error
    if done.returncode:
        raise GitError((done.stderr.strip().splitlines() or ["git failed"])[0])
    return done.stdout


class Changed:
    """What has changed, as findings see it.

    Parameters:
        lines: the changed lines by file.
        files: which source files are the application's own.
    """

    def __init__(self, lines: Lines, files: Files) -> None:
        self.lines: dict[str, frozenset[int] | None] = {
            str(Path(path).resolve()): touched for path, touched in lines.items()
        }
        self.files = files
        self.names: set[str] = {name for path in lines for name in self.functions_in(path)}

    def concerns(self, finding: Finding) -> bool:
        """Whether a finding is in a function that has changed, or the way to it leads through one of that name."""
        places = [(finding.path, finding.line), *((place.path, place.line) for place in finding.also)]
        return any(self.touches(path, line) for path, line in places) or not self.names.isdisjoint(finding.chain)

    def touches(self, path: str, line: int) -> bool:
        """Whether the function around a line has changed, or outside of functions the statement."""
        key = str(Path(path).resolve())
        if key not in self.lines:
            return False
        touched, file = self.lines[key], self.files.file(path)
        if touched is None or file is None or not line:
            return True
        around = [
            range(first_line(node), (node.end_lineno or node.lineno) + 1)
            for node in file.functions.values()
            if first_line(node) <= line <= (node.end_lineno or node.lineno)
        ]
        innermost = max(around, key=lambda lines: lines.start) if around else file.head(line)
        return not touched.isdisjoint(innermost)

    def functions_in(self, path: str) -> list[str]:
        """The names of the changed functions of a file, of methods with their class, as a finding's chain names them."""
        file, touched = self.files.file(path), self.lines[str(Path(path).resolve())]
        if file is None:
            return []
        return [
            f"{file.owners[node]}.{node.name}" if node in file.owners else node.name
            for node in file.functions.values()
            if touched is None or not touched.isdisjoint(range(first_line(node), (node.end_lineno or node.lineno) + 1))
        ]
