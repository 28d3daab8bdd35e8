"""Bad: no slash is between the prefix and the path, so the address of a room is `/rooms12`."""

from typeway import Router, Typeway

app = Typeway()
rooms = Router(prefix="/rooms")


@rooms.get("{number}")
async def read_room(number: int) -> dict[str, int]:
    return {"room": number}


app.include_router(rooms)
