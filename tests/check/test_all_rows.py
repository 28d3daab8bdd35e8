"""TW011: lists whose parameters of paging limit nothing, and lists of what SQL text selects."""

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check
from tests.check.test_rules import ADDS, HEAD

REPOSITORY = """
import functools, logging
from abc import ABC, abstractmethod
log = logging.getLogger("x")
def rows() -> Any: return make_session().scalars(select(User)).all()
def paged(function: Any) -> Any:
    @functools.wraps(function)
    def inner(self: Any, limit: int) -> Any: return function(self, limit)[:limit]
    return inner
class Page(BaseModel):
    items: list[Shown]
    limit: int
class Paging(BaseModel):
    limit: int = 9
class Users:
    def every(self, limit: int, offset: int = 0): return rows()
    def by_way(self, limit: int): return self.every(offset=0, limit=limit)
    def noted(self, limit: int):
        log.info("%s", limit)
        return rows()
    def first(self, limit: int): return rows()[:limit]
    def within(self, limit: int):
        def cut() -> Any: return rows()[:limit]
        cut()
        return rows()
    def by_names(self, limit: int):
        locals()
        return rows()
    def asked(self, limit: int):
        if limit > 9: raise HTTPException(400)
        return rows()
    def taken(self, **given: int): return rows()
    @paged
    def decorated(self, limit: int): return rows()
    def overridden(self, limit: int): return rows()
class Fewer(Users):
    def overridden(self, limit: int): return rows()[:limit]
class Held:
    def __init__(self, limit: int) -> None: self.limit = limit
    def every(self): return rows()
class Store(ABC):
    @abstractmethod
    def every(self, limit: int): ...
class Real(Store):
    def every(self, limit: int): return rows()[:limit]
users = Users()
def paging(limit: int = 9) -> dict[str, int]: return {"limit": limit}
"""
SHOW = "@app.get('/x')\ndef show({}) -> {}: {}\n"
LIMIT, LIST = "limit: int = 9", "list[Shown]"
IGNORED = {
    "a repository that ignores it": (LIMIT, LIST, "return users.every(limit)", True),
    "one that ignores it by name": (LIMIT, LIST, "return users.every(limit=limit)", True),
    "one that passes it to one that ignores it": (LIMIT, LIST, "return users.by_way(limit)", True),
    "one that notes it": (LIMIT, LIST, "return users.noted(limit)", True),
    "a place too": (LIMIT + ", offset: int = 0", LIST, "return users.every(limit, offset)", True),
    "a group of parameters": ("limit: Annotated[Paging, Query()]", LIST, "return users.every(limit)", True),
    "what the endpoint notes": (LIMIT, LIST, "\n    log.info(f'x {limit}')\n    return users.every(limit)", True),
    "what the answer shows": (LIMIT, "dict[str, Any]", "return {'items': users.every(limit), 'limit': limit}", True),
    "what the model of the answer shows": (LIMIT, "Page", "return Page(items=users.every(limit), limit=limit)", True),
    "what only the endpoint slices": (LIMIT, LIST, "return users.every(limit)[:limit]", False),
    "a repository that slices": (LIMIT, LIST, "return users.first(limit)", False),
    "one that slices in a function of its own": (LIMIT, LIST, "return users.within(limit)", False),
    "one that reads all its names": (LIMIT, LIST, "return users.by_names(limit)", False),
    "one that asks about it": (LIMIT, LIST, "return users.asked(limit)", False),
    "one that takes any names": (LIMIT, LIST, "return users.taken(limit=limit)", False),
    "what a decorator slices": (LIMIT, LIST, "return users.decorated(limit)", False),
    "what a subclass slices": (LIMIT, LIST, "return users.overridden(limit)", False),
    "what is kept": (LIMIT, LIST, "return Held(limit).every()", False),
    "an abstract repository": (LIMIT + ", store: Store = Depends(Real)", LIST, "return store.every(limit)", False),
    "what is asked for": (LIMIT, LIST, "\n    if limit < 9: raise HTTPException(400)\n    return users.every(limit)", False),
    "what a dependency gives": ("page: Annotated[dict[str, int], Depends(paging)]", LIST, "return rows()[: page['limit']]", False),
    "what a dependency gives to one that slices": (
        "page: Annotated[dict[str, int], Depends(paging)]", LIST, "return users.first(**page)", False,
    ),
    "what another package gets": (LIMIT, LIST, "\n    httpx.get('http://x', params={'limit': limit})\n    return users.every(limit)", False),
}  # fmt: skip


@pytest.mark.parametrize(("taken", "model", "body", "is_found"), IGNORED.values(), ids=IGNORED)
def test_a_limit_that_is_ignored_limits_nothing(
    check: Check, taken: str, model: str, body: str, is_found: bool
) -> None:
    """TW011: a parameter of paging has to be read for more than to show it, here or in the functions that get it."""
    outcome = check(HEAD + REPOSITORY + ADDS + SHOW.format(taken, model, body), "--all", "--select", "TW011")
    assert outcome.codes == ["TW011"] * is_found, outcome.out


