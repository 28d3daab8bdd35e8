"""Carry out `typeway migrate`: look at a project's source, load its application on each framework, compare, rewrite imports."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from typeway.check.fix.edits import read_text, write_text
from typeway.cli.discover import AppLocation, find_app
from typeway.cli.error import CommandError
from typeway.cli.load import load
from typeway.compat.importing.launch import begin
from typeway.migrate import compare, suites
from typeway.migrate.finding import Finding, Report, Weight
from typeway.migrate.names import look_at_names, python_files, rewritten
from typeway.migrate.observe import Seen, observe
from typeway.migrate.pins import look_at_pins
from typeway.migrate.plugins import look_at_plugins

# How an application is loaded: on FastAPI itself, in compat mode, with Typeway's own conventions.
PEER, COMPAT, NATIVE = "fastapi", "compat", "typeway"
LOADING_SECONDS = 120


@dataclass(slots=True)
class Look:
    """A report in the making."""

    root: Path
    findings: list[Finding] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    looked: list[str] = field(default_factory=list)

    def note(self, number: int, one: str, several: str) -> None:
        """Note how many of something were looked at."""
        self.looked.append(f"{number} {one if number == 1 else several}")

    def report(self) -> Report:
        return Report(list(dict.fromkeys(self.findings)), self.skipped, self.looked)


def migrate(path: Path, target: str | None, *, factory: bool, tests: Sequence[str] | None, seconds: float) -> Report:
    """Look at a project that is written for FastAPI; nothing of it is changed.

    Parameters:
        path: the folder of the project, or one file.
        target: the application, as for the other commands.
        factory: whether it is a function that returns the application.
        tests: run the tests with these arguments of pytest on both frameworks; None not to.
        seconds: how long the tests may take on each.

    Raises:
        CommandError: there is nothing at the path.
    """
    if not path.exists():
        raise CommandError(f"there is no file or folder {path}")
    root = path.resolve()
    look = Look(root if root.is_dir() else root.parent)
    for found, number, one, several in (
        (*look_at_names(root), "source file", "source files"),
        (*look_at_pins(root), "file of requirements", "files of requirements"),
        (*look_at_plugins(), "package built on FastAPI", "packages built on FastAPI"),
    ):
        look.findings += found
        look.note(number, one, several)
    load_and_compare(look, target, factory=factory)
    if tests is not None:
        run_tests(look, tests, seconds)
    return look.report()


def load_and_compare(look: Look, target: str | None, *, factory: bool) -> None:
    """Load the application on each framework and note what differs."""
    try:
        location = find_app(target, look.root)
    except CommandError as error:
        look.skipped.append(f"the application: {error}")
        return
    with tempfile.TemporaryDirectory() as folder:
        peer = seen_by(PEER, location, factory, look, Path(folder)) if is_installed("fastapi") else None
        if peer is None and not look.skipped:
            look.skipped.append("the comparison with FastAPI: it is not installed here")
        compat = seen_by(COMPAT, location, factory, look, Path(folder))
        native = seen_by(NATIVE, location, factory, look, Path(folder))
    look.findings += comparison(peer, compat, native)
    if compat is not None and peer is not None and peer.error and compat.error:
        look.skipped.append(f"the routes: the application does not load here, on FastAPI either: {peer.error}")
    elif compat is not None and not compat.error:
        look.note(len(compat.routes), "loaded route", "loaded routes")


def comparison(peer: Seen | None, compat: Seen | None, native: Seen | None) -> Iterator[Finding]:
    if compat is None:
        return
    yield from compare.failures(compat, peer=peer)
    yield from compare.differences(compat)
    if peer is not None and not (peer.error or compat.error):
        yield from compare.route_changes(peer, compat)
        yield from compare.document_changes(peer, compat, Weight.DECIDE)
    if native is not None and not compat.error:
        yield from compare.refusals(native)
        yield from compare.document_changes(compat, native, Weight.KNOW)


def is_installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def seen_by(mode: str, location: AppLocation, factory: bool, look: Look, folder: Path) -> Seen | None:
    """Load the application in a process of its own and return what it saw; None if the process failed."""
    output = folder / f"{mode}.json"
    wanted = {
        "module": location.module,
        "folder": str(location.folder),
        "attribute": location.attribute,
        "factory": factory,
        "root": str(look.root),
    }
    command = [sys.executable, "-m", "typeway.cli.migrate", mode, json.dumps(wanted), str(output)]
    try:
        done = subprocess.run(  # noqa: S603 - this package, with what the reader has named
            command, cwd=look.root, capture_output=True, text=True, timeout=LOADING_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        look.skipped.append(f"the application with {mode}: it had not loaded after {LOADING_SECONDS} seconds")
        return None
    if not output.exists():
        last = done.stderr.strip().splitlines()[-1:] or ["it printed nothing"]
        look.skipped.append(f"the application with {mode}: its process ended: {last[0]}")
        return None
    return Seen.of_data(json.loads(output.read_text(encoding="utf-8")))


def run_tests(look: Look, arguments: Sequence[str], seconds: float) -> None:
    """Run the project's tests on both frameworks and note what differs."""
    if not is_installed("fastapi"):
        look.skipped.append("the tests: FastAPI is not installed here, so there is nothing to compare with")
        return
    with tempfile.TemporaryDirectory() as folder:
        try:
            before, after = (
                suites.outcomes(
                    look.root, arguments, Path(folder) / f"{on_typeway}.xml", on_typeway=on_typeway, seconds=seconds
                )
                for on_typeway in (False, True)
            )
        except suites.SuiteError as error:
            look.skipped.append(f"the tests: {error}")
            return
    look.findings += suites.compare(before, after)
    look.note(len(before), "compared test", "compared tests")


def write(path: Path) -> list[str]:
    """Change the imports of FastAPI in a project to imports of Typeway; return one line for each file, and each import that stays.

    Raises:
        CommandError: a file cannot be written.
    """
    root = path.resolve()
    lines = []
    for file in python_files(root):
        shown = file.relative_to(root) if root.is_dir() else file.name
        try:
            source, encoding = read_text(file)
            text, left = rewritten(source)
        except (SyntaxError, UnicodeDecodeError):
            lines.append(f"{shown}: cannot be read, and was not changed")
            continue
        lines += [f"{shown}:{line}: this import stays: Typeway itself does not have all of it" for line in left]
        if text != source:
            try:
                write_text(file, text, encoding)
            except OSError as error:
                raise CommandError(f"cannot write {file}: {error.strerror}") from error
            lines.append(f"{shown}: imports Typeway")
    return lines


def child(mode: str, wanted: str, output: str) -> None:
    """Load an application in this process and write down what it consists of."""
    given = json.loads(wanted)
    framework = "Typeway" if mode == NATIVE else "Typeway in compat mode"
    if mode == PEER:
        framework = f"FastAPI {metadata.version('fastapi')}"
    else:
        begin()
        if mode == NATIVE:
            take_own_conventions()
    location = AppLocation(given["module"], Path(given["folder"]), given["attribute"])
    seen = observe(framework, lambda: load(location, factory=given["factory"]).application(), Path(given["root"]))
    Path(output).write_text(json.dumps(seen.as_data(), default=repr), encoding="utf-8")


def take_own_conventions() -> None:
    """Give compat mode's classes Typeway's conventions: the application is then what it would be after its imports were changed."""
    from typeway.compat.shapes.application import APIRouter, FastAPI
    from typeway.declare.conventions import TYPEWAY

    for kind in (FastAPI, APIRouter):
        kind.conventions = TYPEWAY


if __name__ == "__main__":
    child(*sys.argv[1:])
