"""Plugins of all tests."""

pytest_plugins = ["tests.seeds", "tests.unmeasured"]
