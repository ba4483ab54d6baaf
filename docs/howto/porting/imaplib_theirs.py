"""A mailbox read and put in order, with imaplib of the standard library."""

import imaplib


def tidy(host, port, user, password, draft):
    """Return the unseen, the first of them, and what a draft's mailbox has; remove that again."""
    with imaplib.IMAP4(host, port, timeout=20) as imap:
        imap.login(user, password)
        imap.select("INBOX")
        _, (found,) = imap.uid("SEARCH", "UNSEEN")
        unseen = [int(each) for each in found.split()]
        _, parts = imap.uid("FETCH", str(unseen[0]), "(BODY.PEEK[])")
        imap.uid("STORE", str(unseen[0]), "+FLAGS", "(\\Seen)")
        _, (found,) = imap.uid("SEARCH", "UNSEEN")
        imap.uid("STORE", str(unseen[0]), "-FLAGS", "(\\Seen)")
        imap.create("Later")
        imap.append("Later", "(\\Draft)", None, draft)
        _, (status,) = imap.status("Later", "(MESSAGES)")
        imap.delete("Later")
        answer, _ = imap.select("Later")
    return unseen, parts[0][1], len(found.split()), b"MESSAGES 1" in status, answer
