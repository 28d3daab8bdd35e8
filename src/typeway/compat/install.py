"""Resolve FastAPI's module names to modules made from the table of names."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import sys
import threading
from collections.abc import Sequence
from types import ModuleType
from typing import Any, Final

from typeway.compat.names import NAMES

PEER: Final = "fastapi"
LOCK: Final = threading.Lock()


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds and fills the modules that stand for FastAPI's."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != PEER and not fullname.startswith(PEER + "."):
            return None
        if fullname not in NAMES:
            raise ModuleNotFoundError(
                f"No module named {fullname!r}: Typeway stands for FastAPI here and offers its public modules only. "
                f"Import from {PEER!r} or one of its documented submodules.",
                name=fullname,
            )
        is_package = any(name.startswith(fullname + ".") for name in NAMES)
        return importlib.machinery.ModuleSpec(fullname, self, is_package=is_package)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return Facade(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__["__doc__"] = f"Typeway in the place of {module.__name__}."
        module.__dict__["__all__"] = [name for name in NAMES[module.__name__] if not name.startswith("_")]


class Facade(ModuleType):
    """A module whose names are looked up in the table when they are first asked for."""

    def __getattr__(self, name: str) -> Any:
        target = NAMES[self.__name__].get(name)
        if target is None:
            submodule = f"{self.__name__}.{name}"
            if submodule in NAMES:
                return importlib.import_module(submodule)
            raise AttributeError(
                f"module {self.__name__!r} has no attribute {name!r}: Typeway offers FastAPI's public names only."
            )
        value = resolve(target)
        setattr(self, name, value)
        return value

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *NAMES[self.__name__]})


def resolve(target: str) -> Any:
    """The object that a target of the table names."""
    module, _, attribute = target.partition(":")
    loaded = importlib.import_module(module)
    return getattr(loaded, attribute) if attribute else loaded


def install() -> None:
    """Make `import fastapi` and its public submodules mean Typeway, in this process.

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
                "call typeway.compat.install() before anything imports it."
            )
        sys.meta_path.insert(0, Finder())