TABLES = """
import sqlite3, aiosqlite, asyncpg
from sqlalchemy import text
TABLE = "notes"
NOTES = "SELECT * FROM notes"
class Store:
    statement = text("SELECT id FROM notes")
    def __init__(self) -> None: self.connection = sqlite3.connect("x")
    def every(self) -> Any: return [dict(row) for row in self.connection.execute("SELECT * FROM notes").fetchall()]
    def kept(self) -> Any: return make_session().execute(self.statement).mappings().all()
    def put(self, text: str) -> None: self.connection.execute("INSERT INTO notes (text) VALUES (?)", (text,))
store = Store()
def cursor() -> sqlite3.Cursor: return sqlite3.connect("x").cursor()
def database() -> sqlite3.Connection: return sqlite3.connect("x")
async def pool() -> asyncpg.Pool: return await asyncpg.create_pool("x")
"""
PUTS = "@app.post('/notes')\ndef put(text: str) -> None: store.put(text)\n"
ROWS = "@app.get('/x')\nasync def show(pool: Annotated[asyncpg.Pool, Depends(pool)], q: str = '') -> list[dict[str, Any]]:\n    {}\n"
RUN = "return [dict(row) for row in database().execute({}).fetchall()]"
SELECTED = {
    "sqlite3": RUN.format("'SELECT * FROM notes'"),
    "a name": "query = 'SELECT * FROM notes'\n    " + RUN.format("query"),
    "a name of the module": RUN.format("NOTES"),
    "parts that are known": RUN.format("f'SELECT * FROM {TABLE} ' + 'ORDER BY id'"),
    "several lines": RUN.format("'''\n        select id, text\n        from \"notes\" n\n        order by n.id;\n    '''"),
    "a schema": RUN.format("'SELECT * FROM main.notes'"),
    "columns": RUN.format("'SELECT n.id, n.text FROM notes n JOIN pens p ON p.id = n.pen_id'"),
    "a condition that many rows meet": RUN.format("'SELECT * FROM notes WHERE deleted = 0 AND n.removed_at IS NULL ORDER BY id'"),
    "a cursor": "found = cursor()\n    found.execute('SELECT * FROM notes')\n    rows = found.fetchall()\n    return [dict(row) for row in rows]",
    "a result that a loop goes over": "return [dict(row) for row in database().execute('SELECT * FROM notes')]",
    "a session": "return make_session().execute(text('SELECT * FROM notes')).fetchall()",
    "mappings": "result = make_session().execute(text('SELECT id FROM notes'))\n    return [dict(row) for row in result.mappings().all()]",
    "a connection of an engine": "with engine.connect() as held:\n        return [{'id': row.id} for row in held.exec_driver_sql('SELECT * FROM notes')]",
    "asyncpg": "return [dict(row) for row in await pool.fetch('SELECT * FROM notes')]",
    "aiosqlite": "async with aiosqlite.connect('x') as db, db.execute('SELECT * FROM notes') as found:\n        return [dict(row) for row in await found.fetchall()]",
    "a repository": "return store.every()",
    "a statement of a class": "return store.kept()",
}  # fmt: skip
FEW = {
    "a limit": RUN.format("'SELECT * FROM notes LIMIT 9'"),
    "a limit in a part": RUN.format("NOTES + ' LIMIT 9'"),
    "a part that is not known": RUN.format("f'SELECT * FROM notes {q}'"),
    "a part that is not known, added": RUN.format("NOTES + q"),
    "a text that is filled in": RUN.format("'SELECT * FROM notes {}'.format(q)"),
    "a text that is added to": "query = 'SELECT * FROM notes'\n    if q: query += ' LIMIT 9'\n    " + RUN.format("query"),
    "a text of two": "query = 'SELECT * FROM notes LIMIT 9'\n    if q: query = 'SELECT * FROM notes'\n    " + RUN.format("query"),
    "a parent": RUN.format("'SELECT * FROM notes WHERE owner_id = ?', (q,)"),
    "a parent in other words": RUN.format("'SELECT * FROM notes WHERE deleted = 0 AND owner = :owner', {'owner': q}"),
    "a status of the client": RUN.format("'SELECT * FROM notes WHERE status = ?', (q,)"),
    "some": RUN.format("'SELECT * FROM notes WHERE id IN (1, 2)'"),
    "what has one name": RUN.format("\"SELECT * FROM notes WHERE name = 'x'\""),
    "a span of time": RUN.format("\"SELECT * FROM notes WHERE made_at > datetime('now', '-1 day')\""),
    "groups": RUN.format("'SELECT kind, max(id) FROM notes GROUP BY kind'"),
    "a number": RUN.format("'SELECT count(*) FROM notes'"),
    "kinds": RUN.format("'SELECT DISTINCT kind FROM notes'"),
    "what a function gives": RUN.format("'SELECT * FROM generate_series(1, 9)'"),
    "a query in another one": RUN.format("'SELECT * FROM (SELECT * FROM notes LIMIT 9)'"),
    "another statement": RUN.format("'WITH few AS (SELECT * FROM notes LIMIT 9) SELECT * FROM few'"),
    "a few rows": "found = cursor()\n    found.execute('SELECT * FROM notes')\n    rows = found.fetchmany(9)\n    return [dict(row) for row in rows]",
    "one of two statements": "found = cursor()\n    found.execute('SELECT * FROM notes')\n    found.execute('SELECT * FROM notes LIMIT 1')\n    return [dict(row) for row in found.fetchall()]",
    "what another cursor has executed": "one, two = cursor(), cursor()\n    one.execute('SELECT * FROM notes')\n    return [dict(row) for row in two.fetchall()]",
    "asyncpg with a limit": "return [dict(row) for row in await pool.fetch('SELECT * FROM notes LIMIT $1', 9)]",
    "a row of asyncpg": "return [dict(await pool.fetchrow('SELECT * FROM notes'))]",
}  # fmt: skip


