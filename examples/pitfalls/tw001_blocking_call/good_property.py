"""Good: what asks a database is a method, which a thread calls."""

import sqlite3
from abc import ABC, abstractmethod

from typeway import Typeway
from typeway.concurrency import run_in_threadpool

app = Typeway()


class Counter(ABC):
    def shown(self) -> str:
        return f"{self.count()} tasks"

    @abstractmethod
    def count(self) -> int: ...


class DatabaseCounter(Counter):
    def count(self) -> int:
        with sqlite3.connect("tasks.db") as connection:
            return int(connection.execute("SELECT COUNT(*) FROM tasks").fetchone()[0])


counter: Counter = DatabaseCounter()


@app.get("/tasks/count")
async def count_tasks() -> dict[str, str]:
    return {"count": await run_in_threadpool(counter.shown)}
