"""Bad: the caller asks about the club, and the function it calls refuses a name."""

from typeway import HTTPException, Typeway

app = Typeway()
clubs = {"chess", "rowing"}
members: dict[str, str] = {}


class MemberExistsError(Exception):
    """There is a member of this name."""


def add_member(name: str, club: str) -> None:
    if name in members:
        raise MemberExistsError(name)
    members[name] = club


@app.post("/clubs/{club}/members/{name}", status_code=201)
async def join(club: str, name: str) -> dict[str, str]:
    if club not in clubs:
        raise HTTPException(404, "There is no such club.")
    add_member(name, club)
    return {"club": club, "member": name}
