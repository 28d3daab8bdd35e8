"""Find partial updates that write defaults over everything that the client did not send."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from dataclasses import fields
from typing import Any, Final, get_origin

from pydantic import BaseModel

from typeway.declare import shapes
from typeway.derive.blueprint import Blueprint
from typeway.derive.changes import apply, changes
from typeway.derive.models import BLUEPRINT
from typeway.evidence.by_name import emptied_columns, excluded_by, is_of_all, taken_by_name
from typeway.evidence.finding import Confidence, Finding
from typeway.evidence.shapes import body_dataclasses, body_models, texts_in
from typeway.evidence.subject import Endpoint, Subject
from typeway.source.facts import Typed
from typeway.source.index import last_name
from typeway.source.program import Function
from typeway.source.reach import Reached
from typeway.source.values import Known, as_instance
from typeway.source.words import JUDGES, words_of

# The arguments that leave the fields that the client did not send out of `model_dump()`.
ONLY_SENT: Final = frozenset({"exclude_unset", "exclude_none", "exclude_defaults", "include"})
SHOWS: Final = re.compile(r"\b(log|logger|logging|print|json|hash|info|debug|warning|error)\b")
# What an endpoint says of itself that writes everything on purpose, and what it says if it does not.
REPLACES: Final = re.compile(r"\b(replac(e|es|ed|ing)|overwrit(e|es|ten|ing))\b", re.IGNORECASE)
KEEPS: Final = re.compile(r"\b(not|never|without|only|partial(ly)?)\b|n't\b", re.IGNORECASE)
# From this many fields that are set one by one on, it is the whole model.
MOST_FIELDS: Final = 2

# Through how many names what was sent is followed.
MOST_STEPS: Final = 4

# What writes the fields that it is given over those of what is stored.
WRITES: Final = frozenset({"values", "update", "update_one", "find_one_and_update", "replace_one", "merge"})

AS_MODEL: Final = (
    "take a Pydantic model, which knows what was sent, and write only that: `.model_dump(exclude_unset=True)`."
)

Models = Collection[type[Any]]


def overwriting_updates(subject: Subject) -> Iterator[Finding]:
    """TW006: a partial update that writes defaults over everything that the client did not send."""
    seen: set[ast.AST] = set()
    for endpoint in subject.own:
        bodies: list[type[Any]] = [model for model in body_models(endpoint) if is_partial(model, endpoint)]
        bodies += [
            kind for kind in body_dataclasses(endpoint) if "PATCH" in endpoint.methods and any(optional(kind).values())
        ]
        yield from emptying_updates(subject, endpoint, seen)
        if endpoint.function is None or not bodies:
            continue
        for reached in subject.graph.reach([(endpoint.function, endpoint.title)]):
            if any(asks_what_was_sent(subject, function) for function in reached.chain):
                continue
            for node, fix in [*wholes_in(subject, reached, bodies), *one_by_one(subject, reached, bodies)]:
                is_shown = any(is_only_shown(*way) for way in ways_out(node, reached))
                if node in seen or is_shown or not reached.is_run(node):
                    continue
                seen.add(node)
                path, line = subject.place(reached.function, node)
                sure: Confidence = "high" if reached.branches_to(node) == 0 else "medium"
                confidence: Confidence = "low" if is_meant(endpoint, bodies[0]) else sure
                yield Finding(
                    "TW006",
                    path,
                    line,
                    f"{endpoint.title} takes every field of {bodies[0].__name__}, so defaults overwrite what the client "
                    "left out.",
                    fix if issubclass(bodies[0], BaseModel) else AS_MODEL,
                    confidence,
                    endpoint.title,
                    tuple(function.name for function in reached.chain),
                )


def emptying_updates(subject: Subject, endpoint: Endpoint, seen: set[ast.AST]) -> Iterator[Finding]:
    """An update that goes over the columns of a table, so that it empties those for which the body has no field."""
    bodies = [*body_models(endpoint)]
    if endpoint.function is None or not {"PUT", "PATCH"} & {*endpoint.methods} or "{" not in endpoint.path:
        return
    fields = frozenset(name for model in bodies for name in model.model_fields)
    for reached in subject.graph.reach([(endpoint.function, endpoint.title)]) if bodies else ():
        for node in reached.function.body:
            taken = taken_by_name(node)
            if taken is None or node in seen or not is_model(subject, taken.held, reached, bodies):
                continue
            emptied = [*emptied_columns(subject, taken, reached.function, fields)]
            ways = [*ways_out(node, reached)]
            if not emptied or any(is_only_shown(*way) or is_filtered(subject, *way) or makes_row(*way) for way in ways):
                continue
            seen.add(node)
            columns = ", ".join(name for _, name in emptied)
            yield Finding(
                "TW006",
                *subject.place(reached.function, node),
                f"{endpoint.title} goes over all columns of {emptied[0][0]}, so it writes None to {columns}, which "
                f"{bodies[0].__name__} does not have.",
                "go over what was sent: `.model_dump(exclude_unset=True)`, or `.model_fields_set`.",
                "high" if reached.branches_to(node) == 0 else "medium",
                endpoint.title,
                tuple(function.name for function in reached.chain),
            )


def makes_row(node: ast.AST, reached: Reached) -> bool:
    """Whether what is taken goes into a new row, where all columns have to get something."""
    calls = [part for part in reached.function.around(node) if isinstance(part, ast.Call)]
    return any({"add", "insert", "create"} & {*words_of(ast.unparse(each.func))} for each in calls)


def is_meant(endpoint: Endpoint, kind: type[Any]) -> bool:
    """Whether an endpoint says that it replaces what is there, or is called like the one field, a collection, that it takes."""
    operation, last = endpoint.operation, endpoint.path.rpartition("/")[2].lower().replace("-", "_")
    texts = (getattr(operation.endpoint, "__doc__", ""), operation.summary, operation.description)
    named = [field.annotation for name, field in getattr(kind, "model_fields", {}).items() if name.lower() == last]
    is_whole = len(optional(kind)) == 1 and any(get_origin(part) for each in named for part in shapes.members(each))
    return is_whole or any(REPLACES.search(text) and not KEEPS.search(text) for text in texts if text)


def asks_what_was_sent(subject: Subject, function: Function) -> bool:
    """Whether a function looks at the names of what was sent, or leaves that to the framework's `apply` or `changes`."""
    return any(
        (isinstance(node, ast.Attribute) and "fields_set" in node.attr)
        or (
            isinstance(node, ast.Call)
            and last_name(node.func) in ("changes", "apply")
            and subject.inference.value(node.func, function) in (Known(changes), Known(apply))
        )
        for node in function.body
    )


