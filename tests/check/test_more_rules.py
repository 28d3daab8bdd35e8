"""The edges of the rules about updates, answers, protection, exceptions, limits, tasks, sessions and routers."""
# ruff: noqa: ISC004  (sources of several lines)

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check
from tests.check.test_rules import ADDS, HEAD

PATCH = "class Change(BaseModel):\n    title: str = ''\n    note: str | None = None\nstored = {}\n"
TAKES_ALL = {
    "a loop over the model": "for name, value in change: stored[name] = value",
    "dict()": "stored.update(dict(change))",
    "dict() in a dict": "stored.update({**stored, **dict(change)})",
    "vars()": "stored.update(vars(change))",
    "__dict__": "stored.update(change.__dict__)",
    "jsonable_encoder": "from typeway.encoders import jsonable_encoder\n    stored.update(jsonable_encoder(change))",
    "a statement": "from sqlalchemy import update\n    make_session().execute(update(User).values(**change.model_dump()))",
    "field by field": "stored['title'] = change.title\n    stored['note'] = change.note",
    "field by field where something else is true": (
        "is_new = n in stored\n    if is_new:\n        stored['title'] = change.title\n        stored['note'] = change.note"
    ),
    "field by field where something was found by a field": (
        "found = stored.setdefault(change.title, {})\n    if found:\n        stored['title'] = change.title\n        stored['note'] = change.note"
    ),
    "a class for all models": "Crud().save(change)",
    "a function of the author's that is called like the framework's": "apply(stored, change.model_dump())",
    "an object's method of that name": "Crud().changes(change.model_dump())",
    "a row of SQLModel": "Row().sqlmodel_update(change)",
    "a loop over the items": "for name, value in change.model_dump().items(): stored[name] = value",
}
TAKES_SENT = {
    "what may be left out is left out": "stored.update(change.model_dump(exclude={'title', 'note'}))",
    "exclude_unset": "stored.update(change.model_dump(exclude_unset=True))",
    "the names of what was sent": "for name in change.model_fields_set: stored[name] = getattr(change, name)",
    "a filter": "stored.update({k: v for k, v in change.model_dump().items() if v is not None})",
    "a condition": "for name, value in change:\n        if value is not None: stored[name] = value",
    "a condition for each": "if change.title: stored['title'] = change.title\n    if change.note: stored['note'] = change.note",
    "a function that keeps what is None": "keep(**change.model_dump())",
    "the caller asks": "if 'note' in change.model_fields_set: stored.update(vars(change))",
    "a log": "import logging\n    logging.info('%s', change.model_dump())",
    "a validator": "validate_fields(change.model_dump())",
    "a validator of an object": "stored.check(change.model_dump())",
    "one field": "stored['title'] = change.title",
    "the framework's function": "from typeway import apply as set_all\n    from typeway import apply\n    apply(change, User())",
    "the framework's function in its module": "import typeway\n    typeway.apply(change, User())",
    "a row of SQLModel and what was sent": "Row().sqlmodel_update(change.model_dump(exclude_unset=True))",
    "a name for what was sent": (
        "sent = change.model_dump(exclude_unset=True)\n    has_title, has_note = 'title' in sent, sent.get('note')\n"
        "    if has_title: stored['title'] = change.title\n    if has_note: stored['note'] = change.note"
    ),
    "names for what was sent": (
        "sent = change.model_dump(exclude_unset=True)\n    has_title = 'title' in sent\n    has_note = has_title or 'note' in sent\n"
        "    if has_title: stored['title'] = change.title\n    if has_note and stored: stored['note'] = change.note"
    ),
}
CRUD = (
    "class Crud:\n    def save(self, data: BaseModel): stored.update(data.model_dump())\n    def changes(self, data): stored.update(data)\n"
    "class Row:\n    def sqlmodel_update(self, data): ...\ndef apply(target, values): target.update(values)\n"
    "def keep(title: str | None = None, note: str | None = None):\n    if title is not None: stored['title'] = title\n"
    "    if note is not None: stored['note'] = note\n"
)


AS_DATACLASS = {
    "as a dict": ("stored.update(asdict(change))", 1),
    "by its module": ("stored.update(dataclasses.asdict(change))", 1),
    "vars()": ("stored.update(vars(change))", 1),
    "as the arguments of a function": ("return replace(Row(), **asdict(change))", 1),
    "field by field": ("stored['title'] = change.title\n    stored['note'] = change.note", 1),
    "not what is None": ("stored.update({k: v for k, v in asdict(change).items() if v is not None})", 0),
    "not into a function that keeps what is None": ("keep(**asdict(change))", 0),
    "not field by field where each is there": (
        "if change.title is not None: stored['title'] = change.title\n    if change.note is not None: stored['note'] = change.note", 0,
    ),
    "not what replaces the whole": ("stored.update(asdict(whole))", 0),
}  # fmt: skip


@pytest.mark.parametrize(("body", "count"), AS_DATACLASS.values(), ids=list(AS_DATACLASS))
def test_a_dataclass_cannot_say_what_was_sent(check: Check, body: str, count: int) -> None:
    """TW006: a body may be a dataclass too, and what the client left out is None in it."""
    head = (
        "import dataclasses\nfrom dataclasses import asdict, dataclass, replace\n@dataclass\nclass Row:\n    title: str = ''\n"
        "@dataclass\nclass Part:\n    title: str | None = None\n    note: str | None = None\n"
        "@dataclass\nclass Whole:\n    title: str\n    note: str\n"
    )
    kind, name = ("Whole", "whole") if "whole" in body else ("Part", "change")
    source = (
        f"{HEAD}{head}{PATCH}{CRUD}@app.patch('/x/{{n}}')\ndef change_it(n: int, {name}: {kind}) -> Any:\n    {body}\n"
    )
    assert check(source).codes == ["TW006"] * count


def patch(body: str) -> str:
    return f"{HEAD}{PATCH}{CRUD}@app.patch('/x/{{n}}')\ndef change_it(n: int, change: Change) -> None:\n    {body}\n"


@pytest.mark.parametrize("body", TAKES_ALL.values(), ids=list(TAKES_ALL))
def test_an_update_that_takes_everything_is_found(check: Check, body: str) -> None:
    """TW006: the model is followed as a value, however its fields are taken."""
    outcome = check(patch(body))
    assert outcome.codes == ["TW006"], outcome.out


