"""Each scenario passes on FastAPI, and on Typeway with the same answers, logs, metrics, spans and documents."""

import json
from pathlib import Path
from typing import Any

import fastapi
import pytest

from tests.frameworks import COMPAT, differences, printed

SCENARIOS = sorted(file.stem for file in (Path(__file__).parent / "scenarios").glob("[!_]*.py"))
PLAY = """
import fastapi, json
from tests.plugins.scenarios.{scenario} import play

seen = play()
print("\\n" + json.dumps({{"module": fastapi.APIRouter.__module__, "seen": seen}}, default=str))
"""


def play(scenario: str, framework: Any) -> Any:
    """What a scenario sees on a framework, in a process of its own."""
    # Some plugins warn when they are imported; sets are in the same order in every process.
    output = printed(framework, PLAY.format(scenario=scenario), warnings_fail=False, PYTHONHASHSEED="0")
    played = json.loads(output.splitlines()[-1])
    assert played["module"] == framework.APIRouter.__module__
    return played["seen"]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_plugins_do_on_typeway_what_they_do_on_fastapi(scenario: str) -> None:
    """Whatever a plugin makes of an application, clients and operators see the same of it on both frameworks."""
    assert list(differences(play(scenario, COMPAT), play(scenario, fastapi))) == []


def test_ten_plugins_are_played() -> None:
    """No scenario is lost unseen."""
    assert len(SCENARIOS) == 10
