"""Compute the attributes of a request according to OpenTelemetry's semantic conventions for HTTP, version 1.44."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from opentelemetry.propagators.textmap import Getter

from typeway.types import Scope

SCHEMA_URL: Final = "https://opentelemetry.io/schemas/1.44.0"

# https://opentelemetry.io/docs/specs/semconv/http/http-metrics/: the recommended buckets of the duration.
DURATION_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)

# RFC 9110 section 9, PATCH (RFC 5789) and QUERY; the environment variable replaces the list.
# https://opentelemetry.io/docs/specs/semconv/http/http-spans/, "http.request.method"
KNOWN_METHODS: Final = frozenset(
    ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"]
)
KNOWN_METHODS_VARIABLE: Final = "OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS"
OTHER_METHOD: Final = "_OTHER"

# https://opentelemetry.io/docs/specs/semconv/registry/attributes/url/: credentials must not be recorded.
REDACTED: Final = "REDACTED"
SECRETS: Final = frozenset(
    {"AWSAccessKeyId", "Signature", "X-Amz-Credential", "X-Amz-Security-Token", "X-Amz-Signature"}
    | {"X-Goog-Signature", "sig"}
)

PORTS: Final[Mapping[str, int]] = {"http": 80, "ws": 80, "https": 443, "wss": 443}

# A header whose fields form one list (RFC 9110 section 5.3), of which OpenTelemetry's propagator reads only the first.
LIST_HEADERS: Final = frozenset({"baggage"})

Attributes = dict[str, Any]


class HeaderGetter(Getter[Iterable[tuple[bytes, bytes]]]):
    """Reads the headers of an ASGI scope for OpenTelemetry's propagators."""

    def get(self, carrier: Iterable[tuple[bytes, bytes]], key: str) -> list[str] | None:
        """Return the values of one header, or None if the request does not have it."""
        name = key.lower().encode("latin-1")
        values = [value.decode("latin-1") for field, value in carrier if field.lower() == name]
        return [",".join(values)] if values and key.lower() in LIST_HEADERS else values or None

    def keys(self, carrier: Iterable[tuple[bytes, bytes]]) -> list[str]:
        """Return the names of the headers."""
        return [field.decode("latin-1").lower() for field, _ in carrier]


def known_methods() -> frozenset[str]:
    """Return the methods that are recorded by name; a client could invent any number of others."""
    given = os.environ.get(KNOWN_METHODS_VARIABLE, "")
    return frozenset(name.strip() for name in given.split(",") if name.strip()) or KNOWN_METHODS


def request_attributes(scope: Scope, methods: frozenset[str]) -> Attributes:
    """Return the attributes that the span and the metrics of a request share; each has few values, for few time series."""
    method = scope["method"]
    attributes = {
        "url.scheme": scope.get("scheme", "http"),
        "http.request.method": method if method in methods else OTHER_METHOD,
    }
    if scope.get("http_version"):
        attributes["network.protocol.version"] = scope["http_version"]
    return attributes


def request_span_attributes(scope: Scope, common: Attributes) -> Attributes:
    """Return the attributes of a request's span: the common ones, and those that only the span has."""
    attributes = {**common, **server_attributes(scope), "url.path": scope["path"]}
    query = shown_query(scope.get("query_string", b""))
    if query:
        attributes["url.query"] = query
    if common["http.request.method"] == OTHER_METHOD:
        attributes["http.request.method_original"] = scope["method"]
    return attributes


def socket_attributes(scope: Scope) -> Attributes:
    """Return the attributes of a WebSocket connection's span."""
    return {
        "url.scheme": scope.get("scheme", "ws"), "network.protocol.name": "websocket", **server_attributes(scope),
    }  # fmt: skip


def server_attributes(scope: Scope) -> Attributes:
    """Return address and port of the server: from the Host header, or else the address on which the server listens."""
    host = next((value for name, value in scope["headers"] if name == b"host"), None)
    if host is None:
        address, port = scope.get("server") or (None, None)
    else:
        address, port = split_host(host.decode("latin-1"))
        if port is None:
            port = PORTS.get(scope.get("scheme", "http"))
    attributes = {}
    if address:
        attributes["server.address"] = address
        if port is not None:
            attributes["server.port"] = port
    return attributes


def split_host(host: str) -> tuple[str | None, int | None]:
    """Return address and port of a Host header; neither if the header contains anything else (RFC 9110 section 7.2).

    Example:
        >>> split_host("[2001:db8::1]:8443")
        ('2001:db8::1', 8443)
    """
    try:
        parts = urlsplit(f"//{host}")
        is_more = "@" in parts.netloc or parts.path or parts.query or parts.fragment
        return (None, None) if is_more else (parts.hostname, parts.port)
    except ValueError:
        return None, None


def shown_query(raw: bytes) -> str:
    """Return a query string with credentials redacted."""
    pairs = parse_qsl(raw.decode("latin-1"), keep_blank_values=True)
    return urlencode([(name, REDACTED if name in SECRETS else value) for name, value in pairs])


def type_name(error: BaseException, name: str) -> str:
    """Return the name under which an exception's type is recorded: with its module, unless it is a builtin.

    Parameters:
        name: the name of the framework ("typeway", or "fastapi" in compat mode), which replaces Typeway's own module.
    """
    kind = type(error)
    module = f"{name}.exceptions" if kind.__module__ == "typeway.exceptions" else kind.__module__
    return kind.__qualname__ if module == "builtins" else f"{module}.{kind.__qualname__}"


def function_name(function: Any) -> str:
    """Return the name under which a function is recorded; for a callable object or a partial, that of its class."""
    named = function if hasattr(function, "__qualname__") else type(function)
    return f"{named.__module__}.{named.__qualname__}"
