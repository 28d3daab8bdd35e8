"""Assemble the application on the framework that the tests run on."""

import pytest

from examples import alias_framework
from examples.task_manager.config import Settings
from typeway import FastAPI

needs_typeway = pytest.mark.skipif(alias_framework.is_installed(), reason="FastAPI has no such thing")


def create_app(settings: Settings) -> FastAPI:
    """Create the application; on FastAPI the API alone, because FastAPI has not what the web page needs."""
    if alias_framework.is_installed():
        from examples.task_manager.api import create_api

        return create_api(settings)
    with pytest.MonkeyPatch.context() as environment:
        # The module creates the application that servers look for, which needs a secret or the demo.
        environment.setenv("TASK_MANAGER_DEMO", "1")
        from examples.task_manager import main

        return main.create_app(settings)
