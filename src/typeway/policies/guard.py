"""Serve a request as its policies demand: count it, find it a place, limit its time, carry it out once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from copy import copy
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol

from anyio import CancelScope, create_task_group, sleep
from starlette.requests import ClientDisconnect, HTTPConnection

from typeway.declare.policy import Policy
from typeway.exceptions import HTTPException, TypewayError, WebSocketException
from typeway.policies.concurrency import Concurrency
from typeway.policies.idempotency import Answer, Attempt, Idempotency
from typeway.policies.keys import Key, by_credentials, credentials_for
from typeway.policies.rate_limit import RateLimit
from typeway.policies.timeout import Timeout
from typeway.types import Message, Receive, Scope, Send

# The scope key of the visit of a request whose route has policies.
VISIT: Final = "typeway.policies"

RawHeaders = list[tuple[bytes, bytes]]

# The policies that are switched off in this context; see `typeway.testing.without_policies`.
SWITCHED_OFF: Final[ContextVar[tuple[type[Policy], ...]]] = ContextVar("typeway.policies.off", default=())


class Exchange(Protocol):
    """The request that is served; `typeway.plan.exchange.Exchange`."""

    scope: Scope
    receive: Receive
    send: Send
    write: Callable[[int, RawHeaders, bytes], None] | None
    held: HTTPConnection[Any] | None


# Serves the request; answers an error of it, or raises the error.
Work = Callable[[], Awaitable[None]]
AnswerError = Callable[[Exception, Any], Awaitable[None]]


class AnsweredBefore(Exception):
    """The request was answered before, as has become known after dependencies have run."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer)
        self.answer = answer


@dataclass(frozen=True, slots=True, eq=False)
class Guard:
    """The policies of one route, in the order in which they act; those with a key of a dependency act in its plan."""

    timeout: Timeout | None
    rates: tuple[tuple[RateLimit, Key], ...]
    concurrency: Concurrency | None
    idempotency: tuple[Idempotency, Key] | None

    def in_force(self) -> Guard:
        """Return the guard without what is switched off in this context."""
        off = SWITCHED_OFF.get()
        if not off:
            return self
        return Guard(
            None if Timeout in off else self.timeout,
            () if RateLimit in off else self.rates,
            None if Concurrency in off else self.concurrency,
            None if Idempotency in off else self.idempotency,
        )

    async def serve(self, exchange: Exchange, work: Work, answer: AnswerError) -> None:
        """Serve a request.

        Parameters:
            exchange: the request; its functions for sending are replaced.
            work: serves it.
            answer: answers an exception on an exchange, or raises it.
        """
        guard = self.in_force()
        visit = Visit(guard, exchange.scope, exchange)
        if guard.timeout is None:
            await visit.serve(work, answer)
        else:
            await visit.serve_in_time(guard.timeout.seconds, work, answer)

    async def serve_socket(self, scope: Scope, work: Work) -> None:
        """Serve a WebSocket, which counts once and has its place until it ends.

        Raises:
            HTTPException: 429 or 503 before it is accepted, if the server can send that.
            WebSocketException: 1008 or 1013 else (RFC 6455 section 7.4.1, and its registry at IANA).
        """
        guard = self.in_force()
        visit = scope[VISIT] = Visit(guard, scope, None)
        is_refused = True
        try:
            await visit.count()
            async with place_in(guard):
                is_refused = False
                await work()
        except HTTPException as error:
            if is_refused:
                raise for_socket(error, scope) from None
            raise


