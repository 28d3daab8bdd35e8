"""Recognize findings that were there before, even if their lines have moved, and keep them in a file."""

from __future__ import annotations

import ast
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from typeway.evidence.finding import Finding
from typeway.source.files import Files, FunctionNode, SourceFile, first_line

VERSION: Final = 1


def fingerprints(findings: Iterable[Finding], files: Files, folder: Path) -> dict[Finding, str]:
    """A name for each finding that stays while lines move: by rule, file, function and the text of the line.

    Parameters:
        findings: what was found, in order: equal lines of one function are told apart by their order.
        files: which source files are the application's own.
        folder: the folder to which paths are relative.
    """
    count: Counter[tuple[str, ...]] = Counter()
    found = {}
    for finding in findings:
        path = Path(finding.path)
        name = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name
        file = files.file(finding.path)
        function = function_around(file, finding.line) if file is not None else ""
        line = file.lines[finding.line - 1] if file is not None and 0 < finding.line <= len(file.lines) else ""
        parts = (finding.code, name, function, "".join(line.split()))
        count[parts] += 1
        text = "\0".join([*parts, str(count[parts])])
        found[finding] = hashlib.sha256(text.encode()).hexdigest()[:20]
    return found


def function_around(file: SourceFile, line: int) -> str:
    """The names of the classes and functions around a line, from the outside in."""
    names: list[str] = []
    body = file.tree.body
    while True:
        around = next(
            (
                node for node in definitions(body)
                if first_line(node) <= line <= (node.end_lineno or node.lineno)
            ),
            None,
        )  # fmt: skip
        if around is None:
            return ".".join(names)
        names.append(around.name)
        body = around.body


def definitions(body: Iterable[ast.AST]) -> Iterable[FunctionNode | ast.ClassDef]:
    """The functions and classes of a block, those in its branches too."""
    for node in body:
        if isinstance(node, FunctionNode | ast.ClassDef):
            yield node
        elif isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield from definitions(ast.iter_child_nodes(node))


def read_baseline(path: Path) -> frozenset[str]:
    """The fingerprints in a file.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is not a baseline.
    """
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8-sig"))
    except RecursionError as error:
        raise ValueError("its nesting is too deep") from error
    if not isinstance(data, dict) or data.get("version") != VERSION or not isinstance(data.get("findings"), list):
        raise ValueError(f"it has to be an object with version {VERSION} and findings")
    return frozenset(
        str(entry["fingerprint"]) for entry in data["findings"] if isinstance(entry, dict) and "fingerprint" in entry
    )


def baseline(named: Mapping[Finding, str], files: Files, folder: Path) -> str:
    """A file of findings, in which each has a line of its own, so that changes of it can be read."""
    entries = []
    for finding, fingerprint in named.items():
        path, file = Path(finding.path), files.file(finding.path)
        name = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name
        function = function_around(file, finding.line) if file is not None else ""
        entries.append({"code": finding.code, "path": name, "function": function, "fingerprint": fingerprint})
    lines = ",\n".join(f"    {json.dumps(entry, ensure_ascii=False)}" for entry in entries)
    return (
        f'{{\n  "version": {VERSION},\n  "findings": [\n{lines}\n  ]\n}}'
        if entries
        else f'{{"version": {VERSION}, "findings": []}}'
    )
