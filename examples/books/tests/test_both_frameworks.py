"""Run the same application on Typeway and on FastAPI, with both stores, and compare every response."""

from pathlib import Path

from examples.books.tests.http_cases import CASES, DIFFERENCES
from examples.compare_frameworks import FRAMEWORKS, answers_of, assert_names_are_sound, surprises

PLAYER = "examples.books.tests.play_cases"
EXPECTED = {
    "create": 201,
    "create a duplicate": 409,
    "create with everything wrong": 422,
    "list a page": 200,
    "change": 200,
    "summary": 200,
    "summary without a token": 401,
    "delete": 204,
    "read the deleted": 404,
}


def test_application_answers_alike_everywhere(tmp_path: Path) -> None:
    """Status, headers and body are the same with both stores, and differ between frameworks only as intended."""
    ours, theirs = (answers_of(PLAYER, framework, tmp_path) for framework in FRAMEWORKS)
    assert list(ours["memory"]) == list(theirs["memory"]) == [case.name for case in CASES]
    assert ours["memory"] == ours["database"]
    assert theirs["memory"] == theirs["database"]
    assert surprises(ours["memory"], theirs["memory"], DIFFERENCES) == {}
    # Equal responses could be equally wrong.
    assert {name: ours["memory"][name]["status"] for name in EXPECTED} == EXPECTED
    # FastAPI lists the methods of one route, Typeway those of the whole path.
    assert {"GET", "PATCH", "DELETE"} <= set(ours["memory"]["method of another route of the path"]["allow"].split(", "))


def test_cases_have_names_of_their_own() -> None:
    """A repeated name would hide a case, and an unknown name would have no effect."""
    assert_names_are_sound(CASES, DIFFERENCES)
