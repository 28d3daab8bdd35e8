"""Find what blocks the event loop, and functions that are asynchronous in name only."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from types import FunctionType
from typing import Final, NamedTuple

from typeway.check.rules.audience import is_for_staff
from typeway.check.rules.remedies import remedy
from typeway.evidence.bound import is_bound, needs_loop
from typeway.evidence.excluded import false_at, normal
from typeway.evidence.finding import CONFIDENCES, Finding
from typeway.evidence.shipped import SMALL, reads_shipped
from typeway.evidence.subject import Subject, is_on_loop
from typeway.evidence.weight import is_dropped, is_off, is_scaled, is_slight, is_small
from typeway.source.asking import declares, safely
from typeway.source.index import last_name
from typeway.source.operations import STEPS, operations
from typeway.source.program import Function, renamed_of
from typeway.source.reach import MOST_BRANCHES, THREADS, Reached, in_thread, shown
from typeway.source.results import PATHS
from typeway.source.values import Instance, Known, Method, Named, Plain, as_instance, is_a, known, plain_values, short
from typeway.source.words import words_of
from typeway.watch.blocking import COMPUTES, FILES, LOCKS, PROCESS, SLEEP, Cause, cause_of
from typeway.watch.catalogue import listed, service_of
from typeway.watch.objects import Blocking

# Where another task may run in between.
PAUSES: Final = (ast.Await, ast.AsyncWith, ast.AsyncFor)
READS: Final = frozenset({"read", "readlines", "readline"})
# What reads a file that it is given the path of.
OPENS: Final = frozenset({"open", "read_text", "read_bytes"})
HELD_BY_THREADS: Final = frozenset(
    {"_thread.lock", "_thread.RLock", "threading.Lock", "threading.Condition", "threading.Semaphore"}
)
# Arguments that say whether something is to wait for another thread, and how long.
HOW_LONG: Final = frozenset({"blocking", "block", "timeout"})
# For how many seconds something may wait for another thread.
MOMENT: Final = 0.1
# Where one of these does not hold, a method does not wait: what it waits for is there, or over.
WAITS_WHILE: Final[Mapping[str, tuple[str, ...]]] = {
    "result": ("not {}.done()",),
    "exception": ("not {}.done()",),
    "get": ("{}.empty()", "not {}.qsize()", "{}.qsize() <= 0", "not {}.ready()"),
    "put": ("{}.full()",),
    "acquire": ("{}.locked()",),
    "join": ("{}.is_alive()",),
    "wait": ("not {}.is_set()", "not {}.poll()", "{}.poll() is None", "{}.returncode is None"),
    "communicate": ("not {}.poll()", "{}.poll() is None", "{}.returncode is None"),
}
NAMED: Final = re.compile(r"\(\w+ := (.+)\)")
# How long these take depends on what they are given; the others always wait.
DEPENDS_ON_SIZE: Final = (FILES, COMPUTES)
# What reads the names of files, and not what is in them.
LISTS: Final = frozenset({"walk", "listdir", "scandir", "iterdir", "glob", "rglob"})
# What the path of an endpoint says that few people call, and seldom; and what runs before anybody uses the application.
SELDOM: Final = frozenset({
    "config", "configuration", "settings", "setting", "system", "upgrade", "rollback", "debug", "maintenance", "reindex",
    "backup", "backups", "restore",
})  # fmt: skip
BEFORE_USE: Final = frozenset({"setup", "install", "installation", "onboarding"})


class Hit(NamedTuple):
    """Something that blocks, and the way to it.

    Parameters:
        what: what blocks.
        reached: the function that does it, as it is reached.
        caller: the last asynchronous function on the way.
        place: what blocks in that function: the call of a plain one, or what blocks itself.
        below: the plain functions that lead to it, from that one on; none where the asynchronous function blocks itself.
        less: how much less it matters where and how often it runs.
    """

    what: Blocking
    reached: Reached
    caller: Function
    place: ast.AST
    below: tuple[Function, ...]
    less: int = 0

    @property
    def doubt(self) -> int:
        """How unsure it is that it matters: 0, 1 or more."""
        branches = self.reached.branches_to(self.what.node)
        if self.what.cause in DEPENDS_ON_SIZE:
            branches += self.reached.branches_here(self.what.node) if self.reached.caller is None else 0
            branches += 1 + (self.what.cause is FILES and is_fixed(self.what.node, self.reached.function))
        words = set(words_of(self.reached.entry))
        branches += bool(words & SELDOM) if self.what.cause in DEPENDS_ON_SIZE else 0
        branches += self.less + 2 * bool(words & BEFORE_USE)
        is_moment = self.what.cause is LOCKS and self.what.name.endswith("acquire()")
        return branches + is_moment + (not self.what.is_sure or not self.reached.is_sure)


def is_fixed(node: ast.AST, function: Function) -> bool:
    """Whether nothing that clients send makes a file large: it is the same for every call, or only its name is read."""
    if isinstance(node, ast.Call) and last_name(node.func) in LISTS:
        return True
    statement = next((part for part in function.around(node) if isinstance(part, ast.stmt)), node)
    return not function.behind(statement)


def blocking_calls(subject: Subject) -> Iterator[Finding]:
    """TW001: something on the event loop blocks it, and every other request waits too."""
    groups: dict[tuple[ast.AST, str], list[Hit]] = {}
    entries = subject.loop_entries
    # Most functions lead to nothing that blocks.
    worth = leading_to_blocking(subject, (each for each, _ in entries))
    for hit in hits(subject, subject.graph.reach(entries, worth)):
        groups.setdefault((hit.caller.node, hit.what.cause.does), []).append(hit)
    least: dict[ast.AST, int] = {}
    for found in groups.values():
        found.sort(key=lambda hit: (hit.doubt, getattr(hit.place, "lineno", 0)))
        least[found[0].caller.node] = min(found[0].doubt, least.get(found[0].caller.node, 2))
    for found in groups.values():
        first, places = found[0], {hit.what.node for hit in found}
        path, line = subject.place(first.caller, first.place)
        cause, reached = first.what.cause, first.reached
        others = len(places) - 1
        # What must stay on the loop may not be moved as a whole.
        bound = bool(first.below) and is_bound(subject, first.below[0])
        stays = needs_loop(subject, first.caller)
        # Who reads about the call that waits for sure looks at the whole function.
        is_second = cause in DEPENDS_ON_SIZE and least[first.caller.node] < first.doubt
        more = (
            f" {others} more call{'s' * (others > 1)} below {first.caller.name}() do{'es' * (others == 1)} the same."
            if others
            else ""
        )
        yield Finding(
            "TW001",
            path,
            line,
            f"{first.what.name} {cause.does} and blocks the event loop, so every other request waits too; "
            f"it is reached from {reached.entry}: {shown(reached.chain)}.{more}",
            f"{remedy(first.what, first.caller, first.place, first.below, is_bound=bound, stays=stays)}.",
            CONFIDENCES[min(first.doubt + is_second, 2)],
            reached.entry,
            tuple(function.name for function in reached.chain),
            cause=shared_cause(found),
            function=first.caller.place,
        )


def leading_to_blocking(subject: Subject, functions: Iterable[Function]) -> set[Function]:
    """Those of some functions, and of all that they may call, that block or lead to what does."""
    return subject.graph.leading_to(lambda each: bool(blocking_in(subject, each)), functions)


def hits(subject: Subject, functions: Sequence[Reached]) -> Iterator[Hit]:
    """What blocks in functions that are reached, as far as they can come to it."""
    endpoints, staff = subject.titled, dict[str, bool]()
    is_alone = 2 * subject.answers_alone
    for reached in functions:
        for what in blocking_in(subject, reached.function):
            may_be = what.is_sure or reached.truth.may_be(what.node, what.kind)
            if may_be and reached.branches_to(what.node) <= MOST_BRANCHES and reached.is_run(what.node):
                way = reached.way
                if any(map(is_dropped, way)):
                    continue
                last = max((place for place, each in enumerate(way) if each.function.is_async), default=0)
                below = way[last + 1 :]
                node = (below[0].node if below else None) or what.node
                entry = reached.entry
                if what.cause is FILES and entry in endpoints and entry not in staff:
                    staff[entry] = is_for_staff(subject, endpoints[entry])
                less = is_alone + is_small(subject, what, reached) + (what.cause is FILES and staff.get(entry, False))
                less += 2 * (is_off(subject, what, way) or is_slight(what, reached)) - is_scaled(what, reached)
                yield Hit(what, reached, way[last].function, node, tuple(each.function for each in below), less)


def shared_cause(found: Sequence[Hit]) -> str:
    """What findings in several asynchronous functions have in common: the plain functions that block below them."""
    if not all(hit.below for hit in found):
        return ""
    return " ".join(sorted({hit.below[-1].place for hit in found}))


def blocking_in(subject: Subject, function: Function) -> list[Blocking]:
    """What blocks in a function's own code."""
    if function not in subject.blocking:
        subject.blocking[function] = [*read_blocking(subject, function)]
    return subject.blocking[function]


