"""Good: every write has the guard."""

from typing import Annotated

from typeway import Depends, Header, HTTPException, Typeway

app = Typeway()


def staff(x_badge: Annotated[str, Header()] = "") -> str:
    if x_badge != "staff":
        raise HTTPException(403, "Only staff may change this.")
    return x_badge


@app.post("/accounts", dependencies=[Depends(staff)])
async def open_account() -> dict[str, str]:
    return {"account": "open"}


@app.put("/accounts/{number}", dependencies=[Depends(staff)])
async def change_account(number: int) -> dict[str, int]:
    return {"account": number}


@app.delete("/accounts/{number}", dependencies=[Depends(staff)])
async def close_account(number: int) -> dict[str, int]:
    return {"account": number}
