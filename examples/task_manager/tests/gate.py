"""Stand between the application and a server, and cut it off, as a network or a restart does."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


class Gate:
    """A port of this machine that leads to a server as long as the gate is open.

    Parameters:
        host, port: where the server is.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._ends: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.port = 0

    def open(self) -> None:
        """Let connections through, at the same port as before."""
        listener = socket.create_server(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        self._ends.append(listener)
        self._start(self._accept, listener)

    def close(self) -> None:
        """Cut all connections, and refuse new ones."""
        while self._ends or self._threads:
            for end in self._ends:
                # Wakes the thread that reads from it; then it is closed.
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            for thread in self._threads.copy():
                thread.join()
                self._threads.remove(thread)
            while self._ends:
                self._ends.pop().close()

    def _start(self, work: Callable[..., None], *arguments: socket.socket) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(self._target)
                self._ends += [near, far]
                self._start(self._pass_on, near, far)
                self._start(self._pass_on, far, near)

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while chunk := source.recv(65536):
                target.sendall(chunk)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def gate_to(host: str, port: int) -> Iterator[Gate]:
    """Open a gate, and close it at the end."""
    gate = Gate(host, port)
    gate.open()
    try:
        yield gate
    finally:
        gate.close()
