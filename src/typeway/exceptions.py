"""Define what goes wrong by name: errors to raise, errors to catch, and errors in a declaration."""

from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import Any, ClassVar, TypedDict

from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.exceptions import WebSocketException as StarletteWebSocketException


class HTTPException(StarletteHTTPException):
    """Stop handling the request and answer it with an error.

    Parameters:
        status_code: the status to answer with (RFC 9110 section 15).
        detail: any JSON value; it becomes `{"detail": …}`. The status's reason phrase where it is None.
        headers: headers to send along, for example `WWW-Authenticate` with 401.

    Example:
        ```python
        raise HTTPException(status_code=404, detail="No such task")
        ```
    """

    def __init__(self, status_code: int, detail: Any = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status_code=status_code, detail=detail, headers=headers)


class WebSocketException(StarletteWebSocketException):
    """Stop serving the WebSocket and close it.

    Parameters:
        code: the closing code (RFC 6455 section 7.4.1), for example `status.WS_1008_POLICY_VIOLATION`.
        reason: why, in at most 123 bytes of UTF-8 (RFC 6455 section 5.5.1).
    """


class TypewayError(RuntimeError):
    """The framework cannot go on; every error that is neither the client's nor Python's own derives from it."""


class DependencyScopeError(TypewayError):
    """A dependency that outlives the endpoint uses one that ends with the endpoint."""


class PydanticV1NotSupportedError(TypewayError):
    """A model of `pydantic.v1` was given; only models of Pydantic 2 are supported."""


class TypewayDeprecationWarning(UserWarning):
    """Something still works, and will go.

    It is a UserWarning because Python hides a DeprecationWarning from the people who could act on it.
    """


class DeclarationWarning(UserWarning):
    """The application declares something that works, but hardly as its author means it; says where, and what to do."""


class DeclarationError(TypewayError):
    """The application declares something that cannot work, found before any request is served.

    Parameters:
        message: what is wrong.
        hint: what to do about it.
        where: file, line and name of what was declared: "main.py:12, in read_item".
    """

    _also: ClassVar[type[Exception] | None] = None

    def __init__(self, message: str, *, hint: str, where: str | None = None) -> None:
        place = "" if where is None else f"{where}: "
        super().__init__(f"{place}{message} Hint: {hint}")
        self.message = message
        self.hint = hint
        self.where = where

    def __reduce__(self) -> tuple[Any, ...]:
        # The variants below share one name, by which none of them could be found.
        make = type(self) if self._also is None else partial(declaration_error, also=self._also)
        return partial(make, self.message, hint=self.hint, where=self.where), ()


class UnknownOptionError(DeclarationError, TypeError):
    """An option was given that does not exist; Python's own word for that is TypeError."""


@cache
def _variant(also: type[Exception]) -> type[DeclarationError]:
    """A DeclarationError that is of another type as well; it keeps the one name that a reader should look for."""
    return type("DeclarationError", (DeclarationError, also), {"_also": also})


def declaration_error(
    message: str, *, hint: str, where: str | None = None, also: type[Exception] = DeclarationError
) -> DeclarationError:
    """Make the error for a mistake in a declaration.

    An application that moves here may catch what FastAPI raises for the same mistake: the error is `also` of that type.
    """
    if issubclass(DeclarationError, also):
        return DeclarationError(message, hint=hint, where=where)
    key: Any = also  # a class: to mypy, none of the hashable things that a cache takes
    return _variant(key)(message, hint=hint, where=where)


class EndpointContext(TypedDict, total=False):
    """Which endpoint a validation error belongs to, for logs and debuggers."""

    function: str
    path: str
    file: str
    line: int


class ValidationException(Exception):
    """Data does not fit its declaration.

    Parameters:
        errors: what is wrong, one mapping per error, as Pydantic words them.
        body: the request's body as it was read, or what the endpoint returned; for logs.
        endpoint_ctx: the endpoint that declared it; shown by `str()`, never sent to a client.
    """

    def __init__(self, errors: Sequence[Any], *, body: Any = None, endpoint_ctx: EndpointContext | None = None) -> None:
        super().__init__(errors)
        self._errors = errors
        self.body = body
        context: EndpointContext = endpoint_ctx or {}
        self.endpoint_ctx = endpoint_ctx
        self.endpoint_function = context.get("function")
        self.endpoint_path = context.get("path")
        self.endpoint_file = context.get("file")
        self.endpoint_line = context.get("line")

    def errors(self) -> Sequence[Any]:
        """Return what is wrong, one mapping per error."""
        return self._errors

    def __str__(self) -> str:
        count = len(self._errors)
        lines = [f"{count} validation error{'' if count == 1 else 's'}:", *(f"  {error}" for error in self._errors)]
        if self.endpoint_file and self.endpoint_line and self.endpoint_function:
            # In the form of a traceback, so that editors make it a link.
            lines += ["", f'  File "{self.endpoint_file}", line {self.endpoint_line}, in {self.endpoint_function}']
            lines += [f"    {self.endpoint_path}"] if self.endpoint_path else []
        elif self.endpoint_path:
            lines += ["", f"  Endpoint: {self.endpoint_path}"]
        return "\n".join(lines)


class RequestValidationError(ValidationException):
    """A request does not fit what its endpoint declares; answered with 422.

    Example:
        ```python
        @app.exception_handler(RequestValidationError)
        async def answer(request: Request, error: RequestValidationError) -> JSONResponse:
            return JSONResponse({"fields": [one["loc"] for one in error.errors()]}, status_code=400)
        ```
    """


class WebSocketRequestValidationError(ValidationException):
    """A WebSocket's handshake does not fit what its endpoint declares; the socket is closed with 1008."""


class ResponseValidationError(ValidationException):
    """An endpoint returned what its own declaration forbids: the server's mistake, answered with 500."""
