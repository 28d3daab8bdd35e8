"""Good: the caller has asked before, so the error of the function it calls cannot happen."""

from typeway import HTTPException, Typeway

app = Typeway()
members: dict[str, str] = {}


class MemberExistsError(Exception):
    """There is a member of this name."""


def has_member(name: str) -> bool:
    return name in members


def add_member(name: str, club: str) -> None:
    if has_member(name):
        raise MemberExistsError(name)
    members[name] = club


@app.post("/clubs/{club}/members/{name}", status_code=201)
async def join(club: str, name: str) -> dict[str, str]:
    if has_member(name):
        raise HTTPException(409, "There is a member of this name.")
    add_member(name, club)
    return {"club": club, "member": name}
