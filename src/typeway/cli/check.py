"""Check an application for pitfalls: load it, look at it, and report in the wanted form."""

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
    """Read what a project says about its checks.

    Parameters:
        folder: where pyproject.toml may lie.

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
    """Say which rules count: what the command line says, else what the project says.

    Parameters:
        settings: the project's.
        select, ignore: the command line's; each may hold several codes with commas.

    Raises:
        CommandError: a code begins no rule's.
    """
    choice = Choice(split(select) or settings.select, (*settings.ignore, *split(ignore)))
    if choice.unknown:
        raise CommandError(f"there is no rule {', '.join(choice.unknown)}; the codes are in docs/check")
    return choice


def split(given: Sequence[str]) -> tuple[str, ...]:
    return tuple(code for entry in given for code in entry.replace(",", " ").split())


def files_of(location: AppLocation, settings: Settings, folder: Path) -> Files:
    """Say which files are the application's own."""
    excluded = tuple((folder / entry).resolve() for entry in settings.exclude)
    return Files(location.folder, location.module.partition(".")[0], excluded)


def check(load: Callable[[], Loaded], files: Files, choice: Choice) -> list[Finding]:
    """Load an application and look at it; where the framework refuses it, that is what is found.

    Parameters:
        load: imports the application.
        files: its own source files.
        choice: which rules count.

    Raises:
        CommandError: the application cannot be loaded, or is none of ours.
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
            f"{loaded.import_string} is no Typeway application; if it is written for FastAPI, add --compat"
        )
    return in_user_code(lambda: look(application, files, choice), loaded.folder)


def refused(failure: BaseException) -> DeclarationError | None:
    """The refusal of the framework that is behind a failure, if one is."""
    cause = failure.__cause__
    while cause is not None and not isinstance(cause, DeclarationError):
        cause = cause.__cause__
    return cause
