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

# Modules under FastAPI's paths, for people who type them from its tutorial.
FASTAPI_PATHS = frozenset(
    {"applications", "dependencies", "exception_handlers", "logger", "openapi", "param_functions", "params", "routing"}
)

# From the ground up. A unit is a module or folder directly below the package; it may import units of its own and of any
# lower layer. `typeway` stands for the package's own __init__.
LAYERS: tuple[frozenset[str], ...] = (
    # Words that all rooms share, and modules that users import by path and that need nothing else.
    frozenset(
        {
            "types",
            "exceptions",
            "decoders",
            "texts",
            "version",
            "sse",
            "encoders",
            "concurrency",
            "background",
            "datastructures",
            "health",
            "headers",
            "negotiation",
            "terminal",
            "writing",
        }
    )
    | frozenset({"requests", "responses", "websockets", "status", "staticfiles", "templating", "middleware"}),
    frozenset({"watch", "compare"}),
    frozenset({"declare"}),
    frozenset({"derive", "security", "policies"}),
    frozenset({"plan"}),
    frozenset({"errors", "develop"}),
    frozenset({"serve", "describe"}),
    frozenset({"protocol", "telemetry", "source"}),
    frozenset({"application"}),
    frozenset({"evidence"}),
    frozenset({"check", "compat"}),
    frozenset({"migrate"}),
    frozenset({"scaffold"}),
    frozenset({"typeway", "testclient", "testing", *FASTAPI_PATHS}),
    frozenset({"cli", "__main__"}),
)

# Units of one layer that must not meet, in either direction.
APART: tuple[frozenset[str], ...] = (frozenset({"serve", "describe"}), frozenset({"check", "compat"}))

# How many lines a room may have, docstrings included; none holds more than a fifth of the source. Amend a budget openly,
# with the reason, in docs/decisions/0017-one-house.md.
BUDGETS: dict[str, int] = {
    "declare": 3_500,
    "derive": 1_450,
    "security": 750,
    "policies": 1_750,
    "plan": 4_110,
    "errors": 660,
    "serve": 4_550,
    "protocol": 2_550,
    "describe": 1_600,
    "watch": 1_920,
    "telemetry": 1_700,
    "application": 3_650,
    "source": 5_190,
    "evidence": 3_460,
    "check": 8_450,
    "compat": 3_850,
    "migrate": 1_000,
    "scaffold": 1_050,
    "cli": 3_780,
    "compare": 1_350,
    "develop": 750,
    # The modules beside the rooms.
    "": 2_850,
}
SHARE_OF_ONE_ROOM = 0.2

# Names that say nothing about an act; the exceptions are those of FastAPI's own paths.
EMPTY_NAMES = frozenset({"utils", "util", "helpers", "helper", "common", "misc", "base", "_utils", "_helpers"})
NAME_EXCEPTIONS = frozenset(
    f"{folder}.py" for folder in ("security/base", "security/utils", "openapi/utils", "dependencies/utils")
)

# Where type checkers may be told to look away, each time with the reason: Pydantic's final FieldInfo, and
# a wildcard import.
LOOKING_AWAY = frozenset({"declare/markers.py", "status.py"})

MOST_LINES_IN_A_FILE = 500
MOST_LINES_IN_A_BODY = 60
MANY_PARAMETERS = 10
SHARE_OF_MANY_PARAMETERS = 0.05

# A text that names a module, or an attribute of one, as import strings do.
import_string = re.compile(r"(typeway(?:\.\w+)*)(?::\w+)?")
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


def imports(module: Module) -> Iterator[tuple[str, int]]:
    """Name the modules of the package that a module imports, with the line.

    Every import counts: at the top, inside functions, under TYPE_CHECKING, and by a string.
    """
    known = modules()
    package = module.name if module.path.name == "__init__.py" else module.name.rpartition(".")[0]
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name in known:
                    yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            source = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                source = ".".join([*above, source] if source else above)
            for alias in node.names:
                target = f"{source}.{alias.name}"
                if target in known or source in known:
                    yield (target if target in known else source), node.lineno
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            named = import_string.fullmatch(node.value)
            if named is not None and named[1] in known and named[1] != "typeway":
                yield named[1], node.lineno


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


