"""Find lists, dicts and sets of a class that requests fill as if each object had its own."""

from __future__ import annotations

import ast
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from inspect import getattr_static
from typing import Any, Final

from typeway.check.rules.models import fields_of
from typeway.evidence.finding import Finding
from typeway.evidence.subject import Subject
from typeway.source.asking import is_exactly
from typeway.source.files import SourceFile
from typeway.source.index import assigned_in, last_name
from typeway.source.once import early_returns, is_once
from typeway.source.program import Function
from typeway.source.tables import ADDS
from typeway.source.values import Instance, Known, as_instance, derives
from typeway.source.words import words_of
from typeway.watch.catalogue import module_and_name

SHARED: Final = (list, dict, set, defaultdict, deque, Counter, OrderedDict)
# What a class or its attribute is called that is there to be shared.
MEANT: Final = frozenset({
    "backend", "cache", "caches", "client", "clients", "connection", "connections", "counter", "counters",
    "database", "db", "fake", "history", "instances", "limiter", "log", "manager", "memory", "metrics", "mock",
    "outbox", "pool", "queue", "queues", "registry", "repo", "repository", "sent", "sessions", "singleton", "state",
    "statistics", "stats", "storage", "store", "subscribers", "tracker",
})  # fmt: skip
# What a class may be made of that gives its objects nothing when they are made.
PLAIN: Final = frozenset({"builtins", "typing", "typing_extensions", "abc", "collections.abc"})
# What keeps the object that a function makes, by the words of a decorator's name.
KEEPS: Final = frozenset({"cache", "cached", "memoize", "once", "singleton"})
# What gives an object attributes of its own that nobody has written as such.
BY_HAND: Final = frozenset({"__dict__", "setattr", "vars", "__setattr__"})
# Through how many local names one is followed.
MOST_NAMES: Final = 4


@dataclass(eq=False)
class Attribute:
    """A list, dict or set that a class has, so that all of its objects share it.

    Parameters:
        subject: the application.
        holder: the class.
        name: what the attribute is called.
    """

    subject: Subject
    holder: type[Any]
    name: str

    def is_of(self, kind: Any) -> bool:
        """Whether the objects of a class have it too, and not one of their own name."""
        return isinstance(kind, type) and getattr_static(kind, self.name, None) is vars(self.holder)[self.name]

    @cached_property
    def declaration(self) -> tuple[SourceFile, ast.stmt, ast.expr] | None:
        """Where the class says what it is."""
        file = self.subject.program.home(self.holder)
        for node in ast.walk(file.tree) if file is not None else ():
            if isinstance(node, ast.ClassDef) and node.name == self.holder.__name__:
                for statement in node.body:
                    for name, value in assigned_in(statement):
                        if name == self.name and value is not None and file is not None:
                            return file, statement, value
        return None

    @cached_property
    def uses(self) -> list[tuple[ast.Attribute, Function, bool | None]]:
        """Where own functions name it, each with whether it is that of an object; None where it may be another's."""
        found: list[tuple[ast.Attribute, Function, bool | None]] = []
        for function in self.subject.inference.index.functions:
            for node in function.of(ast.Attribute):
                if node.attr == self.name:
                    value = self.subject.inference.value(node.value, function)
                    held = as_instance(value)
                    is_class = isinstance(value, Known) and isinstance(value.thing, type)
                    if is_class or last_name(getattr(node.value, "func", node.value)) in ("type", "__class__", "cls"):
                        found.append((node, function, False))
                    elif held is None or self.is_of(held.kind) or derives(self.holder, held.kind):
                        found.append((node, function, None if held is None else True))
        return found

    @cached_property
    def is_meant(self) -> bool:
        """Whether something says that it is there to be shared: its type, a name, or code that asks the class for it."""
        annotation = fields_of(self.holder).get(self.name)
        words = {*words_of(self.holder.__name__), *words_of(self.name)}
        is_filled = (
            self.declaration is not None and bool(vars(self.holder)[self.name]) and is_empty(self.declaration[2])
        )
        return (
            "ClassVar" in str(annotation)
            or bool(words & MEANT)
            or self.declaration is None
            or is_filled  # by what has been imported
            or any(is_own is False for _, _, is_own in self.uses)
        )

    @cached_property
    def is_replaced(self) -> bool:
        """Whether objects may have their own after all: something assigns one, or makes them in a way of its own."""
        program = self.subject.program
        if any(isinstance(node.ctx, ast.Store) and not isinstance(each.parents.get(node), ast.AugAssign)
               for node, each, _ in self.uses):  # fmt: skip
            return True
        for kind in type.mro(self.holder):
            is_own = program.owns(kind)
            if not is_own and module_and_name(kind)[0] not in PLAIN:
                return True
            if is_own and "__new__" in vars(kind):
                return True
            for method in (program.method(kind, each) for each in vars(kind)) if is_own else ():
                nodes = method.body if method is not None else []
                if any(getattr(node, "attr", getattr(node, "id", "")) in BY_HAND for node in nodes):
                    return True
        return module_and_name(type(self.holder))[0] not in PLAIN

    def is_made_for(self, functions: set[Function]) -> bool:
        """Whether some functions make an object that has it, each time that they run."""
        return any(
            self.is_of(value.thing)
            for function in functions
            if not any(KEEPS & {*words_of(ast.unparse(each))} for each in function.node.decorator_list)
            for call in function.of(ast.Call)
            if isinstance(value := self.subject.inference.value(call.func, function), Known)
            and not is_once(call, function, early_returns(function))
        )


