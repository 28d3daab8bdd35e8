"""Find writes that were left open, and tell what checks credentials."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from types import FunctionType
from typing import Any, Final

from starlette.exceptions import HTTPException

from typeway.application.inclusion import Inclusion
from typeway.evidence.finding import Confidence, Finding
from typeway.evidence.subject import Application, Endpoint, Subject, middleware_of, remembered
from typeway.plan.tree import Node
from typeway.security.base import SecurityBase
from typeway.source.arrivals import provider_in
from typeway.source.index import last_name
from typeway.source.program import Function, inner_of
from typeway.source.results import DATABASE
from typeway.source.statuses import raised_in
from typeway.source.values import Known, is_a
from typeway.source.words import has_phrase, phrases, words_of

WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
# What is open on purpose: how to log in, and what machines call with a signature, ...
OPEN: Final = phrases(
    "login,log in,logout,log out,signin,sign in,signup,sign up,signout,sign out,register,registration,registrations,auth",
    "authenticate,authentication,oauth,token,tokens,password,passwords,verify,verification,confirm,confirmation,activate",
    "activation,invite,invites,invitation,invitations,setup,onboard,onboarding,sso,saml,scim,oidc,session,sessions,webhook",
    "webhooks,callback,callbacks,health,healthz,healthcheck,ping,ready,readiness,alive,metrics,public,anonymous,feedback",
    "contact,subscribe,unsubscribe,newsletter,csrf,cookie,cookies,captcha,otp,magic link,refresh",
)
OPEN_FOR_FILES: Final = phrases(
    "webhook,webhooks,callback,callbacks,public,anonymous,feedback,contact,register,registration"
)
# ... and questions that need a body. Of a function's name only its first word is what it does.
ASKS: Final = phrases(
    "search,query,preview,validate,render,filter,lookup,look up,estimate,check,test,debug,echo,batch get,count,simulate",
    "calculate,compare,convert,translate,predict,parse,suggest,autocomplete,get all",
)
ASKS_FIRST: Final = frozenset({
    "list", "get", "read", "fetch", "describe", "show", "find", "search", "query", "count", "check", "validate", "preview",
    "render", "filter", "lookup", "estimate", "test", "debug", "echo", "calculate", "compare", "parse", "predict",
})  # fmt: skip
# What checks credentials is called so.
GUARDS: Final = phrases(
    "auth,authn,authz,authenticate,authenticated,authentication,authorize,authorized,authorization,user,permission",
    "permissions,credential,credentials,api key,apikey,token,login,log in,verify,verified,secure,security,admin,superuser",
    "role,roles,scope,scopes,access,allow,allowed,guard,guarded,protect,protected,signature,principal,identity,require",
    "required,requires,jwt,bearer,license,logged,current account,current member,current tenant,owner,csrf",
)
# What has such a word in its name and is still only a tool: `get_user_service`.
TOOLS: Final = frozenset({
    "service", "services", "repo", "repository", "repositories", "store", "storage", "manager", "crud", "dao", "db",
    "database", "client", "cache", "factory", "uow", "session", "engine", "settings", "config", "log", "logger",
})  # fmt: skip
# What a call that checks credentials begins with, and what says so by itself.
CHECKS: Final = frozenset({
    "check", "require", "ensure", "assert", "verify", "authorize", "authenticate", "enforce", "is", "has", "can", "must",
    "guard", "validate",
})  # fmt: skip
STRONG: Final = phrases(
    "auth,authenticate,authenticated,authorize,authorized,authorization,permission,permissions,credential,credentials",
    "current user,jwt,api key,apikey,bearer,admin",
)
# What a header or a cookie is called that says who somebody is.
KEYS: Final = phrases(
    "token,tokens,authorization,credential,credentials,api key,apikey,access key,secret,signature,session,jwt"
)
CREDENTIALS: Final = frozenset({"authorization", "x_api_key", "api_key", "token", "access_token", "x_token"})
ITEM: Final = re.compile(r"(/\{[^}]*\})+$")
# Where so many writes, and so large a part, require credentials, one that does not is the exception.
MOST_GUARDED: Final = 10
NEARLY_ALL: Final = 0.9
SEVERAL_ROUTERS: Final = 3
# What says of a path that its callers are others, or are checked elsewhere.
APART: Final = frozenset({
    "internal", "local", "private", "dev", "debug", "admin", "staff", "backoffice", "cron", "worker", "service", "system",
})  # fmt: skip
KNOWN_TO_SOME: Final = phrases("share,shares,shared,code,secret,key,hash,link,slug")
CHANGES: Final = frozenset({
    "commit", "add", "add_all", "delete", "insert_one", "insert_many", "update_one", "update_many", "replace_one", "delete_one",
    "delete_many",
})  # fmt: skip
REFUSALS: Final = frozenset({401, 403})


def unprotected_writes(subject: Subject) -> Iterator[Finding]:
    """TW010: a write that anybody may send, where most others require credentials."""
    refusing: dict[Function, bool] = {}
    for application in subject.applications:
        own = [entry for entry in subject.own if entry.application is application]
        writes = [entry for entry in own if WRITES & set(entry.methods)]
        guarded = [
            entry
            for entry in writes
            if is_guarded_around(subject, entry) or is_protected(subject, entry, refusing) or hands_key(subject, entry)
        ]
        # Where people sign in says nothing about the others.
        writes = [entry for entry in writes if entry in guarded or not is_meant_open(entry)]
        for endpoint in writes:
            if endpoint not in guarded:
                yield from found_open(subject, endpoint, guarded, writes)


def found_open(
    subject: Subject, endpoint: Endpoint, guarded: Sequence[Endpoint], writes: Sequence[Endpoint]
) -> Iterator[Finding]:
    """What is wrong with a write that has no guard."""
    sure: Confidence
    fix = "add the security dependency that the others have"
    called, twin = guard_called(subject, endpoint), twin_of(endpoint, guarded)
    if called is not None:
        name, parameter = called
        why, sure = f": it calls {name}() itself, where nothing resolves `{parameter}`", "high"
        fix = f"write `dependencies=[Depends({name})]`, or take a parameter with `Depends({name})`"
    elif is_open(subject, endpoint):
        return
    elif twin is not None:
        why, sure = f", while the same function does for {twin.title}", "low" if signs_up(endpoint) else "high"
    elif 2 * len(guarded) > len(writes):
        why = f", while {len(guarded)} of {len(writes)} writes do"
        sure = sureness(subject, endpoint, guarded, writes)
    else:
        return
    yield from endpoint.found(
        "TW010",
        f"{endpoint.title} writes and requires no credentials{why}.",
        f"{fix}; if it is meant to be open, add an ignore comment.",
        confidence=sure,
    )


def guard_called(subject: Subject, endpoint: Endpoint) -> tuple[str, str] | None:
    """A guard that an endpoint calls instead of depending on it, with the parameter that nothing resolves there."""
    function = endpoint.function
    for call in subject.graph.calls_of(function) if function is not None else ():
        value = subject.inference.value(call.func, function) if function is not None else None
        thing = value.thing if isinstance(value, Known) else None
        # A wrapper, as `app.inject()` makes one, may resolve it.
        guard = subject.program.function(thing) if type(thing) is FunctionType and inner_of(thing) is thing else None
        if guard is None or guard.node.decorator_list or not sounds_like_guard(guard.node.name):
            continue
        is_partial = any(isinstance(part, ast.Starred) for part in call.args) or not all(
            each.arg for each in call.keywords
        )
        # What follows a star is not known, and who asks what it has been given may know what to do.
        if is_partial or any(last_name(each.func) == "isinstance" for each in guard.of(ast.Call)):
            continue
        given = guard.given(call)
        for name, (_, default) in guard.parameters.items():
            needed = provider_in(default, guard) if name not in given else None
            if needed is not None and default is not None and is_about_credentials(subject, needed, guard):
                return guard.node.name, f"{name} = {ast.unparse(default)}"
    return None


def is_about_credentials(subject: Subject, dependency: ast.expr, function: Function) -> bool:
    """Whether a dependency is a security scheme, or sounds like a check of credentials."""
    held = subject.inference.instance(dependency, function)
    is_known = held is not None and isinstance(held.kind, type) and issubclass(held.kind, SecurityBase)
    return is_known or sounds_like_guard(ast.unparse(dependency))


def twin_of(endpoint: Endpoint, guarded: Sequence[Endpoint]) -> Endpoint | None:
    """A guarded write of the same function on another path, where no path says that it is for others: `/internal/tasks`."""
    same = (other for other in guarded if other.operation.endpoint is endpoint.operation.endpoint)
    words = words_of(endpoint.path)
    return next((other for other in same if not APART & {*words, *words_of(other.path)}), None)


def is_guarded_around(subject: Subject, endpoint: Endpoint) -> bool:
    """Whether middleware that sounds like a check of credentials runs for an endpoint, and not only below another path."""
    return endpoint.path.startswith(prefixes_guarded(subject, endpoint.application))


@remembered
def prefixes_guarded(subject: Subject, application: Application) -> tuple[str, ...]:
    """Below which paths middleware seems to check credentials; an empty text is below every one."""
    own = [*middleware_of(subject.program, application.app)]
    found = [
        prefix
        for name, each in own
        if sounds_like_guard(name) or sounds_like_guard(getattr(each.owner, "__name__", ""))
        for prefix in prefixes_of(each)
    ]
    kinds = [entry.cls for entry in getattr(application.app, "user_middleware", ())]
    others = [kind for kind in kinds if not any(each.owner is kind for _, each in own)]
    return (*found, *("" for kind in others if sounds_like_guard(getattr(kind, "__name__", ""))))


def prefixes_of(function: Function) -> tuple[str, ...]:
    """Below which paths middleware refuses requests, where it asks for one each time; else below every one."""
    spots = [node for node in function.body if refuses_or_asks(node, function)]
    asked = [next(filter(None, map(prefix_asked, paths_around(node, function))), None) for node in spots]
    return tuple(prefix for prefix in asked if prefix is not None) if spots and None not in asked else ("",)


def refuses_or_asks(node: ast.AST, function: Function) -> bool:
    """Whether a part of middleware answers instead of what comes next, raises, or asks for credentials."""
    match node:
        case ast.Return(value=ast.expr() as answer):
            made = function.assigned.get(getattr(answer, "id", ""), [answer])
            return not all("call_next(" in ast.unparse(each) for each in made)
        case ast.Call(func=called):
            return checks_credentials(ast.unparse(called))
    return isinstance(node, ast.Raise)


def paths_around(node: ast.AST, function: Function) -> Iterator[ast.expr]:
    """The conditions that hold where a part of a function runs, from the inside out."""
    inside = node
    for part in function.around(node):
        if isinstance(part, ast.If) and inside in part.body:
            test = part.test
            yield from test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else [test]
        inside = part


def prefix_asked(condition: ast.expr) -> str | None:
    """The beginning for which a condition asks the path of a request: `request.url.path.startswith("/admin")`."""
    match condition:
        case ast.Call(func=ast.Attribute(value=held, attr="startswith"), args=[ast.Constant(value=str(prefix))]):
            return prefix if words_of(ast.unparse(held))[-1:] == ["path"] else None
    return None


def sureness(
    subject: Subject, endpoint: Endpoint, guarded: Sequence[Endpoint], writes: Sequence[Endpoint]
) -> Confidence:
    """How sure it is that a write was forgotten.

    An application of which nearly every write, or every router but one, requires credentials has few that are open on purpose:
    those that need a code which only some know, and those that change nothing.
    """
    if signs_up(endpoint):
        return "low"
    if is_exception(endpoint, guarded):
        return "high"
    is_rule = len(guarded) >= MOST_GUARDED and len(guarded) >= NEARLY_ALL * len(writes)
    is_rule = is_rule or is_router_left_out(endpoint, guarded, writes)
    knows = has_phrase(words_of(endpoint.path), KNOWN_TO_SOME)
    return "medium" if is_rule and not knows and stores(subject, endpoint) else "low"


def is_router_left_out(endpoint: Endpoint, guarded: Sequence[Endpoint], writes: Sequence[Endpoint]) -> bool:
    """Whether the only router without a guard declares a write, and all writes of several others have one.

    What is open on purpose takes something, such as reports of errors: it lets nobody replace or delete.
    """
    homes = routers_of(getattr(endpoint.application.app, "router", None))
    home = {entry: homes.get(id(entry.route.original_route or entry.route)) for entry in writes}
    mine = [entry for entry in writes if home[entry] == home[endpoint]]
    others = {home[entry] for entry in writes} - {home[endpoint], None}
    return (
        home[endpoint] is not None
        and not any(entry in guarded for entry in mine)
        and all(entry in guarded for entry in writes if entry not in mine)
        and len(others) >= SEVERAL_ROUTERS
        and any({*entry.methods} & (WRITES - {"POST"}) for entry in mine)
    )


def routers_of(router: Any) -> dict[int, int]:
    """Which router declares each route, by what identifies them, without those of the application itself."""
    found: dict[int, int] = {}
    for item in getattr(router, "_own_routes", ()):
        if isinstance(item, Inclusion):
            found |= {id(each): id(item.router) for each in item.router._own_routes} | routers_of(item.router)
    return found


def stores(subject: Subject, endpoint: Endpoint) -> bool:
    """Whether an endpoint plainly changes something: it deletes or replaces, takes a file, or writes to a database."""
    if {*endpoint.methods} & (WRITES - {"POST"}) or takes_file(endpoint):
        return True
    reached = subject.graph.reach([(endpoint.function, endpoint.title)] if endpoint.function is not None else [])
    return any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGES
        and (held := subject.inference.instance(node.func.value, each.function)) is not None and is_a(held.kind, DATABASE)
        for each in reached for node in each.function.body
    )  # fmt: skip


def takes_file(endpoint: Endpoint) -> bool:
    return any(source.location == "file" for node in endpoint.tree.walk() for source in node.inputs)


def is_exception(endpoint: Endpoint, guarded: Sequence[Endpoint]) -> bool:
    """Whether another write to the same things, or to those that have them, requires credentials.

    Who may not change a task may not delete it either, nor change its settings.
    """
    mine = collection_of(endpoint.path)
    theirs = {collection_of(other.path) for other in guarded} - {""}
    return mine in theirs or any(mine.startswith(f"{each}/{{") for each in theirs)


def collection_of(path: str) -> str:
    """What a path is about, without the key of a single thing: "/tasks" for "/tasks/{task_id}"."""
    return ITEM.sub("", path.rstrip("/"))


def signs_up(endpoint: Endpoint) -> bool:
    """Whether an endpoint creates users, as people do who are none yet."""
    return "POST" in endpoint.methods and words_of(endpoint.path)[-1:] in (["user"], ["users"])


def is_protected(subject: Subject, endpoint: Endpoint, refusing: dict[Function, bool]) -> bool:
    """Whether an endpoint or one of its dependencies has a security scheme, or refuses who may not write."""
    return any(
        is_scheme(node.function) or node.own_scopes or refuses(subject, node, refusing) for node in endpoint.tree.walk()
    )


def hands_key(subject: Subject, endpoint: Endpoint) -> bool:
    """Whether an endpoint gives a token of a header or cookie to a function: it is there to be checked, whatever its name."""
    keys = {entry.name for entry in endpoint.tree.inputs if entry.location in ("header", "cookie")}
    keys = {name for name in keys if has_phrase(words_of(name), KEYS)}
    calls = subject.graph.calls_of(endpoint.function) if keys and endpoint.function is not None else []
    given = [part for call in calls for part in [*call.args, *(entry.value for entry in call.keywords)]]
    return any(isinstance(part, ast.Name) and part.id in keys for part in given)


def is_scheme(function: object) -> bool:
    """Whether a dependency is a security scheme, ready-made or the author's own."""
    return isinstance(function, SecurityBase)


