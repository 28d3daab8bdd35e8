"""Find credentials that any page on the web may send, as the headers for cross-origin requests allow it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

from starlette.middleware.cors import CORSMiddleware

from typeway.evidence.finding import Confidence, Finding
from typeway.evidence.own_cors import ASKED, NESTED, Origin, own_method, own_options, texts_asked_for
from typeway.evidence.subject import Subject, middleware_of
from typeway.security.api_key import APIKeyCookie
from typeway.security.http import HTTPBasic, HTTPDigest
from typeway.source.program import Function
from typeway.source.values import Known, is_a
from typeway.source.words import words_of

# Origins that nobody names on purpose; a pattern that lets them in lets everybody in.
STRANGERS: Final = ("https://a7f3.stranger.example", "http://stranger.test:8443")
# What of a pattern is a domain: `https://.*example\.com` lets in `https://strangerexample.com`, which anybody may own.
DOMAIN: Final = re.compile(r"[a-z0-9][a-z0-9-]*(?:\\?\.[a-z0-9-]+)*\\?\.[a-z]{2,}\b")
EXACT: Final = (
    r"write a dot before the domain, and nothing after it: `https://(.*\.)?example\.com`; or name the origins."
)
# The schemes whose credentials a browser sends by itself, and what names hold that reads or writes a cookie.
SENT_BY_BROWSERS: Final = (APIKeyCookie, HTTPBasic, HTTPDigest)
# What a request is called, and what only keeps the cookies of other servers.
REQUESTS: Final = frozenset({"request", "req", "conn", "connection", "websocket", "ws", "socket", "scope"})
JARS: Final = frozenset({"jar", "cookies"})
PASSWORDS: Final = frozenset({"HTTPBasic", "HTTPDigest", "BasicAuth", "BasicAuthBackend"})
SESSIONS: Final = PASSWORDS | {"SessionMiddleware"}
# With these a browser sends a cookie with no request that a page of another site makes.
SAME_SITE: Final = frozenset({"lax", "strict"})
# What a condition asks that tells where an application runs.
SURROUNDINGS: Final = frozenset({
    "debug", "dev", "develop", "development", "local", "localhost", "test", "testing", "tests", "prod", "production", "stage",
    "staging", "env", "environment",
})  # fmt: skip


def open_cors(subject: Subject) -> Iterator[Finding]:
    """TW016: any web page may use the application in the name of its visitors."""
    fix = 'name the origins, `allow_origins=["https://app.example.com"]`, or remove `allow_credentials`.'
    text = "the application allows credentials from {}: any web page{} can act in the name of its visitors."
    for application in subject.applications:
        for entry in getattr(application.app, "user_middleware", ()):
            kind: Any = entry.cls
            is_cors = isinstance(kind, type) and issubclass(kind, CORSMiddleware)
            options, said = own_options(subject, kind, entry.kwargs) if is_cors else ({}, None)
            stranger, decided = stranger_of_class(subject, kind, options) if is_cors else (None, None)
            stranger = stranger or stranger_let_in(options)
            if stranger is None:
                continue
            like = stranger not in ("*", *STRANGERS)
            advice = EXACT if like else fix
            message = text.format(f"origins such as {stranger}" if like else "every origin", " there" if like else "")
            path, line, is_decided = place_in_class(subject, kind, decided or said) or place_of_cors(subject, options)
            if not is_decided:
                yield Finding("TW016", path, line, message, advice, confidence_of(subject))
        for _, function in middleware_of(subject.program, application.app):
            for node in echoes(function):
                message = text.format("every origin", "")
                yield Finding("TW016", *subject.place(function, node), message, fix, confidence_of(subject))


def confidence_of(subject: Subject) -> Confidence:
    """A page can use what its visitors' browsers send by themselves; a key in a header it would have to know.

    PERF: only asked where origins are open, because the whole code is read for it: 0.6 s for 110,000 lines.
    """
    return "high" if knows_browsers(subject) and not sends_to_its_own_pages(subject) else "low"


def knows_browsers(subject: Subject) -> bool:
    """Whether a browser sends something by itself that says who a request is from: a cookie, or a password for Basic."""
    nodes = [node for endpoint in subject.own for node in endpoint.tree.walk()]
    if any(isinstance(node.function, SENT_BY_BROWSERS) for node in nodes):
        return True
    if any(source.location == "cookie" for node in nodes for source in node.inputs):
        return True
    # What own functions do that are called after cookies is in their bodies: some get those of another server.
    own = {function.node.name for function in subject.inference.index.functions} - {"set_cookie", "delete_cookie"}
    return any(
        names_cookies(node) and getattr(node, "attr", getattr(node, "id", "")) not in own
        for file in subject.program.files.loaded()
        for node in ast.walk(file.tree)
    )


def sends_to_its_own_pages(subject: Subject) -> bool:
    """Whether each cookie that the code reads is one that it sets with SameSite, which Starlette does where nothing is said."""
    nodes = [node for endpoint in subject.own for node in endpoint.tree.walk()]
    if any(isinstance(node.function, HTTPBasic | HTTPDigest) for node in nodes) or any(
        is_by_hand(node) for file in subject.program.files.loaded() for node in ast.walk(file.tree)
    ):
        return False
    read: set[str | None] = {
        getattr(each.function.model, "name", None) for each in nodes if isinstance(each.function, APIKeyCookie)
    }
    read |= {source.wire for node in nodes for source in node.inputs if source.location == "cookie"}
    made: dict[bool, set[str | None]] = {True: set(), False: set()}
    for entry in (each for found in subject.applications for each in getattr(found.app, "user_middleware", ())):
        # Not imported to ask for it: it needs a package that few have.
        if isinstance(entry.cls, type) and is_a(entry.cls, {"starlette.middleware.sessions.SessionMiddleware"}):
            name = entry.kwargs.get("session_cookie", "session")
            read.add(name)
            made[entry.kwargs.get("same_site", "lax") in SAME_SITE].add(name)
    for function in subject.inference.index.functions:
        for node in function.body:
            match node:
                case ast.Attribute(attr="cookies") if names_cookies(node):
                    read.add(cookie_of(subject, node, function))
                case ast.Call(func=ast.Attribute(attr="set_cookie"), args=args, keywords=keywords):
                    given = {entry.arg: entry.value for entry in keywords}
                    limits = texts_of(subject, given.get("samesite", ast.Constant("lax")), function)
                    is_limited = limits <= SAME_SITE and None not in given
                    made[is_limited].add(text_of(subject, given.get("key", args[0] if args else None), function))
    return bool(read) and None not in read and read <= made[True] and not made[False] & {None, *read}


def cookie_of(subject: Subject, node: ast.expr, function: Function) -> str | None:
    """The name of the cookie that is read: `request.cookies["id"]`, `request.cookies.get("id")`; None where it may be any."""
    parent = function.parents.get(node)
    if isinstance(parent, ast.Attribute) and parent.attr == "get":
        parent = function.parents.get(parent)
    match parent:
        case (
            ast.Subscript(slice=name) | ast.Call(args=[name, *_]) | ast.Compare(left=name, ops=[ast.In() | ast.NotIn()])
        ):
            return text_of(subject, name, function) if name is not node else None
    return None


def texts_of(subject: Subject, node: ast.expr, function: Function) -> set[str | None]:
    """The texts that an expression may be, of which a condition chooses one; None among them where it may be another."""
    made = function.values.get(node.id, [node]) if isinstance(node, ast.Name) else [node]
    return {text_of(subject, choice, function) for each in made for choice in choices(each)}


def choices(node: ast.expr) -> list[ast.expr]:
    return [*choices(node.body), *choices(node.orelse)] if isinstance(node, ast.IfExp) else [node]


def text_of(subject: Subject, node: ast.expr | None, function: Function) -> str | None:
    """The text that an expression is, as it is written or as a name of the module has it."""
    value = Known(node.value) if isinstance(node, ast.Constant) else None
    found = subject.inference.value(node, function) if isinstance(node, ast.Name) else value
    return found.thing if isinstance(found, Known) and isinstance(found.thing, str) else None


def is_by_hand(node: ast.AST) -> bool:
    """Whether code asks for a password, or reads or writes the header of cookies itself."""
    is_name = isinstance(node, ast.Attribute | ast.Name | ast.arg | ast.alias)
    found = [getattr(node, name, "") for name in ("attr", "id", "arg", "name")] if is_name else []
    return bool(PASSWORDS & {*found}) if is_name else names_cookies(node)


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


def stranger_let_in(options: Any) -> str | None:
    """An origin that may send credentials although nobody has named it, or `*`."""
    origins: Sequence[str] = options.get("allow_origins") or ()
    if not options.get("allow_credentials"):
        return None
    return "*" if "*" in origins else stranger_of(str(options.get("allow_origin_regex") or ""))


def stranger_of_class(subject: Subject, kind: type[Any], options: Any) -> tuple[str | None, ast.AST | None]:
    """An origin that a method of the class lets in although nobody has named it, and where it does."""
    asked = own_method(subject, kind, ASKED)
    if asked is None or not options.get("allow_credentials"):
        return None, None
    texts = texts_asked_for(subject, asked)
    for stranger in (*STRANGERS, *(each for text in texts for each in strangers_like(text))):
        is_let_in, place = Origin(stranger, subject, asked).is_let_in(asked.node.body)
        if is_let_in:
            return stranger, place
    return None, None


def place_in_class(subject: Subject, kind: type[Any], node: ast.AST | None) -> tuple[str, int, bool] | None:
    """Where a class decides something, if it does, and whether it opens the origins only in some surroundings."""
    methods = [own_method(subject, kind, name) for name in (ASKED, "__init__")] if node is not None else []
    found = next((each for each in methods if each is not None and node in each.body), None)
    if found is None:
        return None
    return (*subject.place(found, node), isinstance(node, ast.Call) and is_decided(node, found.file.tree))


def strangers_like(text: str) -> list[str]:
    """Origins that have the domains of a text or pattern in them, and that anybody may own."""
    domains = [found.replace("\\", "") for found in DOMAIN.findall(text)]
    return [
        f"https://{name}"
        for domain in domains
        for name in (f"{domain}.stranger.test", f"a.{domain}.stranger.test", f"stranger{domain}")
    ]


def stranger_of(pattern: str) -> str | None:
    """An origin that a pattern lets in and that nobody would name, or that only has a named domain in its name."""
    like = strangers_like(pattern) if not NESTED.search(pattern) else []
    try:
        return next((each for each in (*STRANGERS, *like) if re.fullmatch(pattern, each)), None)
    except re.error:
        return None


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
    sources = [value, *(made for name in sorted(names) for made in function.values.get(name, ()))]
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


def place_of_cors(subject: Subject, options: Any) -> tuple[str, int, bool]:
    """Where the code adds middleware with these options, and whether it opens the origins only in some surroundings."""
    found = [
        (likeness(node, options), file, node)
        for file in subject.program.files.loaded()
        for node in ast.walk(file.tree)
        if isinstance(node, ast.Call) and any("CORSMiddleware" in ast.unparse(argument) for argument in node.args[:1])
    ]
    if not found:
        return "", 0, True
    _, file, node = max(found, key=lambda each: each[0])
    return str(file.path), node.lineno, is_decided(node, file.tree)


def likeness(call: ast.Call, options: Any) -> tuple[bool, int]:
    """Whether no option that a call writes out is another one than these, and how many are the same: several applications
    have middleware of their own."""
    same = []
    for keyword in call.keywords:
        with suppress(ValueError):
            same.append(ast.literal_eval(keyword.value) == options.get(keyword.arg))
    return all(same), len(same)


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
    return isinstance(value, str) and (value == "*" or (".*" in value and stranger_of(value) is not None))
