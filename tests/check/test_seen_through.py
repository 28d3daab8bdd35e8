"""What is known although it is hidden: functions behind wrappers, names that are renewed, clients that are made later."""
# ruff: noqa: ISC004  (sources of several lines)

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check
from tests.check.test_rules import HEAD, endpoint

# Decorators whose code is written while the program runs, so that no file of the application has it.
WRITTEN = """
def written(code, **known):
    exec(compile(code, '<written>', 'exec'), known)
    return known
def renamed(wrapper, inner):
    wrapper.__name__, wrapper.__module__ = inner.__name__, inner.__module__
    wrapper.__signature__ = __import__('inspect').signature(inner)
    return wrapper
"""
AWAITS = "async def wrapper(*args, **kwargs): return await inner(*args, **kwargs)"
WRAPPERS = {
    "a global of code that is written": f"    wrapper = written({AWAITS!r}, inner=inner)['wrapper']\n",
    "a closure": (
        "    make = 'def make(inner):\\n    " + AWAITS + "\\n    return wrapper'\n"
        "    wrapper = written(make)['make'](inner)\n"
    ),
    "a default": (
        "    code = 'async def wrapper(*args, inner=inner, **kwargs): return await inner(*args, **kwargs)'\n"
        "    wrapper = written(code, inner=inner)['wrapper']\n"
    ),
    "an attribute": (
        "    wrapper = written('async def wrapper(*args, **kwargs): return await calls[0](*args, **kwargs)', calls=[inner])['wrapper']\n"
        "    wrapper.original = inner\n"
    ),
}


@pytest.mark.parametrize("body", WRAPPERS.values(), ids=WRAPPERS)
@pytest.mark.parametrize(("call", "codes"), [("time.sleep(1)", ["TW001"]), ("await asyncio.sleep(1)", [])])
def test_an_endpoint_behind_a_written_wrapper_is_read(check: Check, body: str, call: str, codes: list[str]) -> None:
    """A wrapper that has taken the name of what it calls, and has this at hand, runs it."""
    source = f"{HEAD}{WRITTEN}def inject(inner):\n{body}    return renamed(wrapper, inner)\n"
    outcome = check(source + endpoint(call).replace("async def", "@inject\nasync def"), "--all")
    assert outcome.codes == codes, outcome.out


def test_a_function_that_a_written_wrapper_awaits_stays_asynchronous(check: Check) -> None:
    """TW002 would make it a plain function, which the wrapper could not await: TW001 says what to do inside."""
    body = next(iter(WRAPPERS.values()))
    source = f"{HEAD}{WRITTEN}def inject(inner):\n{body}    return renamed(wrapper, inner)\n"
    source += "@app.get('/x')\n@inject\nasync def show() -> Any: httpx.get('http://x')\n"
    assert check(source, "--all").codes == ["TW001"]


def test_a_wrapper_of_another_name_or_kind_hides_its_function(check: Check) -> None:
    """What a wrapper only has at hand need not be what it runs, and a plain function that is awaited runs in a thread."""
    source = f"{HEAD}{WRITTEN}def slow(): time.sleep(1)\ndef inject(inner):\n"
    source += f"    wrapper = written({AWAITS!r}, inner=pause, other=slow)['wrapper']\n    wrapper.other = slow\n"
    source += "    return renamed(wrapper, inner)\n" + endpoint("time.sleep(1)").replace(
        "async def", "@inject\nasync def"
    )
    assert check(source, "--all").codes == []
    thread = AWAITS.replace("await inner(", "await run(inner, ")
    source = f"{HEAD}{WRITTEN}def inject(inner):\n    wrapper = written({thread!r}, inner=inner, run=asyncio.to_thread)['wrapper']\n"
    source += "    return renamed(wrapper, inner)\n@app.get('/x')\n@inject\ndef show() -> Any: time.sleep(1)\n"
    assert check(source, "--all").codes == []