def refuses(subject: Subject, node: Node, known: dict[Function, bool]) -> bool:
    """Whether a dependency, or a function that it calls, answers 401 or 403."""
    function = subject.program.function(node.function) if node.depends is not None else None
    if function is None:
        return False
    if function not in known:
        known[function] = any(
            status in REFUSALS
            for reached in subject.graph.reach([(function, "")])
            for status in statuses_of(subject, reached.function)
        )
    return known[function]


def statuses_of(subject: Subject, function: Function) -> Iterator[int | None]:
    """The statuses of the HTTP errors that a function raises."""
    for kind, status, _ in raised_in(subject.graph, function):
        yield status
        if issubclass(kind, HTTPException) and has_phrase(words_of(kind.__name__), NAMED_REFUSALS):
            yield 401


NAMED_REFUSALS: Final = phrases(
    "unauthorized,unauthenticated,forbidden,credentials,permission,authentication,not authenticated"
)


def is_meant_open(endpoint: Endpoint) -> bool:
    """Whether an endpoint is open by its nature, as its path or name says: people sign in there, or ask for something."""
    path, name = words_of(endpoint.path), words_of(endpoint.operation.name)
    # Nobody logs in, or agrees to cookies, with a file: that may be what the file is about.
    meant = OPEN_FOR_FILES if takes_file(endpoint) else OPEN
    return has_phrase(path, meant | ASKS) or has_phrase(name, meant) or (bool(name) and name[0] in ASKS_FIRST)


