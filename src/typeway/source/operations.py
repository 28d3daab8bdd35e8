"""Know which special methods of an object an expression or a statement calls."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Final

ITERATION: Final = ("__iter__", "__getitem__")
ASYNC_ITERATION: Final = ("__aiter__",)
# What gives the items of what a method of iteration returns.
STEPS: Final = {"__iter__": "__next__", "__aiter__": "__anext__"}
OPERATORS: Final[Mapping[type[ast.operator], str]] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.MatMult: "matmul", ast.Div: "truediv", ast.FloorDiv: "floordiv",
    ast.Mod: "mod", ast.Pow: "pow", ast.LShift: "lshift", ast.RShift: "rshift", ast.BitAnd: "and", ast.BitOr: "or",
    ast.BitXor: "xor",
}  # fmt: skip
COMPARISONS: Final[Mapping[type[ast.cmpop], str]] = {
    ast.Eq: "__eq__", ast.NotEq: "__ne__", ast.Lt: "__lt__", ast.LtE: "__le__", ast.Gt: "__gt__", ast.GtE: "__ge__",
}  # fmt: skip
KEYS: Final[Mapping[type[ast.expr_context], str]] = {
    ast.Load: "__getitem__",
    ast.Store: "__setitem__",
    ast.Del: "__delitem__",
}
# What functions of Python call on their first argument.
CALLS: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(
        ("list", "tuple", "set", "frozenset", "dict", "sorted", "sum", "any", "all", "min", "max", "iter", "enumerate", "zip"),
        ITERATION,
    ),
    "next": ("__next__",), "anext": ("__anext__",), "aiter": ASYNC_ITERATION, "len": ("__len__",), "bool": ("__bool__", "__len__"),
    "str": ("__str__",), "repr": ("__repr__",), "reversed": ("__reversed__", "__getitem__"),
}  # fmt: skip
# The special methods that each kind of operation may call.
OPERATING: Final[Mapping[type[ast.AST], frozenset[str]]] = {
    ast.YieldFrom: frozenset(ITERATION),
    ast.Starred: frozenset(ITERATION),
    ast.Subscript: frozenset(KEYS.values()),
    ast.Compare: frozenset({"__contains__", *ITERATION, *COMPARISONS.values()}),
    ast.BinOp: frozenset(f"__{side}{name}__" for name in OPERATORS.values() for side in ("", "r")),
    ast.AugAssign: frozenset(f"__{side}{name}__" for name in OPERATORS.values() for side in ("", "i")),
}


def operations(node: ast.AST) -> Iterator[tuple[ast.expr, tuple[str, ...]]]:
    """The objects whose special methods something calls, each with the names of which the first that it has is called."""
    match node:
        case ast.For(iter=source) | ast.comprehension(iter=source, is_async=0) | ast.YieldFrom(value=source):
            yield source, ITERATION
        case ast.AsyncFor(iter=source) | ast.comprehension(iter=source):
            yield source, ASYNC_ITERATION
        case ast.Starred(value=source, ctx=ast.Load()):
            yield source, ITERATION
        case ast.Call(func=ast.Name(id=name), args=[source, *_]) if name in CALLS:
            yield source, CALLS[name]
        case ast.Subscript(value=source, ctx=context):
            yield source, (KEYS[type(context)],)
        case ast.Compare(left=left, ops=operators, comparators=others):
            for one, operator, other in zip([left, *others], operators, others, strict=False):
                is_member = isinstance(operator, ast.In | ast.NotIn)
                names = ("__contains__", *ITERATION) if is_member else (COMPARISONS.get(type(operator), ""),)
                yield other if is_member else one, names
        case ast.BinOp(left=left, op=operator, right=right):
            yield left, (f"__{OPERATORS[type(operator)]}__",)
            yield right, (f"__r{OPERATORS[type(operator)]}__",)
        case ast.AugAssign(target=target, op=operator):
            yield target, (f"__i{OPERATORS[type(operator)]}__", f"__{OPERATORS[type(operator)]}__")
