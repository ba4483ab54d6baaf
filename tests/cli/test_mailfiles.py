"""mbox files and Maildirs: what goes out comes back, octet by octet; those of others are read."""

from __future__ import annotations

import gzip
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from twisted.internet.defer import ensureDeferred

from netsuite.cli.mailfiles.kept import LineBegins, MailFile, NoMailFile, ToCRLF, ToLF, date_of
from netsuite.cli.mailfiles.maildir import Maildir, NewMaildir
from netsuite.cli.mailfiles.mbox import Mbox, NewMbox, _to_quote
from netsuite.cli.mailfiles.names import (
    decoded,
    dotted_name,
    file_name,
    read_subscriptions,
    tamed,
    write_subscriptions,
)
from netsuite.cli.mailfiles.trees import maildir_place, mbox_place, read_tree
from netsuite.store.folder_names import checked
from netsuite.store.model import (
    ANSWERED,
    DELETED,
    DRAFT,
    FLAGGED,
    SEEN,
    ContentId,
    Folder,
    FolderId,
    FolderKind,
    Message,
)

WHEN = datetime(2024, 2, 29, 10, 0, 0, tzinfo=UTC)
FLAGS = (SEEN, ANSWERED, FLAGGED, DELETED, DRAFT, "$Forwarded", "work", "x-y")
FROM = b"From ann@x Sat Jan  3 01:05:34 1996\n"
MESSAGES = (
    b"Subject: one\r\n\r\nHello\r\n",
    b"Subject: From quoting\r\n\r\nFrom here\r\n>From there\r\n>>From far\r\n\r\n"
    b"From ann@x Sat Jan  3 01:05:34 1996\r\nno message\r\n\r\nFrom \r\n",
    b"Return-Path: <ann@example.org>\r\nSubject: caf\xe9\r\n\r\n\xff\xfe \0 bare \r cr\r\r\n",
    b"\r\nbody only\r\n",
    b"Subject: no body\r\n\r\n",
    b"Subject: empty lines at the end\r\n\r\nx\r\n\r\n\r\n",
    b"no field at all\r\nFrom the start\r\nSubject: x\r\n\r\ny\r\n",
    b"Subject: long\r\n\r\n" + b"x" * 700_000 + b"\r\nFrom it\r\n" + b"y\r\n" * 200_000,
)  # fmt: skip


@dataclass(frozen=True)
class Read:
    octets: bytes
    flags: frozenset[str] = frozenset()
    received: datetime | None = None


def read(file: MailFile) -> list[Read]:
    kept = [Read(b"".join(each.pieces()), each.flags, each.received) for each in file]
    assert len(file) >= len(kept)
    return kept


def message(flags: frozenset[str], uid: int = 1) -> Message:
    return Message(uid, ContentId(1), "", 1, WHEN, flags, 1, WHEN)


FOLDER = Folder(FolderId(1), None, "INBOX", FolderKind.MAILBOX, 7, 99, 1, 1, 0, 0)


async def cut(octets: bytes, size: int = 100_003) -> AsyncIterator[bytes]:
    for start in range(0, len(octets), size):
        yield octets[start : start + size]


def write(target: NewMbox | NewMaildir, messages: Sequence[Read]) -> None:
    for uid, each in enumerate(messages, 1):
        adding = target.add(cut(each.octets), message(each.flags, uid), new=not each.flags)
        assert ensureDeferred(adding).called
    target.close()


def new_maildir(path: Path) -> NewMaildir:
    return NewMaildir(path, FOLDER, Counter(FLAGS[5:]))


@pytest.mark.parametrize("form", [NewMbox, new_maildir])
def test_there_and_back(tmp_path: Path, form: Callable[[Path], NewMbox | NewMaildir]) -> None:
    """Octets, order, flags, keywords and dates are the same after an export and an import."""
    written = [
        Read(octets, frozenset(FLAGS[:count]), WHEN) for count, octets in enumerate(MESSAGES)
    ]
    write(form(tmp_path / "mail"), written)
    (found,) = read_tree(tmp_path / "mail").folders
    assert read(found.file) == written
    assert not found.file.complaints
    with pytest.raises(FileExistsError):
        form(tmp_path / "mail")


