"""Find the names of FastAPI in source, and where Typeway has them."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import io
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from typeway.check.fix.edits import Edit, Source
from typeway.compat.importing.names import NAMES
from typeway.compat.importing.report import is_private
from typeway.migrate.finding import Finding, Kind, Weight, place_of

# Names that only say the framework's name.
RENAMED: Final[Mapping[str, str]] = {
    "fastapi.exceptions.FastAPIError": "typeway.exceptions.TypewayError",
    "fastapi.exceptions.FastAPIDeprecationWarning": "typeway.exceptions.TypewayDeprecationWarning",
}
IGNORED: Final = frozenset(
    {".git", ".venv", "venv", "env", "node_modules", "site-packages", "__pycache__", "build", "dist"}
)


@dataclass(frozen=True, slots=True)
class Use:
    """A name of FastAPI that a file asks for.

    Attributes:
        name: the whole name, `fastapi.responses.JSONResponse`.
        file: where it stands.
        line: the line in it.
    """

    name: str
    file: Path
    line: int


def python_files(root: Path) -> list[Path]:
    """Return the source files below a folder, without those of environments and builds; or the one file that it is."""
    if root.is_file():
        return [root]
    return sorted(
        path
        for path in root.rglob("*.py")
        if IGNORED.isdisjoint(path.relative_to(root).parts) and not (path.parent / "pyvenv.cfg").exists()
    )


def read_source(path: Path) -> str:
    """Return the text of a source file, in the encoding that it declares."""
    with tokenize.open(path) as file:
        return file.read()


def uses(path: Path, tree: ast.Module) -> Iterator[Use]:
    """Yield the names of FastAPI that a module imports, or reads from a module of FastAPI that it has imported."""
    bound: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and not node.level and of_fastapi(node.module or ""):
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                if name in NAMES:
                    bound[alias.asname or alias.name] = name
                yield Use(name, path, node.lineno)
        elif isinstance(node, ast.Import):
            for alias in filter(lambda one: of_fastapi(one.name), node.names):
                bound[alias.asname or "fastapi"] = alias.name if alias.asname else "fastapi"
                yield Use(alias.name, path, node.lineno)
    for node, known in attributes(tree, bound):
        whole = dotted(node, known)
        if whole is not None and whole not in NAMES and whole.rpartition(".")[0] in NAMES:
            yield Use(whole, path, node.lineno)


def attributes(tree: ast.AST, bound: Mapping[str, str]) -> Iterator[tuple[ast.Attribute, Mapping[str, str]]]:
    """Yield each attribute with what names mean where it stands: the variables of a function hide those of its module."""
    for node in ast.iter_child_nodes(tree):
        known = bound
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            inside = list(ast.walk(node))
            own = {one.arg for one in inside if isinstance(one, ast.arg)}
            own |= {one.id for one in inside if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
            known = {name: module for name, module in bound.items() if name not in own}
        if isinstance(node, ast.Attribute):
            yield node, known
        yield from attributes(node, known)


def of_fastapi(module: str) -> bool:
    return module == "fastapi" or module.startswith("fastapi.")


def dotted(node: ast.expr, bound: Mapping[str, str]) -> str | None:
    """Return the whole name of `fastapi.x.y`, if it begins with a name that is bound to a module of FastAPI."""
    if isinstance(node, ast.Name):
        return bound.get(node.id)
    if isinstance(node, ast.Attribute) and (start := dotted(node.value, bound)) is not None:
        return f"{start}.{node.attr}"
    return None


@cache
def native(name: str) -> str | None:
    """Return where Typeway itself has a name of FastAPI, or None.

    Example:
        >>> native("fastapi.responses.JSONResponse")
        'typeway.responses.JSONResponse'
    """
    if name in RENAMED:
        return RENAMED[name]
    ours = f"typeway{name.removeprefix('fastapi')}"
    if name in NAMES:
        return ours if is_module(ours) else None
    module, _, attribute = ours.rpartition(".")
    if is_private(name) or not is_module(module):
        return None
    return ours if attribute == "*" or hasattr(importlib.import_module(module), attribute) else None


def is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def in_compat(name: str) -> bool:
    """Whether compat mode offers a name of FastAPI."""
    module, _, attribute = name.rpartition(".")
    return name in NAMES or attribute == "*" or attribute in NAMES.get(module, {}) or attribute.startswith("__")


def judge(use: Use, root: Path) -> Finding | None:
    """Return what there is to say about one name; None if Typeway has it at the same place."""
    place = place_of(use.file, use.line, root)
    private = is_private(use.name)
    if not in_compat(use.name):
        kind = Kind.PRIVATE if private else Kind.IMPORT
        return Finding(
            kind, Weight.STOPS, f"{use.name} does not exist in Typeway", place, "remove it, or do without it"
        )
    ours = native(use.name)
    if ours is None:
        kind = Kind.PRIVATE if private else Kind.IMPORT
        return Finding(kind, Weight.DECIDE, f"{use.name} exists in compat mode only", place)
    if ours != f"typeway{use.name.removeprefix('fastapi')}":
        return Finding(Kind.IMPORT, Weight.KNOW, f"{use.name} is {ours}", place)
    return None


def look_at_names(root: Path) -> tuple[list[Finding], int]:
    """Return the findings about names in the source below a folder, and the number of files that were read."""
    findings = []
    files = python_files(root)
    base = root if root.is_dir() else root.parent
    for path in files:
        try:
            tree = ast.parse(read_source(path))
        except (SyntaxError, UnicodeDecodeError) as error:
            where = place_of(path, getattr(error, "lineno", None) or 1, base)
            findings.append(Finding(Kind.IMPORT, Weight.DECIDE, f"it cannot be read: {error}", where))
            continue
        findings += [found for use in uses(path, tree) if (found := judge(use, base)) is not None]
    return findings, len(files)


# --- changing imports ---------------------------------------------------------------------------------------------


def rewritten(source: str) -> tuple[str, list[int]]:
    """Return source in which imports of FastAPI are imports of Typeway, and the lines of imports that were left.

    Only the names of modules change, and names that only say the framework's name; the names that the rest of the file uses stay.
    An import of something that Typeway itself does not have is left as it is.
    """
    edits: list[Edit] = []
    left = []
    read = Source(source)
    for node in ast.walk(read.tree):
        if isinstance(node, ast.ImportFrom) and not node.level and of_fastapi(node.module or ""):
            found = from_edits(read, node)
        elif isinstance(node, ast.Import) and any(of_fastapi(alias.name) for alias in node.names):
            found = import_edits(read, node)
        else:
            continue
        if found is None:
            left.append(node.lineno)
        else:
            edits += found
    return read.edited(edits), left


def from_edits(source: Source, node: ast.ImportFrom) -> list[Edit] | None:
    """Return the edits of `from fastapi.x import y`; None if Typeway does not have all of it."""
    names = [f"{node.module}.{alias.name}" for alias in node.names]
    homes = [native(name) for name in names]
    if None in homes:
        return None
    tokens = tokens_of(source, node)
    edits = [Edit(*tokens[1], "typeway")]
    for alias, home in zip(node.names, homes, strict=True):
        name = (home or "").rpartition(".")[2]
        if name != alias.name:
            token = next(one for one in tokens if one[0] == source.start(alias))
            edits.append(Edit(*token, name if alias.asname else f"{name} as {alias.name}"))
    return edits


def import_edits(source: Source, node: ast.Import) -> list[Edit] | None:
    """Return the edits of `import fastapi`; None if Typeway does not have all of it, or the names would not be the same."""
    edits = []
    tokens = tokens_of(source, node)
    for alias in node.names:
        if not of_fastapi(alias.name):
            continue
        # `import fastapi.responses` binds `fastapi`, which no other import of a submodule does.
        if native(alias.name) is None or ("." in alias.name and alias.asname is None):
            return None
        token = next(one for one in tokens if one[0] == source.start(alias))
        edits.append(Edit(*token, "typeway" if alias.asname else "typeway as fastapi"))
    return edits


def tokens_of(source: Source, node: ast.stmt) -> list[tuple[int, int]]:
    """Return where the tokens of a statement begin and end in the file."""
    text = io.StringIO(source.text, newline="")
    places = [
        (source.starts[token.start[0] - 1] + token.start[1], source.starts[token.end[0] - 1] + token.end[1])
        for token in tokenize.generate_tokens(text.readline)
        if token.string.strip()
    ]
    return [(start, end) for start, end in places if source.start(node) <= start and end <= source.end(node)]
