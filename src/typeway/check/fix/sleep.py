"""Await the time that an asynchronous function lets pass, instead of blocking the event loop with it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping

from typeway.check.fix.edits import Edit, Source
from typeway.describe.syntax import executed
from typeway.evidence.finding import Finding
from typeway.source.files import FunctionNode, first_line
from typeway.source.imports import AWAITABLE, IMPORTS, import_names, module_to_sleep


def await_sleep(source: Source, finding: Finding) -> list[Edit]:
    """TW001: `await asyncio.sleep(…)` for `time.sleep(…)`, in the asynchronous function itself."""
    function = function_at(source.tree, finding.line)
    bound = import_names(source.tree)
    if not isinstance(function, ast.AsyncFunctionDef) or "time.sleep()" not in finding.message:
        return []
    found = [
        node.value
        for node in executed(function.body)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
        if name_of(node.value.func, bound) == "time.sleep"
    ]
    module = module_to_sleep(source.tree)
    before = [] if module is not None else import_of(source)
    names = {name.id for call in found for name in ast.walk(call.func) if isinstance(name, ast.Name)}
    taken = rebound(source.tree) | imported_otherwise(source.tree, function, module or "asyncio")
    if not found or before is None or (names | {module or "asyncio"}) & taken:
        return []
    return [*before, *(edit for call in found for edit in awaited(source, call, module or "asyncio"))]


def awaited(source: Source, call: ast.Call, module: str) -> list[Edit]:
    """The edits of one call; the name may be in parentheses."""
    start, name = source.start(call), source.start(call.func)
    before = [] if start == name else [Edit(start, start, "await ")]
    return [*before, Edit(name, source.end(call.func), f"{'' if before else 'await '}{module}.sleep")]


def imported_otherwise(tree: ast.Module, function: ast.AST, name: str) -> set[str]:
    """A name, if an import binds it to another module somewhere, or inside a function, where it may come too late."""
    for node in ast.walk(tree):
        if isinstance(node, IMPORTS) and any((alias.asname or alias.name) == name for alias in node.names):
            is_other = isinstance(node, ast.ImportFrom) or all(alias.name not in AWAITABLE for alias in node.names)
            if is_other or any(node is inner for inner in ast.walk(function)):
                return {name}
    return set()


def function_at(tree: ast.Module, line: int) -> FunctionNode | None:
    """The innermost function around a line, or with its head there."""
    found = [
        node for node in ast.walk(tree)
        if isinstance(node, FunctionNode) and first_line(node) <= line <= (node.end_lineno or node.lineno)
    ]  # fmt: skip
    return max(found, key=first_line, default=None)


def name_of(node: ast.expr, bound: Mapping[str, str]) -> str:
    """The qualified name of an expression, if it begins with an imported one."""
    if isinstance(node, ast.Name):
        return bound.get(node.id, "")
    if isinstance(node, ast.Attribute):
        owner = name_of(node.value, bound)
        return owner and f"{owner}.{node.attr}"
    return ""


def rebound(tree: ast.Module) -> set[str]:
    """The names that anything but an import gives a meaning."""
    return {*bindings(ast.walk(tree))}


def bindings(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name


def import_of(source: Source) -> list[Edit] | None:
    """Import asyncio where it belongs by the alphabet, else after what has to come first; None if there is no such place."""
    body = source.tree.body
    imports = [node for node in body if isinstance(node, ast.Import) and source.indentation(node) is not None]
    later: ast.stmt | None = next((node for node in imports if node.names[0].name > "asyncio"), None)
    if later is None:
        rest = [node for node in body if not comes_first(node)]
        later = rest[0] if rest and source.indentation(rest[0]) is not None else None
    if later is None:
        return None
    start = source.starts[min([later.lineno, *(one.lineno for one in getattr(later, "decorator_list", ()))]) - 1]
    return [Edit(start, start, f"import asyncio{source.newline}")]


def comes_first(node: ast.stmt) -> bool:
    """Whether a statement has to stay before all imports: the docstring, and imports from the future."""
    if isinstance(node, ast.ImportFrom):
        return node.module == "__future__"
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
