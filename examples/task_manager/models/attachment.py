"""The table of attachments."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from examples.task_manager.models.base import Base, Identity


class Attachment(Base):
    """A file that belongs to a task; its content is in a folder."""

    __tablename__ = "attachments"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"), index=True)
    # What the client calls it: shown to people, and never used as a path.
    name: Mapped[str] = mapped_column(String(200))
    content_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(BigInteger)
    # What it is called in the folder: random.
    file: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
