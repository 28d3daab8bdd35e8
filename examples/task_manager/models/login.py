"""The table of logins."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from examples.task_manager.models.base import Base


class Login(Base):
    """A login of a user on one device. Deleting the row ends it, with all its tokens."""

    __tablename__ = "logins"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    # SHA-256 suffices: the secret is random, so there is nothing to guess.
    secret_hash: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime]