def is_open(subject: Subject, endpoint: Endpoint) -> bool:
    """Whether an endpoint seems to be open on purpose, or to check credentials by itself."""
    if is_meant_open(endpoint):
        return True
    if (
        reads_too(subject, endpoint)
        or repeats_read(subject, endpoint)
        or any(is_guard(node) for node in endpoint.tree.walk() if node.depends is not None)
    ):
        return True
    function = endpoint.function
    if function is None or any(status in REFUSALS for status in statuses_of(subject, function)):
        return True
    names = [ast.unparse(call.func) for call in subject.graph.calls_of(function)]
    text = ast.unparse(function.node).lower()
    return any(checks_credentials(name) for name in names) or "authorization" in text or "request.user" in text


def repeats_read(subject: Subject, endpoint: Endpoint) -> bool:
    """Whether an endpoint calls nothing that the one for GET on the same path does not call: it reads, with a body."""
    function = endpoint.function
    if function is None or any(changes_global(part, function) for part in function.body):
        return False
    called = {edge.function for edge in subject.graph.edges(function)}
    return bool(called) and any(
        called <= {edge.function for edge in subject.graph.edges(other.function)}
        for other in subject.own
        if "GET" in other.methods and other.path == endpoint.path and other.function is not None
    )


def changes_global(part: ast.AST, function: Function) -> bool:
    """Whether an item or attribute of something is set or deleted that all requests share."""
    if not isinstance(part, ast.Subscript | ast.Attribute) or isinstance(part.ctx, ast.Load):
        return False
    root: ast.expr = part
    while isinstance(root, ast.Subscript | ast.Attribute):
        root = root.value
    return isinstance(root, ast.Name) and root.id not in function.stores and root.id not in function.parameters


