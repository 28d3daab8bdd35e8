"""Make mutants of source code: each is one small change that a person could make by mistake."""

import ast
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

Node = ast.AST
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one file.

    Attributes:
        file: the file, relative to the package.
        line: the line of the change, counted from 1.
        column: its column, counted from 1.
        kind: the kind of change, one of `KINDS`.
        within: the function or class around it, "" for the module.
        function: the lines of that function or class; all lines for the module.
        lines: the lines of the statement, which tell the tests that run it; none if it runs when the module is imported.
        span: where the change begins and ends, as offsets into the file's bytes.
        before: the source code that is replaced.
        after: the source code that replaces it.
    """

    file: str
    line: int
    column: int
    kind: str
    within: str
    function: range
    lines: range
    span: Span
    before: str
    after: str

    @property
    def name(self) -> str:
        """The value of `--mutant`."""
        return f"{self.file}:{self.line}:{self.column}:{self.kind}"

    def put_into(self, source: str) -> str:
        """The source code of the file with the change."""
        raw, (start, end) = source.encode(), self.span
        return (raw[:start] + self.after.encode() + raw[end:]).decode()

    def can_be_compiled(self, source: str) -> bool:
        """Whether the result is valid Python: without a part it may not be."""
        try:
            compile(self.put_into(source), self.file, "exec", dont_inherit=True)
        except SyntaxError:
            return False
        return True


class Text:
    """Source code with its offsets: the syntax tree counts bytes from the start of a line."""

    def __init__(self, source: str) -> None:
        self.raw = source.encode()
        self.starts = [0]
        for line in self.raw.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))

    def span(self, node: Node) -> Span:
        """Where a node begins and ends."""
        return (
            self.starts[node.lineno - 1] + node.col_offset,  # type: ignore[attr-defined]
            self.starts[node.end_lineno - 1] + node.end_col_offset,  # type: ignore[attr-defined]
        )

    def of(self, node: Node) -> str:
        """The source code of a node."""
        return self.between(*self.span(node))

    def between(self, start: int, end: int) -> str:
        return self.raw[start:end].decode()

    def place(self, offset: int) -> tuple[int, int]:
        """The line and the column of an offset, both counted from 1."""
        line = next(number for number, start in enumerate(self.starts) if start > offset)
        return line, offset - self.starts[line - 1] + 1


# What is replaced, and by what.
Change = tuple[Span, str]
Make = Callable[[Text, ast.AST], Iterator[Change]]

COMPARISONS: Final = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Is: ("is", "is not"),
    ast.IsNot: (r"is\s+not", "is"),
    ast.In: ("in", "not in"),
    ast.NotIn: (r"not\s+in", "in"),
}
ARITHMETIC: Final = {ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "+"), ast.FloorDiv: ("//", "*")}
# Calls whose arguments only type checkers read.
FOR_TYPE_CHECKERS: Final = frozenset({"TypeVar", "ParamSpec", "TypeVarTuple", "NewType", "cast"})


def negated(text: Text, test: ast.expr) -> str:
    """The opposite of a condition."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return f"({text.of(test.operand)})"
    return f"(not ({text.of(test)}))"


def has_opposite(test: ast.expr) -> bool:
    """Whether swapping the one comparison already makes the opposite."""
    return (
        isinstance(test, ast.Compare)
        and len(test.ops) == 1
        and not isinstance(test.ops[0], (ast.Lt, ast.LtE, ast.Gt, ast.GtE))
    )


def negate(text: Text, node: Node) -> Iterator[Change]:
    """Negate a condition."""
    tests = node.ifs if isinstance(node, ast.comprehension) else [getattr(node, "test", None)]
    for test in tests:
        if test is not None and not has_opposite(test):
            yield text.span(test), negated(text, test)


