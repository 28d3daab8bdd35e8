"""Good: the session is closed when the request ends."""

from collections.abc import Iterator
from typing import Annotated

from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session, sessionmaker

from typeway import Depends, Typeway

app = Typeway()
make_session = sessionmaker(create_engine("sqlite://"))


def open_session() -> Iterator[Session]:
    with make_session() as session:
        yield session


@app.get("/tasks/count")
def count_tasks(session: Annotated[Session, Depends(open_session)]) -> int:
    return int(session.scalar(text("SELECT COUNT(*) FROM tasks")) or 0)
