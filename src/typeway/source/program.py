"""Find the source of the application's functions, and which names mean what inside them."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial, partialmethod
from itertools import takewhile
from types import FunctionType, MemberDescriptorType
from typing import Any, Final, TypeVar

from typeway.declare.scope import closure_of
from typeway.describe.syntax import executed, parents_in, statements_in
from typeway.source.asking import attributes_of, is_honest, safely
from typeway.source.files import Files, FunctionNode, SourceFile
from typeway.watch.catalogue import module_and_name

Kind = TypeVar("Kind", bound=ast.AST)

# The nodes that several readers look for in the body of every function.
LOOKED_FOR: Final = frozenset({
    ast.Name, ast.Attribute, ast.Call, ast.Return, ast.Yield, ast.YieldFrom, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Global,
})  # fmt: skip

# How many wrappers around one function are looked into: a function may name itself as what it wraps.
MOST_WRAPPERS: Final = 100


@dataclass(eq=False)
class Function:
    """One function of the application, with its source.

    Parameters:
        node: its definition.
        file: the file in which it is defined.
        names: the names of its module.
        cells: the names that it closes over, as far as they have values.
        owner: the class of `self`, of a method.
        outer: the function in which it is defined, if it was found there.
        held: the object that is `self`, of a method that was found bound to one.
    """

    node: FunctionNode
    file: SourceFile
    names: Mapping[str, Any]
    cells: Mapping[str, Any] = field(default_factory=dict)
    owner: type[Any] | None = None
    outer: Function | None = None
    held: Any = None

    @property
    def name(self) -> str:
        """The name, of a method with the class that defines it: a wrapper that replaces a method is none."""
        owner = self.file.owners.get(self.node)
        return self.node.name if owner is None else f"{owner}.{self.node.name}"

    @property
    def place(self) -> str:
        """File and line, as one text."""
        return f"{self.file.path}:{self.node.lineno}"

    @property
    def is_async(self) -> bool:
        return isinstance(self.node, ast.AsyncFunctionDef)

    @property
    def is_static(self) -> bool:
        return any(getattr(decorator, "id", "") == "staticmethod" for decorator in self.node.decorator_list)

    @cached_property
    def body(self) -> list[ast.AST]:
        """Everything that runs when the function does, in order; not what is merely defined in it."""
        return executed(self.node.body)

    @cached_property
    def kinds(self) -> dict[type[ast.AST], tuple[Any, ...]]:
        """The nodes of the body by their class, in order, as far as readers look for the class.

        PERF: ten readers look for one class each, and a large application has half a million nodes.
        """
        found: dict[type[ast.AST], list[Any]] = {}
        for node in self.body:
            if type(node) in LOOKED_FOR:
                found.setdefault(type(node), []).append(node)
        return {kind: tuple(nodes) for kind, nodes in found.items()}

    def of(self, kind: type[Kind]) -> Sequence[Kind]:
        """The nodes of one class that is looked for in the body, in order."""
        return (
            self.kinds.get(kind, ()) if kind in LOOKED_FOR else [each for each in self.body if isinstance(each, kind)]
        )

    @cached_property
    def statements(self) -> list[ast.AST]:
        """The statements of the body, with their handlers and cases; not those of what is merely defined in it."""
        return statements_in(self.node)

    @cached_property
    def yields(self) -> list[ast.Yield | ast.YieldFrom]:
        return [*self.of(ast.Yield), *self.of(ast.YieldFrom)]

    @property
    def returned(self) -> list[ast.expr]:
        """What the function returns, where that is something."""
        return [node.value for node in self.of(ast.Return) if node.value is not None]

    @cached_property
    def foreign(self) -> frozenset[str]:
        """The names that the function assigns to and that are not its own: those of the module, and of functions around it."""
        declared = [node for node in self.statements if isinstance(node, ast.Global | ast.Nonlocal)]
        return frozenset(name for node in declared for name in node.names)

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """The node around each part of the body."""
        return parents_in(self.node)

    @cached_property
    def parameters(self) -> dict[str, tuple[ast.arg, ast.expr | None]]:
        """The parameters with their defaults."""
        arguments = self.node.args
        plain = [*arguments.posonlyargs, *arguments.args]
        defaults: list[ast.expr | None] = [None] * (len(plain) - len(arguments.defaults))
        found = {
            entry.arg: (entry, default) for entry, default in zip(plain, [*defaults, *arguments.defaults], strict=True)
        }
        for entry, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            found[entry.arg] = (entry, default)
        return found

    @property
    def first(self) -> str:
        """What a method calls its object or class; empty where no name is for that: `session` of `(*args, session)` is not."""
        return next((entry.arg for entry in (*self.node.args.posonlyargs, *self.node.args.args)), "")

    @cached_property
    def positional(self) -> list[str]:
        """The parameters that a call may give by position, without `self` and `cls`."""
        names = [entry.arg for entry in (*self.node.args.posonlyargs, *self.node.args.args)]
        return names[1:] if self.owner is not None and not self.is_static else names

    def given(self, call: ast.Call | None) -> dict[str, ast.expr]:
        """What a call of this function passes for its parameters, as far as it is written out."""
        if call is None:
            return {}
        # Which parameters are filled by what follows a star is not written out.
        placed = takewhile(lambda entry: not isinstance(entry, ast.Starred), call.args)
        named = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg is not None}
        return dict(zip(self.positional, placed, strict=False)) | named

    def behind(self, part: ast.AST) -> frozenset[str]:
        """The parameters, without `self` and `cls`, from whose values a part of the body is made, by way of local names too."""
        names: set[str] = set()
        waiting = [part]
        while waiting:
            fresh = {node.id for each in waiting for node in ast.walk(each) if isinstance(node, ast.Name)} - names
            names |= fresh
            waiting = [value for name in sorted(fresh) for value in self.assigned.get(name, ())]
        given = {*self.positional, *(entry.arg for entry in self.node.args.kwonlyargs)}
        return frozenset(names & given)

    @cached_property
    def assigned(self) -> dict[str, list[ast.AST]]:
        """What the local names are made of: what is assigned, iterated over, entered."""
        found: dict[str, list[ast.AST]] = {}
        for node in self.body:
            match node:
                case ast.Assign(targets=targets, value=value):
                    pass
                case (
                    ast.AnnAssign(target=target, value=ast.expr() as value) | ast.NamedExpr(target=target, value=value)
                ):
                    targets = [target]
                case ast.For(target=target, iter=value) | ast.AsyncFor(target=target, iter=value):
                    targets = [target]
                case (
                    ast.comprehension(target=target, iter=value)
                    | ast.withitem(optional_vars=ast.expr() as target, context_expr=value)
                ):
                    targets = [target]
                case _:
                    continue
            for name in (part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)):
                found.setdefault(name, []).append(value)
        return found

    @cached_property
    def values(self) -> dict[str, list[ast.expr]]:
        """What is assigned to the local names as a whole, wherever in the body: `name = value`."""
        found: dict[str, list[ast.expr]] = {}
        nodes: list[ast.Assign | ast.AnnAssign] = [*self.of(ast.Assign), *self.of(ast.AnnAssign)]
        for node in nodes:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name) and node.value is not None:
                    found.setdefault(target.id, []).append(node.value)
        return found

    @cached_property
    def stores(self) -> dict[str, list[int]]:
        """The lines on which each name gets a value in the body."""
        found: dict[str, list[int]] = {}
        for node in self.of(ast.Name):
            if not isinstance(node.ctx, ast.Load):
                found.setdefault(node.id, []).append(node.lineno)
        return found

    @cached_property
    def calls_given(self) -> dict[str, ast.Call]:
        """The parameters that the body calls, each with a call."""
        found = {call.func.id: call for call in self.of(ast.Call) if isinstance(call.func, ast.Name)}
        return {name: call for name, call in found.items() if name in self.parameters and name not in self.stores}

    @cached_property
    def used(self) -> frozenset[str]:
        """The parameters that the body reads."""
        names = {node.id for node in self.of(ast.Name) if isinstance(node.ctx, ast.Load)}
        return frozenset(names & self.parameters.keys())

    @cached_property
    def asked(self) -> frozenset[str]:
        """The parameters about which the function asks something, or which it passes on."""
        parts: list[ast.expr] = []
        for node in self.body:
            parts += tests_of(node)
            if isinstance(node, ast.Call):
                given = [*node.args, *(keyword.value for keyword in node.keywords)]
                parts += [argument for argument in given if isinstance(argument, ast.Name | ast.Attribute)]
        return self.behind(ast.Tuple(elts=parts))

    @property
    def length(self) -> int:
        """The lines of the body without the docstring."""
        body = self.node.body[1:] if ast.get_docstring(self.node, clean=False) is not None else self.node.body
        return (self.node.end_lineno or self.node.lineno) - body[0].lineno + 1 if body else 0

    def around(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes around a part of the body, from the inside out."""
        parent = self.parents.get(node)
        while parent is not None and parent is not self.node:
            yield parent
            parent = self.parents.get(parent)

    def is_awaited(self, node: ast.AST) -> bool:
        return isinstance(self.parents.get(node), ast.Await)


