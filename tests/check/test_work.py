"""How much work `typeway check` does: what several readers ask for is computed once."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import pytest

from typeway import APIRouter, Depends, Query, Typeway, WebSocket
from typeway.application import routes
from typeway.check import Choice, Files, look
from typeway.plan import build, nonblocking
from typeway.plan.nonblocking import cannot_block

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


def settings(page: Annotated[int, Query()] = 1) -> int:
    return page


def test_each_tree_is_grown_once(counted: Counted) -> None:
    """The plan, the rules and the doubts about a route read one tree of its dependencies."""
    app, router = Typeway(), APIRouter(prefix="/inner", dependencies=[Depends(settings)])

    @app.get("/one")
    async def one(page: Annotated[int, Depends(settings)]) -> int:
        return page

    @router.get("/two/{number}")
    async def two(number: int) -> int:
        return number

    @app.websocket("/three")
    async def three(socket: WebSocket) -> None:
        await socket.accept()

    app.include_router(router)
    assert len(app.routes) > 2
    grown = counted("grow_tree", routes, build)
    assert look(app, Files(Path(__file__).parent), Choice(select=("TW0",))) == []
    names = [declaration.function.__name__ for declaration in grown]
    assert sorted(name for name in names if name in ("one", "two", "three")) == ["one", "three", "two"]


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
    listed = counted("get_instructions", nonblocking.dis)
    assert cannot_block(names["f"]) is is_listed
    assert bool(listed) is is_listed
