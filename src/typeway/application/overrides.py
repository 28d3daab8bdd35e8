"""Replace dependencies inside of a `with` block, for the current context; blocks can be nested."""

from __future__ import annotations

import difflib
import threading
from collections.abc import Callable, ItemsView, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar, Final
from weakref import WeakSet

from typeway.application.router import Router
from typeway.application.routes import APIRoute
from typeway.application.socket_routes import APIWebSocketRoute
from typeway.declare.conventions import Conventions
from typeway.declare.scope import where
from typeway.declare.signature import read_declaration
from typeway.exceptions import DeclarationError, calling_line, declaration_error
from typeway.plan.build import build_tree
from typeway.plan.tree import Node, grow_tree

Dependency = Callable[..., Any]
Replacements = Mapping[Dependency, Dependency]


class OverrideBlock:
    """One set of replacements, which applies while its `with` block is open.

    Parameters:
        app: the application whose dependencies are replaced.
        replacements: the replacements by dependency.
    """

    __slots__ = ("app", "is_open", "replacements")

    def __init__(self, app: Overridable, replacements: Replacements) -> None:
        self.app: Overridable = app
        self.replacements: dict[Dependency, Dependency] = dict(replacements)
        self.is_open: bool = True


# The open blocks, the innermost last. Tasks and threads that start inside a block inherit it; others do not see it.
# `is_open` ends a block for those that have inherited it too. There is no token to reset, because a block may end in
# another context than it started in: fixtures that are generators do that.
OVERRIDE_BLOCKS: Final[ContextVar[tuple[OverrideBlock, ...]]] = ContextVar("typeway_overrides", default=())

# Guards the number of open blocks, which several threads may change at once.
LOCK: Final = threading.Lock()


class CurrentOverrides(Mapping[Dependency, Dependency]):
    """The overrides of an application in the current context: its own, and over them those of open blocks.

    It replaces the plain mapping on the request path only while a block is open, so that applications without
    overrides do not read the context.
    """

    def __init__(self, app: Overridable) -> None:
        self.app = app

    def current(self) -> Mapping[Dependency, Dependency]:
        """Return the overrides of this moment and context."""
        found: dict[Dependency, Dependency] = dict(self.app.dependency_overrides)
        for entry in OVERRIDE_BLOCKS.get():
            if entry.is_open and entry.app is self.app:
                found.update(entry.replacements)
        return found

    def __getitem__(self, original: Dependency) -> Dependency:
        return self.current()[original]

    def __iter__(self) -> Iterator[Dependency]:
        return iter(self.current())

    def __len__(self) -> int:
        return len(self.current())

    def items(self) -> ItemsView[Dependency, Dependency]:
        """Return the pairs of one moment, because a block may end while they are read."""
        return self.current().items()


class Overridable:
    """The methods of an application that replace dependencies, for every request or inside of a block."""

    conventions: ClassVar[Conventions]
    title: str
    router: Router
    # The mapping that the request path reads: `dependency_overrides`, or `CurrentOverrides` while a block is open.
    _overrides_in_force: Replacements
    # The functions that `inject()` has returned and the program still uses: their dependencies can be replaced too.
    _injected: WeakSet[Callable[..., Any]]
    _dependency_overrides: dict[Dependency, Dependency]
    _open_blocks: int = 0

    def _start_without_overrides(self, given: dict[Dependency, Dependency] | None = None) -> None:
        """Initialize the application without the overrides of blocks; a copy has the others of its original."""
        self._overrides_in_force = self._dependency_overrides = {} if given is None else given
        self._injected = WeakSet()

    @property
    def dependency_overrides(self) -> dict[Dependency, Dependency]:
        """The replacements by dependency, for every request; `override()` replaces only inside of a block."""
        return self._dependency_overrides

    @dependency_overrides.setter
    def dependency_overrides(self, overrides: dict[Dependency, Dependency]) -> None:
        given: Any = overrides
        if not isinstance(given, Mapping) and self.conventions.checks_options:
            problem = f"dependency_overrides must be a dict, not {given!r}."
            hint = "Write app.dependency_overrides = {get_db: fake_db}."
            raise declaration_error(problem, hint=hint, where=calling_line(), also=AttributeError)
        with LOCK:
            self._dependency_overrides = overrides
            if not self._open_blocks:
                self._overrides_in_force = overrides

    def override(self, dependency: Dependency, replacement: Dependency) -> AbstractContextManager[None]:
        """Replace a dependency by another callable inside of a `with` block.

        Only code in the context of the block sees it: the block itself, requests of a test client in it, and tasks that
        it starts. Blocks can be nested, and the innermost one applies.

        Raises:
            DeclarationError: no function of the application depends on it.

        Example:
            ```python
            with app.override(get_db, fake_db):
                client.get("/tasks")
            ```
        """
        check_overrides(self, {dependency: replacement})
        return in_force(self, {dependency: replacement})


