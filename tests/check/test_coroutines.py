"""Coroutines that are taken for what they would give, in all the ways that Python has for that."""

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check
from tests.check.test_rules import HEAD

BEFORE = """
import inspect, json
class Gate:
    async def allows(self, n: int) -> bool: return n > 1
    @staticmethod
    async def still(n: int) -> bool: return n > 1
    @classmethod
    async def of_all(cls, n: int) -> bool: return n > 1
gate = Gate()
def give_gate() -> Gate: return Gate()
async def find(n: int = 1) -> Any: return {"a": n}
async def allowed(n: int = 1) -> bool: return n > 1
async def rows(n: int = 1) -> list[int]: return [n]
class Out(BaseModel):
    a: Any = None
    b: int = 0
class Named(Base):
    __tablename__ = "named"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
"""
SHOW = "@app.get('/x')\n{} show(n: int, given: Annotated[Gate, Depends(give_gate)]) -> Any:\n    {}\n"
ALWAYS = "a coroutine is always true"

TAKEN = {
    "a condition": ("if not allowed(n): raise HTTPException(403)", ALWAYS),
    "a method": ("if not gate.allows(n): raise HTTPException(403)", ALWAYS),
    "a method of what a dependency gives": ("if not given.allows(n): raise HTTPException(403)", ALWAYS),
    "a static method": ("if not Gate.still(n): raise HTTPException(403)", ALWAYS),
    "a class method": ("if not Gate.of_all(n): raise HTTPException(403)", ALWAYS),
    "a function inside": ("async def inner(): return n\n    if inner(): return 2", ALWAYS),
    "an assertion": ("assert allowed(n)", ALWAYS),
    "a loop": ("while allowed(n): n += 1", ALWAYS),
    "a choice": ("return 1 if allowed(n) else 2", ALWAYS),
    "what is chosen for a condition": ("if (allowed(n) if n else False): return 2", ALWAYS),
    "the first of two": ("return find(n) or {}", ALWAYS),
    "the last of two in a condition": ("if n and allowed(n): return 2", ALWAYS),
    "a comparison": ("if find(n) == 1: return 2", ALWAYS),
    "a case": ("match find(n):\n        case 1: return 2", ALWAYS),
    "a condition of a comprehension": ("return [x for x in range(3) if allowed(x)]", ALWAYS),
    "any": ("return any(allowed(x) for x in range(3))", ALWAYS),
    "all": ("if not all([allowed(1), given.allows(2)]): raise HTTPException(403)", ALWAYS),
    "bool": ("return bool(allowed(n))", ALWAYS),
    "filter": ("return list(filter(allowed, range(3)))", "filter() takes it for its result"),
    "the key of a sort": ("return sorted(range(3), key=allowed)", "sorted() takes it for its result"),
    "a name in a condition": ("ok = allowed(n)\n    if not ok: raise HTTPException(403)", ALWAYS),
    "a declared name": ("ok: bool = allowed(n)\n    if not ok: raise HTTPException(403)", ALWAYS),
    "a name that a condition gives": ("if (ok := allowed(n)): return 2", ALWAYS),
    "a name that nobody reads": ("found = find(n)", "it never runs"),
    "a name with a part": ("found = find(n)\n    return found['a']", "it has no items"),
    "a name in an answer": ("found = find(n)\n    if found is None: raise HTTPException(404)\n    return {'a': found}", ALWAYS),
    "a name that is answered": ("found = find(n)\n    if not found: raise HTTPException(404)\n    return found", ALWAYS),
    "an attribute": ("return find(n).name", "no attribute 'name'"),
    "a part": ("return find(n)['a']", "it has no items"),
    "what is gone over": ("for x in rows(n): print(x)", "it has no items"),
    "what is gone over asynchronously": ("async for x in rows(n): print(x)", "it has no items"),
    "what a comprehension goes over": ("return [x for x in rows(n)]", "it has no items"),
    "what is unpacked": ("a, b = rows(n)\n    return a", "it has no items"),
    "a star": ("return [*rows(n)]", "it has no items"),
    "two stars": ("return {**find(n)}", "it has no items"),
    "two stars of a call": ("return Out(**find(n))", "it has no items"),
    "a length": ("return len(rows(n))", "it has no items"),
    "a list of it": ("return list(rows(n))", "it has no items"),
    "a text": ("return str(find(n))", "its text is that of a coroutine"),
    "a part of a text": ("return f'{find(n)}'", "its text is that of a coroutine"),
    "a sum": ("return find(n) + 1", "nothing can be calculated with it"),
    "a growing sum": ("n += find(n)\n    return n", "nothing can be calculated with it"),
    "the sum of many": ("return sum(find(x) for x in range(3))", "nothing can be calculated with it"),
    "a with statement": ("async with find(n) as x: return x", "it is no context manager"),
    "an answer": ("return find(n)", "the answer contains it"),
    "a value of an answer": ("return {'a': find(n)}", "the answer contains it"),
    "an item of an answer": ("return [find(n), 1]", "the answer contains it"),
    "the items of an answer": ("return [find(x) for x in range(3)]", "the answer contains it"),
    "the values of an answer": ("return {x: find(x) for x in range(3)}", "the answer contains it"),
    "a field of an answer": ("return [Out(a=find(n))]", "the answer contains it"),
    "the content of a response": ("return JSONResponse({'a': find(n)})", "the answer contains it"),
    "a field of a number": ("out = Out(b=find(n))\n    return out.b", "a field gets it"),
    "a column": ("make_session().add(Named(name=find(n)))", "a field gets it"),
    "a column that is set": ("user = Named()\n    user.name = find(n)\n    make_session().add(user)", "a field gets it"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "says"), TAKEN.values(), ids=list(TAKEN))
