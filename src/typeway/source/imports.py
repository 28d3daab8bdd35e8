"""Read what the names of a file mean that its imports bind, and which module it takes to let time pass."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Final

# The modules of which a function `sleep` can be awaited, in the order in which they are preferred.
AWAITABLE: Final = ("asyncio", "anyio")

IMPORTS: Final = (ast.Import, ast.ImportFrom)


def import_names(tree: ast.Module) -> Mapping[str, str]:
    """What the names of a file mean that its imports bind."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return found


def module_to_sleep(tree: ast.Module) -> str | None:
    """The module of which a file awaits `sleep`, under its name there; None if it has imported none."""
    # Only a name of the module itself is there in every function: not one of a block, a class or another function.
    bound = import_names(ast.Module([node for node in tree.body if isinstance(node, IMPORTS)], []))
    return next((name for wanted in AWAITABLE for name, whole in bound.items() if whole == wanted), None)
