"""Each rule's edges: what it finds beside the examples, and what it leaves alone."""
# ruff: noqa: ISC004  (sources of several lines)

from textwrap import dedent

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check

HEAD = """
import asyncio, functools, hashlib, io, queue, shutil, socket, sqlite3, subprocess, threading, time, urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path as FilePath
from typing import Annotated, Any

import httpx
from pydantic import BaseModel, Field, SecretStr
from sqlalchemy import create_engine, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker
from typeway import Depends, HTTPException, Omit, Partial, Pick, Query, Request, Router, Security, Typeway
from typeway.concurrency import run_in_threadpool
from typeway.responses import JSONResponse, StreamingResponse
from typeway.security import APIKeyHeader, HTTPBearer

app = Typeway()
engine = create_engine("sqlite://")
make_session = sessionmaker(engine)
make_async_session = async_sessionmaker(create_async_engine("sqlite+aiosqlite://"))
pool = ThreadPoolExecutor(1)
lock = threading.Lock()

async def pause(): await asyncio.sleep(0)

class Base(DeclarativeBase): pass

class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)

class Shown(BaseModel):
    id: int
"""


# Users of the application add rows.
ADDS = "@app.post('/users')\ndef add_user() -> None: make_session().add(User(id=1))\n"


def endpoint(body: str) -> str:
    """An endpoint that awaits something and then does what is given."""
    return "@app.get('/x')\nasync def show() -> Any:\n    await pause()\n" + "".join(
        f"    {line}\n" for line in dedent(body).strip().splitlines()
    )


BLOCKING = {
    "requests that no module has imported": "import requests\nrequests.get('http://x')",
    "a session of requests": "import requests\nsession = requests.Session()\nsession.post('http://x')",
    "httpx": "httpx.get('http://x')",
    "a client of httpx": "with httpx.Client() as client:\n    client.get('http://x')",
    "urllib": "urllib.request.urlopen('http://x')",
    "a process": "subprocess.run(['ls'])",
    "a process that was started": "process = subprocess.Popen(['ls'])\nprocess.wait()",
    "a socket": "socket.create_connection(('x', 1))",
    "a password hash": "hashlib.pbkdf2_hmac('sha256', b'', b'', 1)",
    "bcrypt": "import bcrypt\nbcrypt.hashpw(b'', b'')",
    "argon2": "import argon2\nargon2.PasswordHasher().hash('x')",
    "a whole file": "with open('x') as file:\n    text = file.read()",
    "a file line by line": "with open('x') as file:\n    for line in file: print(line)",
    "a file for a parser": "import json\nwith open('x') as file:\n    json.load(file)",
    "a path's text": "(FilePath('x') / 'y').read_text()",
    "a tree of files": "shutil.rmtree('x')",
    "a session of SQLAlchemy": "with Session(engine) as session:\n    session.execute(select(User))",
    "a session of a factory": "with make_session() as session:\n    session.get(User, 1)",
    "a query": "session = make_session()\nsession.query(User).filter(User.id == 1).first()",
    "what a factory of sessions begins": "with make_session.begin() as session:\n    session.add(User(id=1))",
    "what a session begins": "session = make_session()\nwith session.begin():\n    session.add(User(id=1))",
    "a file that is packed": "import zipfile\nwith zipfile.ZipFile('x', 'w') as archive:\n    archive.write('y')",
    "a folder that is packed": "import tarfile\nwith tarfile.open('x', 'w') as archive:\n    archive.add('y')",
    "a picture that is renewed": "from PIL import Image\nimage = Image.open('x')\nimage = image.convert('L')\nimage.save('y')",
    "sqlite3": "sqlite3.connect('x').execute('SELECT 1')",
    "redis": "import redis\nredis.Redis().get('x')",
    "PyMongo": "import pymongo\npymongo.MongoClient()['app']['tasks'].find_one({})",
    "a lock": "lock.acquire()",
    "a lock held while waiting": "with lock:\n    await pause()",
    "a lock held while something is entered": "with lock:\n    if name:\n        async with asyncio.Lock(): print(1)",
    "a queue": "queue.Queue().get()",
    "a thread's result": "pool.submit(print).result()",
    "a default that is made for each call": "data = None\nif data is None:\n    data = FilePath('x').read_text()",
    "the loop's own thread": "asyncio.run_coroutine_threadsafe(pause(), asyncio.get_running_loop()).result()",
}

