"""Message-IDs of public folders, with those of the messages that are there."""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

CHUNK_BITS = 13
HEADER_OCTETS = 64 * 1024
FIELD = re.compile(rb"(?:\A|\n)message-id[ \t]*:((?:[^\n]|\n[ \t])*)", re.IGNORECASE)
MESSAGE_ID = re.compile(rb"<[!-=?-~]{1,248}>")


def upgrade() -> None:
    """Make the table and fill it."""
    op.create_table(
        "article",
        sa.Column("message_id", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("folder", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("uid", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("message_id", "folder", "uid"),
        sqlite_with_rowid=False,
    )
    op.create_index("article_place", "article", ["folder", "uid"], unique=False)
    _fill()


def _fill() -> None:
    connection = op.get_bind()
    places = connection.execute(
        sa.text(
            "SELECT message.folder, message.uid, message.content FROM message"
            " JOIN folder ON folder.id = message.folder WHERE folder.owner = 0"
        )
    ).fetchall()
    for folder, uid, content in places:
        data = connection.execute(
            sa.text("SELECT data FROM chunk WHERE id = :chunk"), {"chunk": content << CHUNK_BITS}
        ).scalar()
        message_id = _message_id(bytes(data or b"")[:HEADER_OCTETS])
        if message_id:
            connection.execute(
                sa.text("INSERT INTO article (message_id, folder, uid) VALUES (:m, :f, :u)"),
                {"m": message_id, "f": folder, "u": uid},
            )


def _message_id(octets: bytes) -> str:
    end = re.search(rb"(?:\A|\n)\r?\n", octets)
    field = FIELD.search(octets[: end.end()] if end else octets)
    found = MESSAGE_ID.search(field[1]) if field else None
    return found[0].decode("ascii") if found else ""
