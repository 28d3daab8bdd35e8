"""Bad: the client has its 201 before the commit, which may still fail."""

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
        session.commit()


@app.post("/tasks", status_code=201)
def create_task(title: str, session: Annotated[Session, Depends(open_session)]) -> dict[str, str]:
    session.execute(text("INSERT INTO tasks (title) VALUES (:title)"), {"title": title})
    return {"title": title}
