"""Change parts of a source file and leave everything else as it is: comments, newlines, encoding."""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

from typeway.writing import write_at_once

NEWLINE: Final = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """The text between two places of a file becomes another; places count characters from 0."""

    start: int
    end: int
    text: str


class Source:
    """The text of a file with its newlines as they are, and its syntax tree.

    Parameters:
        text: the whole text.

    Raises:
        SyntaxError: it is not Python.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.tree: ast.Module = ast.parse(text)
        self.starts: list[int] = [0, *(match.end() for match in NEWLINE.finditer(text))]
        first = NEWLINE.search(text)
        self.newline: str = first.group() if first is not None else "\n"

    def at(self, line: int, column: int) -> int:
        """Where a place of the syntax tree is, which counts lines from 1 and the bytes of a line from 0."""
        start = self.starts[line - 1]
        return start + len(self.line(line).encode()[:column].decode())

    def start(self, node: ast.stmt | ast.expr | ast.keyword | ast.alias | ast.ExceptHandler) -> int:
        return self.at(node.lineno, node.col_offset)

    def end(self, node: ast.stmt | ast.expr | ast.keyword) -> int:
        return self.at(node.end_lineno or node.lineno, node.end_col_offset or 0)

    def segment(self, node: ast.stmt | ast.expr) -> str:
        return self.text[self.start(node) : self.end(node)]

    def line(self, line: int) -> str:
        """A line with its newline."""
        end = self.starts[line] if line < len(self.starts) else len(self.text)
        return self.text[self.starts[line - 1] : end]

    def indentation(self, node: ast.stmt | ast.ExceptHandler) -> str | None:
        """What is before a statement in its line; None if that is more than white space."""
        before = self.text[self.starts[node.lineno - 1] : self.start(node)]
        return before if not before.strip() else None

    def edited(self, edits: Iterable[Edit]) -> str:
        """The text after some edits; of those at the same place the first comes first."""
        parts, place = [], 0
        for edit in sorted(edits, key=lambda one: (one.start, one.end)):
            parts += [self.text[place : edit.start], edit.text]
            place = edit.end
        return "".join([*parts, self.text[place:]])


def lines_of(text: str) -> list[str]:
    """The lines of a text with their newlines, as Python counts lines: `splitlines` would also split at form feeds."""
    starts = [0, *(match.end() for match in NEWLINE.finditer(text))]
    ends = [*starts[1:], len(text)]
    return [text[start:end] for start, end in zip(starts, ends, strict=True) if start < end]


def read_text(path: Path) -> tuple[str, str]:
    """The text of a source file with its newlines as they are, and its encoding.

    Raises:
        OSError: the file cannot be read.
        SyntaxError: it declares an encoding that does not exist.
        UnicodeDecodeError: it is not in the encoding that it declares.
    """
    raw = path.read_bytes()
    encoding, _ = tokenize.detect_encoding(BytesIO(raw).readline)
    return raw.decode(encoding), encoding


def write_text(path: Path, text: str, encoding: str) -> None:
    """Write a source file as it was read, at once: an interruption or a full disk leaves the old one.

    Raises:
        OSError: the file cannot be written.
    """
    write_at_once(path, text.encode(encoding))
