"""What runs on the loop although no call in the source names it: routes, collections, validators, iteration, streams."""

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check
from tests.check.test_rules import HEAD, endpoint

SLOW = "def slow(*given): time.sleep(1)\nasync def nap(*given):\n    await pause()\n    time.sleep(1)\n"

# A class of routes whose handlers do something around every request.
ROUTES = """
from typeway.routing import APIRoute
class Kept(APIRoute):
    def get_route_handler(self):
        handle = super().get_route_handler()
        async def keep(request):
            BODY
            return await handle(request)
        return RETURNED
router = Router(route_class=Kept)
@router.get('/x')
def show() -> int: return 1
app.include_router(router)
"""
BUS = """
class Bus:
    def __init__(self): self._kept = MADE
    def on(self, kind):
        def keep(function):
            ADD
            return function
        return keep
    async def publish(self, event):
        RUN
bus = Bus()
async def quiet(event): await pause()
"""


def bus(made: str, add: str, run: str, used: str = "@bus.on('x')\nasync def told(event): time.sleep(1)\n") -> str:
    """A bus of events, what subscribes to it, and an endpoint that publishes."""
    return BUS.replace("MADE", made).replace("ADD", add).replace("RUN", run) + used + endpoint("await bus.publish(1)")


LISTENERS = (
    "LISTENERS = MADE\n{0}\nasync def publish(event):\n    for each in LISTENERS: await each(event)\n"
    + endpoint("await publish(1)")
)
KEEPER = "def keep(function):\n    ADD\n    return function\n@keep\nasync def told(event): time.sleep(1)"


def kept(made: str, add: str) -> str:
    return LISTENERS.format(KEEPER).replace("MADE", made).replace("ADD", add)


PAGES = "class Pages:\n    def METHOD(self, *given):\n        time.sleep(1)\n        return iter([1])\n"
ASYNC_PAGES = "class Pages:\n    def __aiter__(self): return self\n    async def __anext__(self):\n        time.sleep(1)\n        raise StopAsyncIteration\n"
CHUNKS = "async def chunks(n=1):\n    time.sleep(1)\n    yield b''\ndef plain(n=1):\n    time.sleep(1)\n    yield b''\n"
PAGED = "def pages(n=1):\n    time.sleep(1)\n    yield 1\n"
MODEL = "from pydantic import AfterValidator, BeforeValidator, PlainValidator, WrapValidator, computed_field, field_serializer, field_validator, model_validator\n"


def posted(model: str, head: str = "async def", annotation: str = "Made") -> str:
    return f"{MODEL}{model}\n@app.put('/x')\n{head} add(made: {annotation}) -> int: return 1\n"


def model(body: str) -> str:
    return posted("class Made(BaseModel):\n    url: str\n" + "".join(f"    {line}\n" for line in body.splitlines()))


def method(name: str, body: str) -> str:
    return PAGES.replace("METHOD", name) + endpoint(body)


CHOSEN = "TABLE = {'a': functools.partial(nap, 1)}\n"

