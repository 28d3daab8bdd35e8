"""Work out, from the source and the live objects around it, what an expression inside a function is."""

from __future__ import annotations

import ast
import builtins
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from types import FunctionType, MappingProxyType, ModuleType
from typing import Any, Final, TypeVar

from typeway.check.read.arrivals import (
    Arrivals,
    bound_to,
    from_state,
    is_state,
    none_left_out,
    provider_in,
    received,
)  # fmt: skip
from typeway.check.read.bindings import Binding, assignments_to_self, bindings_in, bindings_of, declaration_on_self
from typeway.check.read.files import FunctionNode, SourceFile
from typeway.check.read.fixpoint import Fixpoint
from typeway.check.read.index import Index
from typeway.check.read.modules import class_member, imported, meaning, member_of
from typeway.check.read.program import Function, Program, inner_of
from typeway.check.read.results import as_mapping, given_by, held_by, made_by
from typeway.check.read.values import (
    PENDING,
    Inner,
    Instance,
    Known,
    Method,
    Named,
    Plain,
    Value,
    as_instance,
    common,
    dotted,
    either,
    instance_of,
    known,
    plain_values,
    produced_by,
)  # fmt: skip
from typeway.declare.depends import Depends
from typeway.declare.scope import Namespace, globals_of

# What holds functions and objects under names, as the modules have filled it; a larger one is no table that somebody wrote.
TABLES: Final = (dict, list, tuple, MappingProxyType)
MOST_ENTRIES: Final = 40
# Through how many imports a global that is still None is followed to the module that makes it.
MOST_IMPORTS: Final = 4


