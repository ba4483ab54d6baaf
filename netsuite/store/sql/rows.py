"""Values of the model as the columns that hold them, and back."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

import sqlalchemy as sa
from sqlalchemy.sql.expression import Select

from netsuite.store import model, outgoing
from netsuite.store.sql import schema as t
from netsuite.store.sql.database import Row
from netsuite.store.timestamps import from_microseconds, from_seconds, to_microseconds

#: The owner of public folders.
PUBLIC: Final = model.AccountId(0)
BITS: Final = {
    model.SEEN: 1,
    model.ANSWERED: 2,
    model.FLAGGED: 4,
    model.DELETED: 8,
    model.DRAFT: 16,
}

# -- flags: a bit for each system flag, keywords as words


@lru_cache(maxsize=4096)
def packed(flags: frozenset[str]) -> tuple[int, str]:
    """Return the bits and the keywords of a set of flags."""
    bits, keywords = 0, []
    for flag in flags:
        bit = BITS.get(flag)
        if bit is None:
            keywords.append(flag)
        else:
            bits |= bit
    return bits, " ".join(sorted(keywords))


@lru_cache(maxsize=4096)
def unpacked(bits: int, keywords: str) -> frozenset[str]:
    """Return the set of flags."""
    return frozenset(flag for flag, bit in BITS.items() if bits & bit).union(keywords.split())


@lru_cache(maxsize=4096)
def unpacked_public(bits: int, keywords: str, own_bits: int, own_keywords: str) -> frozenset[str]:
    """Return what an account sees on a public folder: \\Seen is its own."""
    return unpacked(bits & ~t.BIT_SEEN, keywords) | unpacked(own_bits, own_keywords)


# -- folders

FOLDER: Final = t.folder.c
SELECT_FOLDER: Final = sa.select(
    FOLDER.id,
    FOLDER.owner,
    FOLDER.name,
    FOLDER.kind,
    FOLDER.uid_validity,
    FOLDER.uid_next,
    FOLDER.highest_modseq,
    FOLDER.recent_from,
    FOLDER.messages,
    FOLDER.octets,
    FOLDER.special_use,
    FOLDER.description,
    FOLDER.created_at,
    FOLDER.moderator,
    FOLDER.postable,
)


def folder_of(row: Row) -> model.Folder:
    """Return the folder of a row of ``SELECT_FOLDER``."""
    return model.Folder(
        id=model.FolderId(row[0]),
        owner=model.AccountId(row[1]) if row[1] else None,
        name=row[2],
        kind=model.FolderKind(row[3]),
        uid_validity=row[4],
        uid_next=row[5],
        highest_modseq=row[6],
        recent_from=row[7],
        messages=row[8],
        octets=row[9],
        special_use=model.SpecialUse(row[10]) if row[10] else None,
        description=row[11],
        created=from_microseconds(row[12]),
        moderator=row[13] or None,
        postable=bool(row[14]),
    )


# -- messages

#: A condition on a table of messages.
Condition: TypeAlias = Callable[[sa.Table], sa.ColumnElement[bool]]
_M: Final = t.message.c
_S: Final = t.state.c
#: What one account sees of its own on a message of a public folder.
OWN: Final = sa.and_(
    _S.folder == _M.folder, _S.account == sa.bindparam("account"), _S.uid == _M.uid
)


def _messages(table: sa.Table) -> Select[Row]:
    m = table.c
    columns = (
        m.uid, m.content, t.content.c.guid, m.octets, m.date, m.zone, m.flags, m.keywords,
        m.modseq, m.saved,
    )  # fmt: skip
    return (
        sa.select(*columns)
        .join_from(table, t.content, t.content.c.id == m.content)
        .where(m.folder == sa.bindparam("folder"))
    )


def select_private(
    *where: Condition, tables: Sequence[sa.Table] = (t.message, t.arrival)
) -> sa.CompoundSelect[Row]:
    """Return a SELECT of messages of a folder of an account, ascending: of those that are filed,
    and of those that have just come."""
    return sa.union_all(
        *(_messages(table).where(*(condition(table) for condition in where)) for table in tables)
    ).order_by("uid")


def select_public(*where: Condition) -> Select[Row]:
    """Return a SELECT of messages of a public folder, ascending, with what is its own."""
    return (
        _messages(t.message)
        .add_columns(_S.flags, _S.keywords, _S.modseq)
        .outerjoin(t.state, OWN)
        .where(*(condition(t.message) for condition in where))
        .order_by(_M.uid.asc())
    )


def message_of(row: Row) -> model.Message:
    """Return the message of a row of ``select_private`` or ``select_public``."""
    modseq = row[8]
    if len(row) == 10:
        flags = unpacked(row[6], row[7])
    elif row[12] is None:
        flags = unpacked_public(row[6], row[7], 0, "")
    else:
        flags = unpacked_public(row[6], row[7], row[10], row[11])
        modseq = max(modseq, row[12])
    return model.Message(
        uid=row[0],
        content=model.ContentId(row[1]),
        guid=row[2],
        octets=row[3],
        internal_date=from_seconds(row[4], row[5]),
        flags=flags,
        modseq=modseq,
        saved=from_seconds(row[9]),
    )


# -- accounts


def words_json(words: frozenset[str] | None) -> str | None:
    """Return a set of words as JSON."""
    return None if words is None else json.dumps(sorted(words))


def words_of(written: str | None) -> frozenset[str] | None:
    """Return a set of words that is JSON."""
    return None if written is None else frozenset(json.loads(written))


_A: Final = t.account.c
SELECT_ACCOUNT: Final = sa.select(
    _A.id,
    _A.name,
    _A.state,
    _A.display_name,
    _A.protocols,
    _A.quota_octets,
    _A.quota_messages,
    _A.groups,
    _A.quota_file_octets,
    _A.quota_files,
)


def account_of(row: Row) -> model.Account:
    """Return the account of a row of ``SELECT_ACCOUNT``."""
    return model.Account(
        id=model.AccountId(row[0]),
        name=row[1],
        state=model.AccountState(row[2]),
        display_name=row[3],
        protocols=words_of(row[4]),
        quota_octets=row[5],
        quota_messages=row[6],
        groups=frozenset(json.loads(row[7])),
        quota_file_octets=row[8],
        quota_files=row[9],
    )


def verifiers_json(verifiers: model.Verifiers) -> str:
    """Return verifiers as JSON."""
    return json.dumps(
        {
            "argon2": verifiers.argon2,
            "scram": {
                name: {
                    "salt": scram.salt.hex(),
                    "iterations": scram.iterations,
                    "stored_key": scram.stored_key.hex(),
                    "server_key": scram.server_key.hex(),
                }
                for name, scram in verifiers.scram.items()
            },
            "cram_md5": None if verifiers.cram_md5 is None else verifiers.cram_md5.hex(),
        }
    )


def verifiers_of(written: str) -> model.Verifiers:
    """Return verifiers that are JSON."""
    read = json.loads(written)
    return model.Verifiers(
        argon2=read["argon2"],
        scram={
            name: model.ScramVerifier(
                salt=bytes.fromhex(scram["salt"]),
                iterations=scram["iterations"],
                stored_key=bytes.fromhex(scram["stored_key"]),
                server_key=bytes.fromhex(scram["server_key"]),
            )
            for name, scram in read["scram"].items()
        },
        cram_md5=None if read["cram_md5"] is None else bytes.fromhex(read["cram_md5"]),
    )


_P: Final = t.app_password.c
SELECT_APP_PASSWORD: Final = sa.select(
    _P.id, _P.label, _P.verifiers, _P.protocols, _P.created_at, _P.used_at
)


def app_password_of(row: Row) -> model.AppPassword:
    """Return the further password of a row of ``SELECT_APP_PASSWORD``."""
    return model.AppPassword(
        id=row[0],
        label=row[1],
        verifiers=verifiers_of(row[2]),
        protocols=words_of(row[3]),
        created=from_microseconds(row[4]),
        last_used=None if row[5] is None else from_microseconds(row[5]),
    )


_L: Final = t.login.c
SELECT_LOGIN: Final = sa.select(
    _L.at, _L.account, _L.protocol, _L.address, _L.mechanism, _L.secure, _L.outcome
)


def login_of(row: Row) -> model.Login:
    """Return the line of the audit log of a row of ``SELECT_LOGIN``."""
    return model.Login(
        from_microseconds(row[0]), row[1], row[2], row[3], row[4], bool(row[5]), row[6]
    )


def login_row(number: int, login: model.Login) -> tuple[object, ...]:
    """Return the row of a line of the audit log."""
    return (
        number,
        to_microseconds(login.when),
        login.account,
        login.protocol,
        login.address,
        login.mechanism,
        int(login.secure),
        login.outcome,
    )


# -- the queue

_Q: Final = t.queue.c
_E: Final = t.envelope.c
SELECT_QUEUE: Final = sa.select(
    _Q.id, _Q.envelope, _E.content, _E.octets,
    _E.sender, _E.body, _E.utf8, _E.require_tls, _E.ret, _E.envelope_id, _E.account,
    _Q.recipient, _Q.domain, _Q.expires_at, _Q.warn_at, _Q.notify, _Q.original, _Q.deliver_by,
    _Q.forwarded_by, _Q.state, _Q.held, _Q.lease, _Q.attempts, _E.queued_at, _Q.next_at, _Q.last_at,
    _Q.last_reply, _Q.remote,
).select_from(t.queue.join(t.envelope, _E.id == _Q.envelope))  # fmt: skip


def item_of(row: Row) -> outgoing.QueueItem:
    """Return the item of a row of ``SELECT_QUEUE``."""
    account = None if row[10] is None else model.AccountId(row[10])
    return outgoing.QueueItem(
        id=row[0],
        message=row[1],
        content=model.ContentId(row[2]),
        octets=row[3],
        envelope=outgoing.Envelope(
            row[4], row[5], bool(row[6]), bool(row[7]), row[8], row[9], account
        ),
        recipient=outgoing.QueueRecipient(
            row[11],
            row[12],
            expires=from_microseconds(row[13]),
            warn=None if row[14] is None else from_microseconds(row[14]),
            notify=row[15],
            original=row[16],
            deliver_by=row[17],
            forwarded_by=row[18],
        ),
        state=outgoing.QueueState(row[19]),
        held=bool(row[20]),
        lease=row[21],
        attempts=row[22],
        queued=from_microseconds(row[23]),
        next_attempt=from_microseconds(row[24]),
        last_attempt=None if row[25] is None else from_microseconds(row[25]),
        last_reply=row[26],
        remote=row[27],
    )


def leased_of(row: Row) -> Row:
    """Return what of a row of ``SELECT_QUEUE`` is asked when its attempt is over: id, lease,
    envelope, attempts, when to warn, the last attempt, its reply and by whom."""
    return row[0], row[21], row[1], row[22], row[14], row[25], row[26], row[27]
