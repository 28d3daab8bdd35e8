"""Bad: "authors" only begins like "auth", and "discounts" only contains "count": neither says that everybody may write."""

from typing import Annotated

from typeway import Depends, Typeway
from typeway.security import HTTPBasic, HTTPBasicCredentials

app = Typeway()
Credentials = Annotated[HTTPBasicCredentials, Depends(HTTPBasic())]


@app.post("/authors", status_code=201)
async def add_author(name: str, who: Credentials) -> dict[str, str]:
    return {"author": name, "added_by": who.username}


@app.patch("/authors/{number}")
async def rename_author(number: int, name: str, who: Credentials) -> dict[str, str]:
    return {"author": name, "renamed_by": who.username}


@app.put("/discounts/{article}")
async def set_discount(article: str, percent: int, who: Credentials) -> dict[str, str | int]:
    return {"article": article, "percent": percent, "set_by": who.username}


@app.delete("/authors/{number}", status_code=204)
async def delete_author(number: int) -> None:
    """Delete an author."""


@app.delete("/discounts/{article}", status_code=204)
async def delete_discount(article: str) -> None:
    """Delete a discount."""
