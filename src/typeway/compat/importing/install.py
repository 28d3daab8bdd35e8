"""Resolve FastAPI's module names to modules made from the table of names."""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from typeway.compat.importing.names import FIRST, NAMES, PEER
from typeway.compat.shapes.facade import Facade, missing, observed

if TYPE_CHECKING:
    from importlib.metadata import Distribution, DistributionFinder

LOCK: Final = threading.Lock()


# Python's own import hooks.
STANDARD: Final = (
    importlib.machinery.BuiltinImporter,
    importlib.machinery.FrozenImporter,
    importlib.machinery.PathFinder,
)


class Finder:
    """Finds and creates the modules that stand for FastAPI's: a finder and a loader as `importlib.abc` describes them."""

    def __init__(self) -> None:
        self.asked: threading.local = threading.local()  # the names for which other import hooks are being asked

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        refuse_strangers(sys.modules.get(PEER))
        if fullname != PEER and not fullname.startswith(PEER + "."):
            return None
        observed(fullname, fullname in NAMES)
        if fullname not in NAMES:
            # The error has no `name`: `from fastapi import x` looks for a module `fastapi.x` last, and would take an
            # error that names this module for an ordinary absence and replace the message.
            raise ModuleNotFoundError(missing(fullname, NAMES))
        return self.wrapped(fullname, path, target) or self.spec(fullname)

    def wrapped(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return our spec as another import hook has wrapped it; None if no hook does.

        Agents such as New Relic's wrap the loader that the other hooks find, to change the module once it is imported. A
        hook that looks for the package by itself, like the one that rewrites assertions for pytest, finds the real one:
        its spec is not ours.
        """
        names: set[str] = self.asked.__dict__.setdefault("names", set())
        if name in names:  # a hook asks what it may wrap
            return None
        names.add(name)
        try:
            for hook in sys.meta_path:
                if hook is not self and hook not in STANDARD and hasattr(hook, "find_spec"):
                    spec = hook.find_spec(name, path, target)
                    if spec is not None and spec.origin == __name__:
                        return spec
        finally:
            names.discard(name)
        return None

    def spec(self, name: str) -> importlib.machinery.ModuleSpec:
        loader: Any = self
        # Every module is a package, so that Python also looks here for a name that is missing in it.
        return importlib.machinery.ModuleSpec(name, loader, origin=__name__, is_package=True)

    def find_distributions(self, context: DistributionFinder.Context) -> Iterable[Distribution]:
        from typeway.compat.importing.distribution import distributions

        return distributions(context)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return Facade(spec.name, NAMES)

    def exec_module(self, module: ModuleType) -> None:
        """Import what FastAPI's package imports; the modules look their names up when they are used."""
        for name in FIRST if module.__name__ == PEER else ():
            importlib.import_module(f"{PEER}.{name}")


class ImportHooks(list[Any]):
    """`sys.meta_path`, of which the import system asks our finder first, whatever the order is.

    Others put theirs in front, and some want to stay there. The one that rewrites assertions for pytest would find the real
    package, if it has to rewrite that (`python_files = *.py`). Our finder asks them, see `Finder.wrapped`.
    """

    def __iter__(self) -> Iterator[Any]:
        return iter(sorted(super().__iter__(), key=lambda hook: not isinstance(hook, Finder)))


def refuse_strangers(loaded: ModuleType | None) -> None:
    """See to it that no other import hook has answered an import of FastAPI; every import that is not cached asks.

    Raises:
        RuntimeError: this is the real package.
    """
    spec = getattr(loaded, "__spec__", None)
    # What tests put into `sys.modules` to stand for an absent or another package has no spec.
    if isinstance(loaded, ModuleType) and not isinstance(loaded, Facade) and spec is not None:
        raise RuntimeError(
            f"{PEER} is not Typeway any more: {spec.loader!r} has imported it from {spec.origin}, although "
            "typeway.compat.install() came before. Remove that import hook from sys.meta_path, or keep it behind Typeway's."
        )


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
        finder = Finder()
        sys.meta_path = ImportHooks([finder, *sys.meta_path])
