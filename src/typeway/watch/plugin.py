"""Fail tests whose requests block the event loop: the hooks of the pytest plugin `typeway.testing`."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from typeway.watch.report import Report

SETTING: Final = "typeway_watchdog"
MODES: Final = ("fail", "warn", "off")


class BlockedLoopWarning(UserWarning):
    """A request blocked the event loop; the warning points at the line that did.

    Raised:
        In tests, where pytest's setting `typeway_watchdog` is "warn".

    Fix:
        Await the asynchronous interface of the library, or run the call in a thread; `typeway explain TW001` prints the rule.
    """


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the settings."""
    parser.addini(SETTING, f"what a blocked event loop does to a test: {', '.join(MODES)}", default=MODES[0])
    parser.addini(f"{SETTING}_limit", "how long an event loop may be blocked, in seconds", default="0.1")


def pytest_configure(config: pytest.Config) -> None:
    """Register the watchdog for the whole run.

    Raises:
        pytest.UsageError: a setting is invalid.
    """
    config.addinivalue_line(
        "markers", f"{SETTING}(mode): {', '.join(MODES)}: what a blocked event loop does to the test"
    )
    given = config.getini(f"{SETTING}_limit")
    try:
        limit = float(given)
    except ValueError:
        raise pytest.UsageError(f"{SETTING}_limit must be a number of seconds, not {given!r}.") from None
    config.pluginmanager.register(WatchdogPlugin(mode_of(config.getini(SETTING)), limit), "typeway watchdog")


def mode_of(given: Any) -> str:
    """The mode that a setting or a marker names.

    Raises:
        pytest.UsageError: there is no such mode.
    """
    if given not in MODES:
        raise pytest.UsageError(f"{SETTING} must be one of {', '.join(MODES)}, not {given!r}.")
    return str(given)


@dataclass(eq=False)
class WatchdogPlugin:
    """Watches one run of pytest."""

    mode: str  # what a blocked event loop does to a test, unless it is marked otherwise
    limit: float  # how long an event loop may be blocked, in seconds
    reports: list[Report] = field(default_factory=list)
    stack: ExitStack = field(default_factory=ExitStack)

    def pytest_sessionstart(self) -> None:
        """Start to watch. Not before: pytest cannot rewrite the assertions of what is imported while plugins load."""
        from typeway.watch.start import watch_everything
        from typeway.watch.watchdog import WATCHDOG

        self.flush: Callable[[], None] = WATCHDOG.flush
        self.stack.enter_context(WATCHDOG.reporting_to(self.reports.append))
        self.stack.enter_context(watch_everything(self.limit))

    def pytest_sessionfinish(self) -> None:
        """Leave the watchdog as it was."""
        self.stack.close()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Watch the requests of the test; under the other two names, those of its fixtures and of their ends."""
        self.reports.clear()
        outcome = yield
        marker = item.get_closest_marker(SETTING)
        mode = self.mode if marker is None else mode_of(next(iter([*marker.args, *marker.kwargs.values()]), None))
        if mode != "off":
            self.flush()
            self.act_on_reports(mode)
        return outcome

    pytest_runtest_setup = pytest_runtest_call
    pytest_runtest_teardown = pytest_runtest_call

    def act_on_reports(self, mode: str) -> None:
        """Fail the test for what was reported, or warn."""
        # A test that blocks the loop itself, outside any request, does so on purpose.
        found = [report for report in self.reports if getattr(report, "served", True)]
        if found and mode == "fail":
            pytest.fail("\n".join(map(str, found)), pytrace=False)
        for report in found:
            file, line = getattr(report, "place", None) or (__file__, 1)
            warnings.warn_explicit(str(report), BlockedLoopWarning, file, line)
