"""Limits that have a ceiling and are left out for some values, and defaults that take the place of None."""

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check
from tests.check.test_rules import ADDS, HEAD

STORE = """
class Store:
    def ask(self, limit: int | None) -> Any:
        query = select(User)
        if limit:
            query = query.limit(limit)
        return query
    def rows(self, limit: int | None) -> Any: return make_session().scalars(self.ask(limit)).all()
store = Store()
class Paging(BaseModel):
    limit: int = Field(0, le=100)
"""
SHOW = "@app.get('/x')\ndef show(limit: Annotated[{kind}, Query({limits})] = {default}) -> Any:\n    query = select(User)\n    {body}\n    return make_session().scalars(query).all()\n"
IF = "if limit: query = query.limit(limit)"


def shown(body: str = IF, kind: str = "int", limits: str = "le=100", default: str = "0") -> str:
    return SHOW.format(kind=kind, limits=limits, default=default, body=body)


ENDPOINTS = {
    "0 is the default": (shown(), "high"),
    "asked for by > 0": (shown("if limit > 0: query = query.limit(limit)"), "high"),
    "asked for by != 0": (shown("if limit != 0: query = query.limit(limit)"), "high"),
    "in one expression": (shown("query = query.limit(limit) if limit else query"), "high"),
    "or None": (shown("query = query.limit(limit or None)"), "high"),
    "a slice": (shown("query = make_session().scalars(query).all()\n    if limit: return query[:limit]"), "high"),
    "under another name": (shown("most = limit\n    if most: query = query.limit(most)"), "high"),
    "in a method": ("@app.get('/x')\ndef show(limit: Annotated[int, Query(ge=0, le=100)] = 0) -> Any: return store.rows(limit)\n", "high"),
    "in a model": ("@app.get('/x')\ndef show(paging: Annotated[Paging, Query()]) -> Any: return store.rows(paging.limit)\n", "high"),
    "0 may be sent": (shown(default="20"), "medium"),
    "None is the default": (shown("if limit is not None: query = query.limit(limit)", kind="int | None", default="None"), "low"),
    # What is fine.
    "at least 1": (shown(limits="ge=1, le=100", default="20"), None),
    "more than 0": (shown(limits="gt=0, le=100", default="20"), None),
    "only None is asked for": (shown("if limit is not None: query = query.limit(limit)"), None),
    "always": (shown("query = query.limit(limit)"), None),
    "always, with a default": (shown("query = query.limit(limit or 20)"), None),
    "a default before": (shown(f"limit = limit or 20\n    {IF}"), None),
    "a default in the other branch": (shown(f"{IF}\n    else: query = query.limit(20)"), None),
    "a default before the branch": (shown(f"query = query.limit(100)\n    {IF}"), None),
    "an error": (shown(f"if not limit: raise HTTPException(400)\n    {IF}"), None),
    "nothing": (shown(f"if limit == 0: return []\n    {IF}"), None),
    "a ceiling in the code": (shown("if limit: query = query.limit(min(limit, 9))"), None),
    "a condition about something else": (shown("if app.debug: query = query.limit(limit)"), None),
    "a default for a method": (
        "@app.get('/x')\ndef show(limit: Annotated[int, Query(le=100)] = 0) -> Any: return store.rows(limit or 20)\n", None,
    ),
    "the rows of one": (shown("query = select(User).where(User.id == n)\n    " + IF).replace("show(", "show(n: int, "), None),
    "another number": (shown().replace("limit: ", "floor: ").replace("(limit)", "(floor)").replace("if limit", "if floor"), None),
    # Without a ceiling: None means everything, unless something takes its place.
    "no ceiling, and None": (shown(kind="int | None", limits="", default="None"), "low"),
    "no ceiling, and a default by or": (shown("query = query.limit(limit or 20)", kind="int | None", limits="", default="None"), "high"),
    "no ceiling, and a default by a condition": (
        shown("if limit is None: limit = 20\n    query = query.limit(limit)", kind="int | None", limits="", default="None"), "high",
    ),
    "no ceiling, and a default in an expression": (
        shown("query = query.limit(20 if limit is None else limit)", kind="int | None", limits="", default="None"), "high",
    ),
    "no ceiling, and a floor": (shown("query = query.limit(max(limit or 20, 100))", kind="int | None", limits="", default="None"), "high"),
    "a ceiling by min": (shown("query = query.limit(min(limit or 20, 100))", kind="int | None", limits="", default="None"), None),
    "or nothing else": (shown("query = query.limit(limit or None)", kind="int | None", limits="", default="None"), "low"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "confidence"), ENDPOINTS.values(), ids=list(ENDPOINTS))
def test_a_ceiling_holds_for_every_value(check: Check, source: str, confidence: str | None) -> None:
    """TW021: a ceiling that 0 passes by is none, and a default that code puts in limits as one of the declaration does."""
    found = check(HEAD + ADDS + STORE + source, "--all", "--select", "TW021")
    assert [each["confidence"] for each in found.findings] == ([] if confidence is None else [confidence]), found.out
