"""Write the reference pages of what is said once in the source: the options, the commands, the exceptions, the examples of rules.

    .venv/bin/python -m scripts.reference            write the pages
    .venv/bin/python -m scripts.reference --check    fail if a page is not what the source says

The pages are part of the repository, so that they can be read without building the site.
"""

from __future__ import annotations

import argparse
import ast
import enum
import html
import inspect
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import typer
import typer.main
from typer.core import TyperArgument, TyperGroup

import typeway
from typeway import exceptions, headers, testing
from typeway.cli.commands import cli
from typeway.declare import mark, options, problem
from typeway.declare.inherit import JOIN, RENAMED, innermost
from typeway.declare.shown import UNSET
from typeway.derive import absence
from typeway.security import base

DOCS: Final = Path(__file__).resolve().parents[1] / "docs"
PAGES: Final = DOCS / "reference"
NOTICE: Final = "<!-- Written by `python -m scripts.reference` from the source; change it there. -->\n"

# Each table of options: its heading, the TypedDict, and a callable whose signature has the defaults.
TABLES: Final[tuple[tuple[str, type[Any], Callable[..., Any] | None], ...]] = (
    ("`Typeway()`", options.AppOptions, typeway.Typeway),
    ("`Router()`", options.RouterOptions, typeway.Router),
    ("`include_router()`", options.IncludeOptions, typeway.Typeway.include_router),
    ("`get()`, `post()`, `put()`, `patch()`, `delete()`, `head()`, `options()`, `trace()`",
     options.RouteOptions, typeway.Typeway.get),
    ("`api_route()` and `add_api_route()`", options.ApiRouteOptions, typeway.Typeway.api_route),
    ("`websocket()` and `add_api_websocket_route()`", options.WebSocketOptions, typeway.Typeway.websocket),
    ("`Path()`, `Query()`, `Cookie()`", options.MarkerOptions, mark.Query),
    ("`Header()`", options.HeaderOptions, mark.Header),
    ("`Body()`", options.BodyOptions, mark.Body),
    ("`Form()` and `File()`", options.FormOptions, mark.Form),
    ("`form_limits`", options.FormLimits, None),
    ("`json_limits`", options.JSONLimits, None),
    ("`parameter_limits`", options.ParameterLimits, None),
    ("`error_limits`", options.ErrorLimits, None),
    ("`telemetry`", options.TelemetryConfig, None),
    ("Security schemes", base.SchemeOptions, None),
)  # fmt: skip

INTRODUCTION: Final = """# Options

Every option of an application, a router, an inclusion, a route and a parameter marker. Options are keyword arguments; a name that does
not exist raises a `TypeError` that names the closest one. Editors complete them, and type checkers reject a wrong name or type.

*Inherited* says what happens to an option that stands on an application, a router or an inclusion, for the routes below:
`added` — the values of all levels count, the outer ones first; `innermost` — the value nearest to the route counts; `joined` — the
mappings of all levels are one, in which the innermost value of a key counts; `either` — it holds if it is true on any level; `all` — it
holds only if it is true on every level. An option without a word there concerns only what it stands on.
"""


# Compat mode gives our exceptions FastAPI's name.
NAMED: Final = frozenset({"typeway", "fastapi"})

COMMANDS: Final = """`typeway COMMAND --help` shows the same in a terminal. Each option can also be set by the environment variable in
the last column; an option on the command line takes precedence.
"""

EXCEPTIONS: Final = """Every exception and warning of Typeway. `typeway explain NAME` prints the same in a terminal. Those of declarations are raised when
your modules are imported, and name the file and line of the declaration; those of requests have a response.
"""

# The modules that have exceptions, and where those are imported from; a later one counts where several have the same.
HOMES: Final[Mapping[ModuleType, str]] = {
    problem: "typeway",
    headers: "typeway.headers",
    absence: "typeway.derive.absence",
    testing: "typeway.testing",
    exceptions: "typeway.exceptions",
}


def words_for(join: Callable[[Any, Any], Any]) -> str:
    """How values of two levels become one, in a word."""
    if join is innermost:
        return "innermost"
    outcomes = {
        "either": (True, False, True),
        "all": (True, False, False),
        "added": ([1], [2], [1, 2]),
        "joined": ({"a": 1, "b": 1}, {"b": 2}, {"a": 1, "b": 2}),
    }
    for word, (outer, inner, result) in outcomes.items():
        try:
            if join(outer, inner) == result:
                return word
        except TypeError:
            continue
    raise ValueError(f"no word says what {inspect.getsource(join)} does")


