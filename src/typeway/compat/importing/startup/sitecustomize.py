"""Install compat mode when Python starts: the folder of this file is on PYTHONPATH in child processes.

Python imports a module of this name before anything else. It finds only one, so this one runs the environment's own.
"""

import importlib.machinery
import importlib.util
import os
import sys
from pathlib import Path

import typeway.compat


def run_other() -> None:
    """Run the module of the same name that Python would have found without this one."""
    own = Path(__file__).parent
    others = [entry for entry in sys.path if Path(entry).absolute() != own]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", others)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


try:
    typeway.compat.install()
except RuntimeError as _error:
    # Python only prints an exception of this module, and would go on with the real package.
    sys.exit(str(_error))
if "TYPEWAY_COMPAT_REPORT" in os.environ:
    from typeway.compat.importing.report import start

    start()
run_other()