def reads_too(subject: Subject, endpoint: Endpoint) -> bool:
    """Whether the same function answers GET on the same path: it forwards requests, whatever they are."""
    return any(
        "GET" in other.methods and other.path == endpoint.path
        for other in subject.own
        if other.operation.endpoint is endpoint.operation.endpoint
    )


def sounds_like_guard(name: str) -> bool:
    """Whether a function is called like one that checks credentials."""
    words = words_of(name.rpartition(".")[2])
    return has_phrase(words, GUARDS) and not TOOLS & set(words)


def checks_credentials(name: str) -> bool:
    """Whether a call sounds like a check of credentials: `require_admin()`, but not `create_user()` or `require_task()`."""
    words = words_of(name.rpartition(".")[2])
    what = " ".join(words[1:] if words[:1] == ["require"] else words)
    return has_phrase(words, STRONG) or (bool(words) and words[0] in CHECKS and sounds_like_guard(what))


def is_guard(node: Node) -> bool:
    """Whether a dependency sounds like a check of credentials, and not like one that loads what the path names."""
    name = getattr(node.function, "__name__", type(node.function).__name__)
    loads = any(entry.location == "path" for entry in node.inputs) and not has_phrase(words_of(name), STRONG)
    return (sounds_like_guard(name) and not loads) or any(
        source.name.lower().replace("-", "_") in CREDENTIALS for source in node.sources
    )
