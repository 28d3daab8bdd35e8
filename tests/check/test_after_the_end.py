"""What works with a session or file after a `with` statement or a request has closed it, and clean-up that an error skips."""

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check
from tests.check.test_rules import HEAD

READERS = """
import tempfile, requests, aiohttp
async def rows(session: AsyncSession) -> AsyncIterator[str]:
    for each in await session.scalars(select(User)): yield str(each.id)
def plain_rows(session: Session) -> Iterator[str]:
    for each in session.scalars(select(User)): yield str(each.id)
def lines(file) -> Iterator[str]:
    for line in file: yield line
async def chunks(client: httpx.AsyncClient) -> AsyncIterator[bytes]:
    yield (await client.get('http://x')).content
class Report:
    def __init__(self, session: AsyncSession): self.session = session
    async def rows(self) -> AsyncIterator[str]:
        for each in await self.session.scalars(select(User)): yield str(each.id)
    async def title(self) -> AsyncIterator[str]: yield "title"
@contextmanager
def entered():
    with make_session() as session: yield session
@contextmanager
def lent(): yield shared
shared: Session = make_session()
"""
SHOW = "@app.get('/x')\nasync def show() -> Any:\n    {}\n"
ASYNC = "async with make_async_session() as session:\n        "
PLAIN = "with make_session() as session:\n        "
INNER = "async def inner():\n            for each in await session.scalars(select(User)): yield str(each.id)\n"
CLOSED = {
    "a session": ASYNC + "return StreamingResponse(rows(session))",
    "a session, by name": ASYNC + "return StreamingResponse(content=rows(session))",
    "after the block": ASYNC + "content = rows(session)\n    return StreamingResponse(content)",
    "a response with a name": ASYNC + "response = StreamingResponse(rows(session))\n    return response",
    "a plain session": PLAIN + "return StreamingResponse(plain_rows(session))",
    "a session of an own context manager": "with entered() as session: return StreamingResponse(plain_rows(session))",
    "a session that is entered later": "session = make_session()\n    with session: return StreamingResponse(plain_rows(session))",
    "a generator expression": PLAIN + "return StreamingResponse(str(x) for x in session.scalars(select(User)))",
    "a generator expression of a query": PLAIN + "return StreamingResponse(str(x) for x in session.query(User))",
    "a function inside": ASYNC + INNER + "        return StreamingResponse(inner())",
    "a function inside, after the block": ASYNC + INNER + "    return StreamingResponse(inner())",
    "an object": ASYNC + "report = Report(session)\n        return StreamingResponse(report.rows())",
    "an object without a name": ASYNC + "return StreamingResponse(Report(session).rows())",
    "a connection": "with engine.connect() as session: return StreamingResponse(lines(session))",
    "a file": "with open('x') as file: return StreamingResponse(file)",
    "a file in a generator": "with FilePath('x').open('rb') as file: return StreamingResponse(lines(file))",
    "a temporary file": "with tempfile.TemporaryFile() as file: return StreamingResponse(iter(file))",
    "a buffer": "with io.BytesIO() as buffer: return StreamingResponse(buffer)",
    "a client": "async with httpx.AsyncClient() as client: return StreamingResponse(chunks(client))",
    "a response": "async with httpx.AsyncClient() as client, client.stream('GET', 'x') as answer:\n"
    "        return StreamingResponse(answer.aiter_bytes())",
    "a response of aiohttp": "async with aiohttp.ClientSession() as client, client.get('x') as answer:\n"
    "        return StreamingResponse(answer.content.iter_chunked(9))",
    "a response of requests": "with requests.get('x', stream=True) as answer: return StreamingResponse(answer.iter_content(9))",
}  # fmt: skip
FOUND = {
    "a generator expression": "return (str(x) for x in session.scalars(select(User)))",
    "a generator": "return plain_rows(session)",
    "a generator with a name": "found = plain_rows(session)\n        return found",
    "what steps through it": "return map(str, session.scalars(select(User)))",
}
OPEN = {
    "in the generator": "async def inner():\n        async with make_async_session() as session:\n"
    "            async for each in rows(session): yield each\n    return StreamingResponse(inner())",
    "what was read": ASYNC + "found = [str(x) for x in await session.scalars(select(User))]\n    return StreamingResponse(iter(found))",
    "what was read, with one name": ASYNC + "found = rows(session)\n        found = [x async for x in found]\n"
    "    return StreamingResponse(iter(found))",
    "all rows": PLAIN + "found = session.scalars(select(User)).all()\n    return StreamingResponse(str(x.id) for x in found)",
    "all rows, in the block": PLAIN + "return StreamingResponse(str(x) for x in session.scalars(select(User)).all())",
    "one row": PLAIN + "return StreamingResponse(lines(session.get(User, 1)))",
    "a row by name": PLAIN + "user = session.get(User, 1)\n        return StreamingResponse(lines(user.name))",
    "a text": "with open('x') as file: text = file.read()\n    return StreamingResponse(iter([text]))",
    "lines": "with open('x') as file: return StreamingResponse(iter(file.readlines()))",
    "a list": "with open('x') as file: return StreamingResponse(iter(list(file)))",
    "what is read of each line": "with open('x') as file: return StreamingResponse(map(str, sorted(file)))",
    "a buffer for it": "buffer = io.BytesIO()\n    with open('x', 'rb') as file: buffer.write(file.read())\n"
    "    return StreamingResponse(buffer)",
    "a value of a buffer": "with io.BytesIO() as buffer: return StreamingResponse(iter([buffer.getvalue()]))",
    "the factory": "async def inner(make):\n        async with make() as session:\n            yield str(session)\n"
    "    async with make_async_session() as session: await session.get(User, 1)\n    return StreamingResponse(inner(make_async_session))",
    "a method that works without it": ASYNC + "return StreamingResponse(Report(session).title())",
    "a file that stays open": "file = open('x')\n    return StreamingResponse(file)",
    "a lock": "with lock: return StreamingResponse(iter(['a']))",
    "a session that is lent": "with lent() as session: return StreamingResponse(plain_rows(session))",
    "a response that is there": "async with httpx.AsyncClient() as client: answer = await client.get('x')\n"
    "    return StreamingResponse(answer.iter_bytes())",
    "a response of a plain client": "with httpx.Client() as client:\n        answer = client.get('x')\n"
    "        return StreamingResponse(answer.iter_bytes())",
    "a response that is no stream": PLAIN + "return JSONResponse([x.id for x in session.scalars(select(User))])",
    "a function that uses it up": PLAIN + "return sum(x.id for x in session.scalars(select(User)))",
    "a list of it": PLAIN + "return list(plain_rows(session))",
}  # fmt: skip


