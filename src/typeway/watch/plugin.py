"""Judge tests by what the watchdog reports while they run: the hooks of the plugin `typeway.testing`."""

from __future__ import annotations

import warnings
from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from typeway.watch.report import Report

SETTING: Final = "typeway_watchdog"
MODES: Final = ("fail", "warn", "off")


class BlockedLoopWarning(UserWarning):
    """A request held up the event loop; the warning points at the line that did."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the settings."""
    parser.addini(SETTING, f"what a blocked event loop does to a test: {', '.join(MODES)}", default=MODES[0])
    parser.addini(f"{SETTING}_limit", "how long an event loop may not turn, in seconds", default="0.1")


def pytest_configure(config: pytest.Config) -> None:
    """Set the watchdog on, for the whole run.

    Raises:
        pytest.UsageError: a setting is none.
    """
    config.addinivalue_line(
        "markers", f"{SETTING}(mode): {', '.join(MODES)}: what a blocked event loop does to the test"
    )
    given = config.getini(f"{SETTING}_limit")
    try:
        limit = float(given)
    except ValueError:
        raise pytest.UsageError(f"{SETTING}_limit must be a number of seconds, not {given!r}.") from None
    config.pluginmanager.register(Watch(mode_of(config.getini(SETTING)), limit), "typeway watchdog")


def mode_of(given: Any) -> str:
    """The mode that a setting or a marker names.

    Raises:
        pytest.UsageError: there is no such mode.
    """
    if given not in MODES:
        raise pytest.UsageError(f"{SETTING} must be one of {', '.join(MODES)}, not {given!r}.")
    return str(given)


@dataclass(eq=False)
class Watch:
    """What watches one run of pytest."""

    mode: str  # what becomes of a test whose requests hold up the event loop, unless it is marked otherwise
    limit: float  # how long a loop may not turn, in seconds
    reports: list[Report] = field(default_factory=list)
    stack: ExitStack = field(default_factory=ExitStack)

    def pytest_sessionstart(self) -> None:
        """Begin to watch. Only now: what is imported while plugins are loaded cannot be rewritten by pytest."""
        from typeway.watch.watchdog import WATCHDOG

        self.settle = WATCHDOG.settle
        self.stack.enter_context(WATCHDOG.heard_by(self.reports.append))
        self.stack.enter_context(WATCHDOG.keenly(self.limit))

    def pytest_sessionfinish(self) -> None:
        """Leave the watchdog as it was."""
        self.stack.close()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, object, object]:
        """Watch the fixtures' requests as well."""
        return (yield from self.observed(item))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Watch the test's requests."""
        return (yield from self.observed(item))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, object, object]:
        """Watch what fixtures do at their end."""
        return (yield from self.observed(item))

    def observed(self, item: pytest.Item) -> Generator[None, object, object]:
        self.reports.clear()
        outcome = yield
        marker = item.get_closest_marker(SETTING)
        mode = self.mode if marker is None else mode_of(next(iter([*marker.args, *marker.kwargs.values()]), None))
        if mode != "off":
            self.settle()
            self.judge(mode)
        return outcome

    def judge(self, mode: str) -> None:
        """Fail the test for what was found, or warn."""
        # A test that blocks the loop itself, outside any request, knows what it does.
        found = [report for report in self.reports if getattr(report, "served", True)]
        if found and mode == "fail":
            pytest.fail("\n".join(map(str, found)), pytrace=False)
        for report in found:
            file, line = getattr(report, "place", None) or (__file__, 1)
            warnings.warn_explicit(str(report), BlockedLoopWarning, file, line)