def is_model(subject: Subject, node: ast.expr, reached: Reached, bodies: Models) -> bool:
    """Whether an expression is the body of a partial update, by its type or by what the caller passes."""
    fact = reached.truth.facts.get(node.id) if isinstance(node, ast.Name) else None
    if isinstance(fact, Typed) and isinstance(node, ast.Name) and node.id not in reached.function.stores:
        is_one = any(fact.kind is body for body in bodies)
    else:
        held = as_instance(subject.inference.value(node, reached.function))
        is_one = held is not None and any(held.kind is body for body in bodies)
    return is_one and is_sent(subject, node, reached, bodies)


def is_sent(subject: Subject, node: ast.AST, reached: Reached, bodies: Models, steps: int = MOST_STEPS) -> bool:
    """Whether something of the class of a body may be what the client sent, and not what is stored or made here."""
    function = reached.function
    match node:
        case ast.Name(id=name) if name in function.stores:
            made = [getattr(each, "value", each) for each in function.body if name in assigned_names(each)]
            made = made or function.assigned.get(name, [])
            return steps > 0 and any(is_sent(subject, each, reached, bodies, steps - 1) for each in made)
        case ast.Name(id=name) if function.owner is not None and name == function.first and reached.caller is not None:
            called = reached.node.func if isinstance(reached.node, ast.Call) else reached.node
            return not isinstance(called, ast.Attribute) or is_sent(subject, called.value, reached.caller, bodies)
        case ast.Name(id=name) if (function, name) in subject.arrivals:
            giver = subject.program.function(subject.arrivals[function, name])
            given = [subject.inference.value(each, giver) for each, _ in giver.parameters.values()] if giver else []
            return any(getattr(value, "kind", None) in bodies for value in given)
        case ast.Name(id=name) if reached.caller is not None and isinstance(reached.node, ast.Call):
            passed = function.given(reached.node).get(name)
            is_direct = last_name(reached.node.func) == function.node.name
            return not is_direct or passed is None or is_sent(subject, passed, reached.caller, bodies)
        case ast.Call(func=ast.Attribute(value=held, attr="copy" | "model_copy"), keywords=given):
            return not any(each.arg == "update" for each in given) and is_sent(subject, held, reached, bodies)
        case ast.Call() | ast.Await() | ast.Subscript():
            return False
    return True


