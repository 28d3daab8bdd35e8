"""Bad: the helper asks about the members of another club."""

from typeway import HTTPException, Typeway

app = Typeway()
rowers: dict[str, int] = {"ada": 1}
players: dict[str, int] = {"bob": 2}


class MemberNotFoundError(Exception):
    """There is no member of this name."""


def require_player(name: str) -> None:
    if name not in players:
        raise HTTPException(404, "There is no player of this name.")


def find_rower(name: str) -> int:
    if name not in rowers:
        raise MemberNotFoundError(name)
    return rowers[name]


@app.get("/rowers/{name}")
async def read_rower(name: str) -> int:
    require_player(name)
    return find_rower(name)
