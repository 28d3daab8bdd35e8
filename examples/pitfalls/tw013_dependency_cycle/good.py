"""Good: both depend on a third dependency."""

from typeway import Depends, Typeway

app = Typeway()


async def read_account(name: str) -> dict[str, str]:
    return {"user": name, "team": "red"}


async def read_team(account: dict[str, str] = Depends(read_account)) -> str:
    return account["team"]


async def read_user(account: dict[str, str] = Depends(read_account)) -> str:
    return account["user"]


@app.get("/users/me")
async def read_me(user: str = Depends(read_user), team: str = Depends(read_team)) -> str:
    return f"{user} of {team}"
