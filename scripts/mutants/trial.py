"""Try one fault: run tests in a forked process that imports a copy of the package with the fault in it."""

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
from scripts.mutants.faults import Fault

# What nearly every test needs and no fault touches: imported once, before all forks. Nothing that imports the package.
WARM: Final = (
    "anyio._backends._asyncio", "anyio._backends._trio", "fastapi", "fastapi.testclient", "httpx", "httpx2", "hypothesis",
    "hypothesis.strategies", "pydantic", "pydantic_settings", "starlette.applications", "starlette.middleware.gzip",
    "starlette.testclient", "starlette.templating", "trio", "uvicorn", "uvicorn.protocols.http.h11_impl",
)  # fmt: skip

OPTIONS: Final = (
    "-q", "--import-mode=importlib", "--assert=plain", "--tb=short", "-p", "no:cacheprovider", "-p", "no:tests.unmeasured",
    "-o", "addopts=", "-o", "timeout=30", "--hypothesis-seed=0",
)  # fmt: skip

# A fault may make the tests slower, and other trials run at the same time.
SLOWER: Final = 5
PATIENCE: Final = 60.0
MOST_MEMORY: Final = 8 << 30

# What pytest's exit status says.
ALL_PASSED, SOME_FAILED, INTERRUPTED, INTERNAL_ERROR = 0, 1, 2, 3


class Chosen:
    """A plugin that runs the chosen tests in the given order, and writes down which ones fail."""

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
    """A running process with a fault in its package, or with none."""

    fault: Fault | None
    stage: Stage
    folder: Path
    process: int
    deadline: float

    def failures(self) -> list[str]:
        """The tests that have failed."""
        path = self.folder / "failures"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def result(self) -> str | None:
        """What has noticed the fault, "" if nothing has; None while tests are running.

        Raises:
            RuntimeError: pytest could not be used.
        """
        ended, status = os.waitpid(self.process, os.WNOHANG)
        if not ended:
            if time.monotonic() < self.deadline:
                return None
            os.killpg(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)
            return "a time-out"
        code = os.waitstatus_to_exitcode(status)
        if code == ALL_PASSED:
            return ""
        if code < 0:
            return f"a crash by signal {-code}"
        if code in (SOME_FAILED, INTERRUPTED, INTERNAL_ERROR):
            return next(iter(self.failures()), "an error of pytest's own")
        raise RuntimeError(f"pytest ended with {code}, see {self.folder / 'output'}.")


def warm_up(folder: Path) -> None:
    """Import what all trials need."""
    # What failing examples are remembered here would be tried again by everybody else.
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(folder / "hypothesis")
    for name in WARM:
        try:
            import_module(name)
        except ImportError:
            continue


def begin(
    package: Path, root: Path, folder: Path, fault: Fault | None, stage: Stage, *, all_tests: bool = False
) -> Trial:
    """Start running the tests of a stage in a process of its own, until one fails unless all are wanted."""
    shutil.rmtree(folder, ignore_errors=True)
    # Links instead of copies, compiled files too: only the changed file is new.
    shutil.copytree(package, folder / package.name, copy_function=os.link)
    if fault is not None:
        path = folder / package.name / fault.file
        source = path.read_text(encoding="utf-8")
        path.unlink()
        path.write_text(fault.put_into(source), encoding="utf-8")
    sys.stdout.flush()
    process = os.fork()
    if process == 0:
        run(root, folder, stage, () if all_tests else ("-x",))
    return Trial(fault, stage, folder, process, time.monotonic() + PATIENCE + SLOWER * stage.seconds)


def run(root: Path, folder: Path, stage: Stage, options: Sequence[str]) -> NoReturn:
    """Be the process of a trial."""
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
