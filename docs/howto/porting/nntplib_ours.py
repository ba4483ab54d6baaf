"""A question in a newsgroup, with netsuite."""

from netsuite import blocking
from netsuite.connection.errors import Refusal
from netsuite.nntp.commands import Range


def discuss(url, group, article):
    """Post an article; return the group, its subjects, the last article's last line, a refusal."""
    with blocking.nntp(url, timeout=20) as server:
        server.post(article)
        selected = server.group(group)
        overviews = server.over(Range(selected.low, selected.high))
        subjects = [overview.subject for overview in overviews]
        octets = server.read(selected.high).whole()
        try:
            server.group("no.such.group")
        except Refusal as error:
            refusal = str(error.code)
        return selected.name, subjects, octets.splitlines()[-1], refusal