FOUND = {
    "a route class": ROUTES.replace("BODY", "slow()").replace("RETURNED", "keep"),
    "a route class that decorates its handler": ROUTES.replace("BODY", "slow()").replace(
        "RETURNED", "functools.partial(keep)"
    ),
    "a list by kind": bus(
        "{}", "self._kept.setdefault(kind, []).append(function)", "for each in self._kept.get('x', []): await each(1)"
    ),
    "a default dict of lists": "from collections import defaultdict\n"
    + bus("defaultdict(list)", "self._kept[kind].append(function)", "for each in self._kept['x']: await each(1)"),
    "a list": bus("[]", "self._kept.append(function)", "for each in self._kept: await each(1)"),
    "a list that is copied": bus("[]", "self._kept.append(function)", "for each in list(self._kept): await each(1)"),
    "a list that is gathered": bus(
        "[]", "self._kept.insert(0, function)", "await asyncio.gather(*(each(1) for each in self._kept))"
    ),
    "a set": bus("set()", "self._kept.add(function)", "for each in self._kept: await each(1)"),
    "a dict of one for each kind": bus("{}", "self._kept[kind] = function", "await self._kept['x'](1)"),
    "a dict that is gone through": bus(
        "{}", "self._kept[kind] = function", "for each in self._kept.values(): await each(1)"
    ),
    "a dict whose items are unpacked": bus(
        "{}", "self._kept[kind] = function", "for kind, each in self._kept.items(): await each(1)"
    ),
    "a list of pairs": bus("[]", "self._kept.append((kind, function))", "for kind, each in self._kept: await each(1)"),
    "a bus that a dependency gives": bus(
        "[]", "self._kept.append(function)", "for each in self._kept: await each(1)"
    ).replace("show()", "show(bus: Annotated[Bus, Depends(lambda: bus)])"),
    "a bus that the lifespan fills": bus(
        "[]",
        "...",
        "for each in self._kept: await each(1)",
        "async def told(event): time.sleep(1)\nBus.add = lambda self, function: None\n"
        "class Full(Bus):\n    def add(self, function): self._kept.append(function)\nbus = Full()\n"
        "@asynccontextmanager\nasync def lifespan(app):\n    bus.add(told)\n    yield\napp = Typeway(lifespan=lifespan)\n",
    ),
    "objects with a method": bus(
        "[]",
        "...",
        "for each in self._kept: await each.handle(1)",
        "class Told:\n    async def handle(self, event): time.sleep(1)\nbus._kept.append(Told())\n",
    ),
    "objects that are called": bus(
        "[]",
        "...",
        "for each in self._kept: await each(1)",
        "class Told:\n    async def __call__(self, event): time.sleep(1)\nbus._kept.extend([Told(), quiet])\n",
    ),
    "more of them than may be one of several": bus(
        "[]",
        "self._kept.append(function)",
        "for each in self._kept: await each(1)",
        "for n in range(8):\n    @bus.on(n)\n    async def other(event, n=n): await pause()\n"
        "    exec(f'async def more{n}(event): await pause()')\n    bus.on(n)(locals()[f'more{n}'])\n"
        "@bus.on('x')\nasync def told(event): time.sleep(1)\n",
    ),
    "a list of the module": kept("[]", "LISTENERS.append(function)"),
    "a set of the module": kept("set()", "LISTENERS.update({function})"),
    "a set of the module that is joined": kept("set()", "global LISTENERS\n    LISTENERS |= {function}"),
    "a tuple of the module": "async def told(event): time.sleep(1)\n"
    + kept("(told,)", "...").replace("@keep\nasync def told(event): time.sleep(1)", ""),
    "a list that the lifespan fills": (
        "LISTENERS = []\nasync def told(event): time.sleep(1)\n"
        "@asynccontextmanager\nasync def lifespan(app):\n    LISTENERS.append(told)\n    yield\napp = Typeway(lifespan=lifespan)\n"
        + endpoint("for each in LISTENERS: await each(1)")
    ),
    "a list of the function": SLOW + endpoint("for each in [nap, pause]: await each()"),
    "a list that a constructor writes": (
        SLOW + "class Steps:\n    def __init__(self): self.steps = [nap, pause]\n"
        "    async def run(self):\n        for step in self.steps: await step()\n" + endpoint("await Steps().run()")
    ),
    "pairs of names and functions": SLOW
    + "STEPS = [('a', slow), ('b', print)]\n"
    + endpoint("for name, step in STEPS: step()"),
    "a validator of a field": model(
        "@field_validator('url')\n@classmethod\ndef check(cls, url: str) -> str:\n    slow()\n    return url"
    ),
    "a validator of the model": model("@model_validator(mode='after')\ndef check(self):\n    slow()\n    return self"),
    "a validator before the model": model(
        "@model_validator(mode='before')\n@classmethod\ndef check(cls, data):\n    slow()\n    return data"
    ),
    "what a model does when it is made": model("def model_post_init(self, context, /): slow()"),
    **{
        f"{kind} of a type": posted(
            f"def check(url{', handler' * (kind == 'WrapValidator')}):\n    slow()\n    return url\nclass Made(BaseModel):\n    url: list[Annotated[str, {kind}(check)]]"
        )
        for kind in ("AfterValidator", "BeforeValidator", "PlainValidator", "WrapValidator")
    },
    "a validator of a plain endpoint": model(
        "@field_validator('url')\n@classmethod\ndef check(cls, url):\n    slow()\n    return url"
    ).replace("async def add", "def add"),
    "a validator of a model inside": posted(
        "class Part(BaseModel):\n    url: str\n    @field_validator('url')\n    @classmethod\n    def check(cls, url):\n        slow()\n        return url\n"
        "class Made(BaseModel):\n    parts: dict[str, Part | None]"
    ),
    "a validator of a parameter": (
        f"{MODEL}def check(url: str) -> str:\n    slow()\n    return url\n"
        "@app.get('/x')\ndef show(url: Annotated[str, AfterValidator(check)]) -> int: return 1\n"
    ),
    "a validator of a dependency's parameter": (
        f"{MODEL}def check(url: str) -> str:\n    slow()\n    return url\ndef get(url: Annotated[str, AfterValidator(check)]): return url\n"
        "@app.get('/x')\ndef show(url: Annotated[str, Depends(get)]) -> int: return 1\n"
    ),
    "a field that an answer computes": (
        f"{MODEL}class Out(BaseModel):\n    a: int\n    @computed_field\n    @property\n    def b(self) -> int:\n        slow()\n        return 1\n"
        "@app.get('/x')\nasync def show() -> Out: return Out(a=1)\n"
    ),
    "a serializer of an answer": (
        f"{MODEL}class Out(BaseModel):\n    a: int\n    @field_serializer('a')\n    def shown(self, a: int) -> int:\n        slow()\n        return a\n"
        "@app.get('/x')\nasync def show() -> list[Out]: return [Out(a=1)]\n"
    ),
    "a loop over an object": method("__iter__", "for each in Pages(): print(each)"),
    "a comprehension over an object": method("__iter__", "[each for each in Pages()]"),
    "a list of an object": method("__iter__", "pages = Pages()\nlist(pages)"),
    "an object that is unpacked": method("__iter__", "print(*Pages())"),
    "what looks for a member without a method for it": method("__iter__", "1 in Pages()"),
    "an iterator": (
        "class Pages:\n    def __iter__(self): return self\n    def __next__(self):\n        time.sleep(1)\n        raise StopIteration\n"
        + endpoint("for each in Pages(): print(each)")
    ),
    "an iterator of another class": (
        "class Cursor:\n    def __next__(self):\n        time.sleep(1)\n        raise StopIteration\n"
        "class Pages:\n    def __iter__(self): return Cursor()\n" + endpoint("for each in Pages(): print(each)")
    ),
    "the next of an iterator": method("__next__", "next(Pages())"),
    "an asynchronous iterator": ASYNC_PAGES + endpoint("async for each in Pages(): print(each)"),
    "an asynchronous comprehension": ASYNC_PAGES + endpoint("[each async for each in Pages()]"),
    "a key": method("__getitem__", "Pages()['a']"),
    "a key that is set": method("__setitem__", "pages = Pages()\npages['a'] = 1"),
    "a key that is deleted": method("__delitem__", "pages = Pages()\ndel pages['a']"),
    "a member": method("__contains__", "1 in Pages()"),
    "no member": method("__contains__", "1 not in Pages()"),
    "a length": method("__len__", "len(Pages())"),
    "an addition": method("__add__", "Pages() + 1"),
    "an addition from the right": method("__radd__", "1 + Pages()"),
    "an addition in place": method("__iadd__", "pages = Pages()\npages += 1"),
    "a pipe": method("__or__", "Pages() | 1"),
    "a comparison": method("__eq__", "Pages() == 1"),
    "a callable of an annotation": (
        SLOW + CHOSEN + "Chosen = Callable[[int], Any]\ndef choose(name: str) -> Chosen: return TABLE[name]\n"
        "@app.get('/x')\nasync def show(run: Annotated[Chosen, Depends(choose)]) -> Any: await run(1)\n"
    ),
    "a Protocol of calls": (
        "from typing import Protocol\n"
        + SLOW
        + CHOSEN
        + "class Chosen(Protocol):\n    async def __call__(self, n): ...\n"
        "def choose(name: str) -> Chosen: return TABLE[name]\n"
        "@app.get('/x')\nasync def show(run: Annotated[Chosen, Depends(choose)]) -> Any: await run(1)\n"
    ),
    "a callable that is passed": SLOW
    + "async def run(step: Callable[[], Any]): await step()\n"
    + endpoint("await run(nap)"),
    "an attribute that may be called": (
        SLOW
        + "class Work:\n    step: Callable[[], Any]\n    def __init__(self): self.step = nap\n"
        + endpoint("await Work().step()")
    ),
    "an asynchronous generator of a plain endpoint": (
        CHUNKS + "@app.get('/x')\ndef show() -> StreamingResponse: return StreamingResponse(chunks(1))\n"
    ),
    "one that has a name": (
        CHUNKS
        + "@app.get('/x')\ndef show() -> Any:\n    body = chunks(1)\n    return StreamingResponse(content=body)\n"
    ),
    "one that a helper returns": (
        CHUNKS
        + "def opened(): return chunks(1)\ndef answer(): return StreamingResponse(opened())\n@app.get('/x')\ndef show() -> Any: return answer()\n"
    ),
    "one that a dependency returns": (
        CHUNKS + "def source(): return chunks(1)\n"
        "@app.get('/x')\nasync def show(body: Annotated[Any, Depends(source)]) -> Any:\n    await pause()\n    return StreamingResponse(body)\n"
    ),
    "a generator of a thread": PAGED
    + endpoint("found = await run_in_threadpool(pages, 1)\nfor each in found: print(each)"),
    "a generator of a thread at once": PAGED + endpoint("return [each for each in await asyncio.to_thread(pages)]"),
    "a generator of an executor": PAGED
    + endpoint("found = await asyncio.get_running_loop().run_in_executor(None, pages)\nreturn list(found)"),
    "a generator that has a name": PAGED + endpoint("found = pages()\nfor each in found: print(each)"),
    "a generator of a list": PAGED + endpoint("return list(pages())"),
    "a generator that a method returns": "class Index:\n    def find(self): return pages(1)\n"
    + PAGED
    + endpoint("return sorted(Index().find())"),
}

