"""Say what is known of the value of an expression: the object itself, or its type, or only its name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final, get_args, get_origin

from typeway.check.read.program import Function
from typeway.declare.annotation import is_union, members_of, plain


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """The object itself: a module, a class, a function, something global."""

    thing: Any

    def __eq__(self, other: object) -> bool:
        # By identity: what objects of the application say about equality may be anything, for example SQL.
        return isinstance(other, Known) and other.thing is self.thing

    def __hash__(self) -> int:
        return id(self.thing)


@dataclass(frozen=True, slots=True)
class Named:
    """The object of a qualified name in a module that has not been imported."""

    name: str


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance of a class.

    Parameters:
        kind: the class, or its qualified name where its module has not been imported.
        of: the items of a collection or a query.
        many: whether it is a collection.
        bounded: whether something limits the number of its items.
    """

    kind: type[Any] | str
    of: Instance | None = None
    many: bool = False
    bounded: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Method:
    """A method of an object.

    Parameters:
        owner: the object.
        name: the method's name.
        function: the attribute of that name of the class; None where it is not known.
    """

    owner: Instance
    name: str
    function: Any = None

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Method)
            and (other.owner, other.name) == (self.owner, self.name)
            and other.function is self.function
        )

    def __hash__(self) -> int:
        return hash((self.owner, self.name, id(self.function)))


@dataclass(frozen=True, slots=True)
class Inner:
    """A function that is defined inside another."""

    function: Function


Value = Known | Named | Instance | Method | Inner


class Record:
    """Stands for the type of a row or document of a database."""


COLLECTIONS: Final = (list, set, frozenset, tuple)
ABSTRACT: Final = frozenset(
    {"Sequence", "Iterable", "Collection", "MutableSequence", "Set", "Iterator", "AsyncIterator"}
)
PRODUCERS: Final = frozenset({"Generator", "AsyncGenerator", "Awaitable", "Coroutine", "Iterator", "AsyncIterator"})
PRODUCERS_OF: Final = PRODUCERS | {"Iterable", "AsyncIterable", "AbstractContextManager", "AbstractAsyncContextManager"}


def instance_of(annotation: Any) -> Instance | None:
    """The instance that a resolved annotation describes; None where it says too little."""
    annotation = plain(annotation)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is None:
        return Instance(annotation) if isinstance(annotation, type) and annotation is not type(None) else None
    if is_union(annotation):
        return common(instance_of(member) for member in members_of(annotation) if member is not type(None))
    name = getattr(origin, "__name__", "")
    if origin in COLLECTIONS or name in ABSTRACT:
        return Instance(list, of=instance_of(arguments[0]) if arguments else None, many=True)
    return Instance(origin) if isinstance(origin, type) else None


def produced_by(annotation: Any) -> Instance | None:
    """What a call returns by the return annotation of its function: of generators what they yield."""
    annotation = plain(annotation)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if getattr(origin, "__name__", "") in PRODUCERS_OF and arguments:
        place = 2 if getattr(origin, "__name__", "") == "Coroutine" and len(arguments) > 2 else 0
        return instance_of(arguments[place])
    return instance_of(annotation)


def common(found: Iterable[Instance | None]) -> Instance | None:
    """What several values are, if they are all of the same class."""
    first, *others = [*found] or [None]
    if first is None or any(other is None or other.kind is not first.kind for other in others):
        return None
    return replace(first, bounded=all(other.bounded for other in (first, *others) if other is not None))


def is_a(kind: type[Any] | str, names: Collection[str]) -> bool:
    """Whether a class, or one that it derives from, has one of some qualified names."""
    if isinstance(kind, str):
        return kind in names
    return any(dotted(parent) in names for parent in type.mro(kind))


def dotted(thing: Any) -> str:
    """The qualified name of an object, with its module."""
    return f"{getattr(thing, '__module__', '')}.{getattr(thing, '__qualname__', getattr(thing, '__name__', ''))}"


def short(thing: Callable[..., Any] | type[Any] | str) -> str:
    """An object's name for people."""
    return thing.rpartition(".")[2] if isinstance(thing, str) else getattr(thing, "__name__", repr(thing))
