"""Bad: the path only accepts digits, and the parameter only text, so every request is refused."""

from typeway import Typeway

app = Typeway()


@app.get("/rooms/{floor:int}")
async def list_rooms(floor: str) -> dict[str, str]:
    return {"floor": floor}
