"""Quotas of files, and the tally of those that have one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the columns and the table."""
    for name in ("quota_file_octets", "quota_files", "file_octets", "files"):
        op.add_column("account", sa.Column(name, sa.BigInteger(), nullable=True))
    op.create_table(
        "file_work",
        sa.Column("account", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("process", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("octets", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("files", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("account", "process"),
        sqlite_with_rowid=False,
    )