@dataclass(eq=False)
class Program:
    """The source of the application's own code, found from its live objects.

    Parameters:
        files: its source files.
    """

    files: Files
    found: dict[tuple[int, int, int], Function] = field(default_factory=dict)
    nested: dict[tuple[FunctionNode, Function], Function] = field(default_factory=dict)
    modules: dict[SourceFile, Function] = field(default_factory=dict)

    def function(self, thing: Any, owner: type[Any] | None = None, held: Any = None) -> Function | None:
        """The source of a function, a method, a partial or a callable object; None where it is not the application's.

        For a decorated function it is what the decorator returned, as long as that is the application's own.
        """
        while is_honest(thing) and isinstance(thing, partial | partialmethod):
            thing = safely(getattr, thing, "func")
        if not is_honest(thing):
            return self.source(safely(getattr, type(thing), "__call__"), type(thing), thing)
        if inspect.ismethod(thing):
            held = thing.__self__
            owner = held if isinstance(held, type) else type(held)
            thing = thing.__func__
        if isinstance(thing, staticmethod | classmethod):
            thing, held = thing.__func__, None
        if isinstance(thing, property) and thing.fget is not None:
            thing = thing.fget
        if not inspect.isfunction(thing) and not isinstance(thing, type):
            call = safely(getattr, type(thing), "__call__")
            own = self.source(call, type(thing), thing)
            if own is not None:
                return own
            if inspect.isfunction(call) and inner_of(thing) is thing:
                thing, owner, held = call, type(thing), thing
        found = self.source(thing, owner, held)
        inner = inner_of(thing)
        if found is None and inner is not thing and same_kind(thing, inner):
            return self.source(inner, owner, held)
        return found

    def source(self, thing: Any, owner: type[Any] | None, held: Any = None) -> Function | None:
        code = safely(getattr, thing, "__code__") if is_honest(thing) and inspect.isfunction(thing) else None
        if code is None:
            return None
        held = None if issubclass(type(held), type) else held
        key = (id(thing), id(owner), id(held))
        if key not in self.found:
            file = self.files.file(code.co_filename)
            node = file.functions.get(code.co_firstlineno) if file is not None else None
            if file is None or node is None or node.name != code.co_name:
                return None
            self.found[key] = Function(node, file, thing.__globals__, closure_of(thing), owner, None, held)
        return self.found[key]

    def method(self, kind: type[Any], name: str, held: Any = None) -> Function | None:
        """The source of a method that an own class has or inherits."""
        for parent in type.mro(kind):
            if name in vars(parent):
                return self.function(vars(parent)[name], kind, held)
        return None

    def owns(self, kind: type[Any]) -> bool:
        """Whether a class is the application's own."""
        return self.home(kind) is not None

    def home(self, kind: type[Any]) -> SourceFile | None:
        """The own file in which a class is defined."""
        path = attributes_of(sys.modules.get(module_and_name(kind)[0])).get("__file__")
        return self.files.file(path) if type(path) is str else None

    def module(self, file: SourceFile, names: Mapping[str, Any]) -> Function:
        """A function that stands for what importing a module runs: its names are those of the module."""
        if file not in self.modules:
            nothing = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
            node = ast.FunctionDef(name="module", args=nothing, body=[], decorator_list=[], lineno=1, col_offset=0)
            self.modules[file] = Function(node, file, names)
        return self.modules[file]

    def inner(self, node: FunctionNode, outer: Function) -> Function:
        """A function that is defined inside another: always the same one."""
        key = (node, outer)
        if key not in self.nested:
            self.nested[key] = Function(node, outer.file, outer.names, outer.cells, None, outer)
        return self.nested[key]


