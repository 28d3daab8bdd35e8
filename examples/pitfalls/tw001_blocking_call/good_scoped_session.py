"""Good: the session of the thread is used in a plain `def`, which has a thread."""

from sqlalchemy import create_engine, text
from sqlalchemy.orm import scoped_session, sessionmaker

from typeway import Typeway

app = Typeway()
database = scoped_session(sessionmaker(create_engine("sqlite://")))


@app.get("/guests/{name}/table")
def find_table(name: str) -> int:
    try:
        return int(database.scalar(text("SELECT number FROM tables WHERE guest = :name"), {"name": name}) or 0)
    finally:
        database.remove()