def test_the_guide_for_contributors_shows_every_unit_and_layer() -> None:
    """CONTRIBUTING.md lists each folder and module of the package, and the layers in their order."""
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    tree = guide.partition("src/typeway/\n")[2].partition("```")[0]
    units = {module.unit for module in modules().values()} - {"typeway", "__main__"}
    report(
        sorted(unit for unit in units if not re.search(rf"\b{unit}\b", tree)), "add it to the tree of CONTRIBUTING.md."
    )
    order = re.findall(r"`(\w+)`", guide.partition("modules used by all → ")[2].partition("\n\n")[0])
    ranks = [found for unit in order if (found := rank(unit)) is not None]
    assert ranks == sorted(ranks)
    folders = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    missing = folders - {*order, *FASTAPI_PATHS, "middleware"}
    report(sorted(missing), "add it to the sentence about layers in CONTRIBUTING.md.")


heading = re.compile(r"^([A-Z][a-z]+(?: [a-z]+)?):$", re.MULTILINE)
documented = re.compile(r"^    (\w[\w, ]*): ", re.MULTILINE)


def test_docstrings_have_each_section_once_and_parameters_that_exist() -> None:
    """A section that stands twice, or a parameter that is gone, is a docstring that somebody has changed by halves."""
    problems = []
    for module in modules().values():
        for node in ast.walk(module.tree):
            if not isinstance(node, Function | ast.ClassDef):
                continue
            text = ast.get_docstring(node) or ""
            parts = heading.split(text)
            sections = dict(zip(parts[1::2], parts[2::2], strict=True))
            if 2 * len(sections) + 1 < len(parts):
                problems.append(f"{module.at(node.lineno)} {node.name}: {', '.join(parts[1::2])}")
            if isinstance(node, Function):
                given = {argument.arg for argument in ast.walk(node.args) if isinstance(argument, ast.arg)}
                names = {
                    name for found in documented.findall(sections.get("Parameters", "")) for name in found.split(", ")
                }
                problems += [f"{module.at(node.lineno)} {node.name}: no parameter {name}" for name in names - given]
    report(problems, "write each section once, and document the parameters that there are.")


def test_every_unit_has_its_layer() -> None:
    """A new module or folder of the package takes a place in the table before anything can import it."""
    unknown = {module.unit: module.at(1) for module in modules().values() if rank(module.unit) is None}
    report(
        [f"{place}: {unit!r} is in no layer" for unit, place in unknown.items()],
        "add it to LAYERS in tests/test_shape.py, and say why in docs/decisions/ if the house changes",
    )


def test_imports_point_down() -> None:
    """A module imports only what lies lower in the house, or beside it where that is allowed, at any depth."""
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


def test_rooms_keep_to_their_budgets() -> None:
    """Every room has a budget of lines and keeps to it, and none holds more than a fifth of the source."""
    sizes: dict[str, int] = {}
    for module in modules().values():
        room = module.unit if (PACKAGE / module.unit).is_dir() else ""
        sizes[room if room in BUDGETS else ""] = sizes.get(room if room in BUDGETS else "", 0) + module.lines
    most = SHARE_OF_ONE_ROOM * sum(sizes.values())
    problems = [
        f"{room or 'beside the rooms'}: {size} lines, at most {BUDGETS[room]}"
        for room, size in sizes.items()
        if size > BUDGETS[room]
    ]
    problems += [
        f"{room}: {size} lines, more than a fifth of the source" for room, size in sizes.items() if size > most
    ]
    report(problems, "say the same in fewer lines, or amend the budget with the reason")


def test_every_test_says_its_behaviour() -> None:
    """A test's docstring is the sentence that someone reads when it fails."""
    problems = []
    for folder in (TESTS, ROOT / "examples"):
        for path in sorted(folder.rglob("test_*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, Function) and node.name.startswith("test_") and not ast.get_docstring(node):
                    problems.append(f"{path.relative_to(ROOT)}:{node.lineno}: {node.name}")
    report(problems, "say in one sentence what holds, as its docstring")
