"""How many items a client gets: an amount is followed to where it is used, and a list to where it is made."""
# ruff: noqa: ISC004  (sources of several lines)

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check
from tests.check.test_rules import ADDS, HEAD

STORE = (
    "import dataclasses\nfrom sqlalchemy import text\nfrom typeway import Path\n"
    "class Store:\n    query = text('SELECT id FROM users LIMIT :most OFFSET :start')\n"
    "    def page(self, paging: Any) -> Any: return make_session().scalars(select(User).limit(paging.per_page)).all()\n"
    "    def some(self, start: int, wanted: int) -> Any: return make_session().scalars(select(User).limit(wanted)).all()\n"
    "    def rows(self, **given: Any) -> Any: return make_session().execute(self.query, given).all()\n"
    "store = Store()\n"
)
CLASS = "class Paging:\n    def __init__(self, per_page: int = 20) -> None:\n        {}\n{}"
SHOW = "@app.get('/x')\ndef show(paging: Annotated[Paging, Depends({})]) -> int: return len(store.page(paging))\n"
MODEL = "class Paging(BaseModel):\n    {}\n"
GROUP = "@app.get('/x')\ndef show(paging: Annotated[Paging, Query()]) -> int: return len(store.page(paging))\n"
NUMBER = "@app.get('/x')\ndef show({}) -> Any: {}\n"
FLOOR = NUMBER.format("limit: int = 9", "\n    if {}: raise HTTPException(400)\n    return len(store.some(0, limit))")
AMOUNTS = {
    # An object that keeps the number is passed as a whole.
    "a dependency class": (CLASS.format("self.per_page = per_page", "") + SHOW.format(""), "high"),
    "another attribute": (
        CLASS.format("self.most = per_page", "    @property\n    def per_page(self): return self.most\n") + SHOW.format(""), "high",
    ),
    "converted": (CLASS.format("self.per_page = int(per_page or 20)", "") + SHOW.format(""), "high"),
    "declared": (CLASS.format("self.per_page: int = per_page", "") + SHOW.format(""), "high"),
    "a ceiling of the class": (CLASS.format("self.per_page = min(per_page, 100)", "") + SHOW.format(""), None),
    "a ceiling of the parameter": (CLASS.format("self.per_page = per_page", "").replace("int =", "Annotated[int, Query(le=100)] =") + SHOW.format(""), None),
    "a ceiling of a property": (
        CLASS.format("self.most = per_page", "    @property\n    def per_page(self): return min(self.most, 100)\n") + SHOW.format(""), None,
    ),
    "a ceiling of a check": (CLASS.format("self.per_page = per_page\n        if self.per_page > 100: raise HTTPException(422)", "") + SHOW.format(""), None),
    "a dataclass": ("@dataclasses.dataclass\nclass Paging:\n    per_page: int = 20\n" + SHOW.format(""), "high"),
    "a dataclass with a ceiling": ("@dataclasses.dataclass\nclass Paging:\n    per_page: int = Query(20, le=100)\n" + SHOW.format(""), None),
    "a dataclass with a check": (
        "@dataclasses.dataclass\nclass Paging:\n    per_page: int = 20\n    def __post_init__(self):\n        self.per_page = min(self.per_page, 100)\n"
        + SHOW.format(""), None,
    ),
    "a function that makes a dataclass": (
        "@dataclasses.dataclass\nclass Paging:\n    start: int\n    per_page: int\ndef paging(start: int = 0, size: int = 20) -> Paging: return Paging(start, per_page=size)\n"
        + SHOW.format("paging"), "high",
    ),
    "a function that makes a class": (
        CLASS.format("self.per_page = per_page", "") + "def paging(count: int = 20) -> Paging: return Paging(count)\n" + SHOW.format("paging"), "high",
    ),
    "a function that makes a model": (
        MODEL.format("per_page: int") + "def paging(size: int = 20) -> Paging: return Paging(per_page=size)\n" + SHOW.format("paging"), "high",
    ),
    "a function that makes a model with a ceiling": (
        MODEL.format("per_page: int = Field(le=100)") + "def paging(size: int = 20) -> Paging: return Paging(per_page=size)\n" + SHOW.format("paging"), None,
    ),
    "a model of parameters": (MODEL.format("per_page: int = 20") + GROUP, "high"),
    "a model with a ceiling": (MODEL.format("per_page: int = Field(20, le=100)") + GROUP, None),
    "a model with a validator": (
        "from pydantic import field_validator\n" + MODEL.format("per_page: int = 20\n    @field_validator('per_page')\n    def most(cls, value: int) -> int: return value % 100")
        + GROUP, None,
    ),
    "a model that checks itself": (
        "from pydantic import model_validator\n" + MODEL.format(
            "per_page: int = 20\n    @model_validator(mode='after')\n    def most(self) -> 'Paging':\n        if self.per_page > 100: raise ValueError\n        return self"
        ) + GROUP, None,
    ),
    "a dict": (
        "def common(start: int = 0, limit: int = 20) -> dict[str, int]: return {'start': start, 'limit': limit}\n"
        "@app.get('/x')\ndef show(common: Annotated[dict[str, int], Depends(common)]) -> int:\n    return len(store.some(common['start'], common['limit']))", "high",
    ),
    # Whether there is any is not whether there are too many.
    "more than none": (FLOOR.format("not limit > 0"), "high"),
    "less than none": (FLOOR.format("limit < 0"), "high"),
    "less than one": (FLOOR.format("1 > limit"), "high"),
    "between": (FLOOR.format("not 0 < limit <= 100"), None),
    # What a number is called matters less than what it does.
    **{name: (NUMBER.format(f"{name}: int = 9", f"return len(store.some(0, {name}))"), "high") for name in ("pageSize", "perPage", "top", "count", "size", "n", "wanted")},
    "one more": (NUMBER.format("most: int = 9", "return len(store.some(0, most + 1))"), "high"),
    "a slice": (NUMBER.format("n: int = 9", "return [*range(9)][:n]"), "high"),
    "a slice from a place": (NUMBER.format("start: int = 0, n: int = 9", "return [*range(9)][start : start + n]"), "high"),
    "a slice to a name": (NUMBER.format("start: int = 0, n: int = 9", "\n    end = start + n\n    return [*range(9)][start:end]"), "high"),
    "a range": (NUMBER.format("count: int = 9", "return [each for each in range(count)]"), "high"),
    "a cursor": (NUMBER.format("n: int = 9", "return sqlite3.connect('x').execute('SELECT id FROM users').fetchmany(n)"), "high"),
    "text": (NUMBER.format("n: int = 9", "return make_session().execute(text('SELECT id FROM users LIMIT :n'), {'n': n}).all()"), "high"),
    "text of a class": (NUMBER.format("size: int = 9", "return make_session().execute(Store.query, {'start': 0, 'most': size}).all()"), "high"),
    "text with places": (NUMBER.format("m: int = 9", "return sqlite3.connect('x').execute('SELECT id FROM users WHERE id > ? LIMIT ?', (1, m)).fetchall()"), "high"),
    "text that is put together": (NUMBER.format("m: int = 9", "return sqlite3.connect('x').execute(f'SELECT id FROM users LIMIT {m}').fetchall()"), "high"),
    # What is no amount.
    "where a slice begins": (NUMBER.format("start: int = 0", "return [*range(9)][start : start + 10]"), None),
    "a page": (NUMBER.format("page: int = 1", "return len(make_session().scalars(select(User).offset(page * 10).limit(10)).all())"), None),
    "a place in a list": (NUMBER.format("count: int = 1", "return [*range(9)][count]"), None),
    "a number that is shown": (NUMBER.format("n: int = 1", "return {'n': n}"), None),
    "days": (NUMBER.format("year: int = 1", "return [each for each in range(year)]"), None),
    "a condition in text": (NUMBER.format("key: int = 9", "return make_session().execute(text('SELECT id FROM users WHERE id = :key LIMIT 9'), {'key': key}).all()"), None),
    "the other place": (NUMBER.format("key: int = 9", "return sqlite3.connect('x').execute('SELECT id FROM users WHERE id > ? LIMIT ?', (key, 9)).fetchall()"), None),
}  # fmt: skip


