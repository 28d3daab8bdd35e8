"""Keep the findings of an application until something changes on which they depend."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from typeway.evidence.finding import Finding, Place
from typeway.evidence.subject import applications_in
from typeway.source.asking import attributes_of
from typeway.source.files import Files, is_deployment
from typeway.source.values import dotted
from typeway.version import __version__
from typeway.writing import write_at_once

FOLDER: Final = ".typeway_cache"
# Files beside the application from which it may read settings.
SETTINGS: Final = frozenset({".toml", ".ini", ".cfg", ".yaml", ".yml", ".json", ".env"})
LARGEST: Final = 1_000_000
# Variables of the environment that say which terminal runs a command, and nothing about an application.
PASSING: Final = frozenset({
    "_", "PWD", "OLDPWD", "SHLVL", "COLUMNS", "LINES", "TERM", "COLORTERM", "WINDOWID", "DISPLAY", "PS1", "HISTFILE",
    "PYTEST_CURRENT_TEST", "GPG_TTY", "STY", "TMUX", "TMUX_PANE", "INVOCATION_ID", "JOURNAL_STREAM",
})  # fmt: skip
PASSING_PREFIXES: Final = ("SSH_", "XDG_SESSION", "DBUS_", "TERM_", "VSCODE_", "LC_")


def state_of(application: Any, files: Files, question: Sequence[object]) -> str:
    """A name for everything on which the findings of an application that has been imported depend.

    These are the question itself, the contents of its own files, the other modules that were imported, its routes, the environment
    and the settings beside it.

    Parameters:
        application: the application.
        files: which source files are its own.
        question: what else decides about the findings: rules, settings. Their `repr` counts.
    """
    digest = hashlib.sha256()
    for part in parts_of(application, files, question):
        digest.update(part.encode(errors="surrogateescape") + b"\0")
    return digest.hexdigest()


def parts_of(application: Any, files: Files, question: Sequence[object]) -> Iterator[str]:
    yield from (__version__, sys.version, repr(question))
    yield from sorted(modules(files))
    yield from routes(application)
    for name, value in sorted(os.environ.items()):
        if name not in PASSING and not name.startswith(PASSING_PREFIXES):
            yield f"{name}={value}"
    for folder in sorted({files.folder, Path.cwd()}):
        yield from (f"{path} {contents(path)}" for path in sorted(folder.iterdir()) if is_settings(path))


def modules(files: Files) -> Iterator[str]:
    """The modules that have been imported: the application's by their contents, others by the time at which they were written."""
    for name, module in list(sys.modules.items()):
        path = attributes_of(module).get("__file__")
        if not isinstance(path, str):
            continue
        if path.endswith(".py") and files.is_own(path):
            yield f"{name} {path} {contents(Path(path))}"
            continue
        try:
            status = Path(path).stat()
        except OSError:
            continue
        yield f"{name} {path} {status.st_mtime_ns} {status.st_size}"


def routes(application: Any) -> Iterator[str]:
    """The routes and middleware of an application, which may depend on what is in no file."""
    for part in applications_in(application, ""):
        for entry in getattr(part.app, "user_middleware", ()):
            yield f"{dotted(entry.cls)} {sorted(entry.kwargs)}"
        for route in part.routes:
            methods = sorted(getattr(route, "methods", None) or ())
            name = dotted(getattr(route, "endpoint", None))
            yield f"{type(route).__name__} {part.prefix}{getattr(route, 'path', '')} {methods} {name}"


def is_settings(path: Path) -> bool:
    is_one = path.suffix in SETTINGS or path.name.startswith(".env")
    return (is_one and path.is_file()) or is_deployment(path)


def contents(path: Path) -> str:
    """A hash of a file's contents; of a large one its time and size."""
    try:
        status = path.stat()
        if status.st_size > LARGEST:
            return f"{status.st_mtime_ns} {status.st_size}"
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


class Cache:
    """The findings of the applications of one project, each kept once, in a folder that git ignores.

    Parameters:
        folder: the project's folder.
        name: which application, and which question about it: each keeps its last findings.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.folder: Path = folder / FOLDER
        self.file: Path = self.folder / f"check-{hashlib.sha256(name.encode()).hexdigest()[:16]}.json"

    def findings(self, state: str) -> list[Finding] | None:
        """The findings that were kept for a state; None if there are none, or they cannot be read."""
        try:
            data = json.loads(self.file.read_text(encoding="utf-8"))
            return [finding_of(record) for record in data["findings"]] if data["state"] == state else None
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def keep(self, state: str, findings: Iterable[Finding]) -> None:
        """Keep the findings for a state; a folder that cannot be written is no failure."""
        text = json.dumps({"state": state, "findings": [asdict(finding) for finding in findings]})
        try:
            self.folder.mkdir(exist_ok=True)
            for name, content in {
                ".gitignore": "*\n",
                "CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55\n",
            }.items():
                if not (self.folder / name).exists():
                    (self.folder / name).write_text(content, encoding="utf-8")
            # A run at the same time reads the old or the new one.
            write_at_once(self.file, text.encode())
        except OSError:
            return


def finding_of(record: dict[str, Any]) -> Finding:
    also = tuple(Place(**place) for place in record["also"])
    return Finding(**{**record, "chain": tuple(record["chain"]), "also": also})