HARMLESS = {
    "a process that is not waited for": "import os\nos.waitpid(-1, os.WNOHANG)",
    "what only several branches lead to": "perhaps('x')",
    "a thread": "await run_in_threadpool(time.sleep, 1)",
    "a database that is only opened": "sqlite3.connect('x')",
    "groups that nothing has counted": "import pandas\npandas.DataFrame().groupby('x')",
    "asyncio's thread": "await asyncio.to_thread(time.sleep, 1)",
    "an executor": "await asyncio.get_running_loop().run_in_executor(None, time.sleep, 1)",
    "a function that is only handed over": "await run_in_threadpool(lambda: time.sleep(1))",
    "a function that is defined and not called": "def later(): time.sleep(1)\nawait run_in_threadpool(later)",
    "an asynchronous client": "async with httpx.AsyncClient() as client:\n    await client.get('http://x')",
    "an asynchronous session": "async with make_async_session() as session:\n    await session.execute(select(User))",
    "a small read": "with open('x', 'rb') as file:\n    file.read(16)",
    "a file without a disk": "with open(f'/proc/{1}/stat') as file:\n    file.read()",
    "one line": "with open('x') as file:\n    file.readline()",
    "what a path is": "FilePath('x').exists()",
    "a quick hash": "hashlib.sha256(b'').hexdigest()",
    "a lock that is not waited for": "lock.acquire(blocking=False)",
    "a lock with a limit": "lock.acquire(timeout=0.01)",
    "a lock held for a moment": "with lock:\n    pass",
    "what is awaited after the lock": "with lock:\n    async def later() -> None: await pause()\nawait later()",
    "something called get": "{}.get('x')",
    "another thing called sleep": "class time:\n    sleep = print\ntime.sleep(1)",
    "a coroutine for another loop": "asyncio.run_coroutine_threadsafe(blocked(), loop)",
    "a branch without a loop": "try:\n    asyncio.get_running_loop()\nexcept RuntimeError:\n    time.sleep(1)",
    "a result that is remembered": "remembered()",
    "a memory that is filled once": "fill()",
    "a memory that is looked at first": "fill_unless_filled()",
}

OUTSIDE = """
def fill_unless_filled():
    global memory
    if memory is not None:
        return memory
    memory = FilePath('x').read_text()
    return memory

async def blocked(): time.sleep(1)

def perhaps(name: str):
    if name.startswith('oidc/'): return maybe(name)

def maybe(name: str):
    if name.endswith('/file'): return FilePath(name).read_text()

loop = asyncio.new_event_loop()
loop.close()

@functools.lru_cache
def remembered(): return FilePath('x').read_text()

memory = None

def fill():
    global memory
    if memory is None:
        memory = FilePath('x').read_text()
    return memory
"""


@pytest.mark.parametrize("body", BLOCKING.values(), ids=list(BLOCKING))
def test_blocking_calls(check: Check, body: str) -> None:
    """What holds its thread is found on the event loop, by its meaning and not by its spelling."""
    assert check(HEAD + OUTSIDE + endpoint(body), "--all").codes == ["TW001"]


@pytest.mark.parametrize("body", HARMLESS.values(), ids=list(HARMLESS))
def test_what_does_not_block(check: Check, body: str) -> None:
    """What waits elsewhere, waits properly, or does not wait long is left alone."""
    assert check(HEAD + OUTSIDE + endpoint(body), "--all").codes == []


WAYS = {
    "a dependency": "async def nap():\n    await pause()\n    time.sleep(1)\n"
    "@app.get('/x', dependencies=[Depends(nap)])\nasync def show() -> int: return 1",
    "a generator dependency": "async def nap() -> AsyncIterator[int]:\n    time.sleep(1)\n    yield 1\n    await pause()\n"
    "@app.get('/x')\nasync def show(n: Annotated[int, Depends(nap)]) -> int: return n",
    "http middleware": "@app.middleware('http')\nasync def slow(request: Request, call_next: Any) -> Any:\n"
    "    time.sleep(1)\n    return await call_next(request)",
    "ASGI middleware": "class Slow:\n    def __init__(self, app): self.app = app\n"
    "    async def __call__(self, scope, receive, send):\n        time.sleep(1)\n        await self.app(scope, receive, send)\n"
    "app.add_middleware(Slow)",
    "an exception handler": "@app.exception_handler(KeyError)\nasync def answer(request: Request, error: Exception) -> Any:\n"
    "    time.sleep(1)\n    return JSONResponse({})",
    "a method of a service": "class Service:\n    def __init__(self): self.client = httpx.Client()\n"
    "    def ask(self): return self.client.get('http://x')\n"
    "@app.get('/x')\nasync def show(service: Annotated[Service, Depends(Service)]) -> Any:\n    await pause()\n"
    "    return service.ask()",
    "a context manager": "@contextmanager\ndef opened():\n    time.sleep(1)\n    yield 1\n"
    "@app.get('/x')\nasync def show() -> Any:\n    with opened() as n:\n        await pause()\n        return n",
    "a stream": "@app.get('/x')\nasync def show() -> Any:\n    async def parts():\n        yield b''\n        time.sleep(1)\n"
    "    return StreamingResponse(parts())",
    "a constructor": "class Thing:\n    def __init__(self): time.sleep(1)\n"
    "@app.get('/x')\nasync def show() -> Any:\n    await pause()\n    Thing()",
    "a wrapper": "def timed(function):\n    @functools.wraps(function)\n    async def wrapper(*args, **kwargs):\n"
    "        time.sleep(1)\n        return await function(*args, **kwargs)\n    return wrapper\n"
    "@app.get('/x')\n@timed\nasync def show() -> Any:\n    return await pause()",
    "a WebSocket": "from typeway import WebSocket\n@app.websocket('/x')\nasync def talk(socket: WebSocket) -> None:\n"
    "    await socket.accept()\n    time.sleep(1)",
    "a mounted application": "inner = Typeway()\n@inner.get('/y')\nasync def show() -> Any:\n    await pause()\n    time.sleep(1)\n"
    "app.mount('/x', inner)",
    "another module": "import other\n@app.get('/x')\nasync def show() -> Any:\n    await pause()\n    other.nap()",
}


