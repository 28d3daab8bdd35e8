"""Bad: `/users/me` is a user whose id is "me"."""

from typeway import Typeway

app = Typeway()


@app.get("/users/{user_id}")
async def read_user(user_id: str) -> dict[str, str]:
    return {"id": user_id}


@app.get("/users/me")
async def read_me() -> dict[str, str]:
    return {"id": "the one who asks"}
