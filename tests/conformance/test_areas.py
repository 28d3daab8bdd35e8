"""Applications of every area answer on Typeway as they do on FastAPI: status, headers, body, document and log."""

import pytest

from tests.conformance.areas import CASES
from tests.conformance.cases import Case
from tests.frameworks import compare


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_both_frameworks_answer_the_same(case: Case) -> None:
    """Whoever moves an application from FastAPI sees no difference, and neither do its clients."""
    problems = compare(case.build, case.steps, backend=case.backend, words=case.words)
    assert not problems, "\n".join(problems)
