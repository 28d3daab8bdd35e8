"""Hold what a rule has found, where, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

# How sure a finding is: "high", it happens while requests are served; "medium", it does for some requests, or matters
# less often; "low", it may be meant, or hardly matters.
Confidence = Literal["high", "medium", "low"]
# The surest first.
CONFIDENCES: Final[tuple[Confidence, ...]] = ("high", "medium", "low")


@dataclass(frozen=True, slots=True)
class Place:
    """One more place where the same happens.

    Parameters:
        path: the file, absolute.
        line: the line, counted from 1.
        entry: what the framework calls, in words: "GET /tasks".
    """

    path: str
    line: int
    entry: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One pitfall in one place.

    Parameters:
        code: the rule's code, "TW001".
        path: the file, absolute.
        line: the line, counted from 1; 0 where none is known.
        message: one sentence that says what is wrong and why.
        fix: what to do about it.
        confidence: how sure the finding is: "high", "medium" or "low".
        entry: what the framework calls, in words: "GET /tasks"; empty where the finding is not about a request.
        chain: the names of the functions that lead from there to the pitfall.
        also: further places where the same happens for the same cause.
        cause: what findings of one rule share that one change repairs; they become one finding. Empty for none.
        function: the function, as file and line, that the finding is about, where rules must not repeat each other.
    """

    code: str
    path: str
    line: int
    message: str
    fix: str
    confidence: Confidence = "high"
    entry: str = ""
    chain: tuple[str, ...] = ()
    also: tuple[Place, ...] = ()
    cause: str = ""
    function: str = ""
