"""Count the changes of a task, so that an update can be refused if another one came first."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column; the default is for the rows that are there, and for the previous release while both run."""
    op.add_column("tasks", sa.Column("version", sa.Integer(), server_default="1", nullable=False))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("tasks", "version")
