"""The edges of the rules about updates, answers, protection, exceptions, limits, tasks, sessions and routers."""
# ruff: noqa: ISC004  (sources of several lines)

import sys
from pathlib import Path

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check
from tests.check.test_rules import ADDS, HEAD
from typeway.testclient import TestClient

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
    "fields in a dict": "stored.update({'title': change.title, 'note': change.note})",
    "fields of a document": "stored.update_one({'_id': n}, {'$set': {'title': change.title, 'note': change.note}})",
    "fields of a new row": "make_session().merge(User(id=n, title=change.title, note=change.note))",
    "a function that sets all that it is given": "set_all(change.model_dump())",
    "a loop over the items": "for name, value in change.model_dump().items(): stored[name] = value",
}
TAKES_SENT = {
    "what may be left out is left out": "stored.update(change.model_dump(exclude={'title', 'note'}))",
    "what may be left out is on a list of the module": "stored.update(change.model_dump(exclude=OPTIONAL))",
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
    "a function that goes over what is not None": "set_some(n, change.model_dump())",
    "one field in a dict": "stored.update({'title': change.title})",
    "what was stored where nothing was sent": "make_session().merge(User(id=n, title=change.title or stored['title'], note=change.note or 1))",
    "a question": "make_session().query(User).filter_by(title=change.title, note=change.note).first()",
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
    "def set_all(values):\n    for name, value in values.items(): stored[name] = value\n"
    "def set_some(n, values):\n    for name, value in values.items():\n        if value is not None: stored[name] = value\n"
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
    return f"{HEAD}{PATCH}{CRUD}OPTIONAL = {{'title', 'note'}}\n@app.patch('/x/{{n}}')\ndef change_it(n: int, change: Change) -> None:\n    {body}\n"


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


REFUSED = (
    "class Refused(HTTPException):\n    def __init__(self) -> None: super().__init__(status_code=401)\n"
    "refused = HTTPException(403)\ndef refusal(code: int) -> HTTPException: return HTTPException(code)\n"
)


@pytest.mark.parametrize("made", ["Refused()", "Refused", "refused", "refusal(403)"])
def test_a_guard_may_refuse_with_any_error(check: Check, made: str) -> None:
    """TW010: the status of an own class, of an error of the module, or of one that a function makes, counts too."""
    guards = OWN_GUARD.replace("HTTPException(401)", made)
    source = f"{HEAD}{REFUSED}{guards}@app.delete('/safe1')\nasync def put_down() -> None: ...\n"
    assert check(source, "--select", "TW010").codes == ["TW010"]


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
    "TW020 sees a Request that nothing asks for the path": (
        "def agent(request: Request) -> str: return request.headers['user-agent']\n"
        "@app.get('/{name}/docs')\nasync def show(request: Request) -> str: return agent(request)", ["TW020"],
    ),
    "TW020 leaves a function that asks the Request for the path": (
        "def name_of(request: Request) -> str: return request.path_params['name']\n"
        "@app.get('/{name}/docs')\nasync def show(request: Request) -> str: return name_of(request)", [],
    ),
    "TW020 leaves a dependency that asks the Request for its URL": (
        "def path_of(request: Request) -> str: return request.url.path\n"
        "@app.get('/{name}/docs')\nasync def show(request: Request, path: str = Depends(path_of)) -> str: return path", [],
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
    "TW009 leaves fields that a list of the module leaves out": (
        "class Task(BaseModel):\n    title: str\n    created_at: str = ''\nstored = {}\nSKIPPED = frozenset({'created_at'})\n"
        "@app.post('/x')\nasync def one(task: Task) -> Task:\n    stored.update(task.model_dump(exclude=SKIPPED))\n    return task",
        [],
    ),
    "TW009 leaves fields that a list of the class leaves out": (
        "class Task(BaseModel):\n    title: str\n    created_at: str = ''\nstored = {}\n"
        "class Tasks:\n    skipped = ('created_at',)\n    def add(self, task):\n"
        "        for name, value in task:\n            if name not in self.skipped: stored[name] = value\n"
        "@app.post('/x')\nasync def one(task: Task) -> Task:\n    Tasks().add(task)\n    return task",
        [],
    ),
    "TW009 is not silenced by a list of other fields": (
        "class Task(BaseModel):\n    title: str\n    created_by: str = ''\nstored = {}\nSKIPPED = {'created_at'}\n"
        "@app.post('/x')\nasync def one(task: Task) -> Task:\n    stored.update(task.model_dump(exclude=SKIPPED))\n    return task",
        ["TW009"],
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
    "TW011 sees a list in a model": (
        ADDS + "class Page(BaseModel):\n    items: list[Shown]\n    total: int\n@app.get('/x')\ndef show() -> Page:\n"
        "    rows = make_session().scalars(select(User)).all()\n    return Page(items=rows, total=len(rows))",
        ["TW011"],
    ),
    "TW011 sees a list in a dict": (
        ADDS + "@app.get('/x', response_model=dict[str, Any])\ndef show():\n"
        "    answer = {'items': [Shown(id=user.id) for user in make_session().scalars(select(User)).all()]}\n    return answer",
        ["TW011"],
    ),
    "TW011 leaves a limited list in a model": (
        ADDS + "class Page(BaseModel):\n    items: list[Shown]\n@app.get('/x')\ndef show() -> Page:\n"
        "    return Page(items=make_session().scalars(select(User).limit(9)).all())",
        [],
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
    "TW022 sees a name that only gives the task one": (
        "@app.get('/x')\nasync def show() -> int:\n    task = asyncio.create_task(pause())\n    task.set_name('x')\n    return 1",
        ["TW022"],
    ),
    "TW022 leaves a task that a list keeps": (
        "tasks = []\n@app.get('/x')\nasync def show() -> int:\n    task = asyncio.create_task(pause())\n    task.set_name('x')\n"
        "    tasks.append(task)\n    return 1",
        [],
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
        "    session.get(User, 1)\n    tasks.add_task(work, session)\n    return 1",
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
    "TW023 and TW025 leave own functions that are called like theirs": (
        "class Tasks:\n    async def add_task(self, session, n): ...\n    async def create_task(self, session, n): await session.get(User, n)\n"
        "tasks = Tasks()\nasync def opened() -> AsyncIterator[AsyncSession]:\n    async with make_async_session() as session: yield session\n"
        "@app.get('/x')\nasync def show(session: Annotated[AsyncSession, Depends(opened)]) -> None:\n"
        "    await tasks.add_task(session, 1)\n    await tasks.create_task(session, 1)\n    await tasks.create_task(session, 2)",
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
    "TW027 sees a driver's transaction around what is yielded": (
        "import aiosqlite\npool: Any = None\nasync def opened() -> AsyncIterator[aiosqlite.Connection]:\n    async with pool.acquire() as one:\n"
        "        async with one.transaction(): yield one\n"
        "@app.get('/x')\nasync def show(one: Annotated[Any, Depends(opened)]) -> bool: return bool(one)",
        ["TW027"],
    ),
    "TW027 leaves a transaction that only reads": (
        "import aiosqlite\npool: Any = None\nasync def opened() -> AsyncIterator[aiosqlite.Connection]:\n    async with pool.acquire() as one:\n"
        "        async with one.transaction(readonly=True): yield one\n"
        "@app.get('/x')\nasync def show(one: Annotated[Any, Depends(opened)]) -> bool: return bool(one)",
        [],
    ),
    "TW024 sees what a function gives that is given a class": (
        "from typing import TypeVar\nT = TypeVar('T')\nclass Users:\n    async def find(self) -> int: return 1\n"
        "class Provider:\n    made: dict[Any, Any] = {}\n    async def get(self, kind: type[T]) -> T: return self.made[kind]\n"
        "@app.get('/x')\nasync def show(given: Annotated[Provider, Depends()]) -> str:\n"
        "    users = await given.get(Users)\n    users.find()\n    return ''",
        ["TW024"],
    ),
    "TW024 sees what a context variable is set to": (
        "from contextvars import ContextVar\nclass Users:\n    async def find(self) -> int: return 1\n"
        "KEPT: ContextVar[Any] = ContextVar('kept')\ndef keep() -> None: KEPT.set(Users())\n"
        "@app.get('/x')\nasync def show() -> str:\n    KEPT.get().find()\n    return ''",
        ["TW024"],
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
    "from sqlalchemy import and_, cast, or_, exists, func, ForeignKey, String\nfrom sqlalchemy.orm import relationship\n"
    "class Note(Base):\n    __tablename__ = 'notes'\n    id: Mapped[int] = mapped_column(primary_key=True)\n    owner_id: Mapped[int]\n"
    "    text: Mapped[str]\n    shares: Mapped[list['Share']] = relationship()\n"
    "class Share(Base):\n    __tablename__ = 'shares'\n    id: Mapped[int] = mapped_column(primary_key=True)\n    user_id: Mapped[int]\n"
    "    note_id: Mapped[int] = mapped_column(ForeignKey('notes.id'))\n"
    "@app.post('/notes')\ndef add() -> None: make_session().add(Note(id=1))\n"
    "@app.get('/notes', response_model=list[Shown])\ndef show(me: int, text: str, maybe: str = ''):\n    query = select(Note)\n"
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
    "lower()": "where(func.lower(Note.text) == func.lower(text))",
    "lower() on the other side": "where(func.lower(text) == func.lower(Note.text))",
    "trim() and lower()": "where(func.trim(func.lower(Note.text)) == text.lower().strip())",
    "lower() of Python": "where(func.lower(Note.text) == text.lower())",
    "a cast": "where(cast(Note.owner_id, String) == text)",
    "a cast of a method": "where(Note.owner_id.cast(String) == text)",
    "a collation": "where(Note.text.collate('C') == text)",
    "a collation of lower()": "where(func.lower(Note.text).collate('C') == text)",
    "the value first": "where(me == Note.owner_id)",
    "a choice of two that narrow": "where(Note.owner_id == me if text else Note.id == me)",
}
OPEN_END = {
    "another comparison": "where(and_(Note.text != text, Note.id > 3))",
    "or_ with one that does not": "where(or_(Note.owner_id == me, Note.text != text))",
    "| with one that does not": "where((Note.owner_id == me) | (Note.text != text))",
    "a join alone": "join(Share, Share.note_id == Note.id)",
    "any() of a constant": "where(Note.shares.any(Share.user_id == 1))",
    "exists() that links only": "where(exists().where(Share.note_id == Note.id))",
    "lower() of a constant": "where(func.lower(Note.text) == func.lower('x'))",
    "a year": "where(func.length(Note.text) == me)",
    "a join by lower()": "join(Share, func.lower(Share.note_id) == func.lower(Note.id))",
    "a text that may be anywhere": "where(Note.text.ilike('%x%'))",
    "a text that may be left out": "where(Note.text.ilike(f'%{maybe}%'))",
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
OBJECTS = (
    "from dataclasses import dataclass\nclass Deep:\n    title: str\n    def __init__(self, session: Opened):\n"
    "        self.users = Users(session)\n        self.notes = Notes(session=session)\n"
    "    async def both(self) -> Any: return await self.users.count(), await self.notes.count()\n"
    "    def plain(self) -> str: return self.title\n    def number(self) -> int: return hash(self.users)\n"
    "    async def at_once(self) -> Any:\n        async with asyncio.TaskGroup() as group:\n"
    "            group.create_task(self.users.count())\n            group.create_task(self.notes.count())\n"
    "class Deeper(Deep):\n    def __init__(self, session: Opened):\n        super().__init__(session)\n        self.own = session\n"
    "@dataclass\nclass Kept:\n    users: Users\ndef keep(session: Opened) -> Kept: return Kept(Users(session))\n"
    "def call(thing: Any) -> None: ...\n"
)
BOTH = "    return len(await asyncio.gather(users.count(), notes.count()))"
GIVEN = {
    "a setting": "if app.debug: app.include_router(router)",
    "a function that a setting calls": "def more(): app.include_router(router)\nif app.debug: more()",
    "by name": "if app.debug: app.include_router(router=router)",
    "under another name": "def more():\n    from tasks import router as jobs\n    app.include_router(jobs)\nif app.debug: more()",
    "of a module": "def more():\n    import tasks as jobs\n    app.include_router(jobs.router)\nif app.debug: more()",
    "a table": "for one in {'x': router}.values() if app.debug else (): app.include_router(one)",
    "a function that gives it": "def get(): return router\nif app.debug: app.include_router(get())",
    "a choice": "one = router if app.debug else None\nif one: app.include_router(one)",
    "a mount": "if app.debug: app.mount('/x', app=router)",
    "an imported module": "import importlib\nif app.debug: app.include_router(importlib.import_module('tasks').router)",
    "a parameter": "def add(router): app.include_router(router)\nrouter = Router()\nif app.debug: add(router)",
    "not a table without it": "others = [Router()]\nfor router in others: app.include_router(router)",
    "not a table that is written out": "import second\nfor router in (second.router,): app.include_router(router)",
    "not another router": "other = Router()\nif app.debug: app.include_router(other)",
    "not a router of that name": "import second\nif app.debug: app.include_router(second.router)",
}  # fmt: skip


@pytest.mark.parametrize("name", GIVEN)
def test_a_setting_may_decide_whether_a_router_is_included(check: Check, name: str) -> None:
    """TW028: it is not sure where some code includes the router, however it is written."""
    router = "from typeway import Router\nrouter = Router()\n@router.get('/y')\nasync def never() -> int: return 1\n"
    source = f"from tasks import router\n@app.get('/x')\nasync def show() -> int: return 1\n{GIVEN[name]}"
    found = check(HEAD + source, "--all", tasks=router, second="from typeway import Router\nrouter = Router()").findings
    assert [(each["code"], each["confidence"]) for each in found] == [("TW028", "high" if name[:3] == "not" else "low")]


HANDED = {
    "what only the task uses": ("tasks.add_task(work, session)", "low"),
    "by name, to two tasks": ("tasks.add_task(work, session=session)\n    tasks.add_task(work, session)", "low"),
    "what the request uses too": ("await session.get(User, 1)\n    tasks.add_task(work, session)", "medium"),
    "what the request gives to another function": ("await work(session)\n    tasks.add_task(work, session)", "medium"),
    "a task beside": ("running.add(asyncio.create_task(work(session)))", "high"),
    "a task that is kept": ("task = asyncio.create_task(work(session))\n    running.add(task)", "high"),
    "a task that another function begins": ("begin(session)", "high"),
    "a background task of another function": ("add(tasks, session)", "low"),
    "a background task of another function, and a use": ("await session.get(User, 1)\n    add(tasks, session)", "medium"),
    "not a task that another function gives to await": ("await give(session)", None),
    "not a task that is awaited": ("await asyncio.create_task(work(session))", None),
    "not a task that is awaited later": ("task = asyncio.create_task(work(session))\n    await pause()\n    await task", None),
    "not tasks that are gathered": (
        "found = []\n    found.append(asyncio.create_task(work(session)))\n    await asyncio.gather(*found)", None,
    ),
    "not a task of a group": ("async with asyncio.TaskGroup() as group: group.create_task(work(session))", None),
    "a method of an object that holds it": ("tasks.add_task(deep.users.count)", "low"),
    "a method of an object that holds one that holds it": ("await deep.both()\n    tasks.add_task(deep.both)", "medium"),
    "such an object as an argument": ("tasks.add_task(call, deep)", "low"),
    "such an object in a dataclass": ("tasks.add_task(call, kept)", "low"),
    "a local name of such a method": ("users = deep.users\n    tasks.add_task(users.count)", "medium"),
    "an object that is made for the task": ("running.add(asyncio.create_task(Deep(session).both()))", "high"),
    "not a method that works without it": ("tasks.add_task(deep.plain)", None),
    "not a text of an object that holds it": ("tasks.add_task(call, deep.title)", None),
    "not the result of a method": ("tasks.add_task(call, deep.number())", None),
    "not an object with a session of its own": ("tasks.add_task(Deep(make_async_session()).both)", None),
}  # fmt: skip


@pytest.mark.parametrize(("body", "confidence"), HANDED.values(), ids=list(HANDED))
def test_a_task_may_use_a_session_while_it_is_open(check: Check, body: str, confidence: str | None) -> None:
    """TW023: a task that goes on without the request finds its session closed; a background task comes before that."""
    source = (
        "from typeway import BackgroundTasks\nrunning = set()\nasync def work(session: AsyncSession) -> None: await session.commit()\n"
        "def begin(session: AsyncSession) -> None: running.add(asyncio.create_task(work(session)))\n"
        "def give(session: AsyncSession) -> Any: return asyncio.create_task(work(session))\n"
        "def add(tasks: BackgroundTasks, session: AsyncSession) -> None: tasks.add_task(work, session)\n"
        f"{REPOSITORIES}{OBJECTS}@app.get('/x')\nasync def show(session: Opened, deep: Annotated[Deep, Depends()],\n"
        f"    kept: Annotated[Kept, Depends(keep)], tasks: BackgroundTasks) -> None:\n    {body}"
    )
    found = {finding["confidence"] for finding in check(HEAD + source, "--all", "--select", "TW023").findings}
    assert found == ({confidence} - {None})


ONE_SESSION = {
    "two objects made with it": ("session: Opened", "    users, notes = Users(session), Notes(session)\n" + BOTH, 1),
    "two objects made one after the other": (
        "session: Opened", "    users = Users(session)\n    notes = Notes(session=session)\n" + BOTH, 1,
    ),
    "two objects from dependencies": (
        "users: Annotated[Users, Depends(users_of)], notes: Annotated[Notes, Depends(notes_of)]", BOTH, 1,
    ),
    "two objects in one": ("deep: Annotated[Deep, Depends()]", "    return await deep.at_once()", 1),
    "two objects in one, from outside": (
        "deep: Annotated[Deep, Depends()]", "    await asyncio.gather(deep.users.count(), deep.notes.count())\n    return 1", 1,
    ),
    "an object in one, and the session": (
        "deep: Annotated[Deeper, Depends()]", "    await asyncio.gather(deep.users.count(), deep.own.get(User, 1))\n    return 1", 1,
    ),
    "not two objects in two": (
        "", "    one, two = Deep(make_async_session()), Deep(make_async_session())\n"
        "    await asyncio.gather(one.users.count(), two.users.count())\n    return 1", 0,
    ),
    "not one each": ("", "    users, notes = Users(make_async_session()), Notes(make_async_session())\n" + BOTH, 0),
    "not one each from dependencies": (
        "users: Annotated[Users, Depends(users_of)], notes: Annotated[Notes, Depends(own_notes)]", BOTH, 0,
    ),
    "not one after the other": (
        "session: Opened", "    users, notes = Users(session), Notes(session)\n    return await users.count() + await notes.count()", 0,
    ),
}  # fmt: skip

SHARES = (
    "import asyncpg, psycopg\nfrom sqlalchemy.ext.asyncio import AsyncConnection\nasync def opened() -> Any: ...\n"
    "async def count(held: Any, n: int) -> int: return n\n"
    "class Held:\n    def __init__(self, own: {0}) -> None: self.own = own\n    async def count(self, n: int) -> Any: return await self.own.execute(n)\n"
    "async def holder(own: Annotated[{0}, Depends(opened)]) -> Held: return Held(own)\n"
    "@app.get('/x')\nasync def show(held: Annotated[{1}, Depends({2})]) -> int:\n    {3}\n    return 1\n"
)
RAISES = {
    "AsyncSession": "high",
    "asyncpg.Connection": "high",
    "AsyncConnection": "low",
    "psycopg.AsyncConnection": "low",
}
SHARING = {
    "await asyncio.gather(count(held, 1), count(held, 2))": "opened",
    "await asyncio.gather(*(count(held, n) for n in range(3)))": "opened",
    "async with asyncio.TaskGroup() as group:\n        for n in range(3): group.create_task(count(held, n))": "opened",
    "await asyncio.gather(held.count(1), held.count(2))": "holder",
}  # fmt: skip


@pytest.mark.parametrize(("held", "confidence"), RAISES.items())
@pytest.mark.parametrize(("body", "provider"), SHARING.items())
def test_a_connection_with_a_lock_is_only_slow(
    check: Check, held: str, confidence: str, body: str, provider: str
) -> None:
    """TW025: a session raises an error; connections of SQLAlchemy and Psycopg do one thing after the other."""
    source = HEAD + SHARES.format(held, held if provider == "opened" else "Held", provider, body)
    found = check(source, "--all", "--select", "TW025").findings
    assert [finding["confidence"] for finding in found] == [confidence]
    assert ("each waits" in str(found[0]["message"])) is (confidence == "low")


@pytest.mark.parametrize(("parameters", "body", "count"), ONE_SESSION.values(), ids=list(ONE_SESSION))
def test_objects_that_hold_one_session_share_it(check: Check, parameters: str, body: str, count: int) -> None:
    """TW025: two repositories with the session of the request use one session."""
    source = f"{REPOSITORIES}{OBJECTS}@app.get('/x')\nasync def show({parameters}) -> int:\n{body}"
    assert check(HEAD + source).codes == ["TW025"] * count


OPENS = {
    "a method of an object": ("database.new()", 1),
    "a function": ("new()", 1),
    "a function and a name": ("named()", 1),
    "an own object around it": ("Users(make_async_session())", 1),
    "an own object around what a method opens": ("Users(database.new())", 1),
    "an object in an object": ("Deep(database.new())", 1),
    "an object that opens it": ("Opens(database)", 1),
    "not what is kept": ("kept()", 0),
    "not an object that can close it": ("Closes(make_async_session())", 0),
    "not an object that enters it for each call": ("Enters(make_async_session())", 0),
    "not an object that has the factory": ("Calls(make_async_session)", 0),
}


@pytest.mark.parametrize(("made", "count"), OPENS.values(), ids=list(OPENS))
def test_a_session_is_opened_wherever_the_call_is(check: Check, made: str, count: int) -> None:
    """TW026: what a dependency returns holds an open session, which another function or object has opened."""
    source = (
        f"{REPOSITORIES}{OBJECTS}class Database:\n    def __init__(self): self.factory = async_sessionmaker(engine)\n"
        "    def new(self) -> AsyncSession: return self.factory()\ndatabase = Database()\ndef new(): return make_async_session()\n"
        "def named():\n    session = new()\n    return session\none = None\n"
        "def kept() -> AsyncSession:\n    global one\n    one = one or make_async_session()\n    return one\n"
        "class Opens:\n    def __init__(self, database: Database): self.session = database.new()\n"
        "class Closes(Users):\n    async def close(self) -> None: await self.session.close()\n"
        "class Enters(Users):\n    async def count(self) -> Any:\n        async with self.session as session: return session\n"
        "class Calls:\n    def __init__(self, factory: Any): self.factory = factory\n"
        f"def give() -> Any: return {made}\n@app.get('/x')\n"
        "async def show(thing: Annotated[Any, Depends(give)]) -> bool: return bool(thing)"
    )
    assert check(HEAD + source, "--all", "--select", "TW026").codes == ["TW026"] * count


COMMITS = {
    "a method of the object": ("    unit = Unit()\n    yield unit\n    await unit.commit()", "high"),
    "a function": (
        "    async with make_async_session() as session:\n        yield session\n        await save(session)",
        "medium",
    ),
    "a generator that is entered": ("    async with unit_of() as unit: yield unit", "high"),
    "a method that is entered": ("    async with Factory().unit() as unit: yield unit", "high"),
    "an object that is entered": ("    async with Leaves() as unit: yield unit", "medium"),
    "a name of it": ("    unit = Leaves()\n    async with unit: yield unit", "medium"),
    "not an object that only rolls back": ("    async with Unit() as unit: yield unit", None),
    "not a method that closes": ("    unit = Unit()\n    yield unit\n    await unit.close()", None),
    "not what is left before": ("    async with Leaves() as unit: pass\n    yield unit", None),
}


@pytest.mark.parametrize(("body", "confidence"), COMMITS.values(), ids=list(COMMITS))
def test_a_commit_is_late_wherever_it_is(check: Check, body: str, confidence: str | None) -> None:
    """TW027: a dependency commits after its `yield`, also by a method or by what it has entered around it."""
    source = (
        "class Unit:\n    session: AsyncSession\n    def __init__(self) -> None: self.session = make_async_session()\n"
        "    async def __aenter__(self) -> 'Unit': return self\n"
        "    async def __aexit__(self, *error: object) -> None: await self.session.rollback()\n"
        "    async def commit(self) -> None: await self.session.commit()\n"
        "    async def close(self) -> None: await self.session.close()\n"
        "class Leaves(Unit):\n    async def __aexit__(self, kind: Any, *error: object) -> None:\n"
        "        if kind is None: await self.session.commit()\n"
        "async def save(session: AsyncSession) -> None: await session.commit()\n"
        "@asynccontextmanager\nasync def unit_of():\n    unit = Unit()\n    yield unit\n    await unit.commit()\n"
        "class Factory:\n    @asynccontextmanager\n    async def unit(self):\n        unit = Unit()\n        yield unit\n"
        "        await unit.commit()\n"
        f"async def opened():\n{body}\n"
        "@app.get('/x')\nasync def show(unit: Annotated[Any, Depends(opened)]) -> bool: return bool(unit)"
    )
    found = {finding["confidence"] for finding in check(HEAD + source, "--all", "--select", "TW027").findings}
    assert found == ({confidence} - {None})


def test_a_late_commit_is_told_of_an_endpoint_that_writes(check: Check) -> None:
    """TW027: of the endpoints that depend on it the message names one that has something to commit, if there is one."""
    opened = "def opened() -> Iterator[Session]:\n    with make_session() as session:\n        yield session\n        session.commit()\n"
    shown = "@app.METHOD('/x')\ndef METHOD(session: Annotated[Session, Depends(opened)]) -> bool: return session.is_active\n"
    for methods, named in (("get patch", "PATCH /x"), ("get", "GET /x")):
        source = HEAD + opened + "".join(shown.replace("METHOD", method) for method in methods.split())
        (found,) = check(source, "--select", "TW027").findings
        assert f"the answer of {named} has" in str(found["message"])


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


VIEW = (
    "class View:\n    def __init__(self, path: str) -> None:\n        self.router = Router(prefix=path)\n"
    "        self.router.add_api_route('/y', self.read, methods=['GET'])\n    def read(self) -> int: return 1\n"
    "one, two = View('/one'), None\ntwo = View('/two')\nsection = Router(prefix='/all')\nsection.include_router(one.router)\n{}\napp.include_router(section)\n"
)
HELD_ROUTERS = {
    "nothing includes it": ("", "high"),
    "a setting decides": ("if app.debug: section.include_router(two.router)", "low"),
    "a loop may": ("for view in (one, two)[:1]: app.include_router(view.router)", "low"),
    "not what is included": ("section.include_router(two.router)", None),
}


@pytest.mark.parametrize(("line", "confidence"), HELD_ROUTERS.values(), ids=list(HELD_ROUTERS))
def test_a_router_of_an_object_is_one_too(check: Check, line: str, confidence: str | None) -> None:
    """TW028: the object of a class-based view has the router, and the module only the object."""
    found = check(HEAD + VIEW.format(line), "--all", "--select", "TW028").findings
    assert [each["confidence"] for each in found] == [confidence] * (confidence is not None)
    assert not found or "two.router" in str(found[0]["message"])


DOUBLED = {
    "of a router and its inclusion": ("Router(prefix='/tasks')", "app.include_router(router, prefix='/tasks')", 1),
    "of its inclusion in another": (
        "Router(prefix='/tasks')", "outer = Router(prefix='/api')\nouter.include_router(router, prefix='/tasks')\napp.include_router(outer)", 1,
    ),
    "of the outer ones": (
        "Router()", "outer = Router(prefix='/tasks')\nouter.include_router(router, prefix='/tasks')\napp.include_router(outer)", 1,
    ),
    "not of one prefix": ("Router(prefix='/tasks/tasks')", "app.include_router(router)", 0),
    "not with something between": ("Router(prefix='/v1/tasks')", "app.include_router(router, prefix='/tasks')", 0),
    "not of a path": ("Router()", "app.include_router(router, prefix='/list')", 0),
}  # fmt: skip


@pytest.mark.parametrize(("router", "included", "count"), DOUBLED.values(), ids=list(DOUBLED))
def test_a_prefix_that_is_there_twice_is_found_once(check: Check, router: str, included: str, count: int) -> None:
    """TW020: where router and inclusion both name the thing, all paths have it twice, and one prefix is the cause."""
    source = f"{HEAD}router = {router}\n@router.get('/list')\ndef show() -> int: return 1\n"
    source += f"@router.post('/more')\ndef add() -> int: return 1\n{included}\n"
    found = check(source, "--select", "TW020").findings
    assert [each["confidence"] for each in found] == ["medium"] * count


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


RETURNED = {
    # (what the endpoint returns, its declaration, how sure)
    "a dict and a number": ("{'a': n}, 404", "", "high"),
    "a list and a number": ("[n], 201", "", "high"),
    "nothing and a number": ("None, 404", "", "high"),
    "a response and a number": ("JSONResponse({}), 404", "", "high"),
    "a text and a number": ("'no', 404", "", "medium"),
    "a text and a status of the framework": ("'no', status.HTTP_404_NOT_FOUND", "", "high"),
    "a text and a status of Python": ("'no', HTTPStatus.NOT_FOUND", "", "high"),
    "its value": ("'no', HTTPStatus.NOT_FOUND.value", "", "high"),
    "what is not known and a number": ("request.state.found, 404", "", "medium"),
    "the status of another answer": ("request.state.found, request.state.answer.status_code", "", "high"),
    "with headers": ("{'a': n}, 404, {'x-a': 'b'}", "", "high"),
    "a model that is declared": ("Shown(id=n), 404", "-> Shown", "high"),
    "in a choice": ("({'a': n}, 404) if n else {}", "", "high"),
    "a status that is chosen": ("{'a': n}, 404 if n else 200", "", "high"),
    "by names": ("answer", "", "high"),
    "of a function": ("failed('no', 404)", "", "high"),
    "of a function's default": ("failed('no')", "", "high"),
    "of a function by a name": ("await run_in_threadpool(failed, 'no')", "", "high"),
    "of a function in a function": ("again()", "", "high"),
    "an exception": ("HTTPException(404)", "", "high"),
    "an exception of the author's": ("NotFound()", "", "high"),
    "an exception of the module": ("not_found", "", "high"),
    "an exception where a model is declared": ("HTTPException(404)", "-> Shown", "high"),
    "an exception that a function makes": ("made()", "", "high"),
    "an exception of a function that finds something": ("found(n)", "", "high"),
    "not a declared tuple": ("{'a': n}, 404", "-> tuple[dict[str, int], int]", None),
    "not a declared tuple of some": ("{'a': n}, 404", "-> tuple[dict[str, int], int] | None", None),
    "not two numbers": ("120, 300", "", None),
    "not a number that is no status": ("'red', 255", "", None),
    "not how many there are": ("[n], total", "", None),
    "not how many there are at most": ("[n], LIMIT", "", None),
    "not a sum and a number": ("n + 1, 200", "", None),
    "not three of a kind": ("'a', 200, 'b'", "", None),
    "not what is taken apart": ("JSONResponse(*failed('no'))", "", None),
    "not what a function asks about": ("told(n)", "", None),
    "not a part of it": ("split()", "", None),
    "not what this call cannot do": ("found(n, False)", "", None),
    "not a dict with an exception in it": ("{'error': str(NotFound())}", "", None),
}  # fmt: skip
ANSWERS = (
    "from http import HTTPStatus\nfrom typeway import status\nLIMIT = 200\nclass NotFound(Exception): ...\nnot_found = HTTPException(404)\n"
    "def failed(text, code=400): return {'error': text}, code\n"
    "def again():\n    result = failed('no', 404)\n    return result\ndef made(): return HTTPException(404)\n"
    "def found(n, is_strict=True):\n    if is_strict and n > 3: return HTTPException(404)\n    return {'n': n}\n"
    "def split():\n    body, code = failed('no')\n    return body\n"
    "def told(n):\n    answer = found(n)\n    if isinstance(answer, HTTPException): raise answer\n    return answer\n"
)


@pytest.mark.parametrize(("returned", "declared", "confidence"), RETURNED.values(), ids=list(RETURNED))
def test_a_status_beside_the_body_is_no_status(
    check: Check, returned: str, declared: str, confidence: str | None
) -> None:
    """TW029: what is returned in a tuple, or as an exception, is a body for the framework, whoever returns it."""
    source = (
        f"{ANSWERS}@app.get('/x')\nasync def show(request: Request, n: int, total: int = 3) {declared}:\n"
        f"    code = 404\n    answer = {{'a': n}}, code\n    return {returned}"
    )
    found = {finding["confidence"] for finding in check(HEAD + source, "--all", "--select", "TW029").findings}
    assert found == ({confidence} - {None})


BEFORE = {
    "an exception": ("    if n: return HTTPException(401)", "", 1),
    "an exception that is caught": ("    try: int(n)\n    except ValueError as error: return error", "", 1),
    "a tuple": ("    return None, 401", "", 1),
    "not a declared tuple": ("    return None, 401", "-> tuple[None, int]", 0),
    "not what the endpoint raises": ("    return HTTPException(409)", "", 0),
    "not what it raises": ("    if n: raise HTTPException(401)", "", 0),
}


@pytest.mark.parametrize(("body", "declared", "count"), BEFORE.values(), ids=list(BEFORE))
def test_a_dependency_that_returns_an_exception_ends_nothing(
    check: Check, body: str, declared: str, count: int
) -> None:
    """TW029: the endpoint gets the value of a dependency, whatever it is, unless it looks at it."""
    taken = "\n    raise given" if "409" in body else "\n    return str(given)"
    source = (
        f"def asked(n: str = '') {declared}:\n{body}\n@app.get('/x')\n"
        f"def show(given: Annotated[Any, Depends(asked)]) -> str:{taken}"
    )
    assert check(HEAD + source, "--all", "--select", "TW029").codes == ["TW029"] * count


OUTCOMES = {
    "a route": ("@app.get('/x')\nasync def show():", "{}, 404", "gets a 200 with the whole tuple as a JSON list"),
    "a route that creates": ("@app.post('/x', status_code=201)\nasync def show():", "{}, 404", "gets a 201 with"),
    "a declared model": ("@app.get('/x')\nasync def show() -> dict[str, int]:", "{}, 404", "declared, so the client gets a 500"),
    "a page": ("@app.get('/x', response_class=HTMLResponse)\nasync def show():", "'no', 404", "so the client gets a 500"),
    "an exception": ("@app.get('/x')\nasync def show():", "HTTPException(404)", "gets a 500, and from FastAPI a 200"),
    "an exception where a model is declared": ("@app.get('/x')\nasync def show() -> Shown:", "HTTPException(404)", "gets a 500."),
    "a handler": ("@app.exception_handler(KeyError)\nasync def show(request, error):", "{}, 404", "no response, so the client gets a 500"),
    "middleware": ("@app.middleware('http')\nasync def show(request, call_next):", "HTTPException(401)", "no response, so the client gets a 500"),
}  # fmt: skip


@pytest.mark.parametrize(("head", "returned", "said"), OUTCOMES.values(), ids=list(OUTCOMES))
def test_the_message_says_what_the_client_gets(check: Check, head: str, returned: str, said: str) -> None:
    """TW029: it is what the framework does, and the check of the message asks the framework."""
    source = f"{HEAD}from typeway.responses import HTMLResponse\n{head}\n    return {returned}\n"
    source += "@app.get('/y')\ndef fail() -> None: raise KeyError\n"
    [finding] = check(source, "--all", "--select", "TW029").findings
    assert said in str(finding["message"])
    client = TestClient(sys.modules["main"].app, raise_server_exceptions=False)
    answer = client.request("POST" if "post" in head else "GET", "/y" if "KeyError" in head else "/x")
    assert f"gets a {answer.status_code}" in str(finding["message"])


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


@pytest.mark.parametrize(
    ("pattern", "stranger"),
    {
        r"https://.*example\.com": "strangerexample.com",
        r"https?://[a-z0-9.-]*example\.co\.uk": "strangerexample.co.uk",
        r"https://example\.com.*": "example.com.stranger.test",
        ".*example.com.*": "example.com.stranger.test",
        r"https://.*\.example\.com": "",
        r"https://(.*\.)?example\.com(:\d+)?": "",
        r"https://[a-z-]+\.example\.com": "",
        r"https://app-.*\.vercel\.app": "",
        r"https://.*-team\.vercel\.app": "",
        r"https?://(localhost|127\.0\.0\.1)(:\d+)?": "",
        "https://example.com": "",
    }.items(),
)
def test_a_pattern_that_fits_the_name_of_a_domain_is_found(check: Check, pattern: str, stranger: str) -> None:
    """TW016: a domain may be part of the name of another one, which anybody may own; what only hosts below it have is fine."""
    source = f"{HEAD}from typeway.middleware.cors import CORSMiddleware\n"
    source += f"app.add_middleware(CORSMiddleware, allow_origin_regex={pattern!r}, allow_credentials=True)"
    outcome = check(source, "--all", "--select", "TW016")
    assert outcome.codes == ["TW016"] * bool(stranger)
    assert f"origins such as https://{stranger}: any web page there" in outcome.out or not stranger


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
    "a cookie of its own": ("request.cookies.get('a'); Response().set_cookie('a', 'b')", "['*']", "low"),
    "a cookie of its own that is strict": (
        "request.cookies['a']; Response().set_cookie(key=NAME, samesite='strict')",
        "['*']",
        "low",
    ),
    "a cookie that is asked for": (
        "'a' in request.cookies; Response().set_cookie(NAME, samesite='lax')",
        "['*']",
        "low",
    ),
    "a cookie for everybody": (
        "request.cookies.get('a'); Response().set_cookie('a', 'b', samesite='none')",
        "['*']",
        "high",
    ),
    "a cookie without a limit": (
        "request.cookies.get('a'); Response().set_cookie('a', 'b', samesite=None)",
        "['*']",
        "high",
    ),
    "a cookie that settings limit": (
        "request.cookies.get('a'); Response().set_cookie('a', samesite=app.extra['x'])",
        "['*']",
        "high",
    ),
    "a cookie that is stricter in production": (
        "request.cookies.get('a'); limit = 'lax' if DEBUG else 'strict'; Response().set_cookie('a', samesite=limit)",
        "['*']",
        "low",
    ),
    "a cookie that is for everybody where it is developed": (
        "request.cookies.get('a'); Response().set_cookie('a', samesite='none' if DEBUG else 'strict')",
        "['*']",
        "high",
    ),
    "a cookie that settings may limit": (
        "request.cookies.get('a'); limit = app.extra['x'] if DEBUG else 'lax'; Response().set_cookie('a', samesite=limit)",
        "['*']",
        "high",
    ),
    "a cookie with options": ("request.cookies.get('a'); Response().set_cookie('a', **app.extra)", "['*']", "high"),
    "a cookie of somebody else": ("request.cookies.get('b'); Response().set_cookie('a', 'b')", "['*']", "high"),
    "a cookie that is set twice": (
        "request.cookies.get('a'); Response().set_cookie('a'); Response().set_cookie(app.title, samesite='none')",
        "['*']",
        "high",
    ),
    "a function that gets a cookie of another server": ("app.fetch_csrf_cookie(1)", "['*']", "low"),
    "all cookies": ("print(request.cookies); Response().set_cookie('a')", "['*']", "high"),
    "a cookie that is declared and its own": ("Cookie()  # own", "['*']", "low"),
    "a session": ("request.session['a']", "['*']", "low"),
    "a session that is limited": ("request.session['a']  # same_site='strict'", "['*']", "low"),
    "a session for everybody": ("request.session['a']  # same_site='none'", "['*']", "high"),
    "a session beside a password": ("request.session['a']; HTTPBasic = 1", "['*']", "high"),
}
OPENED = """
import os
from fastapi import FastAPI, Request, Response, Depends
from fastapi.middleware.cors import CORSMiddleware
DEBUG, NAMES, SETTING, NAME = True, [], "*".split(), 'a'
chosen, both = ['https://a.example'], ['*']
if not os.environ.get('IS_PRODUCTION'):
    chosen.append('*')
    both = ['*', 'http://localhost']
app = FastAPI()
class Client:
    def fetch_csrf_cookie(self, client): return client.cookies
"""


@pytest.mark.parametrize(("line", "origins", "confidence"), CORS.values(), ids=list(CORS))
def test_open_origins_matter_where_browsers_say_who_asks(
    check: Check, line: str, origins: str, confidence: str | None
) -> None:
    """TW016: a page can use the cookies and passwords that a browser sends by itself, and no key that it would have to know."""
    added = f"app.add_middleware(CORSMiddleware, allow_origins={origins}, allow_credentials=True)\n"
    if origins == "local_or(DEBUG)":
        added = f"if DEBUG:\n    {added.replace(origins, 'SETTING')}"
    if "session[" in line:
        added += f"from starlette.middleware.sessions import SessionMiddleware\napp.add_middleware(SessionMiddleware, secret_key='x', {line.partition('# ')[2]})\n"
    name = line.partition("(")[0]
    is_scheme = name.startswith(("APIKey", "HTTP"))
    uses = f"from fastapi{'.security' * is_scheme} import {name}\n" if is_scheme or name == "Cookie" else ""
    line, is_own, _ = line.partition("  # own")
    added += "def log_in(response: Response): response.set_cookie('who', 'x')\n" * bool(is_own)
    parameter = f", who: str = {f'Depends({line})' if is_scheme else line}" if uses else ""
    endpoint = (
        f"@app.get('/x')\nasync def show(request: Request{parameter}) -> int:\n    {line * (not uses)}\n    return 1"
    )
    outcome = check(uses + OPENED + added + endpoint, "--compat", "--all")
    found = [(finding["code"], finding["confidence"]) for finding in outcome.findings]
    assert found == ([] if confidence is None else [("TW016", confidence)])


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


ROWS = {
    "a dict of it in a service": ("service.card()", 1),
    "a dict of it through a name": ("card", 1),
    "an object's own dict": ("service.row().as_all()", 1),
    "a dict of the object in a choice": ("service.maybe()", 1),
    "a statement of a class": ("dict(service.of_class()._mapping)", 1),
    "a statement of a module": ("service.of_module()._asdict()", 1),
    "a query of a class": ("vars(service.of_query())", 1),
    "not a method that names columns": ("service.row().to_dict()", 0),
    "not a service that names columns": ("service.named()", 0),
    "not a filter": ("service.filtered()", 0),
    "not names that are listed": ("service.listed()", 0),
    "not a statement that names columns": ("dict(service.of_columns()._mapping)", 0),
}


@pytest.mark.parametrize(("answer", "count"), ROWS.values(), ids=list(ROWS))
def test_a_row_is_followed_below_the_endpoint(check: Check, answer: str, count: int) -> None:
    """TW007: own functions and methods make dicts of rows too, and statements may be kept by a class or a module."""
    source = (
        "from sqlalchemy import text\nEVERY = text('SELECT * FROM users')\nPUBLIC = ('id',)\n"
        "class Dicts:\n    def as_all(self): return {column.name: getattr(self, column.name) for column in self.__table__.columns}\n"
        "    def to_dict(self): return {'id': self.id}\n"
        "class Person(Dicts, Base):\n    __tablename__ = 'people'\n    id: Mapped[int] = mapped_column(primary_key=True)\n"
        "class Service:\n    ONE = text('SELECT * FROM users')\n    TWO = text('SELECT id FROM users')\n    THREE = select(Person)\n"
        "    def __init__(self): self.session = make_session()\n"
        "    def row(self) -> Person: return self.session.get(Person, 1)\n"
        "    def card(self) -> dict[str, Any]: return vars(self.row())\n"
        "    def maybe(self) -> dict[str, Any] | None:\n        row = self.row()\n        return row.as_all() if row else None\n"
        "    def named(self) -> dict[str, Any]:\n        row = self.row()\n        return {'id': row.id}\n"
        "    def filtered(self): return {c.name: getattr(self.row(), c.name) for c in Person.__table__.columns if c.name != 'id'}\n"
        "    def listed(self): return {name: getattr(self.row(), name) for name in PUBLIC}\n"
        "    def of_class(self): return self.session.execute(self.ONE).first()\n"
        "    def of_columns(self): return self.session.execute(self.TWO).first()\n"
        "    def of_module(self): return self.session.execute(EVERY).first()\n"
        "    def of_query(self): return self.session.scalars(self.THREE).first()\n"
        "@app.get('/x')\ndef show() -> dict[str, Any] | None:\n    service = Service()\n    card = service.card()\n"
        f"    return {answer}"
    )
    assert check(HEAD + source, "--all", "--select", "TW007").codes == ["TW007"] * count


SIBLINGS = {
    # What a sibling declares, and how sure it is that its columns are not meant for clients.
    "the class": ("Item", "low"),
    "a list": ("list[Item]", "low"),
    "one or none": ("Item | None", "low"),
    "a list or none": ("list[Item] | None", "low"),
    "another class": ("Other", "high"),
    "a class below it": ("Below", "high"),
    "a dict": ("dict[str, Any]", "high"),
}


@pytest.mark.parametrize("place", ["returns", "response_model"])
@pytest.mark.parametrize(("model", "confidence"), SIBLINGS.values(), ids=list(SIBLINGS))
def test_a_class_that_others_declare_hides_nothing(check: Check, model: str, confidence: str, place: str) -> None:
    """TW007: where another endpoint declares the class of the database itself, clients see all of it anyway."""
    option, returns = (f", response_model={model}", "") if place == "response_model" else ("", f" -> {model}")
    source = (
        # A model that is mapped too, as those of SQLModel are.
        "class Item(BaseModel):\n    id: int\n    __mapper__ = None\nclass Other(BaseModel):\n    id: int\nclass Below(Item): ...\n"
        f"@app.get('/one'{option})\ndef one(){returns}: return other()\ndef other(): raise KeyError\n"
        "@app.get('/x')\ndef show(): return make_session().get(Item, 1)\n"
    )
    [finding] = check(HEAD + source, "--all", "--select", "TW007").findings
    assert (finding["confidence"], finding["entry"]) == (confidence, "GET /x")


MADE_READY = {
    "a connection": ("await session.connection()", 1),
    "a transaction": ("await session.begin()", 1),
    "not a row": ("session.add(User(id=1))", 0),
    "not a statement": ("await session.execute(select(User))", 0),
    "not another object": ("await make_async_session().connection()\n        await others.connect()", 0),
}


@pytest.mark.parametrize(("does", "count"), MADE_READY.values(), ids=list(MADE_READY))
def test_making_an_object_ready_is_no_effect(check: Check, does: str, count: int) -> None:
    """TW012: what a dependency only does to open what it gives is for nothing if nobody reads that."""
    source = (
        "class Others:\n    async def connect(self) -> None: ...\nothers = Others()\n"
        f"async def opened() -> AsyncIterator[AsyncSession]:\n    async with make_async_session() as session:\n        {does}\n"
        "        yield session\n@app.get('/x')\n"
        "async def show(session: Annotated[AsyncSession, Depends(opened)]) -> int: return 1"
    )
    assert check(HEAD + source, "--all", "--select", "TW012").codes == ["TW012"] * count


@pytest.mark.parametrize(
    ("made", "name"), [("partial(word, 2)", "word"), ("partial(partial(word), 2)", "word"), ("Word()", "Word")]
)
def test_a_dependency_is_called_like_its_function(check: Check, made: str, name: str) -> None:
    """TW012: the message names the function inside of a partial object."""
    source = (
        "from functools import partial\ndef word(size: int = 1) -> str: return 'x' * size\n"
        "class Word:\n    def __call__(self) -> str: return 'x'\n"
        f"@app.get('/x')\nasync def show(it: Annotated[str, Depends({made})]) -> int: return 1\n"
    )
    [finding] = check(HEAD + source, "--all", "--select", "TW012").findings
    assert f"but {name}() runs for it" in str(finding["message"])


KEPT = {
    "a global": ("global one\n    one = one or Users(session)\n    return one", 1),
    "a global by a name": ("global one\n    users = Users(session)\n    one = users\n    return one", 1),
    "an object in an object": ("global one\n    one = Deep(session)\n    return one", 1),
    "the session itself": ("global one\n    one = session\n    return one", 1),
    "the application's state": ("request.app.state.users = Users(session)\n    return request.app.state.users", 1),
    "a class": ("Users.one = Users(session)\n    return Users.one", 1),
    "an object of the module": ("holder.users = Users(session)\n    return holder.users", 1),
    "a key of a dict": ("table['users'] = Users(session)\n    return table['users']", 1),
    "not the request's state": ("request.state.users = Users(session)\n    return request.state.users", 0),
    "not a local name": ("one = Users(session)\n    return one", 0),
    "not an object of the request": ("users = Users(session)\n    users.other = session\n    return users", 0),
    "not a result": ("global one\n    one = Counts(session)\n    return one", 0),
    "not what has no session": ("global one\n    one = Users(make_async_session())\n    return one", 0),
}


@pytest.mark.parametrize(("body", "count"), KEPT.values(), ids=list(KEPT))
def test_what_is_kept_does_not_hold_what_a_request_closes(check: Check, body: str, count: int) -> None:
    """TW014: a provider keeps an object with the session of the first request for all that follow."""
    source = (
        f"{REPOSITORIES}{OBJECTS}class Holder: ...\nholder, table, one = Holder(), {{}}, None\n"
        "class Counts:\n    def __init__(self, session: AsyncSession): self.number = hash(session)\n"
        f"def users(session: Opened, request: Request) -> Any:\n    {body}\n"
        "@app.get('/x')\nasync def show(users: Annotated[Any, Depends(users)]) -> bool: return bool(users)"
    )
    assert check(HEAD + source, "--all", "--select", "TW014").codes == ["TW014"] * count


STREAMED = {
    "a method": ("users.lines()", "function", 1),
    "a generator": ("lines(session)", "function", 1),
    "a generator by name": ("content=lines(session)", "function", 1),
    "a generator by a name of its own": ("found", "function", 1),
    "not in the request's scope": ("users.lines()", "request", 0),
    "not what is there already": ("[str(users)]", "function", 0),
    "not a method that works without it": ("users.title()", "function", 0),
}


@pytest.mark.parametrize(("content", "scope", "count"), STREAMED.values(), ids=list(STREAMED))
def test_a_stream_needs_what_is_open(check: Check, content: str, scope: str, count: int) -> None:
    """TW014: a streamed response reads after the dependencies of `scope="function"` have ended, through an object too."""
    source = (
        f"{REPOSITORIES}Short = Annotated[AsyncSession, Depends(opened, scope='{scope}')]\n"
        "class Exporter(Users):\n    async def lines(self) -> AsyncIterator[str]: yield str(await self.session.get(User, 1))\n"
        "    async def title(self) -> AsyncIterator[str]: yield 'title'\n"
        "async def lines(session: AsyncSession) -> AsyncIterator[str]: yield str(await session.get(User, 1))\n"
        "def exporter(session: Short) -> Exporter: return Exporter(session)\n"
        "@app.get('/x', response_class=StreamingResponse)\n"
        "async def show(users: Annotated[Exporter, Depends(exporter)], session: Short) -> StreamingResponse:\n"
        f"    found = lines(session)\n    return StreamingResponse({content})"
    )
    assert check(HEAD + source, "--all", "--select", "TW014").codes == ["TW014"] * count


CLOSED = "thing = open('x')\n    try: yield thing\n    finally: thing.close()"
LEASED = {
    "a method": ("async with pool.lease() as thing: yield thing", 1),
    "a function": ("with leased() as thing: yield thing", 1),
    "one in another": ("with twice() as thing: yield thing", 1),
    "what was taken is given back": (
        "thing = await pool.free.get()\n    yield thing\n    pool.free.put_nowait(thing)",
        1,
    ),
    "not a guarded one": ("with guarded() as thing: yield thing", 0),
    "not one that is left before": ("with leased() as thing: pass\n    yield thing", 0),
    "not what is written down": ("thing = await pool.free.get()\n    yield thing\n    print(thing)", 0),
    # What leaves the function after its `yield` has nothing to clean up.
    "not on a way that returns": ("if pool is None:\n        yield None\n        return\n    " + CLOSED, 0),
    "not on a way in a way that returns": (
        "if pool is None:\n        if app:\n            yield None\n        return\n    " + CLOSED,
        0,
    ),
    "not in a case that returns": (
        "match pool:\n        case None:\n            yield None\n            return\n    " + CLOSED,
        0,
    ),
    "not after a try that returns": (
        "try: thing = open('x')\n    except OSError:\n        yield None\n        return\n    "
        "try: yield thing\n    finally: thing.close()",
        0,
    ),
    "not in a loop that returns": ("for each in range(3):\n        yield each\n        return\n    " + CLOSED, 0),
    "not on a way with an else": (
        "if pool is None:\n        yield None\n    else:\n        " + CLOSED.replace("\n", "\n    "),
        0,
    ),
    "not on the way that another yield is on": (
        "if pool is None:\n        yield None\n    if pool is not None:\n        " + CLOSED.replace("\n", "\n    "),
        0,
    ),
    "a way that may return": (
        "thing = open('x')\n    yield thing\n    if thing.closed: return\n    thing.close()",
        1,
    ),
    "a way that cleans up and returns": (
        "if pool:\n        thing = open('x')\n        yield thing\n        thing.close()\n        return\n    yield None",
        1,
    ),
    "a way that leaves by what cleans up": (
        "thing = open('x')\n    if pool:\n        yield thing\n    thing.close()",
        1,
    ),
}


@pytest.mark.parametrize(("body", "count"), LEASED.values(), ids=list(LEASED))
def test_cleaning_up_is_guarded_where_it_is(check: Check, body: str, count: int) -> None:
    """TW015: an error skips the clean-up of a context manager that a dependency has entered, too."""
    source = (
        "class Pool:\n    def __init__(self): self.free = asyncio.Queue()\n    @asynccontextmanager\n    async def lease(self):\n"
        "        thing = await self.free.get()\n        yield thing\n        self.free.put_nowait(thing)\npool = Pool()\n"
        "@contextmanager\ndef leased():\n    thing = io.StringIO()\n    yield thing\n    thing.close()\n"
        "@contextmanager\ndef twice():\n    with leased() as thing: yield thing\n"
        "@contextmanager\ndef guarded():\n    thing = io.StringIO()\n    try: yield thing\n    finally: thing.close()\n"
        f"async def take():\n    {body}\n@app.get('/x')\nasync def show(thing: Annotated[Any, Depends(take)]) -> bool: return bool(thing)"
    )
    assert check(HEAD + source, "--all", "--select", "TW015").codes == ["TW015"] * count


SHARED_DEFAULTS = {
    "kept in an attribute": ("{}", "self.found = found", "Builder().add('x')", 1),
    "a constant": ("FACETS", "found['a'] = 1; self.found = {}", "Builder().add('x')", 1),
    "a constant that is kept": ("FACETS", "self.found = found", "Builder().add('x')", 1),
    "not a copy": ("FACETS", "self.found = {**found}", "Builder().add('x')", 0),
    "not where each call passes one": ("{}", "self.found = found", "Builder({}).add('x')", 0),
    "not a store that others read": ("STORE", "self.found = found", "Builder().add(len(STORE))", 0),
    "not what is empty at first": ("EMPTY", "self.found = found", "Builder().add('x')", 0),
    "not a private name": ("_MEMORY", "self.found = found", "Builder().add('x')", 0),
    "not what is only read": ("FACETS", "self.found = found", "Builder().read('x')", 1),
}


@pytest.mark.parametrize(("default", "keeps", "use", "count"), SHARED_DEFAULTS.values(), ids=list(SHARED_DEFAULTS))
def test_a_default_may_be_changed_elsewhere(check: Check, default: str, keeps: str, use: str, count: int) -> None:
    """TW018: a default that an object keeps is changed by another method, and a constant is one object for all calls too."""
    source = (
        "FACETS, STORE, EMPTY, _MEMORY = {'a': 1}, {'a': 1}, {}, {'a': 1}\nclass Builder:\n"
        f"    def __init__(self, found: dict = {default}):\n        {keeps}\n"
        "    def add(self, name) -> int:\n        self.found.setdefault(name, 1)\n        return 1\n"
        "    def read(self, name) -> int: return len(self.found)\n"
        f"@app.get('/x')\nasync def show() -> int: return {use}"
    )
    assert check(HEAD + source, "--all", "--select", "TW018").codes == ["TW018"] * count
