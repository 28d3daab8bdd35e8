"""Find requirements of a project that cannot be met together with Typeway's own."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from typeway.migrate.finding import Finding, Kind, Weight, place_of

PATTERNS: Final = ("requirements*.txt", "requirements/*.txt", "constraints*.txt")


def ours() -> dict[str, Requirement]:
    """Return what Typeway itself requires, by the canonical names of the packages."""
    requirements = [Requirement(text) for text in metadata.requires("typeway") or ()]
    return {canonicalize_name(one.name): one for one in requirements if "extra" not in str(one.marker or "")}


def look_at_pins(root: Path) -> tuple[list[Finding], int]:
    """Return the findings about a project's requirements, and the number of files that were read."""
    needed = ours()
    folder = root if root.is_dir() else root.parent
    files = sorted({path for pattern in PATTERNS for path in folder.glob(pattern)})
    project = folder / "pyproject.toml"
    lines = [(path, *found) for path in files for found in in_requirements(path)]
    if project.is_file():
        files.append(project)
        lines += [(project, *found) for found in in_project(project)]
    findings = []
    for path, line, requirement in lines:
        own = needed.get(canonicalize_name(requirement.name))
        if own is not None and not fit(requirement.specifier, own.specifier):
            text = f"{requirement} cannot be installed beside Typeway, which needs {own.name}{own.specifier}"
            hint = f"change it to {own.name}{own.specifier}"
            findings.append(Finding(Kind.PIN, Weight.STOPS, text, place_of(path, line, folder), hint))
    return findings, len(files)


def in_requirements(path: Path) -> Iterator[tuple[int, Requirement]]:
    """Yield the requirements of a file in pip's format, with their lines."""
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        text = re.split(r"\s+#|\s+--hash", line.strip().rstrip("\\"), maxsplit=1)[0].strip()
        if text and not text.startswith(("#", "-")):
            requirement = parsed(text)
            if requirement is not None:
                yield number, requirement


def in_project(path: Path) -> Iterator[tuple[int, Requirement]]:
    """Yield the requirements of a pyproject.toml, with their lines: of the project, its extras and groups, and Poetry's."""
    source = path.read_text(encoding="utf-8")
    try:
        document = tomllib.loads(source)
    except tomllib.TOMLDecodeError:
        return
    project: Mapping[str, Any] = document.get("project", {})
    texts = [*project.get("dependencies", ())]
    for group in [*project.get("optional-dependencies", {}).values(), *document.get("dependency-groups", {}).values()]:
        texts += [text for text in group if isinstance(text, str)]
    for text in texts:
        if (requirement := parsed(text)) is not None:
            yield line_of(source, text), requirement
    poetry = document.get("tool", {}).get("poetry", {})
    groups = [
        poetry.get("dependencies", {}),
        *(one.get("dependencies", {}) for one in poetry.get("group", {}).values()),
    ]
    for name, wanted in ((name, wanted) for group in groups for name, wanted in group.items()):
        version = wanted.get("version") if isinstance(wanted, dict) else wanted
        if isinstance(version, str) and (requirement := parsed(f"{name}{from_poetry(version)}")) is not None:
            yield line_of(source, name), requirement


def parsed(text: str) -> Requirement | None:
    try:
        return Requirement(text)
    except (InvalidRequirement, InvalidSpecifier):
        return None


def from_poetry(version: str) -> str:
    """Return a constraint of Poetry as a specifier: `^1.2` is `>=1.2,<2`, `~1.2` is `>=1.2,<1.3`, `1.2` is `==1.2`."""
    if version == "*":
        return ""
    if match := re.fullmatch(r"([\^~])(\d+(?:\.\d+)*)", version):
        parts = [int(part) for part in match[2].split(".")]
        first = (
            next((place for place, part in enumerate(parts) if part), 0) if match[1] == "^" else min(1, len(parts) - 1)
        )
        upper = [*parts[:first], parts[first] + 1]
        return f">={match[2]},<{'.'.join(map(str, upper))}"
    return f"=={version}" if version[:1].isdigit() else version


def line_of(source: str, text: str) -> int:
    return next((number for number, line in enumerate(source.splitlines(), 1) if text in line), 1)


def fit(theirs: SpecifierSet, own: SpecifierSet) -> bool:
    """Whether some version meets both: one of those that they name, or one directly above or below it."""
    both = theirs & own
    return any(both.contains(version, prereleases=True) for version in candidates([*theirs, *own]))


def candidates(specifiers: Iterable[Any]) -> Iterator[Version]:
    """Yield versions around those that specifiers name; between two of them nothing changes."""
    for specifier in specifiers:
        try:
            version = Version(specifier.version.removesuffix(".*"))
        except InvalidVersion:
            continue
        yield version
        release = list(version.release)
        yield Version(".".join(map(str, [*release, 0, 1])))
        for place in range(len(release)):
            yield Version(".".join(map(str, [*release[:place], release[place] + 1])))
            if release[place]:
                yield Version(".".join(map(str, [*release[:place], release[place] - 1, 9999])))
