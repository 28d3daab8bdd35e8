"""Work out, from the source and the live objects around it, what an expression inside a function is."""

from __future__ import annotations

import ast
import builtins
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from types import FunctionType, ModuleType
from typing import Any, Final

from typeway.check.read.bindings import Binding, bindings_of
from typeway.check.read.files import FunctionNode
from typeway.check.read.fixpoint import Fixpoint
from typeway.check.read.program import Function, Program
from typeway.check.read.results import as_mapping, given_by, held_by, made_by
from typeway.check.read.values import (
    Inner,
    Instance,
    Known,
    Method,
    Named,
    Value,
    common,
    dotted,
    instance_of,
    produced_by,
)  # fmt: skip
from typeway.declare.annotation import resolve
from typeway.declare.depends import Depends
from typeway.declare.scope import Namespace, globals_of


class Inference:
    """Works out what expressions are, each once.

    Parameters:
        program: the application's code.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.bound: dict[Function, Mapping[str, list[Binding]]] = {}
        self.values: Fixpoint[tuple[ast.AST, Function], Value] = Fixpoint[tuple[ast.AST, Function], Value](self.compute)

    def value(self, node: ast.expr, function: Function) -> Value | None:
        """What an expression is inside a function; None where that is unknown."""
        return self.values.result((node, function))

    def result(self, function: Function) -> Instance | None:
        """What a call of a function returns; of a coroutine function what awaiting the call returns."""
        return as_instance(self.values.result((function.node, function)))

    def compute(self, key: tuple[ast.AST, Function]) -> Value | None:
        node, function = key
        rule = BY_KIND.get(type(node))
        return rule(self, node, function) if rule is not None else None

    def instance(self, node: ast.expr, function: Function) -> Instance | None:
        """What an expression is an instance of."""
        return as_instance(self.value(node, function))

    # --- names --------------------------------------------------------------------------------------------------

    def name(self, name: str, function: Function) -> Value | None:
        bound = self.bindings(function).get(name)
        if bound:
            return self.unified([self.binding(entry, function) for entry in bound])
        if name in function.parameters:
            return self.parameter(name, function)
        if name in function.cells:
            return Known(function.cells[name])
        if function.outer is not None:
            return self.name(name, function.outer)
        if name in function.names:
            thing = function.names[name]
            return Known(thing) if thing is not None else self.declared_global(name, function)
        return Known(getattr(builtins, name)) if hasattr(builtins, name) else None

    def bindings(self, function: Function) -> Mapping[str, list[Binding]]:
        if function not in self.bound:
            self.bound[function] = bindings_of(function)
        return self.bound[function]

    def unified(self, values: list[Value | None]) -> Value | None:
        values = [value for value in values if not (isinstance(value, Known) and value.thing is None)]
        values = [value for value in values if not (isinstance(value, Instance) and value.kind is type(None))]
        if len(values) == 1:
            return values[0]
        return common(as_instance(value) for value in values)

    def binding(self, binding: Binding, function: Function) -> Value | None:
        if binding.imported is not None:
            return imported(binding.imported, function)
        if binding.defined is not None:
            return Inner(self.program.inner(binding.defined, function))
        if binding.annotation is not None:
            return self.annotated(binding.annotation, function)
        if binding.expression is None:
            return None
        value = self.value(binding.expression, function)
        if binding.is_item:
            held = as_instance(value)
            return held.of if held is not None and held.many else None
        return value

    def parameter(self, name: str, function: Function) -> Value | None:
        argument, default = function.parameters[name]
        if function.owner is not None and name == next(iter(function.parameters), None) and not is_static(function):
            return Known(function.owner) if name == "cls" else Instance(function.owner)
        if argument.annotation is not None:
            return self.annotated(argument.annotation, function)
        value = self.value(default, function) if isinstance(default, ast.Call) else None
        wanted = function.names.get(getattr(getattr(default, "func", None), "id", ""))
        if (
            isinstance(default, ast.Call)
            and default.args
            and (
                (isinstance(wanted, type) and issubclass(wanted, Depends))
                or getattr(wanted, "__name__", "") == "Depends"
            )
        ):
            dependency = self.value(default.args[0], function)
            return self.called(dependency, default, function)
        return value

    def annotated(self, annotation: ast.expr, function: Function) -> Instance | None:
        """What an annotation in the source says."""
        text = annotation.value if isinstance(annotation, ast.Constant) else ast.unparse(annotation)
        return (
            instance_of(resolve(text, Namespace({**function.names, **function.cells})))
            if isinstance(text, str)
            else None
        )

    def declared_global(self, name: str, function: Function) -> Instance | None:
        """What the annotation says of a global that is still None."""
        for statement in function.file.tree.body:
            if isinstance(statement, ast.AnnAssign) and getattr(statement.target, "id", "") == name:
                return self.annotated(statement.annotation, function)
        return None

    # --- attributes ---------------------------------------------------------------------------------------------

    def attribute(self, node: ast.Attribute, function: Function) -> Value | None:
        base = self.value(node.value, function)
        match base:
            case Named(name):
                return Named(f"{name}.{node.attr}")
            case Known(ModuleType() as module):
                return member_of(module, node.attr)
            case Known(type() as kind):
                return class_member(kind, node.attr)
            case Known(thing):
                # Looked up without running anything: the attributes of a proxy may do anything.
                own = inspect.getattr_static(thing, node.attr, None)
                if own is not None and own is not inspect.getattr_static(type(thing), node.attr, None):
                    return Known(own)
                return self.member(Instance(type(thing)), node.attr)
            case Instance():
                return self.member(base, node.attr)
        return None

    def member(self, owner: Instance, name: str) -> Value | None:
        """The attribute of an object, by its class."""
        held = held_by(owner, name)
        if held is not None:
            return held
        if isinstance(owner.kind, str) or owner.many:
            return Method(owner, name)
        found = inspect.getattr_static(owner.kind, name, None)
        if isinstance(found, property) or type(found).__name__ in ("cached_property", "hybrid_property"):
            return self.property(found, owner)
        if isinstance(found, staticmethod | classmethod) or (callable(found) and not isinstance(found, type)):
            return Method(owner, name, found)
        return self.field(owner.kind, name) or (Method(owner, name) if found is None else None)

    def property(self, found: Any, owner: Instance) -> Instance | None:
        getter = getattr(found, "fget", None) or getattr(found, "func", None)
        kind = owner.kind if isinstance(owner.kind, type) else None
        function = self.program.function(getter, kind) if getter is not None else None
        if function is not None:
            return self.result(function)
        return None

    def field(self, kind: type[Any], name: str) -> Instance | None:
        """What an attribute is by the annotations of the class, or by what its methods assign to it."""
        for parent in type.mro(kind):
            own = vars(parent).get("__annotations__", {})
            if isinstance(own, Mapping) and name in own:
                return instance_of(resolve(own[name], Namespace(globals_of(parent))))
        for parent in type.mro(kind):
            for method in [entry for entry in vars(parent).values() if isinstance(entry, FunctionType)]:
                function = self.program.function(method, kind)
                if function is None:
                    continue
                assigned = [*assignments_to_self(function, name)]
                if assigned:
                    return as_instance(self.unified([self.value(node, function) for node in assigned]))
        return None

    # --- calls --------------------------------------------------------------------------------------------------

    def call(self, node: ast.Call, function: Function) -> Value | None:
        return self.called(self.value(node.func, function), node, function)

    def called(self, callee: Value | None, node: ast.Call, function: Function) -> Value | None:
        """What a call returns; of a coroutine function what awaiting the call returns."""
        arguments = [as_instance(known_class(self.value(entry, function))) for entry in node.args]
        match callee:
            case Inner(inner):
                return self.result(inner)
            case Known(type() as kind):
                return constructed(kind, arguments)
            case Named(name):
                return made_by(name, arguments, node) or Instance(name)
            case Method(owner, name, found):
                result = given_by(owner, name, arguments, node)
                if result is not None:
                    return result
                own = self.program.function(found, owner.kind) if found and isinstance(owner.kind, type) else None
                return self.result(own) if own is not None else None
            case Known(thing):
                return self.known_call(thing, arguments, node, function)
        return None

    def known_call(
        self, thing: Any, arguments: list[Instance | None], node: ast.Call, function: Function
    ) -> Value | None:
        made = inspect.getattr_static(thing, "class_", None)  # a session factory of SQLAlchemy says what it makes
        if isinstance(made, type):
            return Instance(made)
        result = made_by(dotted(thing), arguments, node)
        if result is not None:
            return result
        if inspect.ismethod(thing) and not isinstance(thing.__self__, type):
            owner = Instance(type(thing.__self__))
            return self.called(Method(owner, thing.__name__, thing.__func__), node, function)
        if isinstance(thing, partial):
            return self.known_call(thing.func, arguments, node, function)
        own = self.program.function(thing)
        if own is not None:
            return self.result(own)
        returns = getattr(thing, "__annotations__", {}).get("return") if inspect.isroutine(thing) else None
        return instance_of(returns) if isinstance(returns, type) else None

    def returned(self, node: FunctionNode, function: Function) -> Instance | None:
        """What a function returns or yields, by its code, else by its annotation."""
        given = [entry.value for entry in function.yields if isinstance(entry, ast.Yield)] or [
            node.value for node in function.body if isinstance(node, ast.Return)
        ]
        values = [self.value(node, function) for node in given if node is not None]
        found = as_instance(self.unified(values)) if values else None
        if found is None and function.node.returns is not None:
            returns = ast.unparse(function.node.returns)
            found = produced_by(resolve(text_of(returns), Namespace({**function.names, **function.cells})))
        return found

    # --- the rest -----------------------------------------------------------------------------------------------

    def subscript(self, node: ast.Subscript, function: Function) -> Value | None:
        base = self.instance(node.value, function)
        if base is None:
            return None
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


def as_instance(value: Value | None) -> Instance | None:
    """What a value is an instance of, where it is one."""
    if isinstance(value, Known) and not isinstance(value.thing, type | ModuleType | FunctionType):
        return Instance(type(value.thing))
    return value if isinstance(value, Instance) else None


def known_class(value: Value | None) -> Value | None:
    """A class that is passed to a query describes what the query finds."""
    return Instance(value.thing) if isinstance(value, Known) and isinstance(value.thing, type) else value


def constructed(kind: type[Any], arguments: list[Instance | None]) -> Instance | None:
    if kind in (list, tuple, set, frozenset) and arguments and arguments[0] is not None and arguments[0].many:
        return arguments[0]
    if kind is dict and arguments and arguments[0] is not None:
        return as_mapping(arguments[0])
    return Instance(kind)


def imported(name: str, function: Function) -> Value | None:
    """What an import statement inside a function imports, without importing it."""
    if name.startswith("."):
        package = str(function.names.get("__package__") or "")
        level = len(name) - len(name.lstrip("."))
        above = package.split(".")[: len(package.split(".")) - level + 1]
        name = ".".join([*above, name.lstrip(".")])
    if name in sys.modules:
        return Known(sys.modules[name])
    module, _, attribute = name.rpartition(".")
    if module in sys.modules:
        return member_of(sys.modules[module], attribute)
    return Named(name)


def member_of(module: ModuleType, name: str) -> Value | None:
    """What a name of a module stands for; nothing is run to find out."""
    if name in vars(module):
        return Known(vars(module)[name])
    inside = sys.modules.get(f"{module.__name__}.{name}")
    return Known(inside) if inside is not None else Named(f"{module.__name__}.{name}")


def class_member(kind: type[Any], name: str) -> Value | None:
    found = inspect.getattr_static(kind, name, None)
    if isinstance(found, classmethod):
        return Method(Instance(kind), name, found)
    if isinstance(found, staticmethod):
        return Known(found.__func__)
    return Known(found) if found is not None else None


def is_static(function: Function) -> bool:
    return any(getattr(decorator, "id", "") == "staticmethod" for decorator in function.node.decorator_list)


def assignments_to_self(function: Function, name: str) -> Iterator[ast.expr]:
    """What a method assigns to an attribute of its object."""
    own = next(iter(function.parameters), None)
    for node in function.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        for target in targets:
            if isinstance(target, ast.Attribute) and target.attr == name and getattr(target.value, "id", "") == own:
                value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
                if value is not None:
                    yield value


def text_of(annotation: str) -> str:
    """An annotation without its quotes."""
    return annotation[1:-1] if annotation[:1] in "'\"" and annotation[:1] == annotation[-1:] else annotation


Rule = Callable[[Inference, Any, Function], Value | None]


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
    ast.Name: lambda inference, node, function: inference.name(node.id, function),
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
