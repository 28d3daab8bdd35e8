"""Good: the path begins with the slash that the prefix does not end with."""

from typeway import Router, Typeway

app = Typeway()
rooms = Router(prefix="/rooms")


@rooms.get("/{number}")
async def read_room(number: int) -> dict[str, int]:
    return {"room": number}


app.include_router(rooms)
