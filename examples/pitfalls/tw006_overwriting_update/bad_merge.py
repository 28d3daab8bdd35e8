"""Bad: what a client leaves out replaces what is stored, because the change comes last and has every field."""

from pydantic import BaseModel

from typeway import Typeway

app = Typeway()


class ProfileChange(BaseModel):
    name: str = ""
    city: str | None = None


profiles: dict[int, dict[str, object]] = {1: {"name": "Ada", "city": "London"}}


@app.patch("/profiles/{number}")
async def change_profile(number: int, change: ProfileChange) -> dict[str, object]:
    stored = profiles[number]
    profiles[number] = {**stored, **dict(change)}
    return profiles[number]
