"""Merge what the template changes into what the author has changed, file by file."""

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from typeway.scaffold.error import ScaffoldError
from typeway.writing import write_at_once


@dataclass(slots=True)
class Merged:
    """What is to be done to a project."""

    written: dict[str, str] = field(default_factory=dict)
    """The new texts of files by their paths."""
    deleted: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    """Files that the template changes or removes and that the author has deleted or changed."""
    conflicts: list[str] = field(default_factory=list)
    """Files in which both have changed the same lines; their new texts have conflict markers."""


def merge(folder: Path, before: Mapping[str, str], after: Mapping[str, str]) -> Merged:
    """Return what turns a project into one of another template or with other parts; nothing is written.

    Parameters:
        folder: the project.
        before: the texts that the template made it of.
        after: the texts that it shall be made of.

    Raises:
        ScaffoldError: a file of the project cannot be read, or git is needed and not installed.
    """
    merged = Merged()
    for path in sorted({*before, *after}):
        old, new = before.get(path), after.get(path)
        if old == new:
            continue
        own, newline = _read(folder, path)
        if own == new:
            continue
        if own == old:
            if new is None:
                merged.deleted.append(path)
            else:
                merged.written[path] = new.replace("\n", newline)
        elif own is None or new is None:
            merged.kept.append(path)
        else:
            text, is_clean = _merge_texts(own, old or "", new, path)
            merged.written[path] = text.replace("\n", newline)
            if not is_clean:
                merged.conflicts.append(path)
    return merged


def write(folder: Path, merged: Merged) -> None:
    """Carry out what `merge` returned."""
    for path, text in merged.written.items():
        write_file(folder / path, text.encode())
    for path in merged.deleted:
        (folder / path).unlink(missing_ok=True)


def write_file(file: Path, content: bytes) -> None:
    """Write a file at once: an interruption leaves the old one.

    Raises:
        ScaffoldError: it cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_at_once(file, content)
    except OSError as error:
        raise ScaffoldError(f"cannot write {file}: {error.strerror}") from error


def _read(folder: Path, path: str) -> tuple[str | None, str]:
    """Return the text of a file with line feeds, and the line ends that it has; None where there is no file."""
    file = folder / path
    if not file.resolve().is_relative_to(folder.resolve()):
        raise ScaffoldError(f"{path} is a link that leads out of {folder}; nothing was changed")
    try:
        text = file.read_bytes().decode()
    except FileNotFoundError:
        return None, "\n"
    except (OSError, UnicodeDecodeError) as error:
        raise ScaffoldError(
            f"cannot read {file} as text in UTF-8 ({type(error).__name__}); nothing was changed"
        ) from error
    return text.replace("\r\n", "\n"), "\r\n" if "\r\n" in text else "\n"


def _merge_texts(own: str, old: str, new: str, path: str) -> tuple[str, bool]:
    """Merge three texts with git, and return whether no line has been changed by both."""
    git = shutil.which("git")
    if git is None:
        raise ScaffoldError(
            f"git is needed to merge your changes of {path}, and it is not installed; nothing was changed"
        )
    with tempfile.TemporaryDirectory() as temporary:
        files = [Path(temporary, name) for name in ("yours", "before", "template")]
        for file, text in zip(files, (own, old, new), strict=True):
            file.write_bytes(text.encode())
        labels = [part for file in files for part in ("-L", file.name)]
        command = [git, "merge-file", "-p", "--diff3", *labels, *map(str, files)]
        done = subprocess.run(command, capture_output=True, cwd=temporary, check=False)  # noqa: S603  a fixed command
    # git merge-file exits with the number of conflicts, at most 127, and with more after an error.
    if done.returncode > 127 or done.returncode < 0:
        raise ScaffoldError(f"git could not merge {path}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode(), done.returncode == 0
