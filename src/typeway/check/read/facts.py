"""Follow what a caller passes, and decide by it which branches of the called function it can take."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from typeway.check.read.program import Function
from typeway.check.read.values import Infers, Instance, Known, as_instance

# What ends the statements of a block.
LEAVES: Final = (ast.Return, ast.Raise, ast.Continue, ast.Break)
OPTIONAL: Final = ("None", "Optional", "Any", "object")


@dataclass(frozen=True, slots=True)
class Constant:
    """A parameter has this value.

    Parameters:
        kind: the value's class, so that 1 and True differ.
        value: the value: None, a boolean, a number, a text, or a member of an enumeration.
    """

    kind: type[Any]
    value: Any


@dataclass(frozen=True, slots=True, eq=False)
class Typed:
    """A parameter is an instance of a class, and not None."""

    kind: type[Any] | str

    def __eq__(self, other: object) -> bool:
        # By identity, as of `Instance`: a class may be one that cannot be compared.
        return isinstance(other, Typed) and Instance(other.kind) == Instance(self.kind)

    def __hash__(self) -> int:
        return hash(Instance(self.kind))


Fact = Constant | Typed
Facts = Mapping[str, Fact]

UNKNOWN: Final[Facts] = {}


def constant(value: Any) -> Constant | None:
    """The fact that something has a value, if it is a value that never changes."""
    return Constant(type(value), value) if value is None or isinstance(value, bool | int | str | Enum) else None


class Caller:
    """Says what a function passes on, given what is known of its own parameters.

    Parameters:
        inference: knows what expressions are.
        function: the function.
        facts: what is known of its parameters.
    """

    def __init__(self, inference: Infers, function: Function, facts: Facts) -> None:
        self.inference = inference
        self.function = function
        self.facts = facts

    def passes(self, call: ast.Call, called: Function) -> Facts:
        """What is known of the parameters of a function that is called."""
        if any(isinstance(entry, ast.Starred) for entry in call.args):
            given: dict[str, ast.expr] = {}
            is_whole = False
        else:
            given = dict(zip(called.positional, call.args, strict=False))
            is_whole = all(keyword.arg is not None for keyword in call.keywords)
        given |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg is not None}
        facts: dict[str, Fact] = {}
        for name in called.used:
            argument = given.get(name)
            if argument is not None:
                fact = self.fact(argument)
            else:
                default = called.parameters[name][1] if is_whole and name in called.parameters else None
                fact = constant(default.value) if isinstance(default, ast.Constant) else None
            # A value only matters where it is asked for, a type also where it is used.
            if fact is not None and (isinstance(fact, Typed) or name in called.asked):
                facts[name] = fact
        return facts

    def fact(self, node: ast.expr) -> Fact | None:
        """What is known for sure of an expression's value."""
        match node:
            case ast.Constant(value=value):
                return constant(value)
            case ast.Name(id=name) if name in self.facts and name not in self.function.stores:
                return self.facts[name]
            case ast.Name() | ast.Attribute() | ast.Call() | ast.JoinedStr() | ast.Dict() | ast.List() | ast.Tuple():
                return self.typed(node)
        return None

    def typed(self, node: ast.expr) -> Fact | None:
        value = self.inference.value(node, self.function)
        if isinstance(value, Known) and isinstance(value.thing, Enum):
            return constant(value.thing)
        held = as_instance(value)
        return Typed(held.kind) if held is not None and self.is_something(node, held) else None

    def is_something(self, node: ast.expr, held: Instance) -> bool:
        """Whether an expression is never None, as far as its source says."""
        match node:
            case ast.Name(id=name):
                if name in self.function.stores:
                    assigned = [*assigned_to(name, self.function)]
                    return len(self.function.stores[name]) == 1 and any(
                        isinstance(value, ast.Call) and self.is_something(value, held) for value in assigned
                    )
                if name not in self.function.parameters:
                    return False
                argument, default = self.function.parameters[name]
                is_none = isinstance(default, ast.Constant) and default.value is None
                text = ast.unparse(argument.annotation) if argument.annotation is not None else "Any"
                return not is_none and not any(word in text for word in OPTIONAL)
            case ast.Call():
                made = self.inference.value(node.func, self.function)
                return isinstance(made, Known) and isinstance(made.thing, type)
            case ast.JoinedStr() | ast.Dict() | ast.List() | ast.Tuple():
                return True
        return False


def assigned_to(name: str, function: Function) -> Iterator[ast.expr]:
    for node in function.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                yield value
            case ast.withitem(context_expr=value, optional_vars=ast.Name(id=target)) if target == name:
                yield value