_line = st.sampled_from(
    [b"", b">", b"From a@b Sat Jan  3 01:05:34 1996", b"From x", b">From x", b"Status: RO", b"x: y",
     b" z", b"\r", b"\xff", b"Content-Length: 3", b"From ", b"X-IMAP: 1"]
)  # fmt: skip


@given(st.lists(st.lists(_line, max_size=6), max_size=4))
def test_any_bodies(tmp_path_factory: pytest.TempPathFactory, bodies: list[list[bytes]]) -> None:
    """No body can begin a message, or end one, or change its flags."""
    path = tmp_path_factory.mktemp("mbox") / "m"
    messages = [
        b"Subject: x\r\n\r\n" + b"".join(each + b"\r\n" for each in body) for body in bodies
    ]
    write(NewMbox(path), [Read(octets) for octets in messages])
    assert [each.octets for each in read(Mbox(path))] == messages
    assert all(not each.flags for each in read(Mbox(path)))


@given(st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"From ", b">", b"x"])), st.data())
def test_every_cut(words: list[bytes], data: st.DataObject) -> None:
    """Pieces are converted as the whole is."""
    octets = b"".join(words)
    places = sorted(data.draw(st.lists(st.integers(0, len(octets)), max_size=5)))
    cuts = list(zip([0, *places], [*places, len(octets)], strict=True))
    to_lf, crlf, lf = ToLF(), ToCRLF(crlf=True), ToCRLF(crlf=False)
    begins = LineBegins(_to_quote, b">")
    pieces = [octets[start:end] for start, end in cuts]
    assert b"".join([*map(to_lf.feed, pieces), to_lf.end()]) == octets.replace(b"\r\n", b"\n")
    assert b"".join(map(lf.feed, pieces)) == octets.replace(b"\n", b"\r\n")
    bare = octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    assert b"".join(map(crlf.feed, pieces)) == bare
    quoted = b"".join([*map(begins.feed, pieces), begins.end()])
    assert quoted == _to_quote.sub(b">", octets)


def test_an_mbox_of_others(tmp_path: Path) -> None:
    """Text that begins with "From" is text; CRLF, zones and a last line without end are known."""
    (tmp_path / "m").write_bytes(
        b"From - Sat Jan  3 01:05:34 1996\r\nStatus: RO\r\nX-Status: AF\r\nX-UID: 7\r\n"
        b"X-Keywords: $Label1 work (bad)        \r\nA: b\r\n\r\nhi\r\n"
        b"From now on we meet at 10:30 each day\r\n\r\nFrom us all, at 9:00 in 2024\r\n\r\n"
        b"From ann@example.org Thu Feb 29 12:00:00 2024 +0200\nC: d\n\nno end"
    )
    mbox = Mbox(tmp_path / "m")
    first, second = read(mbox)
    assert first.octets == (
        b"A: b\r\n\r\nhi\r\nFrom now on we meet at 10:30 each day\r\n\r\n"
        b"From us all, at 9:00 in 2024\r\n"
    )
    assert first.flags == {SEEN, ANSWERED, FLAGGED, "$Label1", "work"}
    assert first.received == datetime(1996, 1, 3, 1, 5, 34, tzinfo=UTC)
    assert second == Read(b"C: d\r\n\r\nno end", frozenset(), WHEN)
    assert mbox.complaints == [f"message 1 of {tmp_path / 'm'}: '(bad)' is no keyword"]


