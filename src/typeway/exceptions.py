"""Define the exceptions and warnings: errors to raise, errors to catch, and errors in a declaration."""

import contextlib
import functools
import os
import sys
import warnings
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Final, Self, TypeAlias, TypedDict, TypeVar

import starlette
import typing_extensions
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.exceptions import WebSocketException as StarletteWebSocketException

from typeway.texts import READ_MORE

_Error = TypeVar("_Error", bound=BaseException)


def reduced(error: _Error) -> tuple[Any, tuple[type[_Error], tuple[Any, ...]], Any]:
    """Return what pickle and copy need of an exception: its class, arguments and attributes.

    Python itself would call the class with the positional arguments, but most constructors here take keywords as well, and a
    subclass may have a constructor of its own.
    """
    state = error.__getstate__()
    if isinstance(state, tuple):  # a subclass with __slots__
        state = {name: value for part in state if part for name, value in part.items()}
    return remade, (type(error), error.args), state


def remade(kind: type[_Error], args: tuple[Any, ...]) -> _Error:
    """Make an exception without calling its constructor."""
    return kind.__new__(kind, *args)


class HTTPException(StarletteHTTPException):
    """Stop handling the request and answer it with an error.

    Raised:
        By endpoints, dependencies and http middleware, and by Typeway for a path without a route (404), a method that a path does not
        have (405), a body of another media type (415), a body that is too large (413) and missing credentials (401).

    Fix:
        It is an answer, not a failure: register a handler with `@app.exception_handler(HTTPException)` to change how it is written.

    Parameters:
        status_code: the status to answer with (RFC 9110 section 15).
        detail: any JSON value; the response is `{"detail": …}`. The status's reason phrase if it is None.
        headers: headers of the response, for example `WWW-Authenticate` with 401.

    Example:
        ```python
        raise HTTPException(status_code=404, detail="No such task")
        ```
    """

    def __init__(self, status_code: int, detail: Any = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status_code=status_code, detail=detail, headers=headers)

    def __reduce__(self) -> tuple[Any, ...]:
        return reduced(self)


class WebSocketException(StarletteWebSocketException):
    """Stop serving the WebSocket and close it.

    Raised:
        By endpoints and dependencies of WebSockets. Before `accept()` the handshake is refused with 403, after it the socket is closed
        with the code.

    Raised:
        By endpoints and dependencies of WebSockets. Before `accept()` the handshake is refused with 403, after it the socket is closed
        with the code.

    Parameters:
        code: the closing code (RFC 6455 section 7.4.1), for example `status.WS_1008_POLICY_VIOLATION`.
        reason: the reason, in at most 123 bytes of UTF-8 (RFC 6455 section 5.5.1).
    """

    def __reduce__(self) -> tuple[Any, ...]:
        return reduced(self)


class TypewayError(RuntimeError):
    """The base class of the framework's errors that are not the client's fault.

    Raised:
        Only as one of its subclasses.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        return reduced(self)


class DependencyScopeError(TypewayError):
    """A dependency of the scope "request" uses one of the scope "function", which ends earlier.

    Raised:
        When the endpoint is declared, as a `DeclarationError` of this class; `typeway explain TW014` prints the rule.

    Fix:
        Give both the same scope: `Depends(get_session, scope="function")`.
    """


class PydanticV1NotSupportedError(TypewayError):
    """A model of `pydantic.v1` was given; only models of Pydantic 2 are supported.

    Raised:
        When an endpoint declares such a model, and by `jsonable_encoder()` for an instance of one.

    Fix:
        Derive the model from `pydantic.BaseModel`. Pydantic's migration guide lists what else changes, and `bump-pydantic` does most
        of it.
    """


class TypewayDeprecationWarning(UserWarning):
    """The application uses something that will be removed.

    It is a UserWarning because Python hides a DeprecationWarning from the people who could act on it.

    Raised:
        Where the deprecated option, class or function is used, for example `regex=` of a marker.

    Fix:
        Use what the message names instead.

    Raised:
        Where the deprecated option, class or function is used, for example `regex=` of a marker.

    Fix:
        Use what the message names instead.
    """


class DeclarationWarning(UserWarning):
    """The application declares something that works, but probably not as its author means it.

    Raised:
        As a warning, when a module is imported or an application starts. It names the file, the line, and what to do.

    Fix:
        Do what the message says. `typeway check` lists all of these places as TW020.
    """


# Code in these folders and files is not the application's.
FRAMEWORK: Final = (
    *(f"{Path(module).parent}{os.sep}" for module in (__file__, starlette.__file__)),
    *(str(module.__file__) for module in (contextlib, functools, typing_extensions, warnings)),
)


DATACLASS: Final = "__create_fn__.<locals>."


def calling_line() -> str | None:
    """Return file and line of the application's code that is calling the framework, as tracebacks and editors write it."""
    frame = sys._getframe(1)
    # The methods that dataclasses generate have no file.
    while frame.f_code.co_filename.startswith(FRAMEWORK) or frame.f_code.co_qualname.startswith(DATACLASS):
        if frame.f_back is None:
            return None
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


