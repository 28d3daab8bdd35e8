"""What of a syntax tree runs when a function does, and in which order its nodes are visited."""

import ast
from textwrap import dedent

import pytest

from typeway.describe.syntax import executed, parents_in, statements_in

FUNCTION = '''
def outer(first=default()):
    """What it does."""
    try:
        value = {**first, "key": [each.name for each in first if each]}
    except ValueError as error:
        raise KeyError(f"{error}") from error
    else:
        def inner(): hidden()
    finally:
        match value:
            case {"a": found, **rest} if found: print(lambda: hidden())
    class Inner(base): also = hidden
'''


def function_of(source: str) -> ast.AST:
    return ast.parse(dedent(source)).body[0]


def names_in(nodes: list[ast.AST]) -> list[str]:
    return [node.id for node in nodes if isinstance(node, ast.Name)]


def test_executed_nodes_come_in_the_order_of_the_source() -> None:
    """Defaults ran before, and what is in a function, class or lambda inside runs later or on its own."""
    function = function_of(FUNCTION)
    assert isinstance(function, ast.FunctionDef)
    names = names_in(executed(function.body))
    assert names == [
        "value", "first", "each", "each", "first", "each", "ValueError", "KeyError", "error", "error", "value", "found", "print",
    ]  # fmt: skip
    assert executed([]) == executed([ast.parse("lambda: 1", mode="eval").body]) == []


def test_every_node_has_the_one_around_it() -> None:
    """What is around a node is found for all parts of a function, those that do not run with it too."""
    function = function_of(FUNCTION)
    parents = parents_in(function)
    for name in ("hidden", "found", "default", "also"):
        node: ast.AST = next(node for node in parents if isinstance(node, ast.Name) and node.id == name)
        while node is not function:
            node = parents[node]


@pytest.mark.parametrize(
    ("source", "kinds"),
    [
        ("def f(): pass", "Pass"),
        ("def f():\n    if a: b\n    else: c = 1", "If Expr Assign"),
        ("def f():\n    try: a\n    except E: b = 1\n    else: del c\n    finally: return", "Try Expr ExceptHandler Assign Delete Return"),
        ("def f():\n    match a:\n        case 1: b\n        case _: c = 1", "Match match_case Expr match_case Assign"),
        ("def f():\n    with a:\n        for b in c: break\n        else: d", "With For Break Expr"),
        ("def f():\n    def g(): a\n    class C: b = 1\n    while c: d", "FunctionDef ClassDef While Expr"),
        ("class C:\n    a = 1\n    async def f(self): b", "Assign AsyncFunctionDef"),
    ],
)  # fmt: skip
def test_statements_come_in_the_order_of_the_source(source: str, kinds: str) -> None:
    """Handlers and cases come too; what is in a function or class inside comes only if nothing is left out."""
    (node,) = ast.parse(source).body
    found = [type(statement).__name__ for statement in statements_in(node)]
    assert " ".join(found) == kinds
    every = statements_in(ast.parse(source), scopes=())
    walked = [
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case)
    ]
    assert sorted(type(each).__name__ for each in every) == sorted(type(each).__name__ for each in walked)
