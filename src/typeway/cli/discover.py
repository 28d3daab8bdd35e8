"""Find the module that holds the application: from the argument, from pyproject.toml, or from the usual places."""

import os
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from typeway.cli.failure import Failure

# Where people put their application when they do not say where.
USUAL_FILES: Final = ("main.py", "app.py", "api.py")
USUAL_PLACES: Final = (*USUAL_FILES, *(f"app/{name}" for name in USUAL_FILES), "app/__init__.py")

# The keys of such a table that name the application, in the order in which they are asked.
SETTINGS: Final = ("app", "entrypoint")

_ATTRIBUTE: Final = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


@dataclass(frozen=True, slots=True)
class Target:
    """The module to import, and where in it the application is."""

    module: str
    folder: Path
    """The folder from which the module's name counts; it goes on `sys.path`."""
    attribute: str | None = None
    """The name of the application or of its factory; None to look for it."""


def find_target(argument: str | None, folder: Path, tables: Sequence[str] = ("typeway",)) -> Target:
    """Say what to import.

    Parameters:
        argument: `module:app`, `module`, `path/to/file.py`, `path/to/file.py:app` or `path/to/package`; None to
            ask `[tool.typeway]` in pyproject.toml, and without an answer there, the usual places.
        folder: the folder in which the user stands.
        tables: the tables below `[tool]` that may name the application; the first that does counts.

    Raises:
        Failure: there is no such file, or nothing to be found, or the setting is not usable.
    """
    named = argument if argument is not None else _setting(folder / "pyproject.toml", tables)
    if named is not None:
        return _named_target(named, folder)
    for place in USUAL_PLACES:
        if (folder / place).is_file():
            return _file_target(folder / place)
    raise Failure(
        f"found no application in {folder} (no {', '.join(USUAL_PLACES)}); name one, as in `typeway run module:app`, "
        'or set app = "module:app" under [tool.typeway] in pyproject.toml'
    )


def _setting(file: Path, tables: Sequence[str]) -> str | None:
    """Read which application the project names, if it does."""
    if not file.is_file():
        return None
    try:
        tools = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Failure(f"{file} is not valid TOML: {error}") from error
    for table in tables:
        settings = tools.get(table, {})
        for key in SETTINGS:
            if key in settings:
                if not isinstance(settings[key], str):
                    raise Failure(f'{file}: {key} under [tool.{table}] must be a string such as "main:app"')
                return str(settings[key])
    return None


def _named_target(named: str, folder: Path) -> Target:
    """Read `place` or `place:attribute`."""
    place, attribute = named, None
    before, colon, after = named.rpartition(":")
    # A colon after a drive letter is part of a path.
    if colon and _ATTRIBUTE.fullmatch(after):
        place, attribute = before, after
    path = folder / place
    is_path = place.endswith(".py") or "/" in place or os.sep in place or place in {".", ".."}
    if is_path or (attribute is None and path.is_dir()):
        return _path_target(path, named, attribute)
    if not _ATTRIBUTE.fullmatch(place):
        raise Failure(f"{named!r} is neither module:app nor a path to a file or package")
    return Target(place, folder, attribute)


def _path_target(path: Path, named: str, attribute: str | None) -> Target:
    """Turn a file or a folder into a module."""
    if path.is_file():
        if path.suffix != ".py":
            raise Failure(f"{named!r} is not a Python file")
        return _file_target(path, attribute)
    if not path.is_dir():
        raise Failure(f"there is no file or folder {named.removesuffix(f':{attribute}')!r} in {Path.cwd()}")
    file = next((path / name for name in (*USUAL_FILES, "__init__.py") if (path / name).is_file()), None)
    if file is None:
        raise Failure(f"{named!r} is a folder without {', '.join(USUAL_FILES)} or __init__.py; name the file")
    return _file_target(file, attribute)


def _file_target(file: Path, attribute: str | None = None) -> Target:
    """Name a file as Python would import it: from the folder above the outermost package."""
    file = file.resolve()
    parts = [] if file.name == "__init__.py" else [file.stem]
    folder = file.parent
    while (folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    return Target(".".join(parts), folder, attribute)