@pytest.mark.parametrize("body", CLOSED.values(), ids=list(CLOSED))
def test_a_stream_reads_after_the_block(check: Check, body: str) -> None:
    """TW014: a response is sent when the endpoint has returned, and the `with` statement has ended before."""
    assert check(HEAD + READERS + SHOW.format(body), "--select", "TW014").codes == ["TW014"]


@pytest.mark.parametrize("body", FOUND.values(), ids=list(FOUND))
def test_a_generator_begins_after_the_block(check: Check, body: str) -> None:
    """TW014: a generator that is returned reads when the caller asks it; one that yields in the block reads there."""
    source = f"def found() -> Any:\n    with make_session() as session:\n        {body}\n"
    source = HEAD + READERS + source + SHOW.format("return list(found())")
    assert check(source, "--select", "TW014").codes == ["TW014"]
    assert check(source.replace("return found\n", "yield from found\n"), "--select", "TW014").codes == (
        [] if "return found\n" in body + "\n" else ["TW014"]
    )
    assert (
        check(source.replace(f"{body}\n", "yield from plain_rows(session)\n"), "--all", "--select", "TW014").codes == []
    )


@pytest.mark.parametrize("body", OPEN.values(), ids=list(OPEN))
def test_what_is_read_in_time_is_left_alone(check: Check, body: str) -> None:
    """TW014: it is read in the block, opened by who reads it, or closed by nobody."""
    outcome = check(HEAD + READERS + SHOW.format(body), "--all", "--select", "TW014")
    assert outcome.codes == [], outcome.out