FREE = {
    "a route class that awaits": ROUTES.replace("BODY", "await pause()").replace("RETURNED", "keep"),
    "a route class that uses a thread": ROUTES.replace("BODY", "await run_in_threadpool(slow)").replace("RETURNED", "keep"),
    "listeners that await": bus("[]", "self._kept.append(function)", "for each in self._kept: await each(1)", "bus.on('x')(quiet)\n"),
    "listeners in threads": SLOW + bus(
        "[]", "self._kept.append(function)", "for each in self._kept: await asyncio.to_thread(each, 1)", "bus.on('x')(slow)\n"
    ),
    "another list of the object": SLOW + bus(
        "[]", "self.other = [function]", "for each in self._kept: await each(1)", "bus.on('x')(slow)\n"
    ),
    "the same attribute of another class": (
        SLOW + "class Other:\n    def __init__(self): self._kept = []\nother = Other()\nother._kept.append(slow)\n"
        + bus("[]", "...", "for each in self._kept: await each(1)")
    ),
    "values that are no functions": bus("[]", "self._kept.append(kind)", "for each in self._kept: each.strip()"),
    "keys": SLOW + "TABLE = {slow: 'x'}\n" + endpoint("for each in TABLE.values(): each.strip()"),
    "names beside functions": SLOW + "STEPS = [(quiet, slow)]\n".replace("quiet", "pause") + endpoint("for one, other in STEPS: await one()"),
    "a validator that looks at its value": model("@field_validator('url')\n@classmethod\ndef check(cls, url: str) -> str: return url.strip()"),
    "a method of a model that nobody calls": model("def fetch(self) -> None: slow()"),
    "a validator of what the server makes": (
        f"{MODEL}class Out(BaseModel):\n    a: int\n    @field_serializer('a')\n    def shown(self, a: int) -> int:\n        slow()\n        return a\n"
        "@app.put('/x')\nasync def add(made: Out) -> int: return 1\n"
    ),
    "a loop in a thread": PAGES.replace("METHOD", "__iter__") + "def work(): return list(Pages())\n" + endpoint("await asyncio.to_thread(work)"),
    "an object that is only made": method("__iter__", "Pages()"),
    "an object that a thread goes over": method("__iter__", "await asyncio.to_thread(list, Pages())"),
    "a class with a key": method("__class_getitem__", "return list[int]"),
    "a key that is read where setting it blocks": method("__setitem__", "Pages()['a']"),
    "a plain iteration beside an asynchronous iterator": ASYNC_PAGES + endpoint("Pages()"),
    "a plain generator for an answer": (
        CHUNKS + "@app.get('/x')\nasync def show() -> Any:\n    await pause()\n    return StreamingResponse(plain(1))\n"
    ),
    "a plain generator of a plain endpoint": CHUNKS + "@app.get('/x')\ndef show() -> Any: return StreamingResponse(plain(1))\n",
    "an asynchronous generator that nobody sends": CHUNKS + "@app.get('/x')\ndef show() -> Any: return str(chunks(1))\n",
    "a generator that a thread makes a list": PAGED + endpoint("found = await asyncio.to_thread(lambda: list(pages()))\nreturn [each for each in found]"),
    "a list of a thread": "def pages():\n    time.sleep(1)\n    return [1]\n" + endpoint("return [each for each in await asyncio.to_thread(pages)]"),
    "a list of another package": endpoint(
        "import glob\nfound = await asyncio.to_thread(glob.glob, 'x')\nreturn [each for each in found]"
    ),
    "a generator that a thread goes over": PAGED + endpoint("return await asyncio.to_thread(list, pages())"),
    "a callable that awaits": SLOW + "async def run(step: Callable[[], Any]): await step()\n" + endpoint("await run(pause)"),
    "a callable that goes to a thread": SLOW + "async def run(step: Callable[[], Any]): await asyncio.to_thread(step)\n" + endpoint("await run(slow)"),
}  # fmt: skip


