"""Run without the tracer of coverage the tests that would reach little with it that others do not reach.

Tracing every line doubles the time that a test takes. Coverage counts what the tests reach that mirror `src/typeway`.
Comparisons with FastAPI, the documentation and the examples ask the same code the same questions thousands of times.
"""

import os
import sys
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parents[1]

# Folders and files.
UNMEASURED: Final = (
    "examples",
    "tests/conformance",
    "tests/course",
    "tests/docs",
    "tests/protocol/test_differential.py",
    "tests/watch/test_dev.py",
    "tests/plan/test_capacity.py",
    "tests/plan/test_json_conformance.py",
    "tests/plan/test_lifetimes.py",
    "tests/plan/test_trees_alike.py",
)

# What tells the processes that a test starts to measure themselves.
FOR_PROCESSES: Final = "COVERAGE_PROCESS_CONFIG"


def is_unmeasured(path: Path) -> bool:
    """Whether the tests of a file run without the tracer."""
    return any(path.is_relative_to(ROOT / place) for place in UNMEASURED)


def is_coverages(tracer: Any) -> bool:
    """Whether this tracer is coverage's; a debugger's stays."""
    return type(tracer).__module__.startswith("coverage")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Run one test, with its fixtures, measured or not."""
    tracer, for_threads = sys.gettrace(), threading.gettrace()
    if not is_coverages(tracer) or not is_unmeasured(item.path):
        return (yield)
    for_processes = os.environ.pop(FOR_PROCESSES, None)
    threading.settrace(None)  # type: ignore[arg-type]
    sys.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(tracer)
        threading.settrace(for_threads)  # type: ignore[arg-type]
        if for_processes is not None:
            os.environ[FOR_PROCESSES] = for_processes
