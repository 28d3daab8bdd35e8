"""Know what is off until an option turns it on: `if not self.enabled: return`, where no request and no start sets it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterator
from functools import cached_property
from types import ModuleType
from typing import Any, Final, NamedTuple

from typeway.describe.syntax import children, statements_in
from typeway.source.arrivals import is_data
from typeway.source.asking import attributes_of
from typeway.source.facts import Constant, constant
from typeway.source.files import FunctionNode, SourceFile
from typeway.source.index import last_name
from typeway.source.program import Function
from typeway.source.subclasses import Indexed
from typeway.source.values import Instance, as_instance, known_class
from typeway.watch.catalogue import module_and_name

# Through how many functions a call is followed back to what begins the process.
MOST_CALLERS: Final = 4


class Mention(NamedTuple):
    """A name in a class or file, in a function or `if __name__ == "__main__"`, and whether that is in a branch there."""

    node: ast.AST
    parent: ast.AST
    home: str
    caller: FunctionNode | ast.If | None = None
    is_chosen: bool = False

    def sets(self, homes: Collection[str]) -> bool:
        """Whether it is assigned here, as a global of a certain file or as an attribute of certain classes."""
        match self.node:
            case ast.Name(id=name, ctx=ast.Store()):
                parts = statements_in(self.caller) if self.caller is not None else [ast.Global([name])]
                return self.home in homes and any(isinstance(each, ast.Global) and name in each.names for each in parts)
            case ast.Attribute(value=held, ctx=ast.Store()):
                return self.home in homes or getattr(held, "id", "") not in ("self", "cls")
        return getattr(getattr(self.parent, "func", None), "id", "") == "setattr"


def mentions(whole: Mention) -> Iterator[tuple[str, Mention]]:
    """The names that stand in a module."""
    waiting = [whole]
    while waiting:
        around = waiting.pop()
        part = around.node
        is_branch = isinstance(part, ast.If) and part is not around.caller and not isinstance(part.test, ast.UnaryOp)
        for node in children(part):
            is_chosen = around.is_chosen or (is_branch and node in getattr(part, "body", ()))
            here = around._replace(node=node, parent=part, is_chosen=is_chosen)
            match node:
                case ast.ClassDef(name=home):
                    here = Mention(node, part, home)
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.If(test=ast.Compare(left=ast.Name("__name__"))):
                    here = Mention(node, part, around.home, node)
                case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Constant(value=str(name)):
                    yield name, here
            waiting.append(here)


class Options:
    """What is off in own code unless an option sets it, each found out once."""

    def __init__(self, inference: Indexed) -> None:
        self.inference = inference
        self.known: dict[tuple[int, str], Constant | None] = {}
        self.named: dict[SourceFile, dict[str, list[Mention]]] = {}

    def off(self, node: ast.expr, function: Function) -> Constant | None:
        """The None, False, zero or empty text that an attribute or global is without an option; None for any other."""
        if isinstance(node, ast.Name) and node.id in function.names and node.id not in function.stores:
            owner = sys.modules.get(str(function.names.get("__name__")))
        else:
            value = self.inference.value(node.value, function) if isinstance(node, ast.Attribute) else None
            owner = getattr(as_instance(known_class(value)), "kind", getattr(value, "thing", None))
        key = (id(owner), last_name(node))
        if key not in self.known:
            self.known[key] = self.read(owner, key[1]) if isinstance(owner, type | ModuleType) else None
        return self.known[key]

    def read(self, owner: type[Any] | ModuleType, name: str) -> Constant | None:
        index, is_set = self.inference.index, False
        homes, found = {str(vars(owner).get("__file__", ""))}, {constant(vars(owner).get(name))}
        if isinstance(owner, type):
            parents = type.mro(owner)[:-1]
            if is_data(Instance(owner)) or not all(map(index.program.owns, parents)):
                return None
            homes = {each.__name__ for each in (*parents, *type.__subclasses__(owner))}
            made = (each for group in index.objects.values() for each in group)
            things = [each for each in made if any(owner is kind for kind in type.mro(type(each)))]
            found = {constant(held[name]) for held in map(attributes_of, things) if name in held}
        if len(found) > 1 or any(each is None or each.value for each in found):
            return None
        home = attributes_of(sys.modules.get(module_and_name(owner)[0]) if isinstance(owner, type) else owner).get(
            "__file__"
        )
        for each in (each for each in self.mentions(name, home) if each.sets(homes)):
            is_one = isinstance(each.parent, ast.AnnAssign) or each.node in getattr(each.parent, "targets", ())
            value = getattr(each.parent, "value", None) if is_one else None
            if isinstance(value, ast.Constant) and not value.value:
                found.add(constant(value.value))
            elif getattr(each.caller, "name", "__init__") == "__init__" or not self.is_option(each.caller):
                return None
            else:
                is_set = True
        return found.pop() if is_set and len(found) == 1 else None

    @cached_property
    def files(self) -> list[SourceFile]:
        """The own files that are loaded, and those beside the application, of which one may start it."""
        files = self.inference.program.files
        beside = (files.file(str(path)) for path in files.folder.glob("*.py") if not path.name.startswith("test"))
        return [*dict.fromkeys((*files.loaded(), *filter(None, beside)))]

    def mentions(self, name: str, home: object = "") -> Iterator[Mention]:
        # PERF: most names are decided in the file of their class, and a walk through a file of 500 lines takes 10 ms.
        for file in sorted(self.files, key=lambda each: str(each.path) != home):
            if name in file.text and file not in self.named:
                self.named[file] = {}
                for text, each in mentions(Mention(file.tree, file.tree, str(file.path))):
                    self.named[file].setdefault(text, []).append(each)
            yield from self.named.get(file, {}).get(name, ())

    def is_option(self, node: FunctionNode | ast.If | None, steps: int = MOST_CALLERS) -> bool:
        """Whether a function runs in no request and no start, and only if what begins the process chooses it."""
        if not isinstance(node, FunctionNode):
            return node is not None
        # What has a decorator, or a name that Python knows, is called by something else.
        is_plain = {*map(last_name, node.decorator_list)} <= {"classmethod", "staticmethod"} and node.name[:2] != "__"
        places = (each for each in self.mentions(node.name) if each.caller is not node)
        is_far = steps < MOST_CALLERS
        return bool(steps and is_plain) and all(
            (is_far or each.is_chosen) and self.is_option(each.caller, steps - 1) for each in places
        )
