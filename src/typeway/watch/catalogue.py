"""Read the catalogue of what blocks its thread: which functions and methods, why, and what objects come from them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any, Final
from weakref import ref

OWNERS: Final[dict[int, tuple[ref[Any] | None, list[tuple[str, int]]]]] = {}
FILE: Final = Path(__file__).with_name("catalogue.txt")
# Every public method of a class; and whatever hangs below an object.
ALL: Final = "*"
BELOW: Final = "..."


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a module or a class.

    Parameters:
        waits: its functions or methods that block their thread, `ALL` for the public ones; with a dot what it has that does.
        local: those that do not, where all others do; a star stands for any part of a name.
        given: the argument with which a function or method blocks; without it, it does not.
        gives: what class of object comes from a function or method, is under a name (`.name`) or any key (`[]`).
    """

    waits: set[str] = field(default_factory=set)
    local: set[str] = field(default_factory=set)
    given: dict[str, str] = field(default_factory=dict)
    gives: dict[str, str] = field(default_factory=dict)

    def blocks(self, name: str) -> bool:
        """Whether a function or method blocks its thread."""
        # A resource of boto3 makes others by methods that are called like classes.
        is_public = not name.startswith("_") and not name[:1].isupper() and name != "close"
        if name in self.waits or ALL not in self.waits or not is_public:
            return name in self.waits
        return not any(fnmatchcase(name, pattern) for pattern in self.local)


@dataclass(frozen=True)
class Listed:
    """What is in the catalogue.

    Parameters:
        causes: why calls block, by the package, module or function that they go to.
        entries: what is known of modules and classes.
    """

    causes: dict[str, str] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)

    @cached_property
    def patterns(self) -> Sequence[str]:
        """What the names of many classes fit, as those of a cloud do: `azure.*Client`."""
        return [owner for owner in self.entries if "*" in owner]

    @cached_property
    def asking(self) -> frozenset[str]:
        """The names of what waits when it is only read."""
        waits = (name for entry in self.entries.values() for name in entry.waits)
        return frozenset(name[1:] for name in waits if name[0] == "." and name != BELOW)

    @property
    def functions(self) -> Iterator[str]:
        """The qualified names of what blocks."""
        for owner, entry in self.entries.items():
            yield from (f"{owner}.{name}" for name in entry.waits if name not in (ALL, BELOW))


@cache
def listed() -> Listed:
    """The catalogue, which is read when it is first asked for something."""
    found = Listed()
    text = "\n".join(line for line in FILE.read_text(encoding="utf-8").splitlines() if line[:1] != "#")
    for line in filter(None, text.replace("\n  ", " ").split("\n")):
        if line.startswith("["):
            cause, _, names = line[1:].partition("]")
            found.causes.update(dict.fromkeys(names.split(), cause))
            continue
        owners, _, words = line.partition(":")
        for owner in owners.split():
            add(found, owner, words.split())
    return found


def add(found: Listed, owner: str, words: list[str]) -> None:
    """Put what one line says about a module or a class into the catalogue."""
    entry = found.entries.setdefault(owner, Entry())
    for word in words:
        name, _, given = word.partition(">")
        if given:
            entry.gives[name] = given
        elif word == ALL:
            entry.waits.add(word)
        elif word.startswith("-"):
            entry.local.add(word[1:])
        elif word.endswith("*"):
            entry.gives[word[:-1]] = f"{owner}.{word[:-1]}()"
            found.entries.setdefault(f"{owner}.{word[:-1]}()", Entry()).waits.add("__iter__")
        else:
            name, _, argument = word.rstrip(")").partition("(")
            entry.waits.add(name)
            if argument:
                entry.given[name] = argument


@cache
def service_of(path: str) -> str:
    """The client below which a path leads: `openai.OpenAI` of `openai.OpenAI.chat.completions`; empty if there is none."""
    while path:
        entry = listed().entries.get(path)
        if entry is not None:
            return path if BELOW in entry.waits else ""
        path = path.rpartition(".")[0]
    return ""


@cache
def names_of(module: str, name: str) -> tuple[str, ...]:
    """The names under which something may be imported: of its module and of the packages around that.

    What is asynchronous may be called as what blocks in the package around it, so it has the name of its module only.
    """
    parts = module.split(".")
    if is_asynchronous(module):
        return (f"{module}.{name}",)
    return tuple(f"{'.'.join(parts[:end])}.{name}" for end in range(len(parts), 0, -1))


