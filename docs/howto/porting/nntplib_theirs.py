"""A question in a newsgroup, with nntplib of the standard library (until Python 3.12)."""

import io
import nntplib


def discuss(host, port, group, article):
    """Post an article; return the group, its subjects, the last article's last line, a refusal."""
    with nntplib.NNTP(host, port, timeout=20) as server:
        server.post(io.BytesIO(article))
        _, _, first, last, name = server.group(group)
        _, overviews = server.over((first, last))
        subjects = [fields["subject"] for _, fields in overviews]
        _, info = server.article(last)
        try:
            server.group("no.such.group")
        except nntplib.NNTPTemporaryError as error:
            refusal = error.response[:3]
        return name, subjects, info.lines[-1], refusal
