"""A digest: what is new in a newsgroup, mailed to each who asked for it."""

from collections.abc import Collection, Mapping, Sequence
from email.message import EmailMessage

from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint

from netsuite.nntp.client import connect
from netsuite.nntp.commands import Range
from netsuite.smtp import Mailer, TLSUse
from netsuite.tls import ClientContext

SENDER = "news@example.test"


class Digest:
    """The digest of one newsgroup.

    Args:
        group: its name.
        readers: addresses.
        news: the endpoint of a news server.
        mail: that of a mail server.
        tls: what TLS to the mail server is begun with; None: no TLS.
    """

    def __init__(
        self,
        reactor: IReactorTime,
        group: str,
        readers: Sequence[str],
        *,
        news: IStreamClientEndpoint,
        mail: IStreamClientEndpoint,
        tls: ClientContext | None = None,
    ) -> None:
        self.reactor = reactor
        self.group = group
        #: Each reader with the number of the first article that he has not been told of.
        self.readers = dict.fromkeys(readers, 1)
        self.news = news
        security = TLSUse.NONE if tls is None else TLSUse.REQUIRED
        self.mailer = Mailer(mail, reactor=reactor, security=security, tls_context=tls, kept=0)

    async def send(self) -> list[str]:
        """Mail what is new; return those who now know. Who is put off is told the next time.

        Raises:
            netsuite.connection.errors.ClientError: a server could not be talked to.
        """
        subjects = await self._subjects()
        told = []
        for reader, first in self.readers.items():
            new = {number: subject for number, subject in subjects.items() if number >= first}
            if new and await self._mail(reader, new.values()):
                self.readers[reader] = max(new) + 1
                told.append(reader)
        return told

    async def _subjects(self) -> Mapping[int, str]:
        client = await connect(self.news, clock=self.reactor)
        group = await client.group(self.group)
        found = {}
        first = max(group.low, min(self.readers.values()))
        if first <= group.high:
            async for line in client.over(Range(first, group.high)):
                found[line.number] = line.subject
        await client.quit()
        return found

    async def _mail(self, reader: str, subjects: Collection[str]) -> bool:
        message = EmailMessage()
        message["From"], message["To"] = SENDER, reader
        message["Subject"] = f"{len(subjects)} new in {self.group}"
        message.set_content("".join(f"{each}\n" for each in subjects))
        (result,) = await self.mailer.send(message)
        return result.taken