TASKS = """
from typeway import BackgroundTasks
running = set()
loop: Any = None
async def opened() -> AsyncIterator[AsyncSession]:
    async with make_async_session() as session: yield session
Opened = Annotated[AsyncSession, Depends(opened)]
async def work(session: AsyncSession) -> None: await session.get(User, 1)
async def note(*given: Any) -> None: await pause()
def start(coroutine: Any) -> None: running.add(asyncio.create_task(coroutine))
class Users:
    def __init__(self, session: AsyncSession): self.session = session
    async def one(self) -> None: await self.session.get(User, 1)
    async def title(self) -> None: await pause()
    def fire(self) -> None: running.add(asyncio.create_task(work(self.session)))
    def fire_one(self) -> None: running.add(asyncio.create_task(self.one()))
    def fire_title(self) -> None: running.add(asyncio.create_task(self.title()))
def users(session: Opened) -> Users: return Users(session)
"""
BEGUN = "running.add(asyncio.create_task({}))"
WITH = "async with make_async_session() as own:\n        "
LEFT = {
    "an object of a function inside": "mine = Users(session)\n    async def job(): await mine.one()\n    " + BEGUN.format("job()"),
    "a lambda": "job = lambda: work(session)\n    " + BEGUN.format("job()"),
    "a lambda that is called later": "tasks.add_task(lambda: work(session))",
    "a function that begins what it is given": "start(work(session))",
    "a function that begins a method": "start(given.one())",
    "a method that begins a function": "given.fire()",
    "a method that begins another": "given.fire_one()",
    "a block": WITH + BEGUN.format("work(own)"),
    "a block, and an object": WITH + "mine = Users(own)\n        " + BEGUN.format("mine.one()"),
    "a block, and a background task": WITH + "tasks.add_task(work, own)",
    "a block that has waited before": WITH + "await own.get(User, 1)\n        " + BEGUN.format("work(own)"),
}  # fmt: skip
IN_TIME = {
    "a method that works without it": BEGUN.format("given.title()"),
    "a method that begins one that does": "given.fire_title()",
    "a function inside that does": "async def job(): await Users(session).title()\n    " + BEGUN.format("job()"),
    "a name of a lambda": "await work(session)\n    tasks.add_task(lambda session: print(session), 1)",
    "a function that begins something else": "await work(session)\n    start(note(1))",
    "a row": "user = await session.get(User, 1)\n    " + BEGUN.format("note(user.id)"),
    "rows": "ids = [each.id for each in await session.scalars(select(User))]\n    " + BEGUN.format("note(ids)"),
    "a block of its own": "async def job():\n        async with make_async_session() as own: await work(own)\n    " + BEGUN.format("job()"),
    "a block that waits for it": WITH + "task = asyncio.create_task(work(own))\n        await task",
    "a block that waits for something else": WITH + BEGUN.format("work(own)") + "\n        await pause()",
    "a block that goes on": WITH + "while True:\n            await pause()\n            " + BEGUN.format("work(own)"),
    "a block that waits for another loop": "async with make_async_session() as own: asyncio.run_coroutine_threadsafe(work(own), loop).result()",
    "a block that waits for a future": WITH + "future = asyncio.run_coroutine_threadsafe(work(own), loop)\n        future.result()",
    "a request that waits for another loop": "asyncio.run_coroutine_threadsafe(work(session), loop).result(9)",
    "a block with a group": WITH + "async with asyncio.TaskGroup() as group: group.create_task(work(own))",
    "a block around something else": WITH + "user = await own.get(User, 1)\n        " + BEGUN.format("note(user.id)"),
    "a block that has ended": WITH + "user = await own.get(User, 1)\n    tasks.add_task(note, user.id)",
}  # fmt: skip


