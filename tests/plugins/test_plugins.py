"""Each scenario passes on FastAPI, and on Typeway with the same answers, logs, metrics, spans and documents."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.frameworks import differences

ROOT = Path(__file__).parents[2]
SCENARIOS = sorted(file.stem for file in (Path(__file__).parent / "scenarios").glob("[!_]*.py"))
MODES = {"fastapi": (), "typeway": ("-m", "typeway.compat")}


def play(scenario: str, framework: str) -> Any:
    """What a scenario sees on a framework, in a process of its own."""
    done = subprocess.run(
        [sys.executable, *MODES[framework], "-m", "tests.plugins.play", scenario],
        cwd=ROOT,
        env=os.environ | {"PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, f"{scenario} fails on {framework}:\n{done.stderr}"
    played = json.loads(done.stdout.splitlines()[-1])
    assert played["framework"] == framework
    return played["seen"]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_plugins_do_on_typeway_what_they_do_on_fastapi(scenario: str) -> None:
    """Whatever a plugin makes of an application, clients and operators see the same of it on both frameworks."""
    assert list(differences(play(scenario, "typeway"), play(scenario, "fastapi"))) == []


def test_ten_plugins_are_played() -> None:
    """No scenario is lost unseen."""
    assert len(SCENARIOS) == 10
