"""Resolve FastAPI's module names to modules made from the table of names."""

from __future__ import annotations

import importlib
import importlib.machinery
import sys
import threading
from collections.abc import Iterable, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from typeway.compat.importing.names import NAMES

if TYPE_CHECKING:
    from importlib.metadata import Distribution, DistributionFinder

PEER: Final = "fastapi"
LOCK: Final = threading.Lock()


class Finder:
    """Finds and fills the modules that stand for FastAPI's: a finder and a loader as `importlib.abc` describes them."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != PEER and not fullname.startswith(PEER + "."):
            return None
        if fullname not in NAMES:
            # Without a name: `from fastapi import x` looks for a module `fastapi.x` at last, and would take the error
            # that names it for an ordinary absence, with a message that explains nothing.
            raise ModuleNotFoundError(missing(fullname))
        loader: Any = self
        # Every module is a package, so that a missing name in any of them is looked for here, and explained.
        return importlib.machinery.ModuleSpec(fullname, loader, origin=__name__, is_package=True)

    def find_distributions(self, context: DistributionFinder.Context) -> Iterable[Distribution]:
        from typeway.compat.importing.distribution import distributions

        return distributions(context)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return Facade(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__["__doc__"] = f"Typeway in the place of {module.__name__}."
        module.__dict__["__all__"] = [name for name in NAMES[module.__name__] if not name.startswith("_")]


def missing(fullname: str) -> str:
    """What to say of a module or name that is not offered."""
    from difflib import get_close_matches

    module, _, name = fullname.rpartition(".")
    modules = [known.rpartition(".")[2] for known in NAMES if known.rpartition(".")[0] == module]
    offered = {known.lower(): known for known in [*NAMES.get(module, ()), *modules]}
    close = get_close_matches(name.lower(), offered, n=1)
    hint = f" Did you mean {offered[close[0]]!r}?" if close else ""
    return f"{module!r} has no {name!r}: Typeway stands for FastAPI here and offers its public names only.{hint}"


class Facade(ModuleType):
    """A module whose names are looked up in the table when they are first asked for."""

    def __getattr__(self, name: str) -> Any:
        target = NAMES[self.__name__].get(name)
        if target is not None:
            value = resolve(target)
            setattr(self, name, value)
            return value
        submodule = f"{self.__name__}.{name}"
        if submodule in NAMES:
            return importlib.import_module(submodule)
        raise AttributeError(missing(submodule))

    def __dir__(self) -> list[str]:
        prefix = f"{self.__name__}."
        modules = (name.removeprefix(prefix).partition(".")[0] for name in NAMES if name.startswith(prefix))
        return sorted({*super().__dir__(), *NAMES[self.__name__], *modules})


def standing(module: str, name: str, original: Any) -> Any:
    """What stands under a name of FastAPI's now: the original, unless somebody has put another thing in its place.

    Where FastAPI itself is imported as well, its modules are not ours to look into.
    """
    facade = sys.modules.get(module)
    return vars(facade).get(name, original) if isinstance(facade, Facade) else original


def resolve(target: str) -> Any:
    """The object that a target of the table names."""
    module, _, attribute = target.partition(":")
    loaded = importlib.import_module(module)
    return getattr(loaded, attribute) if attribute else loaded


def install() -> None:
    """Make `import fastapi` and its public submodules mean Typeway, in this process.

    It imports little and warns never; calling it again, from any thread, changes nothing.

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
