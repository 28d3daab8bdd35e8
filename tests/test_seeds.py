"""What is random in a test is the same again with the seed that a failed run has printed."""

import re
import subprocess
import sys
from pathlib import Path

CONFTEST = 'pytest_plugins = ["tests.seeds"]'
FAILING = """
import random
import trio
from hypothesis import given, settings, strategies as st

drawn = []

@settings(database=None)
@given(st.integers())
def test_examples(number):
    drawn.append(number)

def test_choices():
    order = []

    async def note(number):
        order.append(number)

    async def main():
        async with trio.open_nursery() as nursery:
            for number in range(10):
                nursery.start_soon(note, number)

    trio.run(main)
    raise AssertionError(("choices", random.random(), order, drawn))
"""


def test_a_failed_run_can_be_repeated(tmp_path):
    """Hypothesis's examples, trio's order of tasks and `random` depend on one seed, also with several processes."""
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_random.py").write_text(FAILING)
    root = Path(__file__).parents[1]

    def run(*options: str) -> tuple[str, str]:
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", "/dev/null", f"--rootdir={tmp_path}"]
        found = subprocess.run(
            [*command, str(tmp_path), *options], cwd=root, capture_output=True, text=True, check=False
        )
        seed = re.search(r"pytest --hypothesis-seed=(\d+)", found.stdout)
        choices = re.search(r"AssertionError: (\('choices', .*\))", found.stdout)
        assert seed is not None, found
        assert choices is not None, found
        return seed[1], choices[1]

    seed, choices = run()
    assert run(f"--hypothesis-seed={seed}", "-n", "1") == (seed, choices)
    assert run()[1] != choices
