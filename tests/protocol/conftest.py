"""Fixtures of the tests of the protocol class."""

import pytest

from typeway.protocol import clock


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections are looked at so often that times of a tenth of a second are kept."""
    monkeypatch.setattr(clock, "PERIOD", 0.02)
