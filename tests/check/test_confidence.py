"""The same pitfall with and without what shows that it matters: findings that measurements do not bear out are low."""
# ruff: noqa: ISC004  (sources of several lines)

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check
from tests.check.test_rules import ADDS, HEAD, endpoint

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
    "class UserAlreadyExists(Exception): ...\ndef user_exists(name: str) -> bool: return name in known\nknown, teams = set(), set()\n"
    "def team_exists(name: str) -> bool: return name in teams\n"
    "def save(name: str) -> None:\n    if name in known: raise UserAlreadyExists\n{}@app.get('/x')\ndef show(name: str) -> None:\n{}"
)
GONE = (
    "class UserNotFoundError(Exception): ...\ndef opened() -> Iterator[Session]:\n    with make_session() as session: yield session\n"
    "def get_user(session: Session, n: int) -> Any: return session.get(User, n)\nuser_exists = get_user\n"
    "def get_team(session: Session, n: int) -> Any: return session.get(Base, n)\n"
    "def rename(session: Session, n: int) -> None:\n    if get_user(session, n) is None: raise UserNotFoundError\n"
)
MISSING = (
    "class NumberNotFound(Exception): ...\nknown, other = set(), set()\n"
    "def find(number: int) -> None:\n    if number not in known: raise NumberNotFound\n"
    "class Store:\n    def __init__(self): self.held = set()\n"
    "    def find(self, number: int) -> None:\n        if number not in self.held: raise NumberNotFound\nstore = Store()\n"
)
SECRET = (
    "from typeway.security import HTTPBearer\nguard = [Depends(HTTPBearer())]\nclass Robot(BaseModel):\n    {}: str\n"
)
ASKED = "def known(kind: str) -> str:\n    {}\n    return kind\n@app.get('/{}')\ndef show(kind: str = Depends(known)) -> str: return kind"
REFUSED = "if kind not in ('a', 'b'): raise ValueError(kind)"
WRITES = (
    "key = APIKeyHeader(name='X-Key')\nguarded = Router(dependencies=[Security(key)])\nfrom typeway import UploadFile\n"
    "for n in range({}):\n    @guarded.post(f'/{{n}}')\n    def keep() -> None: ...\napp.include_router(guarded)\n{}"
)
COUNT = (
    "class Users:\n    @classmethod\n    def find(cls, count: int = 1) -> Any:\n        query = make_session().query(User)\n        {0}\n        return query.count()\n"
    "@app.get('/x')\ndef show(count: int = {1}) -> Any: return Users.find(count)"
)
REMEMBERED = (
    "def show(count: int = {1}) -> Any: return load(count)\ndef load(count):\n    found = kept.get(count)\n    if found is None:\n"
    "        found = Users.find(count=count)\n        kept[count] = found\n    return found"
)
CASES = {
    "an amount of another name": (COUNT.format("query = query.limit(count)", 30), "TW021", "high"),
    "an amount of another name that is remembered": (
        "kept = {}\n" + COUNT.replace("def show(count: int = {1}) -> Any: return Users.find(count)", REMEMBERED).format("query = query.limit(count)", 30), "TW021", "high",
    ),
    "a place of another name": (COUNT.format("query = query.offset(count)", 30), "TW021", None),
    "the length of a text": (COUNT.format("str(query)[:count]", 30), "TW021", None),
    "an amount of another name with a ceiling": (COUNT.format("query = query.limit(min(count, 9))", 30), "TW021", None),
    "an error about what a dependency is sent": (ASKED.format(REFUSED, "x"), "TW017", "medium"),
    "an error about what an endpoint is sent": ("@app.post('/x')\ndef show(kind: str) -> None:\n    " + REFUSED, "TW017", "medium"),
    "an error about a part of a body": (
        "class Span(BaseModel):\n    first: int\n    last: int\n@app.post('/x')\ndef show(span: Span) -> None:\n"
        "    if span.first > span.last: raise ValueError(span)", "TW017", "medium",
    ),
    "an error about a segment of a path": (ASKED.format("if '/' in kind: raise ValueError(kind)", "{kind}"), "TW017", "low"),
    "an error about what a dependency has found": (
        ASKED.format("found = make_session().get(User, kind)\n    if found != kind: raise ValueError(kind)", "x"), "TW017", "low",
    ),
    "an error about a parameter with a pattern": (
        ASKED.replace("kind: str) ", "kind: str = Query(pattern='a|b')) ").format(REFUSED, "x"), "TW017", "low",
    ),
    "an open upload where all else is guarded": (
        WRITES.format(10, "@app.post('/cookies')\ndef upload_cookies(file: UploadFile) -> None: ..."), "TW010", "medium",
    ),
    "an open deletion where all else is guarded": (WRITES.format(10, "@app.delete('/notes')\ndef drop() -> None: ..."), "TW010", "medium"),
    "an open insert where all else is guarded": (WRITES.format(10, "@app.post('/notes')\ndef add() -> None: make_session().commit()"), "TW010", "medium"),
    "an open question where all else is guarded": (WRITES.format(10, "@app.post('/notes')\ndef ask() -> None: ..."), "TW010", "low"),
    "an open upload where little else is there": (WRITES.format(9, "@app.post('/notes')\ndef add(file: UploadFile) -> None: ..."), "TW010", "low"),
    "an open write for who knows a code": (WRITES.format(10, "@app.put('/shares/{code}')\ndef put(code: str) -> None: ..."), "TW010", "low"),
    "signing up where all else is guarded": (WRITES.format(10, "@app.post('/users')\ndef add() -> None: make_session().commit()"), "TW010", "low"),
    "cookies to which somebody agrees": (WRITES.format(10, "@app.put('/cookies')\ndef put() -> None: ..."), "TW010", None),
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
    **{
        f"a limit of a row for each of {what}": (
            TABLES + f"def find(limit: int, keys: set[int]):\n    query = select(Player.id).where(Player.{column}.in_({keys})).group_by(Player.id)\n"
            "    query = query.order_by(Player.id).limit(limit)\n    return make_session().execute(query).all()\n"
            + LIMIT.replace("find(limit)", "find(limit, {1})"), "TW021", sure,
        )
        for what, column, keys, sure in (
            ("some keys", "id", "list(keys)", "low"), ("those of other keys", "team", "keys", "low"),
            ("what another query finds", "id", "select(Team.id)", "high"),
        )
    },
    **{
        f"an endpoint that nothing reaches and {what}": (
            f"app = Typeway(openapi_url='{document}')\n@app.get('/')\ndef root() -> Any:\n    'Show the document.'\n    {body}\n{later}", code, sure,
        )
        for what, document, body, later, code, sure in (
            ("describes the document", "/", "return", "", "TW004", "low"), ("does something", "/", "return 1 + 1", "", "TW004", "high"),
            ("refuses", "/", "raise NotImplementedError", "", "TW004", "low"), ("gives nothing", "/", "...", "", "TW004", "low"),
            ("describes another", "/x", "...", "@app.get('/')\ndef show() -> int: ...\n", "TW004", "high"),
        )
    },
    **{
        f"a write with a header {name} that the endpoint {what}": (
            "from typeway import Header\nfrom typeway.security import HTTPBearer\ndef allowed_for(*given) -> None: ...\n"
            "@app.put('/rows/{n}', dependencies=[Depends(HTTPBearer())])\ndef change(n: int) -> None: ...\n"
            "@app.delete('/rows/{n}', dependencies=[Depends(HTTPBearer())])\ndef remove(n: int) -> None: ...\n"
            f"@app.post('/rows')\ndef add({name}: Annotated[str | None, Header()] = None) -> None: {body}\n", "TW010", sure,
        )
        for name, what, body, sure in (
            ("x_project_token", "passes on", "allowed_for(1, x_project_token)", None), ("x_project_token", "names", "allowed_for(who=x_project_token)", None),
            ("x_project_token", "leaves alone", "allowed_for(1)", "high"), ("x_language", "passes on", "allowed_for(x_language)", "high"),
        )
    },
    **{
        f"an error that {what}": (
            "from starlette.middleware.exceptions import ExceptionMiddleware\nclass NotAllowed(Exception): ...\n"
            "def fail(n): raise NotAllowed\nasync def answer(request: Request, error: Exception) -> Any: ...\n"
            f"app.add_middleware(ExceptionMiddleware, {given})\n@app.get('/x')\ndef show(n: int) -> None: fail(n)\n", "TW017", sure,
        )
        for what, given, sure in (
            ("middleware answers", "handlers={NotAllowed: answer}", None), ("middleware answers by a base", "{Exception: answer}", None),
            ("middleware leaves alone", "handlers={KeyError: answer, 500: answer}", "high"), ("bare middleware gets", "debug=False", "high"),
        )
    },
    "a router before and after what hides it": (
        "other = Router()\n@other.get('/a/b')\ndef b() -> int: return 1\napp.include_router(other)\n"
        "@app.get('/a/{n}')\ndef one(n: str) -> str: return n\napp.include_router(other)", "TW003", "low",
    ),
    **{
        f"an endpoint that nothing reaches below a mount and {what}": (
            f"app.mount('/files', Typeway())\n@app.get('/files/{{name}}'{given})\ndef one(name: str) -> Any:\n    {body}", "TW003", sure,
        )
        for what, given, body, sure in (
            ("describes it", "", "...", "low"), ("describes it and refuses", "", "raise NotImplementedError", "low"),
            ("is not described", ", include_in_schema=False", "...", "high"), ("does something", "", "return name", "high"),
        )
    },
    "a task of a thread": (endpoint("asyncio.create_task(asyncio.to_thread(print, 1))"), "TW022", "low"),
    **{
        f"a task of a coroutine that {what}": (
            f"async def work() -> None:\n    {body}\n" + endpoint("asyncio.create_task(work())"), "TW022", sure,
        )
        for what, body, sure in (
            ("waits for a thread", "await asyncio.to_thread(print, 1)", "low"),
            ("waits for a pool", "await asyncio.get_running_loop().run_in_executor(None, print)\n    print(2)", "low"),
            ("catches what the thread raises", "try: await run_in_threadpool(print, 1)\n    except OSError: print(2)", "low"),
            ("waits for more", "await asyncio.to_thread(print, 1)\n    await pause()", "high"),
            ("enters something", "async with asyncio.Lock(): await asyncio.to_thread(print, 1)", "high"),
            ("waits for an event", "await asyncio.Event().wait()", "high"), ("waits for nothing", "print(1)", "high"),
        )
    },
    "a task of a coroutine": (endpoint("asyncio.create_task(pause())"), "TW022", "high"),
    "a limit of what belongs to others": (TABLES + FIND.format("Player") + LIMIT, "TW021", "high"),
    "a limit of what the staff adds": (TABLES + adds("Player", "who: Any = Depends(require_admin)") + FIND.format("Player") + LIMIT, "TW021", "low"),
    "a limit of what the setup adds": (TABLES + adds("Player").replace("/rows", "/setup") + FIND.format("Player") + LIMIT, "TW021", "low"),
    "a limit of what the staff adds and everybody": (
        TABLES + adds("Player", "who: Any = Depends(require_admin)") + adds("Player").replace("def add", "def join") + FIND.format("Player") + LIMIT,
        "TW021", "high",
    ),
    "a slice of what the staff adds": (
        TABLES + adds("Player", "who: Any = Depends(require_admin)")
        + "@app.get('/x')\ndef show(limit: int = 10) -> int: return len(make_session().scalars(select(Player)).all()[:limit])", "TW021", "low",
    ),
    "a slice of what everybody adds": (
        TABLES + adds("Player") + "@app.get('/x')\ndef show(limit: int = 10) -> int: return len(make_session().scalars(select(Player)).all()[:limit])",
        "TW021", "high",
    ),
    "a limit of what is counted": ("@app.get('/x')\ndef show(limit: int = 10) -> Any: return [*range(90)][:limit]", "TW021", "high"),
    "a list of what a WebSocket adds": (
        TABLES + "from typeway import WebSocket\n" + adds("Player", "socket: WebSocket").replace("app.post", "app.websocket").replace("def add", "async def add") + LIST.format("Player"),
        "TW011", "high",
    ),
    "a list of what a dependency adds": (
        TABLES + "def joined() -> None: make_session().add(Player(id=1))\n@app.get('/home', dependencies=[Depends(joined)])\ndef home() -> None: ...\n"
        + LIST.format("Player"), "TW011", "high",
    ),
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
    "what was asked for by another verb": (
        "class MemberExistsError(Exception): ...\nknown = set()\ndef has_member(name: str) -> bool: return name in known\n"
        "def save(name: str) -> None:\n    if has_member(name): raise MemberExistsError\n"
        "@app.get('/x')\ndef show(name: str) -> None:\n    found = has_member(name)\n    if found: raise HTTPException(409)\n    save(name)",
        "TW017", None,
    ),
    **{
        f"what the caller has excluded: {guard[4:]}": (f"{MISSING}@app.get('/x')\ndef show(key: int, n: int) -> None:\n{guard}", "TW017", sure)
        for guard, sure in {
            "    if key not in known: raise HTTPException(404)\n    find(key)": None,
            "    if not (key in known): return\n    find(key)": None,
            "    if key in known: find(number=key)": None,
            "    if n and key in known: find(key)": None,
            "    if n or key not in known: raise HTTPException(404)\n    find(key)": None,
            "    if key in known: n = 1\n    else: raise HTTPException(404)\n    find(key)": None,
            "    assert key in known\n    find(key)": None,
            "    return key in known and find(key)": None,
            "    return find(key) if key in known else None": None,
            "    for each in [key, n]:\n        if each not in known: continue\n        find(each)": None,
            "    for each in [key, n]:\n        if each in known: find(each)": None,
            "    [find(each) for each in [key, n] if each in known]": None,
            "    if n or key in known: find(key)": "high",
            "    if n and key not in known: raise HTTPException(404)\n    find(key)": "high",
            "    return key in known or find(key)": "high",
            "    if key not in known: pass\n    else: find(key)": None,
            "    if key not in store.held: raise HTTPException(404)\n    store.find(key)": None,
            "    if n not in known: raise HTTPException(404)\n    find(key)": "high",
            "    if key in known: raise HTTPException(404)\n    find(key)": "high",
            "    if key not in known: find(key)": "high",
            "    if key not in known: n = 1\n    find(key)": "high",
            "    if key not in other: raise HTTPException(404)\n    find(key)": "high",
            "    known = set()\n    if key not in known: raise HTTPException(404)\n    find(key)": "high",
        }.items()
    },
    **{
        f"what was looked up before: {body[4:]}": (f"{GONE}@app.post('/x/{{n}}')\ndef show(n: int, m: int, session: Annotated[Session, Depends(opened)]) -> None:\n{body}\n    rename(session, n)", "TW017", sure)
        for body, sure in {
            "    if not get_user(session, n): raise HTTPException(404)": None,
            "    user = get_user(session, n)\n    if not user: raise HTTPException(404)": None,
            "    user = get_user(session, n)\n    if user is None: raise HTTPException(404)": None,
            "    if (user := get_user(session, n)) is None: return None": None,
            "    user = session.get(User, n)\n    if user is None: raise HTTPException(404)": None,
            "    if not user_exists(session, n): raise HTTPException(404)": None,
            "    user = get_user(session, n)": "high",
            "    user = get_user(session, n)\n    if user: raise HTTPException(409)": "high",
            "    user = get_user(session, n)\n    if user is not None: raise HTTPException(409)": "high",
            "    user = get_user(session, n)\n    if user is None: print(n)": "high",
            "    user = get_user(session, m)\n    if user is None: raise HTTPException(404)": "high",
            "    team = get_team(session, n)\n    if team is None: raise HTTPException(404)": "high",
        }.items()
    },
    "what was asked not to be there": (TAKEN.format("", "    if not user_exists(name): raise HTTPException(409)\n") + "    save(name)", "TW017", "high"),
    "what was caught before": (
        TAKEN.format("", "    try: save(name.upper())\n    except UserAlreadyExists: raise HTTPException(409)\n") + "    save(name)", "TW017", "low",
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
    "a limit that a method looks at": (PAGE.format("self.limit is None"), "TW021", "high"),
    "a limit of those that are allowed": (
        "@app.get('/x')\ndef show(limit: int = 10) -> Any:\n    if limit not in (10, 50): raise HTTPException(400)\n    return find(limit)\n"
        + TABLES + FIND.format("Player"), "TW021", None,
    ),
    "a token for everybody": (SECRET.format("token") + "@app.get('/x')\nasync def show() -> Robot: ...", "TW008", "high"),
    "a token for who may": (
        SECRET.format("token") + "@app.get('/x', dependencies=guard)\nasync def show() -> Robot: ...", "TW008", "low",
    ),
    "a password of a thing for who may": (
        SECRET.format("url: str\n    password") + "@app.get('/x', dependencies=guard)\nasync def show() -> Robot: ...", "TW008", "low",
    ),
    "a password of a thing for everybody": (SECRET.format("password") + "@app.get('/x')\nasync def show() -> Robot: ...", "TW008", "high"),
    "a password of somebody for who may": (
        SECRET.format("username: str\n    password") + "@app.get('/x', dependencies=guard)\nasync def show() -> Robot: ...", "TW008", "high",
    ),
    "a password of a user for who may": (
        SECRET.format("passwd").replace("Robot", "UserOut") + "@app.get('/x', dependencies=guard)\nasync def show() -> UserOut: ...", "TW008", "high",
    ),
    "a hash for who may": (
        SECRET.format("hashed_pw") + "@app.get('/x', dependencies=guard)\nasync def show() -> Robot: ...", "TW008", "high",
    ),
    **{
        f"{name} in an answer": (SECRET.format(name) + "@app.get('/x')\nasync def show() -> Robot: ...", "TW008", sure)
        for name, sure in {
            "api_secret": "high", "clientSecret": "high", "jwt_secret_key": "high", "stripe_private_key": "high", "WEBHOOK_SECRET": "high",
            "secret_name": None, "secretary": None, "key": None, "public_key": None,
        }.items()
    },
    **{
        f"an open write below {theirs}": (
            f"@app.put('{theirs}', dependencies=[Depends(HTTPBearer())])\nasync def one(n: int) -> None: known.add(n)\n"
            f"@app.delete('{theirs}', dependencies=[Depends(HTTPBearer())])\nasync def two(n: int) -> None: known.discard(n)\n"
            "known = set()\n@app.put('/games/{n}/settings')\nasync def three(n: int) -> None: known.add(n)\n", "TW010", sure,
        )
        for theirs, sure in {"/games/{n}": "high", "/stations/{n}": "low", "/{n}": "low", "/games/{n}/settings/{m}": "high"}.items()
    },
    "a parser of a segment": (
        "def parse(kind: str) -> str:\n    if '-' not in kind: raise ValueError(kind)\n    return kind\n"
        "@app.get('/x/{kind}')\ndef show(kind: str) -> str: return parse(kind)", "TW017", "low",
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


# What several calls do, of which one hardly matters: in the same line, and from several endpoints.
BOTH = {
    "below one call, the small one first": "def work():\n    read()\n    ask()\n" + "@app.get('/a')\nasync def a() -> int:\n    work()\n    return 1\n",
    "below one call, the small one last": "def work():\n    ask()\n    read()\n" + "@app.get('/a')\nasync def a() -> int:\n    work()\n    return 1\n",
    "in one line": "@app.get('/a')\nasync def a() -> int:\n    read(); ask()\n    return 1\n",
    "of one condition": "@app.get('/a')\nasync def a() -> int:\n    return 1 if read() and ask() else 2\n",
    "below one another": "def work():\n    with open('/etc/motd') as file: text = file.read()\n    ask()\n@app.get('/a')\nasync def a() -> int:\n    work()\n    return 1\n",
}  # fmt: skip
READS = (
    "import requests\ndef ask() -> Any: return requests.get('http://localhost')\n"
    "def read() -> str: return open('/etc/motd').read()\n"
    "async def pause() -> None: ...\n"
)


@pytest.mark.parametrize("source", BOTH.values(), ids=list(BOTH))
def test_what_hardly_matters_hides_nothing_that_does(check: Check, source: str) -> None:
    """Of two findings of a kind in one line, the surer one is told, with --all too."""
    source = READS + source.replace("async def a() -> int:\n", "async def a() -> int:\n    await pause()\n")
    for options in ((), ("--all",)):
        found = check(HEAD + source, *options, "--select", "TW001").findings
        assert [finding["confidence"] for finding in found if "requests.get" in finding["message"]] == ["high"]


@pytest.mark.parametrize(("source", "code", "confidence"), CASES.values(), ids=list(CASES))
def test_how_sure_a_finding_is(check: Check, source: str, code: str, confidence: str | None) -> None:
    """What shows that it matters here makes a finding high; without that it is told with --all only."""
    found = check(HEAD + source, "--all", "--select", code).findings
    assert [(finding["code"], finding["confidence"]) for finding in found] == [(code, confidence)][
        : confidence is not None
    ]


KINDS = (
    "from enum import Enum\nfrom pydantic import AfterValidator, BeforeValidator, field_validator, model_validator\n"
    "def make_uri(kind: str) -> str: return 's3://{}'.format(kind)\n"
    "def check_it(kind: str) -> str:\n    if kind not in ('a', 'b'): raise ValueError(kind)\n    return kind\n"
    "def span(kind: str) -> str:\n    first, last = kind.split('-')\n    if first > last: raise ValueError(kind)\n    return first\n"
    "def by_way(kind: str) -> str: return check_it(kind)\n"
    "class Interval:\n    @classmethod\n    def from_text(cls, kind: str):\n        if '-' not in kind: raise ValueError(kind)\n        return cls()\n"
    "def parse_kind(kind: str) -> Any: return Interval.from_text(kind)\n"
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
    "a parser": ("kind: str", "Interval.from_text(kind)", "medium"),
    "a parser by another function": ("kind: str", "parse_kind(kind)", "medium"),
    "a parser of what has a pattern": ("kind: Annotated[str, Query(pattern='-')]", "parse_kind(kind)", "low"),
    "a parser of what was asked before": (
        "kind: str",
        "if '-' not in kind: raise HTTPException(400)\n    parse_kind(kind)",
        None,
    ),
    "a parser of what the server makes": ("kind: str", "parse_kind(f'a-{kind}')", None),
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
    "a text that the endpoint makes": ("kind: str", "check_it(f's3://{kind}')", None),
    "a text that it makes before": ("kind: str", "uri = 's3://%s' % kind\n    by_way(uri)", None),
    "a text that another function makes": ("kind: str", "uri = make_uri(kind)\n    check_it(uri)", None),
    "a text that begins as the client likes": ("kind: str", "check_it(f'{kind}!')", "low"),
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
    "one if there is none": ("", "body.id = body.id or 7\n    members['x'] = body", "high"),
    "one in a condition": ("", "if body.id is None:\n        body.id = 7\n    members['x'] = body", "high"),
    "one in any case": ("", "body.id = 7\n    members['x'] = body", None),
    "one in any case of another thing": ("", "if body.name:\n        body.id = 7\n    members['x'] = body", None),
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


@pytest.mark.parametrize("name", [*ADMIN, "a user"])
def test_a_limit_is_low_for_those_who_run_the_application(check: Check, name: str) -> None:
    """TW021: who runs the application, or a program that knows its key, may as well ask for everything."""
    code, parameter, body, path = (ADMIN | EVERYBODY)[name]
    source = f"{HEAD}from typeway import Header\n{code}\n@app.get('{path}')\ndef show({parameter}{', ' * bool(parameter)}limit: int = 10) -> int:\n"
    source += f"    {body or '...'}\n    return make_session().query(User).limit(limit).count()\n"
    found = check(source, "--all", "--select", "TW021").findings
    assert [finding["confidence"] for finding in found] == ["low" if name in ADMIN else "high"]


GROWN = (
    "from typeway import Header\nclass {0}(Base):\n    __tablename__ = 'things'\n    id: Mapped[int] = mapped_column(primary_key=True)\n    {1}\n"
    "def current_user(authorization: Annotated[str, Header()]) -> str: return authorization\nme = Annotated[str, Depends(current_user)]\n"
    "@app.post('/{3}')\ndef add({2}) -> None: make_session().add({0}(id=1))\n"
    "@app.get('/{3}', response_model=list[Shown])\ndef show({2}): return make_session().scalars(select({0})).all()\n"
)
NAMED = "name: Mapped[str] = mapped_column(unique=True)"
MIDDLEWARE = "...\nclass AuthMiddleware:\n    def __init__(self, app: Any) -> None: self.app = app\n"
MIDDLEWARE += (
    "    async def __call__(self, *given: Any) -> None: await self.app(*given)\napp.add_middleware(AuthMiddleware)"
)
GROWING = {
    "anything": ("Thing", "", "", "things", "high"),
    "a log of who is known": ("AccessLog", "", "who: me", "things", "high"),
    "a result with a suffix": ("EvalResultModel", "", "who: me", "things", "high"),
    "tasks": ("Thing", "", "who: me", "tasks", "high"),
    "entries": ("DiaryEntry", "", "who: me", "things", "high"),
    "a file with a name": ("OutputFile", NAMED, "", "things", "high"),
    "a name that others may have": ("Thing", "name: Mapped[str]", "", "things", "high"),
    "an address that no other has": ("Thing", "email: Mapped[str] = mapped_column(unique=True)", "", "things", "high"),
    "anything behind middleware that counts": ("Thing", MIDDLEWARE.replace("Auth", "Count"), "", "things", "high"),
    # What people make one by one.
    "anything of who is known": ("Thing", "", "who: me", "things", "low"),
    "anything behind middleware": ("Thing", MIDDLEWARE, "", "things", "low"),
    "a name that no other has": ("Thing", NAMED, "", "things", "low"),
    "a name with an index": ("Thing", NAMED.replace("unique", "index=True, unique"), "", "things", "low"),
    "organizations": ("Organization", "", "", "things", "low"),
    "categories": ("TaskCategoryModel", "", "", "tasks/categories", "low"),
}


@pytest.mark.parametrize(("name", "column", "who", "path", "confidence"), GROWING.values(), ids=list(GROWING))
def test_a_list_grows_where_many_rows_are_made(
    check: Check, name: str, column: str, who: str, path: str, confidence: str
) -> None:
    """TW011: by anybody, or of a kind of which each user or machine makes many; not what people name one by one."""
    found = check(HEAD + GROWN.format(name, column or "...", who, path), "--all", "--select", "TW011").findings
    assert [finding["confidence"] for finding in found] == [confidence]


GRANTED = {
    "a scope": ("", "Security(user, scopes=['players:write'])", True),
    "a function that a permission makes": ("", "Depends(needs('players:write'))", True),
    "an object with roles": ("", "Depends(Access(['editor']))", True),
    "a method": ("", "Depends(Rules.has_permission)", True),
    "a function": ("def require_role(request: Request): ...", "Depends(require_role)", True),
    "not a user": ("", "Depends(user)", False),
    "not a key": ("", "Security(HTTPBearer())", False),
    "not a function that another makes": ("", "Depends(verified('x'))", False),
    "not an object with a key": ("", "Depends(Verifier('x'))", False),
    "not a tool": ("def get_role_service(request: Request): ...", "Depends(get_role_service)", False),
}
GUARDS = (
    "def user(request: Request): ...\ndef needs(permission):\n    def guard_it(request: Request): return permission\n    return guard_it\n"
    "def verified(issuer):\n    def verify(request: Request): return issuer\n    return verify\n"
    "class Access:\n    def __init__(self, roles): self.roles = roles\n    def __call__(self, request: Request): ...\n"
    "class Verifier:\n    def __init__(self, key): self.key = key\n    def __call__(self, request: Request): ...\n"
    "class Rules:\n    @classmethod\n    def has_permission(cls, request: Request): ...\n"
)


@pytest.mark.parametrize("code", ["TW011", "TW021"])
@pytest.mark.parametrize(("head", "guard", "is_granted"), GRANTED.values(), ids=list(GRANTED))
def test_what_only_those_add_who_were_given_the_right_to_stays_short(
    check: Check, head: str, guard: str, is_granted: bool, code: str
) -> None:
    """A list, or a page of any size, is low where no visitor adds to the table."""
    shown = LIST.format("Player") if code == "TW011" else FIND.format("Player") + LIMIT
    found = check(
        f"{HEAD}{TABLES}{GUARDS}{head}\n{adds('Player', f'who: Any = {guard}')}{shown}", "--all", "--select", code
    ).findings
    assert [finding["confidence"] for finding in found] == ["low" if is_granted else "high"]


@pytest.mark.filterwarnings("ignore:parameter 'hero' has the table class")
@pytest.mark.parametrize(("method", "confidence"), [("post", "high"), ("put", "low")])
def test_a_body_may_be_a_row(check: Check, method: str, confidence: str) -> None:
    """TW011: where a class of SQLModel is both the table and the body, POST adds rows though no code makes any."""
    source = f"{HEAD}{HERO}@app.{method}('/heroes')\ndef keep(hero: Hero) -> None: make_session().merge(hero)\n{LIST.format('Hero')}"
    found = check(source, "--all", "--select", "TW011").findings
    assert [finding["confidence"] for finding in found] == [confidence]
