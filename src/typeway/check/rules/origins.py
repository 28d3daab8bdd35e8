"""Find credentials that any page on the web may send, as the headers for cross-origin requests allow it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from starlette.middleware.cors import CORSMiddleware

from typeway.check.finding import Confidence, Finding
from typeway.check.read.program import Function
from typeway.check.subject import Subject, middleware_of
from typeway.check.words import words_of
from typeway.security.api_key import APIKeyCookie
from typeway.security.http import HTTPBasic, HTTPDigest

# Origins that nobody names on purpose; a pattern that lets them in lets everybody in.
STRANGERS: Final = ("https://a7f3.stranger.example", "http://stranger.test:8443")
# The schemes whose credentials a browser sends by itself, and what names hold that reads or writes a cookie.
SENT_BY_BROWSERS: Final = (APIKeyCookie, HTTPBasic, HTTPDigest)
# What a request is called, and what only keeps the cookies of other servers.
REQUESTS: Final = frozenset({"request", "req", "conn", "connection", "websocket", "ws", "socket", "scope"})
JARS: Final = frozenset({"jar", "cookies"})
SESSIONS: Final = frozenset({"SessionMiddleware", "HTTPBasic", "HTTPDigest", "BasicAuth", "BasicAuthBackend"})
# What a condition asks that tells where an application runs.
SURROUNDINGS: Final = frozenset({
    "debug", "dev", "develop", "development", "local", "localhost", "test", "testing", "tests", "prod", "production", "stage",
    "staging", "env", "environment",
})  # fmt: skip


def open_cors(subject: Subject) -> Iterator[Finding]:
    """TW016: any web page may use the application in the name of its visitors."""
    fix = 'name the origins, `allow_origins=["https://app.example.com"]`, or remove `allow_credentials`.'
    message = "the application allows credentials from every origin: any web page can act in the name of its visitors."
    for application in subject.applications:
        for entry in getattr(application.app, "user_middleware", ()):
            kind: Any = entry.cls
            if not (isinstance(kind, type) and issubclass(kind, CORSMiddleware)) or not is_wide_open(entry.kwargs):
                continue
            path, line, is_decided = next(places_of_cors(subject), ("", 0, True))
            if not is_decided:
                yield Finding("TW016", path, line, message, fix, confidence_of(subject))
        for _, function in middleware_of(subject.program, application.app):
            for node in echoes(function):
                yield Finding("TW016", *subject.place(function, node), message, fix, confidence_of(subject))


def confidence_of(subject: Subject) -> Confidence:
    """A page can use what its visitors' browsers send by themselves; a key in a header it would have to know.

    PERF: only asked where origins are open, because the whole code is read for it: 0.6 s for 110,000 lines.
    """
    return "high" if knows_browsers(subject) else "low"


def knows_browsers(subject: Subject) -> bool:
    """Whether a browser sends something by itself that says who a request is from: a cookie, or a password for Basic."""
    nodes = [node for endpoint in subject.own for node in endpoint.tree.walk()]
    if any(isinstance(node.function, SENT_BY_BROWSERS) for node in nodes):
        return True
    if any(source.location == "cookie" for node in nodes for source in node.inputs):
        return True
    return any(names_cookies(node) for file in subject.program.files.loaded() for node in ast.walk(file.tree))


def names_cookies(node: ast.AST) -> bool:
    """Whether code reads or writes a cookie or a session: `request.cookies`, `set_cookie()`, a header called Cookie.

    The cookies that it sends to other servers say nothing: a client's `cookies`, and a header in a dict.
    """
    match node:
        case ast.Attribute(value=held, attr="cookies"):
            return bool(REQUESTS & {*words_of(ast.unparse(held))})
        case ast.Attribute(attr=name) | ast.Name(id=name) | ast.arg(arg=name) | ast.alias(name=name):
            words = words_of(name.rpartition(".")[2])
            return name.rpartition(".")[2] in SESSIONS or (
                "cookie" in words and words != ["cookie"] and not JARS & {*words}
            )
        case ast.Subscript(slice=ast.Constant(value=str() as text)):
            return text.lower() in ("cookie", "set-cookie")
        case ast.Call(func=ast.Attribute(value=held), args=[ast.Constant(value=str() as text), *_]):
            # `settings.get("cookie")` is no header.
            return text.lower() in ("cookie", "set-cookie") and "headers" in words_of(ast.unparse(held))
        case ast.Dict(keys=keys):
            return any(isinstance(key, ast.Constant) and str(key.value).lower() == "set-cookie" for key in keys)
    return False


def is_wide_open(options: Any) -> bool:
    origins: Sequence[str] = options.get("allow_origins") or ()
    pattern = options.get("allow_origin_regex")
    return bool(options.get("allow_credentials")) and ("*" in origins or fits_everything(pattern))


def fits_everything(pattern: str | None) -> bool:
    """Whether a pattern lets in origins that nobody would name."""
    try:
        return bool(pattern) and any(re.fullmatch(str(pattern), stranger) for stranger in STRANGERS)
    except re.error:
        return False


def echoes(function: Function) -> Iterator[ast.AST]:
    """Where middleware allows whatever origin a request names, together with credentials."""
    headers = [*headers_set(function)]
    allows = any("credentials" in name for name, _ in headers)
    for name, value in headers:
        if name == "access-control-allow-origin" and allows and is_from_request(value, function):
            yield value


def headers_set(function: Function) -> Iterator[tuple[str, ast.expr]]:
    """The response headers that a function sets for cross-origin requests, in lower case."""
    for node in function.body:
        match node:
            case ast.Assign(targets=[ast.Subscript(slice=ast.Constant(value=str() as name))], value=value):
                found = name.lower()
            case ast.Call(
                func=ast.Attribute(attr="append" | "setdefault"), args=[ast.Constant(value=str() as name), value]
            ):
                found = name.lower()
            case _:
                continue
        if found.startswith("access-control-allow-"):
            yield found, value


def is_from_request(value: ast.expr, function: Function) -> bool:
    """Whether a value is the Origin header as the client sent it, which no condition compares with anything."""
    names = {node.id for node in ast.walk(value) if isinstance(node, ast.Name)}
    sources = [value]
    sources += [
        node.value
        for node in function.body
        if isinstance(node, ast.Assign) and any(getattr(target, "id", "") in names for target in node.targets)
    ]
    is_origin = any(
        isinstance(part, ast.Constant) and str(part.value).lower() == "origin"
        for source in sources
        for part in ast.walk(source)
    )
    compared = any(
        isinstance(node, ast.Compare) and names & {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
        and not any(isinstance(part, ast.Constant) and part.value is None for part in ast.walk(node))
        for node in function.body
    )  # fmt: skip
    return is_origin and not compared


def places_of_cors(subject: Subject) -> Iterator[tuple[str, int, bool]]:
    """Where the application's code adds the middleware, and whether it opens the origins only in some surroundings."""
    for file in subject.program.files.loaded():
        for node in ast.walk(file.tree):
            if isinstance(node, ast.Call) and any(
                "CORSMiddleware" in ast.unparse(argument) for argument in node.args[:1]
            ):
                yield str(file.path), node.lineno, is_decided(node, file.tree)


