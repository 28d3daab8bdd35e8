"""Good: only what the client has sent replaces what is stored."""

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
    profiles[number] = {**stored, **change.model_dump(exclude_unset=True)}
    return profiles[number]
