"""Define what every policy has: the routes that it is for, and what the documentation says about it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Final, TypeAlias

from starlette.routing import WebSocketRoute
from starlette.staticfiles import StaticFiles

from typeway.exceptions import calling_line, declaration_error

# A route, named as "POST /tasks", as "/tasks" (every route on that path), by its name, or by its endpoint.
Target: TypeAlias = str | Callable[..., Any]

WEBSOCKET: Final = "WEBSOCKET"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One way in which a policy refuses a request, as the documentation shows it."""

    status: int
    meaning: str
    headers: Mapping[str, str] = field(default_factory=dict)  # the names of the headers, each with its description


@dataclass(frozen=True, eq=False)
class Policy:
    """A rule about the requests of routes: the option `policies=` of applications, routers, inclusions and routes.

    Policies of outer levels apply as well; of two of the same kind the nearer one counts, and of one level the last.

    Parameters:
        only: the routes to which the policy applies, unless to all of its level.
        except_for: the routes to which it does not apply.

    Raises:
        DeclarationError: both are given, or one of them is no list of routes. When the application starts: one of them
            names a route that does not exist or that the policy cannot protect, or the policy applies to no route.
    """

    _: KW_ONLY
    only: Sequence[Target] | None = None
    except_for: Sequence[Target] = ()
    where: str | None = field(default=None, init=False, repr=False)  # file and line of the declaration

    def __post_init__(self) -> None:
        self.set_computed(where=calling_line())
        for option, targets in (("only", self.only), ("except_for", self.except_for)):
            given: Any = targets
            if isinstance(given, str) or not all(isinstance(each, str) or callable(each) for each in given or ()):
                hint = f'Write {option}=["POST /tasks"]; routes are named by method and path, by name, or by endpoint.'
                raise self.refused(f"{option} must be a list of routes, not {targets!r}.", hint)
        if self.only is not None and self.except_for:
            raise self.refused("only and except_for exclude one another.", "Give the one with the shorter list.")
        self.verify()

    def set_computed(self, **values: Any) -> None:
        """Set attributes while the record is made."""
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def refused(self, problem: str, hint: str) -> Exception:
        """Return the error for a policy that cannot work; its place is that of the declaration."""
        return declaration_error(problem, hint=hint, where=self.where, chain=(f"{type(self).__name__}()",))

    def verify(self) -> None:
        """Refuse values that cannot work."""

    @property
    def kind(self) -> Hashable:
        """What it is: of two policies of one kind the nearer one counts."""
        return type(self).__name__

    @property
    def is_off(self) -> bool:
        """Whether it only takes the place of a policy of an outer level, and does nothing itself."""
        return False

    @property
    def dependency(self) -> Any:
        """The `Depends` that every route of the policy has; None if there is none."""
        return None

    @property
    def key_dependency(self) -> Any:
        """The `Depends` whose result the policy needs before the body is read and other dependencies run, or None."""
        return None

    @property
    def summary(self) -> str:
        """The policy in a few words, for `typeway routes`."""
        return type(self).__name__

    @property
    def needs_plan(self) -> bool:
        """Whether it needs dependencies, so that start-up refuses it on a mount or a plain Starlette route."""
        return self.dependency is not None or self.key_dependency is not None

    def unfit(self, methods: frozenset[str] | None) -> str | None:
        """Return why the policy means nothing for a route; None if it means something.

        It is then left out where an outer level has it, and refused where the route itself is named or has it.

        Parameters:
            methods: the methods of the route; none for a WebSocket, None for a mount, which may serve all of them.
        """
        return None

    def refusals(self) -> Sequence[Refusal]:
        """Return how the policy refuses requests, for the documentation."""
        return ()

    def parameters(self) -> Sequence[dict[str, Any]]:
        """Return the Parameter Objects of what the policy reads of a request (OpenAPI 3.1, section 4.8.12)."""
        return ()

    def response_headers(self) -> Mapping[str, str]:
        """Return the names of the headers that the policy adds to successful responses, each with its description."""
        return {}

    def covers(self, route: Any) -> bool:
        """Whether a route is one of those that the policy is for."""
        if self.only is not None:
            return any(names(target, route) for target in self.only)
        return not any(names(target, route) for target in self.except_for)


def methods_of(route: Any) -> frozenset[str] | None:
    """Return the methods of a route, without the HEAD that Starlette adds to GET; see `Policy.unfit`."""
    methods = getattr(route, "methods", None)
    if isinstance(route, WebSocketRoute):
        return frozenset()
    if not methods:
        return frozenset({"GET"}) if isinstance(getattr(route, "app", None), StaticFiles) else None
    return frozenset(methods) - {"HEAD"} if "GET" in methods else frozenset(methods)


def names(target: Target, route: Any) -> bool:
    """Whether a target names a route; paths are those in the application or in the route's own router."""
    if not isinstance(target, str):
        return getattr(route, "endpoint", None) is target
    original = getattr(route, "original_route", None) or route
    # A frontend has a prefix, below which it serves every path.
    paths = {getattr(each, "prefix", None) or getattr(each, "path", None) for each in (route, original)}
    method, _, path = target.rpartition(" ")
    if not path.startswith("/"):
        return target == getattr(route, "name", None)
    if path not in paths:
        return False
    methods = methods_of(route)
    return not method or methods is None or method.upper() in (methods or {WEBSOCKET})


def effective(policies: Sequence[Policy], route: Any) -> tuple[Policy, ...]:
    """Return the policies that apply to a route, of those of its level and of the levels around it, the outermost first."""
    chosen: dict[Hashable, Policy] = {}
    for policy in policies:
        if policy.covers(route):
            chosen.pop(policy.kind, None)
            chosen[policy.kind] = policy
    methods = methods_of(route)
    return tuple(policy for policy in chosen.values() if not policy.is_off and policy.unfit(methods) is None)


def dependencies_of(policies: Sequence[Policy]) -> list[Any]:
    """Return the dependencies that policies add in front of those of a route, first those of which they need the results."""
    keys = [policy.key_dependency for policy in policies]
    added = [policy.dependency for policy in policies]
    return [each for each in (*keys, *added) if each is not None]
