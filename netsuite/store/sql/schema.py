"""The tables, the same on SQLite and PostgreSQL.

Times are microseconds since 1970 (``*_at``), but for a message whole seconds. Sets and
mappings of accounts are JSON. ``folder.owner`` is 0 for a public folder, so
that the name is unique there too.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

#: A content is cut into chunks of this many octets, but for the last one.
CHUNK_OCTETS: Final = 256 * 1024

#: A chunk's id is its content's id and its number in one, so that the chunks of a content lie
#: together without a second index: 8,192 chunks are 2 GiB.
CHUNK_BITS: Final = 13
LARGEST_OCTETS: Final = CHUNK_OCTETS << CHUNK_BITS

#: A bit of ``message.flags`` and ``state.flags``.
BIT_SEEN: Final = 1

metadata = sa.MetaData()

# SQLite makes only an INTEGER primary key the row's own address.
Id: Final = BigInteger().with_variant(Integer, "sqlite")


def _clustered(name: str, *columns: Column[object], extra: tuple[Index, ...] = ()) -> Table:
    """Make a table whose rows SQLite keeps in the order of the primary key."""
    return Table(name, metadata, *columns, *extra, sqlite_with_rowid=False)


def _key(name: str, kind: type[BigInteger | Text] = BigInteger) -> Column[object]:
    return Column(name, kind, primary_key=True, autoincrement=False)


def _id(name: str = "id") -> Column[object]:
    return Column(name, Id, primary_key=True, autoincrement=False)


def _count(name: str) -> Column[object]:
    return Column(name, BigInteger, nullable=False, server_default="0")


def _words(name: str) -> Column[object]:
    return Column(name, Text, nullable=False, server_default="")


def _number(name: str) -> Column[object]:
    return Column(name, BigInteger, nullable=False)


def _some(name: str, *columns: str, where: str) -> Index:
    """Make an index of the rows for which a condition holds."""
    return Index(name, *columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


counter = _clustered("counter", _key("name", Text), _count("value"))

account = Table(
    "account",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True),
    Column("state", Text, nullable=False),
    _words("display_name"),
    Column("protocols", Text),
    Column("quota_octets", BigInteger),
    Column("quota_messages", BigInteger),
    Column("groups", Text, nullable=False, server_default="[]"),
    Column("verifiers", Text),
    _count("octets"),
    _count("messages"),
    Column("quota_file_octets", BigInteger),
    Column("quota_files", BigInteger),
    # The tally of its files; NULL where they have to be counted.
    Column("file_octets", BigInteger),
    Column("files", BigInteger),
)

app_password = Table(
    "app_password",
    metadata,
    _id(),
    Column("account", BigInteger, nullable=False, index=True),
    _words("label"),
    Column("verifiers", Text, nullable=False),
    Column("protocols", Text),
    _number("created_at"),
    Column("used_at", BigInteger),
)

alias = _clustered("alias", _key("name", Text), Column("targets", Text, nullable=False))

login = Table(
    "login",
    metadata,
    _id(),
    _number("at"),
    _words("account"),
    _words("protocol"),
    _words("address"),
    _words("mechanism"),
    _count("secure"),
    _words("outcome"),
    Index("login_account", "account", "id"),
)

folder = Table(
    "folder",
    metadata,
    _id(),
    _number("owner"),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("special_use", Text),
    _words("description"),
    Column("moderator", Text),
    Column("postable", Integer, nullable=False, server_default="1"),
    _number("created_at"),
    _number("uid_validity"),
    _number("uid_next"),
    _number("highest_modseq"),
    _number("recent_from"),
    _count("messages"),
    _count("octets"),
    sa.UniqueConstraint("owner", "name", name="folder_name"),
)


def _messages(name: str, extra: tuple[Index, ...] = ()) -> Table:
    return _clustered(
        name,
        _key("folder"),
        _key("uid"),
        _number("content"),
        _number("octets"),
        _number("modseq"),
        _number("date"),
        Column("zone", Integer, nullable=False),
        Column("flags", Integer, nullable=False),
        _words("keywords"),
        _number("saved"),
        extra=extra,
    )


message = _messages(
    "message",
    extra=(
        Index("message_modseq", "folder", "modseq"),
        _some("message_unseen", "folder", "uid", where="(flags & 1) = 0"),
        _some("message_deleted", "folder", "uid", where="(flags & 8) = 8"),
    ),
)

#: The newest of them, of folders of accounts, until they are filed: see ``arrivals``.
arrival = _messages("arrival")

#: Where in public folders a Message-ID is; no other folder costs anything for it.
article = _clustered(
    "article",
    _key("message_id", Text),
    _key("folder"),
    _key("uid"),
    extra=(Index("article_place", "folder", "uid"),),
)

tombstone = _clustered("tombstone", _key("folder"), _key("modseq"), _key("uid"))

#: What one account sees of a message in a public folder, besides what all see.
state = _clustered(
    "state",
    _key("folder"),
    _key("account"),
    _key("uid"),
    Column("flags", Integer, nullable=False),
    _words("keywords"),
    _number("modseq"),
    extra=(Index("state_modseq", "folder", "account", "modseq"),),
)

#: RENAME asks who has subscribed a name.
subscription = _clustered(
    "subscription", _key("account"), _key("name", Text), extra=(Index("subscription_name", "name"),)
)

#: ``refs`` counts messages and envelopes; ``died_at`` says since when there are none.
content = Table(
    "content",
    metadata,
    _id(),
    Column("guid", Text, nullable=False),
    _number("octets"),
    _number("refs"),
    _count("died_at"),
    _some("content_dead", "id", where="refs = 0"),
)

chunk = Table("chunk", metadata, _id(), Column("data", LargeBinary, nullable=False))

#: Contents on their way in: their chunks are there, their ``content`` row is not. A process
#: renews its rows; those of one that died are cleaned up.
draft = Table(
    "draft",
    metadata,
    _id("content"),
    Column("process", Text, nullable=False),
    _number("renewed_at"),
)

#: Contents that are not described yet, or whose text is not indexed yet.
pending = Table("pending", metadata, _id("content"))

#: What protocols send of a message, in the octets that they send: ENVELOPE and BODYSTRUCTURE of
#: FETCH, and the fields of OVER. ``offsets``: see ``message.form``.
summary = Table(
    "summary",
    metadata,
    _id("content"),
    Column("envelope", LargeBinary, nullable=False),
    Column("structure", LargeBinary, nullable=False),
    Column("offsets", Text, nullable=False),
    Column("overview", LargeBinary, nullable=False),
    Column("subject", Text, nullable=False),
    Column("preview", Text, nullable=False),
)

#: What searching and sorting look at: text is folded, ``sort`` are the keys of ``message.sorting``,
#: ``refs`` the Message-IDs of what the message answers.
heading = Table(
    "heading",
    metadata,
    _id("content"),
    Column("sent", BigInteger),
    Column("sent_day", Integer),
    Column("from_text", Text, nullable=False),
    Column("to_text", Text, nullable=False),
    Column("cc_text", Text, nullable=False),
    Column("bcc_text", Text, nullable=False),
    Column("subject_text", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("refs", Text, nullable=False),
    Column("sort", Text, nullable=False),
)

#: ``long`` text is not in the trigram index: writing it would hold up the writer for too long.
content_text = Table(
    "content_text",
    metadata,
    _id("content"),
    Column("long", Integer, nullable=False),
    Column("fields", Text, nullable=False),
    Column("body", Text, nullable=False),
    _some("content_text_long", "content", where="long = 1"),
)

#: Who besides a folder's owner may do what with it (RFC 4314): ``who`` is an identifier, ``rights``
#: their letters.
acl = _clustered(
    "acl",
    _key("folder"),
    _key("who", Text),
    Column("rights", Text, nullable=False),
    extra=(Index("acl_who", "who"),),
)

#: Entries of METADATA (RFC 5464): ``folder`` 0 for the server's, ``account`` 0 for shared ones.
annotation = _clustered(
    "annotation",
    _key("folder"),
    _key("account"),
    _key("entry", Text),
    Column("value", LargeBinary, nullable=False),
)

#: Sieve scripts of accounts; at most one of an account is active.
script = _clustered(
    "script",
    _key("account"),
    _key("name", Text),
    Column("content", Text, nullable=False),
    Column("active", Integer, nullable=False),
)

#: Contents in the object store, or on their way there. ``state``: 0 while it is sent, since ``at``
#: (0: not by anybody); 1 when it is there, and its chunks are no longer here; 2 when the content
#: has gone, since ``at``, and the object is to go.
moved = Table(
    "moved",
    metadata,
    _id("content"),
    _words("key"),
    Column("state", Integer, nullable=False),
    _number("at"),
    _some("moved_unsettled", "state", "at", where="state <> 1"),
)

#: A queued message; it counts as one reference to its content.
envelope = Table(
    "envelope",
    metadata,
    _id(),
    Column("content", BigInteger, nullable=False),
    _number("octets"),
    _words("sender"),
    _words("body"),
    Column("utf8", Integer, nullable=False),
    Column("require_tls", Integer, nullable=False),
    _words("ret"),
    _words("envelope_id"),
    Column("account", BigInteger),
    _number("queued_at"),
)

#: Its recipients. ``next_at`` is the end of the lease while ``lease`` is not 0.
queue = Table(
    "queue",
    metadata,
    _id(),
    Column("envelope", BigInteger, nullable=False),
    _words("recipient"),
    _words("domain"),
    _number("expires_at"),
    Column("warn_at", BigInteger),
    _words("notify"),
    _words("original"),
    _words("deliver_by"),
    _words("forwarded_by"),
    Column("state", Text, nullable=False),
    Column("held", Integer, nullable=False),
    _count("lease"),
    _count("attempts"),
    _number("next_at"),
    Column("last_at", BigInteger),
    _words("last_reply"),
    _words("remote"),
    Index("queue_due", "held", "next_at", "id"),
    Index("queue_domain", "domain", "id"),
    Index("queue_envelope", "envelope"),
)

#: What would be learned again, by kind, until a moment.
remembered = _clustered(
    "remembered",
    _key("kind", Text),
    _key("key", Text),
    Column("value", Text, nullable=False),
    _number("expires_at"),
    extra=(Index("remembered_end", "expires_at"),),
)

#: Who has a store on PostgreSQL open: when it was last heard of, and the number of its last commit.
process = _clustered("process", _key("token", Text), _number("seen_at"), _count("commits"))

#: What one of them holds: see ``leases``.
lease = _clustered("lease", _key("name", Text), Column("holder", Text, nullable=False))

#: Processes that change files of accounts which have a quota of them: what each has claimed beside
#: the tally.
file_work = _clustered(
    "file_work", _key("account"), _key("process", Text), _count("octets"), _count("files")
)

#: Locks on files. ``path`` is a JSON array of names, ``until_at`` when it ends.
file_lock = _clustered(
    "file_lock",
    _key("token", Text),
    Column("path", Text, nullable=False),
    Column("account", Text, nullable=False),
    _words("owner"),
    Column("exclusive", Integer, nullable=False),
    Column("infinite", Integer, nullable=False),
    _number("until_at"),
)

#: What was committed, a row a transaction, for other processes.
change = Table("change", metadata, _id("sequence"), Column("payload", Text, nullable=False))
