"""Good: a dependency has asked for the same room, so the endpoint finds it."""

from typeway import Depends, HTTPException, Typeway

app = Typeway()
rooms = {"attic": 2, "hall": 80}


class RoomNotFoundError(Exception):
    """There is no such room."""


def require_room(target: str) -> None:
    if target not in rooms:
        raise HTTPException(404, "There is no such room.")


def seats_in(room: str) -> int:
    if room not in rooms:
        raise RoomNotFoundError(room)
    return rooms[room]


@app.get("/moves/{source}/{target}", dependencies=[Depends(require_room)])
async def read_seats(source: str, target: str) -> int:
    return seats_in(target) - rooms.get(source, 0)
