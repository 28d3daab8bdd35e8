"""Good: the more specific path comes first."""

from typeway import Typeway

app = Typeway()


@app.get("/users/me")
async def read_me() -> dict[str, str]:
    return {"id": "the one who asks"}


@app.get("/users/{user_id}")
async def read_user(user_id: str) -> dict[str, str]:
    return {"id": user_id}
