"""Let tasks have files."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

identity = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the table; the contents are files."""
    op.create_table(
        "attachments",
        sa.Column("id", identity, nullable=False),
        sa.Column("task_id", identity, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("content_type", sa.String(100), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("file", sa.String(64), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_attachments_task_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_attachments_task_id"), "attachments", ["task_id"])


def downgrade() -> None:
    """Drop the table; the files stay."""
    op.drop_table("attachments")