def wholes_in(subject: Subject, reached: Reached, bodies: Models) -> Iterator[tuple[ast.AST, str]]:
    """Where a function takes everything that is in the body, with what to do instead."""
    for node in reached.function.body:
        for held, fix in [*whole_in(node), *whole_by_name(subject, node, reached.function, bodies)]:
            if not is_model(subject, held, reached, bodies):
                continue
            if any(is_filtered(subject, *way) for way in ways_out(node, reached)):
                continue
            if not leaves_out_optional(subject, node, reached.function, bodies):
                yield node if not isinstance(node, ast.For) else held, fix


def ways_out(node: ast.AST, reached: Reached) -> Iterator[tuple[ast.AST, Reached]]:
    """Where something is taken, and where the callers get it, as far as functions return it as it is."""
    yield node, reached
    while reached.caller is not None and reached.node is not None and is_returned(node, reached.function):
        node, reached = reached.node, reached.caller
        yield node, reached


def is_returned(node: ast.AST, function: Function) -> bool:
    """Whether a function returns what it takes in one place, directly or by a name."""
    names = assigned_names(function.parents.get(node))
    if any(getattr(value, "id", "") in names for value in function.returned):
        return True
    outer = next((part for part in function.around(node) if isinstance(part, ast.Call | ast.Return)), None)
    return isinstance(outer, ast.Return)


def whole_by_name(
    subject: Subject, node: ast.AST, function: Function, bodies: Models
) -> Iterator[tuple[ast.expr, str]]:
    """What a comprehension or loop takes all fields of, by the names that a model or a table has."""
    taken = taken_by_name(node)
    excluded = excluded_by(subject, taken, function) if taken is not None else None
    left_out = {name for model in bodies for name, is_left_out in optional(model).items() if is_left_out}
    kept = (
        [part.value for part in ast.walk(node) if isinstance(part, ast.Subscript)] if isinstance(node, ast.For) else []
    )
    is_sorted_out = leaves_out(function, {getattr(each, "id", "") for each in kept})
    if taken is not None and excluded is not None and left_out - excluded and not is_sorted_out:
        wanted = left_out if len(left_out) >= MOST_FIELDS else set[str]()
        if is_of_all(subject, taken.names, function, wanted):
            yield taken.held, "go over what was sent: `.model_fields_set`, or `.model_dump(exclude_unset=True)`."


def whole_in(node: ast.AST) -> Iterator[tuple[ast.expr, str]]:
    """What a part of the source takes everything of, if it does, with what to do instead."""
    unset = "take only what was sent: `.model_dump(exclude_unset=True)`."
    match node:
        case ast.Call(func=ast.Attribute(value=held, attr="model_dump" | "dict" as name), args=[], keywords=given):
            if not {keyword.arg for keyword in given} & (ONLY_SENT | {None}):
                yield held, f"write `.{name}(exclude_unset=True)`."
        case ast.Call(func=ast.Name(id="dict" | "vars"), args=[held], keywords=[]):
            yield held, unset
        case ast.Call(func=ast.Name(id="asdict") | ast.Attribute(attr="asdict"), args=[held], keywords=[]):
            yield held, AS_MODEL
        case ast.Call(func=ast.Name(id="jsonable_encoder"), args=[held, *_], keywords=given):
            if not {keyword.arg for keyword in given} & ONLY_SENT:
                yield held, "write `jsonable_encoder(..., exclude_unset=True)`."
        case ast.Attribute(value=held, attr="__dict__", ctx=ast.Load()):
            yield held, unset
        case ast.Call(func=ast.Attribute(attr="sqlmodel_update"), args=[held], keywords=[]):
            yield held, "pass only what was sent: `.sqlmodel_update(change.model_dump(exclude_unset=True))`."
        case (
            ast.For(target=ast.Tuple(elts=[_, ast.Name()]), iter=held)
            | ast.DictComp(
                generators=[ast.comprehension(target=ast.Tuple(elts=[_, ast.Name()]), iter=held, ifs=[])],
                value=ast.Name(),
            )
        ):
            yield held, "iterate over `.model_dump(exclude_unset=True).items()`."


