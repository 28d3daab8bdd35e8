"""Say for which values of an amount nothing is limited by it, and whether something else takes the place of None."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable
from typing import Any, Final, Literal

from pydantic.fields import FieldInfo

from typeway.source.asking import safely
from typeway.source.program import Function

# For what a limit is left out: for None only, or for 0 too.
LeftOut = Literal["none", "zero"]
EMPTY: Final = (None, 0, False)


def is_filled(node: ast.expr, function: Function) -> bool:
    """Whether an amount is replaced where a client gives none: `limit or 20`, `if limit is None: limit = 20`."""
    match function.parents.get(node):
        case ast.BoolOp(op=ast.Or(), values=values):
            return node is not values[-1] and not is_empty(values[-1])
        case ast.IfExp(test=test, body=body, orelse=other):
            return ast.unparse(node) in ast.unparse(test) and not is_empty(other if body is node else body)
        case ast.Compare() | ast.UnaryOp() as test if isinstance(branch := function.parents.get(test), ast.If):
            made = [part for part in branch.body if isinstance(part, ast.Assign)]
            return branch.test is test and any(
                ast.unparse(target) == ast.unparse(node) and not is_empty(part.value)
                for part in made
                for target in part.targets
            )
    return False


def is_empty(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value in EMPTY


def left_out(node: ast.expr, function: Function, limiting: Collection[str]) -> tuple[LeftOut, ast.AST] | None:
    """For which values of an amount the query that it limits has no limit, and what decides it; None where it always has one.

    Parameters:
        node: the amount.
        function: the function that limits a query by it.
        limiting: the methods that limit a query.
    """
    text = ast.unparse(node)
    inside: ast.AST = node
    parent = function.parents.get(node)
    if isinstance(parent, ast.BoolOp) and isinstance(parent.op, ast.Or):
        return ("zero", parent) if is_empty(parent.values[-1]) and len(parent.values) == 2 else None
    for part in function.around(node):
        if isinstance(part, ast.If | ast.IfExp) and inside is not part.test:
            body = part.body if isinstance(part.body, list) else [part.body]
            found = asked_for(part.test, text)
            if found is None or inside not in body or has_another(part, function, limiting):
                return None
            return found, part.test
        inside = part
    return None


def asked_for(test: ast.expr, text: str) -> LeftOut | None:
    """What a condition asks of an amount: whether there is any, or only whether it is not None."""
    match test:
        case ast.Name() | ast.Attribute() if ast.unparse(test) == text:
            return "zero"
        case ast.Compare(left=left, ops=[operator], comparators=[ast.Constant(value=value)]) if (
            ast.unparse(left) == text
        ):
            if isinstance(operator, ast.IsNot) and value is None:
                return "none"
            return "zero" if isinstance(operator, ast.Gt | ast.NotEq) and value == 0 and value is not False else None
    return None


def has_another(branch: ast.If | ast.IfExp, function: Function, limiting: Collection[str]) -> bool:
    """Whether a function limits something in another branch, before or after too: a default, or a greatest number."""
    if isinstance(branch, ast.If) and branch.orelse:
        return True
    own = {*ast.walk(branch)}
    return any(
        isinstance(node, ast.Slice) or (isinstance(node, ast.Attribute) and node.attr in limiting)
        for node in function.body
        if node not in own
    )


def allows_zero(metadata: Iterable[Any]) -> bool:
    """Whether constraints say of a number that may be 0 at all."""
    for entry in metadata:
        if isinstance(entry, FieldInfo) and not allows_zero(entry.metadata):
            return False
        least, above = safely(getattr, entry, "ge"), safely(getattr, entry, "gt")
        if (least is not None and least > 0) or (above is not None and above >= 0):
            return False
        if callable(safely(getattr, entry, "func")):
            return False  # a validator of the author's own
    return True