@pytest.mark.parametrize("body", TAKES_SENT.values(), ids=list(TAKES_SENT))
def test_an_update_that_asks_what_was_sent_is_left_alone(check: Check, body: str) -> None:
    """TW006: what was left out may be left out in many ways."""
    outcome = check(patch(body))
    assert outcome.codes == [], outcome.out


GUARDED = (
    "key = APIKeyHeader(name='X-Key')\nguarded = Router(dependencies=[Security(key)])\n"
    + "".join(f"@guarded.post('/safe{n}')\nasync def safe{n}() -> None: ...\n" for n in range(4))
    + "app.include_router(guarded)\n"
)
OWN_GUARD = (
    "def member(request: Request) -> str:\n    if 'x' not in request.headers: raise HTTPException(401)\n    return 'x'\n"
    + "".join(
        f"@app.post('/safe{n}')\nasync def safe{n}(who: Annotated[str, Depends(member)]) -> str: return who\n"
        for n in range(4)
    )
)
MANY_GUARDED = GUARDED + "".join(
    f"@app.post('/kept{n}', dependencies=[Security(key)])\nasync def kept{n}() -> None: ...\n" for n in range(5)
)
OPEN = ["accounts", "authors", "discounts", "contests", "checkout", "hooks", "orders", "usernames"]
MEANT = ["login", "auth/token", "webhooks/github", "search", "password-reset", "sign-up", "reports/preview"]


@pytest.mark.parametrize("guards", [GUARDED, OWN_GUARD], ids=["a scheme", "the application's own guard"])
@pytest.mark.parametrize("path", OPEN)
def test_an_open_write_is_found_by_words(check: Check, guards: str, path: str) -> None:
    """TW010: a word inside another one says nothing, and the siblings' own guard counts as one."""
    guard = "Security(key)" if guards is GUARDED else "Depends(member)"
    sibling = f"@app.put('/{path}/{{n}}', dependencies=[{guard}])\nasync def change(n: int) -> None: ...\n"
    source = f"{HEAD}{guards}@app.post('/{path}')\nasync def put_down() -> None: ...\n"
    assert check(source + sibling).codes == ["TW010"]
    assert (check(source).codes, check(source, "--all").codes) == ([], ["TW010"])


POSTS = (
    "posts, log = {{}}, {{}}\ndef require(n: int) -> Any:\n    if n not in posts: raise HTTPException(404)\n    return posts[n]\n"
    "require_post, require_admin = require, lambda who: None\n"
    "@app.put('/posts/{{n}}', dependencies=[Security(key)])\ndef change(n: int) -> None: require(n)\n"
    "@app.get('/posts/{{n}}')\ndef show(n: int) -> Any: return require(n)\n"
    "@app.post('/posts/{{n}}')\ndef put_down(n: int, body: dict[str, str]) -> Any:\n    {}\n"
)
WRITTEN = {
    "what all requests share": ("require(n)\n    posts[n] = body", ["TW010"]),
    "a deletion": ("require(n)\n    del posts[n]", ["TW010"]),
    "an attribute of something in it": ("require(n)\n    posts[n].text = body['text']", ["TW010"]),
    "a function that only sounds like a check": ("require_post(n)\n    posts[n] = body", ["TW010"]),
    "not what is asked with a body": ("return require(n)", []),
    "not what is the request's own": (
        "found = require(n)\n    found['x'] = 1\n    body['x'] = ''\n    return found",
        [],
    ),
    "not where the endpoint checks who asks": ("require_admin(body)\n    posts[n] = body", []),
}


@pytest.mark.parametrize(("body", "codes"), WRITTEN.values(), ids=list(WRITTEN))
def test_an_endpoint_that_changes_what_requests_share_writes(check: Check, body: str, codes: list[str]) -> None:
    """TW010: what calls nothing but a look-up may still write, and `require_post()` requires no credentials."""
    assert check(HEAD + GUARDED + POSTS.format(body)).codes == codes


def test_writes_that_are_meant_to_be_open_are_left_alone(check: Check) -> None:
    """TW010: the words of logging in, of machines and of questions say that a write is open on purpose."""
    source = "".join(f"@app.post('/{path}')\nasync def put_{n}() -> None: ...\n" for n, path in enumerate(MEANT))
    assert check(HEAD + MANY_GUARDED + source).codes == []