def test_a_coroutine_is_not_its_result(check: Check, body: str, says: str) -> None:
    """TW024: nobody can await it any more; with `await`, nothing is found."""
    found = check(HEAD + BEFORE + SHOW.format("async def", body), "--select", "TW024").findings
    assert {each["code"] for each in found} == {"TW024"}
    assert says in str(found[0]["message"])


REPAIRED = {
    "a condition": "if not await allowed(n): raise HTTPException(403)",
    "any": "return any([await allowed(x) for x in range(3)])",
    "a condition of a comprehension": "return [x for x in range(3) if await allowed(x)]",
    "a name": "ok = await allowed(n)\n    if not ok: raise HTTPException(403)",
    "a part": "return (await find(n))['a']",
    "an attribute": "return (await find(n)).name",
    "what is gone over": "for x in await rows(n): print(x)",
    "an answer": "return {'a': await find(n), **(await find(2))}",
    "a field": "return Out(a=await find(n), b=await find(n))",
    "a name of two": "a, b = await rows(n)\n    return a",
}
AWAITED = {
    "later": "found = find(n)\n    return await found",
    "where it is there": "found = find(n) if n else None\n    return await found if found else None",
    "what was None before": "found = None\n    if n: found = find(n)\n    if found is not None: return await found",
    "one of two": "return await (find(1) if n else find(2))",
    "the last of two": "return await (None or find(2))",
    "what a condition gives": "if n and (found := find(n)): return await found",
    "with others": "a, b = find(1), find(2)\n    return await asyncio.gather(a, b)",
    "a list": "found = [find(x) for x in range(3)]\n    return await asyncio.gather(*found)",
    "a list that is counted": "found = [find(n)]\n    if len(found): await asyncio.gather(*found)",
    "a list that grows": "found = []\n    found.append(find(1))\n    return await asyncio.gather(*found)",
    "values": "found = {'a': find(1)}\n    return {key: await value for key, value in found.items()}",
    "keys": "found = {find(1): 'a'}\n    return [await key for key in found]",
    "one after the other": "return [await each for each in (find(1), find(2))]",
    "as they are done": "return [await each for each in asyncio.as_completed([find(1), find(2)])]",
    "a set of them": "done, _ = await asyncio.wait({find(1), find(2)})\n    return len(done)",
    "in a function inside": "found = find(n)\n    async def later(): return await found\n    return await later()",
    "in a lambda": "found = lambda: find(n)\n    return await found()",
    "what is asked first": "found = find(n)\n    if inspect.iscoroutine(found): found = await found\n    return found",
    "what may be one": "found = find(n)\n    return {'a': await found if inspect.isawaitable(found) else found}",
    "what is closed": "found = find(n)\n    found.close()",
    "what is shown as one": "found = find(n)\n    print(found.cr_code, found.__name__)\n    return await found",
    "what another function gets": "return await resolved({'a': find(n)})",
    "what another function gets by name": "return await resolved(made=find(n))",
    "what another function gives": "return await begun(n)",
    "what another function gives with a condition": "found = begun_if(n)\n    return await found if found else None",
    "what another function gives in a tuple": "return await asyncio.gather(*both(n))",
    "what another function gives in a dict": "return await resolved(named(n))",
    "what an object keeps": "return await Lazy(n).get()",
    "a task of a wrapper": "task = started(n)\n    return 1 if task.done() else await task",
    "a task of a wrapper inside": "@spawned\n    async def inner(): return 1\n    return 1 if inner().done() else 2",
    "a context manager": "async with entered() as x: return x",
    "a generator": "return [x async for x in numbers()]",
    "a generator that is streamed": "return StreamingResponse(numbers())",
    "what a model may keep": "kept = Out(a=find(n))\n    return await kept.a",
    "what a template may await": "return templates.TemplateResponse('x', {'a': find(n)})",
    "a request that can be entered": "async with Requested() as found: return found",
    "operators of another package": "return pipe | find(n)",
    "a filter of another package": "return select(User).filter(gate.allows)",
    "the key of something else": "return store.sort(key=allowed)",
    "a name that two things have": "found = find(n)\n    found = await found\n    if not found: raise HTTPException(404)",
    "a plain function of the name of one": "return any(plain(x) for x in range(3)) or len(plain(n))",
    "a thread": "return await asyncio.to_thread(lambda: asyncio.run(find(n)))",
}  # fmt: skip
HELPERS = """
async def resolved(made: Any) -> Any: return {key: await value for key, value in made.items()}
def begun(n: int) -> Any: return find(n)
def begun_if(n: int) -> Any: return n and find(n)
def both(n: int) -> Any: return find(n), find(2)
def named(n: int) -> Any: return {"a": find(n), "b": find(2)}
class Lazy:
    def __init__(self, n: int): self.found = find(n)
    async def get(self) -> Any: return await self.found
def spawned(function):
    @functools.wraps(function)
    def call(*given): return asyncio.ensure_future(function(*given))
    return call
@spawned
async def started(n: int) -> int: return n
@asynccontextmanager
async def entered() -> Any: yield 1
async def numbers() -> AsyncIterator[str]: yield "1"
class Requested:
    def __await__(self): return find(1).__await__()
    async def __aenter__(self): return 1
    async def __aexit__(self, *given): ...
def plain(n: int) -> list[int]: return [n]
pipe: Any = None
store: Any = None
templates: Any = None
"""


