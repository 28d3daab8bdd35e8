"""Good: a dependency of the same request has loaded the list, so that looking it up again finds it."""

from typing import Annotated

from pydantic import BaseModel

from typeway import Depends, HTTPException, Typeway

app = Typeway()


class Shopping(BaseModel):
    number: int
    entries: list[str]


lists = {1: Shopping(number=1, entries=["milk"])}


class ListNotFoundError(Exception):
    """There is no such list."""


def count_entries(number: int) -> int:
    if number not in lists:
        raise ListNotFoundError(number)
    return len(lists[number].entries)


def find_list(number: int) -> Shopping:
    if number not in lists:
        raise HTTPException(404, "There is no such list.")
    return lists[number]


@app.get("/lists/{number}/count")
async def read_count(shopping: Annotated[Shopping, Depends(find_list)]) -> int:
    return count_entries(shopping.number)
