"""Summaries in the octets that protocols send, headings to search and sort by.

What is there is described anew, behind deliveries: the old summaries held less.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _octets(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=False)


def upgrade() -> None:
    """Make the tables; have every content described."""
    op.drop_table("summary")
    op.create_table(
        "summary",
        sa.Column("content", _ID, autoincrement=False, nullable=False),
        _octets("envelope"),
        _octets("structure"),
        _text("offsets"),
        _octets("overview"),
        _text("subject"),
        _text("preview"),
        sa.PrimaryKeyConstraint("content"),
    )
    op.create_table(
        "heading",
        sa.Column("content", _ID, autoincrement=False, nullable=False),
        sa.Column("sent", sa.BigInteger()),
        sa.Column("sent_day", sa.Integer()),
        _text("from_text"),
        _text("to_text"),
        _text("cc_text"),
        _text("bcc_text"),
        _text("subject_text"),
        _text("message_id"),
        _text("refs"),
        _text("sort"),
        sa.PrimaryKeyConstraint("content"),
    )
    op.execute(
        "INSERT INTO pending (content) SELECT id FROM content "
        "WHERE id NOT IN (SELECT content FROM pending)"
    )
    op.drop_column("content_text", "sent_day")