@pytest.mark.parametrize("source", FOUND.values(), ids=FOUND)
def test_what_nobody_calls_by_name_is_followed(check: Check, source: str) -> None:
    """Routes, collections, validators, special methods and streams lead to what blocks."""
    outcome = check(HEAD + (SLOW if SLOW not in source else "") + source, "--all", "--select", "TW001,TW002")
    assert outcome.codes in (["TW001"], ["TW002"]), outcome.out + outcome.err


@pytest.mark.parametrize("source", FREE.values(), ids=FREE)
def test_what_does_not_run_on_the_loop_is_left_alone(check: Check, source: str) -> None:
    """What awaits, runs in a thread, or is only kept is nothing to report."""
    outcome = check(HEAD + (SLOW if SLOW not in source else "") + source, "--all", "--select", "TW001,TW002")
    assert outcome.codes == [], outcome.out
    assert "Error" not in outcome.err


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ("found = await run_in_threadpool(other.pages, 1)\nreturn [each for each in found]", ["TW001"]),
        ("return list(await asyncio.to_thread(other.pages, 1))", ["TW001"]),
        ("return await asyncio.to_thread(lambda: list(other.pages(1)))", []),
        ("found = await asyncio.to_thread(other.listed)\nreturn [each for each in found]", []),
    ],
)
def test_a_generator_that_is_known_to_block_does_so_where_it_is_gone_over(
    check: Check, body: str, codes: list[str]
) -> None:
    """A thread only makes a generator of the catalogue; a list of the catalogue is made there."""
    settings = {"pyproject.toml": '[tool.typeway.check]\nblocking = ["other.pages", "other.listed"]\n'}
    other = "def pages(n): yield n\ndef listed(): return [1]\n"
    outcome = check(HEAD + "import other\n" + endpoint(body), "--all", other=other, **settings)
    assert outcome.codes == codes, outcome.out


