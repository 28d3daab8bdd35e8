"""Find parameters with which a client may ask for as much as it likes."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from typeway.check.rules.audience import is_for_staff
from typeway.check.rules.models import place_of
from typeway.check.rules.tables import Tables, collection, tables_of
from typeway.declare import shapes
from typeway.declare.classify import Input
from typeway.evidence.finding import Confidence, Finding
from typeway.evidence.holders import arguments_of
from typeway.evidence.narrowing import ONE_KEY, is_narrowed
from typeway.evidence.subject import Endpoint, Subject
from typeway.evidence.unlimited import allows_zero, is_filled, left_out
from typeway.plan.tree import Node
from typeway.source.asking import safely
from typeway.source.index import is_property, last_name
from typeway.source.program import Function
from typeway.source.statements import statement_in
from typeway.source.values import Known, as_instance, derives, is_a

# Parameters that say how many items a client wants, in lower case and without underscores; the last ones only where something
# is done so many times. Any other number is one where it ends in `.limit()` and the like.
AMOUNTS: Final = frozenset({
    "limit", "size", "pagesize", "perpage", "take", "top", "topk", "maxresults", "maxitems", "pagelimit", "itemsperpage",
    "batchsize", "numresults",
})  # fmt: skip
TIMES: Final = AMOUNTS | {"count", "n", "number", "num", "amount", "total"}
CEILINGS: Final = frozenset({"min", "clamp"})
LIMITS: Final = frozenset({"limit", "fetchmany", "to_list"})
TEXTS: Final = frozenset({"builtins.str", "builtins.bytes"})
# The place of the limit in a statement: `LIMIT :size`, `LIMIT %(size)s`, `LIMIT $2`, `LIMIT ?`, `LIMIT %s`.
LIMIT_OF_TEXT: Final = re.compile(r"\bLIMIT\s+(?::(\w+)|%\((\w+)\)s|\$(\d+)|(\?|%s))", re.IGNORECASE)
# Through how many names and attributes an amount is followed.
MOST_SPOTS: Final = 40

# Where an amount is: a name in a function, `limit` or `common["limit"]`, or an attribute of the objects of a class.
Spot = tuple[Function | type[Any], str]


@dataclass(frozen=True, slots=True)
class Amount:
    """A number that a client chooses.

    Parameters:
        name: what it is called.
        default: its default.
        spot: where it arrives.
        path: the file of the place that declares it.
        line: the line of that place.
        has_ceiling: whether something says how large it may be.
        may_be_zero: whether it may be 0, as far as its constraints say.
    """

    name: str
    default: Any
    spot: Spot
    path: str
    line: int
    has_ceiling: bool
    may_be_zero: bool

    def is_called(self, names: Collection[str]) -> bool:
        return self.name.lower().replace("_", "") in names


def limits_without_ceiling(subject: Subject) -> Iterator[Finding]:
    """TW021: a limit that the client chooses and nothing bounds, so that one request may ask for everything."""
    trace = Trace(tables_of(subject))
    for endpoint in subject.own:
        for amount in (each for node in endpoint.tree.walk() for each in amounts_of(subject, node)):
            if amount.has_ceiling:
                yield from trace.passing_by(amount, endpoint)
                continue
            uses = trace.uses(amount)
            if "bounded" in uses or not uses & ({"limits"} if not amount.is_called(AMOUNTS) else {"limits", "passed"}):
                continue
            # Where everything is the default, the author has decided it: that is for TW011 to judge.
            is_meant = (amount.default is None and "filled" not in uses) or is_for_staff(subject, endpoint)
            sure: Confidence = "high" if "limits" in uses else "medium" if "returned" in uses else "low"
            yield Finding(
                "TW021",
                amount.path,
                amount.line,
                f"{endpoint.title} lets clients choose {amount.name} without a ceiling: one request may ask for everything.",
                f"declare one, `{amount.name}: Annotated[int, Query(ge=1, le=100)] = 20`.",
                "low" if is_meant else sure,
                endpoint.title,
                (endpoint.function.name,) if endpoint.function is not None else (),
            )


def amounts_of(subject: Subject, node: Node) -> Iterator[Amount]:
    """The numbers among the parameters of a node of a plan, and the fields of models of parameters."""
    function = subject.receiver(node)
    for source in node.sources:
        if not isinstance(source, Input) or source.location != "query":
            continue
        kind: Any = source.kind if source.is_group else node.function
        if function is not None and source.name in function.parameters:
            path, line = subject.place(function, function.parameters[source.name][0])
        elif function is None and isinstance(kind, type) and subject.program.owns(kind):
            # The constructor of a dataclass or model is not written out.
            path, line = place_of(subject, kind, source.name)
        else:
            continue
        if source.is_group:
            fields: Mapping[str, FieldInfo] = getattr(kind, "model_fields", {})
            for name, entry in fields.items():
                if is_number(entry.annotation):
                    is_bounded = is_checked_by(kind, name)
                    yield Amount(name, entry.default, (kind, name), path, line, is_bounded, allows_zero(entry.metadata))
            continue
        said = [*source.metadata, *getattr(source.marker, "metadata", ())]
        is_bounded = has_ceiling(said) or (function is None and is_checked_by(kind, source.name))
        if is_number(source.kind):
            spot = (function or kind, source.name)
            yield Amount(source.name, source.marker.default, spot, path, line, is_bounded, allows_zero(said))


def is_number(kind: Any) -> bool:
    return int in shapes.members(kind)


def has_ceiling(metadata: Iterable[Any]) -> bool:
    """Whether constraints say how large a number may be."""
    for entry in metadata:
        if isinstance(entry, FieldInfo):
            if has_ceiling(entry.metadata):
                return True
        elif safely(getattr, entry, "le") is not None or safely(getattr, entry, "lt") is not None:
            return True
        elif callable(safely(getattr, entry, "func")):
            return True  # a validator of the author's own
    return False


def is_checked_by(kind: Any, name: str) -> bool:
    """Whether a model has a ceiling or a validator for a field."""
    if not shapes.is_subclass(kind, BaseModel) or name not in kind.model_fields:
        return False
    validators = kind.__pydantic_decorators__.field_validators.values()
    return has_ceiling(kind.model_fields[name].metadata) or any(name in entry.info.fields for entry in validators)


@dataclass(eq=False)
class Trace:
    """Follows amounts through names, calls, attributes of objects and what dependencies give, each once.

    Parameters:
        tables: the tables of the application.
    """

    tables: Tables
    known: dict[tuple[Spot, bool], set[str]] = field(default_factory=dict)

    def uses(self, amount: Amount) -> set[str]:
        """How an amount is used.

        It "limits" a query, is "bounded" by a comparison, `min()` or a model, is "returned", or only "passed" on or shown. What
        limits a query of a small table is passed on.
        """
        key = (amount.spot, amount.is_called(TIMES))
        if key not in self.known:
            found, seen, waiting = set[str](), set[Spot](), [amount.spot]
            while waiting and len(seen) < MOST_SPOTS:
                spot = waiting.pop()
                for node, function in self.reads(spot) if spot not in seen else ():
                    found.add("passed")
                    for use in self.uses_here(node, function, is_times=key[1]):
                        found |= {use} if isinstance(use, str) else set()
                        waiting += [use] if isinstance(use, tuple) else []
                seen.add(spot)
            self.known[key] = found
        return self.known[key]

    def passing_by(self, amount: Amount, endpoint: Endpoint) -> Iterator[Finding]:
        """A limit with a ceiling that is left out for 0 or None, so that the ceiling holds for nobody who wants to pass it by."""
        ways = self.left_out(amount) if amount.is_called(AMOUNTS) else set()
        is_by_default = amount.default is None or (amount.default == 0 and "zero" in ways)
        if not ways or not (is_by_default or ("zero" in ways and amount.may_be_zero)):
            return
        value = "None" if amount.default is None else "0"
        is_meant = amount.default is None or is_for_staff(self.tables.subject, endpoint)
        yield Finding(
            "TW021",
            amount.path,
            amount.line,
            f"{endpoint.title} ignores the ceiling of {amount.name} where it is {value}{', the default' if is_by_default else ''}: "
            "one request may ask for everything.",
            f"let it be at least 1, `{amount.name}: Annotated[int, Query(ge=1, le=100)] = 20`, and use it without a condition.",
            "low" if is_meant else "high" if is_by_default else "medium",
            endpoint.title,
            (endpoint.function.name,) if endpoint.function is not None else (),
        )

    def left_out(self, amount: Amount) -> set[str]:
        """For which values of an amount nothing is limited: nothing where it always is, or where the code asks more about it."""
        found, seen, waiting = set[str](), set[Spot](), [amount.spot]
        asked, decided = list[tuple[ast.expr, Function]](), set[ast.AST]()
        while waiting and len(seen) < MOST_SPOTS:
            spot = waiting.pop()
            for node, function in self.reads(spot) if spot not in seen else ():
                parent = function.parents.get(node)
                limited = limited_by(converted(node, function), function, is_times=True)
                if limited is not None:
                    way = left_out(node, function, LIMITS)
                    name = getattr(node, "id", "")
                    is_replaced = len(function.stores.get(name, ())) > (name not in function.parameters)
                    if way is None or is_replaced or self.is_of_few(limited, function):
                        return set()
                    found.add(way[0])
                    decided |= {*ast.walk(way[1])}
                elif isinstance(parent, ast.Compare | ast.UnaryOp | ast.If | ast.IfExp):
                    asked.append((node, function))
                elif converted(node, function) is not node or "bounded" in (
                    uses := [*self.uses_here(node, function, is_times=True)]
                ):
                    return set()
                else:
                    waiting += [use for use in uses if isinstance(use, tuple)]
            seen.add(spot)
        return found if all(node in decided for node, _ in asked) else set()

    def reads(self, spot: Spot) -> Iterator[tuple[ast.expr, Function]]:
        """Where the code reads an amount."""
        place, name = spot
        if isinstance(place, Function):
            for node in place.body:
                match node:
                    case ast.Name(id=found, ctx=ast.Load()) if found == name:
                        yield node, place
                    case ast.Subscript() if "[" in name and ast.unparse(node) == name:
                        yield node, place
            return
        for entry, function in self.attributes.get(name, ()):
            held = as_instance(self.tables.subject.inference.value(entry.value, function))
            if held is not None and not held.many and (derives(held.kind, place) or derives(place, held.kind)):
                yield entry, function

    @cached_property
    def attributes(self) -> Mapping[str, list[tuple[ast.Attribute, Function]]]:
        """The attributes that own functions read, by name."""
        found: dict[str, list[tuple[ast.Attribute, Function]]] = {}
        for function in self.tables.subject.inference.index.functions:
            for node in function.body:
                if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                    found.setdefault(node.attr, []).append((node, function))
        return found

    def uses_here(self, node: ast.expr, function: Function, *, is_times: bool) -> Iterator[str | Spot]:
        """How a function uses an amount that it reads, and where it puts it."""
        if any(isinstance(part, ast.Call) and last_name(part.func) in CEILINGS for part in function.around(node)):
            yield "bounded"
        if is_filled(node, function):
            yield "filled"
        node = converted(node, function)
        parent = function.parents.get(node)
        limited = limited_by(node, function, is_times=is_times)
        held = as_instance(self.tables.subject.inference.value(limited, function)) if limited is not None else None
        is_text = isinstance(parent, ast.Slice) and held is not None and is_a(held.kind, TEXTS)
        if limited is not None and not is_text:
            yield "passed" if self.is_of_few(limited, function) else "limits"
        match parent:
            case ast.Compare():
                yield compared(parent)
            case ast.Assign(targets=targets, value=value) if value is node:
                yield from (spot for target in targets for spot in self.kept_in(target, function))
            case ast.AnnAssign(target=target) | ast.NamedExpr(target=target):
                yield from self.kept_in(target, function)
            case ast.Return():
                yield "returned"
                yield from self.given_to(function, "")
            case ast.Dict(keys=keys, values=values) if isinstance(function.parents.get(parent), ast.Return):
                yield from self.given_to(function, f"[{ast.unparse(keys[values.index(node)] or parent)}]")
        call = function.parents.get(parent) if isinstance(parent, ast.keyword | ast.Tuple | ast.Dict) else parent
        if isinstance(call, ast.Call) and call.func is not node:
            yield from self.passed_to(call, node, parent, function)

    def kept_in(self, target: ast.expr, function: Function) -> Iterator[Spot]:
        if isinstance(target, ast.Name):
            yield function, target.id
        elif isinstance(target, ast.Attribute):
            held = as_instance(self.tables.subject.inference.value(target.value, function))
            if held is not None and isinstance(held.kind, type):
                yield held.kind, target.attr

    def given_to(self, function: Function, key: str) -> Iterator[Spot]:
        """Where what a function returns arrives: the parameters that it is a dependency of, or the attribute that it is."""
        if function.owner is not None and any(map(is_property, function.node.decorator_list)) and not key:
            yield function.owner, function.node.name
        for (receiver, name), provider in self.tables.subject.arrivals.items():
            given = self.tables.subject.program.function(provider)
            if given is not None and given.node is function.node:
                yield receiver, name + key

    def passed_to(
        self, call: ast.Call, node: ast.expr, within: ast.AST | None, function: Function
    ) -> Iterator[str | Spot]:
        """What becomes of an amount that a call is given."""
        subject = self.tables.subject
        yield from subject.graph.receivers(function, node)
        value = subject.inference.value(call.func, function)
        kind = value.thing if isinstance(value, Known) else None
        if isinstance(kind, type) and subject.program.method(kind, "__init__") is None:
            names = [name for name, given in arguments_of(subject, call, kind).items() if given is node]
            yield from ("bounded" for name in names if is_checked_by(kind, name))
            yield from ((kind, name) for name in names)
        elif call.args and self.is_limit_of(call, node, within, function):
            yield "limits"

    def is_limit_of(self, call: ast.Call, node: ast.expr, within: ast.AST | None, function: Function) -> bool:
        """Whether an argument fills the place of the limit in a statement that is given as text."""
        text: Any = call.args[0]
        text = text.args[0] if isinstance(text, ast.Call) and text.args else text
        value = self.tables.subject.inference.value(text, function)
        kept = (
            text.value
            if isinstance(text, ast.Constant)
            else statement_in(value.thing)
            if isinstance(value, Known)
            else None
        )
        found = LIMIT_OF_TEXT.search(kept) if isinstance(kept, str) else None
        if found is None or ONE_KEY.search(found.string):
            return False
        named, number = found[1] or found[2], found[3]
        match within:
            case ast.Dict(keys=keys, values=values):
                return ast.unparse(keys[values.index(node)] or within) == repr(named)
            case ast.keyword(arg=name):
                return name == named
            case ast.Tuple(elts=given) if found[4] is not None:
                return given.index(node) == len(re.findall(r"\?|%s", found.string[: found.start(4)]))
        return number is not None and node in call.args and call.args.index(node) == int(number)

    def is_of_few(self, limited: ast.expr, function: Function) -> bool:
        """Whether what is limited are rows of which there are few: of a small table, of one parent, of a day."""
        subject = self.tables.subject
        if is_narrowed(subject, limited, function):
            return True
        # A slice of what the module has from the start.
        kept = collection(subject.inference.value(limited, function))
        if kept is not None and kept not in self.tables.made:
            return True
        # A query is often built step by step, under one name.
        steps = [limited, *function.assigned.get(getattr(limited, "id", ""), ())]
        values = [subject.inference.value(step, function) for step in steps if isinstance(step, ast.expr)]
        held = [as_instance(value) for value in values]
        kinds = {each.of.kind for each in held if each is not None and each.of is not None}
        return len(kinds) == 1 and all(self.tables.is_few(kind) for kind in kinds)


def converted(node: ast.expr, function: Function) -> ast.expr:
    """What an amount becomes that is as large as it is: `int(limit or 10)`, `limit + 1`."""
    while True:
        match function.parents.get(node):
            case ast.Call(func=ast.Name(id="int" | "max" | "abs")) | ast.BoolOp() as around:
                node = around
            case ast.IfExp(test=test) as around if test is not node:
                node = around
            case ast.BinOp(op=ast.Add(), left=left, right=ast.Constant()) as around if left is node:
                node = around
            case _:
                return node


def limited_by(node: ast.expr, function: Function, *, is_times: bool) -> ast.expr | None:
    """What is limited by an amount: a query, what a slice is taken of, or a range.

    Parameters:
        node: the amount.
        function: the function that uses it.
        is_times: whether it is called like an amount; of others less is believed.
    """
    parent = function.parents.get(node)
    match parent:
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return sliced_from(parent, right if left is node else left, function)
        case ast.FormattedValue():
            text = function.parents.get(parent)
            parts = text.values if isinstance(text, ast.JoinedStr) else [parent]
            before: Any = parts[parts.index(parent) - 1] if parts.index(parent) else None
            is_limit = isinstance(before, ast.Constant) and str(before.value).upper().rstrip().endswith("LIMIT")
            return text if is_limit and isinstance(text, ast.expr) else None
    match function.parents.get(parent) if isinstance(parent, ast.keyword | ast.Slice) else parent:
        case ast.Subscript(value=held, slice=ast.Slice(upper=upper)):
            # Of another name it may as well be the length of a text.
            return held if upper is node and is_times else None
        case ast.Call(func=ast.Attribute(value=held, attr=name)) if name in LIMITS:
            return held
        case ast.Call(func=called, args=[held, *rest]) if last_name(called) == "islice":
            return held if is_times or rest == [node] else None
        case ast.Call(func=ast.Name(id="range")) as made:
            return made if is_times else None
    return None


def sliced_from(total: ast.expr, start: ast.expr, function: Function) -> ast.expr | None:
    """What a slice is taken of from a place to that place and an amount: `rows[start : start + size]`."""
    holder = function.parents.get(total)
    names = {target.id for target in getattr(holder, "targets", ()) if isinstance(target, ast.Name)}
    for node in function.body:
        match node:
            case ast.Subscript(value=held, slice=ast.Slice(lower=ast.expr() as lower, upper=ast.expr() as upper)):
                is_end = upper is total or (isinstance(upper, ast.Name) and upper.id in names)
                if is_end and ast.unparse(lower) == ast.unparse(start):
                    return held
    return None


def compared(comparison: ast.Compare) -> str:
    """Whether a comparison asks if an amount is too large, or one of those that are allowed; not only if there is any."""
    sides = [comparison.left, *comparison.comparators]
    asks = ast.Gt | ast.GtE | ast.Lt | ast.LtE | ast.In | ast.NotIn
    for one, operator, other in zip(sides, comparison.ops, sides[1:], strict=False):
        is_floor = any(is_small(side) for side in (one, other))
        if isinstance(operator, asks) and not is_floor:
            return "bounded"
    return "passed"


def is_small(node: ast.expr) -> bool:
    """Whether an expression is 0, 1 or a negative number."""
    value = getattr(node, "value", None) if isinstance(node, ast.Constant) else None
    return isinstance(node, ast.UnaryOp) or (isinstance(value, int) and value <= 1)
