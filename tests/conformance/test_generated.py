"""Generated applications answer generated requests on Typeway as they do on FastAPI."""

from collections.abc import Iterator
from typing import Any

import anyio.from_thread
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conformance.generate.declarations import Application, applications
from tests.conformance.generate.requests import requests
from tests.frameworks import DOCUMENT, compare


@pytest.fixture(scope="module")
def portal() -> Iterator[Any]:
    """One event loop for all of them: none has a lifespan."""
    with anyio.from_thread.start_blocking_portal() as portal:
        yield portal


@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_is_declared_is_answered_alike(portal: Any, data: st.DataObject) -> None:
    """Parameters in every style and place, dependencies, bodies of every kind: what FastAPI answers, compat mode answers."""
    application: Application = data.draw(applications())
    steps = [DOCUMENT, *data.draw(st.lists(requests(application), min_size=2, max_size=6))]
    problems = compare(application.build, steps, portal=portal, crashes_count=False)
    assert not problems, "\n".join([application.source, *problems])