RULES = {
    "TW012 leaves what another dependency needs": (
        "async def session(request: Request) -> Any: return await request.json()\n"
        "async def user(session: Any = Depends(session)) -> Any: return session['user']\n"
        "@app.get('/x')\nasync def show(session: Any = Depends(session), who: Any = Depends(user)) -> Any: return who",
        [],
    ),
    "TW012 sees what only others of other endpoints need": (
        "async def session(request: Request) -> Any: return await request.json()\n"
        "async def user(session: Any = Depends(session)) -> Any: return session['user']\n"
        "@app.get('/x')\nasync def show(session: Any = Depends(session)) -> Any: return 1\n"
        "@app.get('/y')\nasync def name(who: Any = Depends(user)) -> Any: return who",
        ["TW012"],
    ),
    "TW020 leaves what only refuses": (
        "@app.get('/{name}/docs')\nasync def show() -> None:\n    'Nothing here.'\n    raise HTTPException(403)", [],
    ),
    "TW020 sees what refuses some": (
        "@app.get('/{name}/docs')\nasync def show() -> None:\n    if app.debug: raise HTTPException(403)", ["TW020"],
    ),
    "TW004 leaves routes that match in their own way": (
        "from typeway.routing import APIRoute\nclass Versioned(APIRoute):\n    def matches(self, scope): return super().matches(scope)\n"
        "first, second = Router(route_class=Versioned), Router()\n@first.get('/x')\nasync def one() -> int: return 1\n"
        "@second.get('/x')\nasync def two() -> int: return 2\napp.include_router(first)\napp.include_router(second)",
        [],
    ),
    "TW007 sees a row as a dict": (
        "@app.get('/x')\ndef show() -> dict[str, Any]: return vars(make_session().get(User, 1))", ["TW007"],
    ),
    "TW007 sees a row as a dict of a name": (
        "@app.get('/x')\ndef show():\n    row = make_session().get(User, 1)\n    data = row.__dict__\n    return data", ["TW007"],
    ),
    "TW007 leaves columns that the query names": (
        "@app.get('/x')\ndef show(limit: Annotated[int, Query(le=9)] = 1):\n    with sqlite3.connect('x') as db:\n"
        "        return [dict(row) for row in db.execute('SELECT id, name FROM x LIMIT 1').fetchall()]",
        [],
    ),
    "TW008 is not silenced by a key in the path": (
        "class Robot(BaseModel):\n    token: str\n@app.get('/robots/{key}')\nasync def show(key: str) -> Robot: ...", ["TW008"],
    ),
    "TW008 leaves what a serializer masks": (
        "from pydantic import field_serializer\nclass Robot(BaseModel):\n    token: str\n"
        "    @field_serializer('token')\n    def mask(self, value: str) -> str: return '***'\n"
        "@app.get('/robots')\nasync def show() -> Robot: ...",
        [],
    ),
    "TW009 leaves fields that the endpoint leaves out": (
        "class Task(BaseModel):\n    title: str\n    created_at: str = ''\nstored = {}\n"
        "@app.post('/x')\nasync def one(task: Task) -> Task:\n    stored.update(task.model_dump(exclude={'created_at'}))\n    return task",
        [],
    ),
    "TW009 leaves fields that the endpoint sets": (
        "class Task(BaseModel):\n    title: str\n    created_at: str = ''\n"
        "@app.post('/x')\nasync def one(task: Task) -> Task:\n    task.created_at = 'now'\n    return task",
        [],
    ),
    "TW009 is not sure of times": (
        "class Task(BaseModel):\n    title: str\n    updated_at: str\n@app.post('/x')\nasync def one(task: Task) -> Task: return task", [],
    ),
    "TW009 sees who says who did it": (
        "class Task(BaseModel):\n    title: str\n    created_by: str\n@app.put('/x')\nasync def one(task: Task) -> Task: return task",
        ["TW009"],
    ),
    "TW009 leaves a body of which the endpoint takes other fields": (
        "class Task(BaseModel):\n    id: int | None = None\n    title: str\nstored = []\n@app.post('/x')\n"
        "async def one(task: Task) -> Task:\n    stored.append(task.title)\n    return Task(title=stored[-1])",
        [],
    ),
    "TW010 leaves what reads with a body": (
        "from typeway.security import HTTPBearer\nguard = [Depends(HTTPBearer())]\ndef find(code: str) -> str: return code\n"
        "@app.post('/a', dependencies=guard)\ndef a() -> None: ...\n@app.post('/b', dependencies=guard)\ndef b() -> None: ...\n"
        "@app.get('/shares')\ndef show(code: str) -> str: return find(code)\n"
        "@app.post('/shares')\ndef ask(body: dict[str, str]) -> str: return find(body['code'])",
        [],
    ),
    "TW010 sees what writes beside a read": (
        "from typeway.security import HTTPBearer\nguard = [Depends(HTTPBearer())]\ndef find(code: str) -> str: return code\n"
        "def keep(code: str) -> str: return code\n"
        "@app.post('/a', dependencies=guard)\ndef a() -> None: ...\n@app.post('/b', dependencies=guard)\ndef b() -> None: ...\n"
        "@app.get('/shares')\ndef show(code: str) -> str: return find(code)\n"
        "@app.delete('/shares/{code}', dependencies=guard)\ndef stop(code: str) -> None: ...\n"
        "@app.post('/shares')\ndef share(body: dict[str, str]) -> str: return keep(find(body['code']))",
        ["TW010"],
    ),
    "TW011 leaves what a particular value narrows": (
        ADDS + "@app.get('/x', response_model=list[Shown])\ndef show(name: str):\n"
        "    return make_session().scalars(select(User).where(User.name == name)).all()",
        [],
    ),
    "TW011 leaves what a keyword narrows": (
        ADDS + "@app.get('/x', response_model=list[Shown])\ndef show(name: str):\n"
        "    return make_session().query(User).filter_by(name=name).all()",
        [],
    ),
    "TW011 sees all of a status": (
        "class Note(Base):\n    __tablename__ = 'notes'\n    id: Mapped[int] = mapped_column(primary_key=True)\n    status: Mapped[str]\n"
        "@app.post('/notes')\ndef add() -> None: make_session().add(Note(id=1))\n"
        "@app.get('/x', response_model=list[Shown])\ndef show(status: str):\n"
        "    return make_session().scalars(select(Note).where(Note.status == status)).all()",
        ["TW011"],
    ),
    "TW011 sees a repository and a comprehension": (
        ADDS + "class Repository:\n    def __init__(self, session: Session): self.session = session\n"
        "    def every(self): return self.session.scalars(select(User)).all()\n"
        "@app.get('/x')\ndef show() -> list[Shown]:\n    users = Repository(make_session()).every()\n"
        "    return [Shown(id=user.id) for user in users]",
        ["TW011"],
    ),
    "TW011 leaves what some ids limit": (
        ADDS + "@app.get('/x', response_model=list[Shown])\ndef show():\n"
        "    return make_session().scalars(select(User).where(User.id.in_([1, 2]))).all()",
        [],
    ),
    "TW011 leaves what belongs to one parent": (
        "class Note(Base):\n    __tablename__ = 'notes'\n    id: Mapped[int] = mapped_column(primary_key=True)\n    user_id: Mapped[int]\n"
        "@app.post('/notes')\ndef add() -> None: make_session().add(Note(id=1))\n"
        "@app.get('/users/{user_id}/notes', response_model=list[Shown])\ndef show(user_id: int):\n"
        "    return make_session().scalars(select(Note).where(Note.user_id == user_id)).all()",
        [],
    ),
    "TW012 leaves a context variable": (
        "import contextvars\ncurrent = contextvars.ContextVar('current')\ndef remember() -> int:\n    token = current.set(1)\n    return 1\n"
        "@app.get('/x')\nasync def show(n: int = Depends(remember)) -> int: return 1",
        [],
    ),
    "TW012 is not sure of what costs nothing": (
        "def held(request: Request) -> Any: return request.state\n"
        "@app.get('/x')\nasync def show(state: Any = Depends(held)) -> int: return 1",
        [],
    ),
    "TW016 sees own middleware that echoes": (
        "@app.get('/x')\nasync def show(request: Request) -> int: return len(request.cookies)\n"
        "@app.middleware('http')\nasync def cors(request: Request, call_next: Any) -> Any:\n"
        "    response = await call_next(request)\n    origin = request.headers.get('origin')\n"
        "    response.headers['Access-Control-Allow-Origin'] = origin\n"
        "    response.headers['Access-Control-Allow-Credentials'] = 'true'\n    return response",
        ["TW016"],
    ),
    "TW016 leaves own middleware that compares": (
        "@app.middleware('http')\nasync def cors(request: Request, call_next: Any) -> Any:\n"
        "    response = await call_next(request)\n    origin = request.headers.get('origin')\n"
        "    if origin in ('https://a.example',):\n        response.headers['Access-Control-Allow-Origin'] = origin\n"
        "        response.headers['Access-Control-Allow-Credentials'] = 'true'\n    return response",
        [],
    ),
    "TW017 is not sure of a ValueError about what was sent": (
        "def check_it(status: str) -> str:\n    if status not in ('open', 'done'): raise ValueError(status)\n    return status\n"
        "@app.get('/x')\nasync def show(status: str) -> str: return check_it(status)",
        [],
    ),
    "TW017 leaves a ValueError about what the server knows": (
        "mode = 'x'\ndef check_it(status: str) -> str:\n    if mode not in ('open', 'done'): raise ValueError(mode)\n    return status\n"
        "@app.get('/x')\nasync def show(status: str) -> str: return check_it(status)",
        [],
    ),
    "TW017 leaves a ValueError about a type that Pydantic checks": (
        "from typing import Literal\ndef check_it(status: str) -> str:\n    if status != 'open': raise ValueError(status)\n"
        "    return status\n@app.get('/x')\nasync def show(status: Literal['open', 'done']) -> str: return check_it(status)",
        [],
    ),
    "TW017 sees a PermissionError": (
        "def check_it(n: int) -> int:\n    if n > 3: raise PermissionError\n    return n\n"
        "@app.get('/x')\nasync def show(n: int) -> int: return check_it(n)",
        ["TW017"],
    ),
    "TW017 leaves what only a mapping may have": (
        "class Taken(Exception): ...\nclass EmailTaken(Taken): ...\nclass Change(BaseModel):\n    note: str = ''\n"
        "def change_it(email: str | None = None, **rest: Any) -> None:\n    if email is not None: raise EmailTaken\n"
        "@app.post('/x')\nasync def show(change: Change) -> int:\n    change_it(**change.model_dump())\n    return 1",
        [],
    ),
    "TW017 leaves what a table has for a key": (
        "table = {'a': {'form': 'x'}}\ndef write(form: str) -> str:\n    if form not in ('x', 'y'): raise ValueError(form)\n    return form\n"
        "@app.get('/x')\nasync def show(kind: str) -> str:\n    found = table.get(kind)\n    return write(found['form'])",
        [],
    ),
    "TW017 leaves what a context manager suppresses": (
        "import contextlib\nclass NotFound(Exception): ...\ndef find(n: int) -> int:\n    if n > 3: raise NotFound\n    return n\n"
        "@app.get('/x')\nasync def show(n: int) -> int:\n    with contextlib.suppress(NotFound):\n        return find(n)\n    return 0",
        [],
    ),
    "TW017 leaves a branch that the call cannot take": (
        "class NotFound(Exception): ...\ndef find(n: int, strict: bool = False) -> int:\n    if strict: raise NotFound\n    return n\n"
        "@app.get('/x')\nasync def show() -> int: return find(1)",
        [],
    ),
    "TW017 leaves what a dependency has loaded": (
        "class NotFound(Exception): ...\ndef find(n: int) -> Any:\n    if n > 1: raise NotFound\n    return Shown(id=n)\n"
        "def task(n: int) -> Shown:\n    try:\n        return find(n)\n    except NotFound:\n        raise HTTPException(404)\n"
        "@app.get('/x')\nasync def show(it: Annotated[Shown, Depends(task)]) -> Shown: return find(it.id)",
        [],
    ),
    "TW017 leaves what a dependency catches": (
        "class NotFound(Exception): ...\ndef answers() -> Iterator[None]:\n    try:\n        yield\n    except NotFound:\n"
        "        raise HTTPException(404)\n@app.get('/x', dependencies=[Depends(answers)])\nasync def show() -> int: raise NotFound",
        [],
    ),
    "TW018 leaves a memory": (
        "def load(key: str, _memory: dict[str, int] = {}) -> int:\n    _memory[key] = 1\n    return 1\n"
        "@app.get('/x')\nasync def show() -> int: return load('x')",
        [],
    ),
    "TW021 sees a model of parameters": (
        "class Page(BaseModel):\n    limit: int = 10\n@app.get('/x')\ndef show(page: Annotated[Page, Query()]) -> int:\n"
        "    return len(make_session().scalars(select(User).limit(page.limit)).all())",
        ["TW021"],
    ),
    "TW021 is not sure where everything is the default": (
        "@app.get('/x')\ndef show(limit: int | None = None) -> int:\n    select(User).limit(limit)\n    return 1", [],
    ),
    "TW021 is not sure of a model whose default is everything": (
        "class Page(BaseModel):\n    limit: int | None = None\n@app.get('/x')\ndef show(page: Annotated[Page, Query()]) -> int:\n"
        "    return len(make_session().scalars(select(User).limit(page.limit)).all())",
        [],
    ),
    "TW021 sees a limit that has to be sent": (
        "@app.get('/x')\ndef show(limit: int) -> int:\n    select(User).limit(limit)\n    return 1", ["TW021"],
    ),
    "TW021 sees a dependency": (
        "def page(limit: int = 10) -> int: return limit\n@app.get('/x')\ndef show(n: Annotated[int, Depends(page)]) -> int: return n",
        ["TW021"],
    ),
    "TW021 leaves a ceiling in the code": (
        "def find(limit: int) -> Any: return select(User).limit(min(limit, 100))\n"
        "@app.get('/x')\ndef show(limit: int = 10) -> int:\n    find(limit)\n    return 1",
        [],
    ),
    "TW021 leaves a ceiling around a floor": (
        "@app.get('/x')\ndef show(limit: int = 10) -> int:\n    limit = min(max(limit, 1), 100)\n    select(User).limit(limit)\n    return 1", [],
    ),
    "TW021 leaves a ceiling for what is converted": (
        "def find(limit: int) -> Any:\n    wanted = int(limit or 10)\n    number = min(max(wanted, 1), 100)\n"
        "    return select(User).limit(number)\n@app.get('/x')\ndef show(limit: int = 10) -> int:\n    find(limit)\n    return 1",
        [],
    ),
    "TW021 sees what is converted": (
        "@app.get('/x')\ndef show(limit: int = 10) -> int:\n    wanted = int(limit or 10)\n    select(User).limit(wanted)\n    return 1",
        ["TW021"],
    ),
    "TW021 leaves a ceiling in a model": (
        "from pydantic import field_validator\nclass Bulk(BaseModel):\n    limit: int\n    @field_validator('limit')\n"
        "    def check(cls, value: int) -> int: return min(value, 100)\n"
        "@app.get('/x')\ndef show(limit: int = 10) -> int:\n    bulk = Bulk(limit=limit)\n    select(User).limit(bulk.limit)\n    return 1",
        [],
    ),
    "TW021 is not sure of what is only shown": (
        "class Page(BaseModel):\n    limit: int\n@app.get('/x')\ndef show(limit: int = 10) -> Page: return Page(limit=limit)", [],
    ),
    "TW021 leaves a comparison": (
        "@app.get('/x')\ndef show(limit: int = 10) -> int:\n    if limit > 100: raise HTTPException(400)\n"
        "    select(User).limit(limit)\n    return 1",
        [],
    ),
    "TW021 leaves a declared ceiling": (
        "@app.get('/x')\ndef show(limit: Annotated[int, Query(lt=101)] = 10) -> int:\n    select(User).limit(limit)\n    return 1", [],
    ),
    "TW022 sees a name that nobody reads": (
        "@app.get('/x')\nasync def show() -> int:\n    task = asyncio.ensure_future(pause())\n    return 1", ["TW022"],
    ),
    "TW022 sees the loop's method": (
        "@app.get('/x')\nasync def show() -> int:\n    asyncio.get_running_loop().create_task(pause())\n    return 1", ["TW022"],
    ),
    "TW022 leaves a group": (
        "@app.get('/x')\nasync def show() -> int:\n    async with asyncio.TaskGroup() as group:\n        group.create_task(pause())\n"
        "    return 1",
        [],
    ),
    "TW022 leaves a task of the start": (
        "@asynccontextmanager\nasync def lifespan(app):\n    task = asyncio.create_task(pause())\n    yield\n    task.cancel()\n"
        "app = Typeway(lifespan=lifespan)",
        [],
    ),
    "TW023 sees a background task": (
        "from typeway import BackgroundTasks\ndef opened() -> Iterator[Session]:\n    with make_session() as session: yield session\n"
        "def work(session: Session) -> None: session.commit()\n"
        "@app.get('/x')\ndef show(tasks: BackgroundTasks, session: Annotated[Session, Depends(opened)]) -> int:\n"
        "    tasks.add_task(work, session)\n    return 1",
        ["TW023"],
    ),
    "TW023 leaves ids": (
        "from typeway import BackgroundTasks\ndef opened() -> Iterator[Session]:\n    with make_session() as session: yield session\n"
        "def work(n: int) -> None: make_session().get(User, n)\n"
        "@app.get('/x')\ndef show(n: int, tasks: BackgroundTasks, session: Annotated[Session, Depends(opened)]) -> bool:\n"
        "    tasks.add_task(work, n)\n    return session.is_active",
        [],
    ),
    "TW024 sees a statement": ("@app.get('/x')\nasync def show() -> int:\n    pause()\n    return 1", ["TW024"]),
    "TW024 sees a method of a session": (
        "@app.get('/x')\nasync def show() -> int:\n    async with make_async_session() as session:\n        session.commit()\n    return 1",
        ["TW024"],
    ),
    "TW024 sees an attribute of what is not awaited": (
        "async def find() -> Shown: return Shown(id=1)\n@app.get('/x')\nasync def show() -> int:\n    found = find()\n"
        "    return found.id",
        ["TW024"],
    ),
    "TW024 leaves what is gathered later": (
        "@app.get('/x')\nasync def show() -> int:\n    waiting = pause()\n    await waiting\n    await asyncio.gather(pause(), pause())\n"
        "    return 1",
        [],
    ),
    "TW024 leaves what may be plain": (
        "class Plain:\n    def go(self): return True\nclass Slow:\n    async def go(self): return True\n"
        "def either(n: int): return Plain() if n else Slow()\n"
        "@app.get('/x')\nasync def show(n: int = 0) -> int:\n    if either(n).go(): return 1\n    return 0",
        [],
    ),
    "TW025 sees a comprehension": (
        "async def find(session: AsyncSession, n: int) -> Any: return await session.get(User, n)\n"
        "@app.get('/x')\nasync def show() -> int:\n    async with make_async_session() as session:\n"
        "        return len(await asyncio.gather(*(find(session, n) for n in range(3))))",
        ["TW025"],
    ),
    "TW025 sees a repository": (
        "class Users:\n    def __init__(self, session: AsyncSession): self.session = session\n"
        "    async def one(self, n: int) -> Any: return await self.session.get(User, n)\n"
        "@app.get('/x')\nasync def show() -> int:\n    async with make_async_session() as session:\n        users = Users(session)\n"
        "        return len(await asyncio.gather(users.one(1), users.one(2)))",
        ["TW025"],
    ),
    "TW025 leaves a session for each": (
        "async def find(n: int) -> Any:\n    async with make_async_session() as session: return await session.get(User, n)\n"
        "@app.get('/x')\nasync def show() -> int: return len(await asyncio.gather(find(1), find(2)))",
        [],
    ),
    "TW025 leaves one use": (
        "async def find(session: AsyncSession) -> Any: return await session.get(User, 1)\n"
        "@app.get('/x')\nasync def show() -> int:\n    async with make_async_session() as session:\n"
        "        return len(await asyncio.gather(find(session), pause()))",
        [],
    ),
    "TW026 sees a factory as a dependency": (
        "@app.get('/x')\ndef show(session: Annotated[Session, Depends(make_session)]) -> bool: return session.is_active", ["TW026"],
    ),
    "TW026 leaves what the endpoint closes": (
        "def opened() -> Session: return make_session()\n@app.get('/x')\n"
        "def show(session: Annotated[Session, Depends(opened)]) -> bool:\n    with session: return session.is_active",
        [],
    ),
    "TW027 sees a transaction around the yield": (
        "async def opened() -> AsyncIterator[AsyncSession]:\n    async with make_async_session() as session:\n"
        "        async with session.begin():\n            yield session\n"
        "@app.get('/x')\nasync def show(session: Annotated[AsyncSession, Depends(opened)]) -> bool: return session.is_active",
        ["TW027"],
    ),
    "TW028 leaves a router that is mounted, for a path or a host": (
        "from starlette.routing import Host\nfirst, second = Router(), Router()\n@first.get('/x')\nasync def one() -> int: return 1\n"
        "@second.get('/y')\nasync def two() -> int: return 2\napp.mount('/first', first)\napp.host('second.example', second)",
        [],
    ),
    "rules look into a router that is mounted": (
        "first, second = Router(), Router()\n@first.get('/x')\nasync def one() -> int:\n    time.sleep(1)\n    await pause()\n    return 1\n"
        "@second.get('/y')\nasync def two() -> int:\n    time.sleep(1)\n    await pause()\n    return 2\n"
        "app.mount('/first', first)\napp.host('second.example', second)",
        ["TW001", "TW001"],
    ),
    "rules look for the handlers around a router that is mounted": (
        "class NotFound(Exception): ...\ninner = Router()\n@inner.get('/x')\nasync def one() -> int: raise NotFound\n"
        "app.mount('/inner', inner)\n@app.exception_handler(NotFound)\nasync def answer(request: Request, error: NotFound) -> Any: ...",
        [],
    ),
    "TW028 leaves a router inside another": (
        "inner, outer = Router(), Router()\n@inner.get('/x')\nasync def show() -> int: return 1\n"
        "outer.include_router(inner)\napp.include_router(outer)",
        [],
    ),
    "TW028 leaves the callbacks of an endpoint": (
        "calls = Router()\n@calls.post('{$request.body#/url}')\nasync def called() -> None: ...\n"
        "@app.get('/x', callbacks=calls.routes)\nasync def show() -> int: return 1",
        [],
    ),
    "TW028 leaves webhooks": (
        "hooks = Router()\n@hooks.post('shipped')\nasync def called() -> None: ...\n"
        "app = Typeway(webhooks=hooks)\n@app.get('/x')\nasync def show() -> int: return 1",
        [],
    ),
    "TW028 leaves a router whose endpoint is called": (
        "router = Router()\n@router.get('/y')\nasync def inner() -> int: return 1\n"
        "@app.get('/x')\nasync def show() -> int: return await router.routes[0].endpoint()",
        [],
    ),
    "TW028 sees a router beside one whose endpoint is called": (
        "router = Router()\nother = Router()\n@router.get('/y')\nasync def inner() -> int: return 1\n@other.get('/z')\nasync def never() -> int: return 1\n"
        "@app.get('/x')\nasync def show() -> int: return await router.routes[0].endpoint()",
        ["TW028"],
    ),
    "TW028 is not sure of a router in a list": (
        "router = Router()\n@router.get('/y')\nasync def inner() -> int: return 1\nmore = [router]\n"
        "@app.get('/x')\nasync def show() -> int: return 1",
        [],
    ),
    "TW028 is not sure where a setting decides": (
        "router = Router()\n@router.get('/x')\nasync def show() -> int: return 1\nif app.debug:\n    app.include_router(router)", [],
    ),
}  # fmt: skip


