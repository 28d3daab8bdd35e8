"""Check that every policy protects the routes that it is for, before an application serves."""

from __future__ import annotations

import difflib
import logging
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, Final

from starlette.routing import BaseRoute

from typeway.application.inclusion import Inclusion
from typeway.application.indexing import is_documentation
from typeway.application.routes import PlannedRoute, title_of
from typeway.declare.given import check_values
from typeway.declare.policy import Policy, Target, effective, methods_of, names
from typeway.exceptions import DeclarationError, declaration_error
from typeway.policies.authentication import RequireAuthentication
from typeway.policies.idempotency import Idempotency
from typeway.policies.rate_limit import RateLimit
from typeway.policies.timeout import Timeout
from typeway.security.base import SecurityBase
from typeway.serve.frontend import Frontend

logger: Final = logging.getLogger("typeway")

# The number of processes, as `typeway run` and other servers say it.
WORKERS: Final = "WEB_CONCURRENCY"


def verify_own(policies: Iterable[Policy] | None, methods: Collection[str], owner: str) -> None:
    """Refuse what is no list of policies, and policies of a route itself that mean nothing for it."""
    check_values(owner, {"policies": policies}, None)
    for policy in policies or ():
        reason = policy.unfit(frozenset(methods))
        if reason is not None:
            raise refused(policy, f"it cannot apply to {owner}: {reason}.", "Remove it there.")


def verify_bound(router: Any) -> None:
    """Refuse policies of a router, and of what it includes, that do not protect what they are for.

    Raises:
        DeclarationError: a policy names a route that does not exist or that it cannot protect, or applies to none.
    """
    declared = list(dict.fromkeys(policies_in(router)))
    if not declared:
        return
    served = [(route, policies_of(route, router)) for route in routes_of(router)]
    for policy in declared:
        verify_policy(policy, [route for route, policies in served if policy in policies])
    for route, policies in served:
        if isinstance(route, PlannedRoute) and policies:
            verify_route(route)


def policies_in(router: Any) -> Iterator[Policy]:
    """Yield the policies that a router, its inclusions and its routes declare."""
    yield from getattr(router, "policies", ())
    for item in list(router._own_routes):
        if isinstance(item, Inclusion):
            yield from item.options.get("policies") or ()
            yield from policies_in(item.router)
        else:
            yield from getattr(item, "policies", None) or ()


def routes_of(router: Any) -> list[BaseRoute]:
    found: list[BaseRoute] = [*router.routes, *router._frontends]
    return [route for route in found if not is_documentation(route)]


def policies_of(route: BaseRoute, router: Any) -> Sequence[Policy]:
    """Return the policies of the levels around a route, and its own."""
    found: Sequence[Policy] | None = getattr(route, "policies", router.policies)
    return found or ()


def verify_policy(policy: Policy, routes: Sequence[BaseRoute]) -> None:
    """Refuse a policy that does not protect what it is for.

    Parameters:
        routes: the routes of the level of the policy.
    """
    for target in (*(policy.only or ()), *policy.except_for):
        verify_target(policy, target, routes)
    covered = [route for route in routes if policy.covers(route)]
    reasons = {shown(route): policy.unfit(methods_of(route)) for route in covered}
    for route in covered:
        if policy.needs_plan and not isinstance(route, PlannedRoute) and reasons[shown(route)] is None:
            problem = f"it cannot protect {shown(route)}, which has no dependencies."
            hint = f"Let it do without, by except_for=[{path_of(route)!r}]; or give it an endpoint."
            raise refused(policy, problem, hint)
        if policy.only is not None and reasons[shown(route)] is not None:
            problem = f"it cannot apply to {shown(route)}: {reasons[shown(route)]}."
            raise refused(policy, problem, "Name another route in only=, or remove the policy.")
    if policy.is_off or any(reason is None for reason in reasons.values()):
        return
    reason = next((f": {reason}" for reason in reasons.values()), ", because there is none")
    raise refused(policy, f"it applies to no route{reason}.", "Remove it, or declare it where its routes are.")


