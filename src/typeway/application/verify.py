"""Refuse routers, mounts, handlers, middleware and lifespans that cannot work in an application."""

import difflib
import inspect
import re
from collections.abc import Callable, Mapping
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    AsyncContextDecorator,
    ContextDecorator,
    contextmanager,
)
from functools import partial
from types import ModuleType
from typing import Any, Final

from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint, WebSocketEndpoint
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware

from typeway.declare.conventions import Conventions
from typeway.declare.depends import Depends
from typeway.declare.given import is_status
from typeway.declare.scope import candidates, where
from typeway.declare.signature import name_of
from typeway.exceptions import calling_line, declaration_error
from typeway.plan.calls import is_async_generator, is_coroutine, is_generator
from typeway.serve.cors import is_cors_class

# What is wrong with credentials for every origin.
OPEN_TO_ALL: Final = "lets every site act as the user"

# Origins that nobody means: a pattern that matches one matches every origin.
STRANGERS: Final = ("https://stranger-7f3a.invalid", "http://stranger-7f3a.invalid", "null")


def mismatch(function: Any, *values: Any, **options: Any) -> str | None:
    """Return why a call would not fit the parameters of a function; None if it fits, or if they cannot be read."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    try:
        signature.bind(*values, **options)
    except TypeError as error:
        return str(error)
    return None


# --- routers and mounted applications -------------------------------------------------------------------------------


def verify_router(router: Any, kind: type[Any]) -> None:
    """Refuse to include an object that is not a router of this class."""
    if isinstance(router, kind):
        return
    hint = "Pass one Router to include_router()."
    if isinstance(router, Starlette):
        hint = 'Mount the application: app.mount("/path", application).'
    elif isinstance(router, ModuleType):
        names = [name for name, value in vars(router).items() if isinstance(value, kind)]
        hint = f"Include the router in it: {router.__name__}.{names[0] if names else 'router'}."
    elif isinstance(router, (list, tuple)):
        hint = "Include each of them: for router in routers: app.include_router(router)."
    elif isinstance(router, type):
        hint = f"Create an instance: {router.__name__}()."
    elif hasattr(router, "routes"):
        hint = 'Mount a Starlette router: app.mount("/path", router).'
    elif callable(router):
        hint = f"If {name_of(router)}() returns a router, call it."
    problem = f"include_router() takes a Router, not {router!r}."
    raise declaration_error(problem, hint=hint, where=calling_line(), also=(AttributeError, TypeError))


def verify_mounted(app: Any, owner: str, conventions: Conventions, router: Any) -> None:
    """Refuse to mount an object that is not an ASGI application, or the application of the router itself."""
    if not conventions.checks_mounts:
        return
    if app is router or getattr(app, "router", None) is router:
        problem, hint = f"{owner} would mount the application in itself.", "Mount another application."
        raise declaration_error(problem, hint=hint, where=calling_line())
    hint = "Pass an ASGI application: a callable that takes scope, receive and send."
    if isinstance(app, type):
        if issubclass(app, (HTTPEndpoint, WebSocketEndpoint)):
            return  # constructed with scope, receive and send, and awaited
        hint = f"Create an instance: {app.__name__}(...)."
    elif isinstance(app, str):
        hint = f"For the files of a folder, mount StaticFiles(directory={app!r})."
    elif callable(app):
        if mismatch(app, {}, None, None) is None:
            return
        hint = f"Add an endpoint with @app.get(). {hint}"
    raise declaration_error(f"{owner} takes an ASGI application, not {app!r}.", hint=hint, where=calling_line())


# --- exception handlers ---------------------------------------------------------------------------------------------


def verify_handled(key: Any, conventions: Conventions) -> None:
    """Refuse a key that is neither a class of exceptions nor a status code."""
    is_class = isinstance(key, type) and issubclass(key, Exception)
    if not conventions.checks_handlers or is_class or (is_status(key) and isinstance(key, int)):
        return
    hint = "Pass a subclass of Exception, or a status code such as 404."
    if isinstance(key, str) and key.isdigit():
        hint = f"Write the number {key} without quotes."
    elif isinstance(key, Exception):
        hint = f"Pass the class: {type(key).__name__}."
    elif isinstance(key, (tuple, list, set)):
        hint = "Add the handler once for each of them."
    elif isinstance(key, type) and issubclass(key, BaseException):
        hint = f"{key.__name__} stops the server and cannot be handled. {hint}"
    problem = f"a handler is for a class of exceptions or for a status code, not for {key!r}."
    raise declaration_error(problem, hint=hint, where=calling_line(), chain=("exception_handler()",))


def verify_handler(key: Any, handler: Any, conventions: Conventions) -> None:
    """Refuse an exception handler that would never be called, or that does not take the request and the exception."""
    if not conventions.checks_handlers:
        return
    verify_handled(key, conventions)
    name = getattr(key, "__name__", key)
    refused = partial(declaration_error, chain=(f"exception_handler({name})",))
    hint = (
        f"Write `async def {getattr(handler, '__name__', 'handle')}(request: Request, error: Exception) -> Response`."
    )
    if not callable(handler):
        raise refused(f"a handler must be a function, not {handler!r}.", hint=hint, where=calling_line())
    location, called = where(handler), f"{name_of(handler)}()"
    if is_generator(handler) or is_async_generator(handler):
        raise refused(f"{called} is a generator; it must return the response.", hint=hint, where=location)
    problem = mismatch(handler, None, None)
    if problem is not None:
        raise refused(f"{called} is called with the request and the exception: {problem}.", hint=hint, where=location)
    if any(isinstance(parameter.default, Depends) for parameter in parameters_of(handler).values()):
        hint = "Store what the handler needs in request.state, in a dependency."
        raise refused(f"{called} has a dependency, but handlers have none.", hint=hint, where=location)


# --- middleware -----------------------------------------------------------------------------------------------------


# The annotations of middleware constructors for a list of strings.
STRINGS: Final = re.compile(r"(typing\.|collections\.abc\.)?(Sequence|Collection|Iterable|[lL]ist)\[str\]")


def verify_middleware(factory: Any, values: Any, options: Mapping[str, Any], conventions: Conventions) -> None:
    """Refuse middleware that cannot be constructed with the next application and these arguments."""
    if not conventions.checks_middleware:
        return
    name = getattr(factory, "__name__", type(factory).__name__)
    refused = partial(declaration_error, where=calling_line(), chain=(f"add_middleware({name})",), also=TypeError)
    if not callable(factory) or (not isinstance(factory, type) and is_asgi(factory)):
        kind = type(factory).__name__
        hint = f"Write add_middleware({kind}, ...): the application is passed automatically."
        raise refused(f"it takes the class, not an instance: {factory!r}.", hint=hint)
    if not isinstance(factory, type) and "call_next" in parameters_of(factory):
        hint = f'Write @app.middleware("http") above {name}.'
        raise refused("a function of request and call_next is not an ASGI middleware class.", hint=hint)
    verify_arguments(factory, values, options, refused)
    if conventions.checks_cors and is_cors_class(factory):
        verify_cors({**dict(zip(list(parameters_of(factory))[1:], values, strict=False)), **options}, refused)
    own: Any = factory  # a class, or any function that returns middleware
    if isinstance(factory, type) and issubclass(factory, BaseHTTPMiddleware):
        # A constructor of its own may pass a dispatch function to Starlette's.
        if own.dispatch is BaseHTTPMiddleware.dispatch and own.__init__ is BaseHTTPMiddleware.__init__:
            verify_dispatch(options.get("dispatch", next(iter(values), None)), name, conventions)
    elif (
        isinstance(factory, type) and type(factory) is type and own.__new__ is object.__new__ and not has_call(factory)
    ):
        hint = "Define `async def __call__(self, scope, receive, send)`, or derive the class from BaseHTTPMiddleware."
        raise refused("its instances cannot be called.", hint=hint)


def verify_arguments(factory: Any, values: Any, options: Mapping[str, Any], refused: Any) -> None:
    """Refuse arguments that do not fit the constructor of middleware; its first parameter is the next application."""
    parameters = parameters_of(factory)
    problem = mismatch(factory, None, *values, **options)
    if problem is not None:
        known = list(parameters)[1:]
        strange = next((each for each in options if each not in known), "")
        close = difflib.get_close_matches(strange, known, n=1)
        hint = f"It takes the next application{''.join(f', {each}' for each in known)}."
        if close:
            hint = f"Did you mean {close[0]!r}?"
        elif not parameters:
            hint = "Its constructor takes the next application first: `def __init__(self, app)`."
        raise refused(f"{problem}.", hint=hint)
    for option, value in options.items():
        annotation = str(parameters[option].annotation) if option in parameters else ""
        # A string would be used as a list of its letters; "*" is a single letter and means all.
        if isinstance(value, str) and value != "*" and STRINGS.match(annotation):
            raise refused(f"{option} must be a list, not {value!r}.", hint=f"Write {option}=[{value!r}].")


def verify_cors(options: Mapping[str, Any], refused: Any) -> None:
    """Refuse CORS middleware that lets pages of every origin read responses with the cookies of their users."""
    if not options.get("allow_credentials"):
        return
    hint = "List the origins that may: allow_origins=['https://app.example.com']. Or leave allow_credentials out."
    pattern = options.get("allow_origin_regex")
    if "*" in (options.get("allow_origins") or ()):
        raise refused(f"allow_credentials with allow_origins=['*'] {OPEN_TO_ALL}.", hint=hint, code="TW016")
    if pattern is not None and any(re.fullmatch(pattern, origin) for origin in STRANGERS):
        raise refused(f"allow_credentials with the pattern {pattern!r} {OPEN_TO_ALL}.", hint=hint, code="TW016")


def verify_dispatch(dispatch: Any, owner: str, conventions: Conventions) -> None:
    """Refuse an http middleware function that cannot be called with the request and call_next."""
    if not conventions.checks_middleware:
        return
    hint = "Write `async def name(request: Request, call_next) -> Response`, and return await call_next(request)."
    if dispatch is None:
        problem = f"{owner} has no dispatch() of its own."
        raise declaration_error(problem, hint=hint, where=calling_line(), chain=("add_middleware()",), also=TypeError)
    refused = partial(
        declaration_error, where=where(dispatch), chain=(f"middleware {name_of(dispatch)}()",), also=TypeError
    )
    if is_generator(dispatch) or is_async_generator(dispatch):
        raise refused("it is a generator; it must return the response.", hint=hint)
    wrong = mismatch(dispatch, None, None)
    if wrong is not None:
        raise refused(f"it is called with the request and call_next: {wrong}.", hint=hint)


def verify_entries(entries: Any, conventions: Conventions) -> None:
    """Refuse middleware in the constructor's list that is not a Middleware object, or cannot be constructed."""
    if not conventions.checks_middleware:
        return
    for entry in entries:
        if not isinstance(entry, Middleware):
            name = getattr(entry, "__name__", type(entry).__name__)
            problem, hint = (
                f"middleware must be a list of Middleware(...), not {entry!r}.",
                f"Write [Middleware({name})].",
            )
            raise declaration_error(problem, hint=hint, where=calling_line(), also=TypeError)
        verify_middleware(entry.cls, entry.args, entry.kwargs, conventions)


