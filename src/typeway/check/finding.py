"""Hold what a rule has found, and where."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One pitfall in one place.

    Parameters:
        code: the rule's code, "TW001".
        path: the file, absolute.
        line: the line, counted from 1; 0 where none is known.
        message: one sentence that says what is wrong and why.
        fix: what to do about it.
    """

    code: str
    path: str
    line: int
    message: str
    fix: str
