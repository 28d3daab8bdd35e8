"""The house keeps its shape: imports point one way, files and functions stay short, names say what they hold.

Everything here reads the source and imports none of it. To change the house, change `LAYERS` and write the reason in
`docs/decisions/`.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "typeway"
TESTS = ROOT / "tests"

# From the ground up. A unit is a module or folder directly below the package; it may import units of its own and of any
# lower layer. `typeway` stands for the package's own __init__.
LAYERS: tuple[frozenset[str], ...] = (
    frozenset({"types", "exceptions", "texts", "conventions", "version", "status"}),
    frozenset(
        {"requests", "responses", "websockets", "datastructures", "background", "concurrency", "encoders", "sse"}
        | {"staticfiles", "templating", "middleware"}
    ),
    frozenset({"problem"}),
    frozenset({"options", "operation", "handlers", "paths", "demands"}),
    frozenset({"declare"}),
    frozenset({"security"}),
    frozenset({"plan"}),
    frozenset({"serve", "describe"}),
    frozenset({"routes", "views", "verbs", "lifespan", "routelist", "router", "verify", "placement"}),
    frozenset({"documentation", "app"}),
    frozenset({"protocol", "testclient", "typeway"}),
    frozenset({"guard", "telemetry", "compat"}),
    frozenset({"cli", "testing", "__main__"}),
)

# Units of one layer that must not meet, in either direction.
APART: tuple[frozenset[str], ...] = (frozenset({"serve", "describe"}),)

# Names that say nothing about an act; the last is the one exception.
EMPTY_NAMES = frozenset({"utils", "util", "helpers", "helper", "common", "misc", "base", "_utils", "_helpers"})
NAME_EXCEPTIONS = frozenset({"security/base.py"})

# Where type checkers may be told to look away, each time with the reason: Pydantic's final FieldInfo, and
# a wildcard import.
LOOKING_AWAY = frozenset({"declare/markers.py", "status.py"})

MOST_LINES_IN_A_FILE = 500
MOST_LINES_IN_A_BODY = 60
MANY_PARAMETERS = 10
SHARE_OF_MANY_PARAMETERS = 0.05
MOST_LINES_IN_THE_CORE = 13_500
OUTSIDE_THE_CORE = frozenset({"cli", "guard", "compat", "telemetry"})

type_checking = re.compile(r"(^|\.)TYPE_CHECKING$")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Module:
    """One source file of the package."""

    path: Path
    name: str
    tree: ast.Module
    lines: int

    @property
    def unit(self) -> str:
        """The part of the house that it belongs to."""
        parts = self.name.split(".")
        return parts[1] if len(parts) > 1 else parts[0]

    def at(self, line: int) -> str:
        """Name a place in it as editors understand it."""
        return f"{self.path.relative_to(ROOT)}:{line}"


@cache
def modules() -> dict[str, Module]:
    """Read the whole package once."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = ["typeway", *path.relative_to(PACKAGE).with_suffix("").parts]
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        text = path.read_text(encoding="utf-8")
        found[name] = Module(path, name, ast.parse(text), len(text.splitlines()))
    return found


