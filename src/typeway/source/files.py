"""Read the application's own source files: their trees, their lines, and the comments that silence findings."""

from __future__ import annotations

import ast
import os
import re
import sys
import sysconfig
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import Any, Final

from typeway.describe.syntax import statements_in
from typeway.source.asking import attributes_of

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

# A comment that silences findings: `ignore`, `ignore[TW001, TW002]`, and what people write for that, `ignore: TW001`, `ignore TW001`.
# What looks like a code and is none must not silence everything; other words without a colon are the reason.
IGNORE: Final = re.compile(
    r"#\s*typeway:\s*ignore(?!\w|-\w)\s*(?:\[([^\]]*)|([:=]?)\s*((?:(?:TW[\w-]*|[A-Za-z]+\d\w*)[\s,]*)*))"
)

# Where packages are installed; a file there is the application's own only if the application itself is installed.
INSTALLED: Final = frozenset({"site-packages", "dist-packages"})
FRAMEWORK: Final = Path(__file__).resolve().parents[2]
STANDARD_LIBRARY: Final = tuple(
    {Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib")} | {Path(sys.prefix) / "lib"}
)


@dataclass(eq=False)
class SourceFile:
    """One file of source code.

    Parameters:
        path: where it is.
        text: its text, in which every line ends with a newline character alone.
        tree: its syntax tree.
    """

    path: Path
    text: str
    tree: ast.Module

    @cached_property
    def lines(self) -> list[str]:
        # As Python counts them: `splitlines` would also split at form feeds, and at separators of Unicode.
        return self.text.split("\n")

    @cached_property
    def statements(self) -> list[ast.AST]:
        """Every statement, handler and case, however deep; the outer ones first."""
        return statements_in(self.tree, scopes=())

    @cached_property
    def outer(self) -> list[ast.AST]:
        """The statements that importing the module runs, without those of its classes."""
        return statements_in(self.tree)

    @cached_property
    def functions(self) -> dict[int, FunctionNode]:
        """Every function by its first line for Python: that of its first decorator."""
        found: dict[int, FunctionNode] = {}
        for node in self.statements:
            if isinstance(node, FunctionNode):
                found.setdefault(first_line(node), node)
        return found

    @cached_property
    def owners(self) -> dict[ast.AST, str]:
        """The name of the class in whose body a function is defined."""
        classes = [node for node in self.statements if isinstance(node, ast.ClassDef)]
        return {node: owner.name for owner in classes for node in owner.body if isinstance(node, FunctionNode)}

    @cached_property
    def ignored(self) -> dict[int, frozenset[str] | None]:
        """The codes in a comment that silences, by line, whether there are such rules or not; None where it silences all."""
        found: dict[int, frozenset[str] | None] = {}
        if "typeway:" not in self.text:
            return found
        for token in tokenize.generate_tokens(StringIO(self.text).readline):
            match = IGNORE.search(token.string) if token.type == tokenize.COMMENT else None
            if match is not None:
                listed, mark, plain = match.groups()
                codes = frozenset(code.upper() for code in re.split(r"[\s,]+", listed or plain or "") if code)
                found[token.start[0]] = codes if codes or mark or listed is not None else None
        return found

    def silences(self, code: str, line: int) -> bool:
        """Whether a comment on the statement that a finding points at silences it."""
        if not self.ignored:
            return False
        lines = self.head(line)
        return any(number in lines and (codes is None or code in codes) for number, codes in self.ignored.items())

    def head(self, line: int) -> range:
        """The lines of the statement around a line; of a compound one those before its body, decorators included."""
        around = range(line, line + 1)
        for statement in self.statements:
            if isinstance(statement, ast.stmt):
                lines = head_of(statement)
                if line in lines and (len(around) == 1 or len(lines) < len(around)):
                    around = lines
        return around


def first_line(node: FunctionNode | ast.ClassDef) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def head_of(statement: ast.stmt) -> range:
    start, end = statement.lineno, statement.end_lineno or statement.lineno
    if isinstance(statement, FunctionNode | ast.ClassDef):
        start = first_line(statement)
    body = getattr(statement, "body", None)
    if isinstance(body, list) and body:
        first = body[0]
        end = max(start, (first_line(first) if isinstance(first, FunctionNode | ast.ClassDef) else first.lineno) - 1)
    return range(start, end + 1)


@dataclass(eq=False)
class Files:
    """The source files of one application, each read once.

    Parameters:
        folder: the folder of the application.
        package: the outermost package or module of its import name.
        excluded: files and folders that are not to be read.
        included: files and folders beside its own that are read too.
    """

    folder: Path
    package: str = ""
    excluded: tuple[Path, ...] = ()
    included: tuple[Path, ...] = ()
    read: dict[str, SourceFile | None] = field(default_factory=dict)
    folders: dict[str, str] = field(default_factory=dict)

    @cached_property
    def homes(self) -> tuple[Path, ...]:
        """The folders of the application's package, or the file of its module."""
        try:
            # An import that has failed leaves no module behind, but the files are there.
            spec = find_spec(self.package) if self.package else None
        except (ImportError, ValueError):
            spec = None
        if spec is None:
            return ()
        places = [*spec.submodule_search_locations] if spec.submodule_search_locations else [spec.origin or ""]
        return tuple(Path(place).resolve() for place in places if place)

    def file(self, path: str) -> SourceFile | None:
        """An own file; None for any other file, and for one that is not valid Python."""
        if path not in self.read:
            self.read[path] = read_file(Path(path)) if self.is_own(path) else None
        return self.read[path]

    def is_own(self, path: str) -> bool:
        """Whether a file is the application's: of its package, or in its folder or one that is included, and not installed there."""
        where = self.resolved(path)
        if is_below(where, FRAMEWORK) or any(is_below(where, place) for place in self.excluded):
            return False
        if any(is_below(where, home) for home in self.homes):
            return True
        return any(is_below(where, root) for root in self.roots) and not is_installed(where)

    def is_beside(self, path: str) -> bool:
        """Whether a file may be of the same project: neither the application's nor installed nor excluded."""
        where = self.resolved(path)
        if is_installed(where) or any(is_below(where, place) for place in (FRAMEWORK, *self.excluded)):
            return False
        return not self.is_own(path) and Path(where).is_file()

    @cached_property
    def roots(self) -> tuple[Path, ...]:
        return tuple(place.resolve() for place in (self.folder, *self.included))

    def resolved(self, path: str) -> str:
        """A path without links; each folder is looked up once, because a process has imported hundreds of files."""
        # PERF: for the files of 800 modules this takes 10 ms; objects of pathlib take 300 ms.
        if os.path.islink(path):  # noqa: PTH114
            return os.path.realpath(path)
        folder, _, name = path.rpartition(os.sep)
        if folder not in self.folders:
            self.folders[folder] = os.path.realpath(folder)
        return f"{self.folders[folder]}{os.sep}{name}"

    def deployment(self) -> Iterator[str]:
        """The files in the folder that say how the application is run."""
        for path in sorted(self.folder.iterdir()) if self.folder.is_dir() else ():
            if is_deployment(path):
                yield path.read_text(encoding="utf-8", errors="replace")

    def loaded(self) -> Iterator[SourceFile]:
        """Every own file whose module has been imported."""
        return (file for _, file in self.modules())

    def modules(self) -> Iterator[tuple[Mapping[str, Any], SourceFile]]:
        """The own modules that have been imported, each with its names."""
        for _, names, path in imported():
            file = self.file(path)
            if file is not None:
                yield names, file


def imported() -> Iterator[tuple[str, Mapping[str, Any], str]]:
    """The modules that have been imported and have source: what each is called, its names and its file."""
    for name, module in list(sys.modules.items()):
        names = attributes_of(module)
        path = names.get("__file__")
        if type(path) is str and path.endswith(".py"):
            yield name, names, path


def is_deployment(path: Path) -> bool:
    """Whether a file is a Dockerfile, or a template of AWS or of the Serverless framework."""
    name = path.name.lower()
    is_one = "dockerfile" in name or name.partition(".")[0] in ("template", "serverless", "containerfile")
    return is_one and path.suffix not in (".py", ".json") and path.is_file()


def is_installed(path: str) -> bool:
    """Whether a file is of an installed package, or of Python."""
    return bool(INSTALLED & set(Path(path).parts)) or any(is_below(path, place) for place in STANDARD_LIBRARY)


def is_below(path: str, place: Path) -> bool:
    """Whether a path is a place, or is in it."""
    text = str(place)
    return path == text or path.startswith(text if text.endswith(os.sep) else text + os.sep)


def read_file(path: Path) -> SourceFile | None:
    try:
        with tokenize.open(path) as file:  # in the encoding that Python reads it in
            text = file.read()
        return SourceFile(path, text, ast.parse(text))
    except (OSError, SyntaxError, ValueError):
        return None
