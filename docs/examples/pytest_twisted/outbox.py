"""An outbox: what a mail server does not take just now is sent again, later and later."""

from email.message import EmailMessage

from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint
from twisted.internet.task import deferLater

from netsuite.connection.errors import ClientError
from netsuite.smtp import Mailer, TLSUse
from netsuite.tls import ClientContext

SENDER = "shop@example.test"
#: Seconds until the first time that it is tried again; then twice that, and so on.
FIRST, LONGEST = 60.0, 3600.0


class Outbox:
    """Sends mail to one server.

    Args:
        server: its endpoint.
        tls: what TLS is begun with; None: no TLS.
        lifetime: seconds until it is given up.
    """

    def __init__(
        self,
        reactor: IReactorTime,
        server: IStreamClientEndpoint,
        *,
        tls: ClientContext | None = None,
        lifetime: float = 86_400.0,
    ) -> None:
        self._reactor = reactor
        self._lifetime = lifetime
        security = TLSUse.NONE if tls is None else TLSUse.REQUIRED
        self._mailer = Mailer(server, reactor=reactor, security=security, tls_context=tls, kept=0)

    async def send(self, customer: str, subject: str, text: str) -> bool:
        """Send a message; return whether it was taken, as soon as that is known."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = SENDER, customer, subject
        message.set_content(text)
        until = self._reactor.seconds() + self._lifetime
        pause = FIRST
        while True:
            try:
                (result,) = await self._mailer.send(message, seconds=300.0)
            except ClientError:
                code = 0  # no connection, no TLS, too slow
            else:
                code = result.code
            if 200 <= code < 300 or code >= 500:
                return code < 500
            if self._reactor.seconds() + pause > until:
                return False
            await deferLater(self._reactor, pause)
            pause = min(2 * pause, LONGEST)
