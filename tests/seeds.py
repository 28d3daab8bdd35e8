"""Give every run one seed for all that is random in tests, and say how to run them with the same seed again.

The seed is Hypothesis's own option, so that `--hypothesis-seed=N` repeats a run, whichever of its tests are run. The order in
which trio runs the tasks that are ready, and the module `random`, depend on it as well, for each test in its own way.
"""

import os
import random
import sys
from typing import Final

import pytest

OPTION: Final = "hypothesis_seed"


@pytest.hookimpl(tryfirst=True)  # before Hypothesis looks at it
def pytest_configure(config: pytest.Config) -> None:
    """Choose a seed if none is given; the processes of pytest-xdist are given the options of the one that starts them."""
    if getattr(config.option, OPTION, None) is None:
        setattr(config.option, OPTION, str(int.from_bytes(os.urandom(4))))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Seed what a test may use."""
    seed = f"{item.config.getoption(OPTION)} {item.nodeid}"
    random.seed(seed)
    if "trio" in sys.modules:
        from trio._core import _run

        _run._r.seed(seed)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say how to repeat a run that has failed."""
    if terminalreporter.stats.get("failed") or terminalreporter.stats.get("error"):
        terminalreporter.write_line(
            f"Run with the same random choices: pytest --hypothesis-seed={config.getoption(OPTION)}"
        )
