"""The documentation of errors that several endpoints share."""

from typing import Any

from examples.task_manager.schemas.error import ErrorResponse

Answers = dict[int | str, dict[str, Any]]

INVALID: Answers = {422: {"model": ErrorResponse, "description": "The request is not valid"}}
UNAUTHORIZED: Answers = {401: {"model": ErrorResponse, "description": "The access token is missing or not valid"}}
NOT_FOUND: Answers = {404: {"model": ErrorResponse, "description": "You have no task of this number"}}
NO_ATTACHMENT: Answers = {404: {"model": ErrorResponse, "description": "You have no attachment of this number"}}
DUPLICATE: Answers = {409: {"model": ErrorResponse, "description": "You already have a task of this title"}}
TOO_MANY: Answers = {409: {"model": ErrorResponse, "description": "The task has as many files as it may have"}}
CHANGED: Answers = {412: {"model": ErrorResponse, "description": "The task has none of the versions in `If-Match`"}}
UNCHANGED: Answers = {304: {"description": "You have this version: it is among those in `If-None-Match`"}}
USERNAME_TAKEN: Answers = {409: {"model": ErrorResponse, "description": "The username is taken"}}
WRONG_CREDENTIALS: Answers = {401: {"model": ErrorResponse, "description": "Incorrect username or password"}}
WRONG_TOKEN: Answers = {
    401: {"model": ErrorResponse, "description": "The refresh token is not valid, or was used before"}
}
LIMITED: Answers = {429: {"model": ErrorResponse, "description": "Too many tries; Retry-After says when to try again"}}
UNAVAILABLE: Answers = {503: {"model": ErrorResponse, "description": "The database does not answer"}}
UNREADABLE: Answers = {
    400: {"model": ErrorResponse, "description": "The body cannot be read"},
    413: {"model": ErrorResponse, "description": "The body is too large"},
    415: {"model": ErrorResponse, "description": "The body has another media type"},
}