# The further types of an error: a class, or several.
Also: TypeAlias = type[Exception] | tuple[type[Exception], ...]


class DeclarationError(TypewayError):
    """The application declares something that cannot work, found before any request is served.

    Parameters:
        message: what is wrong.
        hint: what to do about it.
        where: file and line of the declaration: "main.py:12"; see `calling_line`.
        chain: the way to the mistake, from the route on: `("GET /items/{id}", "get_session()", "parameter 'url'")`.
        code: the rule of `typeway check` that finds the mistake; `typeway explain` prints its page.

    Raised:
        While a module is imported that declares something, or when the application starts and its endpoints are planned.

    Fix:
        Do what the hint says, at the file and line with which the message begins. Whole groups of these checks are switched off by
        the conventions of the application's class, see `typeway.declare.conventions`.
    """

    _also: ClassVar[Also | None] = None

    def __init__(
        self, message: str, *, hint: str, where: str | None = None, chain: Iterable[str] = (), code: str = "TW000"
    ) -> None:
        self.message = message
        self.hint = hint
        self.where = where
        self.chain: tuple[str, ...] = tuple(chain)
        self.code: str = code
        super().__init__(self._text)
        self.add_note(READ_MORE.format(code))

    @property
    def described(self) -> str:
        """Return the way to the mistake, and what is wrong: "GET /items/{id} → get_session(): …"."""
        return ": ".join(filter(None, (" → ".join(self.chain), self.message)))

    @property
    def _text(self) -> str:
        place = "" if self.where is None else f"{self.where}: "
        return f"{place}{self.described} Hint: {self.hint}"

    def add_step(self, step: str, where: str | None = None) -> None:
        """Put a step in front of the chain: the route, function or parameter that contains the mistake.

        Parameters:
            where: file and line of the step, used if the mistake has none.
        """
        self.where = self.where or where
        if self.chain[:1] != (step,):
            self.chain = (step, *self.chain)
        self.args: tuple[Any, ...] = (self._text,)

    def __reduce__(self) -> tuple[Any, ...]:
        remake, (kind, args), state = reduced(self)
        if self._also is None:
            return remake, (kind, args), state
        # Pickle finds classes by name, and the variants below share one.
        return _remade_variant, (self._also, args), state


class UnknownOptionError(DeclarationError, TypeError):
    """An option was given that does not exist, for which Python itself raises a TypeError.

    Raised:
        By `Typeway()`, `Router()`, the decorators of routes, the parameter markers and security schemes, where they are called.

    Fix:
        The message names the closest option that exists; `help(app.get)` and the reference list all of them.
    """


@cache
def _variant(also: Also) -> type[DeclarationError]:
    """Return a class of DeclarationErrors that are of other types as well; its name is DeclarationError too."""
    others = also if isinstance(also, tuple) else (also,)
    return type("DeclarationError", (DeclarationError, *others), {"_also": also})


def _remade_variant(also: Also, args: tuple[Any, ...]) -> DeclarationError:
    key: Any = also
    return remade(_variant(key), args)


def declaration_error(
    message: str,
    *,
    hint: str,
    where: str | None = None,
    chain: Iterable[str] = (),
    also: Also = DeclarationError,
    code: str = "TW000",
) -> DeclarationError:
    """Make the error for a mistake in a declaration.

    An application that moves here may catch what FastAPI raises for the same mistake: the error is `also` of that type.
    """
    if issubclass(DeclarationError, also):
        return DeclarationError(message, hint=hint, where=where, chain=chain, code=code)
    key: Any = also  # mypy does not take a class for something hashable
    return _variant(key)(message, hint=hint, where=where, chain=chain, code=code)


class EndpointContext(TypedDict, total=False):
    """The endpoint that a validation error belongs to, for logs and debuggers."""

    function: str
    path: str
    file: str
    line: int


# How much of the errors of a request or response `str()` shows.
MOST_ERRORS: Final = 20
MOST_CHARACTERS: Final = 1_000


