"""Bad: nobody closes the session, so its connection is missing in the pool until the garbage collector runs."""

from typing import Annotated

from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session, sessionmaker

from typeway import Depends, Typeway

app = Typeway()
make_session = sessionmaker(create_engine("sqlite://"))


def open_session() -> Session:
    return make_session()


@app.get("/tasks/count")
def count_tasks(session: Annotated[Session, Depends(open_session)]) -> int:
    return int(session.scalar(text("SELECT COUNT(*) FROM tasks")) or 0)
