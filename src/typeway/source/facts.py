"""Follow what a caller passes, and decide by it which branches of the called function it can take."""

from __future__ import annotations

import ast
import dataclasses
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from inspect import getattr_static, isabstract
from types import ModuleType
from typing import Any, Final

from pydantic import BaseModel

from typeway.source.asking import declares, is_exactly, safely
from typeway.source.files import FunctionNode
from typeway.source.index import last_name
from typeway.source.program import Function, before
from typeway.source.subclasses import Indexed, is_protocol
from typeway.source.values import Instance, Known, as_instance
from typeway.source.words import words_of
from typeway.watch.catalogue import module_and_name

# What ends the statements of a block.
LEAVES: Final = (ast.Return, ast.Raise, ast.Continue, ast.Break)
OPTIONAL: Final = ("None", "Optional", "Any", "object")
# In how many statements the one that leaves a block may be: a chain of `elif` has one in the other.
MOST_NESTED: Final = 8
# Words of settings that are only true while tests run.
TESTS: Final = frozenset({"testing", "pytest"})
# With how many different arguments a function is looked at before it is once more without knowing any.
MOST_CONTEXTS: Final = 8
NEGATIVE: Final = (ast.IsNot, ast.NotEq, ast.NotIn)
ORDERS: Final[Mapping[type[ast.cmpop], Callable[[Any, Any], bool]]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """A parameter has this value.

    Parameters:
        kind: the value's class, so that 1 and True differ.
        value: the value: None, a boolean, a number, a text, or a member of an enumeration.
    """

    kind: type[Any]
    value: Any

    def __eq__(self, other: object) -> bool:
        # A member of an enumeration is only itself, whatever its class says about equality and hashes.
        if not isinstance(other, Constant) or other.kind is not self.kind:
            return False
        return other.value is self.value or (not issubclass(self.kind, Enum) and bool(other.value == self.value))

    def __hash__(self) -> int:
        return hash((id(self.kind), id(self.value) if issubclass(self.kind, Enum) else self.value))


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
# What is known of parameters, and of their fields: "change.kind".
Facts = Mapping[str, Fact]

UNKNOWN: Final[Facts] = {}


def constant(value: Any) -> Constant | None:
    """The fact that something has a value, if it is a value that never changes."""
    kind = type(value)
    # By identity: a proxy may raise for `isinstance`, and own texts and numbers when they are compared.
    is_plain = is_exactly(value, bool, int, str, type(None)) or issubclass(kind, Enum)
    return Constant(kind, value) if is_plain else None


def is_same(one: Constant, other: Constant, comparison: ast.cmpop) -> bool:
    """Whether two constants are the same; for `==` also 1 and 1.0, or a text and a member of a `StrEnum`."""
    is_equal = safely(operator.eq, one.value, other.value) if not isinstance(comparison, ast.Is | ast.IsNot) else False
    return one == other or safely(bool, is_equal) is True


class Truth:
    """Decides conditions and branches of a function by what is known of its parameters, and says what it passes on.

    Parameters:
        inference: knows what classes and constants are named.
        function: the function.
        facts: what is known.
    """

    def __init__(self, inference: Indexed, function: Function, facts: Facts) -> None:
        self.inference = inference
        self.function = function
        self.facts = facts

    # --- values -------------------------------------------------------------------------------------------------

    def passes(self, call: ast.Call, called: Function) -> Facts:
        """What is known of the parameters of a function that is called."""
        given = called.given(call)
        is_whole = all(entry.arg for entry in call.keywords) and not any(
            isinstance(entry, ast.Starred) for entry in call.args
        )
        facts: dict[str, Fact] = {}
        for name in called.used:
            argument = given.get(name)
            if argument is not None:
                fact = self.fact(argument) or self.typed(argument)
                # PERF: what a function asks about takes longer to find than the fields, of which mostly none is known.
                fields = dict(self.fields(argument))
                if fields and name in called.asked:
                    facts |= {f"{name}.{field}": value for field, value in fields.items()}
            else:
                default = called.parameters[name][1] if is_whole and name in called.parameters else None
                fact = Truth(self.inference, called, UNKNOWN).fact(default) if default is not None else None
            # A value only matters where it is asked for, a type also where it is used.
            if fact is not None and (isinstance(fact, Typed) or name in called.asked):
                facts[name] = fact
        return facts

    def fact(self, node: ast.expr) -> Fact | None:
        """What is known for sure of an expression's value: of a parameter, a local name, a constant."""
        match node:
            case ast.Constant(value=value):
                return constant(value)
            case ast.Name(id=name) if name in self.facts:
                return self.facts[name] if self.is_kept(node) else None
            case ast.Attribute(value=ast.Name(id=name) as held, attr=field) if f"{name}.{field}" in self.facts:
                return self.facts[f"{name}.{field}"] if self.is_kept(held) and not self.sets(field) else None
            case ast.Name(id=name) if name in self.function.stores:
                made = self.assigned(name)
                return self.fact(made) if made is not None and made.lineno < node.lineno else None
            case ast.Attribute(value=ast.Name(id=name) as held, attr=field) if name in self.function.stores:
                return dict(self.fields(held)).get(field)
            case ast.Attribute(value=held, attr="value" | "name" as attribute):
                member = self.fact(held)
                if isinstance(member, Constant) and isinstance(member.value, Enum):
                    return constant(safely(getattr, member.value, attribute, ...))
        return constant(self.literal(node)) if isinstance(node, ast.Name | ast.Attribute) else None

    def known(self, node: ast.expr) -> Fact | None:
        """What is known of an expression's value, also where it is an object of a module that no function replaces."""
        fact, name = self.fact(node), last_name(node)
        if fact is not None or not isinstance(node, ast.Name | ast.Attribute) or name in self.function.stores:
            return fact
        base = self.inference.value(node.value, self.function) if isinstance(node, ast.Attribute) else None
        value = self.inference.value(node, self.function)
        is_fixed = base is None if isinstance(node, ast.Name) else isinstance(getattr(base, "thing", None), ModuleType)
        if not is_fixed or not isinstance(value, Known) or value.thing is None:
            return None
        kind = type(value.thing)
        # A proxy says that it is of another class, and a text or number may come from the environment.
        is_plain = getattr_static(kind, "__class__", None) is vars(object)["__class__"]
        is_plain &= module_and_name(kind)[0] != "builtins"
        return Typed(kind) if is_plain and name not in self.inference.index.renewed else None

    def literal(self, node: ast.expr) -> Any:
        """The constant of a module or class, or the member of an enumeration, that an expression is; of others an Ellipsis."""
        value = self.inference.value(node, self.function)
        if not isinstance(value, Known) or isinstance(value.thing, Enum):
            return value.thing if isinstance(value, Known) else ...
        if last_name(node) not in self.inference.index.literals:
            return ...
        owner = self.inference.value(node.value, self.function) if isinstance(node, ast.Attribute) else None
        # What an object has, as settings do, may be something else tomorrow.
        is_fixed = owner is None or (isinstance(owner, Known) and isinstance(owner.thing, ModuleType | type))
        return value.thing if is_fixed else ...

    def is_kept(self, node: ast.Name) -> bool:
        """Whether nothing else is assigned to a parameter before a place."""
        lines = self.function.stores.get(node.id, ())
        if not lines:
            return True
        loops = (ast.For, ast.AsyncFor, ast.While)
        return min(lines) >= node.lineno and not any(isinstance(part, loops) for part in self.function.around(node))

    def sets(self, field: str) -> bool:
        return any(node.attr == field and isinstance(node.ctx, ast.Store) for node in self.function.of(ast.Attribute))

    def assigned(self, name: str) -> ast.expr | None:
        """What is assigned to a local name, if that is done in one place only."""
        function, bound = self.function, self.inference.bindings(self.function).get(name, ())
        if name in function.parameters or len(bound) != 1 or len(function.stores[name]) != 1 or bound[0].is_item:
            return None
        inner = [node for node in function.statements if isinstance(node, FunctionNode)]
        parts = [part for node in inner for part in ast.walk(node) if isinstance(part, ast.Nonlocal)]
        if any(name in part.names for part in parts):
            return None
        made = bound[0].expression if bound[0].annotation is None else next(iter(function.assigned.get(name, ())), None)
        return made if isinstance(made, ast.expr) else None

    def fields(self, node: ast.expr) -> Iterator[tuple[str, Fact]]:
        """What is known of the fields of an object: of a parameter, or of one that the function has just made."""
        name = node.id if isinstance(node, ast.Name) else ""
        start = f"{name}."
        known = self.facts.items() if name else ()
        yield from ((key.removeprefix(start), fact) for key, fact in known if key.startswith(start))
        made = self.assigned(name) if name in self.function.stores else node
        if not isinstance(made, ast.Call) or any(keyword.arg is None for keyword in made.keywords):
            return
        value = self.inference.value(made.func, self.function)
        defaults: Mapping[str, Any] = fields_of(value.thing) if isinstance(value, Known) and not made.args else {}
        given = {str(keyword.arg): self.fact(keyword.value) for keyword in made.keywords}
        for field, default in defaults.items():
            fact = given[field] if field in given else constant(default)
            if fact is not None and not (name and self.sets(field)):
                yield field, fact

    def typed(self, node: ast.expr) -> Fact | None:
        if not isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.JoinedStr | ast.Dict | ast.List | ast.Tuple):
            return None
        value = self.inference.value(node, self.function)
        held = as_instance(value)
        # An object of a module is there; a name that is None until later has no value here.
        is_there = isinstance(value, Known) and value.thing is not None
        return Typed(held.kind) if held is not None and (is_there or self.is_something(node, held)) else None

    def is_something(self, node: ast.expr, held: Instance) -> bool:
        """Whether an expression is never None, as far as its source says."""
        match node:
            case ast.Name(id=name):
                if name in self.function.stores:
                    made = self.assigned(name)
                    return isinstance(made, ast.Call) and self.is_something(made, held)
                if name not in self.function.parameters:
                    return False
                argument, default = self.function.parameters[name]
                is_none = isinstance(default, ast.Constant) and default.value is None
                text = ast.unparse(argument.annotation) if argument.annotation is not None else "Any"
                return not is_none and not any(word in text for word in OPTIONAL)
            case ast.Call():
                made_by = self.inference.value(node.func, self.function)
                return isinstance(made_by, Known) and isinstance(made_by.thing, type)
            case ast.JoinedStr() | ast.Dict() | ast.List() | ast.Tuple():
                return True
        return False

    # --- conditions ---------------------------------------------------------------------------------------------

    def of(self, test: ast.expr) -> bool | None:
        """Whether a condition holds; None where that is unknown."""
        match test:
            case ast.Constant(value=value):
                return bool(value)
            case ast.Name(id="TYPE_CHECKING"):
                return False
            case ast.Name(id=name) if name in self.function.stores and name not in self.function.parameters:
                made = self.assigned(name)
                return self.of(made) if made is not None and made.lineno < test.lineno else None
            case ast.Name() | ast.Attribute():
                return False if self.is_for_tests(test) else self.of_value(test)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                inner = self.of(operand)
                return None if inner is None else not inner
            case ast.BoolOp(op=operator, values=values):
                found = [self.of(value) for value in values]
                decides = isinstance(operator, ast.Or)
                if decides in found:
                    return decides
                return None if None in found else not decides
            case ast.Compare(
                left=ast.Call(func=ast.Name(id="type"), args=[asked]), ops=[comparison], comparators=[kinds]
            ) if type(comparison) not in ORDERS:
                is_one = self.of_instance(asked, kinds, is_exact=True)
                return is_one if is_one is None else is_one is not isinstance(comparison, NEGATIVE)
            case ast.Compare(left=left, ops=[comparison], comparators=[right]):
                return self.of_comparison(left, comparison, right)
            case ast.Call(func=ast.Name(id="isinstance"), args=[asked, kinds]):
                return self.of_instance(asked, kinds)
        return None

    def is_for_tests(self, flag: ast.expr) -> bool:
        """Whether a setting says that tests run: nobody serves an application with it."""
        root = flag
        while isinstance(root, ast.Attribute):
            root = root.value
        is_own = isinstance(root, ast.Name) and {root.id}.isdisjoint({*self.function.parameters, *self.function.stores})
        return is_own and not TESTS.isdisjoint(words_of(last_name(flag)))

    def may_be(self, call: ast.AST, owner: type[Any] | str | None) -> bool:
        """Whether a method of a class may be called here: of all that a parameter may be, a caller passes one kind."""
        holder = call.func if isinstance(call, ast.Call) else None
        fact = self.fact(holder.value) if isinstance(holder, ast.Attribute) else None
        kind = fact.kind if isinstance(fact, Typed) else None
        if not isinstance(kind, type) or not isinstance(owner, type) or is_protocol(kind):
            return True
        return owner in type.mro(kind) or kind in type.mro(owner)

    def of_value(self, node: ast.expr) -> bool | None:
        fact = self.known(node)
        if isinstance(fact, Constant):
            truth: bool | None = safely(bool, fact.value)
            return truth
        if isinstance(fact, Typed) and isinstance(fact.kind, type):
            return None if declares(fact.kind, "__bool__", "__len__") else True
        return None

    def of_comparison(self, left: ast.expr, comparison: ast.cmpop, right: ast.expr) -> bool | None:
        one = self.known(left)
        if one is None:
            return None
        found: bool | None = None
        if isinstance(comparison, ast.In | ast.NotIn):
            among = self.among(right)
            if isinstance(one, Constant) and among is not None:
                found = any(is_same(one, each, comparison) for each in among)
        elif (other := self.fact(right)) is None:
            return None
        elif isinstance(one, Constant) and isinstance(other, Constant):
            order = ORDERS.get(type(comparison))
            if order is not None:
                return order(one.value, other.value) if one.kind is other.kind in (int, str) else None
            found = is_same(one, other, comparison)
        elif Constant(type(None), None) in (one, other) and type(comparison) not in ORDERS:
            found = False
        return found if found is None else found is not isinstance(comparison, NEGATIVE)

    def among(self, node: ast.expr) -> list[Constant] | None:
        """The constants among which something is looked for, if all of them are known."""
        found: list[Fact | None]
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            found = [self.fact(entry) for entry in node.elts]
        else:
            held = self.literal(node) if isinstance(node, ast.Name | ast.Attribute) else ...
            found = [constant(each) for each in held] if isinstance(held, tuple | list | set | frozenset) else [None]
        known = [fact for fact in found if isinstance(fact, Constant)]
        return known if len(known) == len(found) else None

    def of_instance(self, asked: ast.expr, kinds: ast.expr, is_exact: bool = False) -> bool | None:
        """Whether something is an instance of a class or of one of several; if exact, of none that derives from it."""
        fact = self.known(asked)
        if fact is None or not isinstance(fact.kind, type):
            return None
        parts = kinds.elts if isinstance(kinds, ast.Tuple | ast.List | ast.Set) else [kinds]
        found = [self.is_kind(fact.kind, part, is_exact) for part in parts]
        return True if True in found else None if None in found else False

    def is_kind(self, kind: type[Any], named: ast.expr, is_exact: bool = False) -> bool | None:
        value = self.inference.value(named, self.function)
        asked = value.thing if isinstance(value, Known) else None
        # A class that answers for itself, as Protocols and abstract classes may, is not asked.
        if not isinstance(asked, type) or type(asked) is not type or isabstract(kind):
            return None
        if asked in type.mro(kind):
            # Of a class of the application there may be others that derive from it.
            is_known = not is_exact or (asked is kind and module_and_name(kind)[0] == "builtins")
            return True if is_known else None if asked is kind else False
        return None if kind in type.mro(asked) else False

    # --- branches -----------------------------------------------------------------------------------------------

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
            if isinstance(part, ast.Match) and inside in part.cases and self.case_of(part, inside) is False:
                return True
            if any(self.leaves(statement) for statement in before(inside, part)):
                return True
            inside = part
        return False

    def case_of(self, statement: ast.Match, case: ast.AST) -> bool | None:
        """Whether a case of a statement is the one that runs."""
        for each in statement.cases:
            fits = self.fits(statement.subject, each.pattern)
            guard = True if each.guard is None else self.of(each.guard)
            taken = False if False in (fits, guard) else None if None in (fits, guard) else True
            if each is case:
                return taken
            if taken:
                return False
        return None

    def fits(self, asked: ast.expr, pattern: ast.pattern) -> bool | None:
        match pattern:
            case ast.MatchValue(value=value):
                return self.of_comparison(asked, ast.Eq(), value)
            case ast.MatchSingleton(value=value):
                return self.of_comparison(asked, ast.Is(), ast.Constant(value))
            case ast.MatchOr(patterns=patterns):
                found = [self.fits(asked, each) for each in patterns]
                return True if True in found else None if None in found else False
            case ast.MatchAs(pattern=inner):
                return True if inner is None else self.fits(asked, inner)
        return None

    def is_cut_short(self, operation: ast.BoolOp, operand: ast.AST) -> bool:
        decides = isinstance(operation.op, ast.Or)
        for value in operation.values:
            if value is operand:
                return False
            if self.of(value) is decides:
                return True
        return False

    def leaves(self, statement: ast.AST, depth: int = MOST_NESTED) -> bool:
        """Whether what comes after a statement in its block is never reached."""
        if isinstance(statement, ast.If):
            body = self.ends(statement.body, depth)
            other = bool(statement.orelse) and self.ends(statement.orelse, depth)
            holds = self.of(statement.test) if body or other else None
            return (holds is True and body) or (holds is False and other)
        if isinstance(statement, ast.Match):
            cases = [case for case in statement.cases if self.ends(case.body, depth)]
            return any(self.case_of(statement, case) is True for case in cases)
        return False

    def ends(self, block: list[ast.stmt], depth: int) -> bool:
        return isinstance(block[-1], LEAVES) or (depth > 0 and self.leaves(block[-1], depth - 1))


