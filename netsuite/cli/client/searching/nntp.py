"""Articles of a newsgroup found by their subjects and senders."""

from __future__ import annotations

from netsuite.cli.client.listing import Listing
from netsuite.cli.client.nntp import logged_in
from netsuite.cli.client.searching import Wanted
from netsuite.cli.client.session import ClientSession
from netsuite.cli.client.urls import BadURL, news_path
from netsuite.connection.errors import Refusal
from netsuite.message.words import decode_words
from netsuite.nntp.commands import Range


async def search(session: ClientSession, wanted: Wanted) -> Listing:
    """Look through a group's overview: every server has it, and words of any script are seen
    as they are read, which XPAT's patterns of octets are not."""
    path = news_path(session.target)
    if not path.group or path.number is not None or path.several is not None:
        raise BadURL("which newsgroup? nntp://HOST/GROUP")
    rows = []
    async with logged_in(session) as client:
        group = await client.group(path.group)
        try:
            async for line in client.over(Range(group.low, group.high)):
                texts = [_text(line.sender), _text(line.subject)]
                if wanted.fits(*texts):
                    rows.append((line.number, line.octets, line.date, *texts, line.message_id))
        except Refusal as error:
            if error.code not in (420, 423):  # those: there are none
                raise
    newest = rows[-wanted.most :]
    return Listing(("number", "octets", "date", "from", "subject", "message-id"), newest)


def _text(field: str) -> str:
    return decode_words(field.encode("utf-8", "surrogateescape"))
