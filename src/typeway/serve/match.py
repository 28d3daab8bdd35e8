"""Find the route of a request by an index of paths that respects the order of declaration."""

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from operator import attrgetter
from typing import Any, Final, TypeAlias, final
from urllib.parse import quote, unquote

from starlette.convertors import Convertor, StringConvertor
from starlette.routing import PARAM_REGEX, BaseRoute, Match
from starlette.types import Scope

from typeway.declare.conventions import Conventions

PLAIN_SEGMENT: Final = re.compile(r"\{([a-zA-Z_][a-zA-Z0-9_]*)(?::str)?\}")

# Replaces an encoded slash while a path is matched. No decoded path contains it: it is half of a surrogate pair.
SLASH: Final = "\udc2f"
encoded_slash: Final = re.compile(b"%2[fF]")
separator: Final = re.compile(r"[/\\]")

# How many steps the regex of a route may take for one path: 50 ms. With three parameters in one segment it takes the third power of
# the length: a minute for 8,000 hyphens and `{year}-{month}-{day}`.
MOST_STEPS: Final = 5_000_000


@dataclass(slots=True, eq=False)
class IndexedRoute:
    """One route in the index."""

    number: int  # its position in the order of declaration
    route: BaseRoute  # the route object that matches and handles
    shown: BaseRoute  # the value of `scope["route"]`
    path: str | None  # its whole path; None for a foreign route, which matches by its own `matches`
    methods: frozenset[str] | None  # its HTTP methods; None if it answers any method
    anchor: str = ""  # for a foreign route, the common prefix of all paths that it matches
    convertors: Mapping[str, Convertor[Any]] = field(default_factory=dict)  # convert the matched strings to values
    endpoint: Any = None  # the value of `scope["endpoint"]`
    plans: Any = None  # the PlanCache of its operation; None if the route serves itself
    limit: int | None = None  # the maximum size of a body, if the plan does not know it
    guard: Any = None  # its policies, if the plan does not know them
    marks: Mapping[str, Any] | None = None  # further entries for the scope
    limits: Mapping[str, Mapping[str, Any]] | None = None  # options for what is mounted there
    names: tuple[tuple[str, int], ...] | None = None  # its parameters with their segments; None if it needs its regex
    spans: bool = False  # whether a path parameter may contain slashes
    # The texts behind parameters that may contain them too, so that its regex tries each place of such a text.
    doubtful: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class PathNode:
    """The routes below one sequence of segments."""

    literals: dict[str, "PathNode"] = field(default_factory=dict)  # the next nodes, by their segment
    parameter: "PathNode | None" = None  # the next node for any segment
    # The routes that end here: they match every path that leads to this node.
    ends: list[IndexedRoute] = field(default_factory=list)
    # The routes that match by their regex, or by their own `matches`.
    patterns: list[IndexedRoute] = field(default_factory=list)
    by_method: dict[str, IndexedRoute] = field(default_factory=dict)  # the first route of `ends` for each method


# The route of a request, the values of its path parameters, and the scope entries of a foreign route.
# PERF: it is created for every request; a class with three attributes takes 0.2 of 6 us.
Found: TypeAlias = tuple[IndexedRoute, dict[str, Any], Mapping[str, Any] | None]


@final
class NoRoute:
    """The result of the look-up of a route if no route matches.

    Attributes:
        others: the routes that match the path with another method, in the order of declaration.
        is_dead_end: whether no route matches any path that begins with this one.
    """

    __slots__ = ("_allow", "is_dead_end", "others")

    def __init__(self, others: Sequence[Found] = (), *, is_dead_end: bool = False) -> None:
        self.others: Sequence[Found] = others
        self.is_dead_end: bool = is_dead_end
        self._allow: str | None = None

    def allow(self, conventions: Conventions) -> str:
        """Return the value of the header Allow (RFC 9110 section 10.2.1): of all routes, or of the first."""
        allow = self._allow
        if allow is None:
            methods: set[str] = set()
            for entry, _, _ in self.others if conventions.union_allow else self.others[:1]:
                methods.update(entry.methods or getattr(entry.route, "methods", None) or ())
                if conventions.answers_head and entry.plans is not None and "GET" in (entry.methods or ()):
                    methods.add("HEAD")  # routes that serve themselves decide about HEAD
            if conventions.answers_options:
                methods.add("OPTIONS")
            allow = self._allow = ", ".join(sorted(methods))
        return allow


DEAD_END: Final = NoRoute(is_dead_end=True)


