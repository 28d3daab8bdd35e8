"""Replace dependencies for a while, in one context: nested as they come, undone when they end."""

from __future__ import annotations

import difflib
import threading
from collections.abc import Callable, ItemsView, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar, Final
from weakref import WeakSet

from typeway.application.router import Router
from typeway.application.routes import APIRoute, APIWebSocketRoute
from typeway.declare.conventions import Conventions
from typeway.declare.scope import where
from typeway.declare.signature import read_declaration
from typeway.exceptions import DeclarationError, calling_line, declaration_error
from typeway.plan.build import build_tree
from typeway.plan.tree import Node, grow_tree

Dependency = Callable[..., Any]
Replacements = Mapping[Dependency, Dependency]


class Block:
    """One set of replacements, as long as its `with` block lasts.

    Parameters:
        app: the application whose dependencies are replaced.
        replacements: what runs in the place of what.
    """

    __slots__ = ("app", "is_open", "replacements")

    def __init__(self, app: Overridable, replacements: Replacements) -> None:
        self.app = app
        self.replacements = dict(replacements)
        self.is_open = True


# The innermost last. Tasks and threads that are started inside a block inherit it, others never see it. A block that
# has ended is over for those too that have inherited it, and where it ends in another context than it began in, as it
# does for fixtures that are generators, there is no token to give back.
BLOCKS: Final[ContextVar[tuple[Block, ...]]] = ContextVar("typeway_overrides", default=())

# Blocks of one application may begin and end in several threads at once.
COUNTING: Final = threading.Lock()


class Layered(Mapping[Dependency, Dependency]):
    """An application's overrides as the current context sees them: its own, and over them those of open blocks.

    It takes the place of the plain mapping on the request path as long as a block is open, so that an application of
    which nobody overrides anything asks no context.
    """

    def __init__(self, app: Overridable) -> None:
        self.app = app

    def current(self) -> Mapping[Dependency, Dependency]:
        """What counts now and here."""
        found: dict[Dependency, Dependency] = dict(self.app.dependency_overrides)
        for entry in BLOCKS.get():
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
        """The pairs of one moment: a block may end while somebody reads them."""
        return self.current().items()


class Overridable:
    """What an application does so that its dependencies can be replaced, for every request or within a block."""

    conventions: ClassVar[Conventions]
    title: str
    router: Router
    # What the request path reads: `dependency_overrides`, or what each context sees while a block is open.
    overrides_in_force: Replacements
    # The functions that `inject()` has returned, as long as somebody keeps them: their dependencies can be replaced too.
    injected: WeakSet[Callable[..., Any]]
    _dependency_overrides: dict[Dependency, Dependency]
    _open_blocks: int = 0

    def start_without_overrides(self) -> None:
        """Let every dependency run as it is declared."""
        self.overrides_in_force = self._dependency_overrides = {}
        self.injected = WeakSet()

    @property
    def dependency_overrides(self) -> dict[Dependency, Dependency]:
        """What runs in the place of dependencies, for every request; `override()` cleans up after itself."""
        return self._dependency_overrides

    @dependency_overrides.setter
    def dependency_overrides(self, overrides: dict[Dependency, Dependency]) -> None:
        given: Any = overrides
        if not isinstance(given, Mapping) and self.conventions.checks_options:
            problem = f"dependency_overrides must be a dict, not {given!r}."
            hint = "Write app.dependency_overrides = {get_db: fake_db}."
            raise declaration_error(problem, hint=hint, where=calling_line(), also=AttributeError)
        with COUNTING:
            self._dependency_overrides = overrides
            if not self._open_blocks:
                self.overrides_in_force = overrides

    def override(self, dependency: Dependency, replacement: Dependency) -> AbstractContextManager[None]:
        """Run another callable in the place of a dependency within a `with` block.

        Only what runs in the block's context sees it: its own code, requests of a test client, tasks started in it.
        Blocks nest, and the innermost counts.

        Raises:
            DeclarationError: nothing in the application depends on it.

        Example:
            ```python
            with app.override(get_db, fake_db):
                client.get("/tasks")
            ```
        """
        check_overrides(self, {dependency: replacement})
        return in_force(self, {dependency: replacement})


def check_overrides(app: Any, replacements: Replacements) -> None:
    """Refuse overrides that would do nothing, or could not run.

    Raises:
        DeclarationError: one of them is no dependency of the application, or cannot be replaced by that.
    """
    if not hasattr(app, "overrides_in_force"):
        raise declaration_error(
            f"{app!r} is no Typeway application, so it has no dependencies to override.",
            hint="Give the application itself, not what is wrapped around it.",
            also=TypeError,
        )
    for original, replacement in replacements.items():
        check_override(app, original, replacement)


