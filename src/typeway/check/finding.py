"""Hold what a rule looks for, and what it found where."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typeway.check.subject import Subject


@dataclass(frozen=True, slots=True)
class Finding:
    """One pitfall in one place.

    Parameters:
        code: the rule's code, "TW001".
        path: the file, absolute.
        line: the line, counted from 1.
        message: one sentence that says what is wrong and why.
        fix: what to do about it.
    """

    code: str
    path: str
    line: int
    message: str
    fix: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One pitfall to look for.

    Parameters:
        code: "TW" and three digits; it never changes its meaning.
        name: what the pitfall is called, in words joined by hyphens.
        says: one sentence about it, for lists and reports.
        find: looks at an application and tells every place; None for a rule whose findings are refusals of the
            framework itself, made while the application is imported.
    """

    code: str
    name: str
    says: str
    find: Callable[[Subject], Iterator[Finding]] | None
