"""A session's beginning and end, and what can be said in any state (RFC 3501, 6.1 and 6.2)."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from netsuite import tls
from netsuite.connection.client import ClientConnection, ClientTimeouts
from netsuite.connection.errors import ClientError, NotOffered
from netsuite.imap.client.in_progress import CommandsInProgress, Goodbye
from netsuite.imap.client.selected import SelectedMailbox
from netsuite.imap.commands import requests as ask
from netsuite.imap.commands import responses as said
from netsuite.imap.commands.responses import Continue, Response, Status, Tagged
from netsuite.imap.dialog.client import ClientBounds, ClientDialog, ClientEvent
from netsuite.imap.grammar.compose import Segment
from netsuite.sasl.exchange import exchange
from netsuite.sasl.interfaces import ClientMechanism

#: What has names in UTF-8 once it is enabled.
_NAMES_IN_UTF8: Final = frozenset({"UTF8=ACCEPT", "IMAP4REV2"})
#: RFC 9051, appendix E: extensions that are parts of IMAP4rev2.
_IN_REV2: Final = frozenset({
    "BINARY", "ENABLE", "ESEARCH", "IDLE", "LIST-EXTENDED", "LIST-STATUS", "MOVE", "NAMESPACE",
    "SASL-IR", "SEARCHRES", "SPECIAL-USE", "STATUS=SIZE", "UIDPLUS", "UNSELECT",
})  # fmt: skip


class Session(ClientConnection[ClientEvent, Segment]):
    """What every group of commands stands on: the commands in progress, the selected mailbox."""

    dialog: ClientDialog

    def __init__(
        self,
        clock: IReactorTime,
        *,
        timeouts: ClientTimeouts | None = None,
        bounds: ClientBounds | None = None,
    ) -> None:
        super().__init__(ClientDialog(bounds), clock, timeouts=timeouts, name="imap-client")
        #: The commands that are said and not yet completed; for one that has no method here.
        self.commands = CommandsInProgress(self, self.dialog)
        self.commands.observers.append(self._observe)
        #: The selected mailbox.
        self.mailbox: SelectedMailbox | None = None
        #: Called when the connection is gone.
        self.on_lost: Callable[[], None] = lambda: None

    @property
    def capabilities(self) -> frozenset[str]:
        """What the server can do, as it said last, in upper case."""
        return self.commands.capabilities

    def offers(self, name: str) -> bool:
        """Return whether the server has an extension, one that IMAP4rev2 contains among them."""
        offered = self.capabilities
        return name in offered or ("IMAP4REV2" in offered and name in _IN_REV2)

    def require(self, name: str) -> None:
        """Check that the server has an extension. Raises NotOffered."""
        if not self.offers(name):
            raise self.with_conversation(NotOffered(name))

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """The SASL mechanisms that the server offers now."""
        return tuple(sorted(name[5:] for name in self.capabilities if name.startswith("AUTH=")))

    async def begin(self) -> None:
        """Accept the greeting, and learn what the server can do. Raises Goodbye."""
        greeting = await self.receive()
        if not isinstance(greeting, said.Condition) or greeting.status in (Status.NO, Status.BAD):
            raise self.violated("not a greeting")
        if greeting.status is Status.BYE:
            self.close()
            raise self.with_conversation(Goodbye(greeting.text, greeting.code))
        if not self.commands.learn_from(greeting.code):
            await self.capability()

    def _observe(self, response: Response) -> None:
        """Keep the selected mailbox up to date, whether a command asked for it or not."""
        if self.mailbox is not None:
            self.mailbox.news(response)

    def ended(self, reason: Failure) -> None:
        """Nothing more will come."""
        super().ended(reason)
        self.commands.connection_lost()
        self.on_lost()

    # -- any state ----------------------------------------------------------------------------

    async def capability(self) -> frozenset[str]:
        """Ask what the server can do; ``capabilities`` remembers it."""
        await self.commands.run(ask.Capability())
        return self.capabilities

    async def noop(self) -> None:
        """Let the server tell its news."""
        await self.commands.run(ask.Noop())

    async def id(
        self, parameters: Mapping[str, str | None] | None = None
    ) -> Mapping[str, str | None]:
        """Send who we are; return who the server is."""
        pairs = None if parameters is None else tuple(parameters.items())
        data = (await self.commands.run(ask.Id(pairs))).data_of(said.IdData)
        return dict(data[0].parameters or ()) if data else {}

    async def logout(self) -> None:
        """Send LOGOUT, and close. Where the connection is gone, or the server makes something else
        of it, the session is over all the same: nothing is raised."""
        with suppress(ClientError):
            await self.commands.run(ask.Logout())
        self.close()

    async def end_session(self) -> None:
        """As ``logout``; then wait until the connection is gone."""
        await self.logout()
        await self.closed()

    # -- before a login -----------------------------------------------------------------------

    async def starttls(self, context: tls.ClientContext) -> None:
        """Go on under TLS, the server's certificate verified; what it said before is forgotten.
        Raises NotOffered, Refusal, and as ``secure``."""
        self.require("STARTTLS")
        await self.commands.run(ask.StartTls())
        await self.secure(context)
        self.commands.capabilities = frozenset()
        await self.capability()

    async def login(self, username: str, password: str) -> None:
        """Log in with a clear password. Raises AuthenticationFailed, TransientRefusal."""
        await self.commands.run(ask.Login(username.encode("utf-8"), password.encode("utf-8")))
        await self._after_login()

    async def authenticate(self, mechanism: ClientMechanism) -> None:
        """Log in with SASL. Raises AuthenticationFailed, TransientRefusal; ProtocolViolation where
        the server cannot prove itself or does not keep to the mechanism."""
        async with self.commands.turn() as turn:

            async def begin(initial: bytes | None) -> Continue | Tagged:
                return await turn.begin(ask.Authenticate(mechanism.name, initial))

            async def respond(octets: bytes | None) -> Continue | Tagged:
                # RFC 3501, 6.2.2: "*" cancels.
                line = b"*" if octets is None else b2a_base64(octets, newline=False)
                return await turn.respond(line)

            with self.protocol_violations(), self.exchanging(mechanism.name):
                answer = await exchange(
                    mechanism,
                    fits=lambda initial: "SASL-IR" in self.capabilities,  # RFC 4959
                    begin=begin,
                    respond=respond,
                    challenge=self._challenge,
                )
                if isinstance(answer, Tagged):
                    turn.completed(answer)
                mechanism.finished(None)
        await self._after_login()

    def _challenge(self, answer: Continue | Tagged) -> bytes | None:
        if isinstance(answer, Tagged):
            return None
        if answer.challenge is None:
            raise self.violated("a challenge that is no base64")
        return answer.challenge

    async def _after_login(self) -> None:
        if "IMAP4REV1" not in self.capabilities or any(
            name.startswith("AUTH=") for name in self.capabilities
        ):
            await self.capability()

    async def unauthenticate(self) -> None:
        """Log out and keep the connection, for another login (RFC 8437): no mailbox is selected,
        nothing is enabled any more. TLS and COMPRESS stay. Raises NotOffered, Refusal."""
        self.require("UNAUTHENTICATE")
        await self.commands.run(ask.Unauthenticate())
        self.mailbox = None
        self.dialog.utf8 = False
        await self.capability()

    async def enable(self, *names: str) -> tuple[str, ...]:
        """Turn extensions on; return those the server turned on."""
        data = (await self.commands.run(ask.Enable(names))).data_of(said.EnabledData)
        enabled = tuple(name for each in data for name in each.names)
        if not _NAMES_IN_UTF8.isdisjoint(map(str.upper, enabled)):
            self.dialog.utf8 = True
        return enabled

    async def compress(self) -> None:
        """Compress what is said from now on, both ways (RFC 4978). Raises NotOffered, Refusal."""
        self.require("COMPRESS=DEFLATE")
        async with self.commands.turn() as turn:  # nobody else may speak before it is answered
            answer = await turn.begin(ask.Compress("DEFLATE"))
            if isinstance(answer, Continue):
                raise self.violated("a continuation that nobody asked for")
            turn.completed(answer)
            self.start_compression(self.dialog.take_input())
        await self.capability()
