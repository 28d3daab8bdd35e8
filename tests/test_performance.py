"""Requests cost what docs/performance.md promises: CPU time, as a multiple of hand-written code in the same process."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from benchmarks.tables import PAGE, filled_in
from tests.modes import without_debug_modes

ROOT: Final = Path(__file__).parents[1]

# The room for other machines, other versions of Python, and load. It is so small that a doubling of the cost fails.
ROOM: Final = 1.5


def test_the_tables_are_those_of_the_saved_results():
    """The page says what was measured: `python -m benchmarks.tables` changes nothing in it."""
    page = PAGE.read_text(encoding="utf-8")
    assert filled_in(page) == page


def limits() -> dict[str, float]:
    """By workload, the largest allowed ratio: what the page promises, or has measured if that is less, and room."""
    page = PAGE.read_text(encoding="utf-8")
    table = page.partition("| workload | target, at most |")[2].partition("\n\n")[0]
    # After the measured multiples come FastAPI's times, which nothing here measures.
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    figures = {
        workload: [float(re.findall(r"[\d.]+", cell)[0]) for cell in cells]
        for workload, *cells in (row[:4] for row in rows)
    }
    return {workload: ROOM * min(target, max(measured)) for workload, (target, *measured) in figures.items()}


def measure(*options: str) -> dict[str, dict[str, Any]]:
    """What tests/floor.py measures, in a process of its own."""
    # Coverage follows subprocesses by these variables, and tracing would be what is measured.
    untraced = {name: value for name, value in without_debug_modes().items() if not name.startswith("COV")}
    # Twelve rounds are enough unless something is wrong, or the machine is busy.
    command = [sys.executable, "-m", "tests.floor", "--rounds", "300", "--limits", json.dumps(limits()), *options]
    done = subprocess.run(command, cwd=ROOT, env=untraced, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    measured: dict[str, dict[str, Any]] = json.loads(done.stdout)
    assert measured.keys() == limits().keys()
    return measured


def test_requests_cost_what_is_promised():
    """No workload costs more times the floor than docs/performance.md says, with room for other machines and load."""
    too_slow = {case: result for case, result in measure().items() if result["exceeds"]}
    if too_slow:
        lines = [
            f"{case}: {result['typeway']} us is {result['ratio']} times the floor of {result['floor']} us, and "
            f"{limits()[case]:.2f} times is allowed (the noise is {result['noise']:.0%})"
            for case, result in too_slow.items()
        ]
        pytest.fail("\n".join([*lines, "Hint: measure it again with python -m tests.floor"]), pytrace=False)


def test_a_doubling_fails():
    """If the framework cost twice as much, every workload would be above its limit."""
    measured = measure("--times", "2")
    assert {case: result for case, result in measured.items() if result["ratio"] <= limits()[case]} == {}
