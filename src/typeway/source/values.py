"""Say what is known of the value of an expression: the object itself, or its type, or only its name."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from types import FunctionType, ModuleType
from typing import Any, Final, Protocol, TypeVar, get_args, get_origin

from typeway.declare.annotation import entered, is_union, members_of, plain
from typeway.source.asking import is_honest, safely
from typeway.source.program import Function, Program
from typeway.watch.catalogue import module_and_name


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """The object itself: a module, a class, a function, something global."""

    thing: Any

    def __eq__(self, other: object) -> bool:
        # By identity: what objects of the application say about equality may be anything, for example SQL.
        return isinstance(other, Known) and other.thing is self.thing

    def __hash__(self) -> int:
        return id(self.thing)


def known(thing: Any) -> Known | Instance:
    """An object itself; of a proxy, and of what raises when it is asked for its class, only its type."""
    return Known(thing) if is_honest(thing) else Instance(type(thing))


@dataclass(frozen=True, slots=True)
class Named:
    """The object of a qualified name in a module that has not been imported."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
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

    @property
    def key(self) -> tuple[object, ...]:
        # By identity: a metaclass may say about equality what it likes, and take hashes away.
        return (self.kind if isinstance(self.kind, str) else id(self.kind), self.of, self.many, self.bounded)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Instance) and other.key == self.key

    def __hash__(self) -> int:
        return hash(self.key)


@dataclass(frozen=True, slots=True, eq=False)
class Method:
    """A method of an object.

    Parameters:
        owner: the object.
        name: the method's name.
        function: the attribute of that name of the class; None where it is not known.
        held: the object itself, where it is known.
    """

    owner: Instance
    name: str
    function: Any = None
    held: Any = None

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Method)
            and (other.owner, other.name) == (self.owner, self.name)
            and other.function is self.function
            and other.held is self.held
        )

    def __hash__(self) -> int:
        return hash((self.owner, self.name, id(self.function)))


@dataclass(frozen=True, slots=True)
class Inner:
    """A function that is defined inside another."""

    function: Function


