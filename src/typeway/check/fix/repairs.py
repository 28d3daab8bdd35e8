"""Say how the source changes so that a finding is gone, for the rules of which the change is always the same."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from typeway.check.fix.edits import Edit, Source
from typeway.check.fix.guard import guard_cleanup
from typeway.check.fix.sleep import await_sleep
from typeway.check.rules.handlers import changes_of, is_mutable
from typeway.check.rules.returned import RAISE
from typeway.check.rules.updates import ONLY_SENT
from typeway.describe.syntax import executed
from typeway.evidence.finding import Finding
from typeway.source.files import FunctionNode, SourceFile
from typeway.source.index import last_name
from typeway.source.program import Function

# What makes a copy of a default; of anything else it is its method `copy`.
COPIES: Final[Mapping[type[ast.expr], str]] = {ast.List: "list", ast.Dict: "dict", ast.Set: "set"}
# The names of types that include None.
ANY: Final = frozenset({"Optional", "Any", "object"})
NAMED: Final = re.compile(r"changes (\w+), whose default")
LETS_PASS: Final = re.compile(r"write `except ([\w.]+): raise`")
LOGS: Final = re.compile(r"(self\.)?_?(log|logger|logging|print|traceback)\b", re.IGNORECASE)
# What makes texts of values.
TEXTS: Final = frozenset({"str", "repr", "type", "dict"})

Repair = Callable[[Source, Finding], list[Edit]]


def repair(source: Source, finding: Finding) -> list[Edit]:
    """The edits after which a finding is gone; none where nobody can be sure of them.

    Parameters:
        source: the file that the finding is in.
        finding: what was found there.
    """
    edits = REPAIRS[finding.code](source, finding) if finding.code in REPAIRS else []
    try:
        ast.parse(source.edited(edits))
    except SyntaxError:
        return []  # an unusual way of writing it, such as with more parentheses
    return edits


def take_what_was_sent(source: Source, finding: Finding) -> list[Edit]:
    """TW006: `change.model_dump(exclude_unset=True)`."""
    calls = [
        node for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and node.lineno == finding.line and takes_everything(node)
    ]  # fmt: skip
    if len(calls) != 1:
        return []
    (call,) = calls
    given: list[ast.expr | ast.keyword] = [*call.args, *call.keywords]
    if not given:
        return [Edit(source.end(call) - 1, source.end(call) - 1, "exclude_unset=True")]
    last = max(source.end(each) for each in given)
    if ")" in source.text[last : source.end(call) - 1]:
        return []
    return [Edit(last, last, ", exclude_unset=True")]


def takes_everything(call: ast.Call) -> bool:
    """Whether a call takes all fields of a model, and would take an argument that says which."""
    if {keyword.arg for keyword in call.keywords} & (ONLY_SENT | {None}):
        return False
    match call:
        case ast.Call(func=ast.Attribute(attr="model_dump" | "dict"), args=[]):
            return True
        case ast.Call(func=ast.Name(id="jsonable_encoder"), args=[only]):
            return not isinstance(only, ast.Starred)
    return False


def stop_sharing(source: Source, finding: Finding) -> list[Edit]:
    """TW018: what the framework calls copies its argument, so that its signature stays; other functions create their own."""
    found = NAMED.search(finding.message)
    for node in ast.walk(source.tree):
        if not isinstance(node, FunctionNode) or found is None:
            continue
        defaults = [*defaults_of(node)]
        if not any(given.arg == found[1] and default.lineno == finding.line for given, default in defaults):
            continue
        # Of several on one line one is reported.
        function = Function(node, SourceFile(Path(finding.path), source.text, source.tree), {})
        change = copied if len(finding.chain) == 1 else created
        return [
            edit
            for parameter, default in defaults
            if default.lineno == finding.line and is_mutable(default) and changes_of(parameter.arg, function, default)
            for edit in change(source, node, parameter, default)
        ]
    return []


def defaults_of(function: FunctionNode) -> Iterator[tuple[ast.arg, ast.expr]]:
    """The parameters that have a default."""
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    yield from zip(positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True)
    for parameter, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if default is not None:
            yield parameter, default


def copied(source: Source, function: FunctionNode, parameter: ast.arg, default: ast.expr) -> list[Edit]:
    name = parameter.arg
    copy = f"{COPIES[type(default)]}({name})" if type(default) in COPIES else f"{name}.copy()"
    return at_the_top(source, function, [f"{name} = {copy}"])


def created(source: Source, function: FunctionNode, parameter: ast.arg, default: ast.expr) -> list[Edit]:
    name, annotation = parameter.arg, parameter.annotation
    first = at_the_top(source, function, [f"if {name} is None:", f"\t{name} = {source.segment(default)}"])
    is_text = isinstance(annotation, ast.Constant) and annotation.value is not None
    if not first or is_text or has_meaning_of_none(function, parameter):
        return []
    edits = [Edit(source.start(default), source.end(default), "None"), *first]
    if annotation is not None:
        edits.append(Edit(source.end(annotation), source.end(annotation), " | None"))
    return edits


def has_meaning_of_none(function: FunctionNode, parameter: ast.arg) -> bool:
    """Whether a caller may give None and mean something else than the default."""
    annotation = [] if parameter.annotation is None else [*ast.walk(parameter.annotation)]
    if any(
        (isinstance(node, ast.Constant) and node.value is None) or getattr(node, "attr", getattr(node, "id", "")) in ANY
        for node in annotation
    ):
        return True
    return any(
        isinstance(node, ast.Compare)
        and {ast.dump(ast.Name(parameter.arg, ast.Load())), ast.dump(ast.Constant(None))}
        <= {ast.dump(part) for part in (node.left, *node.comparators)}
        for node in ast.walk(function)
    )


def at_the_top(source: Source, function: FunctionNode, lines: list[str]) -> list[Edit]:
    """Statements before those of a function, after its docstring; a tab stands for one more level."""
    has_docstring = ast.get_docstring(function, clean=False) is not None
    if has_docstring and len(function.body) == 1:
        return []
    first = function.body[has_docstring]
    line = min([first.lineno, *(decorator.lineno for decorator in getattr(first, "decorator_list", ()))])
    indentation = source.indentation(first)
    if indentation is None or line == function.lineno:
        return []
    unit = indentation.removeprefix(source.line(function.lineno)[: function.col_offset]) or indentation
    text = "".join(f"{indentation}{one.replace(chr(9), unit)}{source.newline}" for one in lines)
    start = source.starts[line - 1]
    return [Edit(start, start, text)]


def raise_it(source: Source, finding: Finding) -> list[Edit]:
    """TW029: `raise` for `return`, in what the framework calls, where neither `except` nor `with` sees the difference."""
    lines = {finding.line, *(place.line for place in finding.also)} if finding.fix == RAISE else set[int]()
    guarded = {
        id(inner) for node in ast.walk(source.tree) if isinstance(node, ast.Try | ast.With | ast.AsyncWith)
        for statement in node.body for inner in ast.walk(statement)
    }  # fmt: skip
    found = [
        node for node in ast.walk(source.tree)
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Call) and node.lineno in lines
    ]  # fmt: skip
    is_clear = len(found) == len({node.lineno for node in found}) and len(finding.chain) == 1
    starts = [source.start(node) for node in found if is_clear and id(node) not in guarded]
    return [Edit(start, start + len("return"), "raise") for start in starts]


def let_pass(source: Source, finding: Finding) -> list[Edit]:
    """TW030: `except HTTPException: raise` before a handler that only logs and answers, so that nothing else is left out."""
    named = LETS_PASS.match(finding.fix)
    for node in ast.walk(source.tree):
        if named is None or not isinstance(node, ast.ExceptHandler) or node.lineno != finding.line:
            continue
        indentation, inner = source.indentation(node), source.indentation(node.body[0])
        if indentation is not None and only_tells(node.body) and not is_another(source, node, named[1]):
            lines = [f"{indentation}except {named[1]}:", f"{inner or f'{indentation}    '}raise", ""]
            return [Edit(source.starts[node.lineno - 1], source.starts[node.lineno - 1], source.newline.join(lines))]
    return []


def only_tells(body: list[ast.stmt]) -> bool:
    """Whether a handler only logs and answers, and what it says does nothing by itself."""
    for statement in body:
        meant: tuple[ast.expr, ...] = ()
        match statement:
            case ast.Expr(value=ast.Call(func=said) as call) if LOGS.match(ast.unparse(said)):
                meant = (call,)
            case ast.Expr(value=ast.Await(value=ast.Call(func=said) as call) as waits) if LOGS.match(ast.unparse(said)):
                meant = (call, waits)
            case ast.Raise(exc=ast.Call() as call) | ast.Return(value=ast.Call() as call):
                # A class: a function may do more than answer.
                meant = (call,) if last_name(call.func)[:1].isupper() else ()
            case ast.If(test=asked, body=inside, orelse=other):
                if any(does_something(each) for each in executed([asked])) or not only_tells([*inside, *other]):
                    return False
                continue
            case ast.Pass() | ast.Raise() | ast.Return() | ast.Expr(value=ast.Constant()):
                pass
            case _:
                return False
        if any(does_something(each) for each in executed([statement]) if each not in meant):
            return False
    return True


def does_something(node: ast.AST) -> bool:
    """Whether an expression may do more than give a value."""
    if isinstance(node, ast.Call):
        text = ast.unparse(node.func)
        return text not in TEXTS and not LOGS.match(text)
    return isinstance(node, ast.NamedExpr | ast.Await | ast.Yield | ast.YieldFrom)


def is_another(source: Source, handler: ast.ExceptHandler, name: str) -> bool:
    """Whether a class may have another meaning around a handler, or another `try` may do something else with its errors."""
    first = name.partition(".")[0]
    for node in ast.walk(source.tree):
        if isinstance(node, FunctionNode) and handler in ast.walk(node):
            if any(first == getattr(each, "arg", None) or sets(each, first) for each in ast.walk(node)):
                return True
        elif isinstance(node, ast.Try) and node.handlers and handler in executed(node.body):
            outer = node.handlers[0]
            is_same = outer.type is not None and ast.unparse(outer.type) == name
            if not is_same or not isinstance(outer.body[0], ast.Raise) or outer.body[0].exc is not None:
                return True
    return False


def sets(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load)


REPAIRS: Final[Mapping[str, Repair]] = {
    "TW001": await_sleep,
    "TW006": take_what_was_sent,
    "TW015": guard_cleanup,
    "TW018": stop_sharing,
    "TW029": raise_it,
    "TW030": let_pass,
}
