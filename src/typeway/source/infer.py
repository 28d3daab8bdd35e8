"""Work out, from the source and the live objects around it, what an expression inside a function is."""

from __future__ import annotations

import ast
import builtins
import inspect
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import replace
from functools import partial, partialmethod
from types import FunctionType, ModuleType
from typing import Any, Final, TypeVar

from typeway.declare.depends import Depends
from typeway.declare.scope import Namespace, globals_of
from typeway.source.arrivals import (
    Arrivals,
    additional,
    asked_for,
    bound_to,
    from_state,
    is_open,
    is_state,
    none_left_out,
    provider_in,
    received,
    set_in,
)  # fmt: skip
from typeway.source.asking import is_exactly, safely
from typeway.source.bindings import (
    Binding,
    assignments_to_self,
    bindings_of,
    declaration_on_self,
    is_optional_filter,
    reaching,
)
from typeway.source.files import FunctionNode
from typeway.source.fixpoint import Fixpoint
from typeway.source.index import Index
from typeway.source.late import MOST_IMPORTS, declared_global, made_later
from typeway.source.modules import class_member, foreign, imported, meaning, member_of, named_by, returned_by
from typeway.source.passing import passed_on
from typeway.source.program import Function, Program, inner_of
from typeway.source.providers import given_by_provider, is_provider
from typeway.source.results import constructed, given_by, gone_over, held_by, made_by
from typeway.source.statements import statement_in, with_statement
from typeway.source.subclasses import kept_by
from typeway.source.tables import TABLES, copied, entry_at, held_as, held_in_one, item_of, slots, taken
from typeway.source.values import (
    MOST_VALUES,
    PENDING,
    Held,
    Inner,
    Instance,
    Known,
    Method,
    Named,
    Plain,
    Value,
    as_instance,
    common,
    either,
    instance_of,
    is_missing,
    known,
    known_class,
    of_pair,
    plain_values,
    produced_by,
    text_of,
)  # fmt: skip
from typeway.watch.catalogue import below


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
        self.asked: dict[tuple[Function, str], ast.Attribute] = {}
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
        bound = self.bindings(function).get(node.id, [])
        if len(bound) < 2:
            return self.name(node.id, function)
        return self.one_of(reaching(node, bound, function) or bound, function)

    def name(self, name: str, function: Function) -> Value | None:
        """What a name is anywhere in a function."""
        bound = self.bindings(function).get(name)
        if bound:
            return self.one_of(bound, function)
        if name in function.parameters:
            return self.value(function.parameters[name][0], function)
        if name in function.cells:
            return known(function.cells[name])
        if function.outer is not None:
            return self.name(name, function.outer)
        if name in function.names:
            thing = function.names[name]
            if id(type(thing)) in TABLES:
                return additional(self, Known(thing), name)
            return known(thing) if thing is not None else declared_global(self, name, function.names, function.file)
        return Known(getattr(builtins, name)) if hasattr(builtins, name) else None

    def one_of(self, bound: list[Binding], function: Function) -> Value | None:
        """What a name is that has one of several values."""
        values = [self.binding(entry, function) for entry in bound]
        if bound[0].parameter is not None and values[0] is None:
            values = values[1:] or values  # `if session is None: session = …` says what a caller passes
        found = self.unified(values)
        # A query that is renewed, `query = query.limit(n)`, has a limit as soon as one of its forms has, but for filters that
        # a client may leave out.
        limited = [isinstance(value, Instance) and value.bounded for value in values]
        may_lack = len(values) == len(bound) and not all(limited)
        is_limited = any(
            is_one and not (may_lack and is_optional_filter(entry, function))
            for is_one, entry in zip(limited, bound, strict=False)
        )
        return replace(found, bounded=is_limited) if isinstance(found, Instance) else found

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
        if rows := slots(values):
            return Held(tuple, tuple(self.unified([*parts]) for parts in rows))
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
        if binding.unpacked is not None:
            return self.entry(self.value(binding.unpacked, function), ast.Constant(binding.place))
        if binding.expression is None:
            return None
        value = self.value(binding.expression, function)
        if not binding.is_item or value is PENDING:
            return value
        held = as_instance(value)
        rows = gone_over(held)
        found = item_of(value if rows is held else rows, binding.place)
        return held_by(held, "[]") if found is None and held is not None and not held.many else found

    def parameter(self, argument: ast.arg, function: Function) -> Value | None:
        """What a parameter is: by its annotation, its dependency, its default, or what is passed for it."""
        name, found = argument.arg, None
        default = function.parameters[name][1] if name in function.parameters else None
        if function.owner is not None and name == function.first and not function.is_static:
            if name == "cls":
                return Known(function.owner)
            return known(function.held) if function.held is not None else Instance(function.owner)
        if argument.annotation is not None:
            found = self.annotated(argument.annotation, function)
            if found is not None and not is_open(found):
                return found
        provider = self.arrivals.get((function, name))
        if provider is not None:
            provided = self.provided(provider)
            return provided if provided is not None else found
        dependency = provider_in(default, function)
        if dependency is not None and isinstance(default, ast.Call):
            return self.called(self.value(dependency, function), default, function)
        value = self.value(default, function) if isinstance(default, ast.Call) else None
        value = value if value is not None else received(self, argument, function)
        return value if value is not None else found

    def annotated(self, annotation: ast.expr, function: Function) -> Instance | None:
        """What an annotation in the source says."""
        text = annotation.value if isinstance(annotation, ast.Constant) else ast.unparse(annotation)
        if not isinstance(text, str):
            return None
        meant = meaning(text, Namespace({**function.names, **function.cells}))
        return bound_to(meant, function.owner) if isinstance(meant, TypeVar) else instance_of(meant)

    # --- attributes ---------------------------------------------------------------------------------------------

    def attribute(self, node: ast.Attribute, function: Function) -> Value | None:
        base = self.value(node.value, function)
        if base is PENDING:
            return base
        several = plain_values(base)
        found = [self.attribute_of(each, node.attr) for each in several]
        # Of several values it is one that has the attribute.
        most = max(MOST_VALUES, len(several))
        value = either((each for each in found if not is_missing(each)), most) or either(found, most)
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
                usual = inspect.getattr_static(type(thing), name, None)
                # Some clients wrap their methods when they are made.
                is_wrapped = type(own) is type(usual) is FunctionType and not self.program.function(own)
                if own is not None and not self.program.owns(type(own)) and (path := below(type(thing), name)):
                    return Instance(path)  # what a client keeps since it was made
                if own is not None and own is not usual and not is_wrapped:
                    return additional(self, known(own), name, type(thing))
                return self.member(Instance(type(thing)), name, thing)
            case Instance(kind) if name in self.index.added and isinstance(kind, type):
                return additional(self, self.member(base, name), name, kind, is_any=True)
            case Instance():
                return self.member(base, name)
            case Held():
                found = self.member(as_instance(base) or Instance(list), name)
                return replace(found, held=base) if isinstance(found, Method) else found
        return None

    def of_module(self, module: ModuleType, name: str, steps: int = MOST_IMPORTS) -> Value | None:
        """The attribute of a module."""
        found = member_of(module, name)
        is_none = isinstance(found, Known) and found.thing is None
        file = self.program.files.file(str(getattr(module, "__file__", ""))) if is_none else None
        return declared_global(self, name, vars(module), file, steps) if file is not None else found

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
        if isinstance(found, type) and not name.startswith("__"):
            return stand_in  # the class that a repository works with: `model = User`
        if isinstance(found, property) or type(found).__name__ in ("cached_property", "hybrid_property"):
            return self.property(found, owner, thing)
        if isinstance(found, Depends):
            return self.provided(found.dependency) if found.dependency is not None else None
        if type(found) is not FunctionType and is_provider(found):
            return stand_in
        if isinstance(found, staticmethod | classmethod | partialmethod) or (
            callable(found) and not isinstance(found, type)
        ):
            return Method(owner, name, found, thing)
        is_statement = type(found) is not str and statement_in(found) is not None
        return (
            self.field(owner.kind, name)
            or (passed_on(self, owner.kind, name, thing) if found is None else None)
            or (Method(owner, name) if found is None else stand_in if is_statement else None)
        )

    def property(self, found: Any, owner: Instance, thing: Any) -> Value | None:
        getter = safely(getattr, found, "fget") or safely(getattr, found, "func")
        kind = owner.kind if isinstance(owner.kind, type) else None
        function = self.program.function(getter, kind, thing) if getter is not None else None
        if function is not None:
            return self.result(function)
        returns = returned_by(getter)
        return instance_of(returns) if isinstance(returns, type) else None

    def field(self, kind: type[Any], name: str) -> Value | None:
        """What an attribute is by the annotations of the class, or by what its methods assign to it."""
        opened: Instance | None = None
        for parent in type.mro(kind):
            own = vars(parent).get("__annotations__", {})
            if isinstance(own, Mapping) and name in own:
                meant = meaning(own[name], Namespace(globals_of(parent)))
                said = bound_to(meant, kind) if isinstance(meant, TypeVar) else instance_of(meant)
                if said is not None and not is_open(said):
                    return said
                opened = opened or said
        # What is None at first is whatever the methods agree on that are called later.
        declared, later, is_later = None, list[Value | None](), False
        for method in [entry for parent in type.mro(kind) for entry in vars(parent).values()]:
            plain = method.__func__ if is_exactly(method, classmethod, staticmethod) else method
            plain = plain.fget if type(plain) is property else plain
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
        return (made_later(self, later) or declared or opened) if is_later else opened or kept_by(kind, name)

    # --- calls --------------------------------------------------------------------------------------------------

    def call(self, node: ast.Call, function: Function) -> Value | None:
        return self.called(self.value(node.func, function), node, function)

    def called(self, callee: Value | None, node: ast.Call, function: Function) -> Value | None:
        """What a call returns; of a coroutine function what awaiting the call returns."""
        if callee is PENDING:
            return callee
        several = plain_values(callee)
        return either((self.called_plain(each, node, function) for each in several), max(MOST_VALUES, len(several)))

    def called_plain(self, callee: Plain, node: ast.Call, function: Function) -> Value | None:
        arguments = [as_instance(known_class(self.value(entry, function))) for entry in node.args]
        match callee:
            case Inner(inner):
                return self.result(inner)
            case Known(type() as kind) if kind is partial and node.args:
                return self.value(node.args[0], function)  # what is called in the end
            case Known(thing) if node.args and (again := copied(thing, self.value(node.args[0], function))):
                return again
            case Known(thing) if thing is getattr:
                return named_by(self, node, function)
            case Known(type() as kind):
                return constructed(kind, arguments)
            case Named(name):
                return made_by(name, arguments, node) or Instance(name)
            case Method(name=name, held=held):
                table = held_in_one(held if isinstance(held, Held) else Known(held))
                default = self.value(node.args[1], function) if len(node.args) > 1 and table is not None else None
                if table is not None and (given := taken(table, name, default)) is not None:
                    return given
                return self.method_call(*with_statement(self, callee, arguments, node, function))
            case Known(thing):
                return self.known_call(thing, arguments, node)
            case Instance(kind):
                own = self.program.method(kind, "__call__") if isinstance(kind, type) else None
                return self.result(own) if own is not None else given_by(callee, "__call__", arguments, node)
        return None

    def method_call(self, method: Method, arguments: list[Instance | None], node: ast.Call) -> Value | None:
        result = given_by(method.owner, method.name, arguments, node)
        if result is not None:
            return result
        kind, found = method.owner.kind, method.function
        own = self.program.function(found, kind, method.held) if found and isinstance(kind, type) else None
        if own is not None:
            return self.result(own) or asked_for(own, arguments, is_bound=not own.is_static)
        is_variable = isinstance(method.held, ContextVar) and method.name == "get"
        return set_in(self, method.held) if is_variable else foreign(found, method.owner)

    def known_call(self, thing: Any, arguments: list[Instance | None], node: ast.Call) -> Value | None:
        if is_provider(thing):
            return given_by_provider(self, thing)
        made = inspect.getattr_static(thing, "class_", None)  # a session factory of SQLAlchemy says what it makes
        if isinstance(made, type):
            return Instance(made)
        result = made_by(thing, arguments, node)
        if result is not None:
            return result
        if inspect.ismethod(thing) and not isinstance(thing.__self__, type):
            owner = Instance(type(thing.__self__))
            return self.method_call(Method(owner, thing.__name__, thing.__func__, thing.__self__), arguments, node)
        if isinstance(thing, partial):
            return self.known_call(safely(getattr, thing, "func"), arguments, node)
        # What is remembered is what was returned: a client that a function with `lru_cache` gives.
        is_remembered = inspect.getattr_static(thing, "cache_info", None) is not None
        own = self.program.function(thing) or (self.program.source(inner_of(thing), None) if is_remembered else None)
        if own is not None:
            return self.result(own) or asked_for(own, arguments, is_bound=False)
        returns = returned_by(thing)
        return instance_of(returns) if isinstance(returns, type) else None

    def provided(self, provider: Callable[..., Any]) -> Value | None:
        """What a dependency gives."""
        call = ast.Call(func=ast.Name(id="provider", ctx=ast.Load()), args=[], keywords=[])
        return Instance(provider) if isinstance(provider, type) else self.known_call(provider, [], call)

    def returned(self, node: FunctionNode, function: Function) -> Value | None:
        """What a function returns or yields, by its code, else by its annotation."""
        kept: Sequence[ast.Yield | ast.Return] = function.of(ast.Yield) or function.of(ast.Return)
        given = [each.value for each in kept]
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
        return self.entry(self.value(node.value, function), node.slice)

    def entry(self, value: Value | None, place: ast.expr) -> Value | None:
        """What something has under an index or key, or in a slice."""
        if value is PENDING or (isinstance(value, Known) and isinstance(value.thing, type)):
            return value  # a generic class with its arguments
        found = entry_at(value, place)
        if found is not None:
            return found
        base = as_instance(value)
        if base is None or base.kind is str:
            return base
        if base.many:
            return replace(base, bounded=True) if isinstance(place, ast.Slice) else base.of
        return held_by(base, "[]")

    def comprehension(self, node: ast.expr, function: Function) -> Value | None:
        """A list of what the element is; it is bounded as what it is made of."""
        if not isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp):
            return None
        source = gone_over(self.instance(node.generators[0].iter, function))
        return Instance(
            list,
            of=self.instance(node.elt, function),
            many=True,
            bounded=source is None or source.bounded or not source.many or bool(node.generators[0].ifs),
        )


Rule = Callable[[Inference, Any, Function], Value | None]


def of_any(inference: Inference, nodes: list[ast.expr], function: Function) -> Value | None:
    return inference.unified([inference.value(node, function) for node in nodes])


def of_display(inference: Inference, node: ast.List | ast.Tuple | ast.Set, function: Function) -> Value | None:
    kind = tuple if isinstance(node, ast.Tuple) else list
    return held_as(kind, [inference.value(entry, function) for entry in node.elts])


def of_dict(inference: Inference, node: ast.Dict, function: Function) -> Value | None:
    return held_as(dict, [inference.value(entry, function) for entry in node.values] if None not in node.keys else [])


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
    ast.BinOp: of_pair,
    ast.Constant: lambda inference, node, function: Instance(type(node.value)),
    ast.JoinedStr: lambda inference, node, function: Instance(str),
    ast.Dict: of_dict,
    ast.List: of_display,
    ast.Tuple: of_display,
    ast.ListComp: Inference.comprehension,
    ast.SetComp: Inference.comprehension,
    ast.GeneratorExp: Inference.comprehension,
}
