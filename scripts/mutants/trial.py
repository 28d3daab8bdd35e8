"""Try a mutant: run tests in a forked process that imports a copy of the package with the change."""

import os
import resource
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final, NoReturn

import pytest

from scripts.mutants.choose import Stage, file_of
from scripts.mutants.mutate import Mutant

# What most tests import, apart from the package: imported once, before the processes are forked.
WARM: Final = (
    "anyio._backends._asyncio", "anyio._backends._trio", "fastapi", "fastapi.testclient", "httpx", "httpx2", "hypothesis",
    "hypothesis.strategies", "pydantic", "pydantic_settings", "starlette.applications", "starlette.middleware.gzip",
    "starlette.testclient", "starlette.templating", "trio", "uvicorn", "uvicorn.protocols.http.h11_impl",
)  # fmt: skip

OPTIONS: Final = (
    "-q", "--import-mode=importlib", "--assert=plain", "--tb=short", "-p", "no:cacheprovider", "-p", "no:tests.unmeasured",
    "-o", "addopts=", "-o", "timeout=30", "--hypothesis-seed=0",
)  # fmt: skip

# A mutant may be slower, and other trials run at the same time.
SLOWER: Final = 5
PATIENCE: Final = 60.0
MOST_MEMORY: Final = 8 << 30

# pytest's exit codes.
ALL_PASSED, SOME_FAILED, INTERRUPTED, INTERNAL_ERROR = 0, 1, 2, 3


class Chosen:
    """A plugin that runs the chosen tests in their order, and writes the names of those that fail to a file."""

    def __init__(self, tests: Sequence[str], failures: Path) -> None:
        self.places = {test: place for place, test in enumerate(tests)}
        self.failures = failures

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        # A file stands for all of its tests.
        places = {item: self.places.get(item.nodeid, self.places.get(file_of(item.nodeid))) for item in items}
        chosen = [(place, item) for item, place in places.items() if place is not None]
        items[:] = [item for _, item in sorted(chosen, key=lambda pair: pair[0])]

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self.note(report)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.note(report)

    def note(self, report: Any) -> None:
        if report.failed:
            with self.failures.open("a", encoding="utf-8") as file:
                file.write(f"{report.nodeid}\n")


@dataclass(slots=True)
class Trial:
    """A process that runs tests with a mutant, or without one."""

    mutant: Mutant | None
    stage: Stage
    folder: Path
    process: int
    deadline: float

    def failures(self) -> list[str]:
        """The tests that have failed so far."""
        path = self.folder / "failures"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def result(self) -> str | None:
        """What killed the mutant, "" if nothing did; None while tests are running.

        Raises:
            RuntimeError: pytest could not run the tests.
        """
        ended, status = os.waitpid(self.process, os.WNOHANG)
        if not ended:
            if time.monotonic() < self.deadline:
                return None
            os.killpg(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)
            return "a timeout"
        code = os.waitstatus_to_exitcode(status)
        if code == ALL_PASSED:
            return ""
        if code < 0:
            return f"a crash by signal {-code}"
        if code in (SOME_FAILED, INTERRUPTED, INTERNAL_ERROR):
            return next(iter(self.failures()), "an error in pytest")
        raise RuntimeError(f"pytest exited with {code}. Its output is in {self.folder / 'output'}.")


def warm_up(folder: Path) -> None:
    """Import what all trials need."""
    # Hypothesis keeps failing examples, and later runs without a mutant must not find those.
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(folder / "hypothesis")
    for name in WARM:
        try:
            import_module(name)
        except ImportError:
            continue


def begin(
    package: Path, root: Path, folder: Path, mutant: Mutant | None, stage: Stage, *, all_tests: bool = False
) -> Trial:
    """Start a process that runs the tests of a stage; it ends at the first failure, unless all tests are wanted."""
    shutil.rmtree(folder, ignore_errors=True)
    # Hard links instead of copies, of the bytecode too: only the changed file is new.
    shutil.copytree(package, folder / package.name, copy_function=os.link)
    if mutant is not None:
        path = folder / package.name / mutant.file
        source = path.read_text(encoding="utf-8")
        path.unlink()
        path.write_text(mutant.put_into(source), encoding="utf-8")
    sys.stdout.flush()
    process = os.fork()
    if process == 0:
        run(root, folder, stage, () if all_tests else ("-x",))
    return Trial(mutant, stage, folder, process, time.monotonic() + PATIENCE + SLOWER * stage.seconds)


def run(root: Path, folder: Path, stage: Stage, options: Sequence[str]) -> NoReturn:
    """Run the tests in the forked process."""
    code = INTERNAL_ERROR
    try:
        os.setsid()
        output = os.open(folder / "output", os.O_WRONLY | os.O_CREAT)
        for stream in (1, 2):
            os.dup2(output, stream)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
        os.chdir(root)
        sys.path.insert(0, str(folder))
        os.environ["PYTHONPATH"] = str(folder)
        plugins = [Chosen(stage.tests, folder / "failures")]
        code = pytest.main([*OPTIONS, *options, f"--basetemp={folder / 'temporary'}", *stage.files], plugins=plugins)
        sys.stdout.flush()
    finally:
        os._exit(code)
