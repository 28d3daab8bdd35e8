"""Stop a uvicorn server without losing a request, and tell when it is ready."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import signal
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from socket import SOL_SOCKET, AddressFamily, socket
from types import FrameType
from typing import Any, Final

import uvicorn

from typeway.health import STOPPING
from typeway.protocol.settings import DEFAULTS, HTTPSettings

# The exit status of a server whose application did not start; uvicorn's own.
STARTUP_FAILURE: Final = 3

STOPPING_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)

# The option of a socket that takes a packet filter (asm-generic/socket.h), and a filter in the form of struct
# sock_filter (code, jump if true, jump if false, value): load byte 13 of the TCP header, its flags; is SYN set; if so
# keep 0 bytes of the packet, else all.
SO_ATTACH_FILTER: Final = 26
DROP_SYN: Final = ((0x30, 0, 0, 13), (0x45, 0, 1, 0x02), (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFFFFFF))

TCP: Final = (AddressFamily.AF_INET, AddressFamily.AF_INET6)

# How long a connection that a client has begun may take to be established, in seconds; and how long its TLS handshake,
# when the server stops.
HANDSHAKE_SECONDS: Final = 0.1
TLS_SECONDS: Final = 2.0


class Config(uvicorn.Config):
    """The configuration of uvicorn, with the limits of `HTTPProtocol`; it can be sent to other processes.

    Parameters:
        http_settings: the limits.
        drain_delay: for how many seconds connections are still accepted after the first signal to stop, while
            `typeway.health.is_stopping()` is true.
        options: those of `uvicorn.Config`.
    """

    def __init__(
        self, app: Any, *, http_settings: HTTPSettings = DEFAULTS, drain_delay: float = 0, **options: Any
    ) -> None:
        super().__init__(app, **options)
        self.http_settings = http_settings
        self.drain_delay = drain_delay


class Server(uvicorn.Server):
    """A uvicorn server that stops as an operator expects.

    At the first signal it accepts every connection that the operating system has taken for it, then stops listening,
    answers what it has received, and exits with status 0. At the second signal it exits at once.

    Parameters:
        config: the configuration.
        on_ready: called when the application has started and connections are accepted.
        is_only: whether no other process listens on the same sockets, and no parent decides when to stop.
    """

    def __init__(
        self, config: uvicorn.Config, on_ready: Callable[[], object] = lambda: None, *, is_only: bool = True
    ) -> None:
        super().__init__(config)
        self.on_ready = on_ready
        self.is_only = is_only

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Start the application and listen."""
        await super().startup(sockets)
        if self.started:
            self.on_ready()

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Stop listening, finish the requests, and stop the application."""
        STOPPING.set()
        if self.is_only:
            await self.drain(getattr(self.config, "drain_delay", 0))
        for listener in sockets or ():
            if self.is_only:
                await asyncio.to_thread(refuse_more, listener, self.config)
            await self.accept_waiting(listener)
        await super().shutdown(sockets)

    async def drain(self, seconds: float) -> None:
        """Go on accepting connections for a while, unless a second signal comes."""
        end = time.monotonic() + seconds
        while not self.force_exit and time.monotonic() < end:  # noqa: ASYNC110 - a signal handler may not set an event
            await asyncio.sleep(min(0.1, max(end - time.monotonic(), 0)))

    async def accept_waiting(self, listener: socket) -> None:
        """Accept the connections that are established but wait in the operating system; closing would reset them."""
        waiting = []
        with contextlib.suppress(OSError):  # BlockingIOError: none is left
            while True:
                waiting.append(listener.accept()[0])
        # At once, because a client that is silent in its TLS handshake must not hold the others up.
        await asyncio.gather(*map(self.take, waiting))

    async def take(self, connection: socket) -> None:
        """Serve a connection that has been accepted; one whose client is gone, or silent in its handshake, is dropped."""
        connection.setblocking(False)
        encrypted: Any = self.config.ssl
        limit = None if encrypted is None else TLS_SECONDS

        def protocol() -> Any:
            kind: Any = self.config.http_protocol_class
            return kind(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)

        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):  # ssl.SSLError and TimeoutError are such
            await loop.connect_accepted_socket(protocol, connection, ssl=encrypted, ssl_handshake_timeout=limit)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop at the first signal; at the second, without waiting for requests.

        A process of a parent gets two for one: Ctrl+C in a terminal reaches both, and then the parent sends its own. Such a
        process never hurries; the parent kills it when it is told twice.
        """
        self.force_exit: bool = self.should_exit and self.is_only
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle signals while the server runs; uvicorn would raise them again afterwards, and the exit status not be 0."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in STOPPING_SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def refuse_more(listener: socket, config: uvicorn.Config) -> None:
    """Let the operating system establish no more connections; those that are under way are completed.

    Closing a socket resets every connection that waits in it to be accepted, and between the last `accept` and closing
    there is always time for one more. So a packet filter drops what would begin a connection (Linux); the client tries
    again a second later, and then the port is closed.
    """
    if config.fd is not None or not sys.platform.startswith("linux") or listener.family not in TCP:
        return  # a socket that another program has opened stays open there
    filter = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in DROP_SYN))
    program = struct.pack("HL", len(DROP_SYN), ctypes.addressof(filter))
    with contextlib.suppress(OSError):
        listener.setsockopt(SOL_SOCKET, SO_ATTACH_FILTER, program)
        time.sleep(HANDSHAKE_SECONDS)


def serve(
    config: uvicorn.Config,
    sockets: list[socket],
    on_ready: Callable[[], object] = lambda: None,
    *,
    is_only: bool = True,
) -> int:
    """Serve in this process until it is told to stop; return the exit status."""
    server = Server(config, on_ready, is_only=is_only)
    try:
        server.run(sockets)
    except SystemExit as exit:
        return exit.code if isinstance(exit.code, int) else STARTUP_FAILURE
    return 0 if server.started else STARTUP_FAILURE
