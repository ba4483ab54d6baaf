"""The commands of ``control.sock``: each asks the processes of the daemon, or steers them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, Protocol, runtime_checkable

from twisted.internet.defer import ensureDeferred

from netsuite.bus import DaemonPlace, Value, answered
from netsuite.control.log import LogLines
from netsuite.control.noting import user_of
from netsuite.control.questions import (
    KICK,
    LOG,
    NOTE,
    RENEW,
    SESSIONS,
    SESSIONS_AT_MOST,
    STATUS,
    TRACE,
)
from netsuite.control.session import Command, Refused, Session

#: How often the processes are asked what was said on the connections that are traced.
TRACE_SECONDS: Final = 0.25
#: How long is traced, and how long at most.
USUAL_SECONDS: Final = 60.0
MOST_SECONDS: Final = 3600.0
#: How long a log is followed; whoever wants more asks again.
FOLLOW_SECONDS: Final = 7 * 86_400.0


@runtime_checkable
class Steered(Protocol):
    """The daemon: of one process, or the parent of several."""

    def reload(self) -> Sequence[str] | Awaitable[Sequence[str]]:
        """Read configuration and certificates again; return what that has changed, in lines."""


class Commands:
    """What can be asked for.

    Args:
        place: the daemon's.
        steered: returns the daemon; None before it is there.
        now: seconds since 1970, to the names of traces.
    """

    def __init__(self, place: DaemonPlace, steered: Callable[[], Steered | None]) -> None:
        self._place = place
        self._steered = steered
        self._traces = 0
        self.table: Mapping[str, Command] = {
            "status": self.status,
            "sessions": self.sessions,
            "kick": self.kick,
            "log": self.log,
            "trace": self.trace,
            "renew": self.renew,
            "reload": self.reload,
            "stop": self.stop,
        }

    # -- looking -------------------------------------------------------------------------------

    async def status(self, session: Session, arguments: Mapping[str, Value]) -> None:
        """Tell the status of each process."""
        _check(arguments)
        for status in await self._place.bus.ask(STATUS):
            await session.tell(status)

    async def sessions(self, session: Session, arguments: Mapping[str, Value]) -> None:
        """Tell each session that is like what is asked for."""
        _check(arguments, *_LIKE, "limit")
        limit = _number(arguments, "limit", SESSIONS_AT_MOST)
        wanted: dict[str, Value] = {**_like(arguments), "limit": int(limit)}
        for told in await self._place.bus.ask(SESSIONS, wanted):
            for each in told if isinstance(told, Sequence) else ():
                await session.tell(each)

    async def log(self, session: Session, arguments: Mapping[str, Value]) -> None:
        """Tell the last lines of the log; where wanted, those to come, too."""
        _check(arguments, "lines", "follow")
        lines = int(_number(arguments, "lines", 20))
        follows = arguments.get("follow", False)
        if not isinstance(follows, bool):
            raise Refused('"follow" must be true or false')
        asked = await self._place.bus.ask(LOG, {"lines": lines}) if lines > 0 else []
        for told in asked:
            for line in told if isinstance(told, Sequence) else ():
                await session.tell(line)
        if follows:
            with LogLines(self._place.settings.log.form, session.tell_now):
                await session.stay(FOLLOW_SECONDS)

    async def trace(self, session: Session, arguments: Mapping[str, Value]) -> None:
        """Tell for a while what is said on the connections of an account, or from an address."""
        _check(arguments, "account", "address", "seconds")
        seconds = _number(arguments, "seconds", USUAL_SECONDS)
        wanted = _like(arguments)
        if not wanted:
            raise Refused('"account" or "address" must say whose connections')
        if seconds > MOST_SECONDS:
            raise Refused(f'"seconds" may be {MOST_SECONDS:.0f} at most')
        self._traces += 1
        name = f"{session.name}.{self._traces}"
        asked: dict[str, Value] = {**wanted, "trace": name}
        await self._note(session, f"traced the sessions of {_words(wanted)}")
        until = session.clock.seconds() + seconds
        try:
            while session.clock.seconds() < until:
                for told in await self._place.bus.ask(TRACE, asked):
                    for line in told if isinstance(told, Sequence) else ():
                        session.tell_now(line)
                if not await session.stay(TRACE_SECONDS):
                    return
        finally:
            ending = ensureDeferred(self._place.bus.ask(TRACE, {"trace": name, "end": True}))
            ending.addErrback(lambda _: None)  # then it ends by itself

    # -- steering ------------------------------------------------------------------------------

    async def kick(self, session: Session, arguments: Mapping[str, Value]) -> None:
        """End the sessions that are like what is asked for; tell how many there were."""
        _check(arguments, *_LIKE)
        wanted = _like(arguments)
        if not wanted:
            raise Refused(f"say which sessions: by {', '.join(_LIKE)}")
        counts = await self._place.bus.ask(KICK, wanted)
        count = sum(each for each in counts if isinstance(each, int))
        await self._note(session, f"ended {count} sessions of {_words(wanted)}")
        await session.tell(count)

    async def renew(self, session: Session, arguments: Mapping[str, Value]) -> None:
        """Try to get certificates by ACME now; tell for which names."""
        _check(arguments, "names")
        names = arguments.get("names", [])
        if not isinstance(names, list):
            raise Refused('"names" must be a list')
        for told in await self._place.bus.ask(RENEW, names):
            for name in told if isinstance(told, Sequence) else ():
                await session.tell(name)

    async def reload(self, session: Session, arguments: Mapping[str, Value]) -> None:
        """Read configuration and certificates again; tell what that has changed."""
        _check(arguments)
        steered = self._steered()
        if steered is None:
            raise Refused("there is nothing here that can be read again")
        await self._note(session, "had configuration and certificates read again")
        lines = await answered(lambda _: steered.reload(), None)
        for line in lines if isinstance(lines, Sequence) else ():
            await session.tell(line)

    async def stop(self, session: Session, arguments: Mapping[str, Value]) -> None:
        """Stop the daemon, as SIGTERM does; sessions end what they do."""
        _check(arguments)
        session.log.info("an operator stops the daemon")
        await self._note(session, "stopped the daemon")
        self._place.reactor.callLater(0, self._place.reactor.stop)

    async def _note(self, session: Session, what: str) -> None:
        """Note in the audit log what is done; where no process can, the log has it."""
        await self._place.bus.ask(NOTE, {"who": user_of(session.transport), "what": what})


#: By what sessions are told apart.
_LIKE: Final = ("session", "account", "address", "service")


def _check(arguments: Mapping[str, Value], *known: str) -> None:
    """Raise Refused for an argument that the command does not have."""
    for name in arguments:
        if name not in known:
            there = f"there are {', '.join(known)}" if known else "there are none"
            raise Refused(f"there is no argument {name!r:.50}; {there}")


def _like(arguments: Mapping[str, Value]) -> dict[str, Value]:
    """Return what sessions are to be like. Raises Refused."""
    wanted: dict[str, Value] = {}
    for name in _LIKE:
        value = arguments.get(name)
        if value is None:
            continue
        if not isinstance(value, str) or not value:
            raise Refused(f'"{name}" must be a string, and not empty')
        wanted[name] = value
    return wanted


def _words(wanted: Mapping[str, Value]) -> str:
    """Return what sessions are to be like as an audit log has it."""
    return ", ".join(f"{name} {value}" for name, value in wanted.items())


def _number(arguments: Mapping[str, Value], name: str, usual: float) -> float:
    """Return an argument that is a number, from 0 on. Raises Refused."""
    value = arguments.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
        raise Refused(f'"{name}" must be a number, and not negative')
    return value