def read_blocking(subject: Subject, function: Function) -> Iterator[Blocking]:
    for node in subject.graph.parts_of(function):
        if isinstance(node, ast.Call) and function.is_awaited(node):
            continue
        if isinstance(node, ast.Call):
            yield from called_blocking(subject, node, function)
        for used, method in used_by(node):
            held = as_instance(subject.inference.value(used, function))
            listed = subject.catalogue.method(held.kind, method) if held is not None and not held.many else None
            if held is not None and listed is not None:
                name = f"`with {ast.unparse(used)}`" if method == "__enter__" else f"iterating {short(held.kind)}"
                yield Blocking(node, name, cause_of(listed), True)
    yield from asked(subject, function)
    yield from gone_over(subject, function)
    if function.is_async:
        yield from locks_held(subject, function)


def called_blocking(subject: Subject, call: ast.Call, function: Function) -> Iterator[Blocking]:
    values = plain_values(subject.inference.value(call.func, function))
    causes = [(value, cause_in(subject, value, call, function)) for value in values]
    if last_name(call.func) in OPENS and reads_shipped(subject, call, function):
        return
    if any(found is not None and found[1] in (LOCKS, PROCESS) for _, found in causes) and is_over(call, function):
        return
    is_sure = all(found is not None for _, found in causes)
    for value, found in causes:
        if found is not None:
            kind = value.owner.kind if isinstance(value, Method) else None
            yield Blocking(call, *found, is_sure, kind)