def leaves_out_optional(subject: Subject, node: ast.AST, function: Function, bodies: Models) -> bool:
    """Whether a dump leaves out, by name, every field that the client may leave out."""
    given = next((entry.value for entry in getattr(node, "keywords", ()) if entry.arg == "exclude"), None)
    excluded = texts_in(subject, given, function)
    return bool(excluded) and all(
        name in excluded or not is_left_out for model in bodies for name, is_left_out in optional(model).items()
    )


def is_filtered(subject: Subject, node: ast.AST, reached: Reached) -> bool:
    """Whether of what is taken only that is used which is not None, here or in the function that it is passed to."""
    function = reached.function
    parent = function.parents.get(node)
    if isinstance(node, ast.For):
        return is_conditional(node)
    if isinstance(parent, ast.Call) and isinstance(node, ast.expr) and node in parent.args:
        targets = subject.graph.targets(subject.inference.value(parent.func, function))
        place = parent.args.index(node)
        return any(leaves_out(target, target.positional[place : place + 1]) for target in targets)
    if isinstance(parent, ast.keyword) and parent.arg is None:
        call = function.parents.get(parent)
        return isinstance(call, ast.Call) and is_kept_where_none(subject, call, function)
    if isinstance(parent, ast.Attribute):
        # The items of the dict, in a loop or comprehension with a condition.
        loop = next((part for part in function.around(node) if isinstance(part, ast.For | ast.comprehension)), None)
        return loop is not None and is_conditional(loop)
    names = assigned_names(parent)
    if leaves_out(function, names):
        return True
    for use in function.body:
        passes = isinstance(use, ast.Call) and any(
            keyword.arg is None and getattr(keyword.value, "id", "") in names for keyword in use.keywords
        )
        if passes and isinstance(use, ast.Call) and is_kept_where_none(subject, use, function):
            return True
    return False


def assigned_names(statement: ast.AST | None) -> set[str]:
    if isinstance(statement, ast.Assign):
        return {target.id for target in statement.targets if isinstance(target, ast.Name)}
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return {statement.target.id}
    return set()


def is_conditional(loop: ast.For | ast.comprehension) -> bool:
    """Whether a loop over fields asks something about the value of each."""
    target = loop.target.elts[-1] if isinstance(loop.target, ast.Tuple) else loop.target
    name = getattr(target, "id", "")
    if isinstance(loop, ast.comprehension):
        return any(isinstance(part, ast.Name) and part.id == name for test in loop.ifs for part in ast.walk(test))
    return any(asks(part, name) for part in ast.walk(loop))


def asks(node: ast.AST, name: str) -> bool:
    """Whether a condition is about a name."""
    return isinstance(node, ast.If | ast.IfExp) and any(
        isinstance(part, ast.Name) and part.id == name for part in ast.walk(node.test)
    )


def is_kept_where_none(subject: Subject, call: ast.Call, function: Function) -> bool:
    """Whether the function that receives the fields as arguments leaves alone what is None."""
    targets = subject.graph.targets(subject.inference.value(call.func, function))
    for target in targets:
        names = {name for name, (_, default) in target.parameters.items() if is_none(default)}
        tested = {part.id for node in target.body if isinstance(node, ast.If | ast.IfExp)
                  for part in ast.walk(node.test) if isinstance(part, ast.Name)}  # fmt: skip
        if names and 2 * len(names & tested) >= len(names):
            return True
        rest = target.node.args.kwarg
        if rest is not None and leaves_out(target, {rest.arg}):
            return True
    return False


def leaves_out(function: Function, names: Collection[str]) -> bool:
    """Whether a function goes over what has one of some names, and asks something about the value of each."""
    return any(
        isinstance(node, ast.For | ast.comprehension) and is_conditional(node)
        and any(isinstance(part, ast.Name) and part.id in names for part in ast.walk(node.iter))
        for node in function.body
    )  # fmt: skip


def is_none(default: ast.expr | None) -> bool:
    return isinstance(default, ast.Constant) and default.value is None


