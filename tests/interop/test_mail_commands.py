"""curl, mutt and imaplib do in a mailbox what their users do, command by command."""

from __future__ import annotations

import imaplib
import re
from pathlib import Path

from netsuite.testing.daemon import Daemon
from tests.interop.programs import offers, program, run

LETTER = b"From: a@example.test\r\nTo: alice@example.test\r\nSubject: %b\r\n\r\n.dot\r\nhello\r\n"


def fresh(daemon: Daemon, mailbox: str, *subjects: str) -> None:
    """Make a mailbox of Alice's with messages."""
    with imaplib.IMAP4("127.0.0.1", daemon.ports["imap"], timeout=20) as imap:
        imap.login("alice", "netsuite")
        assert imap.create(mailbox)[0] == "OK"
        for subject in subjects:
            assert imap.append(mailbox, "", "", LETTER % subject.encode())[0] == "OK"


def test_curl(daemon: Daemon, tmp_path: Path) -> None:
    """curl uploads a message, lists, searches, fetches a whole one and a part, marks, copies and
    removes, by commands of its own and by URL."""
    curl = program("curl", "imap")
    fresh(daemon, "Curl", "first", "second")
    base = f"imap://127.0.0.1:{daemon.ports['imap']}"

    def ask(url: str, *options: object) -> str:
        return run(curl, "-sS", "-u", "alice:netsuite", f"{base}/{url}", *options)

    assert '"/" Curl' in ask("")
    mail = tmp_path / "mail.eml"
    mail.write_bytes(LETTER % b"uploaded")
    ask("Curl", "-T", mail)
    assert "* SEARCH 1 2 3" in ask("Curl?ALL")
    assert "* SEARCH 3" in ask("Curl?SUBJECT%20uploaded")
    assert "* SEARCH 3" in ask("Curl", "-X", "SEARCH SUBJECT uploaded")
    assert ask("Curl;MAILINDEX=3").encode() == mail.read_bytes().replace(b"\r\n", b"\n")
    assert ask("Curl;UID=3;SECTION=TEXT") == ".dot\nhello\n"
    assert ask("Curl;UID=2;SECTION=HEADER.FIELDS%20(SUBJECT)") == "Subject: second\n\n"
    assert '"uploaded"' in ask("Curl", "-X", "FETCH 3 ENVELOPE")
    assert "\\Flagged" in ask("Curl", "-X", "STORE 1 +FLAGS (\\Flagged)")
    assert "3 EXISTS" in ask("Curl", "-X", "EXAMINE Curl")
    ask("Curl", "-X", "NOOP")
    ask("Curl", "-X", "UID COPY 2:3 Trash")
    ask("Curl", "-X", "STORE 1 +FLAGS.SILENT (\\Deleted)")
    assert "* 1 EXPUNGE" in ask("Curl", "-X", "EXPUNGE")
    assert "(MESSAGES 2)" in ask("", "-X", "STATUS Curl (MESSAGES)")


def test_mutt(daemon: Daemon, tmp_path: Path) -> None:
    """mutt flags a message, moves one to another mailbox, removes one, and writes it back."""
    mutt = program("mutt", "IMAP")
    script = program("script", "--command")  # mutt wants a terminal of its own
    fresh(daemon, "Mutt", "stays", "moves", "goes")
    fresh(daemon, "Elsewhere")
    config = tmp_path / "muttrc"
    config.write_text(
        f"{'set ssl_starttls=no ssl_force_tls=no' if offers('mutt', 'SSL') else ''}\n"
        "set delete=yes quit=yes confirmappend=no confirmcreate=no wait_key=no move=no\n"
        "set imap_user=alice imap_pass=netsuite folder="
        f"imap://127.0.0.1:{daemon.ports['imap']}/ sort=mailbox-order\n"
        "push '<first-entry><flag-message><first-entry><next-entry><save-message>=Elsewhere<enter>"
        "<last-entry><delete-message><sync-mailbox><quit>'\n"
    )
    url = f"imap://127.0.0.1:{daemon.ports['imap']}/Mutt"
    run(script, "-qec", f"{mutt} -n -F {config} -f {url}", "/dev/null", home=tmp_path, ok=False)
    with imaplib.IMAP4("127.0.0.1", daemon.ports["imap"], timeout=20) as imap:
        imap.login("alice", "netsuite")
        assert imap.select("Mutt")[1] == [b"1"]
        assert imap.search(None, "FLAGGED", "SUBJECT", "stays")[1] == [b"1"]
        assert imap.select("Elsewhere")[1] == [b"1"]
        assert imap.search(None, "SUBJECT", "moves")[1] == [b"1"]


def test_imaplib(daemon: Daemon) -> None:
    """imaplib's commands beyond the everyday ones: SORT, THREAD, quotas, rights, namespaces."""
    fresh(daemon, "Library", "b", "a", "Re: b")
    with imaplib.IMAP4("127.0.0.1", daemon.ports["imap"], timeout=20) as imap:
        imap.login("alice", "netsuite")
        assert imap.enable("CONDSTORE")[0] == "OK"
        imap.select("Library")
        assert imap.sort("(SUBJECT)", "UTF-8", "ALL")[1] == [b"2 1 3"]
        assert imap.thread("ORDEREDSUBJECT", "UTF-8", "ALL")[1] == [b"(1 3)(2)"]
        assert imap.uid("SORT", "(REVERSE SUBJECT)", "UTF-8", "ALL")[0] == "OK"
        assert imap.namespace()[1] == [b'(("" "/")) (("Other Users/" "/")) (("Public/" "/"))']
        assert imap.getquotaroot("Library")[0] == "OK"
        assert imap.setacl("Library", "bob", "lr")[0] == "OK"
        assert re.search(rb"\bbob lr\b", imap.getacl("Library")[1][0])
        assert imap.myrights("Library")[1][0].startswith(b"Library lrs")
        assert imap.deleteacl("Library", "bob")[0] == "OK"
        assert imap.lsub()[0] == "OK"
        kind, data = imap.fetch("1:*", "(MODSEQ INTERNALDATE RFC822.SIZE BODYSTRUCTURE)")
        assert kind == "OK"
        assert len(data) == 3
        assert isinstance(data[0], bytes)
        assert imaplib.Internaldate2tuple(data[0]) is not None
        assert imap.check()[0] == "OK"
        assert imap.unselect()[0] == "OK"
