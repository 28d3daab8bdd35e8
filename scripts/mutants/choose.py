"""Choose, for each fault, the tests that run its lines, the most promising ones first."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from scripts.mutants.faults import Fault
from scripts.mutants.record import LINES, SHARED, note_of

# The first stage takes seconds and sees nine of ten faults; what it does not see gets the second.
FIRST_FILES: Final = 6
SECONDS: Final = (10.0, 60.0)


@dataclass(frozen=True, slots=True)
class Stage:
    """Tests that are run together, in this order.

    Attributes:
        seconds: what they take without a fault.
    """

    tests: tuple[str, ...]
    seconds: float

    @property
    def files(self) -> list[str]:
        return list(dict.fromkeys(map(file_of, self.tests)))


def file_of(test: str) -> str:
    return test.partition("::")[0]


def function_of(test: str) -> str:
    """A test without its parameters."""
    return test.partition("[")[0]


class Record:
    """What the tests have been seen to run."""

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
        """The tests that run any of a file's lines, and what else does."""
        wanted = {note_of(self.numbers[file], line) for line in lines}
        return {context for context, notes in self.ran.items() if not wanted.isdisjoint(notes)}

    def _tests_of(self, place: str) -> list[str]:
        """The tests of a file, a class or a folder."""
        return [test for test in self.durations if test.startswith(place)]

    def stages(self, fault: Fault) -> list[Stage]:
        """The tests that may notice a fault, in stages; none if no test runs its lines."""
        # What runs at the import is noticed by whoever uses the module, not only by the first who imports it.
        tests = set(self.tests_in(self.contexts(fault.file, fault.lines or range(LINES))))
        return list(staged(self.ordered(tests - self.failed, fault), self.durations))

    def tests_in(self, contexts: Iterable[str]) -> Iterator[str]:
        for context in contexts:
            if context.startswith(SHARED):
                yield from self.tests_of(context.removeprefix(SHARED))
            elif context in self.durations:
                yield context

    def ordered(self, tests: set[str], fault: Fault) -> list[list[str]]:
        """Tests by file: first the file's own, then those with the most tests that run the fault.

        Of each file one case of every test function comes first, and the quick ones before the slow.
        """
        room, _, module = fault.file.removesuffix(".py").partition("/")
        own = f"tests/{room}/test_{module}"
        number = Counter(map(file_of, tests))
        cases: Counter[str] = Counter()
        files: dict[str, list[tuple[int, float, str]]] = defaultdict(list)
        for test in sorted(tests, key=lambda test: (self.durations[test], test)):
            cases[function_of(test)] += 1
            files[file_of(test)].append((cases[function_of(test)], self.durations[test], test))
        order = sorted(files, key=lambda file: (not file.startswith(own), -number[file], file))
        return [[test for _, _, test in sorted(files[file])] for file in order]


def staged(files: list[list[str]], durations: dict[str, float]) -> Iterator[Stage]:
    """Tests in stages, each as long as is allowed: what does not fit is left out, the last cases of the later files."""
    for part, allowed in zip((files[:FIRST_FILES], files[FIRST_FILES:]), SECONDS, strict=True):
        chosen: list[str] = []
        seconds = 0.0
        for test in alternating(part):
            if seconds + durations[test] <= allowed or not chosen:
                chosen.append(test)
                seconds += durations[test]
        if chosen:
            yield Stage(tuple(chosen), seconds)


def alternating(files: list[list[str]]) -> Iterator[str]:
    """One test of each file in turn."""
    for index in range(max(map(len, files), default=0)):
        yield from (tests[index] for tests in files if index < len(tests))