@contextmanager
def in_force(app: Overridable, replacements: Replacements) -> Iterator[None]:
    """Run other callables in the place of an application's dependencies within a block.

    Parameters:
        replacements: what to run in the place of what.
    """
    block = Block(app, replacements)
    with COUNTING:
        app._open_blocks += 1
        app.overrides_in_force = Layered(app)
    BLOCKS.set((*BLOCKS.get(), block))
    try:
        yield
    finally:
        block.is_open = False
        BLOCKS.set(tuple(other for other in BLOCKS.get() if other is not block))
        with COUNTING:
            app._open_blocks -= 1
            if not app._open_blocks:
                app.overrides_in_force = app._dependency_overrides


def check_override(app: Overridable, original: Dependency, replacement: Dependency) -> None:
    """Refuse an override that would do nothing, or could not run.

    Raises:
        DeclarationError: it says which dependency may have been meant.
    """
    if not callable(replacement):
        raise declaration_error(
            f"{name_of(original)} cannot be overridden by {replacement!r}, which is not callable.",
            hint="Give a function that returns it, for example `lambda: value`.",
            also=TypeError,
        )
    read_declaration(replacement)
    known = known_dependencies(app)
    if not is_among(original, known):
        known = known_dependencies(app, anew=True)
    if not is_among(original, known) and not is_among(original, below_replacements(app)):
        raise unknown_dependency(original, known, f"no dependency of the application {app.title!r}")


def is_among(wanted: Dependency, dependencies: Iterable[Dependency]) -> bool:
    return any(wanted is dependency for dependency in dependencies)


def known_dependencies(app: Overridable, *, anew: bool = False) -> list[Dependency]:
    """Everything that an endpoint, a frontend or an injected function of an application depends on.

    Parameters:
        anew: whether to look again although no route has been added since: a route's dependencies are a list.
    """
    kept: tuple[int, list[Dependency]] | None = vars(app).get("_known_dependencies")
    if kept is None or kept[0] != app.router.version or anew:
        version = app.router.version
        kept = (version, list({id(found): found for tree in trees_of(app) for found in originals(tree)}.values()))
        vars(app)["_known_dependencies"] = kept
    return kept[1]


def trees_of(app: Overridable) -> Iterator[Node]:
    for route in app.router.routes:
        if isinstance(route, (APIRoute, APIWebSocketRoute)):
            yield route.tree()
    for frontend in app.router.frontends:
        yield build_tree(frontend.settle())
    for function in list(app.injected):
        yield tree_below(function, app.conventions)


def tree_below(function: Callable[..., Any], conventions: Conventions) -> Node:
    return grow_tree(read_declaration(function), (), frozenset(), conventions)


def originals(tree: Node) -> Iterator[Dependency]:
    """What a tree depends on, as it was asked for."""
    return (node.original for node in tree.walk() if node.depends is not None)


def below_replacements(app: Overridable) -> Iterator[Dependency]:
    """What the functions depend on that already stand in for others: they can be overridden as well."""
    for replacement in Layered(app).current().values():
        yield from originals(tree_below(replacement, app.conventions))


def unknown_dependency(original: Any, known: Iterable[Dependency], problem: str) -> DeclarationError:
    """The error for an override of what nobody depends on, with what may have been meant."""
    names = {name_of(dependency): dependency for dependency in known}
    name = name_of(original)
    nearest = difflib.get_close_matches(name, names, n=1) or difflib.get_close_matches(
        getattr(original, "__name__", name), [each.rpartition(".")[2] for each in names], n=1
    )
    hint = "It depends on nothing that could be overridden."
    if name in names:
        hint = f"There is another {name}, at {where(names[name])}: override that one."
    elif nearest:
        hint = f"Did you mean {nearest[0]}?"
    elif names:
        hint = f"It depends on {', '.join(sorted(names)[:10])}."
    return declaration_error(f"{name} is {problem}.", hint=hint, where=where(original), also=ValueError)


def name_of(function: Any) -> str:
    """A callable's name with its module, as one would import it."""
    qualified = getattr(function, "__qualname__", None)
    if qualified is None:
        return repr(function)
    return f"{getattr(function, '__module__', None) or '?'}.{qualified}"
