"""Summaries in the octets that protocols send, headings to search and sort by; trigrams alone.

What is there is described and indexed anew, behind deliveries: the old summaries held less, and
the old index knew where in a text its trigrams are, which made it three times as large.
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


# Triggers keep the text and its trigrams together, so that no statement can forget to.
_SQLITE_INDEX = (
    "CREATE VIRTUAL TABLE content_fts USING fts5(fields, body, content='content_text',"
    " content_rowid='content', tokenize='trigram case_sensitive 1', detail=none)",
    "CREATE TRIGGER content_text_added AFTER INSERT ON content_text WHEN new.long = 0 BEGIN"
    " INSERT INTO content_fts(rowid, fields, body)"
    " VALUES (new.content, new.fields, new.body); END",
    "CREATE TRIGGER content_text_gone AFTER DELETE ON content_text WHEN old.long = 0 BEGIN"
    " INSERT INTO content_fts(content_fts, rowid, fields, body)"
    " VALUES ('delete', old.content, old.fields, old.body); END",
)


def upgrade() -> None:
    """Make the tables; have every content described and indexed."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    if sqlite:
        op.execute("DROP TRIGGER content_text_added")
        op.execute("DROP TRIGGER content_text_gone")
        op.execute("DROP TABLE content_fts")
    op.execute("DELETE FROM content_text")
    op.drop_column("content_text", "sent_day")
    if sqlite:
        for statement in _SQLITE_INDEX:
            op.execute(statement)
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
