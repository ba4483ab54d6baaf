"""``netsuite search``: the work, each protocol's part in a module of its name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib import import_module
from typing import Final, TypeAlias

from netsuite.cli.client.access import Access
from netsuite.cli.client.listing import Listing
from netsuite.cli.client.running import run
from netsuite.cli.client.session import ClientSession, Login
from netsuite.cli.client.urls import Target

_PATTERN: Final = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is searched for.

    Args:
        words: all of them have to be there, in letters of whatever case.
        criteria: whether they are the protocol's own language of searches.
        most: so many results are enough.
    """

    words: Sequence[str]
    criteria: bool = False
    most: int = 10_000

    def fits(self, *texts: str) -> bool:
        """Return whether every word is in one of the texts."""
        folded = [each.casefold() for each in texts]
        return all(any(word.casefold() in text for text in folded) for word in self.words)

    def fits_name(self, name: str) -> bool:
        """Return whether every word is in a name; one that is a pattern is of all of it."""
        folded = name.casefold()
        return all(
            fnmatchcase(folded, word.casefold())
            if _PATTERN.intersection(word)
            else word.casefold() in folded
            for word in self.words
        )


#: Searches where a session's URL says.
Search: TypeAlias = Callable[[ClientSession, Wanted], Awaitable[Listing]]


def search(target: Target, access: Access, login: Login | None, wanted: Wanted) -> Listing:
    """Return what is found where a URL says."""
    find: Search = vars(import_module(f"{__name__}.{target.service}"))["search"]
    found: list[Listing] = []

    async def work(session: ClientSession) -> None:
        found.append(await find(session, wanted))

    run(target, access, login, work)
    return found[0]
