"""Resume generators after their request: in reverse order, with the error that ended it if there was one."""

import warnings
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from anyio import CancelScope
from anyio.lowlevel import checkpoint_if_cancelled
from starlette.datastructures import FormData

from typeway.declare.signature import name_of
from typeway.exceptions import TypewayError
from typeway.plan.exchange import Exchange, Exit
from typeway.plan.yields import NO_STOP, explain, reason

SWALLOWED: Final = (
    "there is nothing to answer with: the application is raising an exception and a dependency with yield caught it "
    "without raising it again. Re-raise it in the dependency's except block, or raise an HTTPException there."
)

# What a generator that has ended gives, in the place of an exception, which would cost 0.4 of 8 us.
ENDED: Final = object()

# Where a route that serves itself leaves the form whose uploads the adapter closes after the response.
UPLOADS: Final = "typeway.uploads"


async def close_uploads(form: FormData) -> None:
    """Close a form's files, whatever is being cancelled: large ones are files on a disk."""
    with CancelScope(shield=True):
        await form.close()


async def resume(exits: list[Exit], failure: BaseException | None, exchange: Exchange) -> BaseException | None:
    """Resume generators, the last begun first; each sees the failure as it comes out of the one inside it.

    Returns:
        What is to be raised: the failure as it came out of the last one, or a TypewayError if one swallowed it.
    """
    if failure is not None and isinstance(failure, GeneratorExit):
        return abandon(exits, failure, exchange)
    error = failure
    while exits:
        generator, call = exits.pop()
        # A generator may wait: whoever cancels the request meanwhile waits for it.
        shield = None if call.in_thread else exchange.cancellation
        try:
            if shield is not None:
                shield.shield = True
            try:
                if await leave(generator, error):
                    error = None
            finally:
                if shield is not None:
                    shield.shield = False
            if shield is not None and error is None:
                await checkpoint_if_cancelled()
        except GeneratorExit as raised:
            return abandon(exits, raised, exchange, call.name)
        except BaseException as raised:  # whatever comes out of a generator is what happened
            error = raised
    if error is None and failure is not None and exchange.scope["type"] == "http":
        error = TypewayError(SWALLOWED)
        error.__cause__ = failure
    return error


async def leave(generator: AsyncGenerator[Any, None], error: BaseException | None) -> bool | None:
    """Resume a generator behind its `yield`, by contextlib's rules; return whether it swallowed the error.

    PERF: where nothing has failed it costs 0.16 us; contextlib's manager 0.24 us, beside being made and entered.
    """
    own: Any = generator  # whose code says which one it is
    if error is not None:
        manager = asynccontextmanager(lambda: generator)()
        try:
            return await manager.__aexit__(type(error), error, error.__traceback__)
        except RuntimeError as raised:
            explain(raised, own.ag_code)
            raise
    if await anext(generator, ENDED) is ENDED:
        return False
    try:
        raise reason(NO_STOP, own.ag_code, "dependency")
    finally:
        await generator.aclose()


def abandon(exits: list[Exit], failure: GeneratorExit, exchange: Exchange, *names: str) -> GeneratorExit:
    """Resume the generators of a request whose task is destroyed, as far as they need not wait: nothing can any more.

    Parameters:
        names: what has not finished already.

    Warns:
        ResourceWarning: some generators could not finish their clean-up.
    """
    unfinished = [*names]
    while exits:
        generator, call = exits.pop()
        steps = leave(generator, failure)
        try:
            if not call.in_thread:
                steps.send(None)
            unfinished.append(call.name)
        except StopIteration:
            pass  # it has finished
        except Exception as error:
            unfinished.append(f"{call.name} ({type(error).__name__}: {error})")
        finally:
            with suppress(Exception):
                steps.close()
    if unfinished:
        scope = exchange.scope
        subject = f"{scope.get('method', 'WebSocket')} {scope['path']}"
        if "endpoint" in scope:
            subject += f" (endpoint {name_of(scope['endpoint'])})"
        warnings.warn(
            f"{subject} was destroyed before its dependencies could clean up; unfinished: {', '.join(unfinished)}. "
            "Cancel the tasks of requests and await them before their event loop ends.",
            ResourceWarning,
            stacklevel=2,
        )
    return failure