def test_thunderbird(tmp_path: Path) -> None:
    """Its marks are flags; what it has thrown away is no message; dates stand in the header."""
    (tmp_path / "m").write_bytes(
        b"From \nX-Mozilla-Status: 1005\nX-Mozilla-Status2: 00800000\n"
        b"X-Mozilla-Keys: $label2                                     \n"
        b"Received: by x; Thu, 29 Feb 2024 12:00:00 +0200\nDate: Mon, 1 Jan 2024 00:00:00 +0000\n\n"
        b"a\n\nFrom - Sat Jan  3 01:05:34 1996\nX-Mozilla-Status: 0009\n\ngone\n\n"
        b"From -\nX-Mozilla-Status: 0000\nDate: Thu, 29 Feb 2024 10:00:00 +0000\n\nb\n"
    )
    first, second = read(Mbox(tmp_path / "m"))
    assert first.flags == {SEEN, FLAGGED, "$Forwarded", "$label2"}
    assert first.received == WHEN
    assert first.octets.endswith(b"+0000\r\n\r\na\r\n")
    assert (second.flags, second.received) == (frozenset(), WHEN)
    assert date_of(b"Subject: x\n\n") is None


def test_lengths(tmp_path: Path) -> None:
    """Where every message has its length, that cuts, and quotes nothing; one alone does not."""
    body = b"x\n\nFrom ann@x Sat Jan  3 01:05:34 1996\n>From y\n"
    length = b"Content-Length: %d\n" % len(body)
    path = tmp_path / "m"
    path.write_bytes((FROM + length + b"A: b\n\n" + body + b"\n") * 2)
    assert [each.octets for each in read(Mbox(path))] == [
        b"A: b\r\n\r\n" + body.replace(b"\n", b"\r\n")
    ] * 2
    quoted = body.replace(b"From ann", b">From ann")
    length = b"Content-Length: %d\n" % len(quoted)
    path.write_bytes((FROM + length + b"A: b\n\n" + quoted + b"\n") * 2)
    unquoted = b"\r\n\r\nFrom ann@x Sat Jan  3 01:05:34 1996\r\nFrom y\r\n"
    assert read(Mbox(path))[1].octets.endswith(unquoted)
    # Whoever has written one message only can say what he likes of its length.
    other = FROM + b"C: d\n\nmine\n"
    for lie in (0, 5, len(other) + 2, 10_000_000, -1):
        path.write_bytes(FROM + b"Content-Length: %d\nA: b\n\nx\n\n" % lie + other)
        assert [each.octets[-6:] for each in read(Mbox(path))] == [
            b"\r\n\r\nx\r\n"[-6:],
            b"mine\r\n",
        ]


def test_quoting_that_is_said(tmp_path: Path) -> None:
    """An mboxo has quoted once; of others nothing is taken away."""
    path = tmp_path / "m"
    path.write_bytes(FROM + b"\n>From a\n>>From b\n")
    found = {each: read(Mbox(path, each))[0].octets for each in (None, "mboxrd", "mboxo", "none")}
    assert found[None] == found["mboxrd"] == b"\r\nFrom a\r\n>From b\r\n"
    assert found["mboxo"] == b"\r\nFrom a\r\n>>From b\r\n"
    assert found["none"] == b"\r\n>From a\r\n>>From b\r\n"


def test_what_is_none(tmp_path: Path) -> None:
    """An empty file is an empty mbox; other files are told from one before anything is added."""
    (tmp_path / "empty").write_bytes(b"")
    assert read(Mbox(tmp_path / "empty")) == []
    for octets in (b"Subject: x\n\n", b"From me to you\n", b"\x7fELF", b"\nFrom a@b 10:00 1996\n"):
        (tmp_path / "other").write_bytes(octets)
        with pytest.raises(NoMailFile):
            read_tree(tmp_path / "other")
    (tmp_path / "empty").unlink()
    with pytest.raises(NoMailFile):
        read_tree(tmp_path)


def test_a_note_of_uw_is_no_message(tmp_path: Path) -> None:
    """The first message of a file may be the program's own."""
    note = FROM + b"Subject: DON'T DELETE THIS MESSAGE\nX-IMAP: 1 2 work\nStatus: RO\n\nnote\n\n"
    (tmp_path / "m").write_bytes(note + FROM + b"A: b\n\nx\n")
    assert [each.octets for each in read(Mbox(tmp_path / "m"))] == [b"A: b\r\n\r\nx\r\n"]


