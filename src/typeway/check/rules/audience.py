"""Tell who may call an endpoint: anybody who uses the application, or only those who run it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Any, Final

from typeway.check.rules.protection import TOOLS, is_scheme, sounds_like_guard
from typeway.declare.scope import closure_of
from typeway.evidence.subject import Endpoint, Subject
from typeway.plan.tree import Node
from typeway.source.index import last_name
from typeway.source.program import Function
from typeway.source.values import Inner, Known
from typeway.source.words import has_phrase, phrases, words_of

# What those are called who run an application, ...
STAFF: Final = phrases(
    "admin,admins,administrator,administrators,superuser,superusers,super user,superadmin,sysadmin,staff,sudo"
)
# ... what guards are called that ask for more than who somebody is, ...
GRANTS: Final = phrases("permission,permissions,privilege,privileges,role,roles,scope,scopes")
# ... and what settings are called that only they know.
KEYS: Final = frozenset({"key", "keys", "secret", "secrets", "token", "tokens", "password"})

# What a name says that lets in others too.
OTHERS: Final = frozenset({"or", "owner", "self", "optional"})
# What compares a key in constant time.
COMPARES: Final = frozenset({"compare_digest"})


def is_for_staff(subject: Subject, endpoint: Endpoint) -> bool:
    """Whether only those may call an endpoint who run the application: its path, a dependency or its code says so.

    They are called administrators and the like, or know a key that is in the settings.
    """
    # Its last word is what the endpoint is about: "/admin/users" is for administrators, "/staff" may be a list of people.
    if has_phrase(words_of(endpoint.path)[:-1], STAFF):
        return True
    if any(asks_for_staff(node) for node in endpoint.tree.walk() if node.depends is not None):
        return True
    return refuses(subject, endpoint)


def needs_grant(endpoint: Endpoint) -> bool:
    """Whether an endpoint is only for those who were given the right to: `Security(user, scopes=["write"])`, `Depends(can("edit"))`."""
    return any(node.own_scopes or asks_for_grant(node) for node in endpoint.tree.walk() if node.depends is not None)


def asks_for_grant(node: Node) -> bool:
    """Whether a guard is about permissions or roles: it is called so, or what it was told is."""
    function: Any = node.function
    # What an outer function makes has the name of that one too: `require.<locals>.guard`.
    names = str(getattr(function, "__qualname__", type(function).__name__)).split(".<locals>.")
    if is_scheme(function) or not any(map(sounds_like_guard, names)):
        return False
    told = [*getattr(function, "__dict__", ()), *closure_of(getattr(function, "__func__", function))]
    return any(has_phrase(words_of(name), GRANTS) for name in [*names, *told])


def refuses(subject: Subject, endpoint: Endpoint) -> bool:
    """Whether an endpoint or a dependency raises for everybody who is no administrator, or does not know a key."""
    functions = [endpoint.function]
    functions += [subject.program.function(node.function) for node in endpoint.tree.walk() if node.depends is not None]
    entries = [(function, endpoint.title) for function in functions if function is not None]
    return any(
        refuses_here(subject, reached.function)
        for reached in subject.graph.reach(entries)
        if not any(
            step.caller.branches_here(step.node)
            for step in reached.way
            if step.caller is not None and step.node is not None
        )
    )


def asks_for_staff(node: Node) -> bool:
    """Whether a dependency says whom it lets in: `require_admin`, `RoleChecker(["admin"])`, `Security(user, scopes=["admin"])`."""
    function: Any = node.function
    words = words_of(str(getattr(function, "__name__", type(function).__name__)))
    if names_staff(words) and not TOOLS & {*words}:
        return True
    given = [
        *(function.__dict__.values() if hasattr(function, "__dict__") else ()),
        *held_in(function),
        *node.own_scopes,
    ]
    return any(is_staff_only(value) for value in given)


def names_staff(words: list[str]) -> bool:
    """Whether a name is about those who run the application, and not `is_admin_or_owner`."""
    return has_phrase(words, STAFF) and not OTHERS & {*words}


def held_in(function: Any) -> Iterator[Any]:
    """What a function keeps of the call that made it: the cells of a closure, the arguments of a partial."""
    yield from closure_of(getattr(function, "__func__", function)).values()
    yield from getattr(function, "args", None) or ()
    yield from (getattr(function, "keywords", None) or {}).values()


def is_staff_only(value: Any) -> bool:
    """Whether a value is the name of a role of those who run the application, or several such names and no other."""
    names = [*value] if isinstance(value, list | tuple | set | frozenset) else [value]
    texts = [name.name if isinstance(name, Enum) else name for name in names]
    return bool(texts) and all(isinstance(text, str) and has_phrase(words_of(text), STAFF) for text in texts)


def refuses_here(subject: Subject, function: Function) -> bool:
    """Whether a function raises for some, whatever else it does: `if not user.is_admin: raise …`."""
    return any(
        isinstance(node, ast.If)
        and any(isinstance(statement, ast.Raise) for statement in node.body)
        and not any(isinstance(part, ast.If | ast.For | ast.ExceptHandler) for part in function.around(node))
        and any(names_others(part) or has_other_key(subject, part, function) for part in alternatives(node.test))
        for node in function.body
    )


def alternatives(test: ast.expr) -> Sequence[ast.expr]:
    """The conditions of which one is enough."""
    return test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or) else [test]


def names_others(test: ast.expr) -> bool:
    """Whether a condition is true for everybody who is no administrator: `not user.is_admin`, `user.role != "admin"`."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=ast.Name() | ast.Attribute() | ast.Call() as asked):
            return names_staff(words_of(ast.unparse(asked)))
        case ast.Compare(left=left, ops=[ast.NotEq() | ast.NotIn() | ast.IsNot()], comparators=[right]):
            sides = [side for side in (left, right) if not isinstance(side, ast.List | ast.Tuple | ast.Set)]
            return any(has_phrase(words_of(ast.unparse(side)), STAFF) for side in sides)
    return False


def has_other_key(subject: Subject, test: ast.expr, function: Function) -> bool:
    """Whether a condition is true for everybody who does not know a key of the settings."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=ast.Call(func=called, args=parts)) if last_name(called) in COMPARES:
            return any(is_key_of_settings(subject, part, function) for part in parts)
        case ast.Compare(left=left, ops=[ast.NotEq() | ast.NotIn()], comparators=[right]):
            return any(is_key_of_settings(subject, side, function) for side in (left, right))
    return False


def is_key_of_settings(subject: Subject, node: ast.expr, function: Function) -> bool:
    """Whether an expression is a key that the settings of the application have: `settings.admin_key`, `API_KEY`."""
    match node:
        case ast.Call(func=ast.Attribute(value=held, attr="encode" | "get_secret_value"), args=[]):
            return is_key_of_settings(subject, held, function)
        case ast.Name(id=name):
            is_global = name not in function.parameters and name not in function.stores
            return is_global and isinstance(function.names.get(name), str) and bool(KEYS & {*words_of(name)})
        case ast.Attribute(value=held, attr=name) if KEYS & {*words_of(name)}:
            value = subject.inference.value(held, function)
            is_made = isinstance(held, ast.Call) and "settings" in words_of(last_name(held.func))
            return is_made or (
                isinstance(value, Known) and not isinstance(value.thing, type) and not isinstance(value, Inner)
            )
    return False