def unnot(text: Text, node: Node) -> Iterator[Change]:
    """Remove a `not`."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield text.span(node), f"bool({text.of(node.operand)})"


def compare(text: Text, node: Node) -> Iterator[Change]:
    """Replace a comparison by its opposite, or by the one that is off by one."""
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        for operator, left, right in zip(node.ops, sides, sides[1:], strict=False):
            gap = text.span(left)[1], text.span(right)[0]
            pattern, after = COMPARISONS[type(operator)]
            yield gap, re.sub(pattern, after, text.between(*gap), count=1)


def boolean(text: Text, node: Node) -> Iterator[Change]:
    """Replace `and` by `or`, and `or` by `and`."""
    if isinstance(node, ast.BoolOp):
        before, after = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        pieces = [text.of(node.values[0])]
        for left, right in zip(node.values, node.values[1:], strict=False):
            gap = text.between(text.span(left)[1], text.span(right)[0])
            pieces += [re.sub(rf"\b{before}\b", after, gap), text.of(right)]
        yield text.span(node), f"({''.join(pieces)})"


def operand(text: Text, node: Node) -> Iterator[Change]:
    """Remove one operand of `and` or `or`."""
    if isinstance(node, ast.BoolOp):
        yield from without(text, node.values)


def without(text: Text, nodes: Sequence[ast.AST]) -> Iterator[Change]:
    """Remove each of several nodes, with the comma or operator next to it."""
    for index, node in enumerate(nodes):
        start, end = text.span(node)
        if index + 1 < len(nodes):
            end = text.span(nodes[index + 1])[0]
        elif index:
            start = text.span(nodes[index - 1])[1]
        yield (start, end), ""


def constant(text: Text, node: Node) -> Iterator[Change]:
    """Change a constant, but no prose, and no name that only the package itself uses."""
    if isinstance(node, ast.Constant):
        value = node.value
        if isinstance(value, bool):
            yield text.span(node), str(not value)
        elif isinstance(value, (int, float)):
            yield text.span(node), repr(value + 1)
        elif isinstance(value, str) and " " not in value and not value.startswith("typeway."):
            yield text.span(node), repr(f"{value}x")
        elif isinstance(value, bytes) and b" " not in value:
            yield text.span(node), repr(value + b"x")


def returned(text: Text, node: Node) -> Iterator[Change]:
    """Return None."""
    value = node.value if isinstance(node, ast.Return) else node.body if isinstance(node, ast.Lambda) else None
    if value is not None and not isinstance(value, ast.Constant):
        yield text.span(value), "None"


def keyword(text: Text, node: Node) -> Iterator[Change]:
    """Remove a keyword argument of a call."""
    if isinstance(node, ast.Call) and not is_for_type_checkers(node):
        arguments = sorted([*node.args, *node.keywords], key=text.span)
        for argument, change in zip(arguments, without(text, arguments), strict=True):
            if isinstance(argument, ast.keyword) and argument.arg not in (None, "strict"):
                yield change


def arithmetic(text: Text, node: Node) -> Iterator[Change]:
    """Replace a sum by a difference, and the like."""
    if isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
        sides = (node.left, node.right)
        # Text and lists cannot be subtracted: every test would fail.
        if not any(
            isinstance(side, (ast.JoinedStr, ast.List, ast.Tuple, ast.Constant)) and not is_number(side)
            for side in sides
        ):
            gap = text.span(node.left)[1], text.span(node.right)[0]
            before, after = ARITHMETIC[type(node.op)]
            yield gap, text.between(*gap).replace(before, after, 1)


def is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, (int, float))


def loop(text: Text, node: Node) -> Iterator[Change]:
    """Iterate over nothing."""
    if isinstance(node, ast.For):
        yield text.span(node.iter), "()"


def handler(text: Text, node: Node) -> Iterator[Change]:
    """Raise an exception again instead of handling it."""
    if isinstance(node, ast.ExceptHandler) and not isinstance(node.body[0], ast.Raise):
        yield text.span(node.body[0]), "raise"


def entry(text: Text, node: Node) -> Iterator[Change]:
    """Remove an entry of a dict."""
    if isinstance(node, ast.Dict):
        for index, (key, value) in enumerate(zip(node.keys, node.values, strict=True)):
            if key is not None:
                end = text.span(value)[1]
                following = node.keys[index + 1] if index + 1 < len(node.keys) else None
                yield (text.span(key)[0], text.span(following)[0] if following is not None else end), ""


def statement(text: Text, node: Node) -> Iterator[Change]:
    """Remove a call, a raise, an early return, or an assignment to an attribute or item."""
    is_call = isinstance(node, ast.Expr) and isinstance(node.value, (ast.Call, ast.Await))
    is_assignment = isinstance(node, ast.Assign) and isinstance(node.targets[-1], (ast.Attribute, ast.Subscript))
    is_return = isinstance(node, ast.Return) and node.value is None
    others = (ast.AugAssign, ast.Delete, ast.Raise, ast.Break, ast.Continue)
    if is_call or is_assignment or is_return or isinstance(node, others):
        yield text.span(node), "pass"


KINDS: Final[dict[str, Make]] = {
    "negate": negate,
    "not": unnot,
    "compare": compare,
    "boolean": boolean,
    "operand": operand,
    "constant": constant,
    "return": returned,
    "keyword": keyword,
    "arithmetic": arithmetic,
    "loop": loop,
    "handler": handler,
    "entry": entry,
    "statement": statement,
}


def mutants_of(file: str, source: str) -> list[Mutant]:
    """All mutants of one file, in the order of their lines."""
    text = Text(source)
    found: dict[str, Mutant] = {}
    for place in places(ast.parse(source)):
        for kind, make in KINDS.items():
            for span, after in make(text, place.node):
                line, column = text.place(span[0])
                before = text.between(*span)
                mutant = Mutant(
                    file, line, column, kind, place.within, place.function, place.lines_run, span, before, after
                )
                found.setdefault(mutant.name, mutant)
    return sorted(found.values(), key=lambda mutant: (mutant.line, mutant.column, mutant.kind))


@dataclass(frozen=True, slots=True)
class Place:
    """A node of the syntax tree that may be changed.

    Attributes:
        lines: the lines of the statement around it.
        within: the function or class around it.
        function: the lines of that function or class.
        is_inside: whether it runs when a function is called, and not when the module is imported.
    """

    node: Node
    lines: range = range(0)
    within: str = ""
    function: range = range(sys.maxsize)
    is_inside: bool = False

    @property
    def lines_run(self) -> range:
        return self.lines if self.is_inside else range(0)

    def child(self, node: Node) -> "Place":
        within, function, lines = self.within, self.function, self.lines
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            within = f"{within}.{node.name}".lstrip(".")
            function = range(node.lineno, (node.end_lineno or node.lineno) + 1)
        if isinstance(node, ast.ExceptHandler):
            lines = lines_of(node.body[0])
        elif isinstance(node, (ast.stmt, ast.Lambda)):
            lines = lines_of(node)
        # The defaults of parameters are computed where the function is made.
        is_function = isinstance(self.node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        is_inside = self.is_inside or (is_function and not isinstance(node, ast.arguments))
        return Place(node, lines, within, function, is_inside)


def places(tree: ast.Module) -> Iterator[Place]:
    """All nodes that may be changed."""
    waiting = [Place(tree)]
    while waiting:
        place = waiting.pop()
        yield place
        waiting += [place.child(node) for node in children(place.node)]


def lines_of(node: ast.stmt | ast.Lambda) -> range:
    """The lines of a statement; without those of its body."""
    body = getattr(node, "body", None)
    end = body[0].lineno if isinstance(body, list) else (node.end_lineno or node.lineno) + 1
    return range(node.lineno, max(node.lineno + 1, end))


def is_for_type_checkers(node: Node) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FOR_TYPE_CHECKERS


def children(node: Node) -> Iterator[Node]:
    """The parts of a node that the program runs: no annotations, docstrings or decorators."""
    if isinstance(node, (ast.JoinedStr, ast.Assert)):  # before Python 3.12, positions inside f-strings are wrong
        return
    if isinstance(node, ast.If) and re.search(r"TYPE_CHECKING|version_info", ast.unparse(node.test)):
        return  # what other versions of Python run cannot be seen on this one
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == "Literal":
        return
    if isinstance(node, ast.keyword) and node.arg == "strict":  # of zip: what is checked there is always so
        return
    if is_for_type_checkers(node):
        return
    if isinstance(node, ast.Assign) and any(
        isinstance(each, ast.Name) and each.id[:2] == "__" for each in node.targets
    ):
        return
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "bases") or (
            name == "keywords" and isinstance(node, ast.ClassDef)
        ):
            continue
        for child in value if isinstance(value, list) else [value]:
            is_docstring = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
            if isinstance(child, ast.AST) and not is_docstring:
                yield child