class Inference:
    """Works out what expressions are, each once.

    Parameters:
        program: the application's code.
        arrivals: the dependencies that the plans of endpoints have for parameters.
    """

    def __init__(self, program: Program, arrivals: Arrivals | None = None) -> None:
        self.program = program
        self.index: Index = Index(program)
        self.arrivals: Arrivals = {} if arrivals is None else arrivals
        self.bound: dict[Function, Mapping[str, list[Binding]]] = {}
        self.values: Fixpoint[tuple[ast.AST, Function], Value] = Fixpoint(self.compute, PENDING)

    def value(self, node: ast.AST, function: Function) -> Value | None:
        """What an expression is inside a function; None where that is unknown."""
        return self.values.result((node, function))

    def result(self, function: Function) -> Value | None:
        """What a call of a function returns; of a coroutine function what awaiting the call returns."""
        return self.values.result((function.node, function))

    def compute(self, key: tuple[ast.AST, Function]) -> Value | None:
        node, function = key
        rule = BY_KIND.get(type(node))
        return rule(self, node, function) if rule is not None else None

    def instance(self, node: ast.expr, function: Function) -> Instance | None:
        """What an expression is an instance of."""
        return as_instance(self.value(node, function))

    # --- names --------------------------------------------------------------------------------------------------

    def local(self, node: ast.Name, function: Function) -> Value | None:
        """What a name is in one place: in `x = x.parent` the second one is what it was before."""
        bound = self.bindings(function).get(node.id, ())
        around = [node, *function.around(node)] if bound else []
        place = next((number for number, entry in enumerate(bound) if entry.expression in around), None)
        if place is None or bound[place].is_item or any(map(decides, around, around[1:])):
            return self.name(node.id, function)
        if place:
            return self.unified([self.binding(entry, function) for entry in bound[:place]])
        argument = function.parameters.get(node.id)
        return self.value(argument[0], function) if argument is not None else None

    def name(self, name: str, function: Function) -> Value | None:
        bound = self.bindings(function).get(name)
        if bound:
            values = [self.binding(entry, function) for entry in bound]
            found = self.unified(values)
            # A query that is renewed, `query = query.limit(n)`, has a limit as soon as one of its forms has.
            is_limited = any(isinstance(value, Instance) and value.bounded for value in values)
            return replace(found, bounded=is_limited) if isinstance(found, Instance) else found
        if name in function.parameters:
            return self.value(function.parameters[name][0], function)
        if name in function.cells:
            return known(function.cells[name])
        if function.outer is not None:
            return self.name(name, function.outer)
        if name in function.names:
            thing = function.names[name]
            return known(thing) if thing is not None else self.declared_global(name, function.names, function.file)
        return Known(getattr(builtins, name)) if hasattr(builtins, name) else None

    def bindings(self, function: Function) -> Mapping[str, list[Binding]]:
        if function not in self.bound:
            self.bound[function] = bindings_of(function)
        return self.bound[function]

    def unified(self, values: list[Value | None]) -> Value | None:
        """What something is that has one of several values; unknown if one of them is."""
        values = none_left_out(values)
        values = [value for value in values if value is not PENDING] or values[:1]
        if len(values) == 1:
            return values[0]
        same = common(as_instance(value) for value in values)
        return same if same is not None or None in values else either(values)

    def binding(self, binding: Binding, function: Function) -> Value | None:
        if binding.imported is not None:
            return imported(binding.imported, function)
        if binding.defined is not None:
            return Inner(self.program.inner(binding.defined, function))
        if binding.annotation is not None:
            return self.annotated(binding.annotation, function)
        if binding.parameter is not None:
            return self.value(binding.parameter, function)
        if binding.expression is None:
            return None
        value = self.value(binding.expression, function)
        if binding.is_item and value is not PENDING:
            held = as_instance(value)
            return held.of if held is not None and held.many else None
        return value

    def parameter(self, argument: ast.arg, function: Function) -> Value | None:
        """What a parameter is: by its annotation, its dependency, its default, or what is passed for it."""
        name = argument.arg
        default = function.parameters[name][1] if name in function.parameters else None
        if function.owner is not None and name == next(iter(function.parameters), None) and not function.is_static:
            if name == "cls":
                return Known(function.owner)
            return known(function.held) if function.held is not None else Instance(function.owner)
        if argument.annotation is not None:
            found = self.annotated(argument.annotation, function)
            if found is not None:
                return found
        provider = self.arrivals.get((function, name))
        if provider is not None:
            return self.provided(provider)
        if argument.annotation is not None:
            return None
        dependency = provider_in(default, function)
        if dependency is not None and isinstance(default, ast.Call):
            return self.called(self.value(dependency, function), default, function)
        value = self.value(default, function) if isinstance(default, ast.Call) else None
        return value if value is not None else received(self, argument, function)

    def annotated(self, annotation: ast.expr, function: Function) -> Instance | None:
        """What an annotation in the source says."""
        text = annotation.value if isinstance(annotation, ast.Constant) else ast.unparse(annotation)
        if not isinstance(text, str):
            return None
        meant = meaning(text, Namespace({**function.names, **function.cells}))
        return bound_to(meant, function.owner) if isinstance(meant, TypeVar) else instance_of(meant)

    def declared_global(
        self, name: str, names: Mapping[str, Any], file: SourceFile, steps: int = MOST_IMPORTS
    ) -> Value | None:
        """What a global is that is still None: by its annotation, its import, or what the module's code assigns to it."""
        place = self.program.module(file, names)
        values: list[Value | None] = []
        for statement in file.outer:
            for bound, binding in bindings_in(statement):
                if bound != name:
                    continue
                if binding.annotation is not None:
                    said = self.annotated(binding.annotation, place)
                    if said is not None:
                        return said
                elif binding.imported is not None:
                    source, _, own = binding.imported.rpartition(".")
                    module = imported(source, place)
                    return self.of_module(module.thing, own, steps - 1) if steps and isinstance(module, Known) else None
                elif binding.expression is not None and not binding.is_item:
                    values.append(self.value(binding.expression, place))
        values += [self.value(node, setter) for node, setter in self.index.globals.get((str(file.path), name), ())]
        return self.made_later(values)

    def made_later(self, values: Iterable[Value | None]) -> Value | None:
        """What is None at first, by all that is assigned to it."""
        kept = none_left_out(values)
        is_unclear = any(isinstance(value, Method) and value.function is None for value in kept)
        return None if is_unclear or not kept else self.unified(kept)

    # --- attributes ---------------------------------------------------------------------------------------------

    def attribute(self, node: ast.Attribute, function: Function) -> Value | None:
        base = self.value(node.value, function)
        if base is PENDING:
            return base
        value = either(self.attribute_of(each, node.attr) for each in plain_values(base))
        is_unknown = value is None or (isinstance(value, Method) and value.function is None)
        return from_state(self, node) or value if is_unknown and is_state(node.value) else value

    def attribute_of(self, base: Plain, name: str) -> Value | None:
        match base:
            case Named(module):
                return Named(f"{module}.{name}")
            case Known(ModuleType() as module):
                return self.of_module(module, name)
            case Known(type() as kind):
                return class_member(kind, name) or self.field(kind, name)
            case Known(thing):
                # Looked up without running anything: the attributes of a proxy may do anything.
                own = inspect.getattr_static(thing, name, None)
                if own is not None and own is not inspect.getattr_static(type(thing), name, None):
                    return known(own)
                return self.member(Instance(type(thing)), name, thing)
            case Instance():
                return self.member(base, name)
        return None

    def of_module(self, module: ModuleType, name: str, steps: int = MOST_IMPORTS) -> Value | None:
        """The attribute of a module."""
        found = member_of(module, name)
        is_none = isinstance(found, Known) and found.thing is None
        file = self.program.files.file(str(getattr(module, "__file__", ""))) if is_none else None
        return self.declared_global(name, vars(module), file, steps) if file is not None else found

    def member(self, owner: Instance, name: str, thing: Any = None) -> Value | None:
        """The attribute of an object, by its class."""
        held = held_by(owner, name)
        if held is not None:
            return held
        if isinstance(owner.kind, str) or owner.many:
            return Method(owner, name)
        found = inspect.getattr_static(owner.kind, name, None)
        stand_in = known(found)
        if isinstance(stand_in, Instance):
            return stand_in
        if isinstance(found, property) or type(found).__name__ in ("cached_property", "hybrid_property"):
            return self.property(found, owner, thing)
        if isinstance(found, Depends):
            return self.provided(found.dependency) if found.dependency is not None else None
        if isinstance(found, staticmethod | classmethod) or (callable(found) and not isinstance(found, type)):
            return Method(owner, name, found, thing)
        return self.field(owner.kind, name) or (Method(owner, name) if found is None else None)

    def property(self, found: Any, owner: Instance, thing: Any) -> Value | None:
        getter = getattr(found, "fget", None) or getattr(found, "func", None)
        kind = owner.kind if isinstance(owner.kind, type) else None
        function = self.program.function(getter, kind, thing) if getter is not None else None
        if function is not None:
            return self.result(function)
        returns = getattr(getter, "__annotations__", {}).get("return")
        return instance_of(returns) if isinstance(returns, type) else None

    def field(self, kind: type[Any], name: str) -> Value | None:
        """What an attribute is by the annotations of the class, or by what its methods assign to it."""
        for parent in type.mro(kind):
            own = vars(parent).get("__annotations__", {})
            if isinstance(own, Mapping) and name in own:
                meant = meaning(own[name], Namespace(globals_of(parent)))
                said = bound_to(meant, kind) if isinstance(meant, TypeVar) else instance_of(meant)
                if said is not None:
                    return said
        # What is None at first is whatever the methods agree on that are called later.
        declared, later, is_later = None, list[Value | None](), False
        for method in [entry for parent in type.mro(kind) for entry in vars(parent).values()]:
            plain = method.__func__ if type(method) in (classmethod, staticmethod) else method
            function = self.program.function(plain, kind) if type(plain) is FunctionType else None
            assigned = [*assignments_to_self(function, name)] if function is not None else []
            if function is None or not assigned:
                continue
            values = none_left_out(self.value(node, function) for node in assigned)
            if values and not is_later:
                return self.unified(values)
            annotation = declaration_on_self(function, name)
            declared = self.annotated(annotation, function) if annotation is not None else declared
            later, is_later = [*later, *values], True
        return self.made_later(later) or declared

    # --- calls --------------------------------------------------------------------------------------------------

    def call(self, node: ast.Call, function: Function) -> Value | None:
        return self.called(self.value(node.func, function), node, function)

    def called(self, callee: Value | None, node: ast.Call, function: Function) -> Value | None:
        """What a call returns; of a coroutine function what awaiting the call returns."""
        if callee is PENDING:
            return callee
        return either(self.called_plain(each, node, function) for each in plain_values(callee))

    def called_plain(self, callee: Plain, node: ast.Call, function: Function) -> Value | None:
        arguments = [as_instance(known_class(self.value(entry, function))) for entry in node.args]
        match callee:
            case Inner(inner):
                return self.result(inner)
            case Known(type() as kind) if kind is partial and node.args:
                return self.value(node.args[0], function)  # what is called in the end
            case Known(type() as kind):
                return constructed(kind, arguments)
            case Named(name):
                return made_by(name, arguments, node) or Instance(name)
            case Method(owner, name, found, held):
                return self.method_call(Method(owner, name, found, held), arguments, node)
            case Known(thing):
                return self.known_call(thing, arguments, node)
            case Instance(kind):
                own = self.program.method(kind, "__call__") if isinstance(kind, type) else None
                return self.result(own) if own is not None else given_by(callee, "__call__", arguments, node)

    def foreign(self, found: Any, owner: Instance) -> Instance | None:
        """What a method of another package returns by its annotation: a class, or its own kind."""
        returns = getattr(found, "__annotations__", {}).get("return") if inspect.isfunction(found) else None
        if returns == "Self" or getattr(returns, "_name", "") == "Self":
            return owner
        return instance_of(returns) if isinstance(returns, type) else None

    def method_call(self, method: Method, arguments: list[Instance | None], node: ast.Call) -> Value | None:
        if method.name == "get" and len(node.args) == 1 and type(method.held) in TABLES:
            return entries_of(method.held)
        result = given_by(method.owner, method.name, arguments, node)
        if result is not None:
            return result
        kind, found = method.owner.kind, method.function
        own = self.program.function(found, kind, method.held) if found and isinstance(kind, type) else None
        return self.result(own) if own is not None else self.foreign(found, method.owner)

    def known_call(self, thing: Any, arguments: list[Instance | None], node: ast.Call) -> Value | None:
        made = inspect.getattr_static(thing, "class_", None)  # a session factory of SQLAlchemy says what it makes
        if isinstance(made, type):
            return Instance(made)
        result = made_by(dotted(thing), arguments, node)
        if result is not None:
            return result
        if inspect.ismethod(thing) and not isinstance(thing.__self__, type):
            owner = Instance(type(thing.__self__))
            return self.method_call(Method(owner, thing.__name__, thing.__func__, thing.__self__), arguments, node)
        if isinstance(thing, partial):
            return self.known_call(thing.func, arguments, node)
        # What is remembered is what was returned: a client that a function with `lru_cache` gives.
        is_remembered = inspect.getattr_static(thing, "cache_info", None) is not None
        own = self.program.function(thing) or (self.program.source(inner_of(thing), None) if is_remembered else None)
        if own is not None:
            return self.result(own)
        returns = getattr(thing, "__annotations__", {}).get("return") if inspect.isroutine(thing) else None
        return instance_of(returns) if isinstance(returns, type) else None

    def provided(self, provider: Callable[..., Any]) -> Value | None:
        """What a dependency gives."""
        call = ast.Call(func=ast.Name(id="provider", ctx=ast.Load()), args=[], keywords=[])
        return Instance(provider) if isinstance(provider, type) else self.known_call(provider, [], call)

    def returned(self, node: FunctionNode, function: Function) -> Value | None:
        """What a function returns or yields, by its code, else by its annotation."""
        given = [entry.value for entry in function.yields if isinstance(entry, ast.Yield)] or [
            node.value for node in function.body if isinstance(node, ast.Return)
        ]
        values = [self.value(node, function) for node in given if node is not None]
        found = self.unified(values) if values else None
        is_unknown = found is None or found is PENDING or (isinstance(found, Method) and found.function is None)
        if is_unknown and function.node.returns is not None:
            returns = ast.unparse(function.node.returns)
            meant = meaning(text_of(returns), Namespace({**function.names, **function.cells}))
            said = bound_to(meant, function.owner) if isinstance(meant, TypeVar) else produced_by(meant)
            return found if said is None and found is PENDING else said
        return found

    # --- the rest -----------------------------------------------------------------------------------------------

    def subscript(self, node: ast.Subscript, function: Function) -> Value | None:
        value = self.value(node.value, function)
        if value is PENDING or (isinstance(value, Known) and isinstance(value.thing, type)):
            return value  # a generic class with its arguments
        if isinstance(value, Known) and type(value.thing) in TABLES:
            return entries_of(value.thing)
        base = as_instance(value)
        if base is None or base.kind is str:
            return base
        if base.many:
            return replace(base, bounded=True) if isinstance(node.slice, ast.Slice) else base.of
        return held_by(base, "[]")

    def comprehension(self, node: ast.expr, function: Function) -> Value | None:
        """A list of what the element is; it is bounded as what it is made of."""
        if not isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp):
            return None
        source = self.instance(node.generators[0].iter, function)
        return Instance(
            list,
            of=self.instance(node.elt, function),
            many=True,
            bounded=source is None or source.bounded or not source.many or bool(node.generators[0].ifs),
        )


