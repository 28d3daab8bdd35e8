"""The framework stays close to hand-written code: CPU time per request, measured against a floor in the same run."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parents[1]

# The room for other machines, other versions of Python and noise: so much that a doubling of the cost still shows.
ROOM: Final = 1.6


def limits() -> dict[str, float]:
    """By workload, how many times the floor's cost is too much: what docs/performance.md promises or has measured, and room."""
    page = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    table = page.partition("| workload | target, at most |")[2].partition("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    figures = {workload: [float(re.search(r"[\d.]+", cell)[0]) for cell in cells] for workload, *cells in rows}
    return {workload: ROOM * min(target, max(measured)) for workload, (target, *measured) in figures.items()}


def measure(*options: str) -> dict[str, dict[str, Any]]:
    """What tests/floor.py measures, in a process of its own."""
    # Coverage follows subprocesses by these variables, and tracing would be what is measured.
    untraced = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    command = [sys.executable, str(ROOT / "tests" / "floor.py"), "--limits", json.dumps(limits()), *options]
    done = subprocess.run(command, env=untraced, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    measured: dict[str, dict[str, Any]] = json.loads(done.stdout)
    assert len(measured) == 4
    assert measured.keys() <= limits().keys()
    return measured


def test_requests_cost_what_is_promised():
    """Plain answers, parameters, bodies and dependencies cost no more times the floor than docs/performance.md says."""
    # Seconds at most, and only where something is wrong: measuring ends as soon as all is within the limits.
    too_slow = {case: times for case, times in measure("--rounds", "400").items() if times["exceeds"]}
    if too_slow:
        lines = [
            f"{case}: {times['typeway']} us, {times['ratio']} times the floor of {times['floor']} us (noise {times['noise']:.0%}); "
            f"too much is {limits()[case]:.2f} times"
            for case, times in too_slow.items()
        ]
        pytest.fail("\n".join([*lines, "-> profile with: python tests/floor.py"]), pytrace=False)


def test_a_doubling_would_be_noticed():
    """If the framework cost twice as much, every workload would be above its limit."""
    measured = measure("--rounds", "40", "--times", "2")
    assert {case: times for case, times in measured.items() if not times["exceeds"]} == {}
