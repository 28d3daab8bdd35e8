"""The same pitfall with and without what shows that it matters: findings that measurements do not bear out are low."""
# ruff: noqa: ISC004  (sources of several lines)

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check
from tests.check.test_rules import ADDS, HEAD

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


def adds(made: str, parameter: str = "") -> str:
    """An endpoint that adds a row."""
    return f"{STAFF}@app.post('/rows')\ndef add({parameter}) -> None: make_session().add({made}(id=1))\n"


HERO = (
    "import sqlmodel\nfrom sqlalchemy.orm import registry\nclass Rows(sqlmodel.SQLModel, registry=registry()): ...\n"
    "class Hero(Rows, table=True):\n    id: int | None = sqlmodel.Field(default=None, primary_key=True)\n"
)
STAFF = "def require_admin(request: Request) -> None: ...\n"
SIGN_UP = "@app.post('/teams')\ndef found() -> None: make_session().add(Team(id=1))\n"
ABSENT = "class NotFound(Exception): ...\ndef find(n: int) -> Any:\n    found = make_session().get(User, n)\n"
ABSENT += "    if found is None: raise NotFound\n    return found\n"
PAGE = (
    "class Page:\n    most = 50\n    def __init__(self, limit: int = 10) -> None: self.limit = limit\n"
    "    def of(self, query: Any) -> Any:\n        if {}: raise HTTPException(400)\n        return query.limit(self.limit)\n"
    "@app.get('/x')\ndef show(page: Page = Depends()) -> Any: return page.of(make_session().query(User)).count()\n"
)
TAKEN = (
    "class UserAlreadyExists(Exception): ...\ndef user_exists(name: str) -> bool: return name in known\nknown = set()\nteam_exists = user_exists\n"
    "def save(name: str) -> None:\n    if name in known: raise UserAlreadyExists\n{}@app.get('/x')\ndef show(name: str) -> None:\n{}"
)
SECRET = (
    "from typeway.security import HTTPBearer\nguard = [Depends(HTTPBearer())]\nclass Robot(BaseModel):\n    {}: str\n"
)
CASES = {
    "a list of what others choose from": (TABLES + LIST.format("Team"), "TW011", "low"),
    "a list of what belongs to others": (TABLES + adds("Player") + LIST.format("Player"), "TW011", "high"),
    "a list of what names others": (TABLES + adds("Badge") + LIST.format("Badge"), "TW011", "high"),
    "a list of what nothing belongs to": (TABLES + ADDS + LIST.format("User"), "TW011", "high"),
    "a list of what belongs to others and nobody adds": (TABLES + LIST.format("Player"), "TW011", "low"),
    "a list of what is made by a method": (TABLES + adds("Player.create") + LIST.format("Player"), "TW011", "high"),
    "a list of what a statement adds": (
        TABLES + "from sqlalchemy import insert\n" + adds("insert(Player).values") + LIST.format("Player"), "TW011", "high",
    ),
    "a list of what a generic class adds": (
        TABLES + "class Crud:\n    def __init__(self, kind): self.kind = kind\n    def create(self, **fields): return self.kind(**fields)\n"
        "players = Crud(Player)\n" + adds("players.create") + LIST.format("Player"), "TW011", "high",
    ),
    "a list of what is only looked up": (TABLES + adds("make_session().query(Player).filter_by") + LIST.format("Player"), "TW011", "low"),
    "a list of what the staff adds": (
        TABLES + adds("Player", "who: Any = Depends(require_admin)") + LIST.format("Player"), "TW011", "low",
    ),
    "a list for the staff": (
        TABLES + adds("Player") + LIST.format("Player").replace("show()", "show(who: Any = Depends(require_admin))"), "TW011", "low",
    ),
    "a list of rows of SQL": (
        "@app.get('/x')\ndef show() -> list[dict[str, Any]]:\n    with sqlite3.connect('x') as db:\n"
        "        return [dict(row) for row in db.execute('SELECT * FROM x').fetchall()]", "TW011", "low",
    ),
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
    "what may be there already": (TAKEN.format("", "") + "    save(name)", "TW017", "high"),
    "what was asked for before": (TAKEN.format("", "    if user_exists(name): raise HTTPException(409)\n") + "    save(name)", "TW017", None),
    "what was asked for by a name": (
        TAKEN.format("", "    known = user_exists(name)\n    if known: raise HTTPException(409)\n") + "    save(name)", "TW017", None,
    ),
    "what something else was asked for": (TAKEN.format("", "    if team_exists(name): raise HTTPException(409)\n") + "    save(name)", "TW017", "high"),
    "what was asked not to be there": (TAKEN.format("", "    if not user_exists(name): raise HTTPException(409)\n") + "    save(name)", "TW017", "high"),
    "what was caught before": (
        TAKEN.format("", "    try: save(name)\n    except UserAlreadyExists: raise HTTPException(409)\n") + "    save(name)", "TW017", "low",
    ),
    "what another endpoint catches": (
        TAKEN.format("@app.get('/y')\ndef other(name: str) -> None:\n    try: save(name)\n    except UserAlreadyExists: pass\n", "")
        + "    save(name)", "TW017", "high",
    ),
    "several where one is expected": (
        "class DuplicateEntity(Exception): ...\ndef find(n: int) -> Any:\n    found = make_session().query(User).filter(User.id == n).all()\n"
        "    if len(found) > 1: raise DuplicateEntity\n    return found\n@app.get('/x')\ndef show(n: int) -> int: return find(n).id",
        "TW017", "low",
    ),
    "a limit that a method compares": (PAGE.format("self.limit > self.most"), "TW021", None),
    "a limit that a method looks at": (PAGE.format("self.limit is None"), "TW021", "low"),
    "a limit of those that are allowed": (
        "@app.get('/x')\ndef show(limit: int = 10) -> Any:\n    if limit not in (10, 50): raise HTTPException(400)\n    return find(limit)\n"
        + TABLES + FIND.format("Player"), "TW021", None,
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
    assert check(HEAD + ADDS + LIST.format("User") + hiding).codes == ["TW011"]


@pytest.mark.parametrize(("source", "code", "confidence"), CASES.values(), ids=list(CASES))
def test_how_sure_a_finding_is(check: Check, source: str, code: str, confidence: str | None) -> None:
    """What shows that it matters here makes a finding high; without that it is told with --all only."""
    found = check(HEAD + source, "--all", "--select", code).findings
    assert [(finding["code"], finding["confidence"]) for finding in found] == [(code, confidence)][
        : confidence is not None
    ]


KINDS = (
    "from enum import Enum\nfrom pydantic import AfterValidator, BeforeValidator, field_validator, model_validator\n"
    "def check_it(kind: str) -> str:\n    if kind not in ('a', 'b'): raise ValueError(kind)\n    return kind\n"
    "def span(kind: str) -> str:\n    first, last = kind.split('-')\n    if first > last: raise ValueError(kind)\n    return first\n"
    "def by_way(kind: str) -> str: return check_it(kind)\n"
    "class Open(BaseModel):\n    kind: str\n    size: int = 1\n"
    "class Ranged(BaseModel):\n    kind: str\n    size: int = Field(1, ge=1)\n"
    "class Checked(BaseModel):\n    kind: Annotated[str, AfterValidator(check_it)]\n"
    "class Listed(BaseModel):\n    kind: str\n    kinds: list[Annotated[str, AfterValidator(check_it)]]\n"
    "class Holder(BaseModel):\n    kind: str\n    inner: list[Checked]\n"
    "class Decorated(BaseModel):\n    kind: str\n    @field_validator('kind')\n    def ask(cls, value: str) -> str: return by_way(value)\n"
    "class Whole(BaseModel):\n    kind: str\n    @model_validator(mode='after')\n    def ask(self): return self if check_it(self.kind) else None\n"
)
RAISED = {
    "a parameter": ("kind: str", "check_it(kind)", "low"),
    "what is unpacked from a parameter": ("kind: str", "span(kind)", "low"),
    "a parameter by another function": ("kind: str", "by_way(kind)", "low"),
    "a parameter with a length": ("kind: Annotated[str, Query(max_length=9)]", "check_it(kind)", "low"),
    "a parameter with a pattern": ("kind: Annotated[str, Query(pattern='a|b')]", "check_it(kind)", "low"),
    "a field": ("body: Open", "check_it(body.kind)", "low"),
    "a field of a model with a range": ("body: Ranged", "check_it(body.kind)", "low"),
    "a parameter that another function has checked": (
        "kind: Annotated[str, AfterValidator(str.strip)]",
        "check_it(kind)",
        "low",
    ),
    "a parameter that has passed": ("kind: Annotated[str, AfterValidator(check_it)]", "check_it(kind)", None),
    "a parameter that has passed before": ("kind: Annotated[str, BeforeValidator(by_way)]", "check_it(kind)", None),
    "a field that has passed": ("body: Checked", "check_it(body.kind)", None),
    "the items of a field": ("body: Listed", "[by_way(kind) for kind in body.kinds]", None),
    "a field of an inner model": ("body: Holder", "[check_it(each.kind) for each in body.inner]", None),
    "a field with a method": ("body: Decorated", "check_it(body.kind)", None),
    "a model with a method": ("body: Whole", "check_it(body.kind)", None),
    "what is asked before": ("kind: str", "if kind == 'c': raise HTTPException(400)\n    check_it(kind)", "low"),
    "what is asked around it": ("kind: str", "if kind in known: check_it(kind)", "low"),
    "where something else is asked": (
        "kind: str, n: int",
        "if n > 3: raise HTTPException(400)\n    check_it(kind)",
        "low",
    ),
    "what is asked afterwards": ("kind: str", "check_it(kind)\n    if kind == 'c': raise HTTPException(400)", "low"),
}


@pytest.mark.parametrize(("parameter", "line", "confidence"), RAISED.values(), ids=list(RAISED))
def test_an_error_about_a_value_that_was_refused_before_does_not_happen(
    check: Check, parameter: str, line: str, confidence: str | None
) -> None:
    """TW017: what a validator raises about, or the caller has asked about, comes no further."""
    source = f"{HEAD}{KINDS}known = ()\n@app.post('/x')\ndef show({parameter}) -> None:\n    {line}\n"
    found = check(source, "--all", "--select", "TW017").findings
    assert [finding["confidence"] for finding in found] == ([] if confidence is None else [confidence])


BODY = (
    "from typeway import Header\nclass Member(BaseModel):\n    id: int | None = None\n    name: str\nmembers = {}\n"
    "class Members:\n    def find(self, body: Member): return make_session().get(User, body.id)\n"
    "    def keep(self, body: Member): make_session().add(User(id=body.id))\n    def update(self, body): self.keep(body)\n"
    "def require_admin(request: Request): ...\n"
    "@app.put('/members')\ndef put(body: Member%s) -> Member:\n    user = Members().find(body)\n    %s\n    return Member(name=body.name)\n"
)
KEPT = {
    "the whole": ("", "members['x'] = body", "high"),
    "the whole as a dict": ("", "members.update(body.model_dump())", "high"),
    "the id": ("", "members['x'] = body.id", "high"),
    "a row with the id": ("", "make_session().add(User(id=body.id))", "high"),
    "the id as a key": ("", "members[body.id] = body.name", "high"),
    "a text of the id": ("", "make_session().add(User(id=str(body.id)))", "high"),
    "a method that keeps it": ("", "Members().keep(body)", "high"),
    "a method of a method": ("", "Members().update(body=body)", "high"),
    "a function of another package": ("", "functools.reduce(max, body)", "high"),
    "the whole, for the staff": (", who: Any = Depends(require_admin)", "members['x'] = body", "low"),
    "a look-up": ("", "make_session().get(User, body.id).name = body.name", None),
    "a look-up of a text": ("", "members.get(str(body.id))", None),
    "a look-up in a dict": ("", "members[body.id].name = body.name", None),
    "a look-up of a document": ("", "members.find_one({'_id': body.id})", None),
    "a comparison": ("", "make_session().scalar(select(User).where(User.id == body.id)).name = body.name", None),
    "an error": ("", "raise HTTPException(404, f'no {body.id}')", None),
    "a method that looks it up": ("", "Members().find(body)", None),
}


@pytest.mark.parametrize(("parameter", "line", "confidence"), KEPT.values(), ids=list(KEPT))
def test_an_id_that_is_kept_is_chosen_by_the_client(
    check: Check, parameter: str, line: str, confidence: str | None
) -> None:
    """TW009: an id in a body may only name who is meant, and then nothing is stored under it."""
    found = check(HEAD + BODY % (parameter, line), "--all", "--select", "TW009").findings
    assert [finding["confidence"] for finding in found] == ([] if confidence is None else [confidence])


ADMIN = {
    "a path": ("", "", "", "/admin/players"),
    "a path in the middle": ("", "", "", "/api/staff/players"),
    "a dependency": ("def admin_only(request: Request): ...", "who: Any = Depends(admin_only)", "", "/x"),
    "a superuser": ("def get_current_active_superuser(request: Request): ...", "who: Any = Depends(get_current_active_superuser)", "", "/x"),
    "a class with roles": (
        "class Roles:\n    def __init__(self, names): self.names = names\n    def __call__(self, request: Request): ...",
        "who: Any = Depends(Roles(['admin', 'superuser']))", "", "/x",
    ),
    "a class with an enum": (
        "import enum\nclass Role(enum.Enum):\n    ADMIN = 1\n    USER = 2\n"
        "class Roles:\n    def __init__(self, *names): self.names = names\n    def __call__(self, request: Request): ...",
        "who: Any = Depends(Roles(Role.ADMIN))", "", "/x",
    ),
    "a function of a role": (
        "def needs(role):\n    def inner(request: Request): return role\n    return inner", "who: Any = Depends(needs('admin'))", "", "/x",
    ),
    "a scope": ("def user(request: Request): ...", "who: Any = Security(user, scopes=['players:admin'])", "", "/x"),
    "one of several scopes": (
        "def user(request: Request): ...", "who: Any = Security(user, scopes=['players', 'admin'])", "", "/x",
    ),
    "a refusal": ("def user(request: Request): ...", "who: Any = Depends(user)", "if not who.is_admin: raise HTTPException(403)", "/x"),
    "a refusal in a dependency": (
        "def user(request: Request):\n    who = request.state\n    if who is None or not who.is_superuser: raise HTTPException(403)\n    return who",
        "who: Any = Depends(user)", "", "/x",
    ),
    "a refusal of other roles": (
        "def user(request: Request): ...", "who: Any = Depends(user)", "if who.role != 'admin': raise HTTPException(403)", "/x",
    ),
    "a refusal below": (
        "def check_it(who):\n    if not who.is_staff: raise HTTPException(403)\ndef user(request: Request): ...", "who: Any = Depends(user)",
        "check_it(who)", "/x",
    ),
    "a key of the settings": (
        "class Settings:\n    batch_key = 'x'\nsettings = Settings()", "x_key: str = Header()",
        "if x_key != settings.batch_key: raise HTTPException(401)", "/x",
    ),
    "a key that is compared in constant time": (
        "import secrets\nAPI_KEY = 'x'", "x_key: str = Header()",
        "if not secrets.compare_digest(x_key, API_KEY): raise HTTPException(401)", "/x",
    ),
}  # fmt: skip
EVERYBODY = {
    "a path about staff": ("", "", "", "/staff"),
    "nothing": ("", "", "", "/x"),
    "a user": ("def current_user(request: Request): ...", "who: Any = Depends(current_user)", "", "/x"),
    "a tool": ("def get_admin_service(request: Request): ...", "who: Any = Depends(get_admin_service)", "", "/x"),
    "one of several roles": (
        "def needs(roles):\n    def inner(request: Request): return roles\n    return inner",
        "who: Any = Depends(needs(['admin', 'member']))", "", "/x",
    ),
    "an owner or the staff": ("def user(request: Request): ...", "who: Any = Depends(user)", "if not is_admin_or_owner(who): raise HTTPException(403)", "/x"),
    "its owner too": (
        "def user(request: Request): ...", "who: Any = Depends(user)", "if who.id != 3 and not who.is_admin: raise HTTPException(403)", "/x",
    ),
    "a question in a branch": (
        "def user(request: Request): ...", "who: Any = Depends(user)",
        "if who.id == 3:\n        if not who.is_admin: raise HTTPException(403)", "/x",
    ),
    "no refusal": ("def user(request: Request): ...", "who: Any = Depends(user)", "if not who.is_admin: who = None", "/x"),
    "a refusal of the staff": ("def user(request: Request): ...", "who: Any = Depends(user)", "if who.is_admin: raise HTTPException(403)", "/x"),
    "a kind of token": (
        "import enum\nclass Kind(enum.Enum):\n    ACCESS = 1\ndef user(request: Request): ...", "who: Any = Depends(user)",
        "if who.kind != Kind.ACCESS: raise HTTPException(401)", "/x",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("code", "parameter", "body", "path", "confidence"),
    [(*case, "low") for case in ADMIN.values()] + [(*case, "high") for case in EVERYBODY.values()],
    ids=[*ADMIN, *EVERYBODY],
)
def test_who_runs_the_application_may_ask_for_much(
    check: Check, code: str, parameter: str, body: str, path: str, confidence: str
) -> None:
    """A list of all rows is low where only those may ask for it who run the application."""
    source = (
        f"{HEAD}{ADDS}from typeway import Header\n{code}\ndef is_admin_or_owner(who): ...\n"
        f"@app.get('{path}', response_model=list[Shown])\ndef show({parameter}):\n"
        f"    {body or '...'}\n    return make_session().scalars(select(User)).all()\n"
    )
    found = check(source, "--all", "--select", "TW011").findings
    assert [finding["confidence"] for finding in found] == [confidence]


@pytest.mark.parametrize(
    "name", ["a dependency", "a refusal", "a key of the settings", "a key that is compared in constant time"]
)
def test_a_limit_is_low_for_programs_that_know_a_key(check: Check, name: str) -> None:
    """TW021: administrators are visitors too, and one of them may ask for everything by mistake."""
    code, parameter, body, path = ADMIN[name]
    source = f"{HEAD}from typeway import Header\n{code}\n@app.get('{path}')\ndef show({parameter}, limit: int = 10) -> int:\n"
    source += f"    {body or '...'}\n    return make_session().query(User).limit(limit).count()\n"
    found = check(source, "--all", "--select", "TW021").findings
    assert [finding["confidence"] for finding in found] == ["low" if "key" in name else "high"]


@pytest.mark.filterwarnings("ignore:parameter 'hero' has the table class")
@pytest.mark.parametrize(("method", "confidence"), [("post", "high"), ("put", "low")])
def test_a_body_may_be_a_row(check: Check, method: str, confidence: str) -> None:
    """TW011: where a class of SQLModel is both the table and the body, POST adds rows though no code makes any."""
    source = f"{HEAD}{HERO}@app.{method}('/heroes')\ndef keep(hero: Hero) -> None: make_session().merge(hero)\n{LIST.format('Hero')}"
    found = check(source, "--all", "--select", "TW011").findings
    assert [finding["confidence"] for finding in found] == [confidence]
