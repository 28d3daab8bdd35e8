"""How much work `typeway check` does: what several readers ask for is computed once."""

import ast
import dis
import gc
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check
from tests.check.test_strange_objects import MAPPED, QUERIES, START
from typeway import APIRouter, Depends, Query, Typeway, WebSocket
from typeway.application import routes
from typeway.check import Choice, Files, look
from typeway.check.rules import routes as rules
from typeway.check.rules.routes import ANY, beginning, covers, same_path, segments
from typeway.cli.check import without_collection
from typeway.plan import build
from typeway.plan.nonblocking import cannot_block
from typeway.source.files import Files as SourceFiles
from typeway.source.infer import Inference
from typeway.source.program import Function
from typeway.source.values import Value

Counted = Callable[..., list[Any]]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    """Let calls of a function of some modules be counted."""

    def counted(name: str, *modules: Any) -> list[Any]:
        calls: list[Any] = []
        original = getattr(modules[0], name)

        def call(*arguments: Any, **options: Any) -> Any:
            calls.append(arguments[0])
            return original(*arguments, **options)

        for module in modules:
            monkeypatch.setattr(module, name, call)
        return calls

    return counted


async def one(name: str = "") -> str:
    return name


def settings(page: Annotated[int, Query()] = 1) -> int:
    return page


def test_each_tree_is_grown_once(counted: Counted) -> None:
    """The plan, the rules and the doubts about a route read one tree of its dependencies."""
    app, router = Typeway(), APIRouter(prefix="/inner", dependencies=[Depends(settings)])

    @app.get("/one")
    async def first(page: Annotated[int, Depends(settings)]) -> int:
        return page

    @router.get("/two/{number}")
    async def second(number: int) -> int:
        return number

    @app.websocket("/three")
    async def third(socket: WebSocket) -> None:
        await socket.accept()

    app.include_router(router)
    assert len(app.routes) > 2
    grown = counted("grow_tree", routes, build)
    assert look(app, Files(Path(__file__).parent), Choice(select=("TW0",))) == []
    names = [declaration.function.__name__ for declaration in grown]
    assert sorted(name for name in names if name in ("first", "second", "third")) == ["first", "second", "third"]


@pytest.mark.parametrize(
    ("source", "is_listed"),
    [
        ("def f(a): return a", True),
        ("def f(a): return a.b", False),
        ("def f(a): return f(a)", False),
        ("def f(a): return [b for b in a]", False),
        ("def f(a): return a + 1", False),
        ("def f(a): return {'a': a}", True),
        ("def f(a):\n    if a is None: return 1\n    return a", True),
    ],
)
def test_instructions_are_only_listed_where_they_may_be_harmless(
    counted: Counted, source: str, is_listed: bool
) -> None:
    """What calls or reads something may block whatever the order of its instructions, which need not be read then."""
    names: dict[str, Any] = {}
    exec(source, names)
    listed = counted("get_instructions", dis)
    assert cannot_block(names["f"]) is is_listed
    assert bool(listed) is is_listed


PATHS = (
    "", "/", "a", "a/b", "/a", "/a/", "/a/b", "/b/a", "//", "//a", "/{x}", "/{x}/b", "/{x:int}", "/7", "/a/{x}", "/a/{x:path}", "/{x:path}",
    "{x}", "{x}/a", "a{x}", "/a{x}", "/a{x}/b", "/a-{x:int}/{y}", "/{x}/{y}/{z:path}", "/a/b/c/d",
)  # fmt: skip


@pytest.mark.parametrize("earlier", PATHS)
def test_only_routes_that_begin_alike_can_take_the_same_requests(earlier: str) -> None:
    """A route is compared with those whose paths begin as its own, and with those that begin with a parameter."""
    for later in PATHS:
        meets = same_path(earlier, later) or covers(segments(earlier), segments(later), False)
        assert not meets or beginning(earlier) in (ANY, beginning(later)), later


def test_few_pairs_of_routes_are_compared(counted: Counted) -> None:
    """Routes of different parts of an application are not compared with each other."""
    app = Typeway()
    for number in range(60):
        app.add_api_route(f"/part-{number}/{{name}}", one)
        app.add_api_route(f"/part-{number}/all", one)
    compared = counted("covers", rules)
    found = look(app, Files(Path(__file__).parent), Choice(select=("TW003",)))
    assert len(compared) <= 60
    assert [finding.code for finding in found] == ["TW003"]