class Index:
    """Finds routes by path: static paths by one look-up in a dict, others through a tree of their segments.

    The index only reduces the routes that are tried. The result is always the first route in the order of declaration
    that matches path and method.

    Parameters:
        entries: the routes, in the order of declaration.
        reads_encoded: whether a slash that the client has encoded (`%2F`) may be part of a value; see `search`.
        answers_head: whether the plan for GET serves a HEAD request that matches no route.
    """

    def __init__(
        self, entries: Sequence[IndexedRoute], *, reads_encoded: bool = False, answers_head: bool = False
    ) -> None:
        self.reads_encoded = reads_encoded
        self.answers_head = answers_head
        self.root: PathNode = PathNode()
        for entry in entries:
            self.insert(entry)
        static_paths = {entry.path for entry in entries if entry.path is not None and "{" not in entry.path}
        # All routes that may match a static path. They include dynamic routes: with static routes alone, the order of
        # declaration would be lost.
        self.on_static: dict[str, list[IndexedRoute]] = {path: self.gather(path) for path in static_paths}
        # The route of a static path and a method, if no other route must be tried first.
        self.static: dict[str, dict[str, IndexedRoute]] = {
            path: {method: entry for method, entry in first_of_each_method(found).items() if not entry.names}
            for path, found in self.on_static.items()
        }
        # The result for a static path with any other method, if all its routes are static.
        self.missed: dict[str, NoRoute] = {
            path: NoRoute([(entry, {}, None) for entry in found])
            for path, found in self.on_static.items()
            if all(entry.methods is not None and entry.names == () for entry in found)
        }
        # For each literal path before a parameter, if no other path leads there: the other literals that may follow it,
        # and the route for each method.
        self.forks: dict[str, tuple[Container[str], dict[str, IndexedRoute]]] = dict(forks(self.root))

    def insert(self, entry: IndexedRoute) -> None:
        """Insert a route below its leading plain segments; the rest of its path is matched by its regex."""
        node = self.root
        start = entry.anchor if entry.path is None else entry.path
        segments = [] if entry.path is None and not start else start.split("/")
        names = []
        for position, segment in enumerate(segments):
            plain = PLAIN_SEGMENT.fullmatch(segment)
            if plain is not None and type(entry.convertors.get(plain[1])) is StringConvertor:
                names.append((plain[1], position))
                node.parameter = node.parameter or PathNode()
                node = node.parameter
            elif "{" in segment or "}" in segment:
                entry.spans = any(accepts_slash(convertor) for convertor in entry.convertors.values())
                entry.doubtful = tuple(doubtful_texts(entry.path or "", entry.convertors))
                node.patterns.append(entry)
                return
            else:
                node = node.literals.setdefault(segment, PathNode())
        if entry.path is None:
            node.patterns.append(entry)
            return
        entry.names = tuple(names)
        node.ends.append(entry)
        node.by_method = first_of_each_method(node.ends)

    def gather(self, path: str) -> list[IndexedRoute]:
        """Return every route that may match a path, in the order of declaration."""
        found: list[IndexedRoute] = []
        nodes = [self.root]
        for segment in path.split("/"):
            following = []
            for node in nodes:
                if node.patterns:
                    found += node.patterns
                literal = node.literals.get(segment)
                if literal is not None:
                    following.append(literal)
                if node.parameter is not None and segment:
                    following.append(node.parameter)
            nodes = following
        for node in nodes:
            found += node.patterns
            found += node.ends
        if len(found) > 1:
            found.sort(key=attrgetter("number"))
        return found

    def follow(self, path: str, method: str) -> Found | NoRoute | None:
        """Return the route of a path that has only one branch at each node; None if there are several.

        PERF: most paths have one branch, and following it creates no lists: 0.6 us instead of 1.4 us for two segments.
        """
        segments = path.split("/")
        node = self.root
        for segment in segments:
            if node.patterns:
                return None
            following = node.literals.get(segment)
            parameter = node.parameter
            if parameter is not None and segment:
                if following is not None:
                    return None
                following = parameter
            if following is None:
                return DEAD_END
            node = following
        entry = node.by_method.get(method)
        if entry is None or entry.names is None or node.patterns:
            return None
        return entry, named(entry.names, segments), None

    def find(self, path: str, method: str, scope: Scope) -> Found | NoRoute:
        """Return the first route that matches path and method, or else the routes that match the path.

        Parameters:
            path: the decoded path below the root path of the application.
        """
        by_method = self.static.get(path)
        if by_method is not None and (entry := by_method.get(method)) is not None:
            return entry, {}, None
        # PERF: most paths with a parameter end with it. One look-up for everything before it takes 0.24 us instead of
        # 0.5 us for five segments.
        head, _, last = path.rpartition("/")
        fork = self.forks.get(head)
        if fork is not None and last and last not in fork[0]:
            entry = fork[1].get(method)
            if entry is not None and entry.names:
                return entry, {entry.names[0][0]: last}, None
        elif by_method is None:
            found = self.follow(path, method)
            if found is not None and not (found is DEAD_END and self.reads_encoded and holds_encoded_slash(scope)):
                return found
        elif method != "HEAD" and path in self.missed and not (self.reads_encoded and holds_encoded_slash(scope)):
            return self.missed[path]
        return self.search(path, method, scope)

    def at_once(self, path: str, method: str) -> Found | None:
        """Return what `find` returns, where one look-up tells and no code of a route's author runs; else None."""
        by_method = self.static.get(path)
        if by_method is not None:
            entry = by_method.get(method)
            return None if entry is None else (entry, {}, None)
        head, _, last = path.rpartition("/")
        fork = self.forks.get(head)
        if fork is not None and last and last not in fork[0]:
            entry = fork[1].get(method)
            if entry is not None and entry.names:
                return entry, {entry.names[0][0]: last}, None
        return None

    def search(self, path: str, method: str, scope: Scope) -> Found | NoRoute:
        """Return the result of `find` for any path: try each route that may match.

        If no route matches the decoded path, or only one that matches any number of segments, a route before it matches
        with an encoded slash as part of a segment: `/items/a%2Fb` matches `/items/{name}`.
        """
        first: Found | None = None
        # Routes with other methods; with the match of a foreign route, which must not run its pattern again.
        passed: list[tuple[IndexedRoute, Found | None]] = []
        for entry in self.on_static.get(path) or self.gather(path):
            if entry.path is None:
                match, child_scope = entry.route.matches(scope)
                if match is not Match.NONE:
                    found = entry, child_scope.get("path_params", {}), child_scope
                    if match is Match.FULL:
                        first = found
                        break
                    passed.append((entry, found))
            elif entry.methods is not None and method not in entry.methods:
                passed.append((entry, None))
            elif (path_params := values_in(entry, path)) is not None:
                if not entry.spans:
                    return entry, path_params, None
                first = entry, path_params, None
                break
        is_encoded = self.reads_encoded and holds_encoded_slash(scope)
        if is_encoded:
            first = self.find_encoded(path, method, scope, first)
        if first is not None:
            return first
        others = list(on_path(passed, path))
        if method == "HEAD" and self.answers_head:
            first = self.find_get(path, scope, others, is_encoded=is_encoded)
            if first is not None:
                return first
        return NoRoute(list(self.on_encoded(path, scope)) if is_encoded and not others else others)

    def find_get(self, path: str, scope: Scope, others: Sequence[Found], *, is_encoded: bool) -> Found | None:
        """Return the route for GET, for a HEAD request; None if that route has no plan."""
        inner = {**scope, "method": "GET"}
        found = next((other for other in others if takes_get(other[0], inner)), None)
        if is_encoded:
            found = self.find_encoded(path, "GET", inner, found)
        return found if found is not None and found[0].plans is not None else None

    def find_encoded(self, path: str, method: str, scope: Scope, otherwise: Found | None) -> Found | None:
        """Return the first route before `otherwise` that matches with encoded slashes as parts of segments."""
        for found in self.on_encoded(path, scope):
            entry = found[0]
            if otherwise is not None and entry.number >= otherwise[0].number:
                break
            if entry.methods is None or method in entry.methods:
                return found
        return otherwise

    def on_encoded(self, path: str, scope: Scope) -> Iterator[Found]:
        """Yield every route that matches the path with encoded slashes as parts of segments, with any method."""
        encoded = encoded_path(path, scope)
        if encoded is None:
            return
        for entry in self.gather(encoded):
            if entry.path is None:
                match, child_scope = entry.route.matches(scope)
                if match is Match.FULL:
                    yield entry, child_scope.get("path_params", {}), child_scope
            elif (path_params := encoded_values_in(entry, encoded)) is not None:
                yield entry, path_params, None

    def any_on(self, path: str, scope: Scope) -> Found | None:
        """Return a route that matches the path with any method, if there is one."""
        found = self.search(path, "", scope)
        if isinstance(found, NoRoute):
            return found.others[0] if found.others else None
        return found


