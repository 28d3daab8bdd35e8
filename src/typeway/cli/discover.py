"""Find the module of the application: from the argument, from pyproject.toml, or under the usual file names."""

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from typeway.cli.error import CommandError

# The file names under which an application is looked for: in the current folder, in app/, in src/, and in the packages
# below src/.
USUAL_FILES: Final = ("main.py", "app.py", "api.py", "server.py")
USUAL_PATHS: Final = (*USUAL_FILES, *(f"app/{name}" for name in USUAL_FILES), "app/__init__.py")
SOURCES: Final = "src"

# The tables of pyproject.toml that may name the application, and the keys; the first one takes precedence.
TABLES: Final = ("typeway", "fastapi")
SETTINGS: Final = ("app", "entrypoint")

# Every table of pyproject.toml that is Typeway's, with all that it may have; [tool.fastapi] is another program's too.
OWN_TABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "tool.typeway": (*SETTINGS, "check"),
    "tool.typeway.check": ("select", "ignore", "include", "exclude", "blocking"),
}

_ATTRIBUTE: Final = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


@dataclass(frozen=True, slots=True)
class AppLocation:
    """The module to import, and where the application is in it."""

    module: str
    folder: Path
    """The folder to add to `sys.path`; the name of the module is relative to it."""
    attribute: str | None = None
    """The name of the application or of its factory; None to look for it."""
    setting: Path | None = None
    """The file whose setting names it, if no argument does."""


def find_app(argument: str | None, folder: Path) -> AppLocation:
    """Return the location of the application.

    Parameters:
        argument: `module:app`, `module`, `path/to/file.py`, `path/to/file.py:app` or `path/to/package`; None to
            use the setting in pyproject.toml or else the usual file names.
        folder: the current folder.

    Raises:
        CommandError: the file does not exist, no application is found, or the setting is invalid.
    """
    if argument is not None:
        return _from_name(argument, folder)
    file = folder / "pyproject.toml"
    named = _setting(file)
    if named is not None:
        return replace(_from_name(named, folder), setting=file)
    for path in USUAL_PATHS:
        if (folder / path).is_file():
            return _from_file(folder / path)
    found = _in_sources(folder / SOURCES)
    if len(found) == 1:
        return found[0]
    if found:
        modules = ", ".join(location.module for location in found)
        raise CommandError(f"found several applications in {folder / SOURCES}; name one: {modules}")
    raise CommandError(
        f"found no application in {folder} (no {', '.join(USUAL_PATHS)}, nor one of these in {SOURCES}/ or a package in it); "
        "name one, as in `typeway run module:app`, "
        'or set app = "module:app" under [tool.typeway] in pyproject.toml'
    )


def _in_sources(sources: Path) -> list[AppLocation]:
    """Find the usual files below `src/`: directly there, else one in each package, which need not have an `__init__`."""
    direct = next((name for name in USUAL_FILES if (sources / name).is_file()), None)
    if direct is not None:
        return [_from_file(sources / direct)]
    packages = [path for path in sorted(sources.iterdir()) if path.name.isidentifier()] if sources.is_dir() else []
    for names in (USUAL_FILES, ("__init__.py",)):
        found = []
        for package in packages:
            name = next((name for name in names if (package / name).is_file()), None)
            if name is not None:
                module = f"{package.name}.{name.removesuffix('.py')}".removesuffix(".__init__")
                found.append(AppLocation(module, sources.resolve()))
        if found:
            return found
    return []


def read_table(file: Path, *names: str) -> dict[str, Any]:
    """Return a table of pyproject.toml; an empty one if the file does not have it.

    Parameters:
        file: the pyproject.toml.
        names: the names of the tables around it and its own, such as "tool" and "typeway".

    Raises:
        CommandError: the file cannot be read, has something else than a table there, or a table of Typeway's has a setting
            that does not exist.
    """
    if not file.is_file():
        return {}
    try:
        table: Any = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CommandError(f"{file} is not valid TOML: {error}") from error
    except OSError as error:
        raise CommandError(f"cannot read {file}: {error.strerror}") from error
    for number, name in enumerate(names, 1):
        table = table.get(name, {})
        if not isinstance(table, dict):
            raise CommandError(f"{file}: {'.'.join(names[:number])} must be a table, as in [{'.'.join(names)}]")
        _refuse_unknown(file, ".".join(names[:number]), table)
    return dict(table)


def _refuse_unknown(file: Path, name: str, table: Mapping[str, Any]) -> None:
    """Refuse a setting that a table of Typeway's does not have, and name the closest one: of this table, or else of another."""
    known = OWN_TABLES.get(name, table)
    for key in (key for key in table if key not in known):
        close = {
            other: nearest[0]
            for other in (name, *OWN_TABLES)
            if (nearest := difflib.get_close_matches(key, OWN_TABLES[other], n=1))
        }
        advice = next((f"; did you mean {one} under [{other}]?" for other, one in close.items()), "")
        raise CommandError(f"{file}: [{name}] takes {', '.join(known)}, not {key!r}{advice}")


def _setting(file: Path) -> str | None:
    """Read the application that pyproject.toml names, if it does."""
    for table in TABLES:
        settings = read_table(file, "tool", table)
        for key in SETTINGS:
            if key in settings:
                if not isinstance(settings[key], str):
                    raise CommandError(f'{file}: {key} under [tool.{table}] must be a string such as "main:app"')
                return str(settings[key])
    return None


def _from_name(named: str, folder: Path) -> AppLocation:
    """Parse `module`, `path`, `module:attribute` or `path:attribute`.

    A module that is neither in the folder nor installed may be below `src/`.
    """
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
    package = place.partition(".")[0]
    sources = folder / SOURCES
    if _has(sources, package) and not _has(folder, package) and find_spec(package) is None:
        return AppLocation(place, sources, attribute)
    return AppLocation(place, folder, attribute)


def _has(folder: Path, package: str) -> bool:
    return (folder / package).is_dir() or (folder / f"{package}.py").is_file()


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
