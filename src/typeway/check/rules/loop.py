"""Find what blocks the event loop, and functions that are asynchronous in name only."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import partial
from types import FunctionType
from typing import Final, NamedTuple

from typeway.check.blocking import Blocking
from typeway.check.finding import Confidence, Finding
from typeway.check.reach import MOST_BRANCHES, Reached, shown
from typeway.check.read.index import last_name
from typeway.check.read.program import Function, renamed_of
from typeway.check.read.results import PATHS
from typeway.check.read.values import Known, Method, Named, Plain, as_instance, is_a, plain_values, short
from typeway.check.rules.audience import is_for_staff
from typeway.check.rules.remedies import remedy
from typeway.check.rules.shipped import SMALL, reads_shipped
from typeway.check.subject import Subject, is_on_loop
from typeway.check.words import words_of
from typeway.watch.blocking import COMPUTES, FILES, LOCKS, SLEEP, Cause, cause_of

READS: Final = frozenset({"read", "readlines", "readline"})
# What reads a file that it is given the path of.
OPENS: Final = frozenset({"open", "read_text", "read_bytes"})
HELD_BY_THREADS: Final = frozenset(
    {"_thread.lock", "_thread.RLock", "threading.Lock", "threading.Condition", "threading.Semaphore"}
)
# Arguments that say, if they are False, that something is not to wait for another thread.
WITHOUT_WAITING: Final = frozenset({"blocking", "block"})
# What runs a function that it is given in a thread.
THREADS: Final = frozenset({
    "to_thread", "run_sync", "run_in_threadpool", "run_in_executor", "submit", "run_sync_in_worker_thread", "sync_to_async",
})  # fmt: skip
# How long these take depends on what they are given; the others always wait.
DEPENDS_ON_SIZE: Final = (FILES, COMPUTES)
# What reads the names of files, and not what is in them.
LISTS: Final = frozenset({"walk", "listdir", "scandir", "iterdir", "glob", "rglob"})
# What copies or removes whole folders, or whatever a client sends.
LARGE: Final = frozenset({"copyfileobj", "copytree", "rmtree", "make_archive", "unpack_archive", "extractall"})
# What goes once over data that somebody has read before, which takes longer.
IN_MEMORY: Final = frozenset({"merge", "apply", "sort_values", "pivot_table", "describe"})
# What the path of an endpoint says that few people call, and seldom; and what runs before anybody uses the application.
SELDOM: Final = frozenset({
    "config", "configuration", "settings", "setting", "system", "upgrade", "rollback", "debug", "maintenance", "reindex",
    "backup", "backups", "restore",
})  # fmt: skip
BEFORE_USE: Final = frozenset({"setup", "install", "installation", "onboarding"})
SURENESS: Final[Sequence[Confidence]] = ("high", "medium", "low")


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
    entries = [*subject.loop_entries()]
    # Most functions lead to nothing that blocks.
    worth = subject.graph.leading_to(lambda each: bool(blocking_in(subject, each)), (each for each, _ in entries))
    for hit in hits(subject, subject.graph.reach(entries, worth)):
        groups.setdefault((hit.caller.node, hit.what.cause.does), []).append(hit)
    for found in groups.values():
        found.sort(key=lambda hit: (hit.doubt, getattr(hit.place, "lineno", 0)))
        first, places = found[0], {hit.what.node for hit in found}
        path, line = subject.place(first.caller, first.place)
        cause, reached = first.what.cause, first.reached
        others = len(places) - 1
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
            f"{remedy(first.what, first.caller, first.place, first.below)}.",
            SURENESS[min(first.doubt, 2)],
            reached.entry,
            tuple(function.name for function in reached.chain),
            cause=shared_cause(found),
            function=first.caller.place,
        )


def hits(subject: Subject, functions: Sequence[Reached]) -> Iterator[Hit]:
    """What blocks in functions that are reached, as far as they can come to it."""
    endpoints, staff = {endpoint.title: endpoint for endpoint in subject.own}, dict[str, bool]()
    is_alone = 2 * subject.answers_alone
    for reached in functions:
        for what in blocking_in(subject, reached.function):
            if reached.branches_to(what.node) <= MOST_BRANCHES and reached.is_run(what.node):
                way = reached.way
                last = max((place for place, each in enumerate(way) if each.function.is_async), default=0)
                below = way[last + 1 :]
                node = (below[0].node if below else None) or what.node
                entry = reached.entry
                if what.cause is FILES and entry in endpoints and entry not in staff:
                    staff[entry] = is_for_staff(subject, endpoints[entry])
                less = is_alone + is_small(subject, what, reached) + (what.cause is FILES and staff.get(entry, False))
                yield Hit(what, reached, way[last].function, node, tuple(each.function for each in below), less)


def is_in_loop(node: ast.AST, function: Function) -> bool:
    """Whether a part of a function runs once for each of several things; what a loop goes over is made once."""
    inside = node
    for part in function.around(node):
        match part:
            case ast.While() | ast.For() | ast.AsyncFor() if inside is not getattr(part, "iter", None):
                return True
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp() if (
                inside is not part.generators[0]
            ):
                return True
        inside = part
    return False


def is_small(subject: Subject, what: Blocking, reached: Reached) -> bool:
    """Whether it is one file, and nothing shows that it is large or read often; or a pass over data in memory."""
    verb = what.name.rpartition(".")[2].removesuffix("()")
    if what.cause is not FILES:
        return what.cause is COMPUTES and verb in IN_MEMORY
    steps = [(each.caller.function, each.node) for each in reached.way if each.caller is not None]
    is_repeated = any(
        is_in_loop(node, function) for function, node in [*steps, (reached.function, what.node)] if node is not None
    )
    return not (is_repeated or verb in LARGE or reached.way[0].function in subject.frequent)


def shared_cause(found: Sequence[Hit]) -> str:
    """What findings in several asynchronous functions have in common: the plain functions that they call."""
    if not all(hit.below for hit in found):
        return ""
    return " ".join(sorted({hit.below[0].place for hit in found}))


def blocking_in(subject: Subject, function: Function) -> list[Blocking]:
    """What blocks in a function's own code."""
    if function not in subject.blocking:
        subject.blocking[function] = [*read_blocking(subject, function)]
    return subject.blocking[function]


