"""Good: a helper has asked before, so the error of the next function cannot happen."""

from typeway import HTTPException, Typeway

app = Typeway()
rowers: dict[str, int] = {"ada": 1}


class MemberNotFoundError(Exception):
    """There is no member of this name."""


def require_rower(name: str) -> None:
    if name not in rowers:
        raise HTTPException(404, "There is no rower of this name.")


def find_rower(name: str) -> int:
    if name not in rowers:
        raise MemberNotFoundError(name)
    return rowers[name]


@app.get("/rowers/{name}")
async def read_rower(name: str) -> int:
    require_rower(name)
    return find_rower(name)
