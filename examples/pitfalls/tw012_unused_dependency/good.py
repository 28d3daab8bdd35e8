"""Good: every parameter is used; a dependency without a needed result is in `dependencies`."""

from collections.abc import Iterator
from typing import Annotated, TextIO

from typeway import Depends, HTTPException, Typeway

app = Typeway()


def open_log() -> Iterator[TextIO]:
    with open("tasks.log", encoding="utf-8") as log:  # noqa: PTH123
        yield log


def check_weekday(day: int = 1) -> None:
    if day > 5:
        raise HTTPException(503, "Closed at weekends")


@app.get("/log", dependencies=[Depends(check_weekday)])
def read_log(log: Annotated[TextIO, Depends(open_log)]) -> str:
    return log.readline()
