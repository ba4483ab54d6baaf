"""Envelopes of queued messages, and what is known of each of their recipients."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

#: So long is tried what was queued when nothing said how long.
LIFETIME = 5 * 24 * 3600 * 1_000_000

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# Each recipient had counted as a reference to the content; each gets an envelope of its own.
ENVELOPES = (
    "INSERT INTO envelope (id, content, octets, sender, body, utf8, require_tls, ret,"
    " envelope_id, account, queued_at)"
    " SELECT id, content, octets, sender, '', 0, 0, '', '', account, queued_at FROM queue_before"
)
ITEMS = (
    "INSERT INTO queue (id, envelope, recipient, domain, expires_at, warn_at, notify, original,"
    " deliver_by, forwarded_by, state, held, lease, attempts, next_at, last_at, last_reply, remote)"
    " SELECT id, id, recipient, lower({domain}), queued_at + {lifetime}, NULL, '', '', '', '',"
    " CASE WHEN attempts > 0 THEN 'deferred' ELSE 'queued' END,"
    " CASE WHEN state = 'held' THEN 1 ELSE 0 END, 0, attempts, next_at, NULL, last_reply, ''"
    " FROM queue_before"
)
DOMAIN = {
    "sqlite": "substr(recipient, length(rtrim(recipient, replace(recipient, '@', ''))) + 1)",
    "postgresql": "substring(recipient from '[^@]*$')",
}


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)


def upgrade() -> None:
    """Make the tables, and move to them what is queued."""
    op.drop_index("queue_due", "queue")
    op.rename_table("queue", "queue_before")
    op.create_table(
        "envelope",
        sa.Column("id", KEY, autoincrement=False, nullable=False),
        _number("content"),
        _number("octets"),
        *(_text(name) for name in ("sender", "body")),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("utf8", "require_tls")),
        *(_text(name) for name in ("ret", "envelope_id")),
        sa.Column("account", sa.BigInteger(), nullable=True),
        _number("queued_at"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "queue",
        sa.Column("id", KEY, autoincrement=False, nullable=False),
        _number("envelope"),
        *(_text(name) for name in ("recipient", "domain")),
        _number("expires_at"),
        sa.Column("warn_at", sa.BigInteger(), nullable=True),
        *(_text(name) for name in ("notify", "original", "deliver_by", "forwarded_by")),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        *(_count(name) for name in ("lease", "attempts")),
        _number("next_at"),
        sa.Column("last_at", sa.BigInteger(), nullable=True),
        *(_text(name) for name in ("last_reply", "remote")),
        sa.PrimaryKeyConstraint("id"),
    )
    dialect = op.get_bind().dialect.name
    op.execute(ENVELOPES)
    op.execute(ITEMS.format(domain=DOMAIN[dialect], lifetime=LIFETIME))
    op.execute(
        "INSERT INTO counter (name, value)"
        " SELECT 'envelope', value FROM counter WHERE name = 'queue'"
    )
    op.drop_table("queue_before")
    op.create_index("queue_due", "queue", ["held", "next_at", "id"], unique=False)
    op.create_index("queue_domain", "queue", ["domain", "id"], unique=False)
    op.create_index("queue_envelope", "queue", ["envelope"], unique=False)