def entries_of(table: Any) -> Value | None:
    """One of the functions, classes and objects of the application that a table holds."""
    held = [*(table.values() if isinstance(table, Mapping) else table)] if len(table) <= MOST_ENTRIES else []
    is_code = [callable(entry) or type(entry).__module__ not in ("builtins", "datetime", "decimal") for entry in held]
    return either(known(entry) for entry in held) if held and all(is_code) else None


def known_class(value: Value | None) -> Value | None:
    """A class that is passed to a query describes what the query finds."""
    return Instance(value.thing) if isinstance(value, Known) and isinstance(value.thing, type) else value


def constructed(kind: type[Any], arguments: list[Instance | None]) -> Instance | None:
    if (
        any(kind is each for each in (list, tuple, set, frozenset))
        and arguments
        and arguments[0] is not None
        and arguments[0].many
    ):
        return arguments[0]
    if kind is dict and arguments and arguments[0] is not None:
        return as_mapping(arguments[0])
    return Instance(kind)


def text_of(annotation: str) -> str:
    """An annotation without its quotes."""
    return annotation[1:-1] if annotation[:1] in "'\"" and annotation[:1] == annotation[-1:] else annotation


Rule = Callable[[Inference, Any, Function], Value | None]


def decides(inside: ast.AST, around: ast.AST) -> bool:
    """Whether it depends on something whether a part of the source runs, or what has run before it."""
    is_other = isinstance(around, ast.If) and inside in around.orelse
    return is_other or isinstance(around, ast.For | ast.AsyncFor | ast.While | ast.ExceptHandler | ast.match_case)


