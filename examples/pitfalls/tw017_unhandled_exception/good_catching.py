"""Good: a dependency answers at its `yield` what the endpoint raises."""

from collections.abc import Iterator

from typeway import Depends, HTTPException, Typeway

app = Typeway()


class SeatTakenConflictError(Exception):
    """Somebody else has the seat."""


taken: set[int] = set()


def answer_conflicts() -> Iterator[None]:
    try:
        yield
    except SeatTakenConflictError as error:
        raise HTTPException(409, f"Seat {error} is taken.") from error


@app.put("/seats/{number}", dependencies=[Depends(answer_conflicts)])
async def take_seat(number: int) -> dict[str, int]:
    if number in taken:
        raise SeatTakenConflictError(number)
    taken.add(number)
    return {"seat": number}
