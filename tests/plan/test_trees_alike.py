"""Trees of dependencies that nobody would write by hand are called, shared and left as in FastAPI."""

import functools
import inspect
import itertools
import random
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import anyio
import anyio.lowlevel
import fastapi
import pytest
from starlette.responses import PlainTextResponse

from tests.frameworks import COMPAT
from tests.plan.lifetimes import Ending, Story, Told, name_of
from typeway.exceptions import DependencyScopeError

BLOCKS = 16
TREES_OF_A_BLOCK = 12
SCOPE_ERRORS = (fastapi.exceptions.DependencyScopeError, DependencyScopeError)
KEYWORD = inspect.Parameter.KEYWORD_ONLY


@dataclass(frozen=True)
class Ask:
    """How a dependency is asked for."""

    index: int
    scope: str | None
    use_cache: bool
    max_concurrency: int | None
    scopes: list[str] | None


@dataclass(frozen=True)
class Branch:
    """One dependency of a tree."""

    shape: str
    asks: list[Ask]
    raises: str | None
    answer_to_errors: str
    takes_number: bool
    takes_tasks: bool
    takes_scopes: bool


@dataclass(frozen=True)
class Tree:
    """The dependencies of one endpoint, of its route and of its application."""

    branches: list[Branch]
    application: list[Ask]
    route: list[Ask]
    parameters: list[Ask]
    endpoint: str
    raises: str | None
    query: str


def grow(dice: random.Random) -> Tree:
    """A tree of up to six dependencies, each asking for some of those before it."""

    def ask(below: int) -> Ask:
        scopes = dice.choice([None, None, None, ["a"], ["b", "a"]])
        scope = None if scopes else dice.choice([None, None, "function", "request"])
        limit = 5 if not scopes and dice.random() < 0.2 else None
        return Ask(dice.randrange(below), scope, dice.random() < 0.8, limit, scopes)

    def branch(below: int) -> Branch:
        return Branch(
            shape=dice.choice(["plain", "coroutine", "generator", "async_generator", "partial async_generator"]),
            asks=[ask(below) for _ in range(dice.randint(0, min(below, 3)))],
            raises=dice.choice([None] * 5 + ["beginning ValueError", "end ValueError", "end HTTPException"]),
            answer_to_errors=dice.choice(["", "", "", "swallow", "convert", "replace"]),
            takes_number=dice.random() < 0.2,
            takes_tasks=dice.random() < 0.2,
            takes_scopes=dice.random() < 0.2,
        )

    branches = [branch(below) for below in range(dice.randint(1, 6))]
    asks = [[ask(len(branches)) for _ in range(dice.randint(0, most))] for most in (1, 2, 3)]
    return Tree(
        branches, *asks,
        endpoint=dice.choice(["coroutine", "plain", "generator", "socket"]),
        raises=dice.choice([None, None, "endpoint HTTPException", "endpoint ZeroDivisionError"]),
        query=dice.choice(["", "", "number=x"]),
    )  # fmt: skip


def ending(raises: str | None, answer_to_errors: str = "") -> Ending:
    return Ending(dict([raises.split()]) if raises else {}, answer_to_errors)


def told_by(story: Story, raises: str | None, answer_to_errors: str) -> Story:
    """The same story for one that ends in its own way."""
    own = Story(story.web, ending(raises, answer_to_errors))
    own.log = story.log
    return own


def signature(story: Story, asks: dict[str, Any], branch: Branch | None = None) -> inspect.Signature:
    web = story.web
    taken: list[tuple[str, Any, Any]] = [(name, value, inspect.Parameter.empty) for name, value in asks.items()]
    if branch is not None:
        taken += [("number", 0, int)] if branch.takes_number else []
        taken += [("tasks", inspect.Parameter.empty, web.BackgroundTasks)] if branch.takes_tasks else []
        taken += [("scopes", inspect.Parameter.empty, web.security.SecurityScopes)] if branch.takes_scopes else []
    return inspect.Signature(
        [inspect.Parameter(name, KEYWORD, default=default, annotation=kind) for name, default, kind in taken]
    )