class ValidationException(Exception):
    """Data does not match its declaration.

    Raised:
        Only as one of its subclasses, which say whose data it is.

    Parameters:
        errors: what is wrong, one mapping per error, as Pydantic words them.
        body: the request's body as it was read, or what the endpoint returned; for logs.
        endpoint_ctx: the endpoint that declared it; shown by `str()`, never sent to a client.
        omitted: how many errors were found that are not in the list, because `error_limits` limits it.
        max_size: the largest body of an answer in bytes; None for the default of the application.
    """

    def __init__(
        self,
        errors: Sequence[Any],
        *,
        body: Any = None,
        endpoint_ctx: EndpointContext | None = None,
        omitted: int = 0,
        max_size: int | None = None,
    ) -> None:
        super().__init__(errors)
        self._errors = errors
        self.omitted = omitted
        self.max_size = max_size
        self.body = body
        context: EndpointContext = endpoint_ctx or {}
        self.endpoint_ctx = endpoint_ctx
        self.endpoint_function: str | None = context.get("function")
        self.endpoint_path: str | None = context.get("path")
        self.endpoint_file: str | None = context.get("file")
        self.endpoint_line: int | None = context.get("line")

    def errors(self) -> Sequence[Any]:
        """Return what is wrong, one mapping per error."""
        return self._errors

    def __copy__(self) -> Self:
        remake, arguments, state = reduced(self)
        copied: Self = remake(*arguments)
        copied.__setstate__(state)
        return copied

    def __reduce__(self) -> tuple[Any, ...]:
        remake, (kind, args), state = reduced(self)
        return remake, (kind, picklable(args)), picklable(state)

    def __str__(self) -> str:
        count = len(self._errors) + self.omitted
        # The client may choose how many errors there are, and how long; the log must not grow with them.
        shown = [f"  {error}" for error in self._errors[:MOST_ERRORS]]
        lines = [f"{count} validation error{'' if count == 1 else 's'}:"]
        lines += [line if len(line) <= MOST_CHARACTERS else f"{line[:MOST_CHARACTERS]}…" for line in shown]
        lines += [f"  … and {count - MOST_ERRORS} more"] if count > MOST_ERRORS else []
        if self.endpoint_file and self.endpoint_line and self.endpoint_function:
            # Written like a traceback, so that editors make it a link.
            lines += ["", f'  File "{self.endpoint_file}", line {self.endpoint_line}, in {self.endpoint_function}']
            lines += [f"    {self.endpoint_path}"] if self.endpoint_path else []
        elif self.endpoint_path:
            lines += ["", f"  Endpoint: {self.endpoint_path}"]
        return "\n".join(lines)


def picklable(value: Any) -> Any:
    """Return a value of a validation error in a form that can be pickled: uploads and unpicklable values become text."""
    kind = type(value)
    if kind in (str, int, float, bool, bytes, type(None)):
        return value
    if kind is dict:
        return {key: picklable(item) for key, item in value.items()}
    if kind in (list, tuple):
        return kind(map(picklable, value))
    if isinstance(value, FormData):
        return FormData([(name, picklable(item)) for name, item in value.multi_items()])
    if isinstance(value, UploadFile):
        return repr(value)
    import pickle

    try:
        pickle.loads(pickle.dumps(value))  # noqa: S301  its own bytes; some values fail only when they are restored
    except Exception:  # noqa: BLE001  classes may raise anything in either
        return repr(value)
    return value


class RequestValidationError(ValidationException):
    """A request does not match the declaration of its endpoint; it is answered with 422.

    Raised:
        Before the endpoint is called, with the errors of all parameters and of the body together.

    Fix:
        The client has to change its request: `loc` says where the value is, `msg` what is wrong with it. To change the answer, register a
        handler.

    Example:
        ```python
        @app.exception_handler(RequestValidationError)
        async def answer(request: Request, error: RequestValidationError) -> JSONResponse:
            return JSONResponse({"fields": [one["loc"] for one in error.errors()]}, status_code=400)
        ```
    """


class WebSocketRequestValidationError(ValidationException):
    """A WebSocket's handshake does not match the declaration of its endpoint; the socket is closed with 1008.

    Raised:
        Before the endpoint is called.

    Fix:
        The client has to send the path, query, headers and cookies that the endpoint declares.
    """


class ResponseValidationError(ValidationException):
    """An endpoint returned a value that its response model forbids: the server's mistake, answered with 500.

    Raised:
        After the endpoint has returned. The client is told nothing about the value; the log has the errors, and the endpoint with its
        file and line.

    Fix:
        Return what the annotation or `response_model` promises, or correct the promise. `response_model=None` switches the check off.
    """
