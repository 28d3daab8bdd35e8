"""Say what a class of the application's own makes of the options and questions of `CORSMiddleware`."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from typeway.evidence.subject import Subject
from typeway.source.asking import is_exactly
from typeway.source.index import last_name
from typeway.source.program import Function
from typeway.source.values import Known

ASKED: Final = "is_allowed_origin"
TEXTS: Final = {"startswith": str.startswith, "endswith": str.endswith}
MATCHES: Final = frozenset({"match", "fullmatch", "search"})
# PERF: a repetition of repetitions may take years for a long origin that does not fit.
NESTED: Final = re.compile(r"\([^()]*[+*}][^()]*\)[+*{]")


@dataclass(frozen=True, slots=True)
class Origin:
    """An origin that a method is asked about.

    Parameters:
        text: the origin.
        subject: the application.
        function: the method.
    """

    text: str
    subject: Subject
    function: Function

    def is_let_in(self, statements: Sequence[ast.stmt]) -> tuple[bool | None, ast.stmt | None]:
        """What some statements return for it, and where; None where nobody can say."""
        for statement in statements:
            match statement:
                case ast.Expr(value=ast.Constant()) | ast.Pass():
                    continue
                case ast.Return(value=value):
                    return (self.is_true(value) if value is not None else False), statement
                case ast.If(test=test, body=body, orelse=other):
                    answer = self.is_true(test)
                    found, place = (None, None) if answer is None else self.is_let_in(body if answer else other)
                    if answer is None or place is not None:
                        return found, place
                case _:
                    return None, None
        return None, None

    def is_true(self, node: ast.expr) -> bool | None:
        """Whether an expression is true of it; None where nobody can say."""
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id="super")), attr=name)) if name == ASKED:
                return False  # nobody has named it
            case ast.Call(func=ast.Name(id="bool"), args=[value]):
                return self.is_true(value)
            case ast.Call(func=ast.Attribute(value=held, attr=name), args=[given]) if name in TEXTS:
                text, part = self.value(held), self.value(given)
                return TEXTS[name](text, part) if isinstance(text, str) and isinstance(part, str | tuple) else None
            case ast.Call(func=ast.Attribute(value=held, attr=name), args=args) if name in MATCHES:
                return self.matches(name, held, args)
            case ast.BoolOp(op=operator, values=values):
                answers = [self.is_true(value) for value in values]
                decisive = isinstance(operator, ast.Or)
                return decisive if decisive in answers else None if None in answers else not decisive
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                answer = self.is_true(operand)
                return None if answer is None else not answer
            case ast.Compare(left=left, ops=[operator], comparators=[right]):
                return self.compares(operator, self.value(left), self.value(right))
        value = self.value(node)
        return None if value is ... else bool(value)

    def matches(self, method: str, held: ast.expr, args: list[ast.expr]) -> bool | None:
        """Whether a pattern fits: `PATTERN.fullmatch(origin)`, `re.match("https://.*", origin)`."""
        given = [self.value(each) for each in args]
        pattern = given[0] if len(given) == 2 and getattr(held, "id", "") == "re" else self.value(held)
        pattern = pattern.pattern if isinstance(pattern, re.Pattern) else pattern
        if not isinstance(pattern, str) or given[-1:] != [self.text] or NESTED.search(pattern):
            return None
        try:
            return getattr(re, method)(pattern, self.text) is not None
        except re.error:
            return None

    def compares(self, operator: ast.cmpop, left: Any, right: Any) -> bool | None:
        if left is ... or right is ...:
            return None
        is_negative = isinstance(operator, ast.NotEq | ast.NotIn | ast.IsNot)
        match operator:
            case ast.Eq() | ast.NotEq() | ast.Is() | ast.IsNot():
                return bool(left == right) is not is_negative
            case ast.In() | ast.NotIn() if isinstance(right, str | tuple | list | set | frozenset | dict):
                return (left in right) is not is_negative if isinstance(left, str) else None
        return None

    def value(self, node: ast.expr) -> Any:
        """The origin, a constant, or a text, pattern or collection that the module has under a name; `...` for anything else."""
        names = self.function.positional
        if isinstance(node, ast.Name) and names[:1] == [node.id]:
            return ... if node.id in self.function.stores else self.text
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Tuple) and all(isinstance(each, ast.Constant) for each in node.elts):
            return ast.literal_eval(node)
        if isinstance(node, ast.Call):
            is_match = isinstance(node.func, ast.Attribute) and node.func.attr in MATCHES
            answer = self.is_true(node) if is_match else None
            return ... if answer is None else answer or None
        found = self.subject.inference.value(node, self.function) if isinstance(node, ast.Name) else None
        kinds = (str, tuple, list, set, frozenset, re.Pattern)
        return found.thing if isinstance(found, Known) and is_exactly(found.thing, *kinds) else ...


def texts_asked_for(subject: Subject, asked: Function) -> list[str]:
    """The texts and patterns with which a method compares origins."""
    found = [Origin("", subject, asked).value(node) for node in asked.body if isinstance(node, ast.Constant | ast.Name)]
    texts = [each.pattern if isinstance(each, re.Pattern) else each for each in found]
    return [each for each in texts if isinstance(each, str)]


def own_method(subject: Subject, kind: type[Any], name: str) -> Function | None:
    """The method of a class of the application's own, or of one that it derives from."""
    found = subject.program.method(kind, name)
    return found if found is not None and found.node.name == name else None


def own_options(
    subject: Subject, kind: type[Any], given: Mapping[str, Any]
) -> tuple[Mapping[str, Any], ast.AST | None]:
    """The options with which a class makes itself the middleware that it is, and where it says so."""
    constructor = own_method(subject, kind, "__init__")
    for call in constructor.of(ast.Call) if constructor is not None else ():
        if last_name(call.func) != "__init__" or constructor is None:
            continue
        found: dict[str, Any] = {}
        for keyword in call.keywords:
            if keyword.arg is None:
                found |= given
                continue
            if isinstance(keyword.value, ast.Name) and keyword.value.id in constructor.parameters:
                found[keyword.arg] = given.get(keyword.value.id)
                continue
            value = subject.inference.value(keyword.value, constructor)
            try:
                found[keyword.arg] = value.thing if isinstance(value, Known) else ast.literal_eval(keyword.value)
            except ValueError:
                found[keyword.arg] = None
        return found, call
    return given, None