def asked(subject: Subject, function: Function) -> Iterator[Blocking]:
    """What objects of other packages have that waits when it is read: `result.status` of a task of Celery."""
    for node in function.of(ast.Attribute):
        if node.attr in listed().asking and isinstance(node.ctx, ast.Load):
            held = as_instance(subject.inference.value(node.value, function))
            name = subject.catalogue.method(held.kind, f".{node.attr}") if held is not None and not held.many else None
            if held is not None and name is not None:
                yield Blocking(node, f"{short(held.kind)}.{node.attr}", cause_of(name), True)


def used_by(node: ast.AST) -> Iterator[tuple[ast.expr, str]]:
    """What a statement or expression enters or iterates, with the method that it calls."""
    match node:
        case ast.With(items=items):
            yield from ((item.context_expr, "__enter__") for item in items)
        case ast.Call(func=ast.Name(id="map" | "filter"), args=[_, items, *_]):
            yield items, "__iter__"
    # The catalogue has one name for iterating and for the next item.
    yield from ((source, "__iter__") for source, names in operations(node) if names[0] in ("__iter__", "__next__"))


def gone_over(subject: Subject, function: Function) -> Iterator[Blocking]:
    """Generators of other packages that are made in a thread and gone over here: what blocks is each step."""
    for node in subject.graph.parts_of(function):
        for source in (source for source, names in operations(node) if names[0] in STEPS):
            bound = subject.inference.bindings(function).get(source.id, ()) if isinstance(source, ast.Name) else ()
            for made in (source, *(entry.expression for entry in bound if not entry.is_item)):
                call = made.value if isinstance(made, ast.Await) else made
                given = in_thread(call) if isinstance(call, ast.Call) else None
                for value in plain_values(subject.inference.value(given, function) if given is not None else None):
                    name = subject.catalogue.function(value.thing) if isinstance(value, Known) else None
                    if name is not None and isinstance(value, Known) and inspect.isgeneratorfunction(value.thing):
                        yield Blocking(source, f"{name}()", cause_of(name), True)


