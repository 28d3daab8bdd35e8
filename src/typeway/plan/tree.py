"""Order an operation's dependencies: a tree of nodes, each a callable with the sources of its parameters."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from typeway.declare.classify import Injected, Input, Needed, Source, classify
from typeway.declare.conventions import Conventions
from typeway.declare.depends import Depends, Lifetime, Security, SecurityScopes
from typeway.declare.signature import Declaration, complete, name_of, read_declaration
from typeway.exceptions import DeclarationError, DependencyScopeError, declaration_error
from typeway.plan.calls import Kind, kind_of
from typeway.security.base import SecurityBase

# How the refusal of a cycle begins.
CYCLE: Final = "dependencies form a cycle"

Overrides = dict[Callable[..., Any], Callable[..., Any]]


@dataclass(frozen=True, slots=True)
class Node:
    """One callable in its place in the tree."""

    declaration: Declaration  # what its signature says
    sources: tuple[Source, ...]  # where its parameters' values come from
    # The dependencies it asks for, in order, each with the parameter that receives its result, if one does.
    children: tuple[tuple[str | None, "Node"], ...]
    kind: Kind  # how to call it
    scope: Lifetime | None  # when a generator is resumed; of anything else what was declared, if anything
    scopes: tuple[str, ...]  # the OAuth2 scopes that its dependants demand
    own_scopes: tuple[str, ...]  # those that the asking `Security(...)` adds
    depends: Depends | None  # how it was asked for; None for the endpoint
    original: Callable[..., Any]  # the callable that was asked for, before any override

    @property
    def function(self) -> Callable[..., Any]:
        return self.declaration.function

    @property
    def inputs(self) -> tuple[Input, ...]:
        return tuple(source for source in self.sources if isinstance(source, Input))

    @property
    def uses_scopes(self) -> bool:
        """Whether scopes make a difference to what this node or anything below it computes."""
        function: Any = self.function  # a scheme of the author's own is callable, which SecurityBase alone is not
        return (
            bool(self.own_scopes)
            or isinstance(function, SecurityBase)
            or any(isinstance(source, Injected) and source.kind is SecurityScopes for source in self.sources)
            or any(child.uses_scopes for _, child in self.children)
        )

    @property
    def cache_key(self) -> Hashable:
        """What calls must have in common for one result to serve them all."""
        scopes = tuple(sorted(set(self.scopes))) if self.uses_scopes else ()
        is_overridden = self.original is not self.function
        lifetime = lifetime_of(self.depends, kind_of(self.original)) if is_overridden else self.scope
        try:
            hash(self.original)
        except TypeError:
            return (id(self.original), scopes, lifetime)
        return (self.original, scopes, lifetime)

    def walk(self) -> Iterator["Node"]:
        """Every node in the order of calls: what is asked for comes before what asks."""
        for _, child in self.children:
            yield from child.walk()
        yield self


@dataclass(frozen=True, slots=True)
class Growth:
    """What stays the same while one tree is grown."""

    path_names: frozenset[str]
    conventions: Conventions
    overrides: Overrides


def grow_tree(
    declaration: Declaration,
    dependencies: Sequence[Depends],
    path_names: frozenset[str],
    conventions: Conventions,
    overrides: Overrides | None = None,
) -> Node:
    """The tree of an endpoint, with the dependencies that the route and what is around it add."""
    growth = Growth(path_names, conventions, overrides or {})
    return grow_node(declaration, declaration.function, growth, (), (declaration.function,), added=dependencies)


def grow_child(receiver: str | None, depends: Depends, *place: Any) -> Node:
    """The node of a dependency; an error in it names the way to it."""
    try:
        return grow_dependency(depends, *place)
    except DeclarationError as error:
        error.add_step(step_of(receiver, depends.dependency), place[-1])
        raise


def step_of(receiver: str | None, dependency: Any) -> str:
    """How an error names a dependency on the way to a mistake; what cannot be called, by the parameter that asks for it."""
    if callable(dependency):
        return f"{name_of(dependency)}()"
    return "dependencies" if receiver is None else f"parameter {receiver!r}"


def grow_dependency(
    depends: Depends, growth: Growth, inherited: tuple[str, ...], above: tuple[Callable[..., Any], ...], where: str
) -> Node:
    original: Any = depends.dependency  # where it was left out, the parameter's annotation: it may be anything
    if not callable(original):
        raise declaration_error(
            f"a dependency must be callable, not {original!r}.",
            hint="Give Depends() a function, a class or a callable object, or annotate the parameter with a class.",
            where=where,
            also=AssertionError if original is None else TypeError,
        )
    if any(original is ancestor for ancestor in above):
        chain = " → ".join(getattr(f, "__qualname__", repr(f)) for f in (*above[1:], original))
        hint = "Move what they share into a third dependency."
        raise declaration_error(f"{CYCLE}: {chain}.", hint=hint, where=where, also=ValueError)
    declaration = read_declaration(growth.overrides.get(original, original) if growth.overrides else original)
    return grow_node(declaration, original, growth, inherited, (*above, original), depends)


def grow_node(
    declaration: Declaration,
    original: Callable[..., Any],
    growth: Growth,
    inherited: tuple[str, ...],
    above: tuple[Callable[..., Any], ...],
    depends: Depends | None = None,
    added: Sequence[Depends] = (),
) -> Node:
    declaration = complete(declaration)
    where, name = declaration.where, getattr(declaration.function, "__name__", repr(declaration.function))
    sources = classify(declaration, growth.path_names, growth.conventions)
    kind = kind_of(declaration.function)
    if depends is None and kind is Kind.CONTEXT:
        kind = Kind.STREAM
    scope = lifetime_of(depends, kind)
    if depends is not None and depends.concurrent and kind is Kind.CONTEXT and original is declaration.function:
        raise declaration_error(
            f"the dependency {name!r} has a yield and cannot be concurrent.",
            hint="One task must both enter and leave it. Mark the functions that use it instead.",
            where=where,
        )
    own = tuple(depends.scopes or ()) if isinstance(depends, Security) else ()
    # What stands above counts as often as it was demanded; what is added here is added once.
    scopes = (*inherited, *(scope for scope in dict.fromkeys(own) if scope not in inherited))
    asked: list[tuple[str | None, Depends]] = [(None, each) for each in added]
    asked += [(source.name, source.depends) for source in sources if isinstance(source, Needed)]
    children = tuple(
        (receiver, grow_child(receiver, each, growth, (*inherited, *own), above, where)) for receiver, each in asked
    )
    # A generator that is resumed after the response must not need what lives only until then.
    if kind is Kind.CONTEXT and scope == "request" and any(child.scope == "function" for _, child in children):
        raise declaration_error(
            f'The dependency "{name}" has a scope of "request", '
            'it cannot depend on dependencies with scope "function".',
            hint=f'Ask for {name} with Depends({name}, scope="function"), or widen the scope of the other.',
            where=where,
            also=DependencyScopeError,
        )
    return Node(declaration, sources, children, kind, scope, scopes, own, depends, original)


def lifetime_of(depends: Depends | None, kind: Kind) -> Lifetime | None:
    """When a generator is resumed: as declared, else after the response. Of anything else: as declared."""
    if depends is None:
        return None
    return depends.scope or ("request" if kind is Kind.CONTEXT else None)
