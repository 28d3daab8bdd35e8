"""Check an application for pitfalls: load it, apply the rules, report, and fix."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from typeway.application.routes import APIRoute
from typeway.application.socket_routes import APIWebSocketRoute
from typeway.check import Choice, Files, Finding, look, look_at_refusal
from typeway.check.baseline import baseline, fingerprints, read_baseline
from typeway.check.cache import Cache, state_of
from typeway.check.changed import Changed, GitError, Lines, changed_lines
from typeway.check.folders import without_folders
from typeway.check.report import Report, shown
from typeway.check.rules import RULES
from typeway.cli.check_settings import choose, files_of, read_settings
from typeway.cli.discover import find_app
from typeway.cli.error import CommandError, UsageError
from typeway.cli.framework import require_typeway
from typeway.cli.load import Loaded, in_user_code, load
from typeway.cli.output import prints_on_stderr, write_output
from typeway.evidence.subject import applications_in, unwrapped
from typeway.exceptions import DeclarationError
from typeway.source.files import imported, is_below
from typeway.source.program import Program

# From this time on a terminal shows how far the check has come.
PATIENCE_SECONDS: Final = 1.0

# How many modules or packages are named that could not be read.
MOST_MODULES: Final = 3

# A baseline is written of all findings, and nothing else is done then.
CONFLICTS: Final = (
    ("fix", "diff"),
    ("write_baseline", "fix"),
    ("write_baseline", "diff"),
    ("write_baseline", "changed"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for.

    Parameters:
        target: the application; None to look for it.
        form: the format of the report: a key of `typeway.check.report.FORMS`.
        select, ignore: the rules to check and to leave out.
        everything: whether findings of low confidence are shown too.
        output: the file to write instead of stdout.
        fix: whether to change the source as far as that is safe.
        diff: whether to show those changes instead of the report.
        baseline: a file of findings that are not shown.
        write_baseline: the file to write with all findings.
        changed: a revision of git; only findings about what has changed since are shown.
        cached: whether findings of an unchanged application come from the cache.
        factory: whether the target is a function that returns the application.
        compat: whether `import fastapi` imports Typeway.
    """

    target: str | None = None
    form: str = "text"
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    everything: bool = False
    output: str | None = None
    fix: bool = False
    diff: bool = False
    baseline: str | None = None
    write_baseline: str | None = None
    changed: str | None = None
    cached: bool = True
    factory: bool = False
    compat: bool = False


def perform(asked: Asked) -> int:
    """Carry out the command.

    Returns:
        The exit status: 0 if nothing was found, else 1.

    Raises:
        CommandError: the application cannot be checked.
    """
    for one, other in CONFLICTS:
        if getattr(asked, one) and getattr(asked, other):
            options = [f"--{name.replace('_', '-')}" for name in (one, other)]
            raise UsageError(f"{' and '.join(options)} cannot be given together: leave one out")
    folder = Path.cwd()
    settings = read_settings(folder)
    choice = choose(settings, asked.select, asked.ignore, asked.everything)
    known = known_before(asked.baseline)
    lines = changed_since(folder, asked.changed)
    location = find_app(asked.target, folder)
    files = files_of(location, settings, folder)
    cache = Cache(folder, f"{location} {choice}") if asked.cached else None
    with prints_on_stderr():
        found = check(
            lambda: load(location, factory=asked.factory, compat=asked.compat), files, choice, settings.blocking, cache
        )
    tell_comments(files, folder)
    if asked.write_baseline is not None:
        write_output(baseline(fingerprints(found, files, folder), files, folder), asked.write_baseline)
        print(f"{counted(len(found), 'finding')} in {asked.write_baseline}", file=sys.stderr)
        return 0
    if known is not None:
        found = not_known(found, known, files, folder)
    if lines is not None:
        changed = Changed(lines, files)
        found = [finding for finding in found if changed.concerns(finding)]
    report = Report(found, files, folder)
    if asked.diff:
        write_output("".join(change.diff(report.shown(change.path)) for change in report.changes), asked.output, end="")
        return int(bool(found))
    if asked.fix:
        report = fixed(report)
    write_output(report.write(asked.form), asked.output)
    return int(bool(report.findings))