OTHER = """
class Jobs:
    def add_task(self, func=None, *args): pool.submit(func)
    def map(self, func, *given): pool.submit(func)
    def sort(self, key): pool.submit(key)
    def call_soon(self, func): pool.submit(func)
    def start_soon(self, func): pool.submit(func)
    def create_task(self, func): pool.submit(func)
    async def start(self): ...
"""
NAP = "async def nap():\n    await pause()\n    time.sleep(1)\n"
# A class without source, as those of other packages are.
JOBS = (
    f"import anyio\nfrom typeway import BackgroundTasks\nexec({OTHER!r})\njobs = Jobs()\n"
    + NAP
    + "def slow(*given): time.sleep(1)\n"
)
GIVEN = {
    "a scheduler of another package": (endpoint("jobs.add_task(func=nap)"), None),
    "a scheduler that a class makes": (endpoint("Jobs().add_task(nap)"), None),
    "a scheduler that a function is given": ("def plan(jobs: Jobs): jobs.add_task(nap)\n" + endpoint("plan(jobs)"), None),
    "a scheduler of another package in a plain endpoint": ("@app.get('/x')\ndef show() -> None: jobs.add_task(nap)\n", None),
    "a scheduler in an endpoint that awaits nothing": ("@app.get('/x')\nasync def show() -> None: jobs.add_task(nap)\n", None),
    "a loop of another package": (endpoint("jobs.call_soon(slow)"), None),
    "a group of another package": (endpoint("jobs.start_soon(nap)"), None),
    "a map of another package": (endpoint("jobs.map(slow, [1])"), None),
    "a sort of another package": (endpoint("jobs.sort(key=slow)"), None),
    "a task of another package at the start": (
        "@asynccontextmanager\nasync def lifespan(app):\n    jobs.create_task(nap)\n    yield\napp = Typeway(lifespan=lifespan)\n" + endpoint("await pause()"),
        None,
    ),
    "a class of background tasks": (
        "class Tasks(BackgroundTasks): ...\n@app.get('/x')\nasync def show(tasks: Tasks) -> None:\n    await pause()\n    tasks.add_task(nap)\n", "high",
    ),
    "background tasks": ("@app.get('/x')\nasync def show(tasks: BackgroundTasks) -> None:\n    await pause()\n    tasks.add_task(func=nap)\n", "high"),
    "background tasks that nothing says to be some": (endpoint("app.other.add_task(nap)"), "medium"),
    "background tasks of a coroutine that a function below begins": (
        "def plan(tasks: BackgroundTasks): tasks.add_task(nap)\n@app.get('/x')\nasync def show(tasks: BackgroundTasks) -> None: plan(tasks)\n", "high",
    ),
    "a loop of asyncio": (endpoint("asyncio.get_running_loop().call_soon(slow)"), "high"),
    "a group of anyio": (endpoint("async with anyio.create_task_group() as group: group.start_soon(nap)"), "high"),
    "a sort of a list": (endpoint("found = [2, 1]\nfound.sort(key=slow)"), "high"),
    "a sort of something": (endpoint("app.other.sort(key=slow)"), "high"),
    "the largest of some": (endpoint("import heapq\nheapq.nlargest(1, [1], key=slow)"), "high"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (
            "query = db.query(User.id).filter(User.id == 1)\n    return [row[0] for row in query]",
            "but iterating Query blocks",
        ),
        ("return list(db.query(User.id).limit(9))", "but iterating Query blocks"),
        (
            "query = db.query(User.id)\n    if app.debug: query = joined(query)\n    return list(query.group_by(User.id))",
            "but iterating Query blocks",
        ),
        ("return db.query(User.id).order_by(User.id).all()", "but calls Query.all(), which blocks"),
        ("return str(db.query(User.id).join(User).limit(9))", ""),
    ],
)
def test_a_query_waits_where_its_rows_are_read(check: Check, body: str, named: str) -> None:
    """What only builds a query asks no database, and is not named as what waits."""
    joined = "from sqlalchemy.orm import Query as Rows\ndef joined(query: Rows) -> Rows:\n    if app.debug: return query.other()\n    return query\n"
    source = HEAD + f"{joined}@app.get('/x')\nasync def show() -> Any:\n    db = make_session()\n    {body}\n"
    found = check(source, "--all", "--select", "TW001,TW002").findings
    assert len(found) == bool(named), found
    assert named in str([each["message"] for each in found])


@pytest.mark.parametrize(("source", "confidence"), GIVEN.values(), ids=GIVEN)
def test_a_function_runs_here_if_what_gets_it_runs_it_here(check: Check, source: str, confidence: str | None) -> None:
    """A method of another class is not what starlette, asyncio and anyio call so; one of an unknown object may be."""
    outcome = check(HEAD + JOBS + source, "--all")
    found = [(finding["code"], finding["confidence"]) for finding in outcome.findings]
    assert found == [("TW001", confidence)][: confidence is not None], outcome.out