@pytest.mark.parametrize(
    ("body", "count"),
    [*((body, 1) for body in LEFT.values()), *((body, 0) for body in IN_TIME.values())],
    ids=[*LEFT, *IN_TIME],
)
def test_a_task_goes_on_when_the_session_has_ended(check: Check, body: str, count: int) -> None:
    """TW023: the session comes by a lambda, a coroutine, the object of a method, or is one of a `with` statement."""
    show = "@app.get('/x')\nasync def show(tasks: BackgroundTasks, session: Opened, given: Annotated[Users, Depends(users)]) -> None:\n    "
    outcome = check(HEAD + TASKS + show + body, "--all", "--select", "TW023")
    assert outcome.codes == ["TW023"] * count, outcome.out


UNIT = """
class Unit:
    async def __aenter__(self):
        self.session = make_async_session()
        return self
    async def __aexit__(self, *given): await self.session.close()
    async def save(self, n: int = 1) -> None: await self.session.get(User, n)
    async def title(self, n: int = 1) -> None: await pause()
class Holder:
    def __init__(self, unit: Unit): self.unit = unit
    async def save(self, n: int = 1) -> None: await self.unit.save(n)
    async def title(self, n: int = 1) -> None: await self.unit.title(n)
async def use(unit: Unit, n: int = 1) -> None: await unit.save(n)
async def use_title(unit: Unit, n: int = 1) -> None: await unit.title(n)
async def enter(unit: Unit, n: int = 1) -> None:
    async with unit: await unit.save(n)
async def use_users(users: Users) -> None: await users.one()
async def entered_unit() -> AsyncIterator[Unit]:
    async with Unit() as unit: yield unit
async def given_unit() -> AsyncIterator[Unit]: yield Unit()
"""
ENTERED, GIVEN = (f"unit: Annotated[Unit, Depends({name}_unit)]" for name in ("entered", "given"))
USERS = "given: Annotated[Users, Depends(users)]"
UNITS = {
    "a task of a method": (ENTERED, BEGUN.format("unit.save()"), ["TW023"]),
    "a task of a function": (ENTERED, BEGUN.format("use(unit)"), ["TW023"]),
    "a task of an object around it": (ENTERED, "held = Holder(unit)\n    " + BEGUN.format("held.save()"), ["TW023"]),
    "two methods at once": (ENTERED, "await asyncio.gather(unit.save(1), unit.save(2))", ["TW025"]),
    "two functions at once": (ENTERED, "await asyncio.gather(use(unit, 1), use(unit, 2))", ["TW025"]),
    "two functions at once in a block": (
        ENTERED, "async with Unit() as own: await asyncio.gather(use(own, 1), use(own, 2))", ["TW025"],
    ),
    "an object around it twice at once": (
        ENTERED, "held = Holder(unit)\n    await asyncio.gather(held.save(1), held.save(2))", ["TW025"],
    ),
    "an object with a session twice at once": (USERS, "await asyncio.gather(use_users(given), use_users(given))", ["TW025"]),
    "not a method that works without it": (ENTERED, BEGUN.format("unit.title()"), []),
    "not an object around it that works without it": (
        ENTERED, "held = Holder(unit)\n    " + BEGUN.format("held.title()") + "\n    await asyncio.gather(held.title(1), held.title(2))", [],
    ),
    "not what the task enters": (GIVEN, BEGUN.format("enter(unit)"), []),
    "not units of their own": (ENTERED, "await asyncio.gather(enter(Unit(), 1), enter(Unit(), 2))", []),
    "not a unit for each": (ENTERED, "await asyncio.gather(*(enter(Unit(), n) for n in range(3)))", []),
    "not functions that work without it": (ENTERED, "await asyncio.gather(use_title(unit, 1), use_title(unit, 2))", []),
    "not one use": (ENTERED, "await asyncio.gather(use(unit), pause())", []),
}  # fmt: skip


@pytest.mark.parametrize(("parameter", "body", "codes"), UNITS.values(), ids=list(UNITS))
def test_a_unit_of_work_holds_a_session(check: Check, parameter: str, body: str, codes: list[str]) -> None:
    """TW023, TW025: an object that opens its session when it is entered ends, and is shared, as the session itself."""
    source = HEAD + TASKS + UNIT + f"@app.get('/x')\nasync def show({parameter}) -> None:\n    {body}\n"
    outcome = check(source, "--all", "--select", "TW023,TW025")
    assert outcome.codes == codes, outcome.out


