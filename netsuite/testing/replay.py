"""Conversations played again: a recorded session, or a transcript, as the client or as the server.

::

    await replay(Path("order.txt"), suite.smtp.endpoint, suite.clock)    # as the client

    server = ReplayServer(suite.smtp.transcripts[0])                     # as the server
    port = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(server)
    ...                                   # the program under test has the same conversation again
    server.check()

Recordings have masked secrets: a server takes whatever is said in their place, a client is told
them. A recording is of lines: what it has not whole, such as lines longer than it keeps, cannot be
said again, nor what is none: bodies of HTTP that end without a line end, Telnet's options, FTP's
data connections. TLS that began in the midst is not begun again; a client's *endpoint* may bring
it from the start.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import connectProtocol
from twisted.internet.interfaces import IAddress, IReactorTime, IStreamClientEndpoint, ITransport
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from netsuite.connection.transcript import LINE_OCTETS, MASK
from netsuite.testing.mail import SECONDS
from netsuite.testing.recordings import Said, Session
from netsuite.testing.transcripts import Heard, Line, Role, TranscriptError, parse

#: What is played: a recording, the path of a transcript, or its text.
Script: TypeAlias = Session | Path | str

#: How a recording has a tab.
_TAB: Final = "\\t"
#: Turns of the reactor until what is under way in memory has come.
_TURNS: Final = 5


def lines_of(script: Script, role: Role, secrets: Sequence[str] = ()) -> list[Line]:
    """Return the lines of what is played.

    Args:
        secrets: what the client of a recording says in place of each mask, in their order.

    Raises:
        ValueError: a line cannot be said; or not enough secrets are given.
    """
    if isinstance(script, Session):
        return list(_recorded(script, role, iter(secrets)))
    text = script.read_text("utf-8") if isinstance(script, Path) else script
    return list(parse(text, name_of(script), role))


def name_of(script: Script) -> str:
    """Return what messages call it."""
    return "transcript" if isinstance(script, str) else script.name


def _recorded(session: Session, role: Role, secrets: Iterator[str]) -> Iterator[Line]:
    speaker = "C" if role is Role.CLIENT else "S"
    number = 0
    for number, said in enumerate(session.lines, 1):
        text = said.text
        cut = text.endswith("...") and len(text) >= LINE_OCTETS
        if said.side != speaker:
            literal = not (cut or _TAB in text or (said.side == "C" and MASK in text))
            how, expected = (":", text) if literal else ("~", _pattern(said, cut))
            yield Line(number, "", said.side, how, expected)
            continue
        if cut:
            raise ValueError(f"{session.name}:{number}: not kept whole: {text!r}")
        if said.side == "C" and MASK in text:
            secret = next(secrets, None)
            if secret is None:
                raise ValueError(f"{session.name}:{number}: no secret is given for {text!r}")
            text = text.replace(MASK, secret)
        yield Line(number, "", said.side, ":", text.replace(_TAB, "\t"))
    if role is Role.SERVER and session.ended:
        yield Line(number + 1, "", "S", "!", "")


def _pattern(said: Said, cut: bool) -> str:
    """Return what is expected where a line was recorded."""
    pattern = re.escape(said.text.removesuffix("...") if cut else said.text)
    pattern = pattern.replace(re.escape(_TAB), r"(?:\t|\\t)")
    if said.side == "C":
        pattern = pattern.replace(re.escape(MASK), ".*")
    return pattern + ".*" if cut else pattern


# -- as the client -------------------------------------------------------------------------------


class _Talker(Protocol):
    """One connection to a server."""

    def __init__(self, name: str) -> None:
        self.heard = Heard(name)
        self._waiting: Deferred[None] | None = None

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        """The server has said something."""
        self.heard.hear(data)
        self.wake()

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        """It is over."""
        self.heard.closed = True
        self.wake()

    def wake(self) -> None:
        """Wake who waits."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.callback(None)

    async def more(self, clock: IReactorTime, seconds: float) -> None:
        """Wait for more to be said, or the end, or until so many seconds have passed."""
        waiting: Deferred[None] = Deferred()
        self._waiting = waiting
        timer = clock.callLater(seconds, self.wake)
        try:
            await waiting
        finally:
            self._waiting = None
            if timer.active():
                timer.cancel()

    async def leave(self, clock: IReactorTime, seconds: float) -> None:
        """Close, and wait until that is done, but not for long."""
        until = clock.seconds() + seconds
        _transport(self).loseConnection()
        while not self.heard.closed and clock.seconds() < until:
            await self.more(clock, until - clock.seconds())


async def replay(
    script: Script,
    endpoint: IStreamClientEndpoint,
    clock: IReactorTime,
    *,
    secrets: Sequence[str] = (),
    timeout: float = SECONDS,
) -> dict[str, str]:
    """Play the client of a conversation; return what was captured.

    Args:
        endpoint: of the server, such as ``suite.smtp.endpoint``.
        clock: for the time limit, such as ``suite.clock``.
        secrets: what is said in place of each mask of a recording.
        timeout: seconds for each line of the server's.

    Raises:
        TranscriptError: the server said something else, or nothing in time. What it says beyond
            is an error where it is there when the next line is said, or soon after the last.
        ValueError: that cannot be played.
    """
    name = name_of(script)
    captured: dict[str, str] = {}
    talkers: dict[str, _Talker] = {}
    try:
        for line in lines_of(script, Role.CLIENT, secrets):
            talker = talkers.get(line.connection)
            if talker is None:
                connecting: Deferred[_Talker] = connectProtocol(endpoint, _Talker(name))
                talker = talkers[line.connection] = await connecting
            if line.who == "C":
                talker.heard.nothing_left(f"line {line.number}", captured)
                _transport(talker).write(line.octets(captured))
            else:
                await _met(line, talker, captured, clock, timeout)
        await _turns(clock)
        for connection, talker in talkers.items():
            talker.heard.nothing_left(f"the end of connection {connection or 'one'}", captured)
    finally:
        for talker in talkers.values():
            await talker.leave(clock, timeout)
    return captured


