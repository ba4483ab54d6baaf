"""Before the mail: EHLO, HELO, LHLO, STARTTLS, AUTH. See RFC 5321, 3.2; RFC 3207; RFC 4954."""

from __future__ import annotations

from collections.abc import Iterator

from netsuite.accounts.interfaces import Submitter
from netsuite.connection.server import handlers
from netsuite.sasl.lines import Auth
from netsuite.smtp import replies
from netsuite.smtp.commands import Ehlo, Helo, Lhlo, Reply, StartTls, reply
from netsuite.smtp.parameters import format_utc
from netsuite.smtp.server.session import Session


async def ehlo(session: Session, command: Ehlo | Lhlo) -> Reply | None:
    """Say what there is."""
    refusal = await session.judge_greeting(command.domain)
    if refusal is not None:
        return session.refuse(refusal)
    session.greeted(command.domain, extended=True)
    shared = session.shared
    lines = [
        f"{shared.host} greets {command.domain}",
        "PIPELINING",
        f"SIZE {shared.settings.message_octets}",
    ]
    lines += ["8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "CHUNKING"]
    lines += _optional(session)
    if not session.peer.secure and shared.tls is not None:
        lines.append("STARTTLS")
    authenticator = session.authenticator
    if authenticator is not None and session.submitter is None:
        mechanisms = authenticator.mechanisms(session.channel())
        if mechanisms:
            lines.append(f"AUTH {' '.join(mechanisms)}")
    return Reply(250, "", tuple(lines))


def _optional(session: Session) -> Iterator[str]:
    """Return the lines of those extensions that a service can do without."""
    shared = session.shared
    offered = shared.extensions
    yield from (each for each in ("DSN", "BINARYMIME", "DELIVERBY") if each in offered)
    if "REQUIRETLS" in offered and session.peer.secure:
        yield "REQUIRETLS"
    longest = session.longest_hold
    if longest is not None:
        seconds = int(longest.total_seconds())
        yield f"FUTURERELEASE {seconds} {format_utc(shared.now() + longest)}"
    if "LIMITS" in offered:
        # RFC 9422, 4: of six digits at the most.
        most = min(shared.settings.messages, 999_999)
        messages = f"MAILMAX={most} " if most else ""
        yield f"LIMITS {messages}RCPTMAX={min(shared.settings.recipients, 999_999)}"


async def helo(session: Session, command: Helo) -> Reply | None:
    """Greet the old way."""
    refusal = await session.judge_greeting(command.domain)
    if refusal is not None:
        return session.refuse(refusal)
    session.greeted(command.domain, extended=False)
    return reply(250, "", f"{session.shared.host} greets {command.domain}")


async def starttls(session: Session, command: StartTls) -> Reply | None:
    """Begin TLS (RFC 3207, 4)."""
    return session.upgrade(replies.START_TLS, already=replies.TLS_ALREADY, without=replies.NO_TLS)


async def auth(session: Session, command: Auth) -> Reply:
    """Log in by SASL (RFC 4954, 4)."""
    authenticator = session.authenticator
    if authenticator is None:
        return replies.NO_AUTH
    if session.submitter is not None:
        return replies.ALREADY_LOGGED_IN
    with session.exchanging(command.mechanism):
        login = await authenticator.authenticate(
            session.channel(), command.mechanism, Submitter, session.challenge, command.initial
        )
    return session.enter(login)


HANDLERS = handlers(ehlo, helo, starttls, auth)
