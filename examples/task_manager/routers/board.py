"""The WebSocket of the board: everybody who looks at it sees a task move at once."""

import asyncio
import logging

from pydantic import ValidationError

from examples.task_manager.dependencies import SharedResources, SocketUser
from examples.task_manager.exceptions import DatabaseUnavailableError, reason_of
from examples.task_manager.feed.listeners import Listener
from examples.task_manager.schemas.board import ErrorMessage, Move
from examples.task_manager.services.board import Board
from typeway import APIRouter, WebSocket, WebSocketDisconnect, status

logger = logging.getLogger(__name__)
router = APIRouter()


@router.websocket("/board")
async def board(socket: WebSocket, user_id: SocketUser, resources: SharedResources) -> None:
    """Send the board, then what changes; receive moves such as `{"task_id": 7, "status": "done"}`.

    The connection ends when an access token would, so that a login that has ended is noticed.
    """
    shown = Board(resources.sessions, user_id, resources.feed.publish)
    with resources.feed.listeners.joined(user_id) as listener:
        await socket.accept()
        try:
            async with asyncio.timeout(resources.tokens.lifetime.total_seconds()), asyncio.TaskGroup() as tasks:
                sending = tasks.create_task(show_changes(socket, shown, listener))
                await receive_moves(socket, shown)
                sending.cancel()
        except TimeoutError:
            await socket.close(status.WS_1008_POLICY_VIOLATION, "Log in again")
        except ExceptionGroup as failures:
            absent, others = failures.split(DatabaseUnavailableError)
            if absent is None or others is not None:
                raise
            logger.warning("the database is unavailable: %s", reason_of(absent.exceptions[0]))
            await socket.close(status.WS_1013_TRY_AGAIN_LATER, "The database does not answer")


async def show_changes(socket: WebSocket, shown: Board, listener: Listener) -> None:
    """Send the board, and what changes on it, until the connection ends."""
    try:
        await socket.send_text((await shown.show()).model_dump_json())
        while True:
            await socket.send_text((await shown.after(await listener.next())).model_dump_json())
    except WebSocketDisconnect:
        return


async def receive_moves(socket: WebSocket, shown: Board) -> None:
    """Move tasks as the client says, until it leaves."""
    async for text in socket.iter_text():
        try:
            refused = await shown.move(Move.model_validate_json(text))
        except ValidationError:
            refused = ErrorMessage(message='Send a move such as {"task_id": 7, "status": "done"}')
        if refused is not None:
            await socket.send_text(refused.model_dump_json())
