"""Find the own methods that another package calls: hooks that a subclass of its class fills in."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from functools import lru_cache
from textwrap import dedent
from typing import Any

from typeway.source.asking import safely
from typeway.source.program import Function, Program, inner_of


def hooks_of(program: Program, kind: type[Any], function: Any, name: str | None = None) -> Iterator[Function]:
    """The own methods of a class that code of another package calls, by its own methods too.

    Parameters:
        program: the application's code.
        kind: an own class.
        function: a function or method of another package.
        name: the parameter that is an instance of the class; None for the first one.
    """
    function = safely(getattr, function, "__func__", function)
    if not inspect.isfunction(function) or not program.owns(kind):
        return
    waiting, seen = [*called_on(function, name)], set[str]()
    while waiting:
        called = waiting.pop()
        found = inspect.getattr_static(kind, called, None)
        if called in seen or not inspect.isfunction(found):
            continue
        seen.add(called)
        own = program.method(kind, called)
        if own is not None:
            yield own
        else:
            waiting += called_on(found, None)


@lru_cache(maxsize=4096)
def called_on(function: Callable[..., Any], name: str | None) -> tuple[str, ...]:
    """The methods that a function calls on one of its parameters: `self.on_after_login(user)`."""
    try:
        tree = ast.parse(dedent(inspect.getsource(inner_of(function))))
    except (OSError, TypeError, SyntaxError):
        return ()  # it is not written in Python, or its source is not there
    held = name if name is not None else next((node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)), "")
    return tuple(
        node.func.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == held
    )
