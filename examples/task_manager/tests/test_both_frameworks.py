"""Run the same application on Typeway and on FastAPI, and compare every response."""

from pathlib import Path

from examples.compare_frameworks import FRAMEWORKS, answers_of, assert_names_are_sound, surprises
from examples.task_manager.tests.http_cases import CASES, DIFFERENCES

PLAYER = "examples.task_manager.tests.play_cases"


def test_application_answers_alike_on_both_frameworks(tmp_path: Path) -> None:
    """Status, headers and body are equal, except for the intended differences, and those are as expected."""
    ours, theirs = (answers_of(PLAYER, framework, tmp_path) for framework in FRAMEWORKS)
    assert list(ours) == list(theirs) == [case.name for case in CASES]
    assert surprises(ours, theirs, DIFFERENCES) == {}
    # FastAPI lists the methods of one route, Typeway those of the whole path.
    assert {"GET", "PATCH", "DELETE"} <= set(ours["method of another route of the path"]["allow"].split(", "))


def test_cases_have_names_of_their_own() -> None:
    """A repeated name would hide a case, and an unknown name would have no effect."""
    assert_names_are_sound(CASES, DIFFERENCES)
