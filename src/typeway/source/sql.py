"""Read SQL text: which table a statement reads or adds to, and whether something limits how many rows it finds."""

from __future__ import annotations

import re
from typing import Final

from typeway.source.words import words_of

# What columns are called of which many rows share a value.
CATEGORIES: Final = frozenset({
    "status", "state", "type", "kind", "category", "group", "level", "role", "priority", "language", "locale", "country", "is",
    "has", "active", "enabled", "deleted", "archived", "visible", "public", "private", "published", "done", "completed", "flag",
})  # fmt: skip
# All columns; of a query in another one that one may name them.
EVERYTHING: Final = re.compile(r"\s*SELECT\s+(?:DISTINCT\s+)?(?:\w+\.)?\*(?!\s*FROM\s*\()", re.IGNORECASE)
# The table of a statement, with its schema and in its quotes; what is called there, like `generate_series(1, 9)`, is none.
NAME: Final = r"(?:[\"`\[]?\w+[\"`\]]?\.)?[\"`\[]?(\w+)\b[\"`\]]?(?!\s*[.(])"
READS: Final = re.compile(rf"\s*SELECT\b.*?\bFROM\s+(?:ONLY\s+)?{NAME}", re.IGNORECASE | re.DOTALL)
FILLS: Final = re.compile(r"\bINSERT\s+(?:OR\s+\w+\s+)?INTO\s+(?:[\"`\[]?\w+[\"`\]]?\.)?[\"`\[]?(\w+)", re.IGNORECASE)
# A number of rows, and what makes one row of many.
LIMITS: Final = re.compile(
    r"\b(LIMIT|FETCH|TOP|ROWNUM|GROUP\s+BY|DISTINCT)\b|\b(COUNT|SUM|AVG|MIN|MAX|EXISTS)\s*\(", re.IGNORECASE
)
WHERE: Final = re.compile(r"\bWHERE\b(.*?)(?:\bORDER\s+BY\b.*)?;?\s*$", re.IGNORECASE | re.DOTALL)
BOTH: Final = re.compile(r"\bAND\b|\bOR\b", re.IGNORECASE)
# A condition that is the same in every request: `deleted = 0`, `is_active`, `removed_at IS NULL`.
SAME: Final = re.compile(
    r"\s*\(*\s*(?:NOT\s+)?(?:\w+\.)?\"?(\w+)\"?\s*(?:(?:=|!=|<>|\bIS\b)\s*(?:NOT\s+)?(TRUE|FALSE|NULL|-?\d+|'[^']*')\s*)?\)*\s*",
    re.IGNORECASE,
)


def is_particular(column: str) -> bool:
    """Whether few rows share a value of a column, as far as its name says: the key of a parent, but not a status."""
    return not CATEGORIES & set(words_of(column))


def table_read(text: str) -> str | None:
    """The table that a statement selects rows from; None where it is another statement, or selects from something else."""
    found = READS.match(text)
    return found[1].lower() if found is not None else None


def table_filled(text: str) -> str | None:
    """The table that a statement adds rows to."""
    found = FILLS.search(text)
    return found[1].lower() if found is not None else None


def is_limited(text: str) -> bool:
    """Whether a statement is not known to find as many rows as a table has, or as share a status and the like."""
    asked = WHERE.search(text)
    return (
        table_read(text) is None or LIMITS.search(text) is not None or (asked is not None and not is_shared(asked[1]))
    )


def is_shared(condition: str) -> bool:
    """Whether many rows fulfil a condition, in every request the same ones."""
    parts = [SAME.fullmatch(part) for part in BOTH.split(condition)]
    return all(part is not None and ((part[2] or "").upper() == "NULL" or not is_particular(part[1])) for part in parts)
