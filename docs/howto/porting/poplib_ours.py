"""Mail fetched and removed, with netsuite."""

from netsuite import blocking
from netsuite.connection.errors import Refusal


def fetch(url, user, password):
    """Return how many messages there are, the first, the header of the last, a refusal; remove all
    but the first."""
    with blocking.pop3(url, credentials=(user, password), timeout=20) as pop3:
        count, _ = pop3.stat()
        first = pop3.read(1).whole()
        header = pop3.read(count, lines=0).whole()
        try:
            pop3.read(count + 1).whole()
        except Refusal:
            refusal = "-ERR"
        pop3.delete(range(2, count + 1))
    return count, first, header, refusal
