"""`typeway dev` watches: a real server reports what blocks it."""

import re
import urllib.request

import pytest

from tests.cli.conftest import Server, Start, Write, start, write  # noqa: F401  (fixtures)

BLOCKING = """
import time

from typeway import Typeway

app = Typeway()


def fetch():
    time.sleep(0.3)


def load():
    fetch()


def prepare():
    load()


@app.get("/")
async def read() -> int:
    prepare()
    return 1
"""

# How long a server may take to start on a busy machine, in seconds.
LONGEST = 90

REPORT = re.compile(
    r"The event loop was blocked for about \d+\.\d\d s while it served GET / \(read, main\.py:21\)\. "
    r"No other request was served meanwhile\.\n"
    r"  Blocked at main\.py:10, in fetch: time\.sleep\(0\.3\)\n"
    r"  Called by  read \(main\.py:23\) > prepare \(main\.py:18\) > load \(main\.py:14\)\n"
    r"  Fix: await `asyncio\.sleep\(\.\.\.\)` instead\.\n"
)


def fetch(server: Server) -> None:
    greetings = ("Ctrl+C stops it", "Uvicorn running on")  # of `dev`, of `run`
    server.until(lambda: any(greeting in "".join(server.log) for greeting in greetings), LONGEST)

    def answered() -> bool:
        try:
            with urllib.request.urlopen(server.address, timeout=5) as response:
                return bool(response.read() == b"1")
        except OSError:
            return False

    server.until(answered, LONGEST)


@pytest.mark.parametrize("options", [["--no-reload"], []], ids=["one process", "reload"])
def test_dev_reports_a_blocking_call_three_calls_deep(write: Write, start: Start, options: list[str]) -> None:  # noqa: F811
    """The log names the endpoint, the line of the call, the way to it and the fix, once, however often it blocks."""
    write({"main.py": BLOCKING})
    server = start("dev", "--port", "0", *options)

    def reported() -> bool:
        # The watchdog may miss a call while it gets no CPU, so there is another one.
        fetch(server)
        return REPORT.search("".join(server.log)) is not None

    server.until(reported, LONGEST)
    fetch(server)
    assert len(REPORT.findall("".join(server.log))) == 1


def test_the_environment_switches_the_watchdog_of_dev_off(write: Write, start: Start) -> None:  # noqa: F811
    """TYPEWAY_WATCHDOG=0 switches it off; `typeway run` does not watch."""
    write({"main.py": BLOCKING})
    for server in (
        start("dev", "--no-reload", "--port", "0", TYPEWAY_WATCHDOG="0"),
        start("run", "--host", "127.0.0.1", "--port", "0"),
    ):
        fetch(server)
        fetch(server)
        assert "was blocked" not in "".join(server.log)