def statements_at_import(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Walk what runs when a module is imported, without TYPE_CHECKING blocks and without the insides of functions."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.If):
            if not type_checking.search(ast.unparse(statement.test)):
                yield from statements_at_import(statement.body)
            yield from statements_at_import(statement.orelse)
        elif isinstance(statement, ast.Try):
            for part in (statement.body, *(handler.body for handler in statement.handlers)):
                yield from statements_at_import(part)
            yield from statements_at_import([*statement.orelse, *statement.finalbody])
        elif isinstance(statement, ast.With | ast.ClassDef):
            yield from statements_at_import(statement.body)


def imports(module: Module) -> Iterator[tuple[str, int]]:
    """Name the modules of the package that a module imports while it is imported, with the line."""
    known = modules()
    package = module.name if module.path.name == "__init__.py" else module.name.rpartition(".")[0]
    for statement in statements_at_import(module.tree.body):
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                if alias.name in known:
                    yield alias.name, statement.lineno
        elif isinstance(statement, ast.ImportFrom):
            source = statement.module or ""
            if statement.level:
                above = package.split(".")[: len(package.split(".")) - statement.level + 1]
                source = ".".join([*above, source] if source else above)
            for alias in statement.names:
                target = f"{source}.{alias.name}"
                if target in known or source in known:
                    yield (target if target in known else source), statement.lineno


def rank(unit: str) -> int | None:
    """Return the layer of a unit, counted from the ground."""
    return next((number for number, layer in enumerate(LAYERS) if unit in layer), None)


def functions(module: Module) -> Iterator[Function]:
    """Walk every function of a module, methods and nested ones included."""
    return (node for node in ast.walk(module.tree) if isinstance(node, Function))


def body_lines(function: Function) -> int:
    """Count the lines of a body without its docstring, with all that is nested in it."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (function.end_lineno or function.lineno) - body[0].lineno + 1 if body else 0


def parameters(function: Function) -> int:
    """Count what a caller may give, `*args` and `**kwargs` included."""
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return len(named) + sum(argument is not None for argument in (arguments.vararg, arguments.kwarg))


def report(problems: list[str], advice: str) -> None:
    """Fail with every problem at once and with what to do about them."""
    if problems:
        pytest.fail("\n".join([*problems, f"-> {advice}"]), pytrace=False)


def test_every_unit_has_its_layer() -> None:
    """A new module or folder of the package takes a place in the table before anything can import it."""
    unknown = {module.unit: module.at(1) for module in modules().values() if rank(module.unit) is None}
    report(
        [f"{place}: {unit!r} is in no layer" for unit, place in unknown.items()],
        "add it to LAYERS in tests/test_shape.py, and say why in docs/decisions/ if the house changes",
    )


def test_imports_point_down() -> None:
    """A module imports at its top only what lies lower in the house, or beside it where that is allowed."""
    problems = []
    for module in modules().values():
        for target, line in imports(module):
            above, below = module.unit, modules()[target].unit
            upwards = (rank(above) or 0) < (rank(below) or 0)
            apart = above != below and any({above, below} <= pair for pair in APART)
            if upwards or apart:
                problems.append(f"{module.at(line)}: {above} imports {target}")
    report(problems, "move what both need to a lower layer, or let the upper one hand it down as an argument")


def test_no_import_cycle() -> None:
    """Modules can be read, and imported, in one order."""
    graph = {name: sorted({target for target, _ in imports(module)}) for name, module in modules().items()}
    done: set[str] = set()
    cycles: list[str] = []

    def visit(name: str, trail: tuple[str, ...]) -> None:
        if name in trail:
            cycles.append(" -> ".join([*trail[trail.index(name) :], name]))
        elif name not in done:
            for target in graph[name]:
                if target != name:
                    visit(target, (*trail, name))
            done.add(name)

    for name in graph:
        visit(name, ())
    report(cycles, "move the shared part into a module of its own below both")


def test_files_stay_short() -> None:
    """A file is one act, and one act fits in 500 lines."""
    problems = [
        f"{module.at(1)}: {module.lines} lines, at most {MOST_LINES_IN_A_FILE}"
        for module in modules().values()
        if module.lines > MOST_LINES_IN_A_FILE
    ]
    report(problems, "find the second act in the file and give it a file of its own")


def test_function_bodies_stay_short() -> None:
    """A body fits on a screen: 60 lines without its docstring, with what is nested in it."""
    problems = [
        f"{module.at(function.lineno)}: {function.name} has {body_lines(function)} lines, at most {MOST_LINES_IN_A_BODY}"
        for module in modules().values()
        for function in functions(module)
        if body_lines(function) > MOST_LINES_IN_A_BODY
    ]
    report(problems, "name its parts and make them functions")


def test_no_module_has_an_empty_name() -> None:
    """`utils`, `helpers`, `common` and `base` say nothing about what is in them."""
    problems = []
    for module in modules().values():
        inside = module.path.relative_to(PACKAGE)
        names = {module.path.stem, *inside.parent.parts}
        if names & EMPTY_NAMES and inside.as_posix() not in NAME_EXCEPTIONS:
            problems.append(f"{module.at(1)}: {inside.as_posix()}")
    report(problems, "name the module after the act that it does")


def test_types_are_overruled_in_few_places() -> None:
    """`cast` and `type: ignore` live in at most three named files."""
    overrules = re.compile(r"#\s*(type|pyright): ignore|\bcast\(")
    problems = [
        f"{module.at(number)}: {line.strip()}"
        for module in modules().values()
        if module.path.relative_to(PACKAGE).as_posix() not in LOOKING_AWAY
        for number, line in enumerate(module.path.read_text(encoding="utf-8").splitlines(), 1)
        if overrules.search(line)
    ]
    report(problems, "give the value its type where it is made")


def test_every_module_starts_with_a_sentence() -> None:
    """The first line of a module says its act in one sentence."""
    problems = []
    for module in modules().values():
        first = (ast.get_docstring(module.tree) or "").partition("\n")[0]
        if not re.search(r"[.:?]$", first):
            problems.append(f"{module.at(1)}: {first or 'no docstring'!r}")
    report(problems, "start the file with a docstring whose first line is one whole sentence")


def test_functions_of_many_parameters_are_rare() -> None:
    """Functions of ten and more parameters hold less than a twentieth of all lines."""
    found = [
        (module.at(function.lineno), function.name, (function.end_lineno or 0) - function.lineno + 1)
        for module in modules().values()
        for function in functions(module)
        if parameters(function) >= MANY_PARAMETERS
    ]
    total = sum(module.lines for module in modules().values())
    held = sum(lines for _, _, lines in found)
    problems = [f"{place}: {name}, {lines} lines" for place, name, lines in found]
    report(
        problems if held >= SHARE_OF_MANY_PARAMETERS * total else [],
        f"they hold {held} of {total} lines; gather options in a TypedDict or a frozen record",
    )


def test_the_core_stays_small() -> None:
    """The framework without its outer rooms stays under 13,500 lines, docstrings included."""
    sizes = {module.name: module.lines for module in modules().values() if module.unit not in OUTSIDE_THE_CORE}
    total = sum(sizes.values())
    largest = sorted(sizes, key=lambda name: sizes[name])[-10:]
    report(
        [f"{name}: {sizes[name]} lines" for name in largest] if total >= MOST_LINES_IN_THE_CORE else [],
        f"{total} lines, at most {MOST_LINES_IN_THE_CORE}; the largest modules are above",
    )


def test_every_test_says_its_behaviour() -> None:
    """A test's docstring is the sentence that someone reads when it fails."""
    problems = []
    for folder in (TESTS, ROOT / "examples"):
        for path in sorted(folder.rglob("test_*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, Function) and node.name.startswith("test_") and not ast.get_docstring(node):
                    problems.append(f"{path.relative_to(ROOT)}:{node.lineno}: {node.name}")
    report(problems, "say in one sentence what holds, as its docstring")
