"""Dependencies live and end as in FastAPI, whatever their shape, their scope, their place and the request's end."""

import itertools
import random

import anyio
import fastapi
import pytest

from tests.frameworks import COMPAT
from tests.plan.lifetimes import SHAPES, Ending, Scenario, Story, build

ENDINGS = {
    "answered": Ending(),
    "endpoint refuses": Ending({"endpoint": "HTTPException"}),
    "endpoint fails": Ending({"endpoint": "ValueError"}),
    "endpoint fails and is handled": Ending({"endpoint": "ZeroDivisionError"}),
    "request is invalid": Ending(query="n=x"),
    "answer is invalid": Ending(wrong_answer=True),
    "task fails": Ending({"task": "ValueError"}),
    "task refuses": Ending({"task": "HTTPException"}),
    "beginning fails": Ending({"beginning": "ValueError"}),
    "beginning refuses": Ending({"beginning": "HTTPException"}),
    "end fails": Ending({"end": "ValueError"}),
    "end refuses": Ending({"end": "HTTPException"}),
    "end fails and is handled": Ending({"end": "ZeroDivisionError"}),
    "end fails after a failure": Ending({"endpoint": "HTTPException", "end": "ValueError"}),
    "end refuses after a failure": Ending({"endpoint": "ValueError", "end": "HTTPException"}),
    "failure is swallowed": Ending({"endpoint": "ValueError"}, "swallow"),
    "refusal is swallowed": Ending({"endpoint": "HTTPException"}, "swallow"),
    "invalid request is swallowed": Ending(answer_to_errors="swallow", query="n=x"),
    "invalid answer is swallowed": Ending(answer_to_errors="swallow", wrong_answer=True),
    "task's failure is swallowed": Ending({"task": "ValueError"}, "swallow"),
    "failure is converted": Ending({"endpoint": "ValueError"}, "convert"),
    "invalid request is converted": Ending(answer_to_errors="convert", query="n=x"),
    "invalid answer is converted": Ending(answer_to_errors="convert", wrong_answer=True),
    "task's failure is converted": Ending({"task": "ValueError"}, "convert"),
    "refusal is replaced": Ending({"endpoint": "HTTPException"}, "replace"),
    "client is gone at the start": Ending(lost_at="http.response.start"),
    "client is gone in the body": Ending(lost_at="http.response.body"),
    "cancelled in the beginning": Ending(cancelled_at="beginning"),
    "cancelled in the endpoint": Ending(cancelled_at="endpoint"),
    "cancelled while sending": Ending(cancelled_at="sending"),
    "cancelled in the task": Ending(cancelled_at="task"),
    "cancelled in the end": Ending(cancelled_at="end"),
    "cancelled in the end after a failure": Ending({"endpoint": "ValueError"}, cancelled_at="end"),
    "cancellation is converted": Ending(answer_to_errors="convert", cancelled_at="endpoint"),
    "end fails after a cancellation": Ending({"end": "ValueError"}, cancelled_at="endpoint"),
}

# The whole space has 40,000 scenarios. Each ending is tried with as many of them as this, always the same ones.
SAMPLES = {"asyncio": 9, "trio": 4}

SPACE = tuple(
    itertools.product(
        SHAPES,
        ({}, {"scope": "function"}, {"scope": "request"}, {"max_concurrency": 1}, {"use_cache": False}),
        ("parameter", "nested", "route", "router", "application"),
        (False, True),
        ("coroutine", "plain", "response", "streaming", "socket", "generator", "threaded generator"),
    )
)


def scenarios(name: str, backend: str) -> list[Scenario]:
    """Some scenarios of an ending. Interrupted streams of FastAPI and Starlette stay open, which trio warns of."""
    space = [
        entry for entry in SPACE if backend == "asyncio" or entry[-1] in ("coroutine", "plain", "response", "socket")
    ]
    chosen = random.Random(f"{name} {backend}").sample(space, SAMPLES[backend])  # not a secret
    return [
        Scenario(shape, options, place, is_shared, endpoint, ENDINGS[name])
        for shape, options, place, is_shared, endpoint in chosen
    ]


def life(web: object, scenario: Scenario, backend: str) -> list[str]:
    """What happens on one framework."""

    async def tell() -> list[str]:
        story = Story(web, scenario.ending)
        return await story.run(build(scenario, story), "websocket" if scenario.endpoint == "socket" else "http")

    return anyio.run(tell, backend=backend)


@pytest.mark.parametrize("backend", SAMPLES)
@pytest.mark.parametrize("name", ENDINGS)
def test_both_tell_the_same_life(name, backend):
    """The same things happen in the same order, on both event loops."""
    for scenario in scenarios(name, backend):
        peer, ours = (life(web, scenario, backend) for web in (fastapi, COMPAT))
        assert ours == peer, scenario