def test_a_lifespan_stays_in_its_block(check: Check) -> None:
    """TW023: a generator that yields in the block keeps the session open."""
    source = (
        f"@asynccontextmanager\nasync def lifespan(app: Any):\n    {WITH}{BEGUN.format('work(own)')}\n        yield\n"
        "app = Typeway(lifespan=lifespan)\n@app.get('/x')\nasync def show() -> int: return 1\n"
    )
    assert check(HEAD + TASKS + source, "--all", "--select", "TW023").codes == []


VARIABLES = """
from contextvars import ContextVar
from starlette.middleware.base import BaseHTTPMiddleware
variable: ContextVar[Any] = ContextVar('variable', default=None)
@contextmanager
def bound(value):
    token = variable.set(value)
    yield
    variable.reset(token)
@contextmanager
def bound_well(value):
    token = variable.set(value)
    try: yield
    finally: variable.reset(token)
@asynccontextmanager
async def opened():
    file = open('x')
    yield file
    file.close()
class Setting:
    async def set(self, value: Any) -> None: ...
    def reset(self, token: Any) -> None: ...
setting = Setting()
"""
LAYER = (
    "@app.middleware('http')\nasync def around(request, call_next):\n    token = variable.set(1)\n    {}\n"
    + SHOW.format("return 1")
)
RESETS = {
    "a layer": (LAYER.format("response = await call_next(request)\n    variable.reset(token)\n    return response"), ["low"]),
    "a layer of a class": (
        "class Layer(BaseHTTPMiddleware):\n    async def dispatch(self, request, call_next):\n        token = variable.set(1)\n"
        "        response = await call_next(request)\n        variable.reset(token)\n        return response\n"
        "app.add_middleware(Layer)\n" + SHOW.format("return 1"),
        ["low"],
    ),
    "an endpoint": (SHOW.format("token = variable.set(1)\n    await pause()\n    variable.reset(token)"), ["low"]),
    "some errors": (
        SHOW.format("token = variable.set(1)\n    try: await pause()\n    except ValueError: pass\n    variable.reset(token)"), ["low"],
    ),
    "a context manager": (SHOW.format("with bound(1): await pause()"), ["high"]),
    "a context manager with a file": (SHOW.format("async with opened() as file: return file.read()"), ["high"]),
    "not in finally": (LAYER.format("try: return await call_next(request)\n    finally: variable.reset(token)"), []),
    "not after all errors": (
        SHOW.format("token = variable.set(1)\n    try: await pause()\n    except Exception: pass\n    variable.reset(token)"), [],
    ),
    "not without a reset": (LAYER.format("return await call_next(request)"), []),
    "not where nothing waits": (SHOW.format("token = variable.set(1)\n    variable.reset(token)\n    await pause()"), []),
    "not what waits before": (SHOW.format("await pause()\n    token = variable.set(1)\n    variable.reset(token)"), []),
    "not another object": (SHOW.format("token = await setting.set(1)\n    await pause()\n    setting.reset(token)"), []),
    "not a good context manager": (SHOW.format("with bound_well(1): await pause()"), []),
    "not one that nobody enters": (SHOW.format("await pause()"), []),
    "not a lifespan, and what it enters": (
        "@asynccontextmanager\nasync def lifespan(app):\n    async with opened() as file: app.state.text = file.read()\n    yield\n    await app.state.close()\n"
        "app = Typeway(lifespan=lifespan)\n" + SHOW.format("return 1"),
        [],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("source", "confidences"), RESETS.values(), ids=list(RESETS))
def test_an_error_skips_what_comes_after_it(check: Check, source: str, confidences: list[str]) -> None:
    """TW015: a context variable keeps its value, and a context manager of a function does not clean up."""
    found = check(HEAD + VARIABLES + source, "--all", "--select", "TW015").findings
    assert [each["confidence"] for each in found] == confidences