@pytest.mark.parametrize("source", WAYS.values(), ids=list(WAYS))
def test_ways_to_a_blocking_call(check: Check, source: str) -> None:
    """A blocking call is found wherever the framework's loop leads to it."""
    outcome = check(HEAD + source, other="import time\n\ndef nap(): time.sleep(1)\n")
    assert outcome.codes == ["TW001"], outcome.out


THREADS = {
    "a plain endpoint": "@app.get('/x')\ndef show() -> int:\n    time.sleep(1)\n    return 1",
    "a plain dependency": "def nap() -> Iterator[int]:\n    time.sleep(1)\n    yield 1\n"
    "@app.get('/x')\nasync def show(n: Annotated[int, Depends(nap)]) -> int: return n",
    "a wrapper that uses a thread": "def threaded(function):\n    @functools.wraps(function)\n"
    "    async def wrapper(*args, **kwargs):\n        return await run_in_threadpool(function, *args, **kwargs)\n    return wrapper\n"
    "@app.get('/x')\n@threaded\ndef show() -> int:\n    time.sleep(1)\n    return 1",
    "a plain stream": "@app.get('/x')\nasync def show() -> Any:\n    def parts():\n        time.sleep(1)\n        yield b''\n"
    "    await pause()\n    return StreamingResponse(parts())",
    "the start": "@asynccontextmanager\nasync def lifespan(app):\n    time.sleep(1)\n    yield\napp = Typeway(lifespan=lifespan)",
}


@pytest.mark.parametrize("source", THREADS.values(), ids=list(THREADS))
def test_what_runs_in_threads_or_at_the_start_may_wait(check: Check, source: str) -> None:
    """Nobody waits for what has a thread of its own, or what happens before the first request."""
    assert check(HEAD + source).codes == []