@cache
def keys_of(module: ModuleType) -> dict[str, dict[str, tuple[str, str]]]:
    """The keys of each TypedDict that a module defines, without those of its bases: the type as written, and the docstring."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.ClassDef):
            keys = found[node.name] = {}
            for key, following in zip(node.body, [*node.body[1:], None], strict=True):
                if isinstance(key, ast.AnnAssign) and isinstance(key.target, ast.Name):
                    said = following.value if isinstance(following, ast.Expr) else None
                    text = said.value if isinstance(said, ast.Constant) else ""
                    keys[key.target.id] = ast.unparse(key.annotation), str(text)
    return found


def rows_of(kind: type[Any]) -> dict[str, tuple[str, str]]:
    """The keys of a TypedDict with those of its bases, the bases first."""
    rows: dict[str, tuple[str, str]] = {}
    for origin in getattr(kind, "__orig_bases__", ()):
        if hasattr(origin, "__annotations__"):
            rows |= rows_of(origin)
    module = sys.modules[kind.__module__]
    return rows | keys_of(module).get(kind.__name__, {})


def parted(text: str) -> tuple[str, str]:
    """The meaning of an option and the example, which is the end of its docstring."""
    meaning, _, example = text.partition("Example: `")
    return meaning, example.strip().removesuffix(".").removesuffix("`")


def default_text(value: Any) -> str:
    """A default as it is written in source, or nothing if there is none that could be written."""
    if value is UNSET or value is inspect.Parameter.empty or isinstance(value, type(UNSET)):
        inner = getattr(value, "value", None)
        return "" if inner is None or value is inspect.Parameter.empty else f"`{inner!r}`"
    return f"`{value!r}`"


def cell(text: str) -> str:
    """A text as a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def code_cell(text: str) -> str:
    """Code as a cell of a table; in backticks a vertical bar would be written with a backslash that some readers show."""
    written = html.escape(" ".join(text.split()), quote=False)
    # A bar would end the cell; addresses would become links.
    for character, escaped in {"|": "&#124;", "@": "&#64;", "://": "&#58;//"}.items():
        written = written.replace(character, escaped)
    return f"<code>{written}</code>"


def table(kind: type[Any], function: Callable[..., Any] | None) -> str:
    """A table of options: name, type, default, meaning, an example, and how it is inherited."""
    defaults = {} if function is None else inspect.signature(function).parameters
    rows = rows_of(kind)
    joins = {name: words_for(join) for name, join in JOIN.items()}
    inherited = {name: joins.get(RENAMED.get(name, name), "") for name in rows}
    has_inherited = any(inherited.values())
    head = [
        "option",
        "type",
        *(["default"] if function else []),
        "meaning",
        "example",
        *(["inherited"] if has_inherited else []),
    ]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for name, (type_, text) in rows.items():
        meaning, example = parted(text)
        cells = [f"`{name}`", code_cell(type_)]
        if function:
            cells.append(default_text(defaults[name].default) if name in defaults else "")
        cells.append(f"{cell(meaning)}<br>{code_cell(example)}" if example else cell(meaning))
        if has_inherited:
            cells.append(inherited[name])
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def options_page() -> str:
    parts = [NOTICE + INTRODUCTION]
    for heading, kind, function in TABLES:
        parts.append(f"## {heading}\n\n{inspect.cleandoc(kind.__doc__ or '')}\n\n{table(kind, function)}\n")
    return "\n".join(parts)


# --- the command line ---------------------------------------------------------------------------------------------


KINDS: Final = {int: "integer", float: "number", str: "text", bool: "flag", Path: "path"}
REPEATED: Final = {
    list[str]: "text, can be repeated",
    list[Path]: "path, can be repeated",
}


def parameter_row(parameter: Any, context: typer.Context) -> str:
    """A row of a command's table: names, kind of value, default, meaning, and the environment variable that sets it."""
    is_argument = isinstance(parameter, TyperArgument)
    kind = parameter.type_descriptor.annotation
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        value = ", ".join(f"`{choice.value}`" for choice in kind)
    else:
        value = (KINDS | REPEATED)[kind]
    default = parameter.show_default if isinstance(parameter.show_default, str) else parameter.default
    default = getattr(default, "value", default)
    names = [parameter.metavar] if is_argument else [*parameter.opts, *parameter.secondary_opts]
    variable = parameter.envvar or f"{context.auto_envvar_prefix}_{parameter.name.upper()}"
    cells = [
        ", ".join(f"`{name}`" for name in names),
        value,
        "" if default in (None, False, "") or callable(default) else f"`{default}`",
        cell(parameter.help or ""),
        "" if is_argument else f"`{variable}`",
    ]
    return f"| {' | '.join(cells)} |"


HEAD: Final = "| option | value | default | meaning | environment |\n|---|---|---|---|---|"


def command_part(name: str, command: Any, parent: typer.Context) -> Iterator[str]:
    prefix = f"TYPEWAY_{name.upper().replace(' ', '_')}"
    context = typer.Context(command, info_name=name, parent=parent, auto_envvar_prefix=prefix)
    if isinstance(command, TyperGroup):
        for part, subcommand in command.commands.items():
            yield from command_part(f"{name} {part}", subcommand, context)
        return
    yield f"## `typeway {name}`\n\n{inspect.cleandoc(command.help or '').replace(chr(12), '')}\n"
    usage = command.collect_usage_pieces(context)
    yield f"```text\ntypeway {name} {' '.join(usage)}\n```\n"
    groups: dict[str, list[str]] = {}
    for parameter in command.params:
        if not getattr(parameter, "hidden", False):
            panel = getattr(parameter, "rich_help_panel", None) or ""
            groups.setdefault(panel, []).append(parameter_row(parameter, context))
    for panel, rows in groups.items():
        yield (f"**{panel}**\n\n" if panel else "") + "\n".join([HEAD, *rows]) + "\n"


