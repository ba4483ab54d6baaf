"""The work on several URLs: one session for those of one server, and what fails told of each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, TypeAlias

from netsuite.cli.client.access import Access
from netsuite.cli.client.problems import CommandError, Exit, complain, printable
from netsuite.cli.client.running import code_of, line_of, run
from netsuite.cli.client.session import ClientSession
from netsuite.cli.client.urls import BadURL, Target
from netsuite.cli.client.wanted import Wanted
from netsuite.connection import errors
from netsuite.wire.errors import LocalProtocolError

#: What is wrong with one URL, and not with the connection.
_OF_ONE: Final = (errors.Refusal, errors.NotOffered, CommandError, BadURL, LocalProtocolError)


class SomeFailed(CommandError):
    """Some of several URLs could not be worked on; each has been told.

    Args:
        code: that of all where it is one, else ``PARTLY``.
    """

    def __init__(self, line: str, code: Exit) -> None:
        super().__init__(line)
        self.code = code


class Troubles:
    """What has gone wrong with some of several URLs.

    Args:
        count: of the URLs; what goes wrong with the only one ends the command.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._codes: list[Exit] = []

    @contextmanager
    def of(self, target: Target, count: int = 1) -> Iterator[None]:
        """Tell what goes wrong with a URL, and go on with the next."""
        with self._told(target, count, _OF_ONE):
            yield

    @contextmanager
    def of_all(self, target: Target, count: int) -> Iterator[None]:
        """Tell what goes wrong with a session, and go on with the next."""
        with self._told(target, count, (*_OF_ONE, errors.ClientError, OSError)):
            yield

    @contextmanager
    def _told(
        self, target: Target, count: int, kinds: tuple[type[BaseException], ...]
    ) -> Iterator[None]:
        try:
            yield
        except kinds as error:
            if self._count == 1 or isinstance(error, SomeFailed):
                raise
            complain(printable(f"{target.url}: {line_of(error, target.place)}"))
            self._codes += [code_of(error)] * count

    def finish(self) -> None:
        """Raise SomeFailed where something went wrong."""
        if not self._codes:
            return
        every = len(self._codes) >= self._count and len({*self._codes}) == 1
        line = f"{min(len(self._codes), self._count)} of {self._count} could not be done"
        raise SomeFailed(line, self._codes[0] if every else Exit.PARTLY)


#: Works on URLs of one server, in one session.
Work: TypeAlias = Callable[[ClientSession, Sequence[Target], Troubles], Awaitable[None]]


def run_each(wanted: Sequence[Wanted], access: Access, work: Work) -> None:
    """Do the work on URLs, in their order; exit with what became of it, unless all is done."""
    troubles = Troubles(len(wanted))

    async def every(first: ClientSession) -> None:
        for group in _groups(wanted):
            target = group[0].target
            session = ClientSession(first.reactor, target, access, group[0].login)
            with troubles.of_all(target, len(group)):
                await work(session, [each.target for each in group], troubles)
        troubles.finish()

    run(wanted[0].target, access, wanted[0].login, every)


def _groups(wanted: Sequence[Wanted]) -> Sequence[Sequence[Wanted]]:
    """Return what one session will do for, in order."""
    groups: list[list[Wanted]] = []
    for each in wanted:
        if groups and groups[-1][0].is_beside(each):
            groups[-1].append(each)
        else:
            groups.append([each])
    return groups
