"""The documentation of errors that several endpoints share."""

from typing import Any

from examples.books.schemas.error import ErrorResponse

Answers = dict[int | str, dict[str, Any]]

INVALID: Answers = {422: {"model": ErrorResponse, "description": "The request is not valid"}}
UNAUTHORIZED: Answers = {401: {"model": ErrorResponse, "description": "The access token is missing or not valid"}}
NOT_FOUND: Answers = {404: {"model": ErrorResponse, "description": "There is no book of this number"}}
DUPLICATE: Answers = {409: {"model": ErrorResponse, "description": "Another book has this ISBN"}}
UNREADABLE: Answers = {
    400: {"model": ErrorResponse, "description": "The body cannot be read"},
    413: {"model": ErrorResponse, "description": "The body is too large"},
    415: {"model": ErrorResponse, "description": "The body is not JSON"},
}
