"""Resume the generators of dependencies after the request, in reverse order, with the error of the request if any."""

import warnings
from asyncio import current_task
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from anyio import CancelScope
from anyio.lowlevel import checkpoint_if_cancelled
from starlette.datastructures import FormData

from typeway.concurrency import contained
from typeway.declare.signature import name_of
from typeway.exceptions import TypewayError
from typeway.plan.exchange import Exchange, Exit
from typeway.plan.yields import NO_STOP, explain, reason

SWALLOWED: Final = (
    "there is no response: the application is raising an exception and a dependency with yield caught it without "
    "raising it again. Re-raise it in the dependency's except block, or raise an HTTPException there."
)

# PERF: the default of anext() for a generator that has ended; an exception would cost 0.4 of 8 us.
ENDED: Final = object()

# The scope key of a form whose uploads are closed after the response; set by routes that serve themselves.
UPLOADS: Final = "typeway.uploads"


async def close_uploads(form: FormData) -> None:
    """Close the files of a form even if the request is cancelled: large uploads are files on disk."""
    with CancelScope(shield=True):
        await form.close()


async def resume(
    exits: list[Exit], failure: BaseException | None, exchange: Exchange, task: Any = None
) -> BaseException | None:
    """Resume generators in reverse order; each sees the exception that the one before it has raised or passed on.

    Parameters:
        task: the task of asyncio that serves the request; None on other event loops.

    Returns:
        The exception to raise: the one that the last generator passed on or raised; a TypewayError if a generator
        swallowed the exception of a request.
    """
    error = failure
    if isinstance(failure, GeneratorExit):
        if is_destroyed(task):
            return abandon(exits, failure, exchange)
        error = contained(failure)  # thrown into a generator it would forbid the generator to wait
    while exits:
        generator, call = exits.pop()
        # Cancellation of the request does not interrupt the clean-up of a generator.
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
            if is_destroyed(task):
                return abandon(exits, raised, exchange, call.name)
            error = contained(raised)
        except BaseException as raised:
            error = raised
    if error is None and failure is not None and exchange.scope["type"] == "http":
        error = TypewayError(SWALLOWED)
        error.__cause__ = failure
    return error


def running_task() -> Any:
    """Return the task of asyncio that is running; None on other event loops, and where none is running."""
    try:
        return current_task()
    except RuntimeError:
        return None


def is_destroyed(task: Any) -> bool:
    """Whether a GeneratorExit means that a task is destroyed, so that nothing can wait any more.

    Who destroys a coroutine does that from outside its task; inside, an author's function has raised it.
    """
    return task is None or running_task() is not task


async def leave(generator: AsyncGenerator[Any, None], error: BaseException | None) -> bool | None:
    """Resume a generator after its `yield`, by the rules of contextlib; return whether it swallowed the error.

    PERF: without an error this costs 0.16 us; contextlib's manager costs 0.24 us, and has to be made and entered.
    """
    own: Any = generator
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
    """Resume the generators of a request whose task is destroyed; clean-up that would have to wait cannot finish.

    Parameters:
        names: the dependencies whose clean-up was interrupted already.

    Warns:
        ResourceWarning: the clean-up of some dependencies did not finish.
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
