"""Find routes that can never match, and those that repeat what another route has."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

from starlette import routing
from starlette.routing import BaseRoute, Mount

from typeway.application.placement import unread
from typeway.application.routes import APIRoute, PlannedRoute
from typeway.application.socket_routes import APIWebSocketRoute
from typeway.check.doubts import doubts
from typeway.evidence.finding import Finding
from typeway.evidence.subject import Endpoint, Subject
from typeway.plan.path_use import use_of
from typeway.source.index import last_name
from typeway.source.program import Function

PARAMETER: Final = re.compile(r"\{[a-zA-Z_]\w*(?::([a-zA-Z_]\w*))?\}")
# What each convertor matches, as a test on a literal segment; `path` takes the rest of the path.
LITERALS: Final = {
    "str": re.compile(r"[^/]+"), "int": re.compile(r"[0-9]+"), "float": re.compile(r"[0-9]+(\.[0-9]+)?"),
    "uuid": re.compile(r"[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}"),
}  # fmt: skip

# What says of a request which path it has.
ASKS_PATH: Final = ("path_params", "url", "scope")

Beginning = tuple[str, ...]
# The beginning of patterns that match paths of several beginnings.
ANY: Final[Beginning] = ()


def shadowed_routes(subject: Subject) -> Iterator[Finding]:
    """TW003: a route that is declared after others which take every request that it could answer."""
    for endpoint, earlier in with_earlier(subject):
        methods = set(endpoint.methods)
        path = endpoint.operation.path or "/"
        for route in earlier:
            taken = methods_of(route, endpoint)
            if taken is not None and methods and methods.isdisjoint(taken):
                continue
            parts, mine = segments(path_of(route)), segments(path)
            if parts == mine or not covers(parts, mine, isinstance(route, Mount)):
                continue
            methods = set() if taken is None else methods - taken
            if not methods:
                before = (each for each in earlier if same_path(path_of(each), path))
                is_lost = not any(is_repeated(endpoint, each) for each in before)
                is_lost &= not only_returns(endpoint, route) and not describes(endpoint, route)
                yield from endpoint.found(
                    "TW003",
                    f"{endpoint.title} can never match: {path_of(route)!r}, declared earlier, takes all of its requests.",
                    "declare the more specific path first.",
                    confidence="high" if is_lost else "low",
                )
                break


def duplicate_routes(subject: Subject) -> Iterator[Finding]:
    """TW004: a route whose method and path another has already; the later one never runs."""
    for endpoint, earlier in with_earlier(subject):
        for route in earlier:
            if not same_path(path_of(route), endpoint.operation.path or "/"):
                continue
            taken = methods_of(route, endpoint)
            both = set(endpoint.methods) if taken is None else set(endpoint.methods) & taken
            if both or not endpoint.methods:
                name = called(getattr(route, "endpoint", None))
                is_same = getattr(route, "endpoint", None) is endpoint.operation.endpoint
                never = "this route" if is_same else f"{called(endpoint.operation.endpoint)}()"
                yield from endpoint.found(
                    "TW004",
                    f"{'/'.join(sorted(both)) or 'WebSocket'} {endpoint.path} is declared twice; {name}() comes first, so "
                    f"{never} never runs.",
                    "remove one of the two, or give it another path.",
                    confidence="low" if is_repeated(endpoint, route) or describes(endpoint, route) else "high",
                )
                break


def called(function: Any) -> str:
    return str(getattr(function, "__name__", "another endpoint"))


def is_repeated(endpoint: Endpoint, earlier: BaseRoute) -> bool:
    """Whether an earlier route for the same requests has the same function below the same guards, so that nothing is lost.

    A router may be included in two others on purpose, so that each has documentation of its own.
    """
    if not isinstance(earlier, APIRoute | APIWebSocketRoute) or earlier.endpoint is not endpoint.operation.endpoint:
        return False
    guards = [(route.policies, [node.function for node in route.tree().walk()]) for route in (earlier, endpoint.route)]
    return guards[0] == guards[1]


def only_returns(endpoint: Endpoint, earlier: BaseRoute) -> bool:
    """Whether an endpoint does nothing but call the function of an earlier route, so that little is lost."""
    function = endpoint.function
    match function.statements if function is not None else []:
        case [*docstring, ast.Return(value=ast.Call() as call) | ast.Return(value=ast.Await(value=ast.Call() as call))]:
            own = function.names.get(last_name(call.func)) if function is not None else None
            return all(isinstance(getattr(each, "value", None), ast.Constant) for each in docstring) and own is getattr(
                earlier, "endpoint", call
            )
    return False


def describes(endpoint: Endpoint, earlier: BaseRoute) -> bool:
    """Whether an endpoint does nothing, and is there so that the document has what an earlier route answers that is not in it."""
    statements = endpoint.function.statements if endpoint.function is not None else []
    is_empty = all(isinstance(getattr(each, "value", None) or ast.Constant(...), ast.Constant) for each in statements)
    is_plain = all(isinstance(each, ast.Pass | ast.Expr | ast.Return | ast.Raise) for each in statements)
    is_hidden = not isinstance(earlier, APIRoute) or not earlier.include_in_schema
    return is_empty and is_plain and is_hidden and endpoint.operation.include_in_schema


def only_raises(function: Function) -> bool:
    """Whether a function does nothing but raise an exception."""
    return isinstance(function.node.body[-1], ast.Raise) and all(
        isinstance(each, ast.Raise | ast.Expr) for each in function.statements
    )


def duplicate_operation_ids(subject: Subject) -> Iterator[Finding]:
    """TW005: an operation id that two endpoints share, so that generated clients lose one of them."""
    for application in subject.applications:
        first: dict[str, Endpoint] = {}
        for endpoint in subject.endpoints:
            if endpoint.application is not application or not endpoint.operation.include_in_schema:
                continue
            other = first.setdefault(endpoint.operation.unique_id, endpoint)
            is_same_place = same_path(other.path, endpoint.path) and set(other.methods) & set(endpoint.methods)
            if other is not endpoint and not is_same_place:
                yield from endpoint.found(
                    "TW005",
                    f"{endpoint.title} has the same operation id as {other.title}, {endpoint.operation.unique_id!r}: "
                    "generated clients lose one of the two.",
                    "give each its own `operation_id`, or leave it out.",
                )


def doubtful_routes(subject: Subject) -> Iterator[Finding]:
    """TW020: what a route declares but hardly means, and what is refused elsewhere but could not be refused there."""
    for endpoint in subject.own:
        if endpoint.function is not None and only_raises(endpoint.function):
            continue  # whatever it declares, it refuses every request
        yield from unread_names(subject, endpoint)
        yield from doubled_prefix(endpoint)
        for error in doubts(endpoint.route, endpoint.tree):
            path, _, line = (error.where or "").rpartition(":")
            if subject.program.files.file(path) is None:  # it is in a dependency of another package
                yield from endpoint.found("TW020", error.described, error.hint)
            else:
                yield Finding("TW020", path, int(line), error.described, error.hint)


def doubled_prefix(endpoint: Endpoint) -> Iterator[Finding]:
    """A segment that two prefixes, of a router and of its inclusion, both have: `/tasks/tasks`; one finding for all endpoints."""
    route = endpoint.route
    shown, outer = route.original_route, route.origin.prefix if route.origin is not None else ""
    if not isinstance(shown, PlannedRoute) or not outer:
        return
    own = shown.path.removesuffix(shown.tail)
    # What the prefix of one router says twice is meant.
    for one, other in pairwise([*filter(None, outer.split("/")), own.strip("/").partition("/")[0]]):
        if one == other and "{" not in one:
            problem = f"two prefixes of {endpoint.title} both have /{one}."
            for found in endpoint.found("TW020", problem, "leave one of them out.", confidence="medium"):
                yield replace(found, cause=f"{found.path} {outer} {own}")
            return


def unread_names(subject: Subject, endpoint: Endpoint) -> Iterator[Finding]:
    """A name in the path that no parameter takes, where functions have the `Request` and none asks it for the path."""
    use = use_of(endpoint.tree, endpoint.route.path)
    names = unread(endpoint.route, replace(use, takes_all=False)) if use.takes_all else []
    functions = [subject.program.function(node.function) for node in endpoint.tree.walk()] if names else []
    if (
        not functions
        or None in functions
        or any(entry.is_group for node in endpoint.tree.walk() for entry in node.inputs)
    ):
        return
    reached = subject.graph.closure(function for function in functions if function is not None)
    if not any(
        getattr(node, "attr", getattr(node, "value", "")) in ASKS_PATH for each in reached for node in each.body
    ):
        hint = f"Add the parameter {names[0]} to the function, or write {{_{names[0]}}} if nothing needs the value."
        problem = f"nothing takes {{{names[0]}}} from the path, and nothing reads it from the Request."
        yield from endpoint.found("TW020", problem, hint, confidence="medium")


def with_earlier(subject: Subject) -> Iterator[tuple[Endpoint, Sequence[BaseRoute]]]:
    """The own endpoints, each with the routes of its kind that are tried before it and may match the same paths."""
    tables = {application: by_beginning(application.routes) for application in subject.applications}
    for endpoint in subject.own:
        routes, table = endpoint.application.routes, tables[endpoint.application]
        place = next(number for number, route in enumerate(routes) if route is endpoint.route)
        served = routing.WebSocketRoute if isinstance(endpoint.route, APIWebSocketRoute) else routing.Route
        mine = beginning(endpoint.operation.path or "/")
        near = sorted({*table.get(ANY, ()), *table.get(mine, ())})
        yield endpoint, [routes[each] for each in near if each < place and is_comparable(type(routes[each]), served)]


def by_beginning(routes: Sequence[BaseRoute]) -> dict[Beginning, list[int]]:
    """The places of routes by the beginnings of their paths.

    PERF: 584 endpoints are 170,000 pairs, which take 0.3 s to compare; few of them begin alike.
    """
    found: dict[Beginning, list[int]] = {}
    for place, route in enumerate(routes):
        key = ANY if isinstance(route, Mount) else beginning(path_of(route))
        found.setdefault(key, []).append(place)
    return found


def beginning(path: str) -> Beginning:
    """What all paths begin with that a pattern matches; `ANY` where a parameter is in it."""
    parts = segments(path)[:2]
    return ANY if any("{" in part for part in parts) else parts


def is_comparable(kind: type[BaseRoute], served: type[BaseRoute]) -> bool:
    """Whether it is known what a class of routes matches, and it matches the kind of connection that is served."""
    if issubclass(kind, Mount):
        return kind.matches is Mount.matches
    matches: object = kind.matches
    # A route of the author's own class may ask for more than method and path.
    is_ours = getattr(matches, "__module__", "").partition(".")[0] in ("typeway", "starlette")
    is_planned = issubclass(kind, APIRoute | APIWebSocketRoute)
    return issubclass(kind, served) and (is_ours if is_planned else matches is served.matches)


def path_of(route: BaseRoute) -> str:
    return str(getattr(route, "path", "")) or "/"


def methods_of(route: BaseRoute, endpoint: Endpoint) -> set[str] | None:
    """The methods that a route takes; None for all."""
    methods = getattr(route, "methods", None)
    if isinstance(route, Mount) or methods is None or not endpoint.methods:
        return None
    return methods if isinstance(methods, set) else set(methods)


def same_path(one: str, other: str) -> bool:
    """Whether two paths match the same, whatever their parameters are called."""
    return segments(one) == segments(other)


def kind_of(match: re.Match[str]) -> str:
    return f"{{:{match.group(1) or 'str'}}}"


@lru_cache(maxsize=16_384)
def segments(path: str) -> tuple[str, ...]:
    """The parts of a path between its slashes, whatever its parameters are called."""
    return tuple(PARAMETER.sub(kind_of, segment) for segment in path.split("/"))


def covers(earlier: Sequence[str], later: Sequence[str], is_mount: bool) -> bool:
    """Whether every path that matches the later pattern matches the earlier one."""
    if is_mount:
        mounted = [segment for segment in earlier if segment]
        inside = [segment for segment in later if segment]
        return len(inside) > len(mounted) and all(map(covers_segment, mounted, inside))
    for number, segment in enumerate(earlier):
        if segment == "{:path}" and number == len(earlier) - 1:
            return len(later) > number
        if number >= len(later) or not covers_segment(segment, later[number]):
            return False
    return len(earlier) == len(later)


def covers_segment(earlier: str, later: str) -> bool:
    if earlier == later:
        return True
    match = re.fullmatch(r"\{:(\w+)\}", earlier)
    if match is None or "{:path}" in later:
        return False
    kind = match.group(1)
    if "{" in later:
        return kind == "str" and not later.startswith("{:path")
    return kind in LITERALS and LITERALS[kind].fullmatch(later) is not None
