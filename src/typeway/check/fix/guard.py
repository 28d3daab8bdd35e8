"""Put clean-up after a `yield` where it happens after errors too: into `finally`."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from typeway.check.fix.edits import Edit, Source
from typeway.check.fix.sleep import bindings
from typeway.check.rules.dependencies import is_cleanup
from typeway.evidence.finding import Finding
from typeway.source.imports import import_names

# What must not be done after an error, and what would hide it.
ONLY_AFTER_SUCCESS: Final = frozenset({"commit", "flush", "save", "publish", "send"})
HIDES_ERRORS: Final = (ast.Return, ast.Break, ast.Continue, ast.Yield, ast.YieldFrom, ast.Raise)


def guard_cleanup(source: Source, finding: Finding) -> list[Edit]:
    """TW015: `try:` before the `yield`, `finally:` before the clean-up, and what is between one level further in."""
    for block in blocks_in(source.tree):
        for place, statement in enumerate(block):
            if is_yield(statement) and statement.lineno == finding.line:
                return guarded(source, statement, block[place + 1 :])
    return []


def guarded(source: Source, statement: ast.stmt, rest: Sequence[ast.stmt]) -> list[Edit]:
    places = [place for place, each in enumerate(rest) if is_cleanup(each)]
    indentation = source.indentation(statement)
    if not places or not indentation:
        return []
    # What comes after the clean-up stays there: it happens only after success.
    tried, cleaned = [statement, *rest[: places[0]]], rest[places[0] : places[-1] + 1]
    if len(cleaned) > len(places):
        return []
    if any(source.indentation(each) is None for each in rest) or not is_safe(tried, rest[places[0] :]):
        return []
    unit = "\t" if "\t" in indentation else " " * unit_of(source, len(indentation))
    last = end_of(cleaned[-1])
    # Comments before the clean-up belong to it, blank lines do not.
    border = next(line for line in range(end_of(tried[-1]) + 1, last + 1) if source.line(line).strip())
    fixed = {line for each in (*tried, *cleaned) for line in lines_in_texts(each)}
    edits = [insertion(source, statement.lineno, f"{indentation}try:{source.newline}")]
    for line in range(statement.lineno, last + 1):
        if line == border:
            edits.append(insertion(source, line, f"{indentation}finally:{source.newline}"))
        if line not in fixed and source.line(line).strip():
            edits.append(insertion(source, line, unit))
    return edits


def is_safe(tried: Sequence[ast.stmt], cleaned: Iterable[ast.stmt]) -> bool:
    """Whether clean-up may run after an error: it needs nothing that comes after the `yield`, and only cleans up."""
    made = {*bindings(parts(tried)), *import_names(ast.Module(list(tried), []))}
    for node in parts(cleaned):
        if isinstance(node, HIDES_ERRORS) or (isinstance(node, ast.Name) and node.id in made):
            return False
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ONLY_AFTER_SUCCESS:
            return False
    return True


def parts(statements: Iterable[ast.stmt]) -> Iterator[ast.AST]:
    for statement in statements:
        yield from ast.walk(statement)


def blocks_in(tree: ast.Module) -> Iterator[Sequence[ast.stmt]]:
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                yield block


def is_yield(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Yield)


def end_of(statement: ast.stmt) -> int:
    return statement.end_lineno or statement.lineno


def lines_in_texts(statement: ast.stmt) -> Iterator[int]:
    """The lines that begin inside a text of several lines, which white space would change."""
    for node in ast.walk(statement):
        if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)):
            yield from range(node.lineno + 1, (node.end_lineno or node.lineno) + 1)


def unit_of(source: Source, deepest: int) -> int:
    """By how many columns the file indents: the least that it uses."""
    widths = {node.col_offset for node in ast.walk(source.tree) if isinstance(node, ast.stmt) and node.col_offset}
    return min(widths, default=deepest)


def insertion(source: Source, line: int, text: str) -> Edit:
    start = source.starts[line - 1]
    return Edit(start, start, text)
