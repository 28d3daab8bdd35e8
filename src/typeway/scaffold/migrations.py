"""Read the order of a project's migrations from their source."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from typeway.scaffold.error import ScaffoldError

VERSIONS: Final = "migrations/versions"


def read_revisions(folder: Path) -> dict[str, frozenset[str]]:
    """Return the revisions of a project, each with those that it comes after.

    Raises:
        ScaffoldError: a migration is not valid Python.
    """
    found: dict[str, frozenset[str]] = {}
    for file in sorted((folder / VERSIONS).glob("*.py")):
        try:
            tree = ast.parse(file.read_bytes())
        except (OSError, SyntaxError, ValueError) as error:
            raise ScaffoldError(f"{file} cannot be read as Python; nothing was changed") from error
        values = dict(_assigned(tree))
        if isinstance(values.get("revision"), str):
            before = values.get("down_revision")
            several = before if isinstance(before, tuple | list) else (before,)
            found[values["revision"]] = frozenset(one for one in several if isinstance(one, str))
    return found


def newest(revisions: dict[str, frozenset[str]]) -> list[str]:
    """Return the revisions after which no other comes."""
    before = {revision for several in revisions.values() for revision in several}
    return sorted(revision for revision in revisions if revision not in before)


def _assigned(tree: ast.Module) -> Iterator[tuple[str, Any]]:
    for node in tree.body:
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            targets = [node.target]
        else:
            continue
        for target in targets:
            if isinstance(target, ast.Name) and target.id in {"revision", "down_revision"}:
                try:
                    yield target.id, ast.literal_eval(node.value or ast.Constant(None))
                except ValueError:
                    continue