async def _met(
    line: Line, talker: _Talker, captured: dict[str, str], clock: IReactorTime, timeout: float
) -> None:
    """Wait until the server has said a line. Raises TranscriptError."""
    if line.how == "*":
        await _turns(clock)  # nothing tells how many there will be, where a line of ours is next
    until = clock.seconds() + timeout
    while not talker.heard.meets(line, captured):
        left = until - clock.seconds()
        if left <= 0:
            raise talker.heard.error(line, captured)
        await talker.more(clock, left)


async def _turns(clock: IReactorTime) -> None:
    for _ in range(_TURNS):
        turn: Deferred[None] = deferLater(clock, 0)
        await turn


def _transport(protocol: Protocol) -> ITransport:
    transport = protocol.transport
    assert transport is not None
    return transport


# -- as the server -------------------------------------------------------------------------------


class _Answerer(Protocol):
    """One connection, on which the lines of one script are said and expected.

    Args:
        name: of the script.
        owner: is told how it ends.
    """

    def __init__(self, name: str, lines: Sequence[Line], owner: ReplayServer) -> None:
        self.heard = Heard(name, "the client")
        self._lines = list(lines)
        self._owner = owner
        self._captured: dict[str, str] = {}
        self._over = self._failed = False

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's name
        """Say what comes before anything is expected."""
        self._go_on()

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """The client has said something."""
        self.heard.hear(data)
        self._go_on()

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        """It is over."""
        self.heard.closed = True
        self._go_on()

    def _go_on(self) -> None:
        if self._failed:
            return
        try:
            while self._lines:
                if not self._done(self._lines[0]):
                    return
                del self._lines[0]
            self.heard.nothing_left("the end", self._captured)
        except TranscriptError as error:
            self._end(error)
        else:
            self._end(None)

    def _done(self, line: Line) -> bool:
        """Say a line, or return whether one has been said. Raises TranscriptError."""
        if line.who == "C":
            return self.heard.meets(line, self._captured)
        if line.how == "!":
            _transport(self).loseConnection()
        else:
            _transport(self).write(line.octets(self._captured))
        return True

    def _end(self, error: TranscriptError | None) -> None:
        if error is not None:
            self._failed = True
            self._owner.failed(error)
            _transport(self).loseConnection()
        if not self._over:
            self._over = True
            self._owner.played()


class ReplayServer(Factory):
    """Says the server's lines of a conversation, and expects the client's.

    Each connection plays the next script. A transcript with several connections is several
    scripts, in the order in which it names them; then a client is expected to open them so.

    Args:
        scripts: recordings, paths of transcripts, or their texts.
        again: begin anew with the first script behind the last one.

    Attributes:
        errors: what was not as it should be; each shows its line.

    Raises:
        ValueError: one of them cannot be played.
    """

    noisy = False

    def __init__(self, *scripts: Script, again: bool = False) -> None:
        self.errors: list[TranscriptError] = []
        self._scripts: list[tuple[str, list[Line]]] = []
        self._again = again
        self._connections = self._played = 0
        self._waiting: list[Deferred[None]] = []
        for script in scripts:
            by_connection: dict[str, list[Line]] = {}
            for line in lines_of(script, Role.SERVER):
                by_connection.setdefault(line.connection, []).append(line)
            self._scripts += [(name_of(script), lines) for lines in by_connection.values()]

    def buildProtocol(self, addr: IAddress | None) -> Protocol | None:  # noqa: N802 - Twisted's
        """Make a connection for the next script; None, and an error, where there is none."""
        number = self._connections
        if number >= len(self._scripts) and not (self._again and self._scripts):
            self.failed(TranscriptError(f"connection {number + 1}: {number} were expected"))
            return None
        self._connections += 1
        name, lines = self._scripts[number % len(self._scripts)]
        return _Answerer(name, lines, self)

    def failed(self, error: TranscriptError) -> None:
        """Accept what is wrong."""
        self.errors.append(error)
        self._wake()

    def played(self) -> None:
        """Accept that a script is at its end."""
        self._played += 1
        self._wake()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each.callback(None)

    @property
    def complete(self) -> bool:
        """Whether every script has been played to its end, or has gone wrong."""
        return self._played >= max(len(self._scripts), self._connections)

    async def wait(self, clock: IReactorTime, timeout: float = SECONDS) -> None:
        """Wait until all is played, then check it. Raises as ``check``.

        Args:
            timeout: in seconds of *clock*.
        """
        until = clock.seconds() + timeout
        while not (self.complete or self.errors) and (left := until - clock.seconds()) > 0:
            waiting: Deferred[None] = Deferred()
            self._waiting.append(waiting)
            timer = clock.callLater(left, self._wake)
            try:
                await waiting
            finally:
                if timer.active():
                    timer.cancel()
        self.check()

    def check(self) -> None:
        """Check that each conversation was had, to its end, as it stands there.

        Raises:
            AssertionError: it was not; the message shows the line.
        """
        if self.errors:
            raise self.errors[0]
        if not self.complete:
            scripts = max(len(self._scripts), self._connections)
            raise AssertionError(
                f"{self._played} of {scripts} conversations were had to their end; "
                f"{self._connections} connections came"
            )