def fixed(report: Report) -> Report:
    """Change the source, and return a report of what is left."""
    for change in report.changes:
        try:
            change.write()
        except OSError as error:
            raise CommandError(f"cannot write {change.path}: {error.strerror}") from error
    lines = {change.path: change.line_after for change in report.changes}
    left = [moved(finding, lines) for finding in report.findings if finding not in report.repairs]
    print(f"{counted(len(report.findings) - len(left), 'finding')} fixed", file=sys.stderr)
    return Report(left, replace(report.files, read={}), report.folder)


def moved(finding: Finding, lines: Mapping[str, Callable[[int], int]]) -> Finding:
    """A finding at the line where it is after other findings of the file have been fixed."""
    return replace(finding, line=lines[finding.path](finding.line)) if finding.path in lines else finding


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def known_before(path: str | None) -> frozenset[str] | None:
    """The findings of a baseline."""
    if path is None:
        return None
    try:
        return read_baseline(Path(path))
    except FileNotFoundError as error:
        raise CommandError(f"there is no file {path}; --write-baseline {path} writes it") from error
    except OSError as error:
        raise CommandError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise CommandError(f"{path} is not a baseline: {error}") from error


def not_known(found: Sequence[Finding], known: frozenset[str], files: Files, folder: Path) -> list[Finding]:
    """The findings that are not in a baseline; says how many of the baseline are gone."""
    named = fingerprints(found, files, folder)
    gone = known - set(named.values())
    if gone:
        print(
            f"{counted(len(gone), 'finding')} of the baseline gone: --write-baseline writes it again", file=sys.stderr
        )
    return [finding for finding in found if named[finding] not in known]


def changed_since(folder: Path, revision: str | None) -> Lines | None:
    """What has changed since a revision of git, if one is given."""
    if revision is None:
        return None
    try:
        return changed_lines(folder, revision)
    except GitError as error:
        raise CommandError(
            f"--changed {revision or repr(revision)}: {error} (without a revision, --changed comes last)"
        ) from error


def check(
    load: Callable[[], Loaded],
    files: Files,
    choice: Choice,
    blocking: Sequence[str] = (),
    cache: Cache | None = None,
) -> list[Finding]:
    """Load an application and check it; if the framework refuses a declaration, that is the one finding.

    Parameters:
        load: imports the application.
        files: its own source files.
        choice: which rules are selected.
        blocking: qualified names of what blocks beside what is known to.
        cache: where findings are kept.

    Raises:
        CommandError: the application cannot be loaded, is not a Typeway application, or has nothing to check.
    """
    before = {*sys.modules}
    with without_folders() as noted:
        try:
            loaded = load()
            made = loaded.application()
        except CommandError as failure:
            error = refused(failure)
            if error is None:
                raise
            told = look_at_refusal(error, files, choice)
            if not told:
                # Without a finding it would seem that the rest had been checked.
                raise
            return told
        inner = unwrapped(made)
        application: Any = made if inner is None else inner
    require_typeway(application, loaded.import_string)
    if inner is None:
        raise CommandError(
            f"{loaded.import_string} is not a Typeway application; if it is written for FastAPI, add --compat"
        )
    with without_collection():
        question = (choice, blocking, files.excluded, files.included, [str(error) for error in noted])
        state = state_of(application, files, question) if cache is not None else ""
        found = cache.findings(state) if cache is not None else None
        if found is None:
            progress = Progress()
            found = in_user_code(
                lambda: look(application, files, choice, blocking, noted=noted, progress=progress.tell), loaded.folder
            )
            progress.end()
            if cache is not None:
                cache.keep(state, found)
    tell_beside(files, before)
    tell_unread(application, files, loaded.import_string, is_clean=not found)
    return found


def tell_beside(files: Files, before: set[str]) -> None:
    """Say which packages of the same project, as it seems, no rule has read because they are in other folders.

    Parameters:
        files: the application's own source files.
        before: the modules that the application did not import.
    """
    found, drive = set[str](), Path.cwd().drive
    for name, _, path in imported():
        if name not in before and files.is_beside(path):
            file = Path(path)
            inner = file.parent if file.name == "__init__.py" else file
            # The outermost package; of one that is spread over several folders the part that is here.
            place = [inner, *inner.parents][min(name.count("."), len(inner.parents))]
            if place.stem == name.partition(".")[0]:
                found.add(os.path.relpath(place) if place.drive == drive else str(place))
    if found:
        print(
            f"not read, because outside of {files.folder}: {few(found)}; [tool.typeway.check] can name them, or folders around them,"
            " in include, to read them too, or in exclude, to leave them out silently",
            file=sys.stderr,
        )