SHARED = (
    "from sqlalchemy import and_, or_, exists, ForeignKey\nfrom sqlalchemy.orm import relationship\n"
    "class Note(Base):\n    __tablename__ = 'notes'\n    id: Mapped[int] = mapped_column(primary_key=True)\n    owner_id: Mapped[int]\n"
    "    text: Mapped[str]\n    shares: Mapped[list['Share']] = relationship()\n"
    "class Share(Base):\n    __tablename__ = 'shares'\n    id: Mapped[int] = mapped_column(primary_key=True)\n    user_id: Mapped[int]\n"
    "    note_id: Mapped[int] = mapped_column(ForeignKey('notes.id'))\n"
    "@app.post('/notes')\ndef add() -> None: make_session().add(Note(id=1))\n"
    "@app.get('/notes', response_model=list[Shown])\ndef show(me: int, text: str):\n    query = select(Note)\n"
    "    return make_session().scalars(query.{}).all()\n"
)
NARROWED = {
    "and_": "where(and_(Note.text != text, Note.owner_id == me))",
    "and_ inside of it": "where(and_(Note.text != text, and_(Note.id > 3, Note.owner_id == me)))",
    "&": "where((Note.text != text) & (Note.owner_id == me))",
    "or_ of two that narrow": "where(or_(Note.owner_id == me, Note.id.in_([1])))",
    "|": "where((Note.owner_id == me) | (Note.id == me))",
    "or_ inside of and_": "where(and_(Note.text != text, or_(Note.owner_id == me, Note.id == me)))",
    "any()": "where(Note.shares.any(Share.user_id == me))",
    "any() of several": "where(Note.shares.any(and_(Share.user_id == me, Share.id > 3)))",
    "exists()": "where(exists().where(Share.note_id == Note.id, Share.user_id == me))",
    "a join and a condition": "join(Share, Share.note_id == Note.id).where(Share.user_id == me)",
    "a condition of the join": "join(Share, and_(Share.note_id == Note.id, Share.user_id == me))",
    "a choice of two that narrow": "where(Note.owner_id == me if text else Note.id == me)",
}
OPEN_END = {
    "another comparison": "where(and_(Note.text != text, Note.id > 3))",
    "or_ with one that does not": "where(or_(Note.owner_id == me, Note.text != text))",
    "| with one that does not": "where((Note.owner_id == me) | (Note.text != text))",
    "a join alone": "join(Share, Share.note_id == Note.id)",
    "any() of a constant": "where(Note.shares.any(Share.user_id == 1))",
    "exists() that links only": "where(exists().where(Share.note_id == Note.id))",
    "a choice with one that does not": "where(Note.owner_id == me if text else Note.id > me)",
}