@pytest.mark.parametrize(
    ("annotation", "codes"),
    [("'sessionmaker'['Session']", []), ("1 / 'x'", []), ("'Session'", ["TW001"]), ("{}['x']", []), ("not a type", [])],
)
def test_an_annotation_that_nothing_evaluates_may_be_nonsense(check: Check, annotation: str, codes: list[str]) -> None:
    """Python never evaluates the annotations of a local function, and the check has to survive them."""
    source = f"from __future__ import annotations\n{HEAD}def load(session: {annotation.replace('not a', 'nota.')}): session.commit()\n"
    source = source.replace("nota. type", "nota.type")
    outcome = check(source + endpoint("load(app.other)"), "--all")
    assert outcome.codes == codes, outcome.err


QUERIES = "def base(): return make_session().query(User)\n"
RENEWED = {
    "in a loop": "def load(query):\n    for n in (1, 2):\n        query = query.filter(User.id == n)\n    return query.one()\n"
    + endpoint("load(base())"),
    "in a branch": "def load(query, only=None):\n    if only:\n        query = query.filter(User.id == only)\n    return query.one()\n"
    + endpoint("load(base(), app.debug)"),
    "by another function": (
        "def narrow(query):\n    for n in (1, 2):\n        query = query.filter(User.id == n)\n    return query\n"
        + endpoint("narrow(base()).one()")
    ),
    "by a function that calls itself": (
        "def connect(times):\n    if times:\n        return connect(times - 1)\n    return make_session()\n"
        + endpoint("connect(3).commit()")
    ),
    "in a loop of its own": endpoint(
        "query = base()\nfor n in (1, 2):\n    query = query.filter(User.id == n)\nreturn query.one()"
    ),
    "as one of two kinds of a client": (
        "import smtplib\ndef connect(safe):\n    server: smtplib.SMTP | smtplib.SMTP_SSL\n    if safe:\n        server = smtplib.SMTP_SSL('x')\n"
        "    else:\n        server = smtplib.SMTP('x')\n    return server\n"
        + endpoint("with connect(app.debug) as server:\n    server.login('x', 'x')")
    ),
    "before rows take its place": (
        "def load(query):\n    n = query.count()\n    query = [app.other(row) for row in app.rows]\n    return n, query\n"
        + endpoint("load(base())")
    ),
    "in a branch that another client does not share": (
        "def load(query, other):\n    if app.debug:\n        query = app.other\n        query.one()\n    else:\n        query.one()\n"
        + endpoint("load(base(), 1)")
    ),
    "by one name for the items of another list": endpoint(
        "query = base()\nids = [query.id for query in app.rows]\nquery.one()"
    ),
    "for one of many tables": (
        "class Pages:\n    def show(self, query):\n        for n in (1, 2):\n            query = query.offset(n)\n        return query.all()\n"
        + "".join(
            f"class T{n}(Base):\n    __tablename__ = 't{n}'\n    id: Mapped[int] = mapped_column(primary_key=True)\n"
            f"def list{n}(pages: Pages): return pages.show(make_session().query(T{n}))\n"
            for n in range(6)
        )
        + endpoint("list1(Pages())")
    ),
}
# Names that are no query any more, or of which nobody can say what they are.
REPLACED = {
    "by rows": "def load(query):\n    if app.debug:\n        query = query.rows()\n    return query.one()\n"
    + endpoint("load(app.other)"),
    "by what another package makes": (
        "def load(query):\n    for n in (1, 2):\n        query = app.other(query)\n    return query.one()\n"
        + endpoint("load(base())")
    ),
    "by an object of the other branch": endpoint(
        "if app.debug:\n    query = base()\nelse:\n    query = app.other\n    query.one()"
    ),
    "in a circle of nothing": "def load(n):\n    query = load(n)\n    return query\n" + endpoint("load(1).one()"),
    "of two classes": (
        "class Fake:\n    def commit(self): ...\ndef load(session):\n    session = Fake()\n    return session.commit()\n"
        + endpoint("load(make_session())")
    ),
}


@pytest.mark.parametrize("source", RENEWED.values(), ids=RENEWED)
def test_a_name_that_is_renewed_keeps_its_kind(check: Check, source: str) -> None:
    """What a name is made of again and again is what it was at first, if every assignment agrees."""
    outcome = check(HEAD + QUERIES + source, "--all", "--select", "TW001")
    assert outcome.codes == ["TW001"], outcome.out


