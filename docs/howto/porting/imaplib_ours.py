"""A mailbox read and put in order, with netsuite."""

from netsuite import blocking
from netsuite.connection.errors import Refusal
from netsuite.imap.commands.requests import StoreAction
from netsuite.imap.commands.search import Flagged, Negated

UNSEEN = Negated(Flagged("\\Seen"))


def tidy(url, user, password, draft):
    """Return the unseen, the first of them, and what a draft's mailbox has; remove that again."""
    with blocking.imap(url, credentials=(user, password), timeout=20) as imap:
        imap.select("INBOX")
        unseen = imap.search(UNSEEN)
        message = imap.read(unseen[0]).whole()
        imap.store(unseen[0], StoreAction.ADD, ["\\Seen"])
        left = imap.search(UNSEEN)
        imap.store(unseen[0], StoreAction.REMOVE, ["\\Seen"])
        imap.create("Later")
        imap.append("Later", draft, flags=["\\Draft"])
        status = imap.status("Later")
        imap.delete("Later")
        try:
            answer = imap.select("Later") and "OK"
        except Refusal:
            answer = "NO"
    return unseen, message, len(left), status == {"MESSAGES": 1}, answer
