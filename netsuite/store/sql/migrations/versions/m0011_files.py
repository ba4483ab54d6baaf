"""Quotas of files, and the tally of those that have one; locks on files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the columns and the tables."""
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
    op.create_table(
        "file_lock",
        sa.Column("token", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), server_default="", nullable=False),
        sa.Column("exclusive", sa.Integer(), nullable=False),
        sa.Column("infinite", sa.Integer(), nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token"),
        sqlite_with_rowid=False,
    )