def function_of(branch: Branch, told: Told, numbers: Iterator[int]) -> Callable[..., Any]:
    """A dependency that tells what it was given, and gives something that is told apart from all else."""

    def result(given: dict[str, Any]) -> str:
        shown = sorted(str(value) for name, value in given.items() if name.startswith("asked"))
        if "scopes" in given:
            shown.append(given["scopes"].scope_str)
        if "tasks" in given:
            given["tasks"].add_task(told.story.note, f"task of {told.name}")
        told.begin()
        told.story.note(f"{told.name} has {shown}")
        return f"{told.name}#{next(numbers)}"

    def plain(**given: Any) -> str:
        return result(given)

    async def coroutine(**given: Any) -> str:
        return result(given)

    def generator(**given: Any) -> Iterator[str]:
        value = result(given)
        try:
            yield value
        except BaseException as error:  # it is told, and raised again
            told.see(error)
        finally:
            told.end()

    async def async_generator(**given: Any) -> AsyncIterator[str]:
        value = result(given)
        try:
            yield value
        except BaseException as error:  # it is told, and raised again
            told.see(error)
        finally:
            await anyio.lowlevel.checkpoint()
            told.end()

    kind, _, base = branch.shape.rpartition(" ")
    function = {"plain": plain, "coroutine": coroutine, "generator": generator}.get(base, async_generator)
    return functools.partial(function) if kind else function


def build(tree: Tree, story: Story) -> Any:
    """The application of a tree."""
    web = story.web
    functions: list[Any] = []
    numbers = itertools.count()

    def asked(ask: Ask) -> Any:
        if ask.scopes:
            return web.Security(functions[ask.index], scopes=ask.scopes, use_cache=ask.use_cache)
        return web.Depends(
            functions[ask.index], scope=ask.scope, use_cache=ask.use_cache, max_concurrency=ask.max_concurrency
        )

    def parameters(asks: list[Ask]) -> dict[str, Any]:
        return {f"asked{place}": asked(ask) for place, ask in enumerate(asks)}

    for place, branch in enumerate(tree.branches):
        own = told_by(story, branch.raises, branch.answer_to_errors)
        function = function_of(branch, Told(own, f"d{place}", is_subject=True), numbers)
        inner = function.func if isinstance(function, functools.partial) else function
        inner.__signature__ = signature(story, parameters(branch.asks), branch)
        functions.append(function)
    app = web.FastAPI(openapi_url=None, dependencies=[asked(ask) for ask in tree.application])

    @app.exception_handler(ZeroDivisionError)
    async def handle(connection: Any, error: Exception) -> Any:
        story.note("handler")
        return PlainTextResponse("handled", 503)

    endpoint = endpoint_of(tree, told_by(story, tree.raises, ""))
    own_parameters = signature(story, parameters(tree.parameters)).parameters.values()
    register = app.get
    if tree.endpoint == "socket":
        register = app.websocket
        socket = inspect.Parameter("socket", KEYWORD, annotation=web.WebSocket)
        own_parameters = [socket, *own_parameters]
    endpoint.__signature__ = inspect.Signature(list(own_parameters))
    register("/", dependencies=[asked(ask) for ask in tree.route])(endpoint)
    return app


def endpoint_of(tree: Tree, story: Story) -> Any:
    def act(given: dict[str, Any]) -> str:
        values = [str(given[name]) for name in sorted(given) if name != "socket"]
        story.note(f"endpoint with {values}")
        story.reach("endpoint")
        return "text"

    def plain(**given: Any) -> str:
        return act(given)

    async def coroutine(**given: Any) -> str:
        return act(given)

    async def generator(**given: Any) -> AsyncIterator[str]:
        yield "first"  # with FastAPI a stream begins before its first item, with Typeway once that is there
        yield act(given)

    async def socket(**given: Any) -> None:
        await given["socket"].accept()
        act(given)
        await given["socket"].close()

    return {"plain": plain, "coroutine": coroutine, "generator": generator, "socket": socket}[tree.endpoint]


def life(web: Any, tree: Tree, backend: str) -> list[str]:
    """What happens during two requests; or that the tree is refused."""
    story = Story(web, replace(Ending(), query=tree.query))
    try:
        app = build(tree, story)
    except Exception as error:  # both must refuse in the same way
        return ["refused: scopes" if isinstance(error, SCOPE_ERRORS) else name_of(error)]

    async def tell() -> None:
        for _ in range(2):
            await story.run(app, "websocket" if tree.endpoint == "socket" else "http")

    anyio.run(tell, backend=backend)
    return story.log


@pytest.mark.parametrize("block", range(BLOCKS))
def test_both_call_a_tree_alike(block):
    """Order, sharing, skipping, clean-up, and the values that everyone receives are the same."""
    for number in range(TREES_OF_A_BLOCK):
        tree = grow(random.Random(block * TREES_OF_A_BLOCK + number))  # not a secret
        backend = "trio" if number % 4 == 0 and tree.endpoint != "generator" else "asyncio"
        peer, ours = (life(web, tree, backend) for web in (fastapi, COMPAT))
        assert ours == peer, tree