def read_blocking(subject: Subject, function: Function) -> Iterator[Blocking]:
    for call in subject.graph.calls_of(function):
        if function.is_awaited(call):
            continue
        values = plain_values(subject.inference.value(call.func, function))
        for value in values:
            found = cause_in(subject, value, call, function)
            if found is not None and not (last_name(call.func) in OPENS and reads_shipped(subject, call, function)):
                yield Blocking(call, *found, len(values) == 1)
                break
    if function.is_async:
        yield from locks_held(subject, function)


def cause_in(subject: Subject, callee: Plain, call: ast.Call, function: Function) -> tuple[str, Cause] | None:
    """Why a call blocks, with its name, if it does."""
    match callee:
        case Named(name):
            cause = subject.catalogue.named(name)
            return None if cause is None else (f"{name}()", cause)
        case Known(thing) if thing is open:
            return ("open()", FILES) if is_large(call, function) else None
        case Known(partial() as bound):
            return cause_in(subject, Known(bound.func), call, function)
        case Known(thing):
            known = subject.catalogue.function(thing)
            if known is not None and not any("WNOHANG" in ast.unparse(argument) for argument in call.args):
                return f"{known.removeprefix('builtins.')}()", cause_of(known)
            owner = getattr(thing, "__self__", None)
            if owner is None or isinstance(owner, type):
                return None
            return cause_in_method(subject, type(owner), thing.__name__, call)
        case Method(owner, "open", _) if is_a(owner.kind, PATHS):
            return ("Path.open()", FILES) if is_large(call, function) else None
        case Method(owner, name, _) if not owner.many:
            return cause_in_method(subject, owner.kind, name, call)
    return None


