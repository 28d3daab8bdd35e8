"""Weigh what blocks: how long it takes, how often it runs, and whether it runs at all."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from typeway.evidence.subject import Subject
from typeway.source.facts import Constant, Fact, Truth
from typeway.source.index import last_name
from typeway.source.options import Options
from typeway.source.program import Function
from typeway.source.reach import Reached
from typeway.watch.blocking import COMPUTES, FILES
from typeway.watch.objects import Blocking

# What copies whole folders, or whatever a client sends. Removing a folder reads nothing of what is in it.
LARGE: Final = frozenset({"copyfileobj", "copytree", "make_archive", "unpack_archive", "extractall"})
# What goes once over data that somebody has read before, which takes longer.
IN_MEMORY: Final = frozenset({
    "merge", "apply", "sort_values", "pivot_table", "describe", "fromstring", "document_fromstring", "fragments_fromstring",
})  # fmt: skip
# The argument that says how long a hash takes, its position, and up to which number that is a few milliseconds at most.
ROUNDS: Final = {"scrypt": ("n", 1, 1024), "pbkdf2_hmac": ("iterations", 3, 1000)}
# What says that a text comes from a file or from another server, which may send much.
RECEIVES: Final = frozenset({"read", "decode", "text", "content", "body", "file", "getvalue"})


class AsStarted(Truth):
    """Decides the conditions of a function also by what is off without an option."""

    def __init__(self, options: Options, truth: Truth) -> None:
        super().__init__(truth.inference, truth.function, truth.facts)
        self.options = options

    def fact(self, node: ast.expr) -> Fact | None:
        return super().fact(node) or self.options.off(node, self.function)


def is_off(subject: Subject, what: Blocking, way: Sequence[Reached]) -> bool:
    """Whether something on the way there is only done with an option that neither a request nor the start chooses."""
    options = subject.memory.setdefault(Options, Options(subject.inference))
    nodes = [each.node for each in way[1:]] + [what.node]
    return any(AsStarted(options, each.truth).is_dead(node) for each, node in zip(way, nodes, strict=True) if node)


def is_dropped(reached: Reached) -> bool:
    """Whether what is reached is a coroutine, or a background task, that is made and then neither awaited nor sent."""
    call, caller, held = reached.node, reached.caller, None
    # A decorator may begin what it is given.
    is_plain = reached.function.is_async and not reached.function.node.decorator_list
    if caller is None or not isinstance(call, ast.Call) or not is_plain:
        return False
    function, name = caller.function, last_name(call.func)
    parent = function.parents.get(call)
    if name == reached.function.node.name:
        if isinstance(parent, ast.Expr):
            return True
        held = parent.targets[0] if isinstance(parent, ast.Assign) else None
    elif name == "add_task" and isinstance(call.func, ast.Attribute):
        held = call.func.value
    made = function.assigned.get(getattr(held, "id", ""), ())
    makers = {last_name(each.func) if isinstance(each, ast.Call) else "" for each in made}
    uses = [
        each for each in ast.walk(function.node) if isinstance(each, ast.Name) and each.id == getattr(held, "id", "")
    ]
    others = [each for each in uses if getattr(function.parents.get(each), "attr", "") != "add_task"]
    return (
        bool(made) and makers <= {"BackgroundTasks", name} and all(isinstance(each.ctx, ast.Store) for each in others)
    )


def is_slight(what: Blocking, reached: Reached) -> bool:
    """Whether something takes a few milliseconds at most: a hash of few rounds, a table in a text that a request has."""
    verb, call = what.name.rpartition(".")[2].removesuffix("()"), what.node
    if verb in ROUNDS and isinstance(call, ast.Call):
        name, place, most = ROUNDS[verb]
        given = [entry.value for entry in call.keywords if entry.arg == name] + call.args[place : place + 1]
        rounds = reached.truth.fact(given[0]) if given else None
        return isinstance(rounds, Constant) and rounds.kind is int and rounds.value <= most
    if what.cause is not COMPUTES or not verb.startswith("read_") or not isinstance(call, ast.Call):
        return False
    parts = [part for given in call.args[:1] for part in made_of(given, reached.way)]
    is_text = any(last_name(part) == "StringIO" for part in parts if isinstance(part, ast.Name | ast.Attribute))
    return is_text and not any(isinstance(part, ast.Await) or getattr(part, "attr", "") in RECEIVES for part in parts)


def is_scaled(what: Blocking, reached: Reached) -> bool:
    """Whether a branch works on a picture that a request has sent: it is the one for pictures that are large."""
    if not (what.name.startswith("Image.") and isinstance(what.node, ast.Call) and reached.branches_here(what.node)):
        return False
    parts = made_of(what.node.func, reached.way)
    return any(isinstance(part, ast.Await) or getattr(part, "attr", "") == "file" for part in parts)


def made_of(node: ast.AST, way: Sequence[Reached]) -> Iterator[ast.AST]:
    """What a value is made of, by way of local names and of what callers pass."""
    waiting, seen = [(node, len(way) - 1)], {node}
    while waiting:
        node, place = waiting.pop()
        function, call = way[place].function, way[place].node
        passed = function.given(call) if isinstance(call, ast.Call) else {}
        for part in ast.walk(node):
            yield part
            name = part.id if isinstance(part, ast.Name) else ""
            found = [(each, place) for each in function.assigned.get(name, ())]
            found += [(passed[name], place - 1)] if name in passed else []
            waiting += [entry for entry in found if entry[0] not in seen]
            seen |= {each for each, _ in found}


def loop_around(node: ast.AST, function: Function) -> ast.AST | None:
    """The loop in which a part of a function runs once for each of several things; what a loop goes over is made once."""
    inside = node
    for part in function.around(node):
        match part:
            case ast.While() | ast.For() | ast.AsyncFor() if inside is not getattr(part, "iter", None):
                return part
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp() if (
                inside is not part.generators[0]
            ):
                return part
        inside = part
    return None


def is_repeated(way: Sequence[tuple[Function, ast.AST]]) -> bool:
    """Whether the last of some calls, each in the function that the one before calls, runs many times without a pause."""
    for place, (function, node) in enumerate(way):
        loop = loop_around(node, function)
        # Where each round awaits a browser or a database, others have their turn between two small files.
        is_paused = any(waits(inner.body, below, inner) for inner, below in way[place + 1 :])
        if loop is not None and not is_paused and not waits(ast.walk(loop), node, function):
            return True
    return False


def waits(parts: Iterable[ast.AST], node: ast.AST, function: Function) -> bool:
    """Whether some parts of a function await something else than a call in it."""
    around = {*function.around(node)}
    return any(isinstance(part, ast.AsyncFor) or (isinstance(part, ast.Await) and part not in around) for part in parts)


def is_small(subject: Subject, what: Blocking, reached: Reached) -> bool:
    """Whether it is one file, and nothing shows that it is large or read often; or a pass over data in memory."""
    verb = what.name.rpartition(".")[2].removesuffix("()")
    if what.cause is not FILES:
        return what.cause is COMPUTES and verb in IN_MEMORY
    steps = [(each.caller.function, each.node) for each in reached.way if each.caller and each.node]
    return not (
        is_repeated([*steps, (reached.function, what.node)])
        or verb in LARGE
        or reached.way[0].function in subject.frequent
    )
