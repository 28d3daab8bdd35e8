"""Good: the path leaves it to the parameter what a floor may be."""

from typeway import Typeway

app = Typeway()


@app.get("/rooms/{floor}")
async def list_rooms(floor: str) -> dict[str, str]:
    return {"floor": floor}
