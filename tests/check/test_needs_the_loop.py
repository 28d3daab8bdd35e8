"""TW001 and TW002: what needs the event loop is not moved into a thread as a whole, only the call in it that blocks."""

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check
from tests.check.test_rules import HEAD

KEPT = """
from asyncio import create_task, ensure_future, get_running_loop
import contextvars
events: asyncio.Queue[int] = asyncio.Queue()
ready = asyncio.Event()
current = contextvars.ContextVar('current')
def query(): return make_session().get(User, 1)
async def later(): await pause()
class Worker:
    def __init__(self): self.loop, self.tasks, self.waiting = None, set(), asyncio.Queue()
    def begin(self): self.tasks.add(create_task(later()))
    def put(self): self.waiting.put_nowait(1)
    def soon(self): self.loop.call_soon(print)
worker = Worker()
def begin(): begin_below()
def begin_below(): asyncio.create_task(later())
def spawn(started): started.close()
def spawn_one(): spawn(later())
def note(): current.set(1)
"""
# What an endpoint that awaits nothing does, besides a query.
NEEDS = {
    "a task": "asyncio.create_task(later())",
    "a task by an imported name": "create_task(later())",
    "an import under another name": "import asyncio as a\na.create_task(later())",
    "a future": "ensure_future(later())",
    "the loop": "get_running_loop().call_soon(print)",
    "a loop that is kept": "worker.soon()",
    "a task of an object": "worker.begin()",
    "a task two calls below": "begin()",
    "a queue": "events.put_nowait(1)",
    "a queue of an object": "worker.put()",
    "an event": "ready.set()",
    "a coroutine that something else begins": "spawn_one()",
    "a variable of the context below": "note()",
}
# What a thread may do as well.
FREE = {
    "a coroutine in a thread of its own": "asyncio.run_coroutine_threadsafe",
    "what an event says": "ready.is_set()",
    "what a queue says": "events.qsize()",
    "what a variable is": "current.get(None)",
    "a task of a service": "worker.create_task",
    "a callback of a thread": "pool.submit(print)",
}


def application(body: str) -> str:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return f"{HEAD}{KEPT}@app.get('/x')\nasync def show(id: int = 1) -> int:\n{lines}    query()\n    return 1\n"


@pytest.mark.parametrize("body", NEEDS.values(), ids=list(NEEDS))
def test_what_needs_the_loop_stays_there(check: Check, body: str) -> None:
    """A plain function would run in a thread, which has no loop: the call that blocks is moved, and nothing else."""
    outcome = check(application(body), "--select", "TW001,TW002")
    assert outcome.codes == ["TW001"], outcome.out
    (fix,) = outcome.fixes
    assert "run_in_threadpool(query, ...)" in str(fix)
    assert "a `def`" not in str(fix)


@pytest.mark.parametrize("body", FREE.values(), ids=list(FREE))
def test_what_needs_no_loop_may_be_plain(check: Check, body: str) -> None:
    """What only asks, or is meant for other threads, is no reason to stay on the loop."""
    assert check(application(body), "--select", "TW001,TW002").codes == ["TW002"]


# A plain function that begins a task and blocks, and what is to be done about it.
MIXED = {
    "one function": ("def work():\n    begin()\n    make_session().get(User, 1)\n", "work()"),
    "a method": (
        "class Own(Worker):\n    def both(self):\n        self.begin()\n        make_session().get(User, 1)\n",
        "Own().both()",
    ),
}


@pytest.mark.parametrize(("source", "body"), MIXED.values(), ids=list(MIXED))
def test_a_function_that_begins_a_task_is_not_moved_into_a_thread(check: Check, source: str, body: str) -> None:
    """It becomes asynchronous, and awaits a thread for the call that blocks."""
    start = (
        application("pass")
        .replace("@app.get", source + "@app.get")
        .replace("    query()\n", f"    {body}\n    await pause()\n")
    )
    (fix,) = check(start, "--select", "TW001,TW002").fixes
    assert "an `async def`" in str(fix)
    assert "run_in_threadpool(make_session().get, ...)" in str(fix)
    assert str(fix).count("run_in_threadpool") == 1
    assert "a `def`" not in str(fix)
