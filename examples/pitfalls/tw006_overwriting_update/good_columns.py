"""Good: the body decides what is written."""

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
    session.execute(update(Task).where(Task.id == task_id).values(task.model_dump()))
    session.commit()
