"""Run an ASGI application in a task of its own, and show its response before it is complete."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from anyio import BrokenResourceError, ClosedResourceError, EndOfStream, Event, create_memory_object_stream

from typeway.serve.answer import Answer
from typeway.types import ASGIApp, Message, Receive, Scope


class Bridge:
    """One application, one connection, one child task: for asyncio.

    A task of its own keeps the cancel scopes that the application opens apart from those of the middleware around it.
    """

    def __init__(self, app: ASGIApp, scope: Scope, receive: Receive) -> None:
        self.sender, self.receiver = create_memory_object_stream[Message](0)
        self.sent = Event()
        self.source = receive
        self.task = asyncio.get_running_loop().create_task(self.run(app, scope))
        self.error: Exception | None = None  # what the application has raised, until that is raised here

    async def run(self, app: ASGIApp, scope: Scope) -> None:
        with self.sender:
            try:
                await app(scope, self.receive, self.send)
            except Exception as error:
                self.error = error

    async def receive(self) -> Message:
        """The connection's next message; a disconnect once the response has been sent."""
        if self.sent.is_set():
            return {"type": "http.disconnect"}
        return await self.source()

    async def send(self, message: Message) -> None:
        try:
            await self.sender.send(message)
        except (BrokenResourceError, ClosedResourceError):
            return  # the middleware answers with something else; the application may still finish
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            await self.sent.wait()

    async def answer(self) -> Answer:
        """The response, as soon as its status and headers are known; what was raised instead is raised here."""
        extra = []
        try:
            while (message := await self.receiver.receive())["type"] != "http.response.start":
                extra.append(message)
        except EndOfStream:
            raise self.failure() from None
        answer = Answer(message["status"], list(message["headers"]), b"")
        answer.body_iterator = self.chunks(extra)
        return answer

    async def chunks(self, extra: list[Message]) -> AsyncIterator[Any]:
        for message in extra:
            yield message
        async for message in self.receiver:
            if message["type"] != "http.response.body":
                yield message
                continue
            if message.get("body"):
                yield message["body"]
            if not message.get("more_body", False):
                break
        if self.error is not None:
            raise self.failure()

    def failure(self) -> Exception:
        error, self.error = self.error, None
        return error or RuntimeError("No response returned.")

    async def finish(self) -> None:
        """Let the application finish: its background tasks run and its generators are resumed now."""
        self.sent.set()
        self.receiver.close()
        await self.task
        if self.error is not None:
            raise self.error

    async def cancel(self) -> None:
        """Stop the application: the middleware around it has failed or was cancelled."""
        self.receiver.close()  # what it still sends, such as the answer to an error in its clean-up, has no taker
        self.task.cancel()
        await asyncio.wait([self.task])
