"""Help tests: a pytest plugin that finds what blocks the event loop, and a switch for policies.

`pytest -p typeway.testing` makes pytest fail the tests whose requests block the event loop.

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

from contextlib import AbstractContextManager

from typeway.declare.policy import Policy
from typeway.policies.guard import switched_off
from typeway.watch.plugin import BlockedLoopWarning as BlockedLoopWarning
from typeway.watch.plugin import pytest_addoption as pytest_addoption
from typeway.watch.plugin import pytest_configure as pytest_configure


def without_policies(*kinds: type[Policy]) -> AbstractContextManager[None]:
    """Switch policies off inside of a `with` block, for requests of the test client and of tasks that start in it.

    `RequireAuthentication` stays: replace what it calls, with `app.override(current_user, test_user)`.

    Parameters:
        kinds: the classes of policies to switch off; all but RequireAuthentication unless given.

    Example:
        ```python
        with without_policies(RateLimit), TestClient(app) as client:
            client.post("/login")
        ```
    """
    return switched_off(*kinds)
