"""Show an endpoint's tree of dependencies as FastAPI's `Dependant`, which plugins read and change."""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from operator import is_
from typing import Any, Final, Literal

from pydantic.fields import FieldInfo
from starlette.background import BackgroundTasks
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from typeway.compat.shapes.conventions import FASTAPI
from typeway.compat.shapes.fields import ModelField, field_of, flattened
from typeway.declare.annotation import resolve
from typeway.declare.classify import Injected, Input
from typeway.declare.conventions import Conventions
from typeway.declare.depends import Depends, SecurityScopes
from typeway.declare.paths import names_in
from typeway.declare.scope import Namespace, globals_of
from typeway.declare.signature import read_declaration, read_signature
from typeway.plan.tree import Growth, Node, grow_dependency, grow_tree

LISTS: Final = ("path_params", "query_params", "header_params", "cookie_params", "body_params", "dependencies")

PARAMS: Final[Mapping[str, str]] = {
    "path": "path_params",
    "query": "query_params",
    "header": "header_params",
    "cookie": "cookie_params",
    "body": "body_params",
    "form": "body_params",
    "file": "body_params",
}

INJECTED: Final[Mapping[type[Any], str]] = {
    Request: "request_param_name",
    WebSocket: "websocket_param_name",
    HTTPConnection: "http_connection_param_name",
    Response: "response_param_name",
    BackgroundTasks: "background_tasks_param_name",
    SecurityScopes: "security_scopes_param_name",
}


class Watched(list[Any]):
    """A list of a dependant; changing it changes what the routes of the dependant run."""

    def __init__(self, items: Iterable[Any], dependant: Dependant) -> None:
        super().__init__(items)
        self.dependant = dependant

    def __reduce__(self) -> Any:
        return list, ([*self],)


def announcing(change: Any) -> Any:
    """Wrap a method of lists so that the routes are planned again after it."""

    def changed(watched: Watched, *values: Any, **options: Any) -> Any:
        result = change(watched, *values, **options)
        watched.dependant.announce()
        return result

    return changed


for method in (
    "append", "extend", "insert", "remove", "pop", "clear", "reverse", "sort",
    "__iadd__", "__imul__", "__setitem__", "__delitem__",
):  # fmt: skip
    setattr(Watched, method, announcing(getattr(list, method)))