@cache
def listed_as(module: str, name: str) -> str:
    """Under which of its names a class is in the catalogue, or under the pattern that they fit; empty if it is not there."""
    found = next((public for public in names_of(module, name) if public in listed().entries), "")
    patterns = () if found or is_asynchronous(f"{module}.{name}") else listed().patterns
    return found or next((each for each in patterns if fnmatchcase(f"{module}.{name}", each)), "")


def loaded(name: str) -> Any:
    """What has a qualified name, if its module has been imported: a name of the module, or of a class in it."""
    module, _, attribute = name.rpartition(".")
    if module in sys.modules:
        return vars(sys.modules[module]).get(attribute)
    outer, _, owner = module.rpartition(".")
    kind = vars(sys.modules[outer]).get(owner) if outer in sys.modules else None
    return vars(kind).get(attribute) if isinstance(kind, type) else None


@lru_cache(maxsize=1)
def imported(modules: int, last: str) -> dict[int, tuple[Any, str]]:
    """The classes and functions of the catalogue that a process has, which tells by its modules if there may be more."""
    found: dict[int, tuple[Any, str]] = {}
    for owner, entry in listed().entries.items():
        is_class = isinstance(loaded(owner), type)
        names = [owner] if is_class else [f"{owner}.{name}" for name in {*entry.waits, *entry.gives}]
        things = [(loaded(name), name) for name in names]
        found |= {id(thing): (thing, name) for thing, name in things if isinstance(thing, type) is is_class}
    found.pop(id(None), None)
    return found


def public_name(thing: Any) -> str:
    """Under which name a class or function is in the catalogue that is defined elsewhere; empty if it is not there."""
    return imported(len(sys.modules), next(reversed(sys.modules))).get(id(thing), (None, ""))[1]


@cache
def owner_of(path: str) -> str:
    """Under which name a class is in the catalogue, or the client below which something hangs; empty if neither is."""
    return path if path in listed().entries else service_of(path) or listed_as(*path.rpartition(".")[::2])


def module_and_name(kind: type[Any]) -> tuple[str, str]:
    """The module of a class, empty if it says none, and its qualified name; its metaclass is not asked."""
    module = type.__getattribute__(kind, "__module__")
    return module if isinstance(module, str) else "", type.__getattribute__(kind, "__qualname__")


def is_asynchronous(path: str) -> bool:
    """Whether a name says that something is asynchronous: `redis.asyncio`, `azure.storage.blob.aio`, `aiobotocore`."""
    return any(part.startswith("aio") or "async" in part.lower() for part in path.split("."))


def owners_of(kind: type[Any]) -> list[tuple[str, int]]:
    """Under which names a class and those that it derives from are in the catalogue, with their places among these."""
    # PERF: asked for each attribute that the check looks at. Not by the class itself: a metaclass may take hashes away.
    made, found = OWNERS.get(id(kind), (None, []))
    if made is None or made() is not kind:
        names = [public_name(parent) or listed_as(*module_and_name(parent)) for parent in type.mro(kind)]
        found = [(name, place) for place, name in enumerate(names) if name]
        OWNERS[id(kind)] = (ref(kind), found)
    return found


def listed_of(kind: type[Any] | str, name: str) -> str:
    """The class of what comes from a method, name or key of an object, as the catalogue says."""
    if isinstance(kind, str):
        entry = listed().entries.get(owner_of(kind))
        return entry.gives.get(name, "") if entry is not None else ""
    gives = (listed().entries[owner].gives for owner, _ in owners_of(kind))
    return next((given[name] for given in gives if name in given), "")


def below(kind: type[Any] | str, name: str) -> str:
    """What hangs below the client of a service under a name, if that is nothing which waits: `client.chat.completions`."""
    path = service = ""
    if isinstance(kind, str):
        path, service = kind, service_of(kind)
    else:
        for owner, place in owners_of(kind):
            # A class of the application may extend a client, and add methods of its own; so do asynchronous twins.
            before = type.mro(kind)[:place]
            if any(name in vars(each) or is_asynchronous(".".join(module_and_name(each))) for each in before):
                break
            path = service = service_of(owner)
            if service:
                break
    if not service or name.startswith("_") or is_asynchronous(name):
        return ""
    entry = listed().entries[service]
    return "" if entry.blocks(name) or name in entry.gives else f"{path}.{name}"