@dataclass(frozen=True, slots=True)
class Held:
    """A collection of which is known what is in it.

    Parameters:
        kind: dict where it has keys, tuple where the places have their meanings, else list.
        values: what it holds.
    """

    kind: type[Any]
    values: tuple[Value | None, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One of several values, of which any may come: what a provider with branches returns.

    Parameters:
        values: the values; none of them is one of several itself.
    """

    values: tuple[Plain, ...]


@dataclass(frozen=True, slots=True)
class Pending:
    """A value of which nothing is known yet, because it depends on itself: it is what the others say that it depends on."""


Plain = Known | Named | Instance | Method | Inner | Held
Value = Plain | Either | Pending
PENDING: Final = Pending()

# Of more values than these one cannot say anything that is worth a finding.
MOST_VALUES: Final = 4


class Infers(Protocol):
    """What works out what expressions are; see `Inference`."""

    program: Program

    def value(self, node: ast.AST, function: Function) -> Value | None:
        """What an expression is inside a function; None where that is unknown."""

    def called(self, callee: Value | None, node: ast.Call, function: Function) -> Value | None:
        """What a call returns."""

    def annotated(self, annotation: ast.expr, function: Function) -> Instance | None:
        """What an annotation in the source says."""


class Record:
    """Stands for the type of a row or document of a database, with all its columns."""


class Columns(Record):
    """Stands for the type of a row of columns that the query names."""


def is_record(kind: object) -> bool:
    """Whether a class stands for the type of a row or document of a database."""
    return kind is Record or kind is Columns


def plain_values(value: Value | None) -> tuple[Plain, ...]:
    """The values that something may have: none where it is unknown."""
    if value is None or isinstance(value, Pending):
        return ()
    return value.values if isinstance(value, Either) else (value,)


def either(values: Iterable[Value | None], most: int = MOST_VALUES) -> Value | None:
    """One value of several, as far as they are known."""
    distinct: list[Plain] = []
    is_pending = False
    for value in values:
        is_pending |= value is PENDING
        distinct += [each for each in plain_values(value) if each not in distinct]
    if not distinct and is_pending:
        return PENDING
    if len(distinct) > most:
        # Queries of many tables, or lists of many things, are still queries and lists.
        kinds = (replace(each, of=None, bounded=True) if isinstance(each, Instance) else each for each in distinct)
        distinct = [*dict.fromkeys(kinds)]
    if not distinct or len(distinct) > most:
        return None
    return distinct[0] if len(distinct) == 1 else Either(tuple(distinct))


def as_instance(value: Value | None) -> Instance | None:
    """What a value is an instance of, where it is one."""
    if isinstance(value, Known) and not isinstance(value.thing, type | ModuleType | FunctionType):
        return Instance(type(value.thing))
    if isinstance(value, Held):
        of = common(map(as_instance, value.values)) if value.values else None
        return Instance(dict) if value.kind is dict else Instance(list, of=of, many=True, bounded=True)
    return value if isinstance(value, Instance) else None


def is_missing(value: Value | None) -> bool:
    """Whether an attribute is one that its class does not have."""
    if not isinstance(value, Method) or value.function is not None:
        return False
    return isinstance(value.owner.kind, type) and not value.owner.many


COLLECTIONS: Final = (list, set, frozenset, tuple)
ABSTRACT: Final = frozenset(
    {"Sequence", "Iterable", "Collection", "MutableSequence", "Set", "Iterator", "AsyncIterator"}
)
PRODUCERS: Final = frozenset({"Generator", "AsyncGenerator", "Awaitable", "Coroutine", "Iterator", "AsyncIterator"})
PRODUCERS_OF: Final = PRODUCERS | {"Iterable", "AsyncIterable", "AbstractContextManager", "AbstractAsyncContextManager"}


def instance_of(annotation: Any, within: tuple[Any, ...] = ()) -> Instance | None:
    """The instance that a resolved annotation describes; None where it says too little."""
    around = entered(annotation, within)
    if around is None:
        return None
    annotation = plain(annotation)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, TypeVar):
        return instance_of(annotation.__bound__, around) if annotation.__bound__ is not None else None
    if annotation is Any or annotation is object:
        return None
    if origin is None:
        is_class = issubclass(type(annotation), type) and annotation is not type(None)
        return Instance(annotation) if is_class else None
    if is_union(annotation):
        return common(instance_of(member, around) for member in members_of(annotation) if member is not type(None))
    name = getattr(origin, "__name__", "")
    if origin in COLLECTIONS or name in ABSTRACT:
        # An annotation does not say how many there are: what is not known is not reported as without a limit.
        # The parts of a tuple are of several kinds.
        kinds = [instance_of(each, around) for each in arguments if each is not ...]
        return Instance(list, of=common(kinds), many=True, bounded=True)
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
    """What several values are, if they are all of the same class, or of one from which the others derive."""
    known = [*found]
    kinds = [each.kind for each in known if each is not None]
    widest = next((one for one in known if one is not None and all(derives(kind, one.kind) for kind in kinds)), None)
    if widest is None or None in known:
        return None
    return replace(widest, bounded=all(each.bounded for each in known if each is not None))


def derives(kind: type[Any] | str, parent: type[Any] | str) -> bool:
    return kind is parent or (isinstance(kind, type) and isinstance(parent, type) and parent in type.mro(kind))


def is_a(kind: type[Any] | str, names: Collection[str]) -> bool:
    """Whether a class, or one that it derives from, has one of some qualified names."""
    if isinstance(kind, str):
        return kind in names
    return any(dotted(parent) in names for parent in type.mro(kind))


def dotted(thing: Any) -> str:
    """The qualified name of an object, with its module."""
    if isinstance(thing, type):
        return ".".join(module_and_name(thing))
    parts = [safely(getattr, thing, each) for each in ("__module__", "__qualname__", "__name__")]
    module, *names = (each if type(each) is str else "" for each in parts)
    return f"{module}.{next(filter(None, names), '')}"


def short(thing: Any) -> str:
    """An object's name for people."""
    if type(thing) is not str:
        name = safely(getattr, thing, "__name__")
        return name if type(name) is str else type(thing).__name__
    parts: list[str] = thing.split(".")
    named = [part[:1].isupper() for part in parts]
    # From the class on, which may be called as its module is.
    first = next((place for place, each in enumerate(named) if each and not any(named[place + 1 : place + 2])), -1)
    return ".".join(parts[first:])


def text_of(annotation: str) -> str:
    """An annotation without its quotes."""
    return annotation[1:-1] if annotation[:1] in "'\"" and annotation[:1] == annotation[-1:] else annotation


def known_class(value: Value | None) -> Value | None:
    """A class that is passed to a query describes what the query finds."""
    return Instance(value.thing) if isinstance(value, Known) and isinstance(value.thing, type) else value


# What LangChain makes of two things with a `|` between them, of which one is a part of a chain.
CHAIN: Final = "langchain_core.runnables.RunnableSequence"
CHAINED: Final = frozenset({"langchain_core.runnables.base.Runnable", "langchain_openai.ChatOpenAI", CHAIN})


def of_pair(inference: Infers, node: ast.BinOp, function: Function) -> Value | None:
    """A path divided by anything is a path; and a chain of LangChain, whatever is chained."""
    left = as_instance(inference.value(node.left, function))
    if isinstance(node.op, ast.BitOr):
        sides = (left, as_instance(inference.value(node.right, function)))
        return Instance(CHAIN) if any(side is not None and is_a(side.kind, CHAINED) for side in sides) else None
    is_path = left is not None and dotted(left.kind).startswith("pathlib.")
    return left if is_path and isinstance(node.op, ast.Div) else None