def is_asgi(value: Any) -> bool:
    """Whether an object is an ASGI application already: it takes scope, receive and send."""
    return list(parameters_of(value))[:3] == ["scope", "receive", "send"]


def parameters_of(function: Any) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):
        return {}


def has_call(kind: type[Any]) -> bool:
    return any("__call__" in vars(base) for base in kind.__mro__)


# --- lifespans ------------------------------------------------------------------------------------------------------

LIFESPAN_HINT: Final = "Write `@asynccontextmanager` above `async def lifespan(app)`, and yield once in it."

# The code object of functions that @contextmanager returns, by which they are recognized.
SYNCHRONOUS: Final = getattr(contextmanager(lambda: iter(())), "__code__", None)


def verify_lifespan(given: Any, conventions: Conventions) -> None:
    """Refuse a lifespan that cannot start."""
    if given is None or not conventions.checks_lifespans:
        return
    refused = partial(declaration_error, chain=("lifespan",), also=TypeError)
    is_entered = isinstance(given, (AbstractAsyncContextManager, AbstractContextManager))
    # The context managers of contextlib can be called, as decorators; a class of the author may define __call__ on purpose.
    if is_entered and (isinstance(given, (AsyncContextDecorator, ContextDecorator)) or not has_call(type(given))):
        hint = "Pass the function itself, without calling it; Typeway calls it with the application."
        raise refused(f"it must be a function, not {given!r}.", hint=hint, where=calling_line())
    if not callable(given):
        raise refused(f"it must be a function, not {given!r}.", hint=LIFESPAN_HINT, where=calling_line())
    name, location = f"{name_of(given)}()", where(given)
    if any(getattr(entry, "__code__", None) is SYNCHRONOUS for entry in candidates(given)):
        raise refused(f"{name} is a synchronous context manager.", hint=LIFESPAN_HINT, where=location)
    if is_coroutine(given) and not is_async_generator(given):
        raise refused(f"{name} is a coroutine function without a yield.", hint=LIFESPAN_HINT, where=location)
    problem = mismatch(given, None)
    if problem is not None:
        hint = f"Write `async def {getattr(given, '__name__', 'lifespan')}(app)`."
        raise refused(f"{name} is called with the application: {problem}.", hint=hint, where=location)


def verify_events(given: Any, events: Mapping[str, list[Callable[[], Any]]], conventions: Conventions) -> None:
    """Refuse start-up and shut-down functions that a lifespan replaces, or that have required parameters."""
    if not conventions.checks_lifespans:
        return
    for event, functions in events.items():
        for function in functions:
            name = name_of(function)
            refused = partial(declaration_error, chain=(f"on_{event}",))
            if given is not None:
                problem = f"{name}() would never run, because a lifespan replaces start-up and shut-down functions."
                hint = f"Call {name}() in the lifespan, {'before' if event == 'startup' else 'after'} its yield."
                raise refused(problem, hint=hint, where=calling_line())
            wrong = mismatch(function)
            if wrong is not None:
                hint = "Use a lifespan, which is called with the application."
                raise refused(f"{name}() is called without arguments: {wrong}.", hint=hint, where=where(function))
