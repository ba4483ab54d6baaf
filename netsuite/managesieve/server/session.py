"""One ManageSieve session: what it knows, what it says, how it ends."""

from __future__ import annotations

from twisted.python.failure import Failure

from netsuite.accounts.interfaces import Channel, LoggedIn, ScriptAccess
from netsuite.connection.deadlines import CloseReason
from netsuite.connection.server import ServerConnection
from netsuite.managesieve import replies
from netsuite.managesieve.commands import CapabilityLine, ok
from netsuite.managesieve.dialog import ServerDialog, ServerEvent, ServerSaid, State
from netsuite.managesieve.server.shared import Shared
from netsuite.sasl.lines import AuthResponse, Challenge
from netsuite.sieve.commands import CAPABILITIES
from netsuite.sieve.limits import REDIRECTS
from netsuite.wire.errors import LocalProtocolError


class Session(ServerConnection[ServerEvent, ServerSaid]):
    """One ManageSieve session, the server's side. See RFC 5804."""

    dialog: ServerDialog
    shared: Shared
    errors = replies.ERRORS

    def __init__(self, shared: Shared, name: str = "") -> None:
        super().__init__(ServerDialog(shared.settings.script_octets), shared, name)
        self._scripts: ScriptAccess | None = None
        self._upgraded = False

    def began(self) -> None:
        """Greet with the capabilities (1.7)."""
        self._greet_with_capabilities()

    def _greet_with_capabilities(self) -> None:
        self.say_capabilities()
        self.say(ok(f"{self.shared.host} ManageSieve {self.shared.software}"))

    def goodbye(self, reason: CloseReason) -> None:
        """Say why."""
        response = replies.GOODBYE.get(reason)
        if response is None and self.turned_away is not None:
            response = replies.STOPPING
        if response is not None:
            self.say(response)

    def failed(self, event: ServerEvent | None, failure: Failure) -> None:
        """Say that it is our fault and temporary."""
        if self.dialog.pending is None:
            self.abort()
            return
        self.say(replies.BROKEN)

    def reset_for_tls(self) -> None:
        """Forget everything said in the clear."""
        self.dialog.forget()
        self._upgraded = True

    def handshake_done(self) -> None:
        """Tell the capabilities again, which may be others (2.2)."""
        if self._upgraded:
            self._greet_with_capabilities()

    # -- verbs ---------------------------------------------------------------------------------

    def say_capabilities(self) -> None:
        """Say what there is now (1.7)."""
        shared, channel = self.shared, self.channel()
        lines = [
            CapabilityLine("IMPLEMENTATION", shared.software),
            CapabilityLine("VERSION", "1.0"),
            CapabilityLine("SIEVE", " ".join(CAPABILITIES)),
            CapabilityLine("MAXREDIRECTS", str(REDIRECTS)),
            CapabilityLine("UNAUTHENTICATE"),
        ]
        if self._scripts is not None:
            lines.append(CapabilityLine("OWNER", self._scripts.name))
        # Empty where only under TLS somebody may log in.
        lines.append(CapabilityLine("SASL", " ".join(shared.authenticator.mechanisms(channel))))
        if shared.tls is not None and not channel.secure and self._scripts is None:
            lines.append(CapabilityLine("STARTTLS"))
        for line in lines:
            self.say(line)

    def channel(self) -> Channel:
        """Return over what the user logs in."""
        return Channel.to(self.peer, protocol="managesieve", host=self.shared.host)

    async def challenge(self, octets: bytes) -> bytes | None:
        """Send a challenge; return the response, None for a cancellation."""
        self.say(Challenge(octets))
        event = await self.take()
        return event.octets if isinstance(event, AuthResponse) else None

    def enter(self, login: LoggedIn[ScriptAccess]) -> None:
        """Have who has logged in use the scripts."""
        self.logged_in(login)
        self._scripts = login.avatar

    def leave_account(self) -> None:
        """Let whoever has logged in leave."""
        self.logged_out()
        self._scripts = None

    @property
    def scripts(self) -> ScriptAccess:
        """The scripts; the dialog lets nobody ask for them before a login."""
        if self._scripts is None or self.dialog.state is not State.AUTHENTICATED:
            raise LocalProtocolError("nobody has logged in")
        return self._scripts
