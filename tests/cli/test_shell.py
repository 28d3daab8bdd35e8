"""`typeway shell`: a prompt inside of a started application."""

import io
import sys

import pytest

from tests.cli.conftest import Command, Write

APP = """
from contextlib import asynccontextmanager
from typing import Annotated
from typeway import Depends, Typeway

@asynccontextmanager
async def lifespan(app):
    print("started")
    app.state.rate = 3
    yield
    print("ended")

app = Typeway(lifespan=lifespan)

async def get_rate():
    yield app.state.rate
    print("closed")

async def double(rate: Annotated[int, Depends(get_rate)]) -> int:
    return 2 * rate

def create_app():
    return app
"""


@pytest.mark.parametrize(
    ("code", "printed"),
    [
        ("print(app.state.rate)", ["3"]),
        ("from main import double; print(await resolve(double))", ["closed", "6"]),
        (
            "from main import double\nasync with resolve(double) as value:\n    print(value)\nprint('after')",
            ["6", "closed", "after"],
        ),
        ("import asyncio; print((await asyncio.gather(asyncio.sleep(0, 'x')))[0])", ["x"]),
    ],
)
@pytest.mark.parametrize("target", ["main:app", "main:create_app"])
def test_code_runs_in_the_started_application(
    write: Write, command: Command, code: str, printed: list[str], target: str
) -> None:
    """The lifespan is around the code, which may await, and resolve dependencies without a request."""
    write({"main.py": APP})
    outcome = command("shell", target, "-c", code)
    assert (outcome.status, outcome.out.splitlines()) == (0, ["started", *printed, "ended"])


def test_a_prompt_reads_line_after_line(write: Write, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names stay from one line to the next, a failure does not end the prompt, and the lifespan ends with it."""
    write({"main.py": APP})
    lines = "rate = await resolve(__import__('main').double)\nrate + 1\n1 / 0\nprint('still', rate)\n"
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
    outcome = command("shell")
    assert outcome.status == 0
    assert "main:app is started" in outcome.err
    assert "ZeroDivisionError" in outcome.err
    shown = outcome.out.replace(">>> ", "").splitlines()
    assert shown[0] == "started"
    assert [line for line in shown if line in ("7", "still 6")] == ["7", "still 6"]
    assert "ended" in shown


@pytest.mark.parametrize(
    ("code", "status", "shown"),
    [
        ("1 / 0", 1, "ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)", 3, ""),
        ("def (", 1, "SyntaxError"),
        ("number = 1", 0, ""),
    ],
)
def test_the_status_tells_whether_the_code_failed(
    write: Write, command: Command, code: str, status: int, shown: str
) -> None:
    """A failure is shown with its traceback, an exit is obeyed, and the application ends in any case."""
    write({"main.py": APP})
    outcome = command("shell", "-c", code)
    assert outcome.status == status
    assert shown in outcome.err
    assert outcome.out.splitlines() == ["started", "ended"]


def test_a_lifespan_that_fails_gets_one_line(write: Write, command: Command) -> None:
    """What the start of the application raises is told with its line, and there is no prompt."""
    write({"main.py": APP.replace("    app.state.rate = 3", "    raise ValueError('no database')")})
    outcome = command("shell", "-c", "print('never')")
    assert outcome.status == 1
    assert outcome.err.startswith("typeway: main.py:9: ValueError: no database")
    assert outcome.out == "started\n"


def test_an_application_of_another_kind_has_no_resolve(write: Write, command: Command) -> None:
    """Any ASGI application can be looked at."""
    write({"main.py": "async def app(scope, receive, send): ...\n"})
    outcome = command("shell", "main:app", "-c", "print('resolve' in globals(), app.__name__)")
    assert (outcome.status, outcome.out) == (0, "False app\n")


def test_a_lifespan_that_fails_at_its_end_gets_one_line(write: Write, command: Command) -> None:
    """What the end of the application raises is told as what its start raises."""
    write({"main.py": APP.replace('    print("ended")', "    raise ValueError('cannot end')")})
    outcome = command("shell", "-c", "print('here')")
    assert outcome.status == 1
    assert "here" in outcome.out
    assert outcome.err.startswith("typeway: main.py:")
    assert "ValueError: cannot end" in outcome.err