def before(node: ast.AST, part: ast.AST) -> list[ast.AST]:
    """The statements before one in its block."""
    for name in ("body", "orelse", "finalbody"):
        block = getattr(part, name, None)
        if isinstance(block, list) and node in block:
            return block[: block.index(node)]
    return []


def tests_of(node: ast.AST) -> Iterator[ast.expr]:
    """The conditions of a statement or expression."""
    match node:
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test) | ast.Match(subject=test):
            yield test
        case ast.match_case(guard=ast.expr() as test):
            yield test
        case ast.BoolOp(values=tests) | ast.comprehension(ifs=tests):
            yield from tests


def inner_of(thing: Any) -> Any:
    """What a stack of wrappers ends in."""
    return wrapped_in(thing)[-1]


def wrapped_in(thing: Any) -> list[Any]:
    """A stack of wrappers and what it ends in, from the outside in, looked up without running anything."""
    found = [thing]
    while len(found) <= MOST_WRAPPERS:
        if type(thing) is FunctionType:
            # PERF: nearly all are plain functions, for which `getattr_static` takes 7 us and this 0.1 us.
            inner = vars(thing).get("__wrapped__")
            inner = renamed_of(thing) if inner is None else inner
        else:
            inner = inspect.getattr_static(thing, "__wrapped__", None)
        if type(inner) is MemberDescriptorType:
            # Of an object with slots, where to look: that runs no code of the application.
            inner = inner.__get__(thing, type(thing)) if not isinstance(thing, type) else None
        if inner is None:
            break
        thing = inner
        found.append(thing)
    return found


