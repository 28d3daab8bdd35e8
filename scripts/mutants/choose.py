"""Choose the tests for a mutant: those that run its lines, the most promising ones first."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, zip_longest
from pathlib import Path
from typing import Final

from scripts.mutants.mutate import Mutant
from scripts.mutants.record import LINES, SHARED, note_of

# A first stage of few files kills nine of ten mutants in seconds; the others get the second stage.
FIRST_FILES: Final = 8
SECONDS: Final = (10.0, 60.0)


@dataclass(frozen=True, slots=True)
class Stage:
    """Tests that run in one process, in this order.

    Attributes:
        seconds: how long they take without a mutant.
    """

    tests: tuple[str, ...]
    seconds: float

    @property
    def files(self) -> list[str]:
        return list(dict.fromkeys(map(file_of, self.tests)))


def file_of(test: str) -> str:
    return test.partition("::")[0]


def function_of(test: str) -> str:
    """The function of a test, without its parameters."""
    return test.partition("[")[0]


class Record:
    """The statements that each test runs."""

    def __init__(self, folder: Path, files: Sequence[str]) -> None:
        self.numbers = {file: number for number, file in enumerate(files)}
        self.durations: dict[str, float] = {}
        self.failed: set[str] = set()
        self.ran: dict[str, set[int]] = defaultdict(set)
        for path in folder.glob("*.json"):
            record = json.loads(path.read_text(encoding="utf-8"))
            self.durations |= record["durations"]
            self.failed |= set(record["failed"])
            for context, notes in record["ran"].items():
                self.ran[context].update(notes)
        self.tests_of = cache(self._tests_of)

    def contexts(self, file: str, lines: Iterable[int]) -> set[str]:
        """The contexts in which any of these lines of a file runs: tests, and what tests share."""
        wanted = {note_of(self.numbers[file], line) for line in lines}
        return {context for context, notes in self.ran.items() if not wanted.isdisjoint(notes)}

    def _tests_of(self, place: str) -> list[str]:
        """The tests of a file, a class or a folder."""
        return [test for test in self.durations if test.startswith(place)]

    def stages(self, mutant: Mutant) -> list[Stage]:
        """The tests that may kill a mutant, in stages; none if no test runs its lines."""
        if mutant.lines:
            tests = set(self.tests_in(self.contexts(mutant.file, mutant.lines)))
        else:
            # A statement that runs at the import matters to every test, not only to the first that imports the module.
            tests = set(self.durations)
        tests -= self.failed
        order = list(dict.fromkeys(chain(self.promising(tests, mutant), alternating(self.by_file(tests)))))
        return list(staged(order, self.durations))

    def promising(self, tests: set[str], mutant: Mutant) -> Iterator[str]:
        """Tests that go every way through the mutant's function: in turn one for each statement, the rarest first."""
        folder, _, module = mutant.file.removesuffix(".py").partition("/")
        own = f"tests/{folder}/test_{module}"
        number = self.numbers[mutant.file]
        running: dict[int, list[str]] = defaultdict(list)
        for test in self.quick_first(tests, lambda test: not test.startswith(own)):
            if test.startswith(own):
                running[0].append(test)  # the module's own tests, as if they all ran one more statement
            for note in self.ran[test]:
                if note // LINES == number and note % LINES in mutant.function:
                    running[note].append(test)
        rarest_first = sorted(running.values(), key=len)
        return (test for turn in zip_longest(*rarest_first) for test in turn if test is not None)

    def by_file(self, tests: set[str]) -> list[list[str]]:
        """Tests by file; the file with most of them first."""
        files: dict[str, list[str]] = defaultdict(list)
        for test in self.quick_first(tests, lambda test: False):
            files[file_of(test)].append(test)
        return sorted(files.values(), key=len, reverse=True)

    def quick_first(self, tests: Iterable[str], is_later: Callable[[str], bool]) -> list[str]:
        """Tests in an order in which each function's first case precedes every second case, and fast tests precede slow ones."""
        cases: Counter[str] = Counter()
        keys: dict[str, tuple[bool, int, float]] = {}
        for test in sorted(tests, key=lambda test: (self.durations[test], test)):
            cases[function_of(test)] += 1
            keys[test] = (is_later(test), cases[function_of(test)], self.durations[test])
        return sorted(keys, key=lambda test: keys[test])

    def tests_in(self, contexts: Iterable[str]) -> Iterator[str]:
        for context in contexts:
            if context.startswith(SHARED):
                yield from self.tests_of(context.removeprefix(SHARED))
            elif context in self.durations:
                yield context


def staged(order: Sequence[str], durations: dict[str, float]) -> Iterator[Stage]:
    """Tests in two stages of limited length: first those of a few files, because importing files takes time."""
    files = list(dict.fromkeys(map(file_of, order)))[:FIRST_FILES]
    parts = [test for test in order if file_of(test) in files], order
    chosen: list[str] = []
    for part, allowed in zip(parts, SECONDS, strict=True):
        seconds, before = 0.0, set(chosen)
        for test in part:
            if test not in before and seconds + durations[test] <= allowed:
                chosen.append(test)
                seconds += durations[test]
        if len(chosen) > len(before):
            yield Stage(tuple(test for test in chosen if test not in before), seconds)


def alternating(files: list[list[str]]) -> Iterator[str]:
    """One test of each file in turn."""
    return (test for turn in zip_longest(*files) for test in turn if test is not None)