@dataclass
class Dependant:
    """One callable with its parameters and dependencies, for plugins to read and to change.

    A route whose dependant has been changed runs what the dependant says; any other runs what its author declared.
    """

    path_params: list[ModelField] = field(default_factory=list)
    query_params: list[ModelField] = field(default_factory=list)
    header_params: list[ModelField] = field(default_factory=list)
    cookie_params: list[ModelField] = field(default_factory=list)
    body_params: list[ModelField] = field(default_factory=list)
    dependencies: list[Dependant] = field(default_factory=list)
    name: str | None = None
    call: Callable[..., Any] | None = None
    request_param_name: str | None = None
    websocket_param_name: str | None = None
    http_connection_param_name: str | None = None
    response_param_name: str | None = None
    background_tasks_param_name: str | None = None
    security_scopes_param_name: str | None = None
    own_oauth_scopes: list[str] | None = None
    parent_oauth_scopes: list[str] | None = None
    use_cache: bool = True
    path: str | None = None
    scope: Literal["function", "request"] | None = None
    depends: Depends | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.__setstate__({})

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, Watched(value, self) if name in LISTS else value)
        self.announce()

    def __getstate__(self) -> dict[str, Any]:
        return {entry.name: getattr(self, entry.name) for entry in fields(self)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        # A copy belongs to no route, and nothing is known of what its author declared.
        vars(self).update(owners=[], declared=None)
        for name, value in state.items():
            setattr(self, name, value)

    def belong(self, route: Any) -> None:
        """Make changes of this dependant, and of those below it, change what a route runs."""
        if self.route_of(route) is None:
            self.owners: list[weakref.ref[Any]]
            self.owners.append(weakref.ref(route))
        for below in self.dependencies:
            below.belong(route)

    def route_of(self, route: Any) -> Any:
        """Return the route if the dependant belongs to it."""
        return next((route for owner in self.owners if owner() is route), None)

    @property
    def route(self) -> Any:
        """Return the route whose dependant this is; None for any other dependant."""
        owners = (owner() for owner in self.owners)
        return next((route for route in owners if route is not None and route.dependant is self), None)

    def announce(self) -> None:
        """Make the routes of the dependant serve their next request as it is now."""
        for owner in vars(self).get("owners", ()):
            route = owner()
            if route is not None:
                self.belong(route)  # what has been appended too
                route.plan_again()

    def keep_declared(self) -> None:
        """Remember the present state as the one that the author has declared."""
        vars(self)["declared"] = {name: parts_of(getattr(self, name)) for name in OWN}

    @property
    def has_declaration(self) -> bool:
        """Return whether the dependant shows what an author has declared, so that it follows the declaration."""
        return vars(self)["declared"] is not None

    def is_declared(self, *names: str) -> bool:
        """Return whether attributes have the values that the author has declared; without names, whether all have."""
        declared: dict[str, list[Any]] | None = vars(self)["declared"]
        return declared is not None and all(
            are_same(parts_of(getattr(self, name)), declared[name]) for name in names or OWN
        )

    def take_over(self, fresh: Dependant) -> None:
        """Take the state of a declaration over that has changed; what plugins have changed stays."""
        declared = vars(self)["declared"] or {}
        kept = {name: getattr(self, name) for name in OWN if name in declared and not self.is_declared(name)}
        known = list(map(id, declared.get("dependencies", ())))
        added = [each for each in kept.pop("dependencies", ()) if id(each) not in known]
        fresh.keep_declared()
        changes = {**{name: getattr(fresh, name) for name in OWN}, **kept}
        changes["dependencies"] = [*fresh.dependencies, *added]
        vars(self)["declared"] = vars(fresh)["declared"]
        for name, value in changes.items():
            # Without a word to the routes, which are building the plan for which they have read the declaration again.
            vars(self)[name] = Watched(value, self) if name in LISTS else value

    def walk(self) -> Iterator[Dependant]:
        """Yield this dependant, then everything below it."""
        yield self
        for dependant in self.dependencies:
            yield from dependant.walk()


OWN: Final = tuple(entry.name for entry in fields(Dependant))


def parts_of(value: Any) -> list[Any]:
    """Return a value of a dependant as the objects that it consists of at present, to be compared by identity."""
    if isinstance(value, list):
        return [part for item in value for part in parts_of(item)]
    if isinstance(value, Dependant):
        return [value, *(part for name in OWN for part in parts_of(getattr(value, name)))]
    if isinstance(value, ModelField):
        info = value.field_info
        return [value, value.name, info, *(getattr(info, name) for name in FieldInfo.__slots__), *info.metadata]
    return [value]


def are_same(parts: list[Any], others: list[Any]) -> bool:
    """Return whether the same objects are in both lists."""
    return len(parts) == len(others) and all(map(is_, parts, others))


def dependant_of(node: Node, path: str, name: str | None = None) -> Dependant:
    """Return the dependant that shows a node and everything below it."""
    own = list(node.own_scopes)
    dependant = Dependant(
        name=name,
        call=node.original,
        own_oauth_scopes=None if node.depends is None else own,
        parent_oauth_scopes=[scope for scope in node.scopes if scope not in own] or None,
        use_cache=node.depends is None or node.depends.use_cache,
        path=path,
        scope="function" if node.depends is None else node.depends.scope,
        depends=node.depends,
        dependencies=[dependant_of(child, path, asked) for asked, child in node.children],
    )
    for source in node.sources:
        if isinstance(source, Input):
            getattr(dependant, PARAMS[source.location]).append(field_of(source))
        elif isinstance(source, Injected):
            setattr(dependant, INJECTED[source.kind], source.name)
    return dependant


def get_dependant(
    *,
    path: str,
    call: Callable[..., Any],
    name: str | None = None,
    own_oauth_scopes: list[str] | None = None,
    parent_oauth_scopes: list[str] | None = None,
    use_cache: bool = True,
    scope: Literal["function", "request"] | None = None,
    conventions: Conventions = FASTAPI,
) -> Dependant:
    """Return the dependant of a callable on a path."""
    dependant = dependant_of(grow_tree(read_declaration(call), (), frozenset(names_in(path)), conventions), path, name)
    dependant.own_oauth_scopes, dependant.parent_oauth_scopes = own_oauth_scopes, parent_oauth_scopes
    dependant.use_cache, dependant.scope = use_cache, scope
    return dependant


def get_parameterless_sub_dependant(*, depends: Depends, path: str, conventions: Conventions = FASTAPI) -> Dependant:
    """Return the dependant of a dependency whose result is not used."""
    growth = Growth(frozenset(names_in(path)), conventions, {})
    return dependant_of(grow_dependency(depends, growth, (), (), path), path)


def get_flat_params(dependant: Dependant) -> list[ModelField]:
    """Return all path, query, header and cookie parameters of a dependant and of everything below it, models as fields."""
    found = list(dependant.walk())
    kinds = ("path_params", "query_params", "header_params", "cookie_params")
    return [flat for kind in kinds for each in found for entry in getattr(each, kind) for flat in flattened(entry)]


def get_flat_body_params(dependant: Dependant) -> list[ModelField]:
    """Return all body parameters of a dependant and of everything below it."""
    return [entry for each in dependant.walk() for entry in each.body_params]


def get_typed_signature(call: Callable[..., Any]) -> inspect.Signature:
    """Return the parameters of a callable with their annotations resolved."""
    names = Namespace(globals_of(call), call)
    parameters = [
        parameter.replace(annotation=resolve(parameter.annotation, names))
        for parameter in read_signature(call).parameters.values()
    ]
    return inspect.Signature(parameters)


def get_typed_annotation(annotation: Any, globalns: dict[str, Any]) -> Any:
    """Resolve an annotation that may be a string."""
    return resolve(annotation, Namespace(globalns))


def get_typed_return_annotation(call: Callable[..., Any]) -> Any:
    """Return the resolved return annotation of a callable; None if it has none."""
    returns = read_signature(call).return_annotation
    return None if returns is inspect.Signature.empty else resolve(returns, Namespace(globals_of(call), call))


def lenient_issubclass(cls: Any, class_or_tuple: Any) -> bool:
    """Return whether something is a subclass; anything that is no class is none."""
    try:
        return isinstance(cls, type) and issubclass(cls, class_or_tuple)
    except TypeError:
        return False
