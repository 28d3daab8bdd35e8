"""Whether this process can do its work."""

from sqlalchemy import text
from typeway import Router

from app.database import Session

router = Router(tags=["health"])


@router.get("/health")
async def health(session: Session) -> dict[str, str]:
    """Ask the database, and say that all is well."""
    await session.execute(text("SELECT 1"))
    return {"status": "ok"}
