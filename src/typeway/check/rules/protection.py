"""Find what was left open: writes without security, and credentials for every origin."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from starlette.middleware.cors import CORSMiddleware

from typeway.check.finding import Finding
from typeway.check.subject import Endpoint, Subject, middleware_of
from typeway.plan.tree import Node
from typeway.security.base import SecurityBase

WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
# What is open on purpose: how to log in, what machines call with a signature, and reads that need a body.
OPEN: Final = re.compile(
    r"log_?in|log_?out|sign_?(in|up|out)|regist|auth|token|password|verify|confirm|activat|invit|setup|onboard|sso|saml|scim"
    r"|oidc|session|webhook|callback|hook|health|ping|ready|alive|metrics|public|anonym|feedback|contact|subscribe"
    r"|\b(list|get|read|fetch|describe|show)(_|\b)|search|query|preview|validate|render|batch_get|filter|lookup|count|estimate|check|test|debug|echo|csrf|cookie",
    re.IGNORECASE,
)
GUARDS: Final = re.compile(
    r"auth|user|permission|credential|api_?key|token|log_?in|verify|session|secur|admin|role|scope|access|allow|guard|protect"
    r"|signature|principal|identity|require|jwt|bearer|license",
    re.IGNORECASE,
)


def unprotected_writes(subject: Subject) -> Iterator[Finding]:
    """TW010: a write that anybody may send, where most others require credentials."""
    for application in subject.applications:
        own = [entry for entry in subject.own if entry.application is application]
        writes = [entry for entry in own if WRITES & set(entry.methods)]
        guarded = [entry for entry in writes if is_protected(entry)]
        around = [name for name, _ in middleware_of(subject.program, application.app)]
        around += [getattr(entry.cls, "__name__", "") for entry in getattr(application.app, "user_middleware", ())]
        if 2 * len(guarded) <= len(writes) or any(GUARDS.search(name) for name in around):
            continue
        for endpoint in writes:
            if endpoint not in guarded and not is_open(subject, endpoint):
                yield from endpoint.found(
                    "TW010",
                    f"{endpoint.title} writes and requires no credentials, while {len(guarded)} of {len(writes)} writes do.",
                    "add the security dependency that the others have; if it is meant to be open, add an ignore comment.",
                )


def is_protected(endpoint: Endpoint) -> bool:
    """Whether an endpoint or one of its dependencies has a security scheme."""
    return any(is_scheme(node.function) or node.own_scopes for node in endpoint.tree.walk())


def is_scheme(function: object) -> bool:
    """Whether a dependency is a security scheme, ready-made or the author's own."""
    return isinstance(function, SecurityBase)


def is_open(subject: Subject, endpoint: Endpoint) -> bool:
    """Whether an endpoint seems to be open on purpose, or to check credentials by itself."""
    if OPEN.search(endpoint.path) or OPEN.search(endpoint.operation.name) or reads_too(subject, endpoint):
        return True
    if any(is_guard(node) for node in endpoint.tree.walk() if node.depends is not None):
        return True
    function = endpoint.function
    if function is None:
        return True
    names = [ast.unparse(call.func) for call in subject.graph.calls_of(function)]
    text = ast.unparse(function.node).lower()
    return any(GUARDS.search(name) for name in names) or "authorization" in text or "request.user" in text


def reads_too(subject: Subject, endpoint: Endpoint) -> bool:
    """Whether the same function answers GET on the same path: it forwards requests, whatever they are."""
    return any(
        "GET" in other.methods and other.path == endpoint.path
        for other in subject.own
        if other.operation.endpoint is endpoint.operation.endpoint
    )


def is_guard(node: Node) -> bool:
    name = getattr(node.function, "__name__", type(node.function).__name__)
    return GUARDS.search(name) is not None or any(
        source.name.lower().replace("-", "_") in ("authorization", "x_api_key", "api_key", "token")
        for source in node.sources
    )


def open_cors(subject: Subject) -> Iterator[Finding]:
    """TW016: any web page may use the application in the name of its visitors."""
    for application in subject.applications:
        for entry in getattr(application.app, "user_middleware", ()):
            kind: Any = entry.cls
            if not (isinstance(kind, type) and issubclass(kind, CORSMiddleware)) or not is_wide_open(entry.kwargs):
                continue
            for path, line in places_of_cors(subject):
                yield Finding(
                    "TW016",
                    path,
                    line,
                    "the application allows credentials from every origin: any web page can act in the name of its visitors.",
                    'name the origins, `allow_origins=["https://app.example.com"]`, or remove `allow_credentials`.',
                )
                break


def is_wide_open(options: Any) -> bool:
    origins: Sequence[str] = options.get("allow_origins") or ()
    regex = options.get("allow_origin_regex")
    return bool(options.get("allow_credentials")) and ("*" in origins or regex in (".*", "^.*$", ".+", "https?://.*"))


def places_of_cors(subject: Subject) -> Iterator[tuple[str, int]]:
    """Where the application's code adds the middleware."""
    for file in subject.program.files.loaded():
        for node in ast.walk(file.tree):
            if isinstance(node, ast.Call) and any(
                "CORSMiddleware" in ast.unparse(argument) for argument in node.args[:1]
            ):
                yield str(file.path), node.lineno
