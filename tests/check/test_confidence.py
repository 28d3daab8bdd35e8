"""The same pitfall with and without what shows that it matters: findings that measurements do not bear out are low."""
# ruff: noqa: ISC004  (sources of several lines)

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check
from tests.check.test_rules import HEAD

TABLES = (
    "from sqlalchemy import ForeignKey\nclass Team(Base):\n    __tablename__ = 'teams'\n    id: Mapped[int] = mapped_column(primary_key=True)\n"
    "class Player(Base):\n    __tablename__ = 'players'\n    id: Mapped[int] = mapped_column(primary_key=True)\n"
    "    team: Mapped[int] = mapped_column(ForeignKey('teams.id'))\n"
    "class Badge(Base):\n    __tablename__ = 'badges'\n    id: Mapped[int] = mapped_column(primary_key=True)\n    team_id: Mapped[int]\n"
    "class Medal(Base):\n    __tablename__ = 'medals'\n    id: Mapped[int] = mapped_column(primary_key=True)\n"
    "    badge: Mapped[int] = mapped_column(ForeignKey('badges.id'))\n"
)
LIST = "@app.get('/x', response_model=list[Shown])\ndef show():\n    return make_session().scalars(select({})).all()\n"
LIMIT = "@app.get('/x')\ndef show(limit: int = 10) -> Any:\n    return find(limit)\n"
FIND = "def find(limit: int):\n    query = make_session().query({})\n    query = query.limit(limit)\n    return query.count()\n"
SIGN_UP = "@app.post('/teams')\ndef found() -> None: make_session().add(Team(id=1))\n"
ABSENT = "class NotFound(Exception): ...\ndef find(n: int) -> Any:\n    found = make_session().get(User, n)\n"
ABSENT += "    if found is None: raise NotFound\n    return found\n"
SECRET = (
    "from typeway.security import HTTPBearer\nguard = [Depends(HTTPBearer())]\nclass Robot(BaseModel):\n    {}: str\n"
)
CASES = {
    "a list of what others choose from": (TABLES + LIST.format("Team"), "TW011", "low"),
    "a list of what belongs to others": (TABLES + LIST.format("Player"), "TW011", "high"),
    "a list of what names others": (TABLES + LIST.format("Badge"), "TW011", "high"),
    "a list of what nothing belongs to": (TABLES + LIST.format("User"), "TW011", "high"),
    "a list of what everybody adds to": (TABLES + SIGN_UP + LIST.format("Team"), "TW011", "high"),
    "a list of what who is known adds to": (
        TABLES + "def current_user(): ...\n" + SIGN_UP.replace("found()", "found(who: Any = Depends(current_user))")
        + LIST.format("Team"), "TW011", "low",
    ),
    "a list of what the setup adds to": (TABLES + SIGN_UP.replace("/teams", "/setup/teams") + LIST.format("Team"), "TW011", "low"),
    "a limit of what others choose from": (TABLES + FIND.format("Team") + LIMIT, "TW021", "low"),
    "a limit of what belongs to others": (TABLES + FIND.format("Player") + LIMIT, "TW021", "high"),
    "a limit that another package gets": (
        "import json\n@app.get('/x')\ndef show(limit: int = 10) -> Any: return json.dumps([], limit=limit)", "TW021", "low",
    ),
    "a look-up by what the client sent": (ABSENT + "@app.get('/x')\ndef show(n: int) -> int: return find(n).id", "TW017", "high"),
    "a look-up by a field of a body": (
        ABSENT + "@app.post('/x')\ndef show(body: Shown) -> int:\n    key = int(body.id)\n    return find(n=key).id", "TW017", "high",
    ),
    "a look-up by what the server knows": (ABSENT + "@app.get('/x')\ndef show(n: int) -> int: return find(7).id", "TW017", "low"),
    "a look-up by what was loaded": (
        ABSENT + "@app.get('/x')\ndef show(n: int) -> int:\n    user = make_session().get(User, n)\n    return find(user.id).id",
        "TW017",
        "low",
    ),
    "a search": (
        "class NotFound(Exception): ...\ndef find(n: int) -> int:\n    for each in range(9):\n        if each == n: return each\n"
        "    raise NotFound\n@app.get('/x')\ndef show(n: int) -> int: return find(n)",
        "TW017",
        "high",
    ),
    "what always fails": (
        "class NotAllowed(Exception): ...\ndef fail(): raise NotAllowed\n@app.get('/x')\ndef show() -> int: return fail()", "TW017", "high",
    ),
    "a failure after a question": (
        "class NotAllowed(Exception): ...\ndef fail(): raise NotAllowed\n@app.get('/x')\ndef show(n: int) -> int:\n"
        "    if n > 3: fail()\n    return n",
        "TW017",
        "high",
    ),
    "a token for everybody": (SECRET.format("token") + "@app.get('/x')\nasync def show() -> Robot: ...", "TW008", "high"),
    "a token for who may": (
        SECRET.format("token") + "@app.get('/x', dependencies=guard)\nasync def show() -> Robot: ...", "TW008", "low",
    ),
    "a password for who may": (
        SECRET.format("password") + "@app.get('/x', dependencies=guard)\nasync def show() -> Robot: ...", "TW008", "high",
    ),
    "a dependency that waits": (
        "async def held(request: Request) -> Any: return await request.json()\n@app.get('/x')\nasync def show(it: Any = Depends(held)) -> int: return 1",
        "TW012",
        "high",
    ),
    "a dependency that blocks below": (
        "def load() -> Any: return httpx.get('http://x')\ndef held() -> Any: return load()\n"
        "@app.get('/x')\nasync def show(it: Any = Depends(held)) -> int: return 1",
        "TW012",
        "high",
    ),
    "a dependency that makes an object": (
        "def held() -> Any: return Shown(id=1)\n@app.get('/x')\nasync def show(it: Any = Depends(held)) -> int: return 1", "TW012", "low",
    ),
}  # fmt: skip


def test_an_endpoint_that_never_answers_has_one_finding(check: Check) -> None:
    """A list in an endpoint that another one hides does not grow: only that it is hidden is told."""
    hiding = "@app.get('/{name}')\ndef one(name: str) -> str: return name\n"
    assert check(HEAD + hiding + LIST.format("User")).codes == ["TW003"]
    assert check(HEAD + LIST.format("User") + hiding).codes == ["TW011"]


@pytest.mark.parametrize(("source", "code", "confidence"), CASES.values(), ids=list(CASES))
def test_how_sure_a_finding_is(check: Check, source: str, code: str, confidence: str) -> None:
    """What shows that it matters here makes a finding high; without that it is told with --all only."""
    found = check(HEAD + source, "--all", "--select", code).findings
    assert [(finding["code"], finding["confidence"]) for finding in found] == [(code, confidence)]