@pytest.mark.parametrize("source", REPLACED.values(), ids=REPLACED)
def test_a_name_that_becomes_something_else_is_unknown(check: Check, source: str) -> None:
    """Where one of the assignments cannot be read, nothing is told of the name."""
    assert check(HEAD + QUERIES + source, "--all", "--select", "TW001,TW002").codes == []


LATER = {
    "a factory of an object": (
        "class Db:\n    def __init__(self):\n        self._make: sessionmaker | None = None\n"
        "    def session(self):\n        if self._make is None:\n            self._make = sessionmaker(engine)\n        return self._make()\n"
        "db = Db()\n" + endpoint("db.session().commit()")
    ),
    "a factory that the caller makes": (
        "class Db:\n    def __init__(self):\n        self._make: sessionmaker | None = None\n"
        "db = Db()\n" + endpoint("db._make().commit()")
    ),
    "a client of an object": (
        "class Shop:\n    def __init__(self): self._client = None\n    def close(self): self._client = None\n"
        "    def client(self):\n        if not self._client: self._client = httpx.Client()\n        return self._client\n"
        "shop = Shop()\n" + endpoint("shop.client().get('http://x')")
    ),
    "a client of a class": (
        "class Shop:\n    _client = None\n    @classmethod\n    def client(cls):\n"
        "        if cls._client is None: cls._client = httpx.Client()\n        return cls._client\n"
        + endpoint("Shop.client().get('http://x')")
    ),
    "a client of a class that is named": (
        "class Shop:\n    _client: httpx.Client | None = None\n    @staticmethod\n    def client():\n"
        "        if Shop._client is None: Shop._client = httpx.Client()\n        return Shop._client\n"
        + endpoint("Shop.client().get('http://x')")
    ),
    "a global that its first user makes": (
        "_client = None\ndef client():\n    global _client\n    if _client is None: _client = httpx.Client()\n    return _client\n"
        + endpoint("client().get('http://x')")
    ),
    "a global without a type": (
        "_client: Any = None\ndef client():\n    global _client\n    if _client is None: _client = httpx.Client()\n    return _client\n"
        + endpoint("client().get('http://x')")
    ),
    "a client without a key in the settings": (
        "key = None\nclient = httpx.Client() if key else None\n" + endpoint("if client: client.get('http://x')")
    ),
    "a client that a statement makes": (
        "key = None\nclient = None\nif key:\n    client = httpx.Client()\n"
        + endpoint("if client: client.get('http://x')")
    ),
    "a client of the settings": (
        "from dataclasses import dataclass\n@dataclass\nclass Settings:\n    client: httpx.Client | None\n"
        "settings = Settings(client=None)\n" + endpoint("settings.client.get('http://x')")
    ),
}
UNCLEAR = {
    "an object of two kinds": (
        "class Fake:\n    def get(self, url): ...\nclass Shop:\n    def __init__(self): self._client = None\n"
        "    def real(self): self._client = httpx.Client()\n    def other(self): self._client = app.other\n"
        "shop = Shop()\n" + endpoint("shop._client.get('http://x')")
    ),
    "an asynchronous client": (
        "class Shop:\n    def __init__(self): self._client: httpx.AsyncClient | None = None\n"
        "shop = Shop()\n" + endpoint("await shop._client.get('http://x')")
    ),
    "a client that something else may be": (
        "key = None\nclient = app.other if key else None\nif client is None and key:\n    client = httpx.Client()\n"
        + endpoint("if client: client.get('http://x')")
    ),
    "an asynchronous factory": (
        "class Db:\n    def __init__(self): self._make: async_sessionmaker | None = None\n"
        "db = Db()\n" + endpoint("await db._make().commit()")
    ),
}


@pytest.mark.parametrize("source", LATER.values(), ids=LATER)
def test_what_is_none_until_its_first_use_is_known(check: Check, source: str) -> None:
    """What is still None when the application is loaded is what the code, or its declaration, makes of it later."""
    outcome = check(HEAD + source, "--all", "--select", "TW001")
    assert outcome.codes == ["TW001"], outcome.out


