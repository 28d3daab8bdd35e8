"""Collect what the watchdog finds in this process."""

from collections.abc import Iterator

import pytest

from typeway.watch.report import Blocked, Exhausted
from typeway.watch.watchdog import WATCHDOG


class Found(list[Blocked | Exhausted]):
    """Reports, in the order in which they came."""

    def settled(self) -> list[Blocked | Exhausted]:
        """All of them, once the watchdog has looked at everything that has happened."""
        WATCHDOG.settle(30)
        return list(self)

    def one(self) -> Blocked:
        """The only report there is."""
        reports = self.settled()
        assert len(reports) == 1, list(map(str, reports))
        assert isinstance(reports[0], Blocked)
        return reports[0]


@pytest.fixture
def found() -> Iterator[Found]:
    """Watch every application that is called, and keep what is found."""
    reports = Found()
    with WATCHDOG.heard_by(reports.append), WATCHDOG.keenly(0.1):
        yield reports
    assert WATCHDOG.is_keen is False