def cause_in_method(subject: Subject, kind: type | str, name: str, call: ast.Call) -> tuple[str, Cause] | None:
    cause = subject.catalogue.method(kind, name)
    if cause is None or (cause is LOCKS and is_limited(call)):
        return None
    return f"{short(kind)}.{name}()", cause


def is_limited(call: ast.Call) -> bool:
    """Whether the arguments limit how long something waits for another thread."""
    for keyword in call.keywords:
        if keyword.arg == "timeout":
            return True
        if keyword.arg in WITHOUT_WAITING and isinstance(keyword.value, ast.Constant):
            return keyword.value.value is False
    return bool(call.args)


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
            if is_lock and any(isinstance(part, ast.Await) for part in ast.walk(node)):
                yield Blocking(item.context_expr, f"`with {ast.unparse(item.context_expr)}`", LOCKS, True)


def asynchronous_in_name(subject: Subject) -> Iterator[Finding]:
    """TW002: an endpoint or dependency that awaits nothing and blocks, where a plain `def` would have had a thread."""
    entries = [(endpoint.function, endpoint.tree, endpoint.title) for endpoint in subject.own]
    entries += [(function, node, endpoint.title) for function, (node, endpoint) in subject.dependencies.items()]
    seen: set[ast.AST] = set()
    for function, node, entry in entries:
        if function is None or not is_on_loop(node) or function.node in seen or needs_loop(subject, function):
            continue
        if type(node.function) is FunctionType and renamed_of(node.function) is not None:
            continue  # the wrapper awaits it, which a plain function would not survive
        seen.add(function.node)
        found = blocking_below(subject, function, entry)
        # What only sleeps can do so on the loop.
        if any(hit.what.cause is not SLEEP for hit in found):
            path, line = subject.place(function)
            first = min(found, key=lambda hit: hit.doubt)
            yield Finding(
                "TW002",
                path,
                line,
                f"async def {function.name}() awaits nothing, but calls {first.what.name}, which blocks the event loop.",
                f"write `def {function.name}()`: it then runs in a thread, where it may block.",
                SURENESS[min(first.doubt, 2)],
                entry,
                tuple(each.name for each in first.reached.chain),
                function=function.place,
            )


def needs_loop(subject: Subject, function: Function) -> bool:
    """Whether a function does something for which it must be asynchronous."""
    waiting = (ast.Await, ast.AsyncFor, ast.AsyncWith, ast.AsyncFunctionDef)
    body = [node for statement in function.node.body for node in ast.walk(statement)]
    if any(isinstance(node, waiting) or (isinstance(node, ast.comprehension) and node.is_async) for node in body):
        return True
    if any(isinstance(node, ast.Name) and node.id in ("asyncio", "anyio") for node in body):
        return True
    callers = subject.inference.index.calls.get(function.node.name, ())
    if any(caller.is_awaited(call) for call, caller in callers):
        return True  # own code awaits it, which a plain function would not survive
    return any(isinstance(node, ast.Call) and sets_context(subject, node, function) for node in function.body)


def sets_context(subject: Subject, call: ast.Call, function: Function) -> bool:
    """Whether a call sets a context variable: what a thread sets is not seen by the task."""
    if last_name(call.func) != "set" or not isinstance(call.func, ast.Attribute):
        return False
    held = as_instance(subject.inference.value(call.func.value, function))
    return held is not None and is_a(held.kind, {"_contextvars.ContextVar", "contextvars.ContextVar"})


def blocking_below(subject: Subject, function: Function, entry: str) -> list[Hit]:
    """What blocks in a function and in the plain functions that it calls."""
    if any(edge.function.is_async for edge in subject.graph.edges(function)):
        return []
    return [*hits(subject, subject.graph.reach([(function, entry)]))]