@pytest.mark.parametrize("body", [*REPAIRED.values(), *AWAITED.values()], ids=[*REPAIRED, *AWAITED])
def test_a_coroutine_that_somebody_awaits_is_left_alone(check: Check, body: str) -> None:
    """TW024: it is awaited here, later, elsewhere or together with others, or it is none."""
    outcome = check(HEAD + BEFORE + HELPERS + SHOW.format("async def", body), "--all", "--select", "TW024")
    assert outcome.codes == [], outcome.out


def test_what_is_not_the_answer_of_a_client_may_be_awaited(check: Check) -> None:
    """TW024: a dependency may give coroutines, and a wrapper of an endpoint may await what it returns."""
    source = (
        "def give() -> Any: return {'a': find(1)}\ndef wrapped(function):\n    @functools.wraps(function)\n"
        "    async def call(**given): return await resolved(await function(**given))\n    return call\n"
        "@app.get('/y')\n@wrapped\nasync def other(given: Annotated[Any, Depends(give)]) -> Any: return {'a': find(1)}\n"
    )
    assert check(HEAD + BEFORE + HELPERS + source, "--all", "--select", "TW024").codes == []


def test_a_plain_endpoint_cannot_await(check: Check) -> None:
    """TW024: the framework runs it in a thread and answers with what it returns."""
    found = check(HEAD + BEFORE + SHOW.format("def", "return find(n)"), "--select", "TW024").findings
    assert [each["fix"] for each in found] == ["make the function `async def` and await it."]


FIXES = {
    "return len(rows(n))": "write `await rows(...)`.",
    "return find(n).name": "write `(await find(...))`.",
    "return any(allowed(x) for x in [n])": "await it for each item before, in a list: `[await allowed(...) for ...]`.",
}


@pytest.mark.parametrize(("body", "fix"), FIXES.items())
def test_what_to_write_works_in_its_place(check: Check, body: str, fix: str) -> None:
    """TW024: `any(await f(x) for x in xs)` would go over an asynchronous generator, which it cannot."""
    assert check(HEAD + BEFORE + SHOW.format("async def", body), "--select", "TW024").fixes == [fix]