def cause_in(subject: Subject, callee: Plain, call: ast.Call, function: Function) -> tuple[str, Cause] | None:
    """Why a call blocks, with its name, if it does."""
    match callee:
        case Named(name):
            cause = subject.catalogue.named(name)
            if cause is None and subject.catalogue.method(name, "__init__"):
                cause = cause_of(name)
            given = name if subject.catalogue.needs(name) else f"{name}.__init__"
            return None if cause is None or not is_given(subject, given, call) else (f"{name}()", cause)
        case Known(thing) if thing is open:
            return ("open()", FILES) if is_large(call, function) else None
        case Known(partial() as bound):
            return cause_in(subject, known(safely(getattr, bound, "func")), call, function)
        case Known(type() as kind):
            return cause_in_method(subject, kind, "__init__", call)  # what connects as soon as it is made
        case Known(thing):
            listed = subject.catalogue.function(thing)
            if listed is not None and not any("WNOHANG" in ast.unparse(argument) for argument in call.args):
                is_blocking = is_given(subject, listed, call)
                return (f"{listed.removeprefix('builtins.')}()", cause_of(listed)) if is_blocking else None
            # Looked for in the class first: some objects have every attribute that they are asked for.
            owner = safely(getattr, thing, "__self__") if declares(type(thing), "__self__") else None
            if owner is None or isinstance(owner, type):
                return cause_in_method(subject, type(thing), "__call__", call)
            return cause_in_method(subject, type(owner), thing.__name__, call)
        case Instance(kind, many=False):
            return cause_in_method(subject, kind, "__call__", call)
        case Method(owner, "open", _) if is_a(owner.kind, PATHS):
            return ("Path.open()", FILES) if is_large(call, function) else None
        case Method(owner, name, _) if not owner.many:
            return cause_in_method(subject, owner.kind, name, call)
    return None


def cause_in_method(subject: Subject, kind: type | str, name: str, call: ast.Call) -> tuple[str, Cause] | None:
    listed = subject.catalogue.method(kind, name)
    cause = cause_of(listed) if listed is not None and is_given(subject, listed, call) else None
    if cause is None or (cause is LOCKS and is_limited(call)):
        return None
    own = {"__call__": "", "__init__": ""}.get(name, f".{name}")
    # What hangs below a client is named from the package on.
    named = kind if isinstance(kind, str) and service_of(kind) != "" else short(kind)
    return f"{named}{own}()", cause


def is_given(subject: Subject, name: str, call: ast.Call) -> bool:
    """Whether a call has the argument without which it does not block."""
    needed = subject.catalogue.needs(name)
    values = [entry.value for entry in call.keywords if entry.arg == needed] or call.args[:1]
    return not needed or any(not isinstance(value, ast.Constant) or value.value for value in values)


def is_limited(call: ast.Call) -> bool:
    """Whether the arguments say that something does not wait for another thread, or for a moment only."""
    values = [*call.args, *(entry.value for entry in call.keywords if entry.arg in HOW_LONG)]
    given = [value.value for value in values if isinstance(value, ast.Constant)]
    return any(
        value is False or (isinstance(value, int | float) and value is not True and value <= MOMENT) for value in given
    )