# -- Maildirs ------------------------------------------------------------------------------------


def maildir(path: Path, *files: tuple[str, bytes]) -> Path:
    for sub in ("cur", "new", "tmp"):
        (path / sub).mkdir(parents=True)
    for name, octets in files:
        place = path / name
        place.write_bytes(octets)
        os.utime(place, (WHEN.timestamp(), WHEN.timestamp()))
    return path


def test_a_maildir_of_dovecot(tmp_path: Path) -> None:
    """Keywords have letters that a file names, UIDs give the order, dates are the earlier ones."""
    path = maildir(
        tmp_path / "m",
        ("cur/1795986397.M3P1.vm,S=5,W=6:2,Sab", b"c\n"),
        ("cur/1795986397.M1P1.vm,S=5,W=6:2,FPRTDc", b"b\n"),
        ("new/1000000000.M2P1.vm", b"a\n"),
        ("cur/no-info", b"d\r\ne\r\n"),
        ("cur/.hidden", b"no"),
        ("tmp/1795986397.M9", b"no"),
    )
    (path / "dovecot-keywords").write_text("0 $Forwarded\n1 NonJunk\n7 (bad)\nx y\n")
    (path / "dovecot-uidlist").write_text(
        "3 V1795986397 N4 Gbf8c450f\n9 :1795986397.M3P1.vm,S=5,W=6\n"
        "7 W6 :1795986397.M1P1.vm,S=5,W=6\n8 :1000000000.M2P1.vm\n"
    )
    found = Maildir(path)
    assert read(found) == [
        Read(b"b\r\n", frozenset({FLAGGED, "$Forwarded", ANSWERED, DELETED, DRAFT}), WHEN),
        Read(b"a\r\n", frozenset(), datetime.fromtimestamp(1_000_000_000, UTC)),
        Read(b"c\r\n", frozenset({SEEN, "$Forwarded", "NonJunk"}), WHEN),
        Read(b"d\r\ne\r\n", frozenset(), WHEN),
    ]
    (complaint,) = found.complaints
    assert "its keyword c is not in dovecot-keywords" in complaint


def test_compressed(tmp_path: Path) -> None:
    """Dovecot's zlib plugin leaves gzip; what cannot be opened is no message."""
    path = maildir(
        tmp_path / "m",
        ("cur/1.gz:2,", gzip.compress(b"a\nb\n" * 100_000)),
        ("cur/2.cut:2,", gzip.compress(os.urandom(1000))[:500]),
        ("cur/3.zst:2,", b"\x28\xb5\x2f\xfd1234"),
        ("cur/4.crypt:2,", b"CRYPTED\x03\x07"),
    )
    first, *others = Maildir(path)
    assert b"".join(first.pieces()) == b"a\r\nb\r\n" * 100_000
    for each in others:
        with pytest.raises(NoMailFile):
            b"".join(each.pieces())


# -- trees ---------------------------------------------------------------------------------------


def names(root: Path) -> dict[tuple[str, ...], int]:
    return {each.parts: len(each.file) for each in read_tree(root).folders}


def test_maildir_tree(tmp_path: Path) -> None:
    """Folders of a Maildir++ have dots between their parts, and modified UTF-7 for others."""
    root = maildir(tmp_path / "m", ("new/1", b"x\n"))
    for name in (".Work.Project", ".Gr&APw-n", ".Stra\u00dfe", ".a\\2eb", ".Work", ".broken\udcff"):
        maildir(root / name, ("cur/1:2,S", b"x\n"))
    (root / ".imap").mkdir()
    (root / "dovecot-uidlist").write_text("3 V1 N1\n")
    (root / "subscriptions").write_bytes(b"V\t2\n\nWork\tProject\nGr&APw-n\nINBOX\ngone\n")
    tree = read_tree(root)
    assert {each.parts for each in tree.folders} == {
        (), ("Work",), ("Work", "Project"), ("Gr\u00fcn",), ("Stra\u00dfe",), ("a.b",),
        ("broken\N{REPLACEMENT CHARACTER}",),
    }  # fmt: skip
    assert tree.subscribed == [("Work", "Project"), ("Gr\u00fcn",), ("INBOX",), ("gone",)]
    assert tree.complaints == []
    (root / "subscriptions").write_bytes(b"Work.Project\n")
    (root / "courierimapsubscribed").write_bytes(b"INBOX.Sent\n")
    assert read_tree(root).subscribed == [("Work", "Project"), ("Sent",)]


