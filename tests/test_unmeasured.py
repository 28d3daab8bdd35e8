"""Coverage leaves alone what `tests/unmeasured.py` names, and nothing else."""

import contextlib
import os
import sys
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unmeasured import FOR_PROCESSES, ROOT, UNMEASURED, pytest_runtest_protocol


class Tracer:
    """A trace function that traces nothing."""

    def __init__(self, module: str) -> None:
        self.__class__ = type("Tracer", (Tracer,), {"__module__": module})

    def __call__(self, frame: Any, event: str, argument: Any) -> None:
        """Look no further into the frame."""


@pytest.mark.parametrize("place", UNMEASURED)
def test_what_is_not_measured_is_there(place: str) -> None:
    """Whoever moves tests moves them in the table too."""
    assert (ROOT / place).exists()


@pytest.mark.parametrize(
    ("path", "module", "is_traced"),
    [
        ("tests/docs/test_any.py", "coverage.tracer", False),
        ("examples/books/tests/test_any.py", "coverage.tracer", False),
        ("tests/test_any.py", "coverage.tracer", True),
        ("tests/docs/test_any.py", "debugger", True),
    ],
)
def test_the_tracer_is_away_for_one_test(
    monkeypatch: pytest.MonkeyPatch, path: str, module: str, is_traced: bool
) -> None:
    """Its threads and processes are not measured either; afterwards all is as before; debuggers stay."""
    monkeypatch.setenv(FOR_PROCESSES, "settings")
    before, for_threads, tracer = sys.gettrace(), threading.gettrace(), Tracer(module)
    item: Any = SimpleNamespace(path=ROOT / path)
    try:
        threading.settrace(tracer)
        sys.settrace(tracer)
        run = pytest_runtest_protocol(item)
        next(run)
        inside = [sys.gettrace(), threading.gettrace(), os.environ.get(FOR_PROCESSES)]
        with contextlib.suppress(StopIteration):
            run.send(None)
        after = [sys.gettrace(), threading.gettrace(), os.environ.get(FOR_PROCESSES)]
    finally:
        threading.settrace(for_threads)  # type: ignore[arg-type]
        sys.settrace(before)
    assert after == [tracer, tracer, "settings"]
    assert inside == (after if is_traced else [None] * 3)