class Contexts:
    """With which arguments functions have been looked at: each with a few different ones, and then once more knowing none."""

    def __init__(self) -> None:
        self.seen: dict[tuple[Function, object], set[frozenset[Any]]] = {}

    def fresh(self, truth: Truth, way: object = None) -> Truth | None:
        """What is known where a function is to be looked at; None where it has been, on that way, with the same or nothing known."""
        seen, context = self.seen.setdefault((truth.function, way), set()), frozenset(truth.facts.items())
        if context in seen or frozenset() in seen:
            return None
        is_last = len(seen) >= MOST_CONTEXTS
        seen.add(frozenset() if is_last else context)
        return Truth(truth.inference, truth.function, UNKNOWN) if is_last else truth


def fields_of(kind: Any) -> Mapping[str, Any]:
    """The fields of a class whose objects have in them what is passed for them, each with its default; an Ellipsis if it has none."""
    parents = type.mro(kind) if isinstance(kind, type) else []
    if BaseModel in parents:
        decorators = kind.__pydantic_decorators__
        if decorators.model_validators or decorators.root_validators:
            return {}
        changed = {name for each in decorators.field_validators.values() for name in each.info.fields}
        return {
            name: ... if field.is_required() or field.default_factory else field.default
            for name, field in kind.model_fields.items()
            if not {name, "*"} & changed and field.validation_alias is None
        }
    own = {name for parent in parents for name in vars(parent)}
    if "__dataclass_fields__" not in own or "__post_init__" in own:
        return {}
    return {entry.name: entry.default for entry in dataclasses.fields(kind) if entry.init}


def is_in(node: ast.AST, body: Any) -> bool:
    return node is body or (isinstance(body, list) and node in body)