class Truth:
    """Decides conditions and branches of a function by what is known of its parameters.

    Parameters:
        inference: knows what classes are named.
        function: the function.
        facts: what is known.
    """

    def __init__(self, inference: Infers, function: Function, facts: Facts) -> None:
        self.inference = inference
        self.function = function
        self.facts = facts

    def of(self, test: ast.expr) -> bool | None:
        """Whether a condition holds; None where that is unknown."""
        match test:
            case ast.Constant(value=value):
                return bool(value)
            case ast.Name(id="TYPE_CHECKING"):
                return False
            case ast.Name() | ast.Attribute():
                return self.of_value(test)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                inner = self.of(operand)
                return None if inner is None else not inner
            case ast.BoolOp(op=operator, values=values):
                found = [self.of(value) for value in values]
                decides = isinstance(operator, ast.Or)
                if decides in found:
                    return decides
                return None if None in found else not decides
            case ast.Compare(left=left, ops=[operator], comparators=[right]):
                return self.of_comparison(left, operator, right)
            case ast.Call(func=ast.Name(id="isinstance"), args=[asked, kinds]):
                return self.of_instance(asked, kinds)
        return None

    def fact(self, node: ast.expr) -> Fact | None:
        """What is known of a parameter, at a place before which nothing else is assigned to it."""
        if not isinstance(node, ast.Name) or node.id not in self.facts:
            return None
        if any(line < node.lineno for line in self.function.stores.get(node.id, ())):
            return None
        if node.id in self.function.stores and any(
            isinstance(part, ast.For | ast.AsyncFor | ast.While) for part in self.function.around(node)
        ):
            return None
        return self.facts[node.id]

    def of_value(self, node: ast.expr) -> bool | None:
        fact = self.fact(node)
        if isinstance(fact, Constant):
            return bool(fact.value)
        if isinstance(fact, Typed) and isinstance(fact.kind, type):
            has_opinion = hasattr(fact.kind, "__bool__") or hasattr(fact.kind, "__len__")
            return None if has_opinion else True
        return None

    def of_comparison(self, left: ast.expr, operator: ast.cmpop, right: ast.expr) -> bool | None:
        fact = self.fact(left)
        if fact is None:
            return None
        is_negative = isinstance(operator, ast.IsNot | ast.NotEq | ast.NotIn)
        found: bool | None = None
        if isinstance(right, ast.Tuple | ast.List | ast.Set) and isinstance(operator, ast.In | ast.NotIn):
            if isinstance(fact, Constant) and all(isinstance(entry, ast.Constant) for entry in right.elts):
                found = any(entry.value == fact.value for entry in right.elts if isinstance(entry, ast.Constant))
        elif isinstance(right, ast.Constant) and isinstance(operator, ast.Is | ast.IsNot | ast.Eq | ast.NotEq):
            if isinstance(fact, Constant):
                found = fact == constant(right.value) or (
                    isinstance(operator, ast.Eq | ast.NotEq) and bool(fact.value == right.value)
                )
            elif right.value is None:
                found = False
        elif isinstance(fact, Constant) and isinstance(operator, ast.Is | ast.IsNot | ast.Eq | ast.NotEq):
            value = self.inference.value(right, self.function)
            if isinstance(value, Known) and isinstance(value.thing, Enum):
                found = bool(fact.value == value.thing)
        return found if found is None else found is not is_negative

    def of_instance(self, asked: ast.expr, kinds: ast.expr) -> bool | None:
        fact = self.fact(asked)
        if fact is None or not isinstance(fact.kind, type):
            return None
        parts = kinds.elts if isinstance(kinds, ast.Tuple) else [kinds]
        found = [self.is_kind(fact.kind, part) for part in parts]
        return True if True in found else None if None in found else False

    def is_kind(self, kind: type[Any], named: ast.expr) -> bool | None:
        value = self.inference.value(named, self.function)
        asked = value.thing if isinstance(value, Known) else None
        # A class that answers for itself, as Protocols and abstract classes may, is not asked.
        if not isinstance(asked, type) or type(asked) is not type:
            return None
        if asked in type.mro(kind):
            return True
        return None if kind in type.mro(asked) else False

    def is_dead(self, node: ast.AST) -> bool:
        """Whether a part of the function is not run."""
        inside: ast.AST = node
        for part in [*self.function.around(node), self.function.node]:
            if isinstance(part, ast.If | ast.While | ast.IfExp) and inside is not part.test:
                holds = self.of(part.test)
                if holds is not None and is_in(inside, part.body) is not holds:
                    return True
            if isinstance(part, ast.BoolOp) and self.is_cut_short(part, inside):
                return True
            if any(self.leaves(statement) for statement in before(inside, part)):
                return True
            inside = part
        return False

    def is_cut_short(self, operation: ast.BoolOp, operand: ast.AST) -> bool:
        decides = isinstance(operation.op, ast.Or)
        for value in operation.values:
            if value is operand:
                return False
            if self.of(value) is decides:
                return True
        return False

    def leaves(self, statement: ast.AST) -> bool:
        """Whether what comes after a statement in its block is never reached."""
        if not isinstance(statement, ast.If):
            return False
        ends_body = isinstance(statement.body[-1], LEAVES)
        ends_other = bool(statement.orelse) and isinstance(statement.orelse[-1], LEAVES)
        if not ends_body and not ends_other:
            return False
        holds = self.of(statement.test)
        return (holds is True and ends_body) or (holds is False and ends_other)


def is_in(node: ast.AST, body: Any) -> bool:
    return node is body or (isinstance(body, list) and node in body)


def before(node: ast.AST, part: ast.AST) -> list[ast.AST]:
    """The statements before one in its block."""
    for name in ("body", "orelse", "finalbody"):
        block = getattr(part, name, None)
        if isinstance(block, list) and node in block:
            return block[: block.index(node)]
    return []