@pytest.mark.parametrize(("source", "confidence"), AMOUNTS.values(), ids=list(AMOUNTS))
def test_an_amount_is_followed_to_what_it_limits(check: Check, source: str, confidence: str | None) -> None:
    """TW021: through names, calls, what dependencies give, and attributes of objects that are passed as a whole."""
    outcome = check(HEAD + STORE + ADDS + source, "--all", "--select", "TW021")
    assert [found["confidence"] for found in outcome.findings] == [confidence] * (confidence is not None), outcome.out


REPOSITORY = (
    "from sqlalchemy import Select\nfrom typing import Generic, TypeVar\nRow = TypeVar('Row', bound=Base)\n"
    "class Envelope(BaseModel):\n    data: list[Shown]\n"
    "class Filter(BaseModel):\n    name: str | None = None\n    place: int = 0\n"
    "class Rows(Generic[Row]):\n    def __init__(self, session: Session, row: type[Row]) -> None:\n        self._session, self._row = session, row\n"
    "    def all(self): return self._session.execute(select(self._row)).scalars().all()\n"
    "class Narrow:\n    def __init__(self, wanted: Filter) -> None: self.wanted = wanted\n"
    "    def apply(self, statement: ANNOTATION):\n        CONDITION\n        return statement.order_by(User.id)\n"
    "def narrowed(wanted: Filter): return Narrow(wanted).apply(select(User))\n"
)
OPTIONAL = "if self.wanted.name: statement = statement.where(User.name == self.wanted.name)"
FOUND = "@app.get('/x')\ndef show(wanted: Annotated[Filter, Query()]) -> list[Shown]: return {}\n"
ENVELOPE = "@app.get('/x')\ndef show({}) -> Envelope: return Envelope(data=[Shown(id=each.id) for each in {}])\n"
LISTS = {
    "a model around it": (ENVELOPE.format("", "make_session().scalars(select(User)).all()"), True),
    "a result that a comprehension goes over": (ENVELOPE.format("", "make_session().scalars(select(User))"), True),
    "a result with a limit that a comprehension goes over": (ENVELOPE.format("", "make_session().scalars(select(User).limit(9))"), False),
    "rows in a list": (FOUND.format("list(make_session().scalars(select(User)))"), True),
    "rows of a query in a list": (FOUND.format("list(make_session().query(User))"), True),
    "rows of a query with a limit": (FOUND.format("list(make_session().query(User).limit(9))"), False),
    "a class that the constructor gets": (ENVELOPE.format("", "Rows(make_session(), User).all()"), True),
    "a parameter that nothing reads": (ENVELOPE.format("after: int = 0", "Rows(make_session(), User).all()"), True),
    "a parameter that is read": (ENVELOPE.format("after: int = 0", "page(Rows(make_session(), User).all(), after)"), False),
    "filters of an object": (FOUND.format("list(make_session().scalars(narrowed(wanted)))"), True),
    "filters of an object with a limit": (FOUND.format("list(make_session().scalars(narrowed(wanted).limit(9)))"), False),
}  # fmt: skip
CONDITIONS = {
    OPTIONAL: True,
    OPTIONAL.replace("if self.wanted.name:", "if self.wanted.name is not None:"): True,
    "statement = statement.where(User.name == self.wanted.name)": False,
    "if not app.debug: statement = statement.where(User.name == self.wanted.name)": False,
    OPTIONAL + "\n        statement = statement.limit(9)": False,
    OPTIONAL + "\n        if self.wanted.name: statement = statement.limit(9)": False,
    OPTIONAL + "\n        statement = statement.where(User.id.in_([1]))": False,
}
ANNOTATIONS = ("Any", "Select", "Select[tuple[User]]", "Select[tuple[Row]]")


