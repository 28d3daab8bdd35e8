"""Make pytest fail the tests whose requests block the event loop: a plugin, `pytest -p typeway.testing`.

Every application that a test calls is watched, unless it has `watchdog=False`. The plugin has these settings:

- `typeway_watchdog`: `fail` (the default), `warn`, which gives a `BlockedLoopWarning`, or `off`.
- `typeway_watchdog_limit`: how long the event loop may be blocked, in seconds; 0.1 unless given. An application's own
  `watchdog=` takes precedence.
- the marker `@pytest.mark.typeway_watchdog("off")` sets the first for one test.

Example:
    ```toml
    [tool.pytest.ini_options]
    addopts = "-p typeway.testing"
    typeway_watchdog_limit = "0.2"
    ```
"""

from typeway.watch.plugin import BlockedLoopWarning as BlockedLoopWarning
from typeway.watch.plugin import pytest_addoption as pytest_addoption
from typeway.watch.plugin import pytest_configure as pytest_configure