def on_path(passed: Sequence[tuple[IndexedRoute, Found | None]], path: str) -> Iterator[Found]:
    """Yield those of the routes with other methods that match the path."""
    for entry, found in passed:
        if found is not None:
            yield found
        elif (path_params := values_in(entry, path)) is not None:
            yield entry, path_params, None


def takes_get(entry: IndexedRoute, scope: Scope) -> bool:
    """Whether a route that matches the path answers GET."""
    if entry.path is None:
        return entry.route.matches(scope)[0] is Match.FULL
    return entry.methods is not None and "GET" in entry.methods


def forks(
    node: PathNode, path: str | None = None
) -> Iterator[tuple[str, tuple[Container[str], dict[str, IndexedRoute]]]]:
    """Yield the literal paths before a parameter, the other literals that may follow, and the route for each method."""
    if node.patterns:
        return
    if node.parameter is not None:
        if path is not None and not node.parameter.patterns:
            yield path, (node.literals, node.parameter.by_method)
        return
    for segment, following in node.literals.items():
        yield from forks(following, segment if path is None else f"{path}/{segment}")


def first_of_each_method(entries: Sequence[IndexedRoute]) -> dict[str, IndexedRoute]:
    """Return the first route for each method, up to the first route that has to be tried."""
    first: dict[str, IndexedRoute] = {}
    for entry in entries:
        if entry.methods is None or entry.names is None:
            break
        for method in entry.methods:
            first.setdefault(method, entry)
    return first


