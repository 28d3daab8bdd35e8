"""Check an application for pitfalls: read the settings, load the application, and apply the rules."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from typeway.check import Choice, Files, Finding, look, look_at_refusal
from typeway.cli.discover import AppLocation
from typeway.cli.error import CommandError
from typeway.cli.framework import require_typeway
from typeway.cli.load import Loaded, in_user_code
from typeway.exceptions import DeclarationError

SETTINGS: Final = ("select", "ignore", "exclude")


@dataclass(frozen=True, slots=True)
class Settings:
    """What `[tool.typeway.check]` in pyproject.toml says."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


def read_settings(folder: Path) -> Settings:
    """Read the settings of a project.

    Parameters:
        folder: the folder that may have a pyproject.toml.

    Raises:
        CommandError: the file or a setting in it cannot be used.
    """
    file = folder / "pyproject.toml"
    if not file.is_file():
        return Settings()
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("typeway", {}).get("check", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CommandError(f"{file} is not valid TOML: {error}") from error
    for name, value in table.items():
        if name not in SETTINGS:
            raise CommandError(f"{file}: [tool.typeway.check] takes {', '.join(SETTINGS)}, not {name!r}")
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            raise CommandError(f"{file}: {name} under [tool.typeway.check] must be a list of strings")
    return Settings(**{name: tuple(value) for name, value in table.items()})


def choose(settings: Settings, select: Sequence[str], ignore: Sequence[str]) -> Choice:
    """The rules that are selected: by the command line, else by the project.

    Parameters:
        settings: of the project.
        select, ignore: of the command line; each may be several codes, separated by commas.

    Raises:
        CommandError: there is no rule whose code begins so.
    """
    choice = Choice(split(select) or settings.select, (*settings.ignore, *split(ignore)))
    if choice.unknown:
        raise CommandError(f"there is no rule {', '.join(choice.unknown)}; `typeway explain` lists them")
    return choice


def split(given: Sequence[str]) -> tuple[str, ...]:
    return tuple(code for entry in given for code in entry.replace(",", " ").split())


def files_of(location: AppLocation, settings: Settings, folder: Path) -> Files:
    """The application's own files."""
    excluded = tuple((folder / entry).resolve() for entry in settings.exclude)
    return Files(location.folder, location.module.partition(".")[0], excluded)


def check(load: Callable[[], Loaded], files: Files, choice: Choice) -> list[Finding]:
    """Load an application and check it; if the framework refuses a declaration, that is the one finding.

    Parameters:
        load: imports the application.
        files: its own source files.
        choice: which rules are selected.

    Raises:
        CommandError: the application cannot be loaded, or is not a Typeway application.
    """
    try:
        loaded = load()
        application: Any = loaded.application()
    except CommandError as failure:
        error = refused(failure)
        if error is None:
            raise
        return look_at_refusal(error, files, choice)
    require_typeway(application, loaded.import_string)
    if not hasattr(application, "router"):
        raise CommandError(
            f"{loaded.import_string} is not a Typeway application; if it is written for FastAPI, add --compat"
        )
    return in_user_code(lambda: look(application, files, choice), loaded.folder)


def refused(failure: BaseException) -> DeclarationError | None:
    """The DeclarationError that caused a failure, if one did."""
    cause = failure.__cause__
    while cause is not None and not isinstance(cause, DeclarationError):
        cause = cause.__cause__
    return cause
