"""Decide what a function does as long as a collection that it has is empty."""

from __future__ import annotations

import ast
from typing import Any, Final

from typeway.source.asking import safely
from typeway.source.facts import MOST_NESTED, Constant, Fact, Truth, constant
from typeway.source.index import last_name

# An empty collection of any class.
NOTHING: Final = Constant(object, ())
# What of an empty collection is empty, and what is known of it otherwise.
EMPTY_TOO: Final = frozenset({
    "items", "keys", "values", "copy", "list", "dict", "set", "tuple", "sorted", "reversed", "enumerate",
})  # fmt: skip
OF_NOTHING: Final[dict[str, object]] = {"len": 0, "sum": 0, "bool": False, "any": False, "all": True}
READS: Final = EMPTY_TOO | OF_NOTHING.keys() | {"get", "pop"}
# What does not add to what it asks about or goes over.
KEEPS: Final = (
    ast.If, ast.IfExp, ast.While, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.For, ast.AsyncFor, ast.comprehension,
)  # fmt: skip
COMPREHENSIONS: Final = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
# What may leave out a part of itself.
CHOICES: Final = (*COMPREHENSIONS, ast.IfExp, ast.BoolOp, ast.Lambda)


class WhileEmpty(Truth):
    """Decides conditions and branches of a function by the fact that something is `NOTHING`."""

    def fact(self, node: ast.expr) -> Fact | None:
        match node:
            case ast.Name(id=name) if name in self.function.stores and name not in self.facts:
                made = [each for each in self.function.assigned.get(name, ()) if isinstance(each, ast.expr)]
                found = {self.fact(each) for each in made if each.lineno < node.lineno}
                is_one = len(made) == len(self.function.stores[name]) and len(found) == 1
                return found.pop() if is_one and (NOTHING not in found or self.stays_empty(name)) else None
            case ast.NamedExpr(value=held) | ast.Subscript(value=held, slice=ast.Slice()):
                return self.fact(held)
            case ast.List(elts=[]) | ast.Tuple(elts=[]) | ast.Dict(keys=[]):
                return NOTHING
            case ast.ListComp(generators=[loop, *_]) | ast.GeneratorExp(generators=[loop, *_]):
                return NOTHING if self.fact(loop.iter) == NOTHING else None
            case ast.Call(func=ast.Attribute(value=held, attr="get" | "pop"), args=[_, *other]) if (
                self.fact(held) == NOTHING
            ):
                is_plain = not any(isinstance(part, ast.Name) for each in other for part in ast.walk(each))
                return self.fact([*other, ast.Constant(None)][0]) if is_plain else None
            case (
                ast.Call(func=ast.Attribute(value=held, attr=name), args=[], keywords=given)
                | ast.Call(func=ast.Name(id=name), args=[held], keywords=given)
            ) if self.fact(held) == NOTHING and not (name == "dict" and given):
                return NOTHING if name in EMPTY_TOO else constant(OF_NOTHING.get(name, ...))
        return super().fact(node)

    def stays_empty(self, name: str) -> bool:
        """Whether nothing adds to a local collection, and nothing else gets it that may."""
        uses = [each for each in self.function.of(ast.Name) if each.id == name and isinstance(each.ctx, ast.Load)]
        parts: list[Any] = [self.function.parents[each] for each in uses]
        return all(isinstance(each, KEEPS) or last_name(getattr(each, "func", each)) in READS for each in parts)

    def of(self, test: ast.expr) -> bool | None:
        fact = self.fact(test)
        if isinstance(fact, Constant):
            truth: bool | None = safely(bool, fact.value)
            return truth
        return None if isinstance(test, ast.Name) and not self.stays_empty(test.id) else super().of(test)

    def of_comparison(self, left: ast.expr, comparison: ast.cmpop, right: ast.expr) -> bool | None:
        if isinstance(comparison, ast.In | ast.NotIn) and self.fact(right) == NOTHING:
            return isinstance(comparison, ast.NotIn)
        return super().of_comparison(left, comparison, right)

    def is_dead(self, node: ast.AST) -> bool:
        """Whether a part of the function is not run, because it is for each item, or something before it needs one."""
        inside = node
        for part in (node, *self.function.around(node)):
            loops = part.generators if isinstance(part, COMPREHENSIONS) and inside not in part.generators else []
            of_loop = [part.iter] if isinstance(part, ast.For | ast.AsyncFor) and inside in part.body else []
            if NOTHING in map(self.fact, [*of_loop, *(each.iter for each in loops)]) or self.fails(part):
                return True
            inside = part
        return super().is_dead(node)

    def leaves(self, statement: ast.AST, depth: int = MOST_NESTED) -> bool:
        return self.fails(statement) or super().leaves(statement, depth)

    def fails(self, statement: ast.AST) -> bool:
        """Whether a statement takes an item that is not there, in any case."""
        for node in ast.walk(statement) if not hasattr(statement, "body") else ():
            match node:
                case (
                    ast.Subscript(value=held, ctx=ast.Load())
                    | ast.Call(func=ast.Attribute(value=held, attr="pop" | "popitem" | "remove"), args=[] | [_])
                ) if self.fact(held) == NOTHING and not isinstance(getattr(node, "slice", None), ast.Slice):
                    return not any(isinstance(part, CHOICES) for part in self.function.around(node))
        return False
