"""Good: those that log in and what calls a webhook have no credentials yet, or others, and the path says so."""

from typing import Annotated

from pydantic import BaseModel

from typeway import Depends, Typeway
from typeway.security import HTTPBasic, HTTPBasicCredentials

app = Typeway()
Credentials = Annotated[HTTPBasicCredentials, Depends(HTTPBasic())]


class Login(BaseModel):
    name: str
    password: str


@app.post("/authors", status_code=201)
async def add_author(name: str, who: Credentials) -> dict[str, str]:
    return {"author": name, "added_by": who.username}


@app.put("/discounts/{article}")
async def set_discount(article: str, percent: int, who: Credentials) -> dict[str, str | int]:
    return {"article": article, "percent": percent, "set_by": who.username}


@app.delete("/discounts/{article}", status_code=204, dependencies=[Depends(HTTPBasic())])
async def delete_discount(article: str) -> None:
    """Delete a discount."""


@app.post("/login")
async def log_in(login: Login) -> dict[str, str]:
    return {"hello": login.name}


@app.post("/webhooks/payment", status_code=204)
async def note_payment(order: int) -> None:
    """Note that an order was paid."""