@pytest.mark.parametrize(("source", "is_found"), LISTS.values(), ids=list(LISTS))
def test_a_list_is_followed_to_its_rows(check: Check, source: str, is_found: bool) -> None:
    """TW011: in a model, in a list or comprehension of a result, in a repository of any class, with filters that may be left out."""
    given = REPOSITORY.replace("ANNOTATION", "Select").replace("CONDITION", OPTIONAL)
    outcome = check(
        HEAD
        + "def page(rows: Any, start: int) -> Any:\n    assert start >= 0\n    return rows\n"
        + given
        + ADDS
        + source,
        "--select",
        "TW011",
    )
    assert outcome.codes == ["TW011"] * is_found, outcome.out


@pytest.mark.parametrize("annotation", ANNOTATIONS)
@pytest.mark.parametrize(("condition", "is_found"), CONDITIONS.items())
def test_a_filter_that_may_be_left_out_is_no_limit(
    check: Check, condition: str, is_found: bool, annotation: str
) -> None:
    """TW011: what is asked for only with a value that a client need not send narrows nothing for the others."""
    given = REPOSITORY.replace("ANNOTATION", annotation).replace("CONDITION", condition)
    source = HEAD + given + ADDS + FOUND.format("make_session().scalars(narrowed(wanted)).all()")
    outcome = check(source, "--select", "TW011")
    assert outcome.codes == ["TW011"] * is_found, outcome.out


