"""Run an ASGI application in a task of its own, and show its response before it is complete."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, Protocol

from anyio import BrokenResourceError, CancelScope, ClosedResourceError, create_memory_object_stream

from typeway.serve.answer import Answer, BodyIterator
from typeway.serve.reply import Dropped, is_dropped
from typeway.types import ASGIApp, Message, Receive, Scope, Send


class Bridge:
    """One application, one connection, one child task: for asyncio.

    A task of its own keeps the cancel scopes that the application opens apart from those of the middleware around it.
    What follows the start of the response waits until it is clear where it goes: to whoever iterates over the body, past
    everybody to the server, or nowhere.

    Parameters:
        send: the server's, for what comes before the start of the response.
    """

    def __init__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.source = receive
        self.send_early = send
        self.start: Message | None = None
        self.info: Any = None
        self.answered = asyncio.Event()  # set once the start is known, or there will be none
        self.sink: Send = self.drop  # where the rest goes
        self.decided = asyncio.Event()  # set once that is known
        self.passed = asyncio.Event()  # set once the whole response is there, or there will be no more of it
        self.sent = asyncio.Event()  # set once the middleware has sent its response
        self.waits = True  # whether the application may finish only then, because others' tasks come before its own
        self.waiting: set[CancelScope] = set()  # where the application waits for messages
        self.parts: tuple[Closable, Closable] | None = None  # both ends of the way to whoever iterates over the body
        self.error: Exception | None = None  # what the application has raised, until that is raised here
        self.task = asyncio.get_running_loop().create_task(self.run(app, scope))

    async def run(self, app: ASGIApp, scope: Scope) -> None:
        try:
            await app(scope, self.receive, self.send)
        except Exception as error:
            self.error = error
        finally:
            self.answered.set()
            self.passed.set()
            if self.parts is not None:
                self.parts[0].close()

    async def receive(self) -> Message:
        """The connection's next message; a disconnect once the response has been sent."""
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
        """Send nothing: the middleware answers with something else, and the application may still finish.

        Raises:
            Dropped: there is more to come, and the application expects to be told by an error, as by a server.
        """
        version = str(self.scope.get("asgi", {}).get("spec_version", "2.0"))
        if not is_last(message) and tuple(map(int, version.split("."))) >= (2, 4):
            raise Dropped

    async def answer(self) -> Answer:
        """The response, as soon as its status and headers are known; what was raised instead is raised here."""
        await self.answered.wait()
        if self.start is None:
            raise self.failure()
        return Answer(self.start["status"], list(self.start.get("headers", ())), BodyIterator.made_by(self), self.info)

    async def forward(self, send: Send) -> None:
        """Let the application send the rest of its response itself, and wait for the end of it."""
        self.decide(send)
        await self.passed.wait()
        if self.error is not None:
            raise self.failure()

    async def chunks(self) -> AsyncGenerator[Any, None]:
        """The chunks of the body, each made when it is asked for; messages of other types as they are."""
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
        """Let the application finish: its background tasks run and its generators are resumed now."""
        self.release()
        await self.task
        if self.error is not None and not is_dropped(self.error):
            raise self.error

    async def cancel(self) -> None:
        """Stop the application: the middleware around it has failed or was cancelled."""
        self.task.cancel()
        self.release()
        await asyncio.wait([self.task])

    def release(self) -> None:
        """Let nothing wait any longer: what the application still sends has no taker, and nobody is there to hear."""
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
    """Whether nothing of a response follows a message."""
    if message["type"] == "http.response.pathsend":
        return True
    return message["type"] == "http.response.body" and not message.get("more_body", False)
