"""Run an ASGI application in a task of its own, and return its response before the body is complete."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, Protocol

from anyio import BrokenResourceError, CancelScope, ClosedResourceError, create_memory_object_stream

from typeway.concurrency import contained
from typeway.serve.answer import Answer, BodyIterator
from typeway.serve.reply import Dropped, is_dropped
from typeway.types import ASGIApp, Message, Receive, Scope, Send


class Bridge:
    """Runs one application for one connection in one child task; on asyncio only.

    The task keeps the cancel scopes that the application opens apart from those of the middleware around it. Messages
    after the start of the response wait until their destination is known: an iterator over the body, or the server.

    Parameters:
        send: the server's `send`, for messages before the start of the response.
    """

    def __init__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.source = receive
        self.send_early = send
        self.start: Message | None = None
        self.info: Any = None
        self.answered: asyncio.Event = asyncio.Event()  # set when the start has been sent, or the application has ended
        self.sink: Send = self.drop  # the destination of the messages after the start
        self.decided: asyncio.Event = asyncio.Event()  # set when the destination is known
        self.passed: asyncio.Event = asyncio.Event()  # set when the response is complete, or the application has ended
        self.sent: asyncio.Event = asyncio.Event()  # set when the middleware has sent its response
        self.waits = (
            True  # whether the application finishes only then, because other background tasks run before its own
        )
        self.waiting: set[CancelScope] = set()  # the scopes in which the application waits for messages
        self.parts: tuple[Closable, Closable] | None = None  # both ends of the stream to the iterator over the body
        self.error: Exception | None = None  # the exception of the application, until it is raised in the middleware
        self.task: asyncio.Task[None] = asyncio.get_running_loop().create_task(self.run(app, scope))

    async def run(self, app: ASGIApp, scope: Scope) -> None:
        try:
            await app(scope, self.receive, self.send)
        except Exception as error:
            self.error = error
        except (KeyboardInterrupt, SystemExit) as error:
            self.error = contained(error)
        finally:
            self.answered.set()
            self.passed.set()
            if self.parts is not None:
                self.parts[0].close()

    async def receive(self) -> Message:
        """Return the next message of the connection; a disconnect after the response has been sent."""
        if not self.sent.is_set():
            with CancelScope() as scope:
                self.waiting.add(scope)
                try:
                    return await self.source()
                finally:
                    self.waiting.discard(scope)
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.start":
            self.start = message
            self.answered.set()
        elif kind == "http.response.debug":
            self.info = message["info"]
        elif kind == "http.response.early_hint":
            await self.send_early(message)
        else:
            await self.decided.wait()
            try:
                await self.sink(message)
            except (BrokenResourceError, ClosedResourceError):
                await self.drop(message)
            if is_last(message):
                self.passed.set()
                if self.waits:
                    await self.sent.wait()

    async def drop(self, message: Message) -> None:
        """Drop a message: the middleware answers with another response, and the application may still finish.

        Raises:
            Dropped: the response is not complete, and the application expects an error, as from a server.
        """
        version = str(self.scope.get("asgi", {}).get("spec_version", "2.0"))
        if not is_last(message) and tuple(map(int, version.split("."))) >= (2, 4):
            raise Dropped

    async def answer(self) -> Answer:
        """Return the response as soon as its status and headers are known.

        Raises:
            Exception: what the application raised before that.
        """
        await self.answered.wait()
        if self.start is None:
            raise self.failure()
        return Answer(self.start["status"], list(self.start.get("headers", ())), BodyIterator.made_by(self), self.info)

    async def forward(self, send: Send) -> None:
        """Let the application send the rest of its response itself, and wait until it is complete."""
        self.decide(send)
        await self.passed.wait()
        if self.error is not None:
            raise self.failure()

    async def chunks(self) -> AsyncGenerator[Any, None]:
        """Yield the chunks of the body as the application produces them, and messages of other types unchanged."""
        sender, receiver = self.parts = create_memory_object_stream[Message](0)
        self.decide(sender.send)
        if self.passed.is_set():
            sender.close()
        async for message in receiver:
            if message["type"] != "http.response.body":
                yield message
            elif message.get("body"):
                yield message["body"]
            if is_last(message):
                break
        if self.error is not None:
            raise self.failure()

    def decide(self, sink: Send) -> None:
        self.sink = sink
        self.decided.set()

    def failure(self) -> Exception:
        error, self.error = self.error, None
        return error or RuntimeError("No response returned.")

    async def finish(self) -> None:
        """Let the application finish: run its background tasks and resume its generators."""
        self.release()
        await self.task
        if self.error is not None and not is_dropped(self.error):
            raise self.error

    async def cancel(self) -> None:
        """Cancel the application: the middleware around it has failed or was cancelled."""
        self.task.cancel()
        self.release()
        await asyncio.wait([self.task])

    def release(self) -> None:
        """End everything that the application waits for: nothing more is sent, and no more messages are received."""
        self.sent.set()
        for scope in self.waiting:
            scope.cancel()
        if self.parts is not None:
            self.parts[1].close()
        self.decide(self.drop)


class Closable(Protocol):
    """One end of a memory object stream."""

    def close(self) -> None: ...


def is_last(message: Message) -> bool:
    """Whether a message is the last of a response."""
    if message["type"] == "http.response.pathsend":
        return True
    return message["type"] == "http.response.body" and not message.get("more_body", False)
