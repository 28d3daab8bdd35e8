"""Recognize reads of small files that are part of the application's own code: templates, prompts, lists of words."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path, PurePath
from typing import Final

from typeway.evidence.subject import Subject
from typeway.source.asking import safely
from typeway.source.bindings import assignments_to_self
from typeway.source.index import last_name
from typeway.source.program import Function
from typeway.source.values import Known

# A read of at most this many bytes is not worth a thread.
SMALL: Final = 65_536
# In a folder with more files than these nobody looks at each.
MOST_FILES: Final = 200
# Through how many names and attributes a path is followed.
MOST_STEPS: Final = 8
# What joins the parts of a path, and what makes a path of another.
JOINS: Final = frozenset({"join", "joinpath"})
MAKES: Final = frozenset({"fspath", "abspath", "realpath"})


def reads_shipped(subject: Subject, call: ast.Call, function: Function) -> bool:
    """Whether a call opens or reads a small file that is there before any request comes, among the application's code."""
    if last_name(call.func) == "open" and is_written(call, 0 if isinstance(call.func, ast.Attribute) else 1):
        return False
    is_method = isinstance(call.func, ast.Attribute) and not (
        call.args and last_name(call.func.value) in ("io", "builtins")
    )
    named = call.func.value if is_method and isinstance(call.func, ast.Attribute) else next(iter(call.args), None)
    start = beginning(subject, named, function, MOST_STEPS) if named is not None else None
    if start is None or not start[0].is_absolute() or start[0].resolve() in subject.program.files.roots:
        return False
    return subject.program.files.is_own(str(start[0])) and is_small(start[0])


def is_written(call: ast.Call, position: int) -> bool:
    """Whether `open()` is told a mode in which a file is written, or one that is not known."""
    given = call.args[position] if len(call.args) > position else None
    mode = next((entry.value for entry in call.keywords if entry.arg == "mode"), given)
    return mode is not None and not (isinstance(mode, ast.Constant) and str(mode.value).strip("bt") in ("", "r"))


def beginning(subject: Subject, node: ast.expr, function: Function, depth: int) -> tuple[Path, bool] | None:
    """The part of a path that is known before any request comes, and whether it is all of it."""
    if depth == 0:
        return None
    match node:
        case ast.Attribute(value=held, attr="parent") | ast.Call(func=ast.Attribute(attr="dirname"), args=[held]):
            found = beginning(subject, held, function, depth - 1)
            return (found[0].parent, True) if found is not None and found[1] else None
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return joined(subject, [left, right], function, depth - 1)
        case ast.Call(func=ast.Attribute(value=held, attr="joinpath"), args=parts):
            return joined(subject, [held, *parts], function, depth - 1)
        case ast.Call(func=func, args=parts) if parts and (
            last_name(func) in JOINS or is_path(subject, func, function)
        ):
            return joined(subject, parts, function, depth - 1)
    value = subject.inference.value(node, function)
    thing = value.thing if isinstance(value, Known) else None
    assigned: list[ast.expr] = []
    if isinstance(node, ast.Name):
        assigned = [
            entry.expression for entry in subject.inference.bindings(function).get(node.id, ()) if entry.expression
        ]
    elif isinstance(node, ast.Attribute) and function.owner is not None and thing is None:
        thing = inspect.getattr_static(function.owner, node.attr, None)
        maker = subject.program.method(function.owner, "__init__")
        assigned, function = ([*assignments_to_self(maker, node.attr)], maker) if maker is not None else ([], function)
    if isinstance(thing, str | Path) and (path := safely(Path, thing)) is not None:
        return path, True
    return beginning(subject, assigned[0], function, depth - 1) if len(assigned) == 1 else None


def is_path(subject: Subject, made: ast.expr, function: Function) -> bool:
    """Whether what is called makes a path of a path, or its text."""
    value = subject.inference.value(made, function)
    thing = value.thing if isinstance(value, Known) else None
    is_class = isinstance(thing, type) and issubclass(thing, PurePath | str)
    return is_class or last_name(made) in MAKES


def joined(subject: Subject, parts: list[ast.expr], function: Function, depth: int) -> tuple[Path, bool] | None:
    """The known beginning of a path that is joined from parts."""
    path, is_whole = Path(), True
    for number, part in enumerate(parts):
        found = (
            (Path(str(part.value)), True)
            if isinstance(part, ast.Constant)
            else beginning(subject, part, function, depth)
        )
        if found is None:
            return (path, False) if number else None
        path, is_whole = path / found[0], found[1]
        if not is_whole:
            break
    return path, is_whole


def is_small(path: Path) -> bool:
    """Whether a file is small, or all that are in a folder are."""
    if path.is_file():
        return path.stat().st_size <= SMALL
    # A folder that is kept for what comes later has a hidden file, if any.
    found = [entry for entry in path.iterdir() if entry.is_file() and entry.name[0] != "."] if path.is_dir() else []
    return 0 < len(found) <= MOST_FILES and all(entry.stat().st_size <= SMALL for entry in found)
