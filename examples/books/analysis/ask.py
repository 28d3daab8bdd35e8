"""Send one GET request over a connection of its own, with as little work as possible.

A client library spends more time on a hundred connections than the server on a hundred answers (with httpx 0.9 to 2.7 s
on a machine where this took 0.1 s), and the timelines would show the client.
"""

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit


async def ask(address: str, path: str) -> Any:
    """Return the JSON that a server answers.

    Parameters:
        address: of the server, such as `http://127.0.0.1:8000`.
        path: what to ask for, with its query.

    Raises:
        RuntimeError: the answer is another than 200.
        OSError: the server cannot be reached.
    """
    server = urlsplit(address)
    reader, writer = await asyncio.open_connection(server.hostname, server.port)
    try:
        # RFC 9112 9.6: the server ends the connection after its answer, so the answer is all that comes.
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {server.netloc}\r\nConnection: close\r\n\r\n".encode())
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    finally:
        writer.close()
    status_line = head.partition(b"\r\n")[0].decode("latin-1")
    if not status_line.startswith("HTTP/1.1 200 "):
        raise RuntimeError(f"GET {path} was answered with {status_line or 'nothing'!r}")
    return json.loads(body)
