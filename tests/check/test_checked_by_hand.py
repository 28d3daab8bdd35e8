"""Writes that check a token themselves, and one beside them that does not."""

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check

HEAD = """
from typing import Annotated
from typeway import Cookie, Header, HTTPException, Query, Response, Typeway
app = Typeway()
def is_known(token, name: str) -> bool: return token == name
@app.delete("/shelves/{name}/{book}")
def remove(name: str, book: str, {0}) -> None:
    {1}
@app.put("/shelves/{name}")
def rename(name: str, {0}) -> None:
    {1}
"""
OPEN = '@app.put("/shelves/{name}/{book}/tags")\ndef tag(name: str, book: str) -> None: ...\n'
OTHER = '@app.post("/{0}")\ndef {0}() -> None: ...\n'
HEADER = "api_key: Annotated[str | None, Header()] = None"
TOLD = "if not is_known(api_key, name):\n        raise HTTPException(400)"
CHECKED = {
    "a header": (HEADER, TOLD, OPEN, [("TW010", "high")]),
    "a header by its keyword": (HEADER, "is_known(token=api_key, name=name)", OPEN, [("TW010", "high")]),
    "a cookie": ("session: Annotated[str, Cookie()]", "is_known(session, name)", OPEN, [("TW010", "high")]),
    "a token that nothing gets": (HEADER, "api_key = None", OPEN, []),
    "a header that is no token": ("lang: Annotated[str, Header()] = ''", "is_known(lang, name)", OPEN, []),
    "a token in the query": ("token: Annotated[str, Query()]", "is_known(token, name)", OPEN, []),
    "each that writes": (HEADER, TOLD, "", []),
    "the lesser part": (HEADER, TOLD, OPEN + OTHER.format("pens") + OTHER.format("inks"), []),
    "where people sign in is no part": (
        HEADER,
        TOLD,
        OPEN + OTHER.format("login") + OTHER.format("register"),
        [("TW010", "high")],
    ),
    "others to which it says nothing": (HEADER, TOLD, OTHER.format("pens"), [("TW010", "low")]),
    "one that is open on purpose": (HEADER, TOLD, OTHER.format("register"), []),
}


@pytest.mark.parametrize(("taken", "body", "other", "found"), CHECKED.values(), ids=CHECKED)
def test_writes_that_check_a_token_by_hand_count(
    check: Check, taken: str, body: str, other: str, found: list[tuple[str, str]]
) -> None:
    """TW010: one that asks for nothing is an exception among those that hand a token of a header to a function."""
    source = HEAD.replace("{0}", taken).replace("{1}", body) + other
    outcome = check(source, "--all", "--select", "TW010")
    assert [(each["code"], each["confidence"]) for each in outcome.findings] == found, outcome.out