def renamed_of(wrapper: FunctionType) -> FunctionType | None:
    """The function whose name a wrapper has taken without saying what it wraps, among what the wrapper has at hand."""
    code = wrapper.__code__
    if code.co_name == wrapper.__name__:
        return None
    held = [*vars(wrapper).values(), *closure_of(wrapper).values(), *(wrapper.__defaults__ or ())]
    held += (wrapper.__kwdefaults__ or {}).values()
    if code.co_filename.startswith("<"):
        # Code that was written while the program runs has what it calls as globals of its own.
        held += [wrapper.__globals__[name] for name in code.co_names if name in wrapper.__globals__]
    meant = (wrapper.__name__, wrapper.__module__)
    found = (each for each in held if type(each) is FunctionType and each is not wrapper)
    return next((each for each in found if (each.__name__, each.__module__) == meant), None)


def same_kind(one: Any, other: Any) -> bool:
    """Whether two callables are of one kind: plain functions, coroutine functions or generators."""
    if inspect.getattr_static(one, "cache_info", None) is not None:
        # What is remembered for each of its arguments runs again for others; what has none, once. A cache of plain functions
        # is for what never changes.
        return inspect.iscoroutinefunction(other) and other.__code__.co_argcount > 0
    questions = (inspect.iscoroutinefunction, inspect.isasyncgenfunction, inspect.isgeneratorfunction)
    kinds = [tuple(question(thing) for question in questions) for thing in (one, other)]
    # `contextmanager` makes a plain function of a generator; and a plain wrapper hands on the coroutine of what it wraps.
    return kinds[0] == kinds[1] or not any(kinds[0])
