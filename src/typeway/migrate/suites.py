"""Run a project's tests on FastAPI and on Typeway, and compare them test by test."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from typeway.migrate.finding import Finding, Kind, Weight

OUTCOMES: Final = ("failure", "error", "skipped")


class SuiteError(Exception):
    """The tests could not be run; the message says why."""


def outcomes(root: Path, arguments: Sequence[str], report: Path, *, on_typeway: bool, seconds: float) -> dict[str, str]:
    """Run pytest in a process of its own, and return the outcome of each test by its name.

    Parameters:
        root: the folder to run it in.
        arguments: what pytest is given beside.
        report: the file in which pytest writes what happened.
        on_typeway: whether `import fastapi` means Typeway.
        seconds: how long it may take.

    Raises:
        SuiteError: pytest did not run, or ran for too long.
    """
    compat = ["-m", "typeway.compat"] if on_typeway else []
    command = [
        sys.executable,
        *compat,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        f"--junitxml={report}",
        *arguments,
    ]
    try:
        done = subprocess.run(  # noqa: S603 - the project's own tests, which its author asked for
            command, cwd=root, capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        raise SuiteError(f"the tests took longer than {seconds:.0f} seconds") from None
    if not report.exists():
        last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["it printed nothing"]
        raise SuiteError(f"pytest did not run: {last[0]}")
    return read_report(report)


def read_report(report: Path) -> dict[str, str]:
    """Return the outcome of each test in a file that pytest wrote: passed, failure, error or skipped."""
    found: dict[str, str] = {}
    for case in ET.parse(report).getroot().iter("testcase"):  # noqa: S314 - pytest wrote it a moment ago
        name = f"{case.get('classname')}::{case.get('name')}"
        found[name] = next((kind for kind in OUTCOMES if case.find(kind) is not None), "passed")
    return found


def compare(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Finding]:
    """Yield the tests whose outcome is another on Typeway."""
    for name in sorted({*before, *after}):
        was, becomes = before.get(name, "absent"), after.get(name, "absent")
        if was != becomes:
            weight = Weight.KNOW if becomes == "passed" else Weight.STOPS
            yield Finding(Kind.TESTS, weight, f"{name}: {was} on FastAPI, {becomes} on Typeway")
