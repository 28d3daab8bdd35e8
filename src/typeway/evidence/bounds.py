"""Tell whether a parameter of an endpoint limits how much it returns."""

from __future__ import annotations

import ast
from typing import Final

from pydantic import BaseModel

from typeway.declare.classify import Input
from typeway.evidence.subject import Endpoint, Subject
from typeway.source.index import last_name
from typeway.source.program import Function
from typeway.source.subclasses import below, is_stub
from typeway.source.values import Known

# Names of parameters that limit how much a list holds.
BOUNDS: Final = frozenset({
    "limit", "size", "page", "page_size", "per_page", "pagesize", "offset", "skip", "cursor", "first", "last", "take",
    "top", "top_k", "count", "n", "max_results", "max_items", "number", "pagination", "params", "after", "before", "since",
})  # fmt: skip
# What reads every name of a function, and what writes to a log.
READS_ALL: Final = frozenset({"locals", "vars", "eval", "exec"})
LOGS: Final = frozenset({"debug", "info", "warning", "log"})
# Decorators that leave a function as it is.
PLAIN: Final = frozenset({"staticmethod", "classmethod", "override"})
# Through how many functions a parameter is followed.
MOST_STEPS: Final = 4


def has_bound(subject: Subject, endpoint: Endpoint) -> bool:
    """Whether a parameter of the endpoint or of a dependency limits the response; one that nothing reads does not."""
    for node in endpoint.tree.walk():
        function = subject.receiver(node)
        for source in node.sources:
            if isinstance(source, Input):
                fields = getattr(source.kind, "model_fields", {})
                is_called_so = {source.name.lower(), source.wire.lower(), *fields} & BOUNDS
                # Who asks for a dependency may use what it does with a parameter.
                steps = MOST_STEPS if node.depends is None else 0
                if is_called_so and (function is None or not is_ignored(subject, source.name, function, steps)):
                    return True
    return False


def is_ignored(subject: Subject, name: str, function: Function, steps: int) -> bool:
    """Whether nothing depends on a parameter: it is shown at most, or passed to own functions that ignore it themselves.

    Parameters:
        steps: through how many functions it may be passed; the most for the endpoint itself, which shows what it returns.
    """
    reads = [
        each for part in function.node.body for each in ast.walk(part) if getattr(each, "id", "") in {name, *READS_ALL}
    ]
    if any(not isinstance(each, ast.Name) or each.id != name or each not in function.parents for each in reads):
        return False
    return all(goes_nowhere(subject, each, function, steps) for each in reads)


def goes_nowhere(subject: Subject, read: ast.AST, function: Function, steps: int) -> bool:
    """Whether what reads a parameter only shows it, or passes it to functions that ignore it."""
    part, parent = read, function.parents.get(read)
    while isinstance(parent, ast.Dict | ast.keyword | ast.FormattedValue | ast.JoinedStr):
        part, parent = parent, function.parents.get(parent)
    if isinstance(parent, ast.Return):
        return steps == MOST_STEPS and isinstance(part, ast.Dict)
    if not isinstance(parent, ast.Call):
        return False
    if last_name(parent.func) in LOGS:
        return isinstance(function.parents.get(parent), ast.Expr)
    value = subject.inference.value(parent.func, function)
    kind = value.thing if isinstance(value, Known) else None
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return steps == MOST_STEPS and isinstance(function.parents.get(parent), ast.Return)
    given = [*subject.graph.receivers(function, read)]
    return steps > 0 and bool(given) and all(ignores(subject, *each, steps - 1) for each in given)


def ignores(subject: Subject, function: Function, name: str, steps: int) -> bool:
    """Whether a function that is called ignores a parameter, and so does whatever may run in its place."""
    is_plain = all(last_name(each) in PLAIN for each in function.node.decorator_list)
    others = below(function.owner) if function.owner is not None else ()
    is_final = not any(function.node.name in vars(kind) for kind in others)
    is_whole = is_plain and is_final and not is_stub(function) and name in function.parameters
    return is_whole and is_ignored(subject, name, function, steps)
