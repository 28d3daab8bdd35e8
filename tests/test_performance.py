"""The framework stays close to hand-written code: CPU time per request, measured against a floor in the same run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

MOST_TIMES_THE_FLOOR = 3.0


def test_requests_cost_at_most_three_times_the_floor():
    """Plain answers, parameters, bodies and dependencies cost at most three times what code by hand costs."""
    # Coverage follows subprocesses by these variables, and tracing would be what is measured.
    untraced = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    script = Path(__file__).with_name("floor.py")
    done = subprocess.run([sys.executable, str(script)], env=untraced, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    measured = json.loads(done.stdout)
    too_slow = {case: times for case, times in measured.items() if times["ratio"] > MOST_TIMES_THE_FLOOR}
    if too_slow:
        lines = [
            f"{case}: {times['typeway']} us, {times['ratio']} times the floor of {times['floor']} us"
            for case, times in too_slow.items()
        ]
        pytest.fail("\n".join([*lines, "-> profile with: python tests/floor.py"]), pytrace=False)
    assert len(measured) == 4
