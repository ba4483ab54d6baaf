"""Rights on folders (RFC 4314), annotations (RFC 5464), and Sieve scripts (RFC 5228)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def _key(name: str, kind: type[sa.BigInteger | sa.Text] = sa.BigInteger) -> sa.Column[object]:
    return sa.Column(name, kind(), autoincrement=False, nullable=False)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "acl",
        _key("folder"),
        _key("who", sa.Text),
        sa.Column("rights", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("folder", "who"),
        sqlite_with_rowid=False,
    )
    op.create_index("acl_who", "acl", ["who"])
    op.create_table(
        "annotation",
        _key("folder"),
        _key("account"),
        _key("entry", sa.Text),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("folder", "account", "entry"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "script",
        _key("account"),
        _key("name", sa.Text),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("active", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account", "name"),
        sqlite_with_rowid=False,
    )
