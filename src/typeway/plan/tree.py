"""Build the dependency tree of an operation: its nodes are callables with the sources of their parameters."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from typeway.declare.classify import Injected, Input, Needed, Source, classify
from typeway.declare.conventions import Conventions
from typeway.declare.depends import Depends, Lifetime, Security, SecurityScopes
from typeway.declare.signature import Declaration, complete, name_of, read_declaration
from typeway.exceptions import DeclarationError, DependencyScopeError, declaration_error
from typeway.plan.calls import Kind, kind_of
from typeway.security.base import SecurityBase

Overrides = dict[Callable[..., Any], Callable[..., Any]]


@dataclass(frozen=True, slots=True)
class Node:
    """One callable in the tree."""

    declaration: Declaration
    sources: tuple[Source, ...]  # the sources of its parameters' values
    # Its dependencies in order, each with the parameter that receives its result, if there is one.
    children: tuple[tuple[str | None, "Node"], ...]
    kind: Kind  # how to call it
    scope: Lifetime | None  # when a generator is resumed; for other callables the declared value
    scopes: tuple[str, ...]  # the OAuth2 scopes that its dependants require
    own_scopes: tuple[str, ...]  # the scopes of its own `Security(...)`
    depends: Depends | None  # its `Depends(...)`; None for the endpoint
    original: Callable[..., Any]  # the declared callable, before any override

    @property
    def function(self) -> Callable[..., Any]:
        return self.declaration.function

    @property
    def inputs(self) -> tuple[Input, ...]:
        return tuple(source for source in self.sources if isinstance(source, Input))

    @property
    def uses_scopes(self) -> bool:
        """Whether the result of this node, or of a node below it, depends on the scopes."""
        function: Any = self.function  # typed as Any: SecurityBase itself is not callable
        return (
            bool(self.own_scopes)
            or isinstance(function, SecurityBase)
            or any(isinstance(source, Injected) and source.kind is SecurityScopes for source in self.sources)
            or any(child.uses_scopes for _, child in self.children)
        )

    @property
    def cache_key(self) -> Hashable:
        """The key under which the result is cached: calls with the same key share one result."""
        scopes = tuple(sorted(set(self.scopes))) if self.uses_scopes else ()
        is_overridden = self.original is not self.function
        lifetime = lifetime_of(self.depends, kind_of(self.original)) if is_overridden else self.scope
        try:
            hash(self.original)
        except TypeError:
            return (id(self.original), scopes, lifetime)
        return (self.original, scopes, lifetime)

    def walk(self) -> Iterator["Node"]:
        """Yield every node in the order of calls: dependencies before the node that needs them."""
        for _, child in self.children:
            yield from child.walk()
        yield self


@dataclass(frozen=True, slots=True)
class Growth:
    """The settings for all nodes of one tree."""

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
    """Return the tree of an endpoint, with the dependencies of its route, router and inclusions."""
    growth = Growth(path_names, conventions, overrides or {})
    return grow_node(declaration, declaration.function, growth, (), (declaration.function,), added=dependencies)


def grow_child(receiver: str | None, depends: Depends, *place: Any) -> Node:
    """Return the node of a dependency; its errors name the dependencies that lead to it."""
    try:
        return grow_dependency(depends, *place)
    except DeclarationError as error:
        error.add_step(step_of(receiver, depends.dependency), place[-1])
        raise


def step_of(receiver: str | None, dependency: Any) -> str:
    """Return the name of a dependency in the chain of an error; the parameter's name if it cannot be called."""
    if callable(dependency):
        return f"{name_of(dependency)}()"
    return "dependencies" if receiver is None else f"parameter {receiver!r}"


def grow_dependency(
    depends: Depends, growth: Growth, inherited: tuple[str, ...], above: tuple[Callable[..., Any], ...], where: str
) -> Node:
    original: Any = depends.dependency  # if it was left out, the annotation of the parameter, which may be anything
    if not callable(original):
        raise declaration_error(
            f"a dependency must be callable, not {original!r}.",
            hint="Give Depends() a function, a class or a callable object, or annotate the parameter with a class.",
            where=where,
            also=AssertionError if original is None else TypeError,
        )
    if any(original is ancestor for ancestor in above):
        chain = " → ".join(getattr(f, "__qualname__", repr(f)) for f in (*above[1:], original))
        hint = "Move the shared part into a third dependency."
        raise declaration_error(
            f"dependencies form a cycle: {chain}.", hint=hint, where=where, also=ValueError, code="TW013"
        )
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
            hint="The same task must enter and exit it. Mark the dependencies that use it instead.",
            where=where,
        )
    own = tuple(depends.scopes or ()) if isinstance(depends, Security) else ()
    # Inherited scopes keep their repetitions; scopes of this node are added once.
    scopes = (*inherited, *(scope for scope in dict.fromkeys(own) if scope not in inherited))
    asked: list[tuple[str | None, Depends]] = [(None, each) for each in added]
    asked += [(source.name, source.depends) for source in sources if isinstance(source, Needed)]
    children = tuple(
        (receiver, grow_child(receiver, each, growth, (*inherited, *own), above, where)) for receiver, each in asked
    )
    # A generator that is resumed after the response must not use one that is resumed before it.
    if kind is Kind.CONTEXT and scope == "request" and any(child.scope == "function" for _, child in children):
        raise declaration_error(
            f'The dependency "{name}" has a scope of "request", '
            'it cannot depend on dependencies with scope "function".',
            hint=f'Ask for {name} with Depends({name}, scope="function"), or widen the scope of the other.',
            where=where,
            also=DependencyScopeError,
            code="TW014",
        )
    return Node(declaration, sources, children, kind, scope, scopes, own, depends, original)


def lifetime_of(depends: Depends | None, kind: Kind) -> Lifetime | None:
    """Return when a generator is resumed: as declared, else after the response; for other callables as declared."""
    if depends is None:
        return None
    return depends.scope or ("request" if kind is Kind.CONTEXT else None)