def is_over(call: ast.Call, function: Function) -> bool:
    """Whether the function has asked before whether there is anything to wait for: `while not task.done(): ...`."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in WAITS_WHILE:
        return False
    asked = ast.unparse(call.func.value)
    waits = {condition.format(asked) for condition in WAITS_WHILE[call.func.attr]}
    return any(NAMED.sub(r"\1", normal(test)) in waits for test in false_at(call, function))


def is_large(call: ast.Call, function: Function) -> bool:
    """Whether a whole file is read or written, and not a small part of it."""
    if call.args and ast.unparse(call.args[0]).lstrip("f'\"").startswith(("/proc/", "/sys/", "/dev/")):
        return False  # no disk is behind these
    parent = function.parents.get(call)
    if isinstance(parent, ast.Attribute | ast.Call):
        return is_large_use(parent, function, call)
    return any(is_large_use(function.parents.get(node), function, node) for node in uses_of_file(call, function))


def uses_of_file(call: ast.Call, function: Function) -> Iterator[ast.Name]:
    """Where a function uses a file that it opens, by the name that it gives it."""
    parent = function.parents.get(call)
    names: set[str] = set()
    if isinstance(parent, ast.withitem) and isinstance(parent.optional_vars, ast.Name):
        names.add(parent.optional_vars.id)
    if isinstance(parent, ast.Assign):
        names |= {target.id for target in parent.targets if isinstance(target, ast.Name)}
    for node in function.body:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in names:
            yield node


def is_large_use(use: ast.AST | None, function: Function, node: ast.expr) -> bool:
    """Whether an open file is read or written as a whole in this place, and not in a thread."""
    if isinstance(use, ast.For | ast.comprehension):
        return use.iter is node
    if isinstance(use, ast.Call):
        # A response sends a file from a thread.
        name = last_name(use.func)
        return node in use.args and name not in THREADS and not name.endswith("Response")
    if not isinstance(use, ast.Attribute):
        return False
    call = function.parents.get(use)
    if not isinstance(call, ast.Call) or call.func is not use or use.attr not in READS | {"write", "writelines"}:
        return False
    size = call.args[0] if call.args else None
    if use.attr in READS and isinstance(size, ast.Constant) and isinstance(size.value, int):
        return size.value > SMALL
    return use.attr != "readline"


def locks_held(subject: Subject, function: Function) -> Iterator[Blocking]:
    """Locks of threads that are held while something is awaited: a second task that waits for them blocks for good."""
    for node in function.body:
        if not isinstance(node, ast.With):
            continue
        for item in node.items:
            held = as_instance(subject.inference.value(item.context_expr, function))
            is_lock = held is not None and is_a(held.kind, HELD_BY_THREADS)
            if is_lock and any(isinstance(part, PAUSES) and node in function.around(part) for part in function.body):
                yield Blocking(item.context_expr, f"`with {ast.unparse(item.context_expr)}`", LOCKS, True)


def asynchronous_in_name(subject: Subject) -> Iterator[Finding]:
    """TW002: an endpoint or dependency that awaits nothing and blocks, where a plain `def` would have had a thread."""
    entries = [(endpoint.function, endpoint.tree, endpoint.title) for endpoint in subject.own]
    entries += [(function, node, endpoint.title) for function, (node, endpoint) in subject.dependencies.items()]
    worth = leading_to_blocking(subject, (each for each, node, _ in entries if each is not None and is_on_loop(node)))
    seen: set[ast.AST] = set()
    for function, node, entry in entries:
        # PERF: most functions lead to nothing that blocks; what they may need the loop for takes long to find.
        if function not in worth or not is_on_loop(node) or function.node in seen or needs_loop(subject, function):
            continue
        if type(node.function) is FunctionType and renamed_of(node.function) is not None:
            continue  # the wrapper awaits it, which a plain function would not survive
        seen.add(function.node)
        found = blocking_below(subject, function, entry)
        # What only sleeps can do so on the loop.
        if any(hit.what.cause is not SLEEP for hit in found):
            path, line = subject.place(function)
            first = min(found, key=lambda hit: hit.doubt)
            name = first.what.name
            blocks = f"calls {name}, which blocks" if name.endswith(")") else f"{name} blocks"
            yield Finding(
                "TW002",
                path,
                line,
                f"async def {function.name}() awaits nothing, but {blocks} the event loop.",
                f"write `def {function.name}()`: it then runs in a thread, where it may block.",
                CONFIDENCES[min(first.doubt, 2)],
                entry,
                tuple(each.name for each in first.reached.chain),
                function=function.place,
            )


def blocking_below(subject: Subject, function: Function, entry: str) -> list[Hit]:
    """What blocks in a function and in the plain functions that it calls; a coroutine that it only begins is not below it."""
    if any(edge.function.is_async for edge in subject.graph.edges(function)):
        return []
    return [hit for hit in hits(subject, subject.graph.reach([(function, entry)])) if hit.caller is function]