KEPT = "import collections\nnotes: {} = {}\nclass Note(BaseModel):\n    text: str\n"
NOTES = "@app.get('/notes')\nasync def show() -> {}: return {}\n"
ADDED = {
    "a request": ("list", "[]", "@app.post('/notes')\nasync def add(text: str) -> None: notes.append(Note(text=text))", "high"),
    "what a request calls": ("list", "[]", "def keep(text): notes.insert(0, text)\n@app.post('/notes')\nasync def add(text: str) -> None: keep(text)", "high"),
    "a background task": (
        "list", "[]", "from typeway import BackgroundTasks\ndef keep(text): notes.append(text)\n"
        "@app.post('/notes')\nasync def add(text: str, tasks: BackgroundTasks) -> None: tasks.add_task(keep, text)", "high",
    ),
    "a thread": ("list", "[]", "@app.post('/notes')\nasync def add(text: str) -> None: await asyncio.to_thread(keep, text)\ndef keep(text): notes.append(text)", "high"),
    "a dependency": ("list", "[]", "async def keep(text: str) -> None: notes.append(text)\n@app.post('/notes', dependencies=[Depends(keep)])\nasync def add() -> None: ...", "high"),
    "middleware": ("list", "[]", "@app.middleware('http')\nasync def count(request: Request, call_next: Any) -> Any:\n    notes.append(str(request.url))\n    return await call_next(request)", "high"),
    "a WebSocket": ("list", "[]", "from typeway import WebSocket\n@app.websocket('/notes')\nasync def add(socket: WebSocket) -> None: notes.append(await socket.receive_text())", "high"),
    "a key": ("dict", "{}", "@app.put('/notes/{name}')\nasync def add(name: str) -> None: notes[name] = Note(text=name)", "high"),
    "another list": ("list", "[]", "@app.post('/notes')\nasync def add(texts: list[str]) -> None:\n    global notes\n    notes += texts", "high"),
    "a deque": ("Any", "collections.deque()", "@app.post('/notes')\nasync def add(text: str) -> None: notes.append(text)", "high"),
    "only the staff": ("list", "[]", "def require_admin(request: Request): ...\n@app.post('/notes', dependencies=[Depends(require_admin)])\nasync def add(text: str) -> None: notes.append(text)", "low"),
    # Nothing that requests do adds to these.
    "the start": ("list", "[]", "@asynccontextmanager\nasync def start(app: Any) -> AsyncIterator[None]:\n    notes.append('x')\n    yield\napp.mount('/y', Typeway(lifespan=start))", None),
    "nothing that is called": ("list", "[]", "def keep(text): notes.append(text)", None),
    "another list of that name": ("list", "[]", "@app.post('/notes')\nasync def add(text: str) -> None:\n    notes = []\n    notes.append(text)", None),
    "a deque with a length": ("Any", "collections.deque(maxlen=9)", "@app.post('/notes')\nasync def add(text: str) -> None: notes.append(text)", None),
    "an entry that the code names": ("dict", "{'a': 1}", "@app.post('/notes')\nasync def add() -> None: notes['a'] = notes['a'] + 1", None),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "empty", "source", "confidence"), ADDED.values(), ids=list(ADDED))
def test_a_list_in_memory_grows_if_requests_add_to_it(
    check: Check, kind: str, empty: str, source: str, confidence: str | None
) -> None:
    """TW011: what the start puts into a list of the module is there once, and a collection with a length drops what is old."""
    answer = "list(notes.values())" if kind == "dict" else "list(notes)"
    shown = NOTES.format("list[Note]", answer)
    found = check(f"{HEAD}{KEPT.format(kind, empty)}{source}\n{shown}", "--all", "--select", "TW011").findings
    assert [each["confidence"] for each in found] == [confidence] * (confidence is not None)


