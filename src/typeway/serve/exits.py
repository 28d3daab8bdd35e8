"""Resume generators after their request: in reverse order, with the error that ended it if there was one."""

from __future__ import annotations

from collections.abc import Awaitable
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, TypeVar

from anyio import CancelScope
from anyio.lowlevel import checkpoint_if_cancelled

from typeway.exceptions import TypewayError
from typeway.plan.exchange import Exchange, Exit

Result = TypeVar("Result")

SWALLOWED: Final = (
    "there is nothing to answer with: the application is raising an exception and a dependency with yield caught it "
    "without raising it again. Re-raise it in the dependency's except block, or raise an HTTPException there."
)


async def surrounded(work: Awaitable[Result], exchange: Exchange) -> Result:
    """Await the work that generators of the function's scope surround, and resume them: nothing has been sent yet.

    Raises:
        BaseException: what the work raised, as it came out of the last of them; or what one of them raised instead.
    """
    result: Any = None
    failure: BaseException | None = None
    try:
        result = await work
    except BaseException as error:  # noqa: BLE001  # generators see cancellation as well
        failure = error
    if exchange.function_exits:
        failure = await resume(exchange.function_exits, failure, exchange)
    if failure is not None:
        try:
            raise failure
        finally:
            failure = None  # else this frame and the traceback would keep each other alive
    return result  # type: ignore[no-any-return]  # None where a WebSocket's generator swallowed a failure


async def resume(exits: list[Exit], failure: BaseException | None, exchange: Exchange) -> BaseException | None:
    """Leave context managers, the last entered first.

    Parameters:
        exits: what to leave; empty afterwards.
        failure: what ended the request; each manager sees it as it comes out of the one inside it.

    Returns:
        What is to be raised: the failure as it came out of the last one, or a TypewayError if one swallowed it.
    """
    error = failure
    while exits:
        manager, in_thread = exits.pop()
        shield = None if in_thread else exchange.cancellation
        try:
            await leave(manager, error, shield)
            error = None
        except BaseException as raised:  # noqa: BLE001  # whatever comes out of a generator is what happened
            error = raised
    if error is None and failure is not None and exchange.scope["type"] == "http":
        error = TypewayError(SWALLOWED)
        error.__cause__ = failure
    return error


async def leave(
    manager: AbstractAsyncContextManager[Any], error: BaseException | None, shield: CancelScope | None
) -> None:
    """Leave one context manager; a request that is cancelled meanwhile waits for it.

    Parameters:
        shield: the scope around the whole request; None where leaving cannot be cancelled.

    Raises:
        BaseException: the error, unless the manager swallowed it or raised another; or the cancellation.
    """
    kind, trace = (None, None) if error is None else (type(error), error.__traceback__)
    if shield is None:
        swallowed = await manager.__aexit__(kind, error, trace)
    else:
        shield.shield = True
        try:
            swallowed = await manager.__aexit__(kind, error, trace)
        finally:
            shield.shield = False
    if error is not None and not swallowed:
        raise error
    if shield is not None:
        await checkpoint_if_cancelled()
