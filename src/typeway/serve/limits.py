"""Refuse bodies that are too large, before they are read where the client says so, else while they are read."""

from __future__ import annotations

from typeway import texts
from typeway.exceptions import HTTPException
from typeway.plan.exchange import Exchange
from typeway.types import Message, Receive


def limit_body(exchange: Exchange, most: int) -> None:
    """Hold a request to a maximum body size in bytes.

    Raises:
        HTTPException: 413 (RFC 9110 section 15.5.14), the declared length is over the limit. A body of no declared
            length is counted while it is read, and the same is raised then.
    """
    declared = exchange.headers.get(b"content-length", b"")
    if declared.isdigit() and int(declared) > most:
        raise HTTPException(413, texts.CONTENT_TOO_LARGE)
    exchange.receive = counted(exchange.receive, most)


def counted(receive: Receive, most: int) -> Receive:
    """The same messages, up to a number of body bytes."""
    total = 0

    async def receive_counted() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > most:
            raise HTTPException(413, texts.CONTENT_TOO_LARGE)
        return message

    return receive_counted
