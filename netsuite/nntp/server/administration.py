"""The session itself: CAPABILITIES, MODE READER, DATE, HELP, QUIT. See RFC 3977, 5."""

from __future__ import annotations

from typing import Final

from netsuite.connection.server import handlers
from netsuite.nntp import commands as c
from netsuite.nntp.commands import Status
from netsuite.nntp.server import listing, login
from netsuite.nntp.server.session import Session
from netsuite.wire.dates import format_news_date

HELP: Final = (
    "This is a news server (RFC 3977).",
    "  CAPABILITIES, MODE READER, DATE, HELP, QUIT, STARTTLS",
    "  AUTHINFO USER name, AUTHINFO PASS password, AUTHINFO SASL mechanism [response]",
    "  LIST [ACTIVE|ACTIVE.TIMES|COUNTS|NEWSGROUPS|SUBSCRIPTIONS [wildmat]]",
    "  LIST DISTRIB.PATS|DISTRIBUTIONS|HEADERS|MODERATORS|MOTD|OVERVIEW.FMT",
    "  NEWGROUPS date time [GMT], NEWNEWS wildmat date time [GMT]",
    "  GROUP name, LISTGROUP [name [range]], NEXT, LAST",
    "  ARTICLE, HEAD, BODY, STAT [number|<message-id>]",
    "  OVER [range|<message-id>], HDR field [range|<message-id>], XOVER, XHDR",
    "  POST",
)


async def capabilities(session: Session, command: c.Capabilities) -> None:
    """Say what there is (RFC 3977, 5.2)."""
    shared = session.shared
    # RFC 3977, 5.2.2: VERSION first.
    lines = ["VERSION 2", "READER", f"IMPLEMENTATION {shared.software}", "HDR"]
    lines += [f"LIST {' '.join(listing.keywords(shared.settings))}", "NEWNEWS", "OVER MSGID"]
    # Listed where a login would make it possible: POST then answers 480 (RFC 3977, 5.2.2
    # asks that what is listed be there, though it may need authentication).
    if shared.newsroom.policy.posting != "none":
        lines.append("POST")
    session.say_lines(101, "Capabilities follow", [*lines, *login.capabilities(session)])


async def mode_reader(session: Session, command: c.ModeReader) -> Status:
    """Say whether one may post (RFC 3977, 5.3)."""
    return session.welcome()


async def date(session: Session, command: c.Date) -> Status:
    """Say the time (RFC 3977, 7.1)."""
    return Status(111, format_news_date(session.now()).decode("ascii"))


async def help_text(session: Session, command: c.Help) -> None:
    """Say a text for people (RFC 3977, 7.2)."""
    session.say_lines(100, "Help follows", HELP)


async def quit_session(session: Session, command: c.Quit) -> None:
    """Say goodbye and close (RFC 3977, 5.4)."""
    session.say(Status(205, "Bye"))
    session.close()


HANDLERS = handlers(capabilities, mode_reader, date, help_text, quit_session)
