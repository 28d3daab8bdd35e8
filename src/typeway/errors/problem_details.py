"""Answer every error with a problem document (RFC 9457), for `Typeway(errors="problem")`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import Response

from typeway import texts
from typeway.declare.problem import Problem
from typeway.encoders import jsonable_encoder
from typeway.errors.lenient import error_response, fitting
from typeway.errors.members import encoded_members
from typeway.exceptions import RequestValidationError
from typeway.plan.inputs import shorten
from typeway.requests import REQUEST_ID, request_id
from typeway.responses import BODILESS
from typeway.types import ExceptionHandler

MEDIA_TYPE: Final = "application/problem+json"

# RFC 9457, section 4.2.1: the problem has no meaning beyond its status.
BLANK: Final = "about:blank"
MOST_CHARACTERS: Final = 1_000  # of a pointer, whose parts may be names that the client has chosen
VALIDATION_TYPE: Final = "/problems/validation-error"


async def answer_http_exception(request: HTTPConnection[Any], error: HTTPException) -> Response:
    """Answer an HTTPException, including a Problem, with its status and headers."""
    if error.status_code in BODILESS:
        return Response(status_code=error.status_code, headers=error.headers)
    kind, title, members = BLANK, phrase_of(error.status_code), {}
    detail: Any = error.detail
    if isinstance(error, Problem):
        kind, title, members = error.type, error.title, encoded_members(error, error.members)
    elif not isinstance(detail, str):
        # The member "detail" must be a string (section 3.1.4), so another value gets a member of its own.
        detail, members = None, {"details": jsonable_encoder(detail)}
    said = {} if detail in (None, "", title, DEFAULTS.get(error.status_code)) else {"detail": detail}
    return problem_response(request, error.status_code, kind, title, {**said, **members}, error.headers)


async def answer_invalid_request(request: HTTPConnection[Any], error: RequestValidationError) -> Response:
    """Answer a request that does not fit its declaration with 422 and the place of each error."""
    errors = [place(entry, error.body) for entry in error.errors()]
    count = len(errors) + error.omitted
    detail = "The request has one error." if count == 1 else f"The request has {count:,} errors."

    def respond(listed: Sequence[Any], omitted: int) -> Response:
        members = {"detail": detail, "errors": listed, **({"omitted": omitted} if omitted else {})}
        return problem_response(request, 422, VALIDATION_TYPE, texts.VALIDATION_ERROR, members)

    return fitting(request, error, errors, respond)


async def answer_unhandled(request: HTTPConnection[Any], error: Exception) -> Response:
    """Answer an error without any other handler with a 500 that reveals nothing of it."""
    return problem_response(request, 500, BLANK, texts.INTERNAL_SERVER_ERROR, {})


HANDLERS: Final[Mapping[Any, ExceptionHandler]] = {
    HTTPException: answer_http_exception,
    RequestValidationError: answer_invalid_request,
    Exception: answer_unhandled,
}


def problem_response(
    request: HTTPConnection[Any],
    status: int,
    kind: str,
    title: str,
    members: Mapping[str, Any],
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a problem document (RFC 9457, section 3), with the request id in its members and headers."""
    content = {
        "type": kind,
        "title": title,
        "status": status,
        "instance": quote(request.scope["path"]),
        **members,
        "request_id": request_id(request),
    }
    return error_response(
        content, status, {REQUEST_ID: content["request_id"], **(headers or {})}, media_type=MEDIA_TYPE
    )


def place(entry: Mapping[str, Any], body: Any) -> dict[str, Any]:
    """Return one error of a 422: what is wrong, in which part of the request, and where in that part.

    It contains neither the client's input nor the names of Python types.
    """
    location, *parts = entry["loc"] or ("body",)
    detail = entry["msg"]
    if entry["type"] == texts.JSON_INVALID[0]:
        detail, parts = f"{detail} at character {parts[-1]}: {entry.get('ctx', {}).get('error', '')}".rstrip(": "), []
    elif location == "body" and not isinstance(body, (FormData, type(None))):
        parts = parts_in(body, parts, is_missing=entry["type"] == texts.MISSING[0])
    return {
        "detail": detail,
        "type": entry["type"],
        "in": location,
        "pointer": shorten(pointer(parts), MOST_CHARACTERS),
    }


def parts_in(body: Any, parts: Sequence[Any], *, is_missing: bool) -> list[Any]:
    """Return the parts of a location that are keys or indexes of the body, without labels, for example of unions."""
    found = []
    value = body
    for number, part in enumerate(parts):
        is_index = isinstance(value, list) and isinstance(part, int) and part < len(value)
        if is_index or (isinstance(value, dict) and part in value):
            value = value[part]
        elif not (is_missing and number == len(parts) - 1):
            continue
        found.append(part)
    return found


def pointer(parts: Sequence[Any]) -> str:
    """Return a JSON Pointer (RFC 6901, section 3).

    Example:
        >>> pointer(["items", 0, "a/b"])
        '/items/0/a~1b'
    """
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)


# Python before 3.13 uses the reason phrases of older specifications; a title must not depend on the Python version.
# Starlette's exceptions without a detail use Python's phrases.
DEFAULTS: Final[Mapping[int, str]] = {int(status): status.phrase for status in HTTPStatus}
RENAMED: Final[Mapping[int, str]] = {
    413: "Content Too Large", 414: "URI Too Long", 416: "Range Not Satisfiable", 422: "Unprocessable Content",
}  # fmt: skip


def phrase_of(status: int) -> str:
    """Return the reason phrase of a status (RFC 9110, section 15)."""
    return RENAMED.get(status) or DEFAULTS.get(status, "Error")
