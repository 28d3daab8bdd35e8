"""The health check."""

from sqlalchemy import text
from typeway import Router

from app.database import Session

router = Router(tags=["health"])


@router.get("/health")
async def health(session: Session) -> dict[str, str]:
    """Check that the database responds."""
    await session.execute(text("SELECT 1"))
    return {"status": "ok"}
