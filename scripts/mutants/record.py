"""Record which tests run which statements, and how long each test takes: a plugin for pytest.

The modules in question are compiled with a call before each statement that notes its line. This costs the tests 5 % more time;
coverage's tracer with a context for each test costs 75 %. Statements that run in other processes are not recorded.
"""

import ast
import builtins
import json
import os
import sys
from collections.abc import Generator
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any, Final

import pytest

# The environment variables for the folder of the record, and for the files whose statements are recorded.
FOLDER: Final = "MUTANTS_RECORD"
FILES: Final = "MUTANTS_FILES"

# The prefix of a context that several tests share: the import of their module, or a fixture of their module or class.
SHARED: Final = "shared:"

# The name of the function that is called before each statement. Its argument is the file's number times this, plus the line.
NOTE: Final = "__note__"
LINES: Final = 100_000


def note_of(number: int, line: int) -> int:
    """The number that stands for a line of a file."""
    return number * LINES + line


class Noted(ast.NodeTransformer):
    """Adds a note before each statement, and before the expression of a lambda."""

    def __init__(self, number: int) -> None:
        self.number = number

    def note(self, node: ast.stmt | ast.expr) -> ast.expr:
        number = ast.Constant(note_of(self.number, node.lineno))
        call = ast.Call(ast.Name(NOTE, ast.Load()), [number], [])
        return ast.fix_missing_locations(ast.copy_location(call, node))

    def noted(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        found: list[ast.stmt] = []
        for index, statement in enumerate(statements):
            is_docstring = index == 0 and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
            is_future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
            if not is_docstring and not is_future:
                found.append(ast.copy_location(ast.Expr(self.note(statement)), statement))
            found.append(statement)
        return found

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        for name in ("body", "orelse", "finalbody"):
            statements = getattr(node, name, None)
            if isinstance(statements, list):
                setattr(node, name, self.noted(statements))
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.Lambda:
        self.generic_visit(node)
        both = ast.Tuple([self.note(node.body), node.body], ast.Load())
        second = ast.Subscript(both, ast.Constant(1), ast.Load())
        node.body = ast.fix_missing_locations(ast.copy_location(second, node.body))
        return node


class Loader(SourceFileLoader):
    """Loads a module with notes."""

    number: int

    def get_code(self, fullname: str) -> CodeType:
        """Compile the module each time: the bytecode on the disk has no notes."""
        tree = Noted(self.number).visit(ast.parse(self.get_data(self.path)))
        code: CodeType = compile(tree, self.path, "exec", dont_inherit=True)
        return code


class Finder(MetaPathFinder):
    """Finds the modules whose statements are recorded."""

    def __init__(self, files: list[str]) -> None:
        self.numbers = {file: number for number, file in enumerate(files)}

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or spec.origin not in self.numbers:
            return None
        spec.loader = loader = Loader(name, spec.origin)
        loader.number = self.numbers[spec.origin]
        return spec


class Recorder:
    """Records the tests of one process."""

    def __init__(self, path: Path, files: list[str]) -> None:
        self.path = path
        self.durations: dict[str, float] = {}
        self.failed: set[str] = set()
        self.ran: dict[str, set[int]] = {}
        self.context = ""
        self.notes: set[int] = set()
        setattr(builtins, NOTE, self.notes.add)
        sys.meta_path.insert(0, Finder(files))

    def keep(self) -> None:
        """Add the notes to those of the current context."""
        self.ran.setdefault(self.context, set()).update(self.notes.copy())
        self.notes.clear()

    def within(self, context: str) -> Generator[None, Any, Any]:
        """Change the context for as long as something runs."""
        self.keep()
        outer, self.context = self.context, context
        try:
            return (yield)
        finally:
            self.keep()
            self.context = outer

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Generator[None, Any, Any]:
        if not isinstance(collector, pytest.Module):
            return (yield)
        return (yield from self.within(SHARED + collector.nodeid))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        return (yield from self.within(item.nodeid))

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: pytest.FixtureRequest) -> Generator[None, Any, Any]:
        if fixturedef.scope == "function":
            return (yield)
        return (yield from self.within(SHARED + request.node.nodeid))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.durations[report.nodeid] = self.durations.get(report.nodeid, 0) + report.duration
        if report.failed:
            self.failed.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        self.keep()
        ran = {context: sorted(notes) for context, notes in self.ran.items()}
        record = {"durations": self.durations, "failed": sorted(self.failed), "ran": ran}
        self.path.write_text(json.dumps(record), encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    process = os.environ.get("PYTEST_XDIST_WORKER")
    if process is None and config.getoption("numprocesses", None):
        return  # with pytest-xdist, the first process runs no tests itself
    path = Path(os.environ[FOLDER]) / f"{process or 'main'}.json"
    config.pluginmanager.register(Recorder(path, json.loads(os.environ[FILES])))