def check_overrides(app: Any, replacements: Replacements) -> None:
    """Refuse overrides that would have no effect, or could not run.

    Raises:
        DeclarationError: one of them is not a dependency of the application, or its replacement cannot be called.
    """
    if not hasattr(app, "_overrides_in_force"):
        raise declaration_error(
            f"{app!r} is not a Typeway application, so it has no dependencies to override.",
            hint="Pass the application itself, without middleware around it.",
            where=calling_line(),
            also=TypeError,
        )
    for original, replacement in replacements.items():
        check_override(app, original, replacement)


@contextmanager
def in_force(app: Overridable, replacements: Replacements) -> Iterator[None]:
    """Replace dependencies of an application inside of a block, without checking that they exist.

    Parameters:
        app: the application.
        replacements: the replacements by dependency.
    """
    block = OverrideBlock(app, replacements)
    with LOCK:
        app._open_blocks += 1
        app._overrides_in_force = CurrentOverrides(app)
    OVERRIDE_BLOCKS.set((*OVERRIDE_BLOCKS.get(), block))
    try:
        yield
    finally:
        block.is_open = False
        OVERRIDE_BLOCKS.set(tuple(other for other in OVERRIDE_BLOCKS.get() if other is not block))
        with LOCK:
            app._open_blocks -= 1
            if not app._open_blocks:
                app._overrides_in_force = app._dependency_overrides


def check_override(app: Overridable, original: Dependency, replacement: Dependency) -> None:
    """Refuse an override that would have no effect, or could not run.

    Raises:
        DeclarationError: the hint names the dependency that the author probably means.
    """
    if not callable(replacement):
        raise declaration_error(
            f"{import_name(original)} cannot be overridden by {replacement!r}, which is not callable.",
            hint="Pass a function that returns it, for example `lambda: value`.",
            where=calling_line(),
            also=TypeError,
        )
    read_declaration(replacement)
    known = known_dependencies(app)
    if not contains(original, known):
        known = known_dependencies(app, anew=True)
    if not contains(original, known) and not contains(original, dependencies_of_replacements(app)):
        raise unknown_dependency(original, known, f"not a dependency of the application {app.title!r}")


def contains(wanted: Dependency, dependencies: Iterable[Dependency]) -> bool:
    return any(wanted is dependency for dependency in dependencies)


def known_dependencies(app: Overridable, *, anew: bool = False) -> list[Dependency]:
    """Return everything on which an endpoint, a frontend or an injected function of an application depends.

    Parameters:
        app: the application.
        anew: whether to ignore the cached list: a route's list of dependencies may change without a new version.
    """
    kept: tuple[int, list[Dependency]] | None = vars(app).get("_known_dependencies")
    if kept is None or kept[0] != app.router._version or anew:
        version = app.router._version
        kept = (version, list({id(found): found for tree in trees_of(app) for found in originals(tree)}.values()))
        vars(app)["_known_dependencies"] = kept
    return kept[1]


def trees_of(app: Overridable) -> Iterator[Node]:
    for route in app.router.routes:
        if isinstance(route, (APIRoute, APIWebSocketRoute)):
            yield route.tree()
    for frontend in app.router._frontends:
        yield build_tree(frontend.to_operation())
    for function in list(app._injected):
        yield tree_of(function, app.conventions)


def tree_of(function: Callable[..., Any], conventions: Conventions) -> Node:
    return grow_tree(read_declaration(function), (), frozenset(), conventions)


def originals(tree: Node) -> Iterator[Dependency]:
    """Return the dependencies in a tree as they were declared, not their replacements."""
    return (node.original for node in tree.walk() if node.depends is not None)


def dependencies_of_replacements(app: Overridable) -> Iterator[Dependency]:
    """Yield the dependencies of replacements in force, which can be overridden as well."""
    for replacement in CurrentOverrides(app).current().values():
        yield from originals(tree_of(replacement, app.conventions))


def unknown_dependency(original: Any, known: Iterable[Dependency], problem: str) -> DeclarationError:
    """Return the error for an override of a function on which nothing depends, with the one that was probably meant."""
    names = {import_name(dependency): dependency for dependency in known}
    name = import_name(original)
    nearest = difflib.get_close_matches(name, names, n=1) or difflib.get_close_matches(
        getattr(original, "__name__", name), [each.rpartition(".")[2] for each in names], n=1
    )
    hint = "It has no dependencies that could be overridden."
    if name in names:
        hint = f"There is another {name}, at {where(names[name])}: override that one."
    elif nearest:
        hint = f"Did you mean {nearest[0]}?"
    elif names:
        hint = f"It depends on {', '.join(sorted(names)[:10])}."
    return declaration_error(f"{name} is {problem}.", hint=hint, where=calling_line(), also=ValueError)


def import_name(function: Any) -> str:
    """Return the name of a callable with its module, as it would be imported."""
    qualified = getattr(function, "__qualname__", None)
    if qualified is None:
        return repr(function)
    return f"{getattr(function, '__module__', None) or '?'}.{qualified}"
