"""Hold what is to be sent: a status, raw headers and bytes, or a response that sends itself."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

RawHeaders = list[tuple[bytes, bytes]]


@dataclass(slots=True, eq=False)
class Reply:
    """The answer to one request, before anything is sent."""

    status: int
    headers: RawHeaders  # raw headers, content-length included
    body: bytes
    response: Response | None = None  # a response that sends itself instead; the other fields are then unused


def from_response(response: Response) -> Reply:
    return Reply(response.status_code, [], b"", response)


def as_response(reply: Reply) -> Response:
    """The reply as a Starlette response, for code that wants to see or change one."""
    if reply.response is not None:
        return reply.response
    response = Response(reply.body, reply.status)
    response.raw_headers = [*reply.headers]
    return response
