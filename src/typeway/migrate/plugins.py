"""Find the installed packages that are built on FastAPI, and the private names that they use."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from typeway.compat.importing.report import is_private
from typeway.migrate.finding import Finding, Kind, Weight
from typeway.migrate.names import in_compat, read_source, uses

OWN = frozenset({"typeway", "fastapi"})


def built_on_fastapi() -> Iterator[metadata.Distribution]:
    """Yield the installed distributions that require FastAPI, extras included, without FastAPI's own."""
    for distribution in metadata.distributions():
        name = canonicalize_name(distribution.name or "")
        if name in OWN or name.startswith("fastapi-cli"):
            continue
        if any(requires_fastapi(text) for text in distribution.requires or ()):
            yield distribution


def requires_fastapi(text: str) -> bool:
    try:
        return canonicalize_name(Requirement(text).name) in ("fastapi", "fastapi-slim")
    except InvalidRequirement:
        return False


def look_at_plugins() -> tuple[list[Finding], int]:
    """Return the findings about names that installed packages use and compat mode lacks, and the number of packages."""
    findings = []
    distributions = sorted(built_on_fastapi(), key=lambda one: one.name)
    for distribution in distributions:
        for file in distribution.files or ():
            if file.suffix == ".py" and "test" not in file.parts[0]:
                findings += list(missing_names(distribution.name, Path(str(file.locate())), str(file)))
    return findings, len(distributions)


def missing_names(package: str, path: Path, shown: str) -> Iterator[Finding]:
    try:
        tree = ast.parse(read_source(path))
    except (OSError, SyntaxError, UnicodeDecodeError):
        return
    for use in uses(path, tree):
        if not in_compat(use.name):
            kind = Kind.PRIVATE if is_private(use.name) else Kind.IMPORT
            text = f"{package} uses {use.name}, which compat mode does not offer"
            hint = "it may only be needed for a part of the package: try your application, or see --tests"
            yield Finding(kind, Weight.DECIDE, text, f"{shown}:{use.line}", hint)
