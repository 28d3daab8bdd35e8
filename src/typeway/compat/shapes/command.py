"""Offer the entry point of the `fastapi` command, for scripts and images that start with it."""

from __future__ import annotations

import importlib
import sys


def main() -> None:
    """Run fastapi-cli, which serves the application in this process; `python -m typeway.compat` carries over to reloaders.

    Raises:
        SystemExit: fastapi-cli is not installed, or the command ends.
    """
    try:
        command = importlib.import_module("fastapi_cli.cli")
    except ModuleNotFoundError as error:
        if error.name not in ("fastapi_cli", "fastapi_cli.cli"):
            raise
        sys.exit("fastapi: the command needs the package fastapi-cli. Without it: typeway run --compat main:app")
    command.main()
