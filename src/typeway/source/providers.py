"""Know what the containers of dependency_injector give: what a provider makes, and what it passes for parameters."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Mapping
from types import FunctionType
from typing import Any, Final, Protocol

from typeway.source.values import Infers, Known, Plain, Value, either, is_a, known, plain_values

PROVIDER: Final = frozenset({"dependency_injector.providers.Provider"})
OBJECT: Final = frozenset({"dependency_injector.providers.Object"})
MARKER: Final = frozenset({"dependency_injector.wiring._Marker"})


class Provides(Infers, Protocol):
    """What infers, also what callables give that no call in the source names."""

    def provided(self, provider: Any) -> Value | None:
        """What a dependency gives."""

    def attribute_of(self, base: Plain, name: str) -> Value | None:
        """What an attribute of a value is."""


def is_provider(thing: Any) -> bool:
    """Whether an object is a provider of a container, or what stands for one in a default: `Provide[Container.store]`."""
    # PERF: nearly all that is called is a function, and this is asked for each call.
    return type(thing) is not FunctionType and is_a(type(thing), PROVIDER | MARKER)


def given_by_provider(inference: Provides, provider: Any) -> Value | None:
    """What a call of a provider gives: by what it has been told to make, so nothing is run."""
    kind = type(provider)
    if is_a(kind, MARKER):
        named = provider.provider
        found = named_in_containers(named) if isinstance(named, str) else [named]
        return either(injected(inference, each, is_asked=kind.__name__ == "Provider") for each in found)
    if getattr(provider, "overridden", ()):
        return inference.provided(provider.overridden[-1])
    made = getattr(provider, "provides", None) or getattr(provider, "instance_of", None)
    match kind.__name__:
        case "Configuration" | "ConfigurationOption" | "ItemGetter" | "MethodCaller":
            return None
        case "Delegate" | "Object":
            return known(made)
        case "Container":
            return known(provider.container)
        case "Selector" | "Aggregate" | "FactoryAggregate":
            return either(inference.provided(each) for each in provider.providers.values())
        case "AttributeGetter":
            owners = plain_values(inference.provided(made))
            return either(inference.attribute_of(each, provider.name) for each in owners)
    return inference.provided(made) if callable(made) else None


def made_by_provider(thing: Any) -> Known | None:
    """The class or function that a call of a provider calls."""
    calls = is_provider(thing) and not is_a(type(thing), MARKER | OBJECT)
    made = getattr(thing, "provides", None) if calls else None
    return Known(made) if isinstance(made, type | FunctionType) else None


def injected(inference: Provides, thing: Any, *, is_asked: bool = False) -> Value | None:
    """What is passed where a provider, or a value, is given: what the provider makes, or itself if that is asked for."""
    is_itself = is_asked or type(thing).__name__.startswith("Delegated")
    return inference.provided(thing) if is_provider(thing) and not is_itself else known(thing)


def containers() -> Iterator[type[Any]]:
    """The classes of containers that have been declared."""
    module = sys.modules.get("dependency_injector.containers")
    waiting = [*type.__subclasses__(vars(module)["DeclarativeContainer"])] if module is not None else []
    while waiting:
        kind = waiting.pop(0)
        waiting += type.__subclasses__(kind)
        yield kind


def named_in_containers(name: str) -> list[Any]:
    """The providers that a text may mean: `Provide["store"]`."""
    found = (inspect.getattr_static(kind, name, None) for kind in containers())
    return [each for each in found if is_provider(each)]


def by_product() -> Mapping[int, list[Any]]:
    """The providers of all containers by the identity of the class or function that they call."""
    found: dict[int, list[Any]] = {}
    for kind in containers():
        for provider in kind.__dict__.values():
            made = made_by_provider(provider)
            if made is not None:
                found.setdefault(id(made.thing), []).append(provider)
    return found


def passed(provider: Any, names: list[str]) -> Mapping[str, Any]:
    """What a provider passes for the parameters of what it calls, by their names."""
    return {**dict(zip(names, provider.args, strict=False)), **provider.kwargs}
