"""Make a module out of a table of names: each name is imported from its own module when it is first used."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any, Final, TypeAlias

# For each module of FastAPI, its public names, and the target of each: "module:attribute", or "module" for the module
# itself.
Table: TypeAlias = Mapping[str, Mapping[str, str]]


# Functions to call when a program sets a name of a module.
WATCHERS: Final[dict[tuple[str, str], list[Callable[[], None]]]] = {}

# Functions to call with each name that a program asks for, and whether it is there: those of `--report`.
OBSERVERS: Final[list[Callable[[str, bool], None]]] = []


def observed(name: str, there: bool) -> None:
    """Tell the observers that a program asks for a name."""
    for observe in OBSERVERS:
        observe(name, there)


# Our exceptions, FastAPI's module of them, and whether ours have its name already.
EXCEPTIONS: Final = "typeway.exceptions"
ERRORS: Final = "fastapi.exceptions"
EXCEPTIONS_NAMED: Final = threading.Event()


class Facade(ModuleType):
    """A module that stands for one of FastAPI's.

    Parameters:
        name: the name of FastAPI's module.
        table: the names of this module and of all others.
    """

    def __init__(self, name: str, table: Table) -> None:
        super().__init__(name, f"Typeway's objects under the names of {name}.")
        self._table = table
        self.__all__ = [public for public in table[name] if not public.startswith("_")]

    def __getattr__(self, name: str) -> Any:
        target = self._table[self.__name__].get(name)
        submodule = f"{self.__name__}.{name}"
        observed(submodule, target is not None or submodule in self._table)
        if target is not None:
            value = resolve(target)
            if sys.modules.get(self.__name__) is self:
                name_errors(self._table[ERRORS])
            if not OBSERVERS:  # which see every place that asks
                setattr(self, name, value)
            return value
        if submodule in self._table:
            return importlib.import_module(submodule)
        # The import system probes for names such as `__file__`, and needs no advice.
        raise AttributeError(submodule if name.startswith("__") else missing(submodule, self._table))

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        for notify in WATCHERS.get((self.__name__, name), ()):
            notify()

    def __reduce__(self) -> tuple[Any, ...]:
        return importlib.import_module, (self.__name__,)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._table[self.__name__], *submodules(self.__name__, self._table)})


def name_errors(names: Iterable[str]) -> None:
    """Give our exceptions the module of FastAPI's, once they are loaded: logs and dashboards group errors by its name."""
    loaded = sys.modules.get(EXCEPTIONS)
    if loaded is None or EXCEPTIONS_NAMED.is_set() or getattr(loaded.__spec__, "_initializing", False):
        return
    for name in names:
        kind = getattr(loaded, name, None)
        if isinstance(kind, type) and kind.__module__ == EXCEPTIONS:
            kind.__module__ = ERRORS
    EXCEPTIONS_NAMED.set()


def submodules(module: str, table: Table) -> list[str]:
    """Return the names of the modules directly below a module."""
    return [name.rpartition(".")[2] for name in table if name.rpartition(".")[0] == module]


def missing(fullname: str, table: Table) -> str:
    """Return the message for a module or a name that is not in the table."""
    from difflib import get_close_matches

    module, _, name = fullname.rpartition(".")
    offered = {known.lower(): known for known in [*table.get(module, ()), *submodules(module, table)]}
    close = get_close_matches(name.lower(), offered, n=1)
    hint = f" Did you mean {offered[close[0]]!r}?" if close else ""
    return f"{module!r} has no {name!r}: Typeway stands for FastAPI here and offers its public names only.{hint}"


def resolve(target: str) -> Any:
    """Import the object that a target of the table names."""
    module, _, attribute = target.partition(":")
    loaded = importlib.import_module(module)
    return getattr(loaded, attribute) if attribute else loaded


def watch(module: str, names: Iterable[str], notify: Callable[[], None]) -> None:
    """Call a function whenever a program sets one of these names of a module."""
    for name in names:
        WATCHERS.setdefault((module, name), []).append(notify)


def current(module: str, name: str, original: Any) -> Any:
    """Return what is under a name of one of FastAPI's modules now: the original, unless somebody has replaced it.

    The modules of the real FastAPI are not looked at.
    """
    facade = sys.modules.get(module)
    return vars(facade).get(name, original) if isinstance(facade, Facade) else original
