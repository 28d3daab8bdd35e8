"""Resolve FastAPI's module names to modules made from the table of names."""

from __future__ import annotations

import importlib
import importlib.machinery
import sys
import threading
from collections.abc import Iterable, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from typeway.compat.importing.names import FIRST, NAMES
from typeway.compat.shapes.facade import Facade, missing, observed

if TYPE_CHECKING:
    from importlib.metadata import Distribution, DistributionFinder

PEER: Final = "fastapi"
LOCK: Final = threading.Lock()


class Finder:
    """Finds and creates the modules that stand for FastAPI's: a finder and a loader as `importlib.abc` describes them."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != PEER and not fullname.startswith(PEER + "."):
            return None
        observed(fullname, fullname in NAMES)
        if fullname not in NAMES:
            # The error has no `name`: `from fastapi import x` looks for a module `fastapi.x` last, and would take an
            # error that names this module for an ordinary absence and replace the message.
            raise ModuleNotFoundError(missing(fullname, NAMES))
        loader: Any = self
        # Every module is a package, so that Python also looks here for a name that is missing in it.
        return importlib.machinery.ModuleSpec(fullname, loader, origin=__name__, is_package=True)

    def find_distributions(self, context: DistributionFinder.Context) -> Iterable[Distribution]:
        from typeway.compat.importing.distribution import distributions

        return distributions(context)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return Facade(spec.name, NAMES)

    def exec_module(self, module: ModuleType) -> None:
        """Import what FastAPI's package imports; the modules look their names up when they are used."""
        for name in FIRST if module.__name__ == PEER else ():
            importlib.import_module(f"{PEER}.{name}")


def install() -> None:
    """Make `import fastapi` and its public submodules mean Typeway, in this process.

    It imports little and gives no warning; further calls, from any thread, change nothing.

    Raises:
        RuntimeError: the real package has been imported already, so some code would keep using it.

    Example:
        ```python
        import typeway.compat

        typeway.compat.install()

        from fastapi import FastAPI  # Typeway with FastAPI's conventions
        ```
    """
    with LOCK:
        if any(isinstance(finder, Finder) for finder in sys.meta_path):
            return
        loaded = sys.modules.get(PEER)
        if loaded is not None:
            raise RuntimeError(
                f"{PEER} has already been imported from {getattr(loaded, '__file__', '?')}: "
                "call typeway.compat.install() before anything imports it, or start the program with "
                "`python -m typeway.compat`."
            )
        sys.meta_path.insert(0, Finder())
