"""Give tests the modules of FastAPI, and those that stand in their place, side by side in one process."""

import importlib
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from typeway.compat.importing.names import NAMES
from typeway.compat.shapes.facade import Facade

ROOT = Path(__file__).parents[2]


class Web:
    """The modules of one framework, by FastAPI's names.

    Parameters:
        name: `"fastapi"` for the real ones, `"typeway"` for those that `install()` would put in their place.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def module(self, name: str = "fastapi") -> Any:
        made: ModuleType = Facade(name, NAMES) if self.name == "typeway" else importlib.import_module(name)
        return made

    def __getattr__(self, name: str) -> Any:
        """A name of the module `fastapi`."""
        return getattr(self.module(), name)


FASTAPI = Web("fastapi")
TYPEWAY = Web("typeway")

# A test that asks for `web` runs once on each framework: what it asserts is what FastAPI does.
each_framework = pytest.mark.parametrize("web", [TYPEWAY, FASTAPI], ids=["typeway", "fastapi"])


def run_python(*arguments: str, code: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a process of its own, where warnings are errors."""
    return subprocess.run(
        [sys.executable, "-W", "error", *arguments, *(("-c", code) if code else ())],
        cwd=ROOT,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def installed(code: str) -> str:
    """What a program prints in which `import fastapi` means Typeway."""
    done = run_python(code=f"import typeway.compat\ntypeway.compat.install()\n{code}")
    assert done.returncode == 0, done.stderr
    return done.stdout