# Rule by rule: a source and the findings' codes.
CASES = {
    "TW002 counts what a plain function does": (
        "def read(): return sqlite3.connect('x').execute('SELECT 1')\n@app.get('/x')\nasync def show() -> int:\n    read()\n    return 1",
        ["TW002"],
    ),
    "TW002 leaves a sleep to TW001": (
        "def nap(): time.sleep(1)\n@app.get('/x')\nasync def show() -> int:\n    nap()\n    return 1",
        ["TW001"],
    ),
    "TW002 leaves alone what sets a context variable": (
        "import contextvars\ncurrent = contextvars.ContextVar('current')\nasync def opened() -> AsyncIterator[Session]:\n"
        "    with Session(engine) as session:\n        session.execute(select(User))\n        current.set(session)\n        yield session\n"
        "@app.get('/x')\ndef show(session: Annotated[Session, Depends(opened)]) -> int: return session.is_active",
        ["TW001"],
    ),
    "TW002 leaves alone what own code awaits": (
        "async def who() -> Any:\n    return make_session().get(User, 1)\nasync def maybe() -> Any:\n    return await who()\n"
        "@app.get('/x', response_model=Shown)\nasync def one(user: Annotated[Any, Depends(who)]) -> Any: return user\n"
        "@app.get('/y', response_model=Shown)\nasync def two(user: Annotated[Any, Depends(maybe)]) -> Any: return user",
        ["TW001"],
    ),
    "TW002 leaves alone what needs the loop": (
        "@app.get('/x')\nasync def show() -> int:\n    asyncio.get_running_loop()\n    time.sleep(1)\n    return 1",
        ["TW001"],
    ),
    "TW002 leaves alone what does not block": ("@app.get('/x')\nasync def show() -> int: return 1", []),
    "TW003 knows convertors": (
        "@app.get('/{name:path}')\nasync def one(name: str) -> str: return name\n"
        "@app.get('/a/b')\nasync def two() -> int: return 2",
        ["TW003"],
    ),
    "TW003 knows what a convertor refuses": (
        "@app.get('/{n:int}')\nasync def one(n: int) -> int: return n\n@app.get('/a')\nasync def two() -> int: return 2", [],
    ),
    "TW003 looks at methods": (
        "@app.get('/{n}')\nasync def one(n: str) -> str: return n\n@app.post('/a')\nasync def two() -> int: return 2", [],
    ),
    "TW003 adds methods up": (
        "@app.get('/{n}')\nasync def one(n: str) -> str: return n\n@app.put('/{n}')\nasync def two(n: str) -> str: return n\n"
        "@app.api_route('/a', methods=['GET', 'PUT'])\nasync def three() -> int: return 2",
        ["TW003"],
    ),
    "TW003 sees mounts": (
        "app.mount('/files', Typeway())\n@app.get('/files/{name}')\nasync def one(name: str) -> str: return name", ["TW003"],
    ),
    "TW003 sees WebSockets apart": (
        "from typeway import WebSocket\n@app.get('/{n}')\nasync def one(n: str) -> str: return n\n"
        "@app.websocket('/a')\nasync def two(socket: WebSocket) -> None: ...",
        [],
    ),
    "TW004 sees a router that is included twice": (
        "router = Router()\n@router.get('/x')\nasync def one() -> int: return 1\n"
        "app.include_router(router)\napp.include_router(router, dependencies=[Depends(pause)])",
        ["TW004"],
    ),
    "TW004 leaves a router in two others": (
        "router, one, two = Router(), Router(), Router()\n@router.get('/x')\nasync def show() -> int: return 1\n"
        "one.include_router(router)\ntwo.include_router(router)\napp.include_router(one)\napp.include_router(two)",
        [],
    ),
    "TW004 sees a function for two routes with other guards": (
        "async def show() -> int: return 1\napp.add_api_route('/x', show)\n"
        "app.add_api_route('/x', show, dependencies=[Depends(pause)])",
        ["TW004"],
    ),
    "TW003 leaves what an earlier endpoint answers": (
        "@app.get('/{name:path}')\nasync def one(name: str) -> str: return name\n"
        "@app.get('/a')\nasync def two() -> str:\n    'Show a.'\n    return await one('a')",
        [],
    ),
    "TW003 sees what answers more": (
        "@app.get('/{name:path}')\nasync def one(name: str) -> str: return name\n"
        "@app.get('/a')\nasync def two() -> str:\n    print('a')\n    return await one('a')",
        ["TW003"],
    ),
    "TW004 leaves other methods alone": (
        "@app.get('/x')\nasync def one() -> int: return 1\n@app.put('/x')\nasync def two() -> int: return 2", [],
    ),
    "TW005 sees computed ids": (
        "app = Typeway(generate_unique_id_function=lambda route: route.name)\n@app.get('/a')\nasync def one() -> int: return 1\n"
        "app.get('/b')(one)",
        ["TW005"],
    ),
    "TW005 leaves undocumented endpoints alone": (
        "@app.get('/a', operation_id='x')\nasync def one() -> int: return 1\n"
        "@app.get('/b', operation_id='x', include_in_schema=False)\nasync def two() -> int: return 2",
        [],
    ),
    "TW006 follows the model": (
        "class Change(BaseModel):\n    title: str = ''\n"
        "class Service:\n    def save(self, change: Change) -> None:\n        vars(self).update(change.model_dump())\n"
        "@app.patch('/x/{n}')\nasync def save(n: int, change: Change, service: Annotated[Service, Depends(Service)]) -> None:\n"
        "    service.save(change)",
        ["TW006"],
    ),
    "TW006 lets PUT replace the whole": (
        "class Whole(BaseModel):\n    title: str\n    note: str = ''\n"
        "@app.put('/x/{n}')\nasync def save(n: int, whole: Whole) -> None:\n    app.kept = whole.model_dump()",
        [],
    ),
    "TW006 sees a PUT of parts": (
        "class Part(BaseModel):\n    title: str | None = None\n"
        "@app.put('/x/{n}')\nasync def save(n: int, part: Part) -> None:\n    app.kept = part.dict()",
        ["TW006"],
    ),
    "TW006 lets a dump be told": (
        "class Change(BaseModel):\n    title: str = ''\n"
        "@app.patch('/x/{n}')\nasync def save(n: int, change: Change) -> None:\n    raise HTTPException(400, change.model_dump())",
        [],
    ),
    "TW006 leaves derived partial models alone": (
        "class Task(BaseModel):\n    title: str = ''\n"
        "@app.patch('/x/{n}')\nasync def save(n: int, change: Partial[Task]) -> None:\n    app.kept = change.model_dump()\n"
        "@app.patch('/y/{n}')\nasync def keep(n: int, change: Annotated[Partial[Task], Pick('title')]) -> None:\n"
        "    app.kept = change.model_dump()",
        [],
    ),
    "TW007 sees lists of rows": (
        "@app.get('/x')\ndef show(limit: int = 1):\n    with sqlite3.connect('x') as db:\n"
        "        return [dict(row) for row in db.execute('SELECT * FROM x LIMIT 1').fetchall()]",
        ["TW007"],
    ),
    "TW007 sees through a service": (
        "async def find(session: AsyncSession): return await session.get(User, 1)\n"
        "@app.get('/x')\nasync def show():\n    async with make_async_session() as session:\n        return await find(session)",
        ["TW007"],
    ),
    "TW007 is content with any declaration": (
        "@app.get('/x', response_model=Shown)\ndef show():\n    with Session(engine) as session:\n"
        "        return session.get(User, 1)",
        [],
    ),
    "TW007 leaves what it does not know": ("@app.get('/x')\ndef show(): return {'a': 1}", []),
    "TW008 sees inner models": (
        "class Owner(BaseModel):\n    name: str\n    password: str\nclass Car(BaseModel):\n    owner: Owner\n"
        "@app.get('/cars')\nasync def show() -> list[Car]: return []",
        ["TW008"],
    ),
    "TW008 sees a hash beside a name": (
        "class Person(BaseModel):\n    email: str\n    hash: str\n@app.get('/x')\nasync def show() -> Person: ...", ["TW008"],
    ),
    "TW008 leaves what is hidden, counted or handed out": (
        "class Person(BaseModel):\n    password: SecretStr\n    secret: str = Field(exclude=True)\n    token: int\n"
        "class AccessToken(BaseModel):\n    token: str\n"
        "@app.get('/x')\nasync def one() -> Person: ...\n@app.post('/login')\nasync def two() -> AccessToken: ...",
        [],
    ),
    "TW008 lets a POST show what it has made": (
        "class Robot(BaseModel):\n    token: str\n@app.post('/robots')\nasync def make() -> Robot: ...", [],
    ),
    "TW008 leaves the hash of a file": (
        "class File(BaseModel):\n    hash: str\n@app.get('/x')\nasync def show() -> File: ...", [],
    ),
    "TW008 sees what a derived model leaves out": (
        "class User(BaseModel):\n    name: str\n    password_hash: str\n"
        "@app.get('/x')\nasync def one() -> Annotated[User, Omit('password_hash')]: ...\n"
        "@app.get('/y')\nasync def two() -> list[Annotated[User, Pick('name')]]: ...",
        [],
    ),
    "TW008 sees what a derived model keeps": (
        "class User(BaseModel):\n    name: str\n    password_hash: str\n"
        "@app.get('/x')\nasync def one() -> Annotated[User, Omit('name')]: ...",
        ["TW008"],
    ),
    "TW009 looks at different endpoints": (
        "class Task(BaseModel):\n    title: str\n    created_by: str\n@app.post('/x')\nasync def one(task: Task) -> None: ...\n"
        "@app.get('/x')\nasync def two() -> Task: ...",
        ["TW009"],
    ),
    "TW009 lets clients choose ids": (
        "class Task(BaseModel):\n    id: int\n    title: str\n@app.put('/x')\nasync def one(task: Task) -> Task: return task", [],
    ),
    "TW010 counts what is open on purpose": (
        "key = APIKeyHeader(name='X-Key')\nguarded = Router(dependencies=[Security(key)])\n"
        "@guarded.post('/a')\nasync def one() -> None: ...\n@guarded.post('/b')\nasync def two() -> None: ...\n"
        "@guarded.post('/c')\nasync def three() -> None: ...\napp.include_router(guarded)\n"
        "@app.post('/login')\nasync def four() -> None: ...\n"
        "@app.post('/d')\nasync def five(authorization: str = '') -> None: ...",
        [],
    ),
    "TW010 leaves questions and proxies": (
        "key = APIKeyHeader(name='X-Key')\nguarded = Router(dependencies=[Security(key)])\n"
        "@guarded.post('/a')\nasync def one() -> None: ...\n@guarded.post('/b')\nasync def two() -> None: ...\n"
        "@guarded.post('/c')\nasync def three() -> None: ...\n@guarded.post('/d')\nasync def four() -> None: ...\n"
        "app.include_router(guarded)\n@app.post('/types/get_all')\nasync def five() -> None: ...\n"
        "@app.post('/proxy')\n@app.get('/proxy')\nasync def six() -> None: ...",
        [],
    ),
    "TW010 needs others that are guarded": ("@app.post('/a')\nasync def one() -> None: ...", []),
    "TW011 sees a query": (
        ADDS + "@app.get('/x', response_model=list[Shown])\ndef show():\n    with Session(engine) as session:\n"
        "        return session.scalars(select(User)).all()",
        ["TW011"],
    ),
    "TW011 is not sure of SQL": (
        "@app.get('/x')\ndef show() -> list[dict[str, Any]]:\n    with sqlite3.connect('x') as db:\n"
        "        return [dict(row) for row in db.execute('SELECT * FROM x').fetchall()]",
        ["TW007"],
    ),
    "TW011 sees a limit in the query": (
        ADDS + "@app.get('/x', response_model=list[Shown])\ndef show():\n    with Session(engine) as session:\n"
        "        return session.scalars(select(User).limit(10)).all()",
        [],
    ),
    "TW011 sees a limit in a dependency": (
        ADDS + "class Page(BaseModel):\n    limit: int = 10\n"
        "@app.get('/x', response_model=list[Shown])\ndef show(page: Annotated[Page, Query()]):\n    print(page)\n"
        "    with Session(engine) as session:\n        return session.scalars(select(User)).all()",
        [],
    ),
    "TW011 leaves lists that do not grow": (
        "names = ['a', 'b']\n@app.get('/x')\nasync def show() -> list[Shown]: return names", [],
    ),
    "TW012 leaves what is there for its effect": (
        "def guard(n: int = 0) -> int:\n    if n: raise HTTPException(400)\n    return n\n"
        "def count(request: Request) -> int:\n    request.state.n = 1\n    return 1\n"
        "def name() -> str: return 'x'\n"
        "@app.get('/x')\nasync def show(a: int = Depends(guard), b: int = Depends(count), _c: str = Depends(name)) -> int: return 1",
        [],
    ),
    "TW012 sees dependencies of dependencies": (
        "async def name(request: Request) -> Any: return await request.json()\ndef greeting(who: str = Depends(name)) -> str: return 'hello'\n"
        "@app.get('/x')\nasync def show(text: str = Depends(greeting)) -> str: return text",
        ["TW012"],
    ),
    "TW014 is a refusal with its own code": (
        "def inner() -> Iterator[int]: yield 1\ndef outer(n: int = Depends(inner, scope='function')) -> Iterator[int]: yield n\n"
        "@app.get('/x')\nasync def show(n: int = Depends(outer)) -> int: return n",
        ["TW014"],
    ),
    "TW015 leaves a commit alone": (
        "def session() -> Iterator[Session]:\n    with Session(engine) as session:\n        yield session\n        session.commit()\n"
        "@app.get('/x')\ndef show(s: Session = Depends(session, scope='function')) -> bool: return s.is_active",
        [],
    ),
    "TW015 leaves a caught error alone": (
        "def opened() -> Iterator[io.StringIO]:\n    file = io.StringIO()\n    try:\n        yield file\n"
        "    except BaseException:\n        file.close()\n        raise\n    file.close()\n"
        "@app.get('/x')\ndef show(f: io.StringIO = Depends(opened)) -> str: return f.read()",
        [],
    ),
    "TW015 sees a handler of some errors": (
        "def opened() -> Iterator[io.StringIO]:\n    file = io.StringIO()\n    try:\n        yield file\n"
        "    except ValueError:\n        file.close()\n        raise\n    file.close()\n"
        "@app.get('/x')\ndef show(f: io.StringIO = Depends(opened)) -> str: return f.read()",
        ["TW015"],
    ),
    "TW015 sees a handler of some errors that goes on": (
        "def opened() -> Iterator[io.StringIO]:\n    file = io.StringIO()\n    try:\n        yield file\n"
        "    except (ValueError, KeyError):\n        pass\n    file.close()\n"
        "@app.get('/x')\ndef show(f: io.StringIO = Depends(opened)) -> str: return f.read()",
        ["TW015"],
    ),
    "TW015 sees a handler that raises again": (
        "def opened() -> Iterator[io.StringIO]:\n    file = io.StringIO()\n    try:\n        yield file\n"
        "    except Exception:\n        print('failed')\n        raise\n    file.close()\n"
        "@app.get('/x')\ndef show(f: io.StringIO = Depends(opened)) -> str: return f.read()",
        ["TW015"],
    ),
    "TW015 sees a finally that does not clean up": (
        "def opened() -> Iterator[io.StringIO]:\n    file = io.StringIO()\n    try:\n        yield file\n"
        "    finally:\n        print('done')\n    file.close()\n"
        "@app.get('/x')\ndef show(f: io.StringIO = Depends(opened)) -> str: return f.read()",
        ["TW015"],
    ),
    "TW015 leaves a handler that goes on alone": (
        "def opened() -> Iterator[io.StringIO]:\n    file = io.StringIO()\n    try:\n        yield file\n"
        "    except Exception:\n        print('failed')\n    file.close()\n"
        "@app.get('/x')\ndef show(f: io.StringIO = Depends(opened)) -> str: return f.read()",
        [],
    ),
    "TW015 leaves a bare handler alone": (
        "def opened() -> Iterator[io.StringIO]:\n    file = io.StringIO()\n    try:\n        yield file\n"
        "    except:\n        pass\n    file.close()\n"
        "@app.get('/x')\ndef show(f: io.StringIO = Depends(opened)) -> str: return f.read()",
        [],
    ),
    "TW015 sees one of several handlers that raises again": (
        "def opened() -> Iterator[io.StringIO]:\n    file = io.StringIO()\n    try:\n        yield file\n"
        "    except ValueError:\n        raise\n    except Exception:\n        print('failed')\n    file.close()\n"
        "@app.get('/x')\ndef show(f: io.StringIO = Depends(opened)) -> str: return f.read()",
        ["TW015"],
    ),
    "TW016 sees patterns": (
        "from typeway.middleware.cors import CORSMiddleware\n"
        "app.add_middleware(CORSMiddleware, allow_origin_regex='.*', allow_credentials=True)",
        ["TW016"],
    ),
    "TW016 lets anybody in without credentials": (
        "from typeway.middleware.cors import CORSMiddleware\napp.add_middleware(CORSMiddleware, allow_origins=['*'])", [],
    ),
    "TW017 sees dependencies": (
        "class NotFound(Exception): ...\nasync def find() -> int: raise NotFound\n"
        "@app.get('/x')\nasync def show(n: int = Depends(find)) -> int: return n",
        ["TW017"],
    ),
    "TW017 sees what is caught": (
        "class NotFound(Exception): ...\ndef find() -> int: raise NotFound\n@app.get('/x')\nasync def show() -> int:\n    try:\n"
        "        return find()\n    except (KeyError, NotFound):\n        return 0",
        [],
    ),
    "TW017 sees what a tuple with a name catches": (
        "class NotFound(Exception): ...\nEXPECTED = (KeyError, NotFound)\ndef find() -> int: raise NotFound\n"
        "@app.get('/x')\nasync def show() -> int:\n    try:\n        return find()\n    except EXPECTED:\n        return 0",
        [],
    ),
    "TW017 sees an error that a function makes": (
        "class NotFound(Exception): ...\ndef made(): return NotFound()\n"
        "@app.get('/x')\nasync def show() -> int: raise made()",
        ["TW017"],
    ),
    "TW017 leaves errors that answer themselves": (
        "class NotFound(HTTPException): ...\n@app.get('/x')\nasync def show() -> int: raise NotFound(404)", [],
    ),
    "TW017 sees handlers of base classes": (
        "class Wrong(Exception): ...\nclass NotFound(Wrong): ...\n@app.exception_handler(Wrong)\n"
        "async def answer(request: Request, error: Exception) -> Any: return JSONResponse({})\n"
        "@app.get('/x')\nasync def show() -> int: raise NotFound",
        [],
    ),
    "TW017 knows plain context managers": (
        "class NotFound(Exception): ...\n@app.get('/x')\ndef show() -> int:\n    with Session(engine):\n        raise NotFound", ["TW017"],
    ),
    "TW017 leaves errors that only the server can help": (
        "class BrokenEngine(Exception): ...\nclass InvalidConfiguration(Exception): ...\n"
        "@app.get('/x')\nasync def show(n: int = 0) -> int:\n    if n: raise BrokenEngine\n    raise InvalidConfiguration", [],
    ),
    "TW018 leaves defaults that nobody changes": (
        "@app.get('/x')\nasync def show(words: list[str] = []) -> int: return len(words)", [],
    ),
    "TW018 leaves endpoints that only the framework calls": (
        "@app.post('/x')\nasync def show(words: list[str] = []) -> int:\n    words.append('x')\n    return len(words)", [],
    ),
    "TW018 leaves dependencies that only the framework calls": (
        "def given(words: Annotated[list[str], Query()] = []) -> list[str]:\n    words.append('x')\n    return words\n"
        "@app.get('/x')\nasync def show(words: list[str] = Depends(given)) -> int: return len(words)", [],
    ),
    "TW018 sees endpoints that are called too": (
        "@app.post('/x')\nasync def show(words: list[str] = []) -> int:\n    words.append('x')\n    return len(words)\n"
        "async def again() -> int: return await show()",
        ["TW018"],
    ),
    "TW018 leaves a call that passes the list": (
        "@app.post('/x')\nasync def show(words: list[str] = []) -> int:\n    words.append('x')\n    return len(words)\n"
        "async def again() -> int: return await show(['a']) + await show(words=['b'])",
        [],
    ),
    "TW018 leaves what cannot change an empty default": (
        "def note(seen: dict[str, int] = {}) -> None:\n    if 'x' in seen:\n        del seen['x']\n    seen.pop('y', None)\n"
        "@app.get('/x')\nasync def show() -> None: note()",
        [],
    ),
    "TW018 sees what shrinks a default that is not empty": (
        "def note(seen: dict[str, int] = {'y': 1}) -> None: seen.pop('y', None)\n@app.get('/x')\nasync def show() -> None: note()",
        ["TW018"],
    ),
    "TW018 sees items": (
        "def note(word: str, seen: dict[str, int] = {}) -> None: seen[word] = 1\n"
        "@app.get('/x')\nasync def show() -> None: note('x')",
        ["TW018"],
    ),
    "TW019 leaves long handlers that only branch": (
        "@app.get('/x')\nasync def show(n: int = 0) -> int:\n" + "    if n: n += 1\n" * 50 + "    return n", [],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("source", "codes"), CASES.values(), ids=list(CASES))
def test_rules(check: Check, source: str, codes: list[str]) -> None:
    """A rule finds what it says, and stays silent where it does not know."""
    assert sorted(map(str, check(HEAD + source).codes)) == codes


ORDERS = [(first, second) for first in range(3) for second in range(3)]


@pytest.mark.parametrize(("first", "second"), ORDERS)
@pytest.mark.parametrize("size", [1, 2, 3])
def test_an_exception_leaves_a_circle_of_calls(check: Check, size: int, first: int, second: int) -> None:
    """Which of the functions that call each other is looked at first does not change what can leave the others."""
    circle = "\n".join(
        f"def call_{n}(number: int) -> int:\n"
        + "    if number > 9: raise NotFound\n" * (n == 0)
        + f"    return call_{(n + 1) % size}(number + 1)"
        for n in range(size)
    )
    source = f"""
class NotFound(Exception): ...
{circle}
@app.get('/caught')
def caught() -> int:
    try:
        return call_{first % size}(1)
    except NotFound:
        return 0
@app.get('/leaves')
def leaves() -> int: return call_{second % size}(1)
"""
    assert check(HEAD + source, "--all").codes == ["TW017"]


@pytest.mark.parametrize(("first", "second"), ORDERS)
@pytest.mark.parametrize("size", [1, 2, 3])
def test_the_type_of_a_result_is_known_around_a_circle(check: Check, size: int, first: int, second: int) -> None:
    """Functions that return each other's results have the type that one of them declares, whichever is asked first."""
    circle = "\n".join(
        f"def call_{n}(number: int)" + " -> Session" * (n == 0) + f": return call_{(n + 1) % size}(number)"
        for n in range(size)
    )
    body = f"call_{first % size}(1).commit()\ncall_{second % size}(1).commit()"
    (finding,) = check(HEAD + circle + "\n" + endpoint(body)).findings
    assert (finding["code"], "1 more call below" in str(finding["message"])) == ("TW001", True)


@pytest.mark.parametrize("names", ["x, y", "y, x"])
def test_names_that_depend_on_each_other(check: Check, names: str) -> None:
    """Names that are assigned from each other in a loop, and never end to nest, are of no known type."""
    body = f"x = y = []\nfor _ in range(9):\n    x = [y, {names}]\n    y = [x]\nx[0].commit()\ny[0][0].commit()"
    assert check(HEAD + endpoint(body)).codes == []


@pytest.mark.parametrize("first", [0, 250, 499])
def test_the_type_of_a_result_is_known_through_long_chains(check: Check, first: int) -> None:
    """A session that hundreds of functions pass on is known, whichever of them is asked first."""
    chain = "\n".join(f"def call_{n}(): return call_{n + 1}()" for n in range(500))
    source = f"{chain}\ndef call_500(): return make_session()\n"
    body = f"call_{first}().commit()\ncall_0().commit()"
    (finding,) = check(HEAD + source + endpoint(body)).findings
    assert (finding["code"], "1 more call below" in str(finding["message"])) == ("TW001", True)


def test_a_decorator_is_followed_into_every_function_that_it_wraps(check: Check) -> None:
    """One wrapper around several endpoints leads to each of them."""
    source = "def timed(function):\n    @functools.wraps(function)\n    async def wrapper(*args, **kwargs):\n"
    source += "        return await function(*args, **kwargs)\n    return wrapper\n"
    for path in ("/x", "/y"):
        source += f"@app.get('{path}')\n@timed\nasync def show() -> Any:\n    await pause()\n    time.sleep(1)\n"
    assert check(HEAD + source).codes == ["TW001", "TW001"]


def test_an_exception_leaves_an_inner_function_that_calls_itself(check: Check) -> None:
    """A function that is defined in another and calls itself is read once."""
    source = "class NotFound(Exception): ...\n@app.get('/x')\ndef show() -> int:\n    def count(n: int) -> int:\n"
    source += "        if n > 9: raise NotFound\n        return count(n + 1)\n    return count(1)"
    assert check(HEAD + source, "--all").codes == ["TW017"]


def test_long_chains_of_calls(check: Check) -> None:
    """Applications in which hundreds of functions call each other in a row are checked like others."""
    chain = "\n".join(f"def call_{n}(): return call_{n + 1}()" for n in range(600))
    last = "class NotFound(Exception): ...\ndef call_600():\n    time.sleep(1)\n    raise NotFound\n"
    source = f"{chain}\n{last}@app.get('/x')\nasync def show() -> Any:\n    await pause()\n    return call_0()"
    assert check(HEAD + source).codes == ["TW017", "TW001"]
