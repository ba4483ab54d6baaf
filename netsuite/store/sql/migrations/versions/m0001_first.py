"""The first schema.

A migration says what the schema was when it was written, and so imports nothing of today's.
"""

from __future__ import annotations

from contextlib import suppress

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# The trigram index keeps only trigrams: the text is in content_text. Triggers keep both together,
# so that no statement can forget to.
TEXT_INDEX = {
    "sqlite": (
        "CREATE VIRTUAL TABLE content_fts USING fts5(fields, body, content='content_text',"
        " content_rowid='content', tokenize='trigram case_sensitive 1')",
        "CREATE TRIGGER content_text_added AFTER INSERT ON content_text WHEN new.long = 0 BEGIN"
        " INSERT INTO content_fts(rowid, fields, body)"
        " VALUES (new.content, new.fields, new.body); END",
        "CREATE TRIGGER content_text_gone AFTER DELETE ON content_text WHEN old.long = 0 BEGIN"
        " INSERT INTO content_fts(content_fts, rowid, fields, body)"
        " VALUES ('delete', old.content, old.fields, old.body); END",
    ),
    # Without the right to create the extension, or the extension, searches read the text column.
    "postgresql": (
        "CREATE EXTENSION IF NOT EXISTS pg_trgm",
        "CREATE INDEX content_text_fields ON content_text USING gin (fields gin_trgm_ops)",
        "CREATE INDEX content_text_body ON content_text USING gin (body gin_trgm_ops)",
    ),
}


def _id(name: str = "id") -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column(name, kind, autoincrement=False, nullable=False)


def _index(name: str, table: str, columns: list[str], *, where: str) -> None:
    """Make an index of some rows."""
    only = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=only, postgresql_where=only)


def upgrade() -> None:
    """Make all tables; as long as there are tables."""
    op.create_table(
        "account",
        _id(),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), server_default="", nullable=False),
        sa.Column("protocols", sa.Text(), nullable=True),
        sa.Column("quota_octets", sa.BigInteger(), nullable=True),
        sa.Column("quota_messages", sa.BigInteger(), nullable=True),
        sa.Column("groups", sa.Text(), server_default="[]", nullable=False),
        sa.Column("verifiers", sa.Text(), nullable=True),
        sa.Column("octets", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("messages", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "alias",
        sa.Column("name", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("targets", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "app_password",
        _id(),
        sa.Column("account", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.Text(), server_default="", nullable=False),
        sa.Column("verifiers", sa.Text(), nullable=False),
        sa.Column("protocols", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_app_password_account"), "app_password", ["account"], unique=False)
    op.create_table(
        "change",
        _id("sequence"),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sequence"),
    )
    op.create_table(
        "chunk",
        _id(),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "content",
        _id(),
        sa.Column("guid", sa.Text(), nullable=False),
        sa.Column("octets", sa.BigInteger(), nullable=False),
        sa.Column("refs", sa.BigInteger(), nullable=False),
        sa.Column("died_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    _index("content_dead", "content", ["id"], where="refs = 0")
    op.create_table(
        "content_text",
        _id("content"),
        sa.Column("long", sa.Integer(), nullable=False),
        sa.Column("sent_day", sa.Integer(), nullable=True),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("content"),
    )
    _index("content_text_long", "content_text", ["content"], where="long = 1")
    op.create_table(
        "counter",
        sa.Column("name", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("value", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("name"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "draft",
        _id("content"),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("renewed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("content"),
    )
    op.create_table(
        "folder",
        _id(),
        sa.Column("owner", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("special_use", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("moderator", sa.Text(), nullable=True),
        sa.Column("postable", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("uid_validity", sa.BigInteger(), nullable=False),
        sa.Column("uid_next", sa.BigInteger(), nullable=False),
        sa.Column("highest_modseq", sa.BigInteger(), nullable=False),
        sa.Column("recent_from", sa.BigInteger(), nullable=False),
        sa.Column("messages", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("octets", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("owner", "name", name="folder_name"),
    )
    op.create_table(
        "login",
        _id(),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.Text(), server_default="", nullable=False),
        sa.Column("protocol", sa.Text(), server_default="", nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("mechanism", sa.Text(), server_default="", nullable=False),
        sa.Column("secure", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("outcome", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("login_account", "login", ["account", "id"], unique=False)
    op.create_table(
        "message",
        sa.Column("folder", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("uid", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("content", sa.BigInteger(), nullable=False),
        sa.Column("octets", sa.BigInteger(), nullable=False),
        sa.Column("modseq", sa.BigInteger(), nullable=False),
        sa.Column("date", sa.BigInteger(), nullable=False),
        sa.Column("zone", sa.Integer(), nullable=False),
        sa.Column("flags", sa.Integer(), nullable=False),
        sa.Column("keywords", sa.Text(), server_default="", nullable=False),
        sa.Column("saved", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("folder", "uid"),
        sqlite_with_rowid=False,
    )
    _index("message_deleted", "message", ["folder", "uid"], where="(flags & 8) = 8")
    op.create_index("message_modseq", "message", ["folder", "modseq"], unique=False)
    _index("message_unseen", "message", ["folder", "uid"], where="(flags & 1) = 0")
    op.create_table(
        "pending",
        _id("content"),
        sa.PrimaryKeyConstraint("content"),
    )
    op.create_table(
        "queue",
        _id(),
        sa.Column("content", sa.BigInteger(), nullable=False),
        sa.Column("octets", sa.BigInteger(), nullable=False),
        sa.Column("sender", sa.Text(), server_default="", nullable=False),
        sa.Column("sender_parameters", sa.Text(), nullable=False),
        sa.Column("account", sa.BigInteger(), nullable=True),
        sa.Column("recipient", sa.Text(), server_default="", nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("queued_at", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("last_reply", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("queue_due", "queue", ["next_at", "id"], unique=False)
    op.create_table(
        "state",
        sa.Column("folder", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("uid", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("flags", sa.Integer(), nullable=False),
        sa.Column("keywords", sa.Text(), server_default="", nullable=False),
        sa.Column("modseq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("folder", "account", "uid"),
        sqlite_with_rowid=False,
    )
    op.create_index("state_modseq", "state", ["folder", "account", "modseq"], unique=False)
    op.create_table(
        "subscription",
        sa.Column("account", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("account", "name"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "summary",
        _id("content"),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("content"),
    )
    op.create_table(
        "tombstone",
        sa.Column("folder", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("modseq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("uid", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("folder", "modseq", "uid"),
        sqlite_with_rowid=False,
    )

    connection = op.get_bind()
    statements = TEXT_INDEX[connection.dialect.name]
    if connection.dialect.name == "sqlite":
        for statement in statements:
            op.execute(statement)
        return
    with suppress(sa.exc.DBAPIError), connection.begin_nested():
        for statement in statements:
            op.execute(statement)
