"""Tell whether the condition of an error can be true: what the application's own functions give may never be None."""

from __future__ import annotations

import ast
import re
from typing import Final

from pydantic.fields import FieldInfo

from typeway.evidence.escapes import part_of
from typeway.evidence.excluded import false_at, is_left, normal
from typeway.evidence.subject import Subject, remembered
from typeway.source.facts import Fact, Truth, Typed
from typeway.source.index import last_name
from typeway.source.program import Function
from typeway.source.reach import MOST_STEPS
from typeway.source.results import is_orm
from typeway.source.values import Instance, Known

# What gives None where it finds nothing, what never does, and what an annotation says that allows None, or nothing.
MAY_LACK: Final = re.compile("(get|find|search|match|getattr|next|scalar)$|(first|find|fetch|or_none)(_|one|row|val|$)")
ALWAYS: Final = re.compile("all|fetch_?all|to_list|(scalar_)?one|sorted|len|model_validate")
OPTIONAL: Final = re.compile(r"\b(None|Optional)\b")
ANYTHING: Final = re.compile(r"(\w+\.)*(Any|object)|")
# What is made where it is written.
MADE: Final = (
    ast.List, ast.Tuple, ast.Dict, ast.Set, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.JoinedStr, ast.Compare,
)  # fmt: skip


class Given(Truth):
    """Decides conditions by what calls give; if usual, also by what is there unless another request has just removed it."""

    def __init__(self, subject: Subject, truth: Truth, is_usual: bool = False) -> None:
        super().__init__(subject.inference, truth.function, truth.facts)
        self.subject = subject
        self.is_usual = is_usual

    def fact(self, node: ast.expr) -> Fact | None:
        match node:
            case ast.Await(value=held) | ast.NamedExpr(value=held):
                return self.fact(held)
            case ast.Call():
                known = self.subject.inference.instance(node, self.function)
                is_again = self.is_usual and is_loaded_again(self.subject, node, known, self.function)
                if is_again or is_there(self.subject, node, self.function):
                    return Typed(known.kind if known is not None else "")
            case ast.Attribute() if self.is_usual and is_filled(self.subject, node, self.function):
                return Typed("")
        return super().fact(node)

    def of(self, test: ast.expr) -> bool | None:
        found = super().of(test)
        return (
            self.of_value(test) if found is None and isinstance(test, ast.Call | ast.Await | ast.NamedExpr) else found
        )


@remembered
def is_there(subject: Subject, node: ast.AST | None, function: Function, steps: int = MOST_STEPS) -> bool | None:
    """Whether a value is never None; False where its source says that it may be, None where nothing is known."""
    found: list[bool | None] = []
    match node:
        case None | ast.Constant(value=None):
            return False
        case (
            ast.Await(value=held) | ast.NamedExpr(value=held) | ast.BoolOp(op=ast.Or(), values=[*_, held])
            | ast.Call(func=ast.Name(id="cast"), args=[_, held])
        ):  # fmt: skip
            return is_there(subject, held, function, steps)
        case ast.IfExp(body=one, orelse=other):
            found = [is_there(subject, each, function, steps) for each in (one, other)]
        case ast.Name(id=name) if steps:
            made = function.assigned.get(name, ())
            found = [is_narrowed(node, function) or is_there(subject, each, function, steps - 1) for each in made]
        case ast.Call(func=called):
            value = subject.inference.value(called, function)
            if isinstance(value, Known) and isinstance(value.thing, type):
                return True
            targets = subject.graph.targets(value)
            if not targets:
                return (
                    False if MAY_LACK.search(last_name(called)) else bool(ALWAYS.fullmatch(last_name(called))) or None
                )
            found = [gives_something(subject, each, steps - 1) for each in targets if steps]
        case _:
            return True if isinstance(node, MADE) else None
    return False if False in found else None if None in found or not found else True


def gives_something(subject: Subject, function: Function, steps: int) -> bool | None:
    """Whether what a function returns is never None, as `is_there` says it: by its statements, else by its annotation."""
    says = ast.unparse(function.node.returns) if function.node.returns is not None else ""
    if function.yields or OPTIONAL.search(says) or is_left(function.node.body):
        return False
    found = [is_there(subject, each.value, function, steps) for each in function.of(ast.Return)]
    return False if False in found else (found != [] and None not in found) or not ANYTHING.fullmatch(says) or None


def is_narrowed(name: ast.Name, function: Function) -> bool:
    """Whether a name is not None in a place, because of a condition before it or around it."""
    tests = [test for test in false_at(name, function) if normal(test) in (f"{name.id} is None", f"not {name.id}")]
    lines = [part.lineno for test in tests for part in ast.walk(test) if isinstance(part, ast.Name)]
    return any(not any(line < each < name.lineno for each in function.stores[name.id]) for line in lines)


def is_loaded_again(subject: Subject, call: ast.Call, held: Instance | None, function: Function) -> bool:
    """Whether a call looks up by its key what a dependency of the same request has loaded: `get(User, user.id)`."""
    if held is None or not is_orm(held.kind):
        return False
    names = [part.id for part in ast.walk(call) if isinstance(part, ast.Name)]
    made = [call, *(each for name in names for each in function.assigned.get(name, ()))]
    keys = [part for each in made for part in ast.walk(each) if isinstance(part, ast.Attribute) and part.attr == "id"]
    loaded = [each.value for each in keys if (function, getattr(each.value, "id", "")) in subject.arrivals]
    return any(subject.inference.instance(each, function) == held for each in loaded)


def is_filled(subject: Subject, field: ast.Attribute, function: Function) -> bool:
    """Whether a field is one that is not None unless somebody says so, of a model that no client has sent, and nobody does."""
    held = subject.inference.instance(field.value, function)
    declared = getattr(held.kind, "model_fields", {}).get(field.attr) if held is not None else None
    if part_of(field.value, function) in function.parameters or not isinstance(declared, FieldInfo):
        return False
    if declared.is_required() or (declared.default_factory or declared.default) is None:
        return False
    written = re.compile(rf"\b{field.attr}\b['\"]?\s*[:=]\s*None")
    return not any(written.search(each.text) for each in subject.program.files.loaded())
