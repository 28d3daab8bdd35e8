"""Run the same application on Typeway and on FastAPI, and compare every answer."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from examples.task_manager.tests.http_cases import CASES, DIFFERENCES

REPOSITORY = Path(__file__).parents[3]


def answers_of(framework: str, directory: Path) -> dict[str, dict[str, Any]]:
    """Play all cases in a process of its own."""
    played = subprocess.run(
        [sys.executable, "-m", "examples.task_manager.tests.play_cases", framework],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    assert played.returncode == 0, played.stderr
    answers: dict[str, dict[str, Any]] = json.loads(played.stdout)
    return answers


def surprise(name: str, ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any] | None:
    """Return the parts of two answers that are neither equal nor different in the way that we chose."""
    difference = DIFFERENCES.get(name)
    if difference is None:
        promised_ours, promised_theirs = ours, ours
    else:
        promised_ours, promised_theirs = {**ours, **difference.typeway}, {**ours, **difference.fastapi}
    found = {
        part: {"typeway": ours[part], "fastapi": theirs[part]}
        for part in ours
        if not fits(ours[part], promised_ours[part]) or not fits(theirs[part], promised_theirs[part])
    }
    return found or None


def fits(value: Any, promised: Any) -> bool:
    """Tell whether a part of an answer is as promised."""
    return promised is ... or value == promised


def test_application_answers_alike_on_both_frameworks(tmp_path: Path) -> None:
    """Status, headers and body are equal, but for the differences that we chose, and those are as we say."""
    ours, theirs = answers_of("typeway", tmp_path), answers_of("fastapi", tmp_path)
    assert list(ours) == list(theirs) == [case.name for case in CASES]
    surprises = {name: surprise(name, ours[name], theirs[name]) for name in ours}
    assert {name: found for name, found in surprises.items() if found} == {}
    # Where FastAPI names the methods of one route, Typeway names those of the whole path.
    assert {"GET", "PATCH", "DELETE"} <= set(ours["method of another route of the path"]["allow"].split(", "))


def test_cases_have_names_of_their_own() -> None:
    """A repeated name would hide a case, an unknown one would excuse nothing."""
    names = [case.name for case in CASES]
    assert len(names) == len(set(names))
    assert set(DIFFERENCES) <= set(names)
    for name, difference in DIFFERENCES.items():
        assert set(difference.typeway) == set(difference.fastapi), name