def shared_attributes(subject: Subject) -> Iterator[Finding]:
    """TW018: a list, dict or set of a class, which all its objects share, and which requests fill for their own objects."""
    for attribute in candidates(subject):
        if attribute.is_meant or attribute.is_replaced or attribute.declaration is None:
            continue
        ways = {use: way_of(*use) for use in [(node, function) for node, function, _ in attribute.uses]}
        if "looked up" in ways.values():
            continue
        added, read = ({each.node for (_, each), found in ways.items() if found == way} for way in ("added", "read"))
        entries = entries_of(attribute, added, read)
        file, statement, value = attribute.declaration
        if entries:
            adder = next(each for (_, each), way in ways.items() if way == "added")
            shown = f"{attribute.holder.__name__}.{attribute.name}"
            yield Finding(
                "TW018",
                str(file.path),
                statement.lineno,
                f"{adder.name}() adds to {shown}, which is one object for all requests, although each makes an object of its own.",
                f"create it in `__init__()`: `self.{attribute.name} = {ast.unparse(value)}`; where all objects are to share "
                "it, declare it as ClassVar.",
                entry=entries[0],
                chain=(adder.name,),
            )


def candidates(subject: Subject) -> Iterator[Attribute]:
    """The lists, dicts and sets of own classes to which a function adds something by way of an object."""
    seen: set[tuple[int, str]] = set()
    for entries in subject.inference.index.added.values():
        for root, _, _, _, function in entries:
            sources = function.assigned.get(root.id, []) if isinstance(root, ast.Name) else [root]
            for node in (each for each in sources if isinstance(each, ast.Attribute)):
                held = as_instance(subject.inference.value(node.value, function))
                holder = holder_of(held, node.attr)
                if holder is not None and subject.program.owns(holder) and (id(holder), node.attr) not in seen:
                    seen.add((id(holder), node.attr))
                    yield Attribute(subject, holder, node.attr)


def holder_of(held: Instance | None, name: str) -> type[Any] | None:
    """The class whose list, dict or set an object has under a name."""
    if held is None or held.many or not isinstance(held.kind, type):
        return None
    found = next((parent for parent in type.mro(held.kind) if name in vars(parent)), None)
    return found if found is not None and is_exactly(vars(found)[name], *SHARED) else None


def way_of(node: ast.expr, function: Function, steps: int = MOST_NAMES) -> str:
    """How a function uses a collection: something is "added", it is "read" as a whole, or something is "looked up" in it.

    What is looked up, or taken out again, has been left there by other requests on purpose.
    """
    parent = function.parents.get(node)
    match parent:
        case ast.Call() | ast.Attribute(ctx=ast.Store()):
            return "read"
        case ast.Attribute(attr=name):
            is_added = name in ADDS and isinstance(function.parents.get(parent), ast.Call)
            return "added" if is_added else "read" if name in ("values", "items", "keys", "copy") else "looked up"
        case ast.AugAssign(target=target) if target is node:
            return "added"
        case ast.Subscript(ctx=ast.Store()):
            return "added"
        case ast.Subscript(slice=ast.Slice() | ast.Constant(value=int()) | ast.UnaryOp()):
            return "read"
        case ast.Subscript():
            # `self.words[key].append(word)` adds to what a defaultdict makes.
            around = function.parents.get(parent)
            return "added" if isinstance(around, ast.Attribute) and around.attr in ADDS else "looked up"
        case ast.Compare(ops=operators) if any(isinstance(each, ast.In | ast.NotIn) for each in operators):
            return "looked up"
        case ast.Assign(targets=[ast.Name(id=name)]) if steps:
            ways = {way_of(each, function, steps - 1) for each in function.of(ast.Name)
                    if each.id == name and isinstance(each.ctx, ast.Load)}  # fmt: skip
            return next((each for each in ("looked up", "added") if each in ways), "read")
    return "read"


def entries_of(attribute: Attribute, added: set[Any], read: set[Any]) -> list[str]:
    """The requests that make an object, add to it and read it; none if something else reads what they have added."""
    subject, found, reached = attribute.subject, list[str](), set[Any]()
    for endpoint in subject.endpoints:
        given = [*endpoint.tree.walk()]
        functions = subject.graph.closure(
            each for each in [endpoint.function, *map(subject.receiver, given)] if each is not None
        )
        nodes = {each.node for each in functions}
        reached |= nodes
        if not nodes & read:
            continue
        if not nodes & added:
            return []
        if any(attribute.is_of(each.function) for each in given) or attribute.is_made_for(functions):
            found.append(endpoint.title)
    # A method that no request reaches runs for none.
    methods = {each.node for _, each, _ in attribute.uses if derives(each.owner or object, attribute.holder)}
    return found if read <= reached | methods else []


def is_empty(default: ast.expr) -> bool:
    return not isinstance(default, ast.Name) and not any(
        getattr(default, part, ()) for part in ("elts", "keys", "args", "keywords")
    )
