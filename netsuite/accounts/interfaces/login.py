"""The authenticator: how somebody logs in, over what, and why not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

F = TypeVar("F")


class OtherEnd(Protocol):
    """What is known of the other end of a connection, as far as a login asks."""

    @property
    def address(self) -> str:
        """Its IP address, or empty for a local socket."""

    @property
    def secure(self) -> bool:
        """Whether TLS is in place."""

    @property
    def local(self) -> bool:
        """Whether it is on the loopback interface or a local socket."""

    @property
    def binding(self) -> bytes | None:
        """The tls-exporter channel binding (RFC 9266)."""

    @property
    def certificate_names(self) -> tuple[str, ...]:
        """Names in a verified client certificate."""


@dataclass(frozen=True, slots=True)
class Channel:
    """Over what somebody tries to log in.

    Args:
        protocol: the service: ``"smtp"``, ``"imap"``, ``"pop3"`` ...
        address: the peer's IP address, or empty for a local socket.
        secure: TLS is in place.
        local: the peer is on the loopback interface or a local socket.
        binding: the tls-exporter channel binding (RFC 9266), None without TLS 1.3 or where
            the transport cannot give one.
        certificate_names: names in a verified client certificate.
        host: the name the server goes by.
    """

    protocol: str
    address: str = ""
    secure: bool = False
    local: bool = False
    binding: bytes | None = None
    certificate_names: tuple[str, ...] = ()
    host: str = ""

    @classmethod
    def to(cls, peer: OtherEnd, *, protocol: str, host: str) -> Channel:
        """Return the channel to the other end of a connection."""
        return cls(
            protocol=protocol,
            address=peer.address,
            secure=peer.secure,
            local=peer.local,
            binding=peer.binding,
            certificate_names=peer.certificate_names,
            host=host,
        )


class LoginRefused(Exception):
    """The login failed; ``reason`` is for the log, never for the peer."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class BadCredentials(LoginRefused):
    """No such account, wrong password, disabled, not for this protocol: told apart in the log
    and the audit only."""


class Throttled(LoginRefused):
    """Too many wrong guesses from there or for that account; try again later."""


class PlaintextRefused(LoginRefused):
    """A password may not be sent over this channel: no TLS, and not loopback."""


class MalformedResponse(LoginRefused):
    """The client broke the mechanism's grammar."""


class LoginUnavailable(LoginRefused):
    """Temporary: the account store could not be asked."""


class MechanismNotOffered(LoginRefused):
    """There is no such SASL mechanism here."""


class LoginCancelled(LoginRefused):
    """The client has broken off the SASL exchange."""


#: Refusals that count against whoever is refused: a number of them ends the connection.
COUNTED_REFUSALS: Final = (
    BadCredentials,
    Throttled,
    PlaintextRefused,
    MalformedResponse,
    LoginUnavailable,
)


def _nothing() -> None:
    """Nothing is to be done when this facet's user leaves."""


@dataclass(frozen=True, slots=True)
class LoggedIn(Generic[F]):
    """A login that succeeded.

    Args:
        avatar: the facet asked for.
        name: the account's name.
        octets: additional data for the client with the success, None for none or where the client
            has been given it already.
        logout: to be called when the user leaves: what the realm gave beside the facet.
    """

    avatar: F
    name: str
    octets: bytes | None = None
    logout: Callable[[], None] = _nothing


#: Sends a challenge of a SASL exchange, not yet in base64, and returns the client's response; None
#: where the client cancels.
Ask = Callable[[bytes], Awaitable[bytes | None]]


class Authenticator(Protocol):
    """Where protocols log their users in; one for the whole suite, so that throttling, account
    states and the audit log are shared. Behind it stands a ``twisted.cred`` portal.

    A facet is asked for by its class: ``MailAccess``, ``Maildrop``, ``Submitter``, ``NewsAccess``,
    ``FileAccess``, ``ShellAccess``, or one of a composer's own.
    """

    def mechanisms(self, channel: Channel) -> Sequence[str]:
        """Return the SASL mechanisms to offer over this channel, strongest first; none with a
        clear password where one may not be sent."""

    def allows_password(self, channel: Channel) -> bool:
        """Return whether USER/PASS, LOGIN and the like may be used over this channel."""

    async def log_in(
        self, channel: Channel, username: str, password: str, facet: type[F]
    ) -> LoggedIn[F]:
        """Log in with a clear password. Raises LoginRefused."""

    async def authenticate(
        self,
        channel: Channel,
        mechanism: str,
        facet: type[F],
        ask: Ask,
        initial: bytes | None = None,
        *,
        data_with_success: bool = False,
    ) -> LoggedIn[F]:
        """Log in by a SASL exchange (RFC 4422), from its beginning to its end.

        Args:
            channel: over what.
            mechanism: its name.
            facet: what is wanted of the account.
            ask: sends a challenge.
            initial: the initial response, None where there was none.
            data_with_success: whether the protocol has a place for data with its success reply;
                elsewhere it goes in a challenge of its own, which the client answers with an empty
                response (RFC 4422, 5.2).

        Raises:
            LoginRefused: it failed; MechanismNotOffered before anything was asked.
        """