def is_decided(call: ast.Call, tree: ast.Module) -> bool:
    """Whether a condition about where the application runs decides that the middleware is added, or what it lets in."""
    given = [keyword.value for keyword in call.keywords if (keyword.arg or "").startswith("allow_origin")]
    names = {ast.unparse(value) for value in given}
    chosen: list[ast.expr] = [*given]
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                chosen += [
                    value for target, value in zip(targets, values, strict=False) if ast.unparse(target) in names
                ]
            case ast.Assign(targets=targets, value=value) if names & {ast.unparse(target) for target in targets}:
                chosen.append(value)
            case ast.AugAssign(target=target, value=value) if ast.unparse(target) in names:
                chosen.append(value)
            case ast.Call(func=ast.Attribute(value=held), args=args) if ast.unparse(held) in names:
                chosen += args
    stars = [
        part for value in chosen for part in ast.walk(value) if isinstance(part, ast.Constant) and opens(part.value)
    ]
    branches = [node for node in ast.walk(tree) if isinstance(node, ast.If | ast.IfExp)]
    decided: set[ast.AST] = {
        part for branch in branches if {*words_of(ast.unparse(branch.test))} & SURROUNDINGS for part in ast.walk(branch)
    }
    return call in decided or (bool(stars) and {*stars} <= decided)


def opens(value: Any) -> bool:
    return isinstance(value, str) and (value == "*" or (".*" in value and fits_everything(value)))
