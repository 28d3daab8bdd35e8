"""Resume generators after their request: in reverse order, with the error that ended it if there was one."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any, Final

from typeway.exceptions import TypewayError

SWALLOWED: Final = (
    "there is nothing to answer with: the application is raising an exception and a dependency with yield caught it "
    "without raising it again. Re-raise it in the dependency's except block, or raise an HTTPException there."
)


async def resume(exits: list[AbstractAsyncContextManager[Any]], error: BaseException | None) -> BaseException | None:
    """Leave context managers, the last entered first.

    Parameters:
        exits: what to leave; empty afterwards.
        error: what ended the request; each manager sees it as it comes out of the one inside it.

    Returns:
        The error as it came out of the last one, or None if there was none or it was swallowed.
    """
    while exits:
        manager = exits.pop()
        try:
            if error is None:
                await manager.__aexit__(None, None, None)
            elif await manager.__aexit__(type(error), error, error.__traceback__):
                error = None
        except BaseException as raised:  # noqa: BLE001  # whatever a generator raises now is what happened
            error = raised
    return error


async def resume_failed(exits: list[AbstractAsyncContextManager[Any]], error: BaseException) -> BaseException:
    """Leave context managers after a failure; that a generator swallowed it is an error of its own."""
    remaining = await resume(exits, error)
    if remaining is not None:
        return remaining
    swallowed = TypewayError(SWALLOWED)
    swallowed.__cause__ = error
    return swallowed
