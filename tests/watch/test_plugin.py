"""`pytest -p typeway.testing` fails the tests whose requests block the event loop."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SUITE = """
import time

import pytest
from tests.watch.noticing import noticed
from typeway import Typeway
from typeway.testclient import TestClient

app = Typeway()


def load() -> None:
    noticed().wait(60)


@app.get("/blocks")
async def blocks() -> int:
    load()
    return 1


@app.get("/works")
async def works() -> int:
    return 1


client = TestClient(app)


@pytest.fixture
def loaded():
    client.get("/blocks")


def test_works():
    assert client.get("/works").json() == 1


def test_blocks():
    assert client.get("/blocks").json() == 1


def test_blocks_in_a_fixture(loaded):
    pass


@pytest.mark.typeway_watchdog("off")
def test_may_block():
    assert client.get("/blocks").json() == 1


@pytest.mark.typeway_watchdog("warn")
def test_is_warned():
    assert client.get("/blocks").json() == 1


def test_fails_itself():
    client.get("/blocks")
    assert False, "its own failure"


def test_blocks_without_a_request():
    time.sleep(0.3)
"""


def carry_out(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the suite in a process of its own, with no plugin but ours, which makes it quicker."""
    (folder / "test_suite.py").write_text(SUITE)
    command = [sys.executable, "-m", "pytest", "-p", "typeway.testing", "-p", "no:cacheprovider", "-q", "-rA", *options]
    paths = os.pathsep.join([str(ROOT), *sys.path])
    alone = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": paths}
    return subprocess.run(command, cwd=folder, env=alone, capture_output=True, text=True, check=False, timeout=100)


def run(folder: Path, *options: str) -> str:
    """Run the suite; return what pytest prints."""
    return carry_out(folder, *options).stdout


def test_a_blocked_loop_fails_the_test(tmp_path):
    """Tests and fixtures whose requests block fail with the report; markers excuse; other failures stay as they are."""
    printed = run(tmp_path)
    outcomes = {
        line.split("::")[1].split(" ")[0]: line.split(" ")[0]
        for line in printed.splitlines()
        if " test_suite.py::" in line
    }
    assert outcomes == {
        "test_works": "PASSED",
        "test_blocks": "FAILED",
        "test_blocks_in_a_fixture": "ERROR",
        "test_may_block": "PASSED",
        "test_is_warned": "PASSED",
        "test_fails_itself": "FAILED",
        "test_blocks_without_a_request": "PASSED",
    }, printed
    assert "Blocked at test_suite.py:13, in load: noticed().wait(60)" in printed
    assert "its own failure" in printed
    assert "test_suite.py:13: BlockedLoopWarning: The event loop was blocked" in printed


def test_the_mode_is_a_setting(tmp_path):
    """`typeway_watchdog = warn` warns, and an application under a higher limit passes."""
    printed = run(tmp_path, "-o", "typeway_watchdog=warn", "-k", "test_blocks")
    assert "3 passed" in printed
    assert "BlockedLoopWarning" in printed
    printed = run(tmp_path, "-o", "typeway_watchdog_limit=2", "-k", "test_blocks")
    assert "3 passed" in printed
    assert "warning" not in printed


@pytest.mark.parametrize(
    ("option", "complaint"),
    [
        ("typeway_watchdog=loud", "typeway_watchdog must be one of fail, warn, off, not 'loud'."),
        ("typeway_watchdog_limit=short", "typeway_watchdog_limit must be a number of seconds, not 'short'."),
    ],
)
def test_a_setting_that_is_none_is_refused(tmp_path, option, complaint):
    """A wrong setting stops pytest with a message."""
    done = carry_out(tmp_path, "-o", option)
    assert done.returncode == 4
    assert complaint in done.stderr
