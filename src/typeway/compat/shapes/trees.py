"""Turn a dependant, as plugins have made it, back into the tree from which a plan is built."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from pydantic_core import PydanticUndefined

from typeway.compat.shapes.conventions import FASTAPI
from typeway.compat.shapes.dependant import INJECTED, PARAMS, Dependant
from typeway.compat.shapes.fields import input_of
from typeway.declare.classify import Injected, Source
from typeway.declare.depends import Depends, Security
from typeway.declare.paths import names_in
from typeway.declare.scope import where
from typeway.declare.signature import Declaration, complete, read_declaration
from typeway.exceptions import DeclarationError
from typeway.plan.calls import Kind, kind_of
from typeway.plan.tree import Growth, Node, Overrides, grow_node, lifetime_of


def node_of(dependant: Dependant, overrides: Overrides | None, *, is_root: bool = True) -> Node:
    """Return the tree of a dependant: its parameters are those that it lists, whatever its callable's signature says.

    An override is declared in the usual way, so below it the tree follows signatures again.

    Raises:
        TypeError: a dependant has no callable.
    """
    call: Any = dependant.call
    if call is None:
        raise TypeError(f"The dependant {dependant.name or dependant.path!r} needs a `call`, the function to run.")
    depends = None if is_root else depends_of(dependant, call)
    own, inherited = tuple(dependant.own_oauth_scopes or ()), tuple(dependant.parent_oauth_scopes or ())
    # Once for each dependant, in the order in which they run: see `typeway.plan.late`.
    override: Any = call if depends is None or not overrides else overrides.get(call, call)
    if overrides and override is not call:
        growth = Growth(frozenset(names_in(dependant.path or "/")), FASTAPI, overrides)
        above = inherited if isinstance(depends, Security) else (*inherited, *own)
        return grow_node(read_declaration(override), call, growth, above, (call,), depends)
    kind = kind_of(call)
    if is_root and kind is Kind.CONTEXT:
        kind = Kind.STREAM
    return Node(
        declaration=declaration_of(call),
        sources=tuple(sources_of(dependant)),
        children=tuple((child.name, node_of(child, overrides, is_root=False)) for child in dependant.dependencies),
        kind=kind,
        scope=lifetime_of(depends, kind),
        scopes=(*inherited, *(scope for scope in dict.fromkeys(own) if scope not in inherited)),
        own_scopes=own,
        depends=depends,
        original=call,
    )


def depends_of(dependant: Dependant, call: Callable[..., Any]) -> Depends:
    """Return how a dependant below another one was asked for."""
    return replace(
        dependant.depends or Depends(call), dependency=call, use_cache=dependant.use_cache, scope=dependant.scope
    )


def sources_of(dependant: Dependant) -> Iterator[Source]:
    """Yield the sources of the parameters that a dependant lists."""
    for name in dict.fromkeys(PARAMS.values()):
        yield from map(input_of, getattr(dependant, name))
    for kind, attribute in INJECTED.items():
        name = getattr(dependant, attribute)
        if name is not None:
            # As in FastAPI: what this kind of connection does not have is not passed.
            yield Injected(name, kind, has_default=True)


def declaration_of(call: Callable[..., Any]) -> Declaration:
    """Return the declaration of a callable, whose annotations need not make sense: its dependant says what it gets."""
    try:
        return complete(read_declaration(call))
    except DeclarationError:
        return Declaration(call, (), PydanticUndefined, where(call))