VISITS = (
    "from datetime import date, datetime, timedelta, timezone\nfrom sqlalchemy import ForeignKey, and_, func, or_, text\n"
    "class Visit(Base):\n    __tablename__ = 'visits'\n    id: Mapped[int] = mapped_column(primary_key=True)\n"
    "    user_id: Mapped[int] = mapped_column(ForeignKey('users.id'))\n    place: Mapped[str]\n    status: Mapped[str]\n    seen_at: Mapped[datetime]\n"
    "@app.post('/visits')\ndef add_visit() -> None: make_session().add(Visit(id=1))\n"
    "def visits_of(user: int): return select(Visit).where(Visit.user_id == user)\n"
    "async def visits_and(user: int): return visits_of(user), user\n"
    "def find(place: str | None): return select(Visit)\n"
    "def looked_for(text: str, limit: int): return make_session().scalars(select(Visit).where(Visit.place.like(text)).limit(limit)).all()\n"
    "def page(query: Any, limit: int): return make_session().scalars(query.limit(limit)).all()\n"
    "def some(user: int | None = None, limit: int = 10):\n    query = make_session().query(Visit)\n"
    "    if user is not None: query = query.filter(Visit.user_id == user)\n    return query.limit(limit).all()\n"
)
SHOW_VISITS = (
    "@app.get('/users/{{user}}/visits')\nasync def show(user: int, since: datetime, day: date, limit: int = 10, place: str | None = None) -> Any:\n"
    "    now = datetime.now(timezone.utc)\n    {0}\n    return 1\n"
)
OF_FEW = {
    "the rows of a user": "make_session().query(Visit).filter(Visit.user_id == user).limit(limit).all()",
    "a long way": "make_session().query(Visit).filter(Visit.user_id == user).filter(Visit.id > 1).filter(Visit.id > 2).filter(Visit.id > 3).distinct().order_by(Visit.id).offset(3).limit(limit).all()",
    "by a keyword": "make_session().query(Visit).filter_by(user_id=user).order_by(Visit.id).limit(limit).all()",
    "of a select": "make_session().scalars(select(Visit).where(Visit.user_id == user).limit(limit)).all()",
    "step by step": "query = select(Visit)\n    query = query.where(Visit.user_id == user)\n    query = query.limit(limit)\n    make_session().scalars(query)",
    "in the same block": "if day:\n        query = select(Visit)\n        query = query.where(Visit.user_id == user)\n        make_session().scalars(query.limit(limit))",
    "one condition of two": "make_session().scalars(select(Visit).where(Visit.status == place, Visit.user_id == user).limit(limit))",
    "and": "make_session().scalars(select(Visit).where(and_(Visit.status == place, Visit.user_id == user)).limit(limit))",
    "an ampersand": "make_session().scalars(select(Visit).where((Visit.status == place) & (Visit.user_id == user)).limit(limit))",
    "a list of conditions": "conditions = [Visit.status == place, Visit.user_id == user]\n    make_session().scalars(select(Visit).where(*conditions).limit(limit))",
    "a condition with a name": "mine = Visit.user_id == user\n    make_session().scalars(select(Visit).where(mine).limit(limit))",
    "a join": "make_session().scalars(select(Visit).join(User, User.id == user).limit(limit))",
    "a function that makes the query": "make_session().scalars(visits_of(user).limit(limit))",
    "a function that makes a pair": "query, _ = await visits_and(user)\n    make_session().scalars(query.limit(limit))",
    "a function that gets the query": "page(select(Visit).where(Visit.user_id == user), limit)",
    "a slice": "make_session().scalars(select(Visit).where(Visit.user_id == user)).all()[:limit]",
    "text": "make_session().execute(text('SELECT * FROM visits WHERE user_id = :user LIMIT :n'), {'user': user, 'n': limit}).all()",
    "text with another spelling": "make_session().execute(text('SELECT * FROM visits WHERE userId = :user LIMIT :n'), {'user': user, 'n': limit}).all()",
    "text with places": "sqlite3.connect('x').execute('SELECT id FROM visits WHERE user_id = ? LIMIT ?', (user, limit)).fetchall()",
    "text that is put together": "sqlite3.connect('x').execute(f'SELECT id FROM visits WHERE user_id = {user} LIMIT {limit}').fetchall()",
    "a cursor": "sqlite3.connect('x').execute('SELECT id FROM visits WHERE user_id = ?', (user,)).fetchmany(limit)",
    "the last day": "make_session().scalars(select(Visit).where(Visit.seen_at > datetime.now() - timedelta(days=1)).limit(limit))",
    "the last day with a name": "start = now - timedelta(days=1)\n    make_session().scalars(select(Visit).where(Visit.seen_at >= start).limit(limit))",
    "the last day, the other way": "make_session().scalars(select(Visit).where(now - timedelta(days=1) < Visit.seen_at).limit(limit))",
    "the last day of the database": "make_session().scalars(select(Visit).where(Visit.seen_at > func.now() - timedelta(days=1)).limit(limit))",
    "one day": "make_session().scalars(select(Visit).where(func.date(Visit.seen_at) == day).limit(limit))",
    "a span": "make_session().scalars(select(Visit).where(Visit.seen_at.between(since, day)).limit(limit))",
    "the last day and a status": "make_session().scalars(select(Visit).where((Visit.status == place) & (Visit.seen_at > func.now() - timedelta(days=1))).limit(limit))",
    "some keys": "make_session().scalars(select(Visit).where(Visit.user_id.in_([user, 1])).limit(limit))",
    "documents": "documents.find({'user_id': user}).limit(limit)",
    "in another form": "make_session().scalars(select(Visit).where(func.lower(Visit.place) == func.lower(user)).limit(limit))",
    "a text": "make_session().scalars(select(Visit).where(Visit.place.ilike(f'%{user}%')).limit(limit))",
    "a text under a name": "looked = f'%{user}%'\n    make_session().scalars(select(Visit).where(Visit.place.ilike(looked)).limit(limit))",
    "a text in one of two": "make_session().scalars(select(Visit).where(or_(Visit.place.contains(user), Visit.status.contains(user))).limit(limit))",
    "a text that a function gets": "looked_for(f'%{user}%', limit)",
    "what the module has": "PLACES[:limit]",
}
OF_ALL = {
    "no condition": "make_session().query(Visit).order_by(Visit.id).limit(limit).all()",
    "a status": "make_session().query(Visit).filter(Visit.status == place).limit(limit).all()",
    "a constant": "make_session().query(Visit).filter(Visit.place == 'x').limit(limit).all()",
    "a condition that may be left out": "query = select(Visit)\n    if place: query = query.where(Visit.place == place)\n    make_session().scalars(query.limit(limit))",
    "an own function that is called like a query": "find(place=place).limit(limit)",
    "a function with one that may be left out": "some(user, limit=limit)",
    "one or the other": "make_session().scalars(select(Visit).where(or_(Visit.status == place, Visit.user_id == user)).limit(limit))",
    "a link": "make_session().scalars(select(Visit).where(Visit.user_id == User.id).limit(limit))",
    "a join of two tables": "make_session().scalars(select(Visit).join(User, User.id == Visit.user_id).limit(limit))",
    "where the last page ended": "make_session().scalars(select(Visit).where(Visit.id > user).limit(limit))",
    "older than a time": "make_session().scalars(select(Visit).where(Visit.seen_at < since).limit(limit))",
    "newer than any time": "make_session().scalars(select(Visit).where(Visit.seen_at > since).limit(limit))",
    "older than a day": "make_session().scalars(select(Visit).where(Visit.seen_at < now - timedelta(days=1)).limit(limit))",
    "text": "make_session().execute(text('SELECT * FROM visits WHERE id > :user LIMIT :n'), {'user': user, 'n': limit}).all()",
    "text about a word that ends like a key": "make_session().execute(text('SELECT * FROM visits WHERE paid = :user LIMIT :n'), {'user': user, 'n': limit}).all()",
    "a function that gets all": "page(select(Visit), limit)",
    "documents": "documents.find({'status': place, 'seen_at': {'$gt': since}}).limit(limit)",
    "a text that may be left out": "make_session().scalars(select(Visit).where(Visit.place.ilike(f'%{place}%')).limit(limit))",
    "a text that a function may get": "looked_for(place or '', limit)",
    "a text that may be in one of two": "make_session().scalars(select(Visit).where(or_(Visit.place.contains(user), Visit.status == place)).limit(limit))",
    "a status in another form": "make_session().scalars(select(Visit).where(func.lower(Visit.status) == func.lower(user)).limit(limit))",
    "what another query finds": "make_session().scalars(select(Visit).where(Visit.user_id.in_(select(User.id))).limit(limit))",
    "another query": "make_session().scalars(select(Visit).outerjoin(visits_of(user).subquery()).limit(limit))",
}  # fmt: skip


@pytest.mark.parametrize(
    ("line", "confidence"),
    [*((each, "low") for each in OF_FEW.values()), *((each, "high") for each in OF_ALL.values())],
    ids=[*OF_FEW, *OF_ALL],
)
def test_a_limit_of_the_rows_of_one_parent_or_of_a_span_matters_little(
    check: Check, line: str, confidence: str
) -> None:
    """TW021: one user has few rows, and so has a day; a condition that may be left out, or that many meet, narrows nothing."""
    source = f"{HEAD}{VISITS}PLACES = ['a', 'b']\ndocuments: Any = None\n{SHOW_VISITS.format(line)}"
    found = check(source, "--all", "--select", "TW021").findings
    assert [finding["confidence"] for finding in found] == [confidence]
