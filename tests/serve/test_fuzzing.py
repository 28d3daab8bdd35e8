"""A short run of the fuzzer in every run of the tests; `make fuzz` runs it for ten minutes."""

import os
import random
import time

import pytest

from tests.serve.fuzzing import KINDS, Broken, fuzz

# Thirty seconds in all.
SECONDS = 30 / len(KINDS)


# Starlette's form parser leaves the file of a part that never ends to the garbage collector, which closes it with a warning.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_generated_requests_break_no_invariant(kind: str) -> None:
    """No generated input is a server error, an answer that is no JSON, a lost connection, or two answers that differ."""
    seed = 1 if "CI" in os.environ else random.randrange(2**32)
    end = time.monotonic() + SECONDS
    try:
        # At least some, however busy the machine is.
        fuzz(kind, seed, lambda number: number < 20 or time.monotonic() < end)
    except Broken as error:
        pytest.fail(f"python -m tests.serve.fuzzing --seed {seed}: {error}", pytrace=False)