def test_fs_tree(tmp_path: Path) -> None:
    """With LAYOUT=fs a Maildir lies in the directory of the one above it."""
    root = tmp_path / "m"
    maildir(root / "INBOX", ("new/1", b"x\n"))
    maildir(root / "Work" / "Pro.ject", ("cur/1:2,S", b"x\n"))
    (root / "subscriptions").write_bytes(b"Work/Pro.ject\n")
    (root / "Link").symlink_to(root / "Work")
    (root / "Sent" / "dbox-Mails").mkdir(parents=True)
    tree = read_tree(root)
    assert {each.parts for each in tree.folders} == {("INBOX",), ("Work", "Pro.ject")}
    assert tree.subscribed == [("Work", "Pro.ject")]
    link, dbox = sorted(tree.complaints)
    assert "is a link, which is not followed" in link
    assert "is a dbox" in dbox


def test_mbox_tree(tmp_path: Path) -> None:
    """Files lie in directories as folders do, or in Thunderbird's; what is beside them is passed
    over, and what is not known is told."""
    one = FROM + b"A: b\n\nx\n"
    for name in ("INBOX", "Work.sbd/Project", "mail/Gr&APw-n", "Work", "Old.log", "Trash.sbd/a/b"):
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(one)
    for name in ("INBOX.msf", "filterlog.html", ".subscriptions", "msgFilterRules.dat"):
        (tmp_path / name).write_bytes(b"no mail")
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "strange").write_bytes(b"\x00\x01")
    assert names(tmp_path) == {
        ("INBOX",): 1, ("Work",): 1, ("Work", "Project"): 1, ("mail", "Gr\u00fcn"): 1,
        ("Old.log",): 1, ("Trash", "a", "b"): 1, ("empty",): 0,
    }  # fmt: skip
    (complaint,) = read_tree(tmp_path).complaints
    assert "strange cannot be taken" in complaint


_part = st.text(
    st.sampled_from("aB.\\/&-~ \u00e9\u65e5e2\x00\n\t\u2028") | st.characters(), max_size=30
)


@given(st.lists(_part, min_size=1, max_size=40).map(tuple))
@example(("Public", "x"))
@example(("Other Users", "eve", "x"))
def test_names(parts: tuple[str, ...]) -> None:
    """Any name can be had by a store, and as a file's leads nowhere else, and comes back."""
    kept = tamed(parts)
    name = "/".join(kept)
    if len(name.encode()) <= 1000:
        assert checked(name, private=False) == name
        checked(name, private=True)
    dotted = dotted_name(kept)
    assert "/" not in dotted
    assert "\0" not in dotted
    assert tuple(decoded(each.encode()) for each in dotted[1:].split(".")) == kept
    for each in kept:
        file = file_name(each)
        assert file not in (".", "..", "cur", "new", "tmp", "")
        assert not set(file) & {"/", "\0"}
        assert decoded(file.encode()) == each
    root = Path("/root")
    assert root in mbox_place(root, kept).parents
    assert maildir_place(root, kept).parent == root


def test_subscriptions_there_and_back(tmp_path: Path) -> None:
    """The list that is written is the one that is read."""
    written = [("INBOX",), ("Work", "a.b"), ("Gr\u00fcn", "x\\2e")]
    write_subscriptions(tmp_path, written)
    assert read_subscriptions(tmp_path, dots=True) == written
