"""Say what is wrong with an application that is about to be served, and where its documentation is."""

from collections.abc import Sequence
from typing import Any, Final

from typeway.application.routes import APIRoute
from typeway.application.socket_routes import APIWebSocketRoute
from typeway.check.doubts import doubts
from typeway.exceptions import DeclarationError

# The addresses for "every interface", on which a browser on this machine uses 127.0.0.1.
ALL_INTERFACES: Final = frozenset({"0.0.0.0", "::", ""})  # noqa: S104

OPEN_TO_EVERY_HOST: Final = (
    "the server trusts a proxy, and the application answers for every host that a client names: links that it makes from "
    "the Host header can lead anywhere. Write Typeway(trusted_hosts=['example.com']), or add TrustedHostMiddleware; "
    "trusted_hosts=['*'] says that this is meant."
)


def route_warnings(application: Any) -> list[str]:
    """Return the errors in declarations that appear only after all modules are imported, and probable mistakes."""
    found = []
    for route in getattr(application, "routes", ()):
        if isinstance(route, (APIRoute, APIWebSocketRoute)):
            try:
                route.plans.ready({})
            except DeclarationError as error:
                found.append(f"{route.path} cannot be served. {error}")
            else:
                found += map(str, doubts(route))
    return found


def proxy_warnings(application: Any, trusted: str | None) -> Sequence[str]:
    """Return a warning if the server is behind a proxy and the application answers for every host.

    Parameters:
        trusted: the addresses of the proxies that may name the client; None if none may.
    """
    names = [getattr(entry.cls, "__name__", "") for entry in getattr(application, "user_middleware", ())]
    is_behind_proxy = trusted not in (None, "", "127.0.0.1")
    if not is_behind_proxy or getattr(application, "trusted_hosts", None) or "TrustedHostMiddleware" in names:
        return []
    return [OPEN_TO_EVERY_HOST]


def documentation_of(application: Any) -> str | None:
    """Return the path of the documentation page; None if there is none."""
    return getattr(application, "docs_url", None) if getattr(application, "openapi_url", None) else None