REPOSITORIES = (
    "class Users:\n    def __init__(self, session: AsyncSession): self.session = session\n"
    "    async def count(self) -> Any: return await self.session.get(User, 1)\n"
    "class Notes(Users):\n    async def count(self) -> Any: return await self.session.get(User, 2)\n"
    "async def opened() -> AsyncIterator[AsyncSession]:\n    async with make_async_session() as session: yield session\n"
    "Opened = Annotated[AsyncSession, Depends(opened)]\n"
    "def users_of(session: Opened) -> Users: return Users(session)\n"
    "def notes_of(session: Opened) -> Notes: return Notes(session)\n"
    "Fresh = Annotated[AsyncSession, Depends(opened, use_cache=False)]\n"
    "def own_notes(session: Fresh) -> Notes: return Notes(session)\n"
)
BOTH = "    return len(await asyncio.gather(users.count(), notes.count()))"
ONE_SESSION = {
    "two objects made with it": ("session: Opened", "    users, notes = Users(session), Notes(session)\n" + BOTH, 1),
    "two objects made one after the other": (
        "session: Opened", "    users = Users(session)\n    notes = Notes(session=session)\n" + BOTH, 1,
    ),
    "two objects from dependencies": (
        "users: Annotated[Users, Depends(users_of)], notes: Annotated[Notes, Depends(notes_of)]", BOTH, 1,
    ),
    "not one each": ("", "    users, notes = Users(make_async_session()), Notes(make_async_session())\n" + BOTH, 0),
    "not one each from dependencies": (
        "users: Annotated[Users, Depends(users_of)], notes: Annotated[Notes, Depends(own_notes)]", BOTH, 0,
    ),
    "not one after the other": (
        "session: Opened", "    users, notes = Users(session), Notes(session)\n    return await users.count() + await notes.count()", 0,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("parameters", "body", "count"), ONE_SESSION.values(), ids=list(ONE_SESSION))
def test_objects_that_hold_one_session_share_it(check: Check, parameters: str, body: str, count: int) -> None:
    """TW025: two repositories with the session of the request use one session."""
    source = f"{REPOSITORIES}@app.get('/x')\nasync def show({parameters}) -> int:\n{body}"
    assert check(HEAD + source).codes == ["TW025"] * count


CORE = {
    "all columns": ("select(people)", "engine.connect()", 1),
    "all columns, with a session": ("select(people)", "make_session()", 1),
    "a class": ("select(User)", "engine.connect()", 1),
    "text": ("text('SELECT * FROM people')", "engine.connect()", 1),
    "not the columns that it names": ("select(people.c.id, people.c.name)", "engine.connect()", 0),
    "not columns of a list": ("select(*[people.c.id])", "engine.connect()", 0),
    "not the columns of a class": ("select(User.id)", "make_session()", 0),
}


@pytest.mark.parametrize(("statement", "held", "count"), CORE.values(), ids=list(CORE))
def test_a_statement_that_names_its_columns_is_no_whole_row(
    check: Check, statement: str, held: str, count: int
) -> None:
    """TW007: with SQLAlchemy's Core too, it counts whether the statement selects everything."""
    source = (
        "from sqlalchemy import Column, Integer, MetaData, String, Table, text\n"
        "people = Table('people', MetaData(), Column('id', Integer), Column('name', String), Column('password', String))\n"
        "@app.get('/x')\ndef show(n: int) -> Any:\n"
        f"    row = {held}.execute({statement}).mappings().first()\n    return dict(row)"
    )
    assert check(HEAD + source).codes == ["TW007"] * count


PREFIXED = {
    "a router's prefix": ("Router(prefix='/teams/{team_id}')", "", "team: int", 1),
    "an inclusion's prefix": ("Router()", "/teams/{team_id}", "team: int", 1),
    "not where it is taken": ("Router(prefix='/teams/{team_id}')", "", "team_id: int", 0),
    "not where a dependency takes it": (
        "Router(prefix='/teams/{team_id}')", "", "team: int, found: Annotated[int, Depends(find)]", 0,
    ),
    "not where the request is taken": ("Router(prefix='/teams/{team_id}')", "", "team: int, request: Request", 0),
    "not where the query may lack it": ("Router(prefix='/teams/{team_id}')", "", "team: int = 0", 0),
    "not where the query is said to have it": ("Router(prefix='/teams/{team_id}')", "", "team: Annotated[int, Query()]", 0),
    "not another thing": ("Router(prefix='/teams/{team_id}')", "", "word: str", 0),
    "not the key of another thing": ("Router(prefix='/teams/{team_id}')", "", "user_id: int", 0),
}  # fmt: skip


@pytest.mark.parametrize(("router", "prefix", "parameters", "count"), PREFIXED.values(), ids=list(PREFIXED))
def test_a_name_in_a_prefix_that_a_parameter_means_is_found(
    check: Check, router: str, prefix: str, parameters: str, count: int
) -> None:
    """TW020: a parameter that should be in the path is in the query, because it has another name than the prefix."""
    head = f"def find(team_id: int) -> int: return team_id\nrouter = {router}\n@router.get('/members')\n"
    source = (
        f"{head}def show({parameters}) -> str: return f'{{locals()}}'\napp.include_router(router, prefix='{prefix}')"
    )
    assert check(HEAD + source).codes == ["TW020"] * count


COLLECTED = {
    "nobody gets them": ("tasks = BackgroundTasks()\n    tasks.add_task(print, 1)\n    return 1", 1),
    "in a condition": ("tasks = BackgroundTasks()\n    if n: tasks.add_task(print, 1)\n    return 1", 1),
    "not what a response gets": (
        "tasks = BackgroundTasks()\n    tasks.add_task(print, 1)\n    return JSONResponse(1, background=tasks)", 0,
    ),
    "not what a function gets": ("tasks = BackgroundTasks()\n    tasks.add_task(print, 1)\n    return run(tasks)", 0),
    "not what is called": ("tasks = BackgroundTasks()\n    tasks.add_task(print, 1)\n    await tasks()\n    return 1", 0),
    "not what an inner function has": (
        "tasks = BackgroundTasks()\n    tasks.add_task(print, 1)\n    def give(): return tasks\n    return run(give)", 0,
    ),
    "not the framework's": ("given.add_task(print, 1)\n    return 1", 0),
}  # fmt: skip


@pytest.mark.parametrize(("body", "count"), COLLECTED.values(), ids=list(COLLECTED))
def test_background_tasks_that_no_response_gets_never_run(check: Check, body: str, count: int) -> None:
    """TW022: the framework runs those that it has made itself, and those of a response."""
    head = "from typeway import BackgroundTasks\ndef run(tasks: Any) -> Any: return tasks\n"
    source = f"{head}@app.get('/x')\nasync def show(given: BackgroundTasks, n: int = 0) -> Any:\n    {body}"
    assert check(HEAD + source).codes == ["TW022"] * count


@pytest.mark.parametrize("condition", NARROWED.values(), ids=list(NARROWED))
def test_a_list_that_a_condition_narrows_is_left_alone(check: Check, condition: str) -> None:
    """TW011: the rows of one person are no more than one person has, wherever in the condition that is said."""
    assert check(HEAD + SHARED.format(condition), "--all", "--select", "TW011").codes == []


@pytest.mark.parametrize("condition", OPEN_END.values(), ids=list(OPEN_END))
def test_a_list_that_no_condition_narrows_is_found(check: Check, condition: str) -> None:
    """TW011: a condition that most rows may fulfil limits nothing."""
    assert check(HEAD + SHARED.format(condition), "--select", "TW011").codes == ["TW011"]


@pytest.mark.parametrize(("source", "codes"), RULES.values(), ids=list(RULES))
def test_edges(check: Check, source: str, codes: list[str]) -> None:
    """A rule finds what it says, and stays silent where it does not know."""
    outcome = check(HEAD + source)
    assert sorted(map(str, outcome.codes)) == codes, outcome.out


@pytest.mark.parametrize("pattern", ["https?://.+", ".*", "^.*$", "https://.*", "http.*"])
def test_a_pattern_that_fits_every_origin_is_found(check: Check, pattern: str) -> None:
    """TW016: the pattern is tried on origins that nobody would name."""
    source = f"{HEAD}from typeway.middleware.cors import CORSMiddleware\n"
    source += f"app.add_middleware(CORSMiddleware, allow_origin_regex={pattern!r}, allow_credentials=True)"
    assert check(source).codes == ["TW016"]


CORS = {
    "nothing says who asks": ("", "['*']", "low"),
    "a cookie that is read": ("request.cookies.get('name')", "['*']", "high"),
    "a cookie that is declared": ("Cookie()", "['*']", "high"),
    "a scheme with a cookie": ("APIKeyCookie(name='id')", "['*']", "high"),
    "a scheme with a password": ("HTTPBasic()", "['*']", "high"),
    "a key in a header": ("APIKeyHeader(name='key')", "['*']", "low"),
    "a token in a header": ("HTTPBearer()", "['*']", "low"),
    "a header read by hand": ("request.headers['Authorization']", "['*']", "low"),
    "a cookie of a response": ("Response().set_cookie('a')", "['*']", "high"),
    "a class with a cookie": ("CookieTransport = None", "['*']", "high"),
    "the name of a cookie": ("session_cookie = 1", "['*']", "high"),
    "a header that sets one": ("headers = {'Set-Cookie': 'a=1'}", "['*']", "high"),
    "a header that is asked for": ("request.headers.get('cookie')", "['*']", "high"),
    "a header for another server": ("headers = {'Cookie': 'a=1'}", "['*']", "low"),
    "the cookies of a client": ("client = cookies = None; client.cookies if client else cookies", "['*']", "low"),
    "a setting": ("SETTING.count('cookie')", "['*']", "low"),
    "a jar": ("CookieJar = None", "['*']", "low"),
    "a cookie read by hand": ("request.headers['Cookie']", "['*']", "high"),
    "a comment": ("1  # the client has no cookie", "['*']", "low"),
    "open where it is developed": ("request.cookies", "['*'] if DEBUG else ['https://a.example']", None),
    "open outside production": ("request.cookies", "local_or(DEBUG)", None),
    "open for a test": ("request.cookies", "chosen", None),
    "open where a list says so": ("request.cookies", "['*'] if not NAMES else NAMES", "high"),
    "open everywhere": ("request.cookies", "both", "high"),
    "read from settings": ("request.cookies", "SETTING", "high"),
}
OPENED = """
import os
from fastapi import FastAPI, Request, Response, Depends
from fastapi.middleware.cors import CORSMiddleware
DEBUG, NAMES, SETTING = True, [], "*".split()
chosen, both = ['https://a.example'], ['*']
if not os.environ.get('IS_PRODUCTION'):
    chosen.append('*')
    both = ['*', 'http://localhost']
app = FastAPI()
"""


@pytest.mark.parametrize(("line", "origins", "confidence"), CORS.values(), ids=list(CORS))
def test_open_origins_matter_where_browsers_say_who_asks(
    tmp_path: Path, line: str, origins: str, confidence: str | None
) -> None:
    """TW016: a page can use the cookies and passwords that a browser sends by itself, and no key that it would have to know."""
    added = f"app.add_middleware(CORSMiddleware, allow_origins={origins}, allow_credentials=True)\n"
    if origins == "local_or(DEBUG)":
        added = f"if DEBUG:\n    {added.replace(origins, 'SETTING')}"
    name = line.partition("(")[0]
    is_scheme = name.startswith(("APIKey", "HTTP"))
    uses = f"from fastapi{'.security' * is_scheme} import {name}\n" if is_scheme or name == "Cookie" else ""
    parameter = f", who: str = {f'Depends({line})' if is_scheme else line}" if uses else ""
    endpoint = (
        f"@app.get('/x')\nasync def show(request: Request{parameter}) -> int:\n    {line * (not uses)}\n    return 1"
    )
    (tmp_path / "main.py").write_text(uses + OPENED + added + endpoint)
    # In a process of its own, because what `import fastapi` means is changed for good.
    command = [sys.executable, "-m", "typeway", "check", "--compat", "--no-cache", "--all", "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100, cwd=tmp_path)
    found = [(finding["code"], finding["confidence"]) for finding in json.loads(done.stdout)["findings"]]
    assert found == ([] if confidence is None else [("TW016", confidence)]), done.stderr


def test_a_pattern_for_some_origins_is_left_alone(check: Check) -> None:
    """TW016: a pattern for the subdomains of one domain lets in no stranger."""
    source = f"{HEAD}from typeway.middleware.cors import CORSMiddleware\n"
    source += r"app.add_middleware(CORSMiddleware, allow_origin_regex=r'https://[a-z]+\.example\.com', allow_credentials=True)"
    assert check(source).codes == []


def test_a_router_that_only_the_application_of_a_package_imports_is_found(check: Check, tmp_path: Path) -> None:
    """TW028: the modules that the application's own module imports count, though no endpoint leads to them."""
    (tmp_path / "shop").mkdir()
    router = "from typeway import Router\nrouter = Router()\n@router.get('/{name}')\ndef show() -> int: return 1\n"
    files = {
        "shop/__init__.py": "",
        "shop/users.py": router.replace("{name}", "users"),
        "shop/tasks.py": router.replace("{name}", "tasks"),
        "shop/main.py": "from shop import tasks, users\nfrom typeway import Typeway\napp = Typeway()\napp.include_router(users.router)",
    }
    assert check("", "shop.main:app", **files).places == ["TW028 shop/tasks.py:2"]
