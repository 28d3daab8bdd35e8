"""Read what `[tool.typeway.check]` in pyproject.toml says, and choose the rules by it and by the command line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from typeway.check import Choice, Files
from typeway.cli.discover import AppLocation, read_table
from typeway.cli.error import CommandError

NAME: Final = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)+")
# A file may be named so, but what is not there and is named so is meant as a pattern.
PATTERN: Final = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Settings:
    """What `[tool.typeway.check]` in pyproject.toml says."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    blocking: tuple[str, ...] = ()


def read_settings(folder: Path) -> Settings:
    """Read the settings of a project.

    Parameters:
        folder: the folder that may have a pyproject.toml.

    Raises:
        CommandError: the file or a setting in it cannot be used.
    """
    file = folder / "pyproject.toml"
    table = read_table(file, "tool", "typeway", "check")
    for name, value in table.items():
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            raise CommandError(f"{file}: {name} under [tool.typeway.check] must be a list of strings")
        if name == "blocking" and not all(NAME.fullmatch(entry) for entry in value):
            raise CommandError(f'{file}: blocking under [tool.typeway.check] must have names such as "shop.mail.send"')
        missing = [entry for entry in value if not (folder / entry).exists()] if name in ("include", "exclude") else []
        if any(set(entry) & PATTERN for entry in missing):
            raise CommandError(f"{file}: {name} under [tool.typeway.check] takes files and folders, not patterns")
        if name == "include" and missing:
            raise CommandError(f"{file}: include under [tool.typeway.check] names {missing[0]!r}, which is not there")
    return Settings(**{name: tuple(value) for name, value in table.items()})


def choose(settings: Settings, select: Sequence[str], ignore: Sequence[str], everything: bool = False) -> Choice:
    """The rules that are selected: by the command line, else by the project.

    Parameters:
        settings: of the project.
        select, ignore: of the command line; each may be several codes, separated by commas.
        everything: whether findings of low confidence are shown too.

    Raises:
        CommandError: there is no rule whose code begins so.
    """
    choice = Choice(split(select) or settings.select, (*settings.ignore, *split(ignore)), everything)
    if choice.unknown:
        raise CommandError(f"there is no rule {', '.join(choice.unknown)}; `typeway explain` lists them")
    return choice


def split(given: Sequence[str]) -> tuple[str, ...]:
    return tuple(code for entry in given for code in entry.replace(",", " ").split())


def files_of(location: AppLocation, settings: Settings, folder: Path) -> Files:
    """The application's own files."""
    excluded, included = (
        tuple((folder / entry).resolve() for entry in entries) for entries in (settings.exclude, settings.include)
    )
    return Files(location.folder, location.module.partition(".")[0], excluded, included)
