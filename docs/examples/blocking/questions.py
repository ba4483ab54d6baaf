"""Questions of customers, read from a mailbox."""

import email
import email.policy
import imaplib


def unread(server: tuple[str, int], login: tuple[str, str]) -> list[str]:
    """Return the subjects of what nobody has read yet; it has been read then."""
    with imaplib.IMAP4(*server, timeout=10) as imap:
        imap.login(*login)
        imap.select("INBOX")
        _, (numbers,) = imap.search(None, "UNSEEN")
        subjects = []
        for number in numbers.split():
            _, parts = imap.fetch(number, "(RFC822)")
            message = email.message_from_bytes(parts[0][1], policy=email.policy.default)
            subjects.append(message["Subject"])
        return subjects
