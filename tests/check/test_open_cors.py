"""Which of several middlewares for cross-origin requests a finding names."""

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check

# The places of the two are lines 7 and 9; both applications know their users by a cookie.
TWO = """from fastapi import Cookie, FastAPI
from fastapi.middleware.cors import CORSMiddleware
NAMED, OPEN = ["https://a.example"], ["*"]
app, inner = FastAPI(), FastAPI()
@app.get("/x")
def show(who: str = Cookie()) -> str: return who
app.add_middleware(CORSMiddleware, {first})
app.mount("/inner", inner)
inner.add_middleware(CORSMiddleware, {second})
"""
NAMED = "allow_origins=NAMED, allow_credentials=True"
OPEN = "allow_origins=['*'], allow_credentials=True"
BY_NAME = "allow_origins=OPEN, allow_credentials=True"
PLACES = {
    "the first": (OPEN, NAMED, [7]),
    "the second": (NAMED, OPEN, [9]),
    "the second, by a name": ("allow_origins=['https://a.example'], allow_credentials=True", BY_NAME, [9]),
    "the second, by its methods": (NAMED + ", allow_methods=['GET']", BY_NAME + ", allow_methods=['*']", [9]),
    "the second, by its pattern": (NAMED, "allow_origin_regex='.*', allow_credentials=True", [9]),
    "both": (OPEN, OPEN + ", allow_methods=['GET']", [7, 9]),
    "none": (NAMED, NAMED, []),
}


@pytest.mark.parametrize(("first", "second", "lines"), PLACES.values(), ids=PLACES)
def test_a_finding_names_the_middleware_that_is_open(check: Check, first: str, second: str, lines: list[int]) -> None:
    """TW016: of several applications each has middleware with options of its own."""
    outcome = check(TWO.format(first=first, second=second), "--compat", "--select", "TW016")
    assert [finding["line"] for finding in outcome.findings] == lines, outcome.err