def test_what_a_check_leaves_is_not_searched_for_garbage() -> None:
    """Python would look through all syntax trees once more for the report; a later check in the process lets it."""
    assert gc.isenabled()
    with without_collection():
        assert not gc.isenabled()
        left: list[list[int]] = [[] for _ in range(50_000)]
    assert gc.isenabled()
    assert gc.get_freeze_count() >= len(left)
    with without_collection():
        assert gc.get_freeze_count() == 0
    gc.unfreeze()


async def blocks() -> None:
    time.sleep(1)  # noqa: ASYNC251  what is to be found


async def blocks_too() -> None:
    time.sleep(2)  # noqa: ASYNC251  what is to be found


async def blocks_as_well() -> None:
    time.sleep(3)  # noqa: ASYNC251  what is to be found


def test_the_code_is_not_read_again_for_each_endpoint(counted: Counted) -> None:
    """What holds for the whole application, such as where it runs, is looked up once, however many endpoints block."""
    counts = []
    for endpoints in ([blocks], [blocks, blocks_too, blocks_as_well]):
        app = Typeway()
        for endpoint in endpoints:
            app.get(f"/{endpoint.__name__}")(endpoint)
        read = counted("loaded", SourceFiles)
        found = look(app, Files(Path(__file__).parent), Choice(select=("TW001", "TW002")))
        assert len(found) == len(endpoints)
        counts.append(len(read))
    assert counts[0] == counts[1]


# Functions that return each other's results: what each does for one of eight others, or for some of them.
IN_CIRCLES = {
    "the results": ("return f{a}(x)", "return f0(x)"),
    "the results as a dict": ("return dict(f{a}(x))", "return f0(x)"),
    "what is awaited": ("return await f{a}(x)", "return await f0(x)"),
    "errors": ("return f{a}(x)", "raise f0(x)"),
    "statuses": ("return f{a}(x), 404", "return f0(x)"),
    "queries": ("return f{a}(x.where(f{b}(x)))", "return Session().scalars(f0(select(Both))).all()"),
    "what may be missing": ("return f{a}(x) or f{b}(x)", "if f0(x) is None: raise HTTPException(404)"),
    "generators": ("return f{a}(x)", "for each in f0(x): pass"),
    "texts": ("refuse(f{a}(x)); return f{b}(x)", "f0(x)"),
    "facts": ("f{a}(x == 1); f{b}(None); f{c}({k})", "f0(x)"),
    "files": ("return f{a}(x) / 'a'", "open(f0(x)).read()"),
}
# How many expressions are looked at for 16 such functions, at most: queries take 18,000, the others half of that or less.
MOST_LOOKS = 25_000


@pytest.mark.parametrize("form", IN_CIRCLES)
def test_work_does_not_double_with_each_function_in_a_circle(
    form: str, check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Functions that return each other's results have more ways to each other than anybody could follow."""
    step, start = IN_CIRCLES[form]
    kind = "async def" if "await" in step else "def"
    source = f"from typeway import HTTPException\n{START}{MAPPED.format(*QUERIES[0])}"
    source += "def refuse(x: str):\n    if '/' in x:\n        raise ValueError(x)\n"
    for number in range(16):
        source += f"{kind} f{number}(x):\n"
        for k in range(12):
            a, b, c = ((number * each + k * 5 + each) % 16 for each in (1, 5, 7))
            source += f"    if x == {k}:\n        {step.format(a=a, b=b, c=c, k=k)}\n"
    source += f"@app.get('/{{x}}')\n{kind} circle(x: str):\n    try:\n        {start}\n"
    source += "    except Exception:\n        raise HTTPException(500)\n"
    looks, value = 0, Inference.value

    def counted(inference: Inference, node: ast.AST, function: Function) -> Value | None:
        nonlocal looks
        looks += 1
        assert looks < MOST_LOOKS
        return value(inference, node, function)

    monkeypatch.setattr(Inference, "value", counted)
    outcome = check(source, "--all")
    assert outcome.status in (0, 1), outcome.err
