"""Record which tests run which lines of the rooms, and how long each test takes: a plugin of pytest.

Coverage's tracer looks at the files in question only, so that recording takes little longer than the tests. What a test
makes other processes do is not seen.
"""

import json
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final

import coverage
import pytest

# Where the record goes, and the files that are looked at; set by whoever starts pytest.
FOLDER: Final = "MUTANTS_RECORD"
FILES: Final = "MUTANTS_FILES"

# What stands before the path of a module whose import, or one of whose shared fixtures, runs a line.
SHARED: Final = "shared:"


class Recorder:
    """Records in one process; of the processes of a run, one that starts the others runs no tests itself."""

    def __init__(self, folder: Path, files: list[str], process: str) -> None:
        self.times = folder / f"times-{process}.json"
        self.durations: dict[str, float] = {}
        self.failed: set[str] = set()
        self.coverage = coverage.Coverage(
            data_file=str(folder / f"lines-{process}"), config_file=False, branch=False, include=files, messages=False
        )
        self.coverage.start()
        self.context = ""

    def within(self, context: str) -> Generator[None, Any, Any]:
        """Note what runs in the meantime under another name."""
        outer, self.context = self.context, context
        self.coverage.switch_context(context)
        try:
            return (yield)
        finally:
            self.context = outer
            self.coverage.switch_context(outer)

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Generator[None, Any, Any]:
        if not isinstance(collector, pytest.Module):
            return (yield)
        return (yield from self.within(SHARED + collector.nodeid))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        return (yield from self.within(item.nodeid))

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: pytest.FixtureRequest) -> Generator[None, Any, Any]:
        if fixturedef.scope == "function":
            return (yield)
        return (yield from self.within(SHARED + request.node.nodeid))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.durations[report.nodeid] = self.durations.get(report.nodeid, 0) + report.duration
        if report.failed:
            self.failed.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        self.coverage.stop()
        self.coverage.save()
        self.times.write_text(
            json.dumps({"durations": self.durations, "failed": sorted(self.failed)}), encoding="utf-8"
        )


def pytest_configure(config: pytest.Config) -> None:
    process = os.environ.get("PYTEST_XDIST_WORKER")
    if process is None and config.getoption("numprocesses", None):
        return
    config.pluginmanager.register(Recorder(Path(os.environ[FOLDER]), json.loads(os.environ[FILES]), process or "main"))
