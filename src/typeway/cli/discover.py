"""Find the module of the application: from the argument, from pyproject.toml, or under the usual file names."""

import os
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from typeway.cli.error import CommandError

# The file names under which an application is looked for.
USUAL_FILES: Final = ("main.py", "app.py", "api.py")
USUAL_PATHS: Final = (*USUAL_FILES, *(f"app/{name}" for name in USUAL_FILES), "app/__init__.py")

# The keys in pyproject.toml that name the application; the first one takes precedence.
SETTINGS: Final = ("app", "entrypoint")

_ATTRIBUTE: Final = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


@dataclass(frozen=True, slots=True)
class AppLocation:
    """The module to import, and where the application is in it."""

    module: str
    folder: Path
    """The folder to add to `sys.path`; the name of the module is relative to it."""
    attribute: str | None = None
    """The name of the application or of its factory; None to look for it."""


def find_app(argument: str | None, folder: Path, tables: Sequence[str] = ("typeway",)) -> AppLocation:
    """Return the location of the application.

    Parameters:
        argument: `module:app`, `module`, `path/to/file.py`, `path/to/file.py:app` or `path/to/package`; None to
            use the setting in pyproject.toml or else the usual file names.
        folder: the current folder.
        tables: the tables below `[tool]` that may name the application; the first one takes precedence.

    Raises:
        CommandError: the file does not exist, no application is found, or the setting is invalid.
    """
    named = argument if argument is not None else _setting(folder / "pyproject.toml", tables)
    if named is not None:
        return _from_name(named, folder)
    for path in USUAL_PATHS:
        if (folder / path).is_file():
            return _from_file(folder / path)
    raise CommandError(
        f"found no application in {folder} (no {', '.join(USUAL_PATHS)}); name one, as in `typeway run module:app`, "
        'or set app = "module:app" under [tool.typeway] in pyproject.toml'
    )


def _setting(file: Path, tables: Sequence[str]) -> str | None:
    """Read the application that pyproject.toml names, if it does."""
    if not file.is_file():
        return None
    try:
        tools = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CommandError(f"{file} is not valid TOML: {error}") from error
    for table in tables:
        settings = tools.get(table, {})
        for key in SETTINGS:
            if key in settings:
                if not isinstance(settings[key], str):
                    raise CommandError(f'{file}: {key} under [tool.{table}] must be a string such as "main:app"')
                return str(settings[key])
    return None


def _from_name(named: str, folder: Path) -> AppLocation:
    """Parse `module`, `path`, `module:attribute` or `path:attribute`."""
    place, attribute = named, None
    before, colon, after = named.rpartition(":")
    # A colon after a drive letter is part of a path.
    if colon and _ATTRIBUTE.fullmatch(after):
        place, attribute = before, after
    path = folder / place
    is_path = place.endswith(".py") or "/" in place or os.sep in place or place in {".", ".."}
    if is_path or (attribute is None and path.is_dir()):
        return _from_path(path, named, attribute)
    if not _ATTRIBUTE.fullmatch(place):
        raise CommandError(f"{named!r} is neither module:app nor a path to a file or package")
    return AppLocation(place, folder, attribute)


def _from_path(path: Path, named: str, attribute: str | None) -> AppLocation:
    """Find the module of a file or a folder."""
    if path.is_file():
        if path.suffix != ".py":
            raise CommandError(f"{named!r} is not a Python file")
        return _from_file(path, attribute)
    if not path.is_dir():
        raise CommandError(f"there is no file or folder {named.removesuffix(f':{attribute}')!r} in {Path.cwd()}")
    file = next((path / name for name in (*USUAL_FILES, "__init__.py") if (path / name).is_file()), None)
    if file is None:
        raise CommandError(f"{named!r} is a folder without {', '.join(USUAL_FILES)} or __init__.py; name the file")
    return _from_file(file, attribute)


def _from_file(file: Path, attribute: str | None = None) -> AppLocation:
    """Name a file as Python would import it from the folder above its outermost package."""
    file = file.resolve()
    parts = [] if file.name == "__init__.py" else [file.stem]
    folder = file.parent
    while (folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    return AppLocation(".".join(parts), folder, attribute)
