"""Hold what is to be sent: a status, raw headers and bytes, or a response that sends itself."""

from __future__ import annotations

from starlette.responses import Response

RawHeaders = list[tuple[bytes, bytes]]


class Reply:
    """The answer to one request, before anything is sent.

    Parameters:
        status: the status code.
        headers: raw headers, content-length included.
        body: the whole body.
        response: a response that sends itself instead; the other fields are then unused.
    """

    __slots__ = ("body", "headers", "response", "status")

    def __init__(self, status: int, headers: RawHeaders, body: bytes, response: Response | None = None) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.response = response


def from_response(response: Response) -> Reply:
    return Reply(response.status_code, [], b"", response)


def as_response(reply: Reply) -> Response:
    """The reply as a Starlette response, for code that wants to see or change one."""
    if reply.response is not None:
        return reply.response
    response = Response(reply.body, reply.status)
    response.raw_headers = [*reply.headers]
    return response
