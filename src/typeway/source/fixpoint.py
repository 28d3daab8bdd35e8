"""Compute results that may depend on each other: each once, and the same in whatever order they are asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Result = TypeVar("Result")

# How often the results of a circle are computed again; what still changes then is unknown.
MOST_ROUNDS: Final = 10

# How many calls of Python functions may be nested while results are computed. Results that depend on each other in a
# chain nest about ten calls each, and chains of hundreds are nothing unusual in an application.
MOST_NESTED: Final = 100_000


@dataclass(slots=True)
class Provisional(Generic[Result]):
    """The result so far of a key that is being computed, or that depends on one that is.

    Parameters:
        position: how many other keys were being computed when this one was begun.
        result: None until something is known.
    """

    position: int
    result: Result | None = None


class Fixpoint(Generic[Key, Result]):
    """Results by key, where computing one may ask for others, and in a circle for itself; None is "unknown".

    A result that was computed while a circle was open may say less than it should, and how much less depends on where the
    circle was entered. So the results of a circle are only kept once the whole of it has been computed again and again
    until nothing changes (Tarjan's strongly connected components, and the fixed point of each).

    Parameters:
        compute: computes one result; it asks for others by `result`.
        open: stands for a result of which nothing is known yet, because it is being computed; what it is in the end is unknown.
    """

    def __init__(self, compute: Callable[[Key], Result | None], open: Result | None = None) -> None:
        self.compute = compute
        self.open = open
        self.known: dict[Key, Result | None] = {}
        self.provisional: dict[Key, Provisional[Result]] = {}
        # The position of the earliest begun key on which the one being computed depends.
        self.earliest: int = sys.maxsize

    def result(self, key: Key) -> Result | None:
        """The result for a key."""
        if key in self.known:
            return self.known[key]
        entry = self.provisional.get(key)
        if entry is not None:
            self.earliest = min(self.earliest, entry.position)
            return entry.result
        if self.provisional:
            return self.begin(key)
        with deep_recursion():
            return self.begin(key)

    def begin(self, key: Key) -> Result | None:
        """Compute the result for a new key, and keep it if it depends on nothing that is still being computed."""
        entry = self.provisional[key] = Provisional(len(self.provisional), self.open)
        around, self.earliest = self.earliest, sys.maxsize
        entry.result = self.compute(key)
        earliest = self.earliest
        if earliest == entry.position:
            self.repeat(entry.position)
        if earliest >= entry.position:
            while len(self.provisional) > entry.position:
                member, inner = self.provisional.popitem()
                self.known[member] = None if inner.result is self.open else inner.result
        self.earliest = min(around, earliest)
        return self.known.get(key, entry.result)

    def repeat(self, position: int) -> None:
        """Compute the results from a position on again until none changes; those that never stop to are unknown."""
        changed: list[Provisional[Result]] = []
        for _ in range(MOST_ROUNDS):
            changed.clear()
            # What was begun later is what the earlier depend on.
            for key, entry in reversed([*self.provisional.items()][position:]):
                result = self.compute(key)
                if result != entry.result:
                    entry.result = result
                    changed.append(entry)
            if not changed:
                return
        for entry in changed:
            entry.result = None


@contextmanager
def deep_recursion() -> Iterator[None]:
    """Let results depend on each other in long chains."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, MOST_NESTED))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
