"""Run the same application on FastAPI: every import of `typeway` imports `fastapi`.

pytest -p examples.alias_framework examples/task_manager
python -m examples.alias_framework uvicorn examples.task_manager.main:app
"""

import importlib
import runpy
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

ALIAS, TARGET = "typeway", "fastapi"


class AliasLoader(Loader):
    """Load a module by importing another one."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.spec: ModuleSpec | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the other module itself, not a copy."""
        module = importlib.import_module(self.target)
        self.spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Restore the module's own spec, which the import system has just replaced."""
        module.__spec__ = self.spec


class AliasFinder(MetaPathFinder):
    """Find `typeway` and its submodules in `fastapi`."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Handle the alias only."""
        name, dot, rest = fullname.partition(".")
        return ModuleSpec(fullname, AliasLoader(TARGET + dot + rest)) if name == ALIAS else None


def install() -> None:
    """Redirect all imports of `typeway` from now on.

    Raises:
        RuntimeError: a part of `typeway` has been imported already.
    """
    if is_installed():
        return
    if ALIAS in sys.modules:
        raise RuntimeError(f"{ALIAS} is imported already: install the alias before anything imports it.")
    sys.meta_path.insert(0, AliasFinder())


def is_installed() -> bool:
    """Return whether imports are redirected."""
    return any(isinstance(finder, AliasFinder) for finder in sys.meta_path)


def pytest_load_initial_conftests() -> None:
    """Install the alias before pytest imports any test, if this module is loaded as a plugin."""
    install()


if __name__ == "__main__":
    # Imported by its public name, so that `is_installed` sees the same class.
    importlib.import_module("examples.alias_framework").install()
    module, *sys.argv[1:] = sys.argv[1:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