def one_by_one(subject: Subject, reached: Reached, bodies: Models) -> Iterator[tuple[ast.AST, str]]:
    """Where a function sets one field after the other, without asking what was sent."""
    found: list[ast.AST] = []
    given: list[tuple[str, ast.expr]]
    for node in reached.function.body:
        match node:
            case ast.Assign(targets=[ast.Attribute() | ast.Subscript()], value=ast.Attribute(value=held, attr=name)):
                given = [(name, held)]
            case ast.Call(func=ast.Attribute(attr=name), args=args, keywords=keywords) if name in WRITES:
                # Also `update({"name": change.name})`, `update_one(…, {"$set": {…}})` and `merge(User(name=change.name))`.
                values: list[ast.expr] = [keyword.value for keyword in keywords]
                for part in (part for argument in args for part in ast.walk(argument)):
                    values += part.values if isinstance(part, ast.Dict) else []
                    values += [each.value for each in part.keywords] if isinstance(part, ast.Call) else []
                given = [(value.attr, value.value) for value in values if isinstance(value, ast.Attribute)]
            case _:
                continue
        found += [
            node
            for field, held in given
            if is_optional(field, bodies) and is_model(subject, held, reached, bodies)
            if not any(mentions(part, field, reached.function) for part in reached.function.around(node))
        ]
    if len(found) >= MOST_FIELDS or any(
        isinstance(node, ast.Call) and last_name(node.func) == "values" for node in found
    ):
        yield found[0], "set only what was sent: `for name in change.model_fields_set: setattr(...)`, or `apply()`."


def is_optional(field: str, bodies: Models) -> bool:
    return any(optional(model).get(field) for model in bodies)


def optional(kind: type[Any]) -> dict[str, bool]:
    """The fields of a model, or of a dataclass, each with whether the client may leave it out; of a dataclass, as None."""
    if issubclass(kind, BaseModel):
        return {name: not field.is_required() for name, field in kind.model_fields.items()}
    return {field.name: field.default is None for field in fields(kind)}


def mentions(part: ast.AST, field: str, function: Function) -> bool:
    """Whether a branch asks for a field, also by a name that holds the answer: `has_name = "name" in sent`."""
    test: ast.expr | None = part.test if isinstance(part, ast.If | ast.IfExp) else None
    waiting: list[ast.AST] = [] if test is None else [test]
    seen: set[str] = set()
    while waiting:
        for node in ast.walk(waiting.pop()):
            if getattr(node, "attr", getattr(node, "value", None)) == field:
                return True
            if isinstance(node, ast.Name) and node.id not in seen:
                seen.add(node.id)
                waiting += [value for value in function.assigned.get(node.id, ()) if is_answer(value)]
    return False


def is_answer(value: ast.AST) -> bool:
    """Whether a value is the answer to a question about what was sent, or what was sent under one name."""
    if isinstance(value, ast.Tuple):
        return all(map(is_answer, value.elts))
    is_looked_up = isinstance(value, ast.Call) and last_name(value.func) in ("get", "pop", "bool")
    return is_looked_up or isinstance(value, ast.Compare | ast.BoolOp | ast.UnaryOp)


def is_only_shown(node: ast.AST, reached: Reached) -> bool:
    """Whether what is taken is only logged, validated, or part of an error or of the endpoint's answer."""
    is_given = False
    for part in reached.function.around(node):
        if isinstance(part, ast.Raise) or (isinstance(part, ast.Return) and reached.caller is None and not is_given):
            return True
        is_given |= isinstance(part, ast.Call) and not last_name(part.func).endswith("Response")
        if isinstance(part, ast.Call) and SHOWS.search(ast.unparse(part.func)):
            return True
        match part:
            case ast.Expr(value=ast.Call() as call) | ast.Expr(value=ast.Await(value=ast.Call() as call)):
                if JUDGES & {*words_of(last_name(call.func))[:1]}:
                    return True
    return False


def is_partial(model: type[BaseModel], endpoint: Endpoint) -> bool:
    """Whether fields may be left out of a model in an update of parts.

    PUT replaces the whole (RFC 9110 section 9.3.4), so there only a model counts whose fields are all optional and None.
    The dump of a derived partial model only has what the client sent, so it overwrites nothing.
    """
    blueprint: Blueprint | None = getattr(model, BLUEPRINT, None)
    if blueprint is not None and blueprint.is_patch:
        return False
    fields = model.model_fields.values()
    if "PATCH" in endpoint.methods:
        return any(not field.is_required() for field in fields)
    is_optional_whole = bool(fields) and all(not field.is_required() and field.default is None for field in fields)
    return "PUT" in endpoint.methods and is_optional_whole and any("{" in part for part in endpoint.path.split("/"))