@pytest.mark.parametrize("body", SELECTED.values(), ids=SELECTED)
def test_sql_text_without_a_limit_selects_a_table_that_requests_fill(check: Check, body: str) -> None:
    """TW011: high where a request adds rows to the table that the text names, low where none does."""
    source = HEAD + TABLES + ROWS.format(body)
    outcome = check(source + PUTS, "--all", "--select", "TW011")
    assert [each["confidence"] for each in outcome.findings] == ["high"], outcome.out
    outcome = check(source, "--all", "--select", "TW011")
    assert [each["confidence"] for each in outcome.findings] == ["low"], outcome.out


@pytest.mark.parametrize("body", FEW.values(), ids=FEW)
def test_sql_text_that_may_select_few_rows_is_left_alone(check: Check, body: str) -> None:
    """TW011: a text is read as a whole or not at all, and a condition that depends on the request limits it."""
    outcome = check(HEAD + TABLES + PUTS + ROWS.format(body), "--all", "--select", "TW011")
    assert outcome.codes == [], outcome.out


FILLED = {
    "a class of the table": ("class Note(Base):\n    __tablename__ = 'notes'\n    id: Mapped[int] = mapped_column(primary_key=True)\n", "make_session().add(Note(id=1))", "high"),
    "another table": ("", "store.connection.execute('INSERT INTO notes_log (text) VALUES (1)')", "low"),
    "another statement": ("", "store.connection.execute('DELETE FROM notes')", "low"),
    "values that are not known": ("", "store.connection.execute(f'INSERT OR IGNORE INTO main.notes VALUES ({app})')", "high"),
    "the rows of a list": ("", "store.connection.executemany('insert into notes (text) values (?)', [('x',)])", "high"),
    "a text of a session": ("", "make_session().execute(text('INSERT INTO notes (text) VALUES (1)'))", "high"),
    "a word of a log": ("", "print('INSERT INTO notes')", "low"),
}  # fmt: skip


@pytest.mark.parametrize(("before", "body", "sure"), FILLED.values(), ids=FILLED)
def test_who_adds_to_a_table_of_sql(check: Check, before: str, body: str, sure: str) -> None:
    """TW011: a table is filled by SQL text that inserts into it, or by rows of its class."""
    puts = f"{before}@app.post('/notes')\ndef put() -> None: {body}\n"
    outcome = check(HEAD + TABLES + puts + ROWS.format(SELECTED["sqlite3"]), "--all", "--select", "TW011")
    assert [each["confidence"] for each in outcome.findings] == [sure], outcome.out


