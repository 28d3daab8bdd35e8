"""Tell clients apart: by their address, by their credentials, by a principal that a dependency returns, by a function."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from ipaddress import IPv6Address
from typing import Any, Final
from uuid import UUID

from starlette.requests import HTTPConnection

from typeway.declare.depends import Depends
from typeway.exceptions import TypewayError
from typeway.security.base import SecurityBase
from typeway.security.schemes import APIKey

# Where clients send credentials, unless the security schemes of the route say it.
CREDENTIALS: Final = (("header", "authorization"), ("header", "x-api-key"))

# Their text is the same for the same client; that of most objects is their address in memory.
PLAIN: Final = (str, int, bytes, UUID)

# One key for all: a limit of the whole route.
EVERYBODY: Final = "everybody"


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """Says whose request it is.

    Attributes:
        name: what clients are told apart by.
        read: returns the key of a connection; None if `dependency` returns it.
        depends: the dependency whose result is the principal; None if a connection is enough.
        identify: returns the key of a principal; None if that is the key itself.
    """

    name: str
    read: Callable[[HTTPConnection[Any]], Any] | None = None
    depends: Depends | None = None
    identify: Callable[[Any], Any] | None = None

    def of_connection(self, connection: HTTPConnection[Any]) -> str:
        """Return the key of a connection.

        Raises:
            TypewayError: the function has returned an object whose text identifies nobody.
        """
        return self.text(address_of(connection) if self.read is None else self.read(connection))

    def of_principal(self, principal: Any, connection: HTTPConnection[Any]) -> str:
        """Return the key of a principal; where there is none, the client's address tells apart.

        Raises:
            TypewayError: the principal is an object whose text identifies nobody.
        """
        found = principal if principal is None or self.identify is None else self.identify(principal)
        return by_address.of_connection(connection) if found is None else f"principal:{self.text(found)}"

    def text(self, found: Any) -> str:
        if not isinstance(found, PLAIN):
            raise TypewayError(
                f"the key {self.name} of a policy is {type(found).__name__}, which does not identify a client: it must "
                "be a string, a number or a UUID. Give by_principal() a second function that returns one, for example "
                "`lambda user: user.id`."
            )
        return found.decode("latin-1") if isinstance(found, bytes) else str(found)


def address_of(connection: HTTPConnection[Any]) -> str:
    """Return the address of the client, as the server says it: only servers know which proxies to trust.

    Of an IPv6 address, the first 64 bits: a client has all addresses of such a network (RFC 4291, section 2.5.4).
    """
    client = connection.scope.get("client")
    if not client:
        return EVERYBODY
    host = str(client[0])
    return network_of(host) if ":" in host else host


def network_of(host: str) -> str:
    """Return what is the same for all addresses of one client; some proxies send the client's port as well."""
    inside, _, _ = host.removeprefix("[").partition("]")
    try:
        address = IPv6Address(inside.partition("%")[0])
    except ValueError:
        return host.partition(":")[0]
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Address(int(address) >> 64 << 64))


def credentials_of(connection: HTTPConnection[Any], places: Sequence[tuple[str, str]] = CREDENTIALS) -> str:
    """Return a digest of the credentials that a request carries; of none, too.

    Parameters:
        places: where credentials are: "header", "query" or "cookie", and a name.
    """
    digest = sha256()
    for kind, name in places:
        values = {"header": connection.headers, "query": connection.query_params, "cookie": connection.cookies}[kind]
        value = values.get(name, "").encode("utf-8", "surrogatepass")
        digest.update(b"%d:%s" % (len(value), value))
    return digest.hexdigest()


def credentials_for(functions: Iterable[Any]) -> Key:
    """Return the key that reads the credentials for the security schemes among functions; for none, the usual headers."""
    models = [function.model for function in functions if isinstance(function, SecurityBase)]
    places = [
        (str(getattr(model.in_, "value", model.in_)), model.name) if isinstance(model, APIKey) else CREDENTIALS[0]
        for model in models
    ]
    return Key(by_credentials.name, partial(credentials_of, places=places)) if places else by_credentials


by_address: Final = Key("by_address", address_of)
"""Tell clients apart by their address, as the server says it; the default of `RateLimit`."""

by_credentials: Final = Key("by_credentials", credentials_of)
"""Tell clients apart by the credentials that the security schemes of the route read; nobody has checked them."""


def by_principal(dependency: Callable[..., Any], identify: Callable[[Any], Any] | None = None) -> Key:
    """Tell clients apart by the result of a dependency, such as the user who is logged in.

    The dependency runs before the body is read, and once for the policy and the endpoint together. Where its result is
    None, the address of the client counts.

    Parameters:
        dependency: the function, as in `Depends(function)`, or a security scheme. It must not declare the body; it may read
            it from the Request.
        identify: returns what identifies its result: a string, a number or a UUID. The result itself unless given.

    Example: `RateLimit("100/minute", key=by_principal(current_user, lambda user: user.id))`
    """
    name = f"by_principal({getattr(dependency, '__name__', type(dependency).__name__)})"
    return Key(name, depends=Depends(dependency), identify=identify)


def key_of(given: Any, default: Key) -> Key | None:
    """Return the key for the option of a policy: a Key, or a function of the connection; None if it is neither."""
    if given is None:
        return default
    if isinstance(given, Key):
        return given
    return Key(getattr(given, "__name__", repr(given)), given) if callable(given) else None
