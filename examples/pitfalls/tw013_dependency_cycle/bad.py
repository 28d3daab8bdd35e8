"""Bad: the user depends on the team, and the team depends on the user."""

from typeway import Depends, Typeway

app = Typeway()


async def read_team(user: str = "") -> str:
    return f"team of {user}"


async def read_user(team: str = Depends(read_team)) -> str:
    return f"somebody in {team}"


read_team.__defaults__ = (Depends(read_user),)


@app.get("/users/me")
async def read_me(user: str = Depends(read_user)) -> str:
    return user
