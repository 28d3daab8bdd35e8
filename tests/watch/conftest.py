"""Collect what the watchdog reports in this process."""

from collections.abc import Iterator

import pytest

from typeway.watch.report import Blocked, Exhausted
from typeway.watch.start import watch_everything
from typeway.watch.watchdog import WATCHDOG


class Found(list[Blocked | Exhausted]):
    """Reports, in the order in which they came."""

    def all(self) -> list[Blocked | Exhausted]:
        """All of them, once the watchdog has reported everything that has happened."""
        WATCHDOG.flush(60)
        return list(self)

    def one(self) -> Blocked:
        """The only report there is."""
        reports = self.all()
        assert len(reports) == 1, list(map(str, reports))
        assert isinstance(reports[0], Blocked)
        return reports[0]


@pytest.fixture
def found() -> Iterator[Found]:
    """Watch every application that is called, and keep what is reported."""
    reports = Found()
    with WATCHDOG.reporting_to(reports.append), watch_everything(0.1):
        yield reports
