"""Run `typeway check` in the environment of an application: `python overlay.py '{"asked": …, "packages": …}'`.

This file is started by its path, by an interpreter that does not know Typeway, so it may import nothing of it at first.
"""

import importlib.machinery
import json
import os
import sys
from typing import Any


class Overlay:
    """Finds some packages in other folders than Python would, whatever is installed here."""

    def __init__(self, packages: dict[str, str]) -> None:
        self.packages = packages

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if name not in self.packages:
            return None
        return importlib.machinery.PathFinder.find_spec(name, [self.packages[name]], target)


def main(given: str) -> None:
    """Check the application that is asked for, and end the process."""
    data = json.loads(given)
    # The folder of this file, where modules have names that an application may use too.
    del sys.path[0]
    sys.meta_path.insert(0, Overlay(data["packages"]))

    from typeway.cli.check import Asked, perform
    from typeway.cli.error import CommandError, print_failure
    from typeway.cli.leave import leave

    options: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in data["asked"].items()
    }
    asked = Asked(**options)
    try:
        status = perform(asked)
    except CommandError as error:
        print_failure(error, show_traceback=data["traceback"])
        status = 2
    except BrokenPipeError:  # who reads the output has left
        status = 1
    leave(status)


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except KeyboardInterrupt:
        # As the command line ends: the process that started this one is interrupted too.
        os._exit(130)
