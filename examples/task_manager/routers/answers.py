"""The documentation of errors that several endpoints share."""

from typing import Any

from examples.task_manager.schemas.error import ErrorResponse

Answers = dict[int | str, dict[str, Any]]

INVALID: Answers = {422: {"model": ErrorResponse, "description": "The request is not valid"}}
UNAUTHORIZED: Answers = {401: {"model": ErrorResponse, "description": "The access token is missing or not valid"}}
NOT_FOUND: Answers = {404: {"model": ErrorResponse, "description": "You have no task of this number"}}
DUPLICATE: Answers = {409: {"model": ErrorResponse, "description": "You already have a task of this title"}}
USERNAME_TAKEN: Answers = {409: {"model": ErrorResponse, "description": "The username is taken"}}
WRONG_CREDENTIALS: Answers = {401: {"model": ErrorResponse, "description": "Incorrect username or password"}}
UNAVAILABLE: Answers = {503: {"model": ErrorResponse, "description": "The database does not answer"}}
UNREADABLE: Answers = {
    400: {"model": ErrorResponse, "description": "The body cannot be read"},
    413: {"model": ErrorResponse, "description": "The body is too large"},
    415: {"model": ErrorResponse, "description": "The body has another media type"},
}