def named(names: tuple[tuple[str, int], ...], segments: list[str]) -> dict[str, Any]:
    """Return the values of path parameters that are whole segments."""
    values = {}
    for name, position in names:
        values[name] = segments[position]  # PERF: a comprehension is a function call on Python 3.11
    return values


def holds_encoded_slash(scope: Scope) -> bool:
    """Whether the client has encoded a slash: servers decode the path (ASGI), but most also provide the raw path."""
    raw = scope.get("raw_path")
    # PERF: `in` raises and catches a TypeError inside when it searches bytes in bytes: 0.4 us, twice.
    return type(raw) is bytes and raw.find(b"%2") >= 0 and encoded_slash.search(raw) is not None


def encoded_path(path: str, scope: Scope) -> str | None:
    """Return the path with SLASH for each slash that the client has encoded; None if there is none.

    The raw path is not used if middleware has replaced the path.
    """
    if not holds_encoded_slash(scope):
        return None
    parts = encoded_slash.split(scope["raw_path"].partition(b"?")[0])
    whole = SLASH.join(unquote(part.decode("latin-1")) for part in parts)
    return whole[len(whole) - len(path) :] if whole.replace(SLASH, "/") == scope["path"] else None


def encoded_values_in(entry: IndexedRoute, path: str) -> dict[str, Any] | None:
    """Return what `values_in` returns, for a path with SLASH in the place of encoded slashes."""
    match = matched(entry, path)
    if match is None:
        return None
    values = {}
    for name, value in match.groupdict().items():
        convertor = entry.convertors[name]
        restored = value.replace(SLASH, "/")
        if restored != value and climbs(restored) and not re.fullmatch(convertor.regex, restored):
            return None
        values[name] = restored
    return converted(entry, values)


def climbs(value: str) -> bool:
    """Whether a value would leave its directory if it were used as a path; nobody expects that from one segment."""
    return value.startswith("/") or value[1:3] in (":/", ":\\") or ".." in separator.split(value)


def quoted(value: Any, convertor: Convertor[Any] | None) -> Any:
    """Return a value for one segment of a URL, with encoded slashes if a request can contain them again."""
    text = str(value)
    is_read_back = type(convertor) is StringConvertor and not climbs(text)
    return quote(text, safe="") if is_read_back and ("/" in text or "%2f" in text.lower()) else value


def accepts_slash(convertor: Convertor[Any]) -> bool:
    return re.fullmatch(convertor.regex, "a/b") is not None


def values_in(entry: IndexedRoute, path: str) -> dict[str, Any] | None:
    """Return the values of a route's path parameters; None if the path does not match."""
    if entry.names is not None:
        # The tree has already compared every segment.
        return named(entry.names, path.split("/"))
    match = matched(entry, path)
    if match is None:
        return None
    return converted(entry, match.groupdict())


def doubtful_texts(path: str, convertors: Mapping[str, Convertor[Any]]) -> Iterator[str]:
    """Yield the text behind each parameter but the last that the parameter may contain as well, such as "-" in `{a}-{b}`."""
    found = list(PARAM_REGEX.finditer(path))
    for parameter, following in pairwise(found):
        text = path[parameter.end() : following.start()]
        if not text or re.fullmatch(convertors[parameter[1]].regex, text):
            yield text


def matched(entry: IndexedRoute, path: str) -> re.Match[str] | None:
    """Return the match of a route's regex; None, too, for a path for which it might try too many ends of parameters."""
    regex: re.Pattern[str] | None = getattr(entry.route, "path_regex", None)
    steps = len(path)
    for text in entry.doubtful:
        steps *= 1 + path.count(text)
    return None if regex is None or steps > MOST_STEPS else regex.match(path)


def converted(entry: IndexedRoute, values: Mapping[str, str]) -> dict[str, Any] | None:
    """Return the values of path parameters; None if a convertor refuses one, such as a number of too many digits."""
    try:
        return {name: entry.convertors[name].convert(value) for name, value in values.items()}
    except (ValueError, ArithmeticError):
        return None