class Visit:
    """One request while its policies act on it."""

    outer_send: Send
    outer_write: Callable[[int, RawHeaders, bytes], None] | None

    def __init__(self, guard: Guard, scope: Scope, exchange: Exchange | None) -> None:
        self.guard = guard
        self.scope = scope
        self.exchange = exchange
        self.headers: RawHeaders = []  # what the response has beside its own
        self.attempt: Attempt | None = None
        self.has_started: bool = False
        self.is_late = False  # whether the client has been told that the time is over
        self.limit: CancelScope | None = None
        if exchange is not None:
            self.outer_send, self.outer_write = exchange.send, exchange.write

    # --- the request ----------------------------------------------------------------------------------------------

    async def serve(self, work: Work, answer: AnswerError) -> None:
        """Serve the request within its limits, and answer its errors."""
        exchange, guard = self.exchange, self.guard
        if exchange is None:
            return
        self.scope[VISIT] = self
        exchange.send = self.send
        if self.outer_write is not None:
            exchange.write = self.write
        try:
            await self.count()
            async with place_in(guard):
                if guard.idempotency is not None:
                    policy, key = guard.idempotency
                    await self.begin(exchange, policy, lambda: key.of_connection(HTTPConnection(self.scope)))
                await work()
        except AnsweredBefore as found:
            await self.repeat(found.answer)
        except Exception as error:  # noqa: BLE001  the application's handlers decide
            await answer(error, exchange)
        finally:
            if self.attempt is not None:
                await self.attempt.end()

    async def count(self) -> None:
        for rate, key in self.guard.rates:
            self.headers += await rate.count(key.of_connection(HTTPConnection(self.scope)))

    async def admit(self, policy: Policy, principal: Any, exchange: Exchange) -> None:
        """Apply a policy whose key is a principal, after the dependency that returns it."""
        if type(policy) in SWITCHED_OFF.get():
            return
        connection = HTTPConnection[Any](self.scope)
        if isinstance(policy, RateLimit):
            try:
                self.headers += await policy.count(policy.client.of_principal(principal, connection))
            except HTTPException as error:
                raise for_socket(error, self.scope) if self.exchange is None else error from None
        elif isinstance(policy, Idempotency):
            await self.begin(exchange, policy, lambda: policy.client.of_principal(principal, connection))

    async def begin(self, exchange: Exchange, policy: Idempotency, principal: Callable[[], str]) -> None:
        """Begin a request with an idempotency key.

        Raises:
            AnsweredBefore: it has been answered before.
            HTTPException: 400, 409, 422 or 503.
        """
        key = policy.read_key(self.scope)
        if key is None:
            return
        found = await policy.begin(self.scope, key, principal(), await whole_body(exchange))
        if isinstance(found, Answer):
            raise AnsweredBefore(found)
        self.attempt = found
        if self.exchange is not None and found is not None:
            self.exchange.write = exchange.write = None  # the answer is kept before it is sent

    async def repeat(self, answer: Answer) -> None:
        await self.send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        await self.send({"type": "http.response.body", "body": answer.body})

    # --- the response ---------------------------------------------------------------------------------------------

    async def send(self, message: Message) -> None:
        """Send a message of the work's response, unless it is too late."""
        if self.attempt is not None:
            await self.attempt.collect(message)
        if not self.is_late:
            await self.send_on(message)

    async def send_on(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_started = True
            if self.headers:
                message = {**message, "headers": [*message.get("headers", ()), *self.headers]}
        await self.outer_send(message)

    def write(self, status: int, headers: RawHeaders, body: bytes) -> None:
        """Send a whole response, unless it is too late."""
        if not self.is_late and self.outer_write is not None:
            self.has_started = True
            self.outer_write(status, [*headers, *self.headers], body)

    # --- the time -------------------------------------------------------------------------------------------------

    async def serve_in_time(self, seconds: float, work: Work, answer: AnswerError) -> None:
        """Serve the request; if its response has not begun in time, answer with 504 and cancel the work.

        The answer does not wait for the work: a thread cannot be stopped, and clean-up may take its time.
        """
        beside: Any = copy(self.exchange)
        beside.send, beside.write = self.send_on, None

        async def ring() -> None:
            if self.has_started:
                return
            self.is_late = True
            limit.cancel()
            detail = "The response did not begin in time."
            await answer(HTTPException(504, detail), beside)

        # The outermost scope of the request: its clean-up is shielded by one further in.
        with CancelScope() as limit:
            await with_alarm(seconds, partial(self.serve, work, answer), ring)


async def with_alarm(seconds: float, work: Work, ring: Work) -> None:
    """Do some work; after some seconds begin something beside it, which ends before this function does."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        await with_alarm_beside(seconds, work, ring)
        return
    # PERF: a timer costs 5 us, a waiting task in a task group 90.
    rung: list[asyncio.Task[Any]] = []
    timer = loop.call_later(seconds, lambda: rung.append(loop.create_task(as_coroutine(ring))))
    try:
        await work()
    finally:
        timer.cancel()
        for task in rung:
            with CancelScope(shield=True):
                await task


async def as_coroutine(work: Work) -> None:
    await work()


async def with_alarm_beside(seconds: float, work: Work, ring: Work) -> None:
    """Do what `with_alarm` does on any event loop."""
    failure: BaseException | None = None  # raised outside the task group, which would wrap it
    waiting = CancelScope()

    async def wait_and_ring() -> None:
        nonlocal failure
        with waiting:
            await sleep(seconds)
        if not waiting.cancel_called:
            try:
                with CancelScope(shield=True):
                    await ring()
            except Exception as error:  # noqa: BLE001  raised below
                failure = error

    async with create_task_group() as group:
        group.start_soon(wait_and_ring)
        try:
            await work()
        except Exception as error:  # noqa: BLE001  raised below
            failure = error
        finally:
            waiting.cancel()
    if failure is not None:
        raise failure


async def whole_body(exchange: Exchange) -> bytes:
    """Return the body of a request, and let it be read again.

    Raises:
        ClientDisconnect: the client has gone before its end.
    """
    held: Any = exchange.held
    if held is not None:
        body: bytes = await held.body()
        return body
    receive, chunks, has_more = exchange.receive, list[bytes](), True
    while has_more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunks.append(message.get("body", b""))
        has_more = message.get("more_body", False)
    whole = b"".join(chunks)
    is_read = False

    async def receive_again() -> Message:
        nonlocal is_read
        if is_read:
            return await receive()
        is_read = True
        return {"type": "http.request", "body": whole, "more_body": False}

    exchange.receive = receive_again
    return whole


def place_in(guard: Guard) -> AbstractAsyncContextManager[None]:
    return nullcontext() if guard.concurrency is None else guard.concurrency.place()


def for_socket(error: HTTPException, scope: Scope) -> Exception:
    """Return the exception that refuses a WebSocket: an HTTP response where the server can send one before it accepts."""
    if "websocket.http.response" in scope.get("extensions", {}):
        return error
    return WebSocketException(1008 if error.status_code == 429 else 1013, str(error.detail))


def guard_of(policies: Iterable[Policy], functions: Iterable[Any] = ()) -> Guard | None:
    """Return the guard of a route; None if no policy acts on its requests.

    Parameters:
        functions: its endpoint and dependencies, whose security schemes say where credentials are.
    """
    by_kind: dict[type[Policy], Any] = {type(policy): policy for policy in policies}
    acting = [policy for policy in policies if isinstance(policy, ACTING)]
    if not acting:
        return None
    credentials = credentials_for(functions)
    keys = {policy: credentials if policy.client is by_credentials else policy.client for policy in acting
            if isinstance(policy, (RateLimit, Idempotency)) and policy.client.depends is None}  # fmt: skip
    idempotency = by_kind.get(Idempotency)
    return Guard(
        by_kind.get(Timeout),
        tuple((policy, key) for policy, key in keys.items() if isinstance(policy, RateLimit)),
        by_kind.get(Concurrency),
        (idempotency, keys[idempotency]) if idempotency in keys else None,
    )


ACTING: Final = (Timeout, Concurrency, RateLimit, Idempotency)


def reached(scope: Scope) -> None:
    """Note that the endpoint of a request begins, so that the answer is its own."""
    visit: Visit | None = scope.get(VISIT)
    if visit is not None and visit.attempt is not None:
        visit.attempt.has_reached = True


def visit_of(scope: Scope) -> Visit:
    """Return what acts on a request for its policies.

    Raises:
        TypewayError: nothing does: somebody has called the route past the application, and it must not run without.
    """
    visit: Visit | None = scope.get(VISIT)
    if visit is None:
        raise TypewayError(
            f"{scope['path']} has policies, and only an application or a router of Typeway applies them: call that, or "
            "mount it, and not the route."
        )
    return visit


@contextmanager
def switched_off(*kinds: type[Policy]) -> Iterator[None]:
    """Switch policies off for the requests of this context; see `typeway.testing.without_policies`."""
    token = SWITCHED_OFF.set((*SWITCHED_OFF.get(), *(kinds or ACTING)))
    try:
        yield
    finally:
        SWITCHED_OFF.reset(token)