def test_a_client_of_another_module_is_known(check: Check) -> None:
    """A name that is None is followed through imports; one that two modules import from each other ends nowhere."""
    source = (
        HEAD
        + "from again import client\nimport again\n"
        + endpoint("client.get('http://x')\nagain.client.get('http://x')")
    )
    made = "import httpx\nkey = None\nclient = httpx.Client() if key else None\n"
    outcome = check(source, "--all", "--select", "TW001", again="from made import client\n", made=made)
    assert outcome.codes == ["TW001"], outcome.out
    circle = "client = None\nif client: from again import client\n"
    assert (
        check(source, "--all", again="client = None\nimport made\nfrom made import client\n", made=circle).codes == []
    )


@pytest.mark.parametrize("source", UNCLEAR.values(), ids=UNCLEAR)
def test_what_may_become_something_else_is_unknown(check: Check, source: str) -> None:
    """Where the code does not agree about what a name or attribute becomes, nothing is told of it."""
    assert check(HEAD + source, "--all", "--select", "TW001,TW002").codes == []


ROWS = """
class Users:
    def __init__(self, session: Session): self.session = session
    def load(self, me=None):
        query = select(User).where(CONDITION)
        return [Shown(id=user.id) for user in self.session.execute(query).scalars().all()]
class Service:
    def __init__(self, users: Users): self.users = users
    def load(self, me=None): return self.users.load(me)
def get_service() -> Service: return Service(Users(make_session()))
@app.get('/users')
def users(me: int, service: Annotated[Service, Depends(get_service)]) -> list[Shown]:
    return service.load(me)
@app.post('/users')
def add(name: str, session: Annotated[Session, Depends(make_session)]) -> int:
    session.add(User(name=name))
    session.commit()
    return 1
"""


@pytest.mark.parametrize(
    ("condition", "codes"),
    [
        ("User.read == false()", ["TW011"]),
        ("User.read == sqlalchemy.true()", ["TW011"]),
        ("User.read == True", ["TW011"]),
        ("User.name == me", []),
        ("User.name == name_of(me)", []),
    ],
)
def test_a_list_is_followed_through_a_service_and_a_repository(check: Check, condition: str, codes: list[str]) -> None:
    """All rows of a table stay all rows, however many own functions pass them on, and a fixed condition leaves many."""
    source = f"{HEAD}import sqlalchemy\nfrom sqlalchemy import false\ndef name_of(me): return me\n{ROWS.replace('CONDITION', condition)}"
    outcome = check(source, "--all", "--select", "TW011")
    assert outcome.codes == codes, outcome.out


HANDED = (
    "from functools import wraps\nmemory = {{}}\n{}\ndef held(inner):\n    @wraps(inner)\n    def wrapper(*args, **kwargs): return handle(inner, *args, **kwargs)\n"
    "    return wrapper\n"
    + "".join(f"@held\ndef other_{n}(*, session: Session = None): return {n}\n" for n in range(6))
    + "@held\ndef load(n: int, *, session: Session = None): return session.get(User, n)\n"
    + endpoint("load(1)")
)
HANDLES = {
    "with a session": (
        "def handle(call, *args, **kwargs):\n    with make_session() as session: return call(*args, session=session, **kwargs)",
        ["TW001"],
    ),
    "or with the one that is given": (
        "def handle(call, *args, **kwargs):\n    if kwargs.get('session') is None:\n        with make_session() as session:\n"
        "            kwargs['session'] = session\n            return call(*args, **kwargs)\n    return call(*args, **kwargs)",
        ["TW001"],
    ),
    "by way of another name": ("def handle(*args, call=None, **kwargs): return args[0](*args[1:])", []),
    "in a thread": ("def handle(call, *args, **kwargs): return pool.submit(call, *args)", []),
    "once": (
        "def handle(call, *args, **kwargs):\n    found = memory.get(args)\n    if found is None:\n        found = memory[args] = call(*args)\n    return found",
        [],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("handle", "codes"), HANDLES.values(), ids=HANDLES)
def test_what_a_function_is_given_to_call_is_followed_from_where_it_is_given(
    check: Check, handle: str, codes: list[str]
) -> None:
    """One function that calls what many decorated ones hand to it, each for another endpoint, runs only the one in question."""
    outcome = check(HEAD + HANDED.format(handle), "--all", "--select", "TW001")
    assert outcome.codes == codes, outcome.out
    assert all("other_" not in str(finding["message"]) for finding in outcome.findings)
