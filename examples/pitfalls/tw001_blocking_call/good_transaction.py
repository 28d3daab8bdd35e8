"""Good: the session factory is asynchronous, and so is its transaction."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from typeway import Typeway

app = Typeway()
make_session = async_sessionmaker(create_async_engine("sqlite+aiosqlite://"))


@app.post("/seats/{number}/reserve", status_code=204)
async def reserve(number: int) -> None:
    async with make_session.begin() as session:
        await session.execute(text("UPDATE seats SET is_free = FALSE WHERE number = :number"), {"number": number})
