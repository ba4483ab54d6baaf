"""One NNTP session, the server's side: what it knows of its client, and who answers what."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from twisted.python.failure import Failure

from netsuite.accounts.interfaces import Channel, NewsAccess, Newsgroup, Newsroom, Posting
from netsuite.connection.close_reason import CloseReason
from netsuite.connection.protocol import DialogConnection
from netsuite.nntp import commands as c
from netsuite.nntp import replies
from netsuite.nntp.commands import Beginning, Status
from netsuite.nntp.dialog import ServerDialog
from netsuite.nntp.server import listing, login, overview_commands, posting, reading
from netsuite.wire.dates import format_news_date
from netsuite.wire.events import BodyChunk, EndOfBody, EndOfInput, Event

if TYPE_CHECKING:
    from netsuite.nntp.server.factory import NNTPServerFactory

Answer = Callable[[Any, Any], Awaitable[None] | None]

HELP = (
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


def _for_readers(answer: Answer) -> Answer:
    """Give an answer that those who may not read do not get."""

    def guarded(session: NNTPServer, event: Any) -> Awaitable[None] | None:
        if session.room is None:
            session.say(replies.LOG_IN_FIRST)
            return None
        return answer(session, event)

    return guarded


class NNTPServer(DialogConnection):
    """One NNTP session, the server's side. See RFC 3977.

    Args:
        factory: holds everything that sessions share.
        name: tells the connection apart in the log.
    """

    dialog: ServerDialog

    def __init__(self, factory: NNTPServerFactory, name: str = "") -> None:
        super().__init__(
            ServerDialog(),
            factory.clock,
            timeouts=factory.timeouts,
            limits=factory.limits,
            name=name,
        )
        self.shared = factory
        self.settings = factory.settings
        self.username = ""
        #: Who reads and posts; None for somebody who must log in first.
        self.access: NewsAccess | None = None
        #: What they read; None likewise.
        self.room: Newsroom | None = None
        #: The newsgroup selected, and the current article number in it; 0 for none.
        self.group: Newsgroup | None = None
        self.number = 0
        #: The article that is coming.
        self.posting: Posting | None = None

    # -- the session --------------------------------------------------------------------------

    def began(self) -> None:
        """Greet."""
        self._enter_unknown()
        self.say(self._welcome())

    def _enter_unknown(self) -> None:
        if self.settings.anonymous == "read":
            self.access = self.shared.room.anonymous()
            self.room = self.access.room
            # Nobody needs to log in here, so nobody is hurried to.
            self.logged_in()
        else:
            self.access = self.room = None

    def _welcome(self) -> Status:
        # RFC 3977, 5.1.2: 201 tells many clients that they can never post, even after a login.
        host, software = self.settings.host, self.settings.software
        if self.shared.room.policy.posting == "none":
            return Status(201, f"{host} NNTP {software}, posting prohibited")
        return Status(200, f"{host} NNTP {software}, posting allowed")

    def ended(self, reason: Failure) -> None:
        """Throw away an article that was not finished."""
        self.drop_posting()

    def drop_posting(self) -> None:
        """Throw away the article that was coming, if any."""
        dropped, self.posting = self.posting, None
        if dropped is not None:
            dropped.abort()

    def goodbye(self, cause: CloseReason) -> None:
        """Say why, where it cannot be taken for the answer to something else."""
        status = replies.GOODBYE.get(cause)
        if status is None and self.turned_away is not None:
            status = replies.STOPPING
        if status is not None and not self.dialog.in_body and not self.dialog.in_article:
            self.say(status)

    def failed(self, event: Event, failure: Failure) -> None:
        """Say that it is our fault and temporary; within a body, nothing can be said."""
        self.drop_posting()
        if self.dialog.pending is None or self.dialog.in_body:
            self.abort()
        elif isinstance(event, EndOfBody):
            self.say(replies.POSTING_BROKEN)
        else:
            self.say(replies.BROKEN)

    def reset_for_tls(self) -> None:
        """Forget everything said in the clear (RFC 4642, 2.2.2)."""
        self.dialog.forget()
        self.username = ""
        self.group = None
        self.number = 0
        self._enter_unknown()

    def channel(self) -> Channel:
        """Give what the door is to know of this connection."""
        return Channel.to(self.peer, protocol="nntp", host=self.settings.host)

    def now(self) -> datetime:
        """The time, in UTC."""
        return datetime.fromtimestamp(self.clock.seconds(), UTC)

    def say_body(self, code: int, text: str, octets: bytes) -> None:
        """Say a response with a body that is at hand."""
        self.say(Beginning(code, text))
        self.say(BodyChunk(octets))
        self.say(EndOfBody())

    def say_lines(self, code: int, text: str, lines: Iterable[str]) -> None:
        """Say a response with a body of lines."""
        self.say_body(code, text, "".join([f"{line}\r\n" for line in lines]).encode("utf-8"))

    # -- commands about the session -----------------------------------------------------------

    def _capabilities(self, event: c.Capabilities) -> None:
        # RFC 3977, 5.2.2: VERSION first.
        lines = ["VERSION 2", "READER", f"IMPLEMENTATION {self.settings.software}", "HDR"]
        lines += [f"LIST {' '.join(listing.keywords(self.settings))}", "NEWNEWS", "OVER MSGID"]
        # Listed where a login would make it possible: POST then answers 480 (RFC 3977, 5.2.2
        # asks that what is listed be there, though it may need authentication).
        if self.shared.room.policy.posting != "none":
            lines.append("POST")
        self.say_lines(101, "Capabilities follow", [*lines, *login.capabilities(self)])

    def _date(self, event: c.Date) -> None:
        self.say(Status(111, format_news_date(self.now()).decode("ascii")))

    def _quit(self, event: c.Quit) -> None:
        self.say(Status(205, "Bye"))
        self.close()

    def _end_of_input(self, event: EndOfInput) -> None:
        self.close()

    answers: ClassVar[Mapping[type, Answer]] = {
        c.Capabilities: _capabilities,
        c.ModeReader: lambda self, event: self.say(self._welcome()),
        c.Date: _date,
        c.Help: lambda self, event: self.say_lines(100, "Help follows", HELP),
        c.Quit: _quit,
        EndOfInput: _end_of_input,
        c.Group: _for_readers(reading.group),
        c.ListGroup: _for_readers(reading.listgroup),
        c.Next: _for_readers(reading.next_article),
        c.Last: _for_readers(reading.last_article),
        c.Article: _for_readers(reading.article),
        c.Head: _for_readers(reading.head),
        c.Body: _for_readers(reading.body),
        c.Stat: _for_readers(reading.stat),
        c.Over: _for_readers(overview_commands.over),
        c.Hdr: _for_readers(overview_commands.hdr),
        c.ListCommand: _for_readers(listing.list_command),
        c.NewGroups: _for_readers(listing.newgroups),
        c.NewNews: _for_readers(listing.newnews),
        c.Post: posting.post,
        BodyChunk: posting.chunk,
        EndOfBody: posting.end,
        c.AuthInfoUser: login.user,
        c.AuthInfoPass: login.password,
        c.AuthInfoSASL: login.sasl,
        c.StartTLS: login.starttls,
    }