def verify_target(policy: Policy, target: Target, routes: Sequence[BaseRoute]) -> None:
    """Refuse the name of a route that does not exist, or that names one method of a route with several."""
    found = [route for route in routes if names(target, route)]
    option = "only" if policy.only is not None else "except_for"
    text = target if isinstance(target, str) else f"{getattr(target, '__qualname__', target)}()"
    if not found:
        known = [name for route in routes for name in (shown(route), getattr(route, "name", None)) if name]
        nearest = difflib.get_close_matches(text, known, n=1)
        hint = f"Did you mean {nearest[0]!r}?" if nearest else f"It has {', '.join(map(shown, routes)) or 'none'}."
        raise refused(policy, f"{option}= names {text!r}, and there is no such route.", hint)
    for route in found:
        methods = methods_of(route) or frozenset()
        if isinstance(target, str) and " /" in target and len(methods) > 1:
            problem = f"{option}= names {text!r}, and one endpoint serves {shown(route)}."
            raise refused(policy, problem, f"Write {path_of(route)!r}, or declare the methods one by one.")


def verify_route(route: PlannedRoute) -> None:
    """Refuse a route whose policies do not fit it or one another."""
    policies = {type(policy): policy for policy in effective(route.policies, route)}
    required, lease, limit = (policies.get(kind) for kind in (RequireAuthentication, Idempotency, Timeout))
    try:
        if isinstance(required, RequireAuthentication) and required.check is None and not authenticates(route):
            hint = (
                "Depend on a security scheme, with auto_error, or give RequireAuthentication() the function that checks. "
                "If anybody may come in: policies=[RequireAuthentication(public=True)]."
            )
            raise refused(required, "nothing authenticates the clients of this route.", hint)
        if isinstance(lease, Idempotency) and isinstance(limit, Timeout) and lease.lease <= limit.seconds:
            problem = f"its lease of {lease.lease:g} s ends before the {limit.seconds:g} s of Timeout()."
            raise refused(lease, problem, "Give it a longer lease.")
        if any(policy.key_dependency is not None for policy in policies.values()):
            _ = route.plans.prepared or route.plans.build()
    except DeclarationError as error:
        error.add_step(shown(route), route.declaration.where)
        raise


def authenticates(route: PlannedRoute) -> bool:
    """Whether a security scheme of a route refuses requests without credentials."""
    functions: list[Any] = [node.function for node in route.tree().walk()]
    return any(isinstance(function, SecurityBase) and function.auto_error for function in functions)


def shown(route: BaseRoute) -> str:
    """Return the name of a route in messages: "POST /tasks", or "the mount /static"."""
    if isinstance(route, Frontend):
        return f"the frontend {route.prefix or '/'}"
    methods = methods_of(route)
    if methods is None or not hasattr(route, "endpoint"):
        return f"the mount {path_of(route)}"
    return title_of(path_of(route), methods)


def path_of(route: BaseRoute) -> str:
    return str(getattr(route, "prefix", None) or getattr(route, "path", None) or getattr(route, "host", "/"))


def refused(policy: Policy, problem: str, hint: str) -> DeclarationError:
    chain = (f"{type(policy).__name__}()",)
    return declaration_error(problem, hint=hint, where=policy.where, chain=chain)


def announce(router: Any) -> None:
    """Say in the log where policies keep what processes share, and what happens if a store fails."""
    several = int(os.environ.get(WORKERS) or 1) if (os.environ.get(WORKERS) or "1").isdigit() else 1
    for policy in dict.fromkeys(policies_in(router)):
        if not isinstance(policy, RateLimit | Idempotency):
            continue
        if policy.place.kind != "memory":
            decision = "refused with 503" if policy.on_store_failure == "refuse" else "allowed without it"
            text = "%s uses %s; if that fails, requests are %s"
            logger.info(text, policy.summary, policy.place.shown, decision)
        elif several > 1:
            text = "%s (%s) is kept in the memory of each of %d processes: "
            text += "clients have as many times the limit. Give it a store that they share, as in store='redis://localhost/0'"
            logger.warning(text, policy.summary, policy.where, several)