def of_any(inference: Inference, nodes: list[ast.expr], function: Function) -> Value | None:
    return inference.unified([inference.value(node, function) for node in nodes])


def of_division(inference: Inference, node: ast.BinOp, function: Function) -> Value | None:
    """A path divided by anything is a path."""
    left = inference.instance(node.left, function)
    is_path = left is not None and dotted(left.kind).startswith("pathlib.")
    return left if is_path and isinstance(node.op, ast.Div) else None


def of_display(inference: Inference, node: ast.List | ast.Tuple | ast.Set, function: Function) -> Value | None:
    items = [inference.instance(entry, function) for entry in node.elts]
    return Instance(list, of=common(items) if items else None, many=True, bounded=True)


# What an expression of each kind is, and what a call of a function returns; all else is unknown.
BY_KIND: Final[Mapping[type[ast.AST], Rule]] = {
    ast.FunctionDef: Inference.returned,
    ast.AsyncFunctionDef: Inference.returned,
    ast.arg: Inference.parameter,
    ast.Name: Inference.local,
    ast.Attribute: Inference.attribute,
    ast.Call: Inference.call,
    ast.Await: lambda inference, node, function: inference.value(node.value, function),
    ast.NamedExpr: lambda inference, node, function: inference.value(node.value, function),
    ast.Subscript: Inference.subscript,
    ast.BoolOp: lambda inference, node, function: of_any(inference, node.values, function),
    ast.IfExp: lambda inference, node, function: of_any(inference, [node.body, node.orelse], function),
    ast.BinOp: of_division,
    ast.Constant: lambda inference, node, function: Instance(type(node.value)),
    ast.JoinedStr: lambda inference, node, function: Instance(str),
    ast.Dict: lambda inference, node, function: Instance(dict),
    ast.List: of_display,
    ast.Tuple: of_display,
    ast.ListComp: Inference.comprehension,
    ast.SetComp: Inference.comprehension,
    ast.GeneratorExp: Inference.comprehension,
}
