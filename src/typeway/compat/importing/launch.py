"""Run a program in compat mode: this process and those that it starts."""

from __future__ import annotations

import importlib
import os
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from typeway.compat.importing.install import install

STARTUP: Final = str(Path(__file__).parent / "startup")

USAGE: Final = """usage: python -m typeway.compat [--report] script.py [arguments]
       python -m typeway.compat [--report] -m module [arguments]
       python -m typeway.compat --report module:application

Run a Python program in which `import fastapi` means Typeway.

  --report    when the program ends, print to stderr which names it has asked for that FastAPI does not document:
              each name, whether it is there, the module that asked, and the file and line. The processes that the
              program starts print their own. `module:application` is only imported. Names that are asked for with
              a default, hasattr(), or try and except are listed as well: NO alone need not be a fault.

The exit status is that of the program; 1 if it cannot be found or imported; 2 if the arguments name none."""


def begin() -> None:
    """Install compat mode here and in every Python process that this one starts: workers, reloaders, test runners.

    Raises:
        RuntimeError: the real package has been imported already.
    """
    install()
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if STARTUP not in paths:
        os.environ["PYTHONPATH"] = os.pathsep.join([STARTUP, *filter(None, paths)])


def run(arguments: Sequence[str]) -> None:
    """Run a script or a module as `python` itself would.

    Parameters:
        arguments: `script.py …` or `-m module …`, after `--report` if what it asks for is to be printed.

    Raises:
        SystemExit: the arguments name no program, or the program exits.
    """
    reports = bool(arguments) and arguments[0] == "--report"
    arguments = arguments[reports:]
    is_module = bool(arguments) and arguments[0] == "-m"
    program, *rest = arguments[is_module:] or ("",)
    if not program or program.startswith("-"):
        asked = program in ("-h", "--help")
        print(USAGE, file=sys.stdout if asked else sys.stderr)  # this module is a command
        sys.exit(0 if asked else 2)
    begin()
    sys.argv = [program, *rest]
    if reports:
        from typeway.compat.importing.report import start

        start()
    if reports and not is_module and ":" in program and not Path(program).exists():
        sys.path[0] = str(Path.cwd())
        module, _, name = program.partition(":")
        getattr(importlib.import_module(module), name)
    elif is_module:
        sys.path[0] = str(Path.cwd())
        runpy.run_module(program, run_name="__main__", alter_sys=True)
    elif not Path(program).exists():
        sys.exit(f"python -m typeway.compat: there is no file {program!r}")
    else:
        # For a folder or a zip file, `run_path` itself adds the first entry.
        sys.path[0] = str(Path(program).resolve().parent)
        # Python sets `__file__` of the main program to an absolute path, however the program was named.
        runpy.run_path(str(Path(program).absolute()), run_name="__main__")