def commands_page() -> str:
    group = typer.main.get_command(cli)
    if not isinstance(group, TyperGroup):
        raise TypeError(f"the command line is a group of commands, not {group!r}")
    context = typer.Context(group, info_name="typeway", auto_envvar_prefix="TYPEWAY")
    parts = [
        NOTICE + "# The command line\n",
        COMMANDS,
    ]
    for name, command in group.commands.items():
        parts += command_part(name, command, context)
    return "\n".join(parts)


# --- exceptions ---------------------------------------------------------------------------------------------------


# The sections of a docstring whose lines are entries: a name and what it means.
LISTED: Final = frozenset({"Parameters", "Attributes", "Class attributes", "Raises"})


def as_markdown(docstring: str) -> str:
    """A docstring with its sections as Markdown: parameters as a list, an example as it is."""
    lines, section = [], ""
    for line in inspect.cleandoc(docstring).splitlines():
        if heading := re.fullmatch(r"([A-Z][\w ]*):", line):
            section = heading[1]
            lines += [f"**{section}**", ""]
        elif not section or not line:
            lines.append(line)
        elif section in LISTED and (entry := re.fullmatch(r"    (\w+): (.*)", line)):
            lines.append(f"- `{entry[1]}`: {entry[2]}")
        else:
            # Examples of docstrings are parts of programs.
            part = line.removeprefix("    ").replace("```python", "```py")
            lines.append(part if section not in LISTED else f"  {line.strip()}")
    return "\n".join(lines)


def exceptions_page() -> str:
    parts = [NOTICE + "# Exceptions\n", EXCEPTIONS]
    found = {value: home for module, home in HOMES.items() for value in own_exceptions(module)}
    for kind, home in sorted(found.items(), key=lambda pair: pair[0].__name__):
        bases = ", ".join(f"`{base.__name__}`" for base in kind.__bases__ if base is not object)
        text = as_markdown(kind.__doc__ or "")
        parts.append(f"## `{kind.__name__}`\n\nFrom `{home}`; a subclass of {bases}.\n\n{text}\n")
    return "\n".join(parts)


def own_exceptions(module: ModuleType) -> Iterator[type[BaseException]]:
    """The exceptions and warnings of the framework that a module offers."""
    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, BaseException) and value.__module__.partition(".")[0] in NAMED:
            yield value


# --- the rules ----------------------------------------------------------------------------------------------------

RULES: Final = DOCS / "check"
PITFALLS: Final = DOCS.parent / "examples" / "pitfalls"


def rule_page(path: Path) -> str:
    """The page of a rule: what is written there, the two files of its example, and what its other examples show."""
    written, _, _ = path.read_text(encoding="utf-8").partition("\n## Example\n")
    (folder,) = PITFALLS.glob(f"{path.stem.lower()}_*")
    parts = [f"{written}\n## Example\n"]
    for name, word in (("bad", "Bad"), ("good", "Good")):
        code = (folder / f"{name}.py").read_text(encoding="utf-8")
        parts.append(f"{word}, `examples/pitfalls/{folder.name}/{name}.py`:\n\n```python\n{code}```\n")
    others = sorted({file.stem.partition("_")[2] for kind in ("bad", "good") for file in folder.glob(f"{kind}_*.py")})
    if others:
        parts.append("More examples in this folder, `bad_….py` and `good_….py`:\n")
        parts.append("\n".join(f"- `{name}`. {' '.join(said_by_examples(folder, name))}" for name in others) + "\n")
    return "\n".join(parts)


def said_by_examples(folder: Path, name: str) -> Iterator[str]:
    """What a bad and a good example say about themselves; there may be only one of them."""
    for kind in ("bad", "good"):
        file = folder / f"{kind}_{name}.py"
        if file.exists():
            yield ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""


WRITERS: Final[Mapping[str, Callable[[], str]]] = {
    "options.md": options_page,
    "command-line.md": commands_page,
    "exceptions.md": exceptions_page,
}


def pages() -> dict[Path, str]:
    """The reference pages as the source says them now."""
    written = {PAGES / name: write() for name, write in WRITERS.items()}
    written |= {path: rule_page(path) for path in sorted(RULES.glob("TW*.md"))}
    return {path: text.rstrip("\n") + "\n" for path, text in written.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description="Write the reference pages that are made from the source.")
    parser.add_argument("--check", action="store_true", help="fail if a page is not what the source says")
    is_check = parser.parse_args().check
    status = 0
    for path, text in pages().items():
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        if is_check:
            print(f"{path.name} is not what the source says: python -m scripts.reference writes it")
            status = 1
        else:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.name}")
    return status


if __name__ == "__main__":
    sys.exit(main())
