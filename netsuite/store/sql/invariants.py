"""The invariants of a store as statements: each finds what breaks it, and mends that.

They read the same on SQLite and PostgreSQL. The order matters: what is counted comes after what
removes or brings back.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from netsuite.store.rights import ALL
from netsuite.store.sql import schema as t


class Rule(NamedTuple):
    """One invariant.

    Args:
        says: a line for each row that is found.
        repair: what mending does; empty where nothing can be done.
        find: a SELECT of what breaks it.
        mend: statements that end all of it.
    """

    says: str
    repair: str
    find: str
    mend: tuple[str, ...]


_COLUMNS: Final = ", ".join(column.name for column in t.arrival.c)
#: All messages, filed or not.
_M: Final = f"(SELECT {_COLUMNS} FROM message UNION ALL SELECT {_COLUMNS} FROM arrival)"
_PUBLIC: Final = "(SELECT id FROM folder WHERE owner = 0)"
#: Folders of accounts that others may see.
_SHARED: Final = "(SELECT a.folder FROM acl a JOIN folder f ON f.id = a.folder WHERE f.owner <> 0)"
_UNKNOWN_RIGHTS: Final = f"ltrim(rights, '{ALL}')"
_UIDS: Final = (
    "(SELECT folder, uid FROM message UNION ALL SELECT folder, uid FROM arrival"
    " UNION ALL SELECT folder, uid FROM tombstone)"
)
_MODSEQS: Final = (
    "(SELECT folder, modseq FROM message UNION ALL SELECT folder, modseq FROM arrival"
    " UNION ALL SELECT folder, modseq FROM tombstone"
    " UNION ALL SELECT folder, modseq FROM state)"
)
_REFERENCES: Final = (
    "(SELECT content FROM message UNION ALL SELECT content FROM arrival"
    " UNION ALL SELECT content FROM envelope)"
)
#: The contents that the object store has to have.
MOVED: Final = (
    "SELECT c.id, v.key, c.octets FROM moved v JOIN content c ON c.id = v.content"
    " WHERE v.state = 1 AND c.refs > 0 ORDER BY c.id"
)
_CHUNK_CONTENT: Final = f"(id >> {t.CHUNK_BITS})"
_NO_CHUNK_OWNER: Final = (
    f"{_CHUNK_CONTENT} NOT IN (SELECT id FROM content)"
    f" AND {_CHUNK_CONTENT} NOT IN (SELECT content FROM draft)"
)
_LIVE: Final = "EXISTS (SELECT 1 FROM message m WHERE m.folder = {0}.folder AND m.uid = {0}.uid)"
_UNSEARCHED: Final = (
    f"content WHERE id IN (SELECT content FROM {_M} AS m)"
    " AND id NOT IN (SELECT content FROM pending)"
    " AND (id NOT IN (SELECT content FROM content_text)"
    " OR id NOT IN (SELECT content FROM summary))"
)
_COUNTED_REFERENCES: Final = (
    "(SELECT c.id, c.refs, coalesce(r.many, 0) AS many FROM content c LEFT JOIN"
    f" (SELECT content, count(*) AS many FROM {_REFERENCES} AS every GROUP BY content) AS r"
    " ON r.content = c.id) AS counted"
)
_TALLIED_FOR_NOTHING: Final = (
    "quota_file_octets IS NULL AND quota_files IS NULL"
    " AND (file_octets IS NOT NULL OR files IS NOT NULL)"
)
_NO_CONTENT: Final = "content NOT IN (SELECT id FROM content)"


def _some(where: str) -> str:
    """Return a SELECT of how many rows there are, if there are any."""
    return f"SELECT many FROM (SELECT count(*) AS many FROM {where}) AS counted WHERE many > 0"


def _orphans(table: str, what: str, where: str) -> Rule:
    """Return the rule that a table has no rows like that; where there are, they are removed."""
    return Rule(
        f"{{0}} {what}",
        "removed",
        _some(f"{table} WHERE {where}"),
        (f"DELETE FROM {table} WHERE {where}",),
    )


def _counter(name: str, greatest: str) -> Rule:
    """Return the rule that numbers of a kind which are in use are not given again."""
    value = f"coalesce((SELECT value FROM counter WHERE name = '{name}'), 0)"
    return Rule(
        f"the counter {name} is at {{0}}, and {{1}} is in use",
        "set",
        f"SELECT {value}, most FROM ({greatest}) AS used WHERE most > {value}",
        (
            f"INSERT INTO counter (name, value) VALUES ('{name}', 0) ON CONFLICT DO NOTHING",
            f"UPDATE counter SET value = ({greatest}) WHERE name = '{name}'",
        ),
    )


def _counted(table: str, name: str, column: str, counted: str) -> Rule:
    """Return the rule that a column has what can be counted."""
    found = counted.format(f"{table}.id")
    return Rule(
        f"{table} {{0}} ({{1}}) says {column} {{2}}, and has {{3}}",
        "counted again",
        f"SELECT id, {name}, {column}, counted FROM (SELECT id, {name}, {column},"
        f" ({found}) AS counted FROM {table}) AS {table}_counted WHERE {column} <> counted",
        (f"UPDATE {table} SET {column} = ({found}) WHERE {column} <> ({found})",),
    )


def _at_least(column: str, least: str) -> Rule:
    """Return the rule that a column of a folder is not less than what its rows ask for."""
    found = least.format("folder.id")
    return Rule(
        f"folder {{0}} ({{1}}) says {column} {{2}}, and needs {{3}}",
        "raised",
        f"SELECT id, name, {column}, least FROM (SELECT id, name, {column}, ({found}) AS least"
        f" FROM folder) AS folder_least WHERE {column} < least",
        (f"UPDATE folder SET {column} = ({found}) WHERE {column} < ({found})",),
    )


COUNTS: Final = (
    "SELECT (SELECT count(*) FROM account), (SELECT count(*) FROM folder),"
    f" (SELECT count(*) FROM {_M} AS m), (SELECT count(*) FROM queue)"
)
NO_INBOX: Final = (
    "SELECT id, name FROM account WHERE id NOT IN (SELECT owner FROM folder WHERE name = 'INBOX')"
)
SAME_VALIDITY: Final = (
    "SELECT id, name, uid_validity FROM folder WHERE uid_validity < 1"
    " OR uid_validity > 4294967295 OR id NOT IN (SELECT min(id) FROM folder GROUP BY uid_validity)"
)
LOST_FOLDERS: Final = (
    f"SELECT folder, count(*) FROM {_M} AS m WHERE folder NOT IN (SELECT id FROM folder)"
    " GROUP BY folder"
)
RECOVERED_ACCOUNT: Final = (
    "INSERT INTO account (id, name, state) VALUES ({0}, 'recovered-{0}', 'disabled')"
)
#: What is counted is put right by the check that follows.
RECOVERED_FOLDER: Final = (
    "INSERT INTO folder (id, owner, name, kind, created_at, uid_validity, uid_next,"
    " highest_modseq, recent_from) VALUES"
    " ({0}, {1}, 'Recovered {0}', 'mailbox', {2}, {3}, 1, 1, 1)"
)

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "folder {0} ({1}) is of account {2}, which is not there",
        "the account is made, as recovered-..., and disabled",
        "SELECT id, name, owner FROM folder WHERE owner <> 0"
        " AND owner NOT IN (SELECT id FROM account)",
        (
            "INSERT INTO account (id, name, state) SELECT DISTINCT owner, 'recovered-' || owner,"
            " 'disabled' FROM folder WHERE owner <> 0 AND owner NOT IN (SELECT id FROM account)",
        ),
    ),
    Rule(
        "message {1} of folder {0} is there twice: filed, and just arrived",
        "it stays as it was filed",
        f"SELECT folder, uid FROM arrival WHERE {_LIVE.format('arrival')}",
        (f"DELETE FROM arrival WHERE {_LIVE.format('arrival')}",),
    ),
    Rule(
        "message {1} of the public folder {0} is not filed",
        "filed",
        f"SELECT folder, uid FROM arrival WHERE folder IN {_PUBLIC}",
        (
            f"INSERT INTO message ({_COLUMNS}) SELECT {_COLUMNS} FROM arrival"
            f" WHERE folder IN {_PUBLIC}",
            f"DELETE FROM arrival WHERE folder IN {_PUBLIC}",
        ),
    ),
    Rule(
        "message {1} of folder {0} has lost its content",
        "its place is removed",
        f"SELECT folder, uid FROM {_M} AS m WHERE {_NO_CONTENT}",
        (
            f"UPDATE folder SET highest_modseq = highest_modseq + 1 WHERE id IN"
            f" (SELECT folder FROM {_M} AS m WHERE {_NO_CONTENT})",
            "INSERT INTO tombstone (folder, modseq, uid) SELECT m.folder, f.highest_modseq, m.uid"
            f" FROM {_M} AS m JOIN folder f ON f.id = m.folder"
            f" WHERE m.{_NO_CONTENT}",
            f"DELETE FROM message WHERE {_NO_CONTENT}",
            f"DELETE FROM arrival WHERE {_NO_CONTENT}",
        ),
    ),
    Rule(
        "content {0} has {2} of its {1} octets: the messages that have it are damaged",
        "",
        "SELECT c.id, c.octets, coalesce(sum(length(k.data)), 0) AS there FROM content c"
        f" LEFT JOIN chunk k ON k.id >= c.id << {t.CHUNK_BITS}"
        f" AND k.id < (c.id + 1) << {t.CHUNK_BITS} WHERE c.refs > 0"
        " AND c.id NOT IN (SELECT content FROM moved WHERE state = 1) GROUP BY c.id, c.octets"
        " HAVING coalesce(sum(length(k.data)), 0) <> c.octets",
        (),
    ),
    Rule(
        "{0} pieces of content are here, and in the object store",
        "removed",
        _some(f"chunk WHERE {_CHUNK_CONTENT} IN (SELECT content FROM moved WHERE state = 1)"),
        (
            f"DELETE FROM chunk WHERE {_CHUNK_CONTENT} IN"
            " (SELECT content FROM moved WHERE state = 1)",
        ),
    ),
    Rule(
        "{0} objects of the object store are of contents that are gone",
        "to be removed by the daemon",
        _some(f"moved WHERE state <> 2 AND {_NO_CONTENT}"),
        (f"UPDATE moved SET state = 2, at = 0 WHERE state <> 2 AND {_NO_CONTENT}",),
    ),
    Rule(
        "message {1} of folder {0} says {2} octets, and its content {3}",
        "set to that of its content",
        "SELECT m.folder, m.uid, m.octets, c.octets"
        f" FROM {_M} AS m JOIN content c ON c.id = m.content WHERE c.octets <> m.octets",
        tuple(
            f"UPDATE {table} SET octets = (SELECT c.octets FROM content c"
            f" WHERE c.id = {table}.content) WHERE octets <> (SELECT c.octets FROM content c"
            f" WHERE c.id = {table}.content)"
            for table in ("message", "arrival")
        ),
    ),
    Rule(
        "item {0} of the queue, for {1}, has lost its message",
        "removed",
        "SELECT id, recipient FROM queue WHERE envelope NOT IN (SELECT e.id FROM envelope e"
        " JOIN content c ON c.id = e.content)",
        (
            "DELETE FROM queue WHERE envelope NOT IN (SELECT e.id FROM envelope e"
            " JOIN content c ON c.id = e.content)",
        ),
    ),
    _orphans(
        "envelope",
        "queued messages have no recipients",
        "id NOT IN (SELECT envelope FROM queue)",
    ),
    _orphans("chunk", "pieces of content belong to none", _NO_CHUNK_OWNER),
    _orphans("summary", "summaries are of no content", _NO_CONTENT),
    _orphans("heading", "headings are of no content", _NO_CONTENT),
    _orphans("content_text", "searched texts are of no content", _NO_CONTENT),
    _orphans("pending", "contents that are to be indexed are not there", _NO_CONTENT),
    Rule(
        "{0} contents cannot be searched",
        "to be indexed by the daemon",
        _some(_UNSEARCHED),
        (f"INSERT INTO pending (content) SELECT id FROM {_UNSEARCHED}",),
    ),
    _orphans("article", "Message-IDs are of no article", f"NOT {_LIVE.format('article')}"),
    _orphans(
        "state",
        "flags of one's own are of no message, or nobody's",
        f"NOT {_LIVE.format('state')} OR account NOT IN (SELECT id FROM account)",
    ),
    _orphans(
        "tombstone",
        "messages that were removed are there, or were in no folder",
        f"folder NOT IN (SELECT id FROM folder) OR {_LIVE.format('tombstone')}",
    ),
    _orphans(
        "subscription", "subscriptions are nobody's", "account NOT IN (SELECT id FROM account)"
    ),
    _orphans("acl", "rights are on no folder", "folder NOT IN (SELECT id FROM folder)"),
    _orphans(
        "acl",
        "rights are nobody's",
        "who NOT IN ('anyone', '-anyone', 'authenticated', '-authenticated')"
        " AND who NOT LIKE '$%' AND who NOT LIKE '-$%'"
        " AND who NOT IN (SELECT name FROM account)"
        " AND who NOT IN (SELECT '-' || name FROM account)",
    ),
    Rule(
        "the rights of {1} on folder {0} are not all known: {2}",
        "only those before the first unknown one stay",
        f"SELECT folder, who, rights FROM acl WHERE {_UNKNOWN_RIGHTS} <> ''",
        (
            "UPDATE acl SET rights = replace(rights,"
            f" {_UNKNOWN_RIGHTS}, '') WHERE {_UNKNOWN_RIGHTS} <> ''",
        ),
    ),
    Rule(
        "message {1} of folder {0}, which others may see, is not filed",
        "filed",
        f"SELECT folder, uid FROM arrival WHERE folder IN {_SHARED}",
        (
            f"INSERT INTO message ({_COLUMNS}) SELECT {_COLUMNS} FROM arrival"
            f" WHERE folder IN {_SHARED}",
            f"DELETE FROM arrival WHERE folder IN {_SHARED}",
        ),
    ),
    _orphans(
        "annotation",
        "annotations are of no folder, or nobody's",
        "folder <> 0 AND folder NOT IN (SELECT id FROM folder)"
        " OR account <> 0 AND account NOT IN (SELECT id FROM account)",
    ),
    _orphans(
        "annotation",
        "annotations have names that cannot be",
        "entry NOT LIKE CASE WHEN account = 0 THEN '/shared/%' ELSE '/private/%' END",
    ),
    _orphans("script", "scripts are nobody's", "account NOT IN (SELECT id FROM account)"),
    _orphans(
        "file_work",
        "processes are at work on files of nobody",
        "account NOT IN (SELECT id FROM account)",
    ),
    Rule(
        "account {1} has no quota of files, and a tally of them",
        "forgotten",
        f"SELECT id, name FROM account WHERE {_TALLIED_FOR_NOTHING}",
        (f"UPDATE account SET file_octets = NULL, files = NULL WHERE {_TALLIED_FOR_NOTHING}",),
    ),
    Rule(
        "account {0} has {1} active scripts",
        "one stays active",
        "SELECT account, count(*) FROM script WHERE active = 1 GROUP BY account"
        " HAVING count(*) > 1",
        (
            "UPDATE script SET active = 0 WHERE active = 1 AND name NOT IN (SELECT min(s.name)"
            " FROM script s WHERE s.active = 1 AND s.account = script.account)",
        ),
    ),
    _orphans(
        "app_password", "app passwords are nobody's", "account NOT IN (SELECT id FROM account)"
    ),
    Rule(
        "{0} is an account's name, and an alias's",
        "",
        "SELECT name FROM account WHERE name IN (SELECT name FROM alias)",
        (),
    ),
    _at_least(
        "uid_next",
        f"SELECT coalesce(max(u.uid), 0) + 1 FROM {_UIDS} AS u WHERE u.folder = {{0}}",
    ),
    _at_least(
        "highest_modseq",
        f"SELECT coalesce(max(u.modseq), 1) FROM {_MODSEQS} AS u WHERE u.folder = {{0}}",
    ),
    Rule(
        "folder {0} ({1}) says that all up to {2} were seen, of {3}",
        "lowered",
        "SELECT id, name, recent_from, uid_next FROM folder WHERE recent_from > uid_next",
        ("UPDATE folder SET recent_from = uid_next WHERE recent_from > uid_next",),
    ),
    _counted(
        "folder", "name", "messages", f"SELECT count(*) FROM {_M} AS m WHERE m.folder = {{0}}"
    ),
    _counted(
        "folder",
        "name",
        "octets",
        f"SELECT coalesce(sum(m.octets), 0) FROM {_M} AS m WHERE m.folder = {{0}}",
    ),
    *(
        _counted(
            "account",
            "name",
            column,
            f"SELECT coalesce(sum(f.{column}), 0) FROM folder f WHERE f.owner = {{0}}",
        )
        for column in ("messages", "octets")
    ),
    Rule(
        "content {0} says that it is referred to {1} times, and is {2} times",
        "counted again",
        f"SELECT id, refs, many FROM {_COUNTED_REFERENCES} WHERE refs <> many",
        (
            f"UPDATE content SET refs = counted.many FROM {_COUNTED_REFERENCES}"
            " WHERE counted.id = content.id AND content.refs <> counted.many",
        ),
    ),
    *(
        _counter(name, f"SELECT coalesce(max({column}), 0) AS most FROM {table}")
        for name, table, column in (
            ("account", "account", "id"),
            ("app_password", "app_password", "id"),
            ("change", "change", "sequence"),
            ("content", "content", "id"),
            ("envelope", "envelope", "id"),
            ("folder", "folder", "id"),
            ("lease", "queue", "lease"),
            ("login", "login", "id"),
            ("queue", "queue", "id"),
            ("uid_validity", "folder", "uid_validity"),
        )
    ),
)