# Classes that are called like those of the libraries, which are not installed here.
MAPPERS = """
class Model:
    @classmethod
    def all(cls) -> Any: ...
    @classmethod
    def filter(cls, *asked: Any, **given: Any) -> Any: ...
    @classmethod
    async def create(cls) -> Any: ...
class Document(BaseModel):
    @classmethod
    def find_all(cls) -> Any: ...
    @classmethod
    def find(cls, *asked: Any) -> Any: ...
class Table:
    @classmethod
    def select(cls, *columns: Any) -> Any: ...
    @classmethod
    def create(cls) -> Any: ...
Model.__module__, Document.__module__, Table.__module__ = "tortoise.models", "beanie.odm.documents", "peewee"
Table.__qualname__ = "Model"
class Task(Model): done = False
class Note(Document): text: str = ""
class Pen(Table): ink = ""
class Out(BaseModel):
    id: int
    @classmethod
    async def from_queryset(cls, found: Any) -> list["Out"]: ...
@app.post("/tasks")
async def put() -> None: print(await Task.create(), Note(text="x"), Pen.create())
"""
FOUND = "@app.get('/x')\nasync def show(n: int = 0) -> list[Out]: return {}\n"
MAPPED = {
    "Tortoise": ("await Task.all()", True),
    "Tortoise in an order": ("await Task.all().order_by('id').prefetch_related('pens')", True),
    "Tortoise for a model": ("await Out.from_queryset(Task.all())", True),
    "Tortoise that converts": ("[Out(id=each.id) for each in await Task.filter(done=False)]", True),
    "Beanie": ("await Note.find_all().to_list()", True),
    "Beanie without conditions": ("await Note.find().sort('text').to_list()", True),
    "peewee": ("list(Pen.select())", True),
    "peewee that converts": ("[Out(id=each.id) for each in Pen.select().order_by(Pen.ink)]", True),
    "Tortoise with a limit": ("await Task.all().limit(9)", False),
    "Tortoise with a slice": ("(await Task.all())[:9]", False),
    "Tortoise for a parent": ("await Task.filter(owner_id=n)", False),
    "Tortoise with what is not read": ("await Task.filter(app.title)", False),
    "Tortoise with more conditions": ("await Task.all().filter(owner_id=n)", False),
    "Tortoise for a model with a limit": ("await Out.from_queryset(Task.all().limit(9))", False),
    "Beanie with conditions": ("await Note.find(Note.text == 'x').to_list()", False),
    "Beanie with a limit": ("await Note.find_all().limit(9).to_list()", False),
    "Beanie with a length": ("await Note.find_all().to_list(length=9)", False),
    "peewee with conditions": ("list(Pen.select().where(Pen.ink == n))", False),
    "peewee with a page": ("list(Pen.select().paginate(n, 20))", False),
}


@pytest.mark.parametrize(("found", "is_found"), MAPPED.values(), ids=MAPPED)
def test_classes_of_other_mappers_find_all_their_rows(check: Check, found: str, is_found: bool) -> None:
    """TW011: where they are asked for all, and nothing narrows or limits that."""
    outcome = check(HEAD + MAPPERS + FOUND.format(found), "--all", "--select", "TW011")
    assert [each["confidence"] for each in outcome.findings] == ["high"] * is_found, outcome.out


EACH = "for each in make_session().scalars(select(User)).all(): "
LOOP = "@app.get('/x')\ndef show(n: int = 0) -> list[Shown]:\n    found: list[Shown] = []\n    {}\n    return {}\n"
APPENDED = {
    "each": (EACH + "found.append(Shown(id=each.id))", "found", True),
    "each in steps": (EACH + "\n        made = Shown(id=each.id)\n        found.append(made)", "found", True),
    "each of SQL text": ("for each in sqlite3.connect('x').execute('SELECT id FROM users'): found.append(Shown(id=each[0]))", "found", True),
    "each, which are counted": (EACH + "found.append(each)\n    print(len(found))", "found", True),
    "some": (EACH + "\n        if each.id == n: found.append(each)", "found", False),
    "some, by the others": (EACH + "\n        if each.id != n: continue\n        found.append(each)", "found", False),
    "until there are enough": (EACH + "\n        found.append(each)\n        if len(found) > 9: break", "found", False),
    "those that can be converted": (EACH + "\n        try: found.append(each)\n        except ValueError: pass", "found", False),
    "each, of which a part is returned": (EACH + "found.append(each)", "found[:9]", False),
    "each, of which a part is deleted": (EACH + "found.append(each)\n    del found[9:]", "found", False),
    "each, of which a function may take some": (EACH + "found.append(each)\n    trim(found)", "found", False),
    "each, and then another list": (EACH + "found.append(each)\n    found = found[:9]", "found", False),
    "each, and then none": (EACH + "found.append(each)\n    found.clear()", "found", False),
    "each of a limited query": ("for each in make_session().scalars(select(User).limit(9)): found.append(each)", "found", False),
    "each of some numbers": ("for each in range(9): found.append(Shown(id=each))", "found", False),
}  # fmt: skip


@pytest.mark.parametrize(("loop", "answer", "is_found"), APPENDED.values(), ids=APPENDED)
def test_a_list_to_which_each_row_is_appended_has_all_rows(
    check: Check, loop: str, answer: str, is_found: bool
) -> None:
    """TW011: where the loop leaves none out, and nothing else changes the list."""
    source = "def trim(found: list[Any]) -> None: del found[9:]\n" + LOOP.format(loop, answer)
    outcome = check(HEAD + ADDS + source, "--all", "--select", "TW011")
    assert outcome.codes == ["TW011"] * is_found, outcome.out
