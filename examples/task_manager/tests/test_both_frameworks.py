"""Run the same application on Typeway and on FastAPI, and compare every answer."""

from pathlib import Path

from examples.compare_frameworks import FRAMEWORKS, answers_of, assert_names_are_sound, surprises
from examples.task_manager.tests.http_cases import CASES, DIFFERENCES

PLAYER = "examples.task_manager.tests.play_cases"


def test_application_answers_alike_on_both_frameworks(tmp_path: Path) -> None:
    """Status, headers and body are equal, but for the differences that we chose, and those are as we say."""
    ours, theirs = (answers_of(PLAYER, framework, tmp_path) for framework in FRAMEWORKS)
    assert list(ours) == list(theirs) == [case.name for case in CASES]
    assert surprises(ours, theirs, DIFFERENCES) == {}
    # Where FastAPI names the methods of one route, Typeway names those of the whole path.
    assert {"GET", "PATCH", "DELETE"} <= set(ours["method of another route of the path"]["allow"].split(", "))


def test_cases_have_names_of_their_own() -> None:
    """A repeated name would hide a case, an unknown one would excuse nothing."""
    assert_names_are_sound(CASES, DIFFERENCES)