def few(names: set[str]) -> str:
    return ", ".join(sorted(names)[:MOST_MODULES]) + ", …" * (len(names) > MOST_MODULES)


def tell_unread(application: Any, files: Files, name: str, *, is_clean: bool) -> None:
    """Say which endpoints no rule has read: without that, a report without findings would say more than it knows.

    Raises:
        CommandError: nothing was found because there is nothing to read.
    """
    routes = [route for part in applications_in(application, "") for route in part.routes]
    endpoints = [route.endpoint for route in routes if isinstance(route, APIRoute | APIWebSocketRoute)]
    if is_clean and not endpoints:
        raise CommandError(f"{name} has no endpoints, so there is nothing to check")
    unread = [endpoint for endpoint in endpoints if not is_readable(endpoint, files)]
    modules = {str(getattr(endpoint, "__module__", None) or type(endpoint).__module__) for endpoint in unread}
    if unread and is_clean and len(unread) == len(endpoints):
        raise CommandError(
            f"no endpoint of {name} can be read, so there is nothing to check: the source of {few(modules)} is missing, or not in"
            f" {files.folder}; run the check in the folder that has it, or name the application by that package"
        )
    if unread:
        print(
            f"{len(unread)} of {counted(len(endpoints), 'endpoint')} not read, because the source is missing, or not the"
            f" application's own: {few(modules)}",
            file=sys.stderr,
        )


def tell_comments(files: Files, folder: Path) -> None:
    """Say which comments are meant to silence rules that do not exist."""
    for path in sorted({path for _, _, path in imported() if files.is_own(path)}):
        # PERF: where the findings come from the cache no file has been parsed, and few have such a comment.
        is_worth = Path(path).is_file() and b"typeway:" in Path(path).read_bytes()
        file = files.file(path) if is_worth else None
        for line, codes in file.ignored.items() if file is not None else ():
            unknown = sorted(codes - RULES.keys()) if codes is not None else []
            if unknown or codes == frozenset():
                said = f"there is no rule {', '.join(unknown)}" if unknown else "it names no rule"
                place = f"{shown(path, folder)}:{line}"
                print(f"{place}: # typeway: ignore: {said}; `typeway explain` lists them", file=sys.stderr)


def is_readable(endpoint: Any, files: Files) -> bool:
    """Whether the rules can read the source of an endpoint, or of what it wraps; what the settings exclude is not meant to be."""
    path = getattr(getattr(endpoint, "__code__", None), "co_filename", "")
    if any(is_below(files.resolved(path), place) for place in files.excluded):
        return True
    # PERF: where the findings come from the cache no file has been read, and reading all would take 2 s for 110,000 lines.
    is_there = path in files.read or Path(path).is_file()
    return (is_there and files.is_own(path)) or Program(files).function(endpoint) is not None


@contextmanager
def without_collection() -> Iterator[None]:
    """Do not look for garbage meanwhile, nor afterwards among what is there at the end.

    PERF: a syntax tree is many small objects that stay, and looking through them again and again takes 40 % of the time. Looking
    through them once more at the end, as Python does when it is told to begin again, takes 0.4 s for 110,000 lines.
    """
    was_on = gc.isenabled()
    gc.disable()
    gc.unfreeze()  # what an earlier check in the same process has left
    try:
        yield
    finally:
        if was_on:
            gc.freeze()
            gc.enable()


class Progress:
    """Shows on a terminal how far a check has come, if it takes long."""

    def __init__(self) -> None:
        self.begun: float = time.monotonic()
        self.is_shown: bool = False

    def tell(self, done: int, total: int) -> None:
        if sys.stderr is not None and sys.stderr.isatty() and time.monotonic() - self.begun > PATIENCE_SECONDS:
            print(f"\rtypeway check: {done} of {total} rules", end="", file=sys.stderr, flush=True)
            self.is_shown = True

    def end(self) -> None:
        if self.is_shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def refused(failure: BaseException) -> DeclarationError | None:
    """The DeclarationError that caused a failure, if one did."""
    cause = failure.__cause__
    while cause is not None and not isinstance(cause, DeclarationError):
        cause = cause.__cause__
    return cause
