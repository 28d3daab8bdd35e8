"""Serve HTTP/1.1 straight from the socket: a protocol class for uvicorn, with a shorter way to Typeway applications.

Example:
    ```python
    import uvicorn
    from typeway.protocol import HTTPProtocol

    uvicorn.run("main:app", http=HTTPProtocol)
    ```
"""

from typeway.protocol.connection import HTTPProtocol
from typeway.protocol.settings import HTTPSettings

__all__ = ["HTTPProtocol", "HTTPSettings"]
