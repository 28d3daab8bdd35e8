"""Bad: the columns of the table decide what is written, so a request empties `created_by`, which no client can send."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import BaseModel
from sqlalchemy import create_engine, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from typeway import Depends, Typeway

app = Typeway()
make_session = sessionmaker(create_engine("sqlite://"))


def open_session() -> Iterator[Session]:
    with make_session() as session:
        yield session


class Base(DeclarativeBase):
    pass


class Task(Base):
    __tablename__ = "tasks"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    created_by: Mapped[str | None]


class TaskIn(BaseModel):
    title: str


@app.put("/tasks/{task_id}")
def put_task(task_id: int, task: TaskIn, session: Annotated[Session, Depends(open_session)]) -> None:
    columns = Task.__table__.columns
    values = {column.key: getattr(task, column.key, None) for column in columns if not column.primary_key}
    session.execute(update(Task).where(Task.id == task_id).values(values))
    session.commit()
