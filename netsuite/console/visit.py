"""A visit: one request of an administrator, and what a page can answer to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from twisted.logger import Logger

from netsuite.console.markup import Content
from netsuite.logs.audit import note
from netsuite.site import Site
from netsuite.store.errors import NoSuchAccount
from netsuite.store.model import Account

_log: Final = Logger()
#: The greatest number that a database keeps.
_GREATEST: Final = 2**63 - 1

Parameters: TypeAlias = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of somebody who has logged in.

    Args:
        account: theirs, as it is now.
        token: what their forms have to hold.
        address: where they are.
        names: what the braces of the route's pattern stand for.
        query: parameters of the URL.
        form: what was sent; empty for a page that is only shown.
        problem: why what was sent is not done, in words for them.
    """

    site: Site
    account: Account
    token: str
    path: str
    address: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    query: Parameters = field(default_factory=dict)
    form: Parameters = field(default_factory=dict, repr=False)
    problem: str = ""

    def asked(self, name: str) -> str:
        """Return a parameter of the URL; empty for none."""
        return _first(self.query, name)

    def asked_number(self, name: str) -> int:
        """Return a parameter of the URL that is a number; 0 for none, or for what is none."""
        return number(self.asked(name)) or 0

    def sent(self, name: str) -> str:
        """Return a field of the form, without white space around it; empty for none."""
        return _first(self.form, name).strip()

    def sent_all(self, name: str) -> Sequence[str]:
        """Return all fields of that name."""
        return self.form.get(name, ())

    def secret(self, name: str) -> str:
        """Return a field of the form as it is; empty for none."""
        return _first(self.form, name)

    def insist(self, question: str, label: str) -> None:
        """Have them say that they are sure. Raises Unsure until they did."""
        if self.sent("sure") != "yes":
            raise Unsure(question, label)

    async def note(self, deed: str, account: str = "") -> None:
        """Note what they have done, in the daemon's log and in the audit log.

        Args:
            account: that it is about; empty where it is about none.
        """
        deed = " ".join(deed.split())
        who = self.account.name
        where = self.address or "a local socket"
        _log.info("{who} on the console from {where}: {deed}", who=who, where=where, deed=deed)
        accounts = self.site.store.accounts
        await note(accounts, deed, who=who, way="web", address=self.address, account=account)


def _first(values: Parameters, name: str) -> str:
    found = values.get(name)
    return found[0] if found else ""


def number(text: str) -> int | None:
    """Return a number that a database can keep; None for anything else."""
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        return None
    found = int(text)
    return found if found <= _GREATEST else None


@dataclass(frozen=True, slots=True)
class Page:
    """What is shown.

    Args:
        live: whether a browser that runs our script asks for it again every few seconds.
    """

    title: str
    body: Content
    live: bool = False
    status: int = 200


@dataclass(frozen=True, slots=True)
class Done:
    """Something was done: it is noted, and the browser goes on to a page that says so.

    Args:
        where: the page's path.
        said: the name of the sentence there, of ``SENTENCES``.
        deed: what is noted; nothing secret.
        about: the account that it is about; empty for none.
        count: how many, where the sentence tells it.
    """

    where: str
    said: str
    deed: str
    about: str = ""
    count: int = 0


#: What was done, by the name that stands in the URL: so no link can put words on a page.
SENTENCES: Final[Mapping[str, str]] = {
    "ended": "Sessions ended: {count}.",
    "made": "Made.",
    "saved": "Saved.",
    "password": "The password was changed; sessions that had logged in with it end.",
    "disabled": "Disabled: nobody can log in as this account, and its sessions end.",
    "enabled": "Enabled.",
    "revoked": "Revoked.",
    "removed": "Removed.",
    "retried": "To be tried now: {count}.",
    "held": "Held: {count}.",
    "released": "Released: {count}.",
    "bounced": "To be tried a last time, then given back: {count}.",
    "dropped": "Dropped: {count}.",
    "reloaded": "The daemon reads its configuration and certificates again; the log says what has "
    "changed.",
}


class Unfit(Exception):
    """What was sent cannot be done; the message says why, to who sent it."""


class Unsure(Exception):
    """What was sent is done when they say that they are sure.

    Args:
        question: what they are asked.
        label: of the button that says yes.
    """

    def __init__(self, question: str, label: str) -> None:
        super().__init__(question)
        self.question = question
        self.label = label


class NotThere(Exception):
    """There is no such page."""


Show: TypeAlias = Callable[[Visit], Awaitable[Page]]
Act: TypeAlias = Callable[[Visit], Awaitable[Done]]


@dataclass(frozen=True, slots=True)
class Route:
    """A page and what can be done on it.

    Args:
        pattern: as of ``Router.add``.
        show: answers GET; and POST where what was sent is unfit.
        act: answers POST; None where nothing can be done.
    """

    pattern: str
    show: Show
    act: Act | None = None


def one_of(actions: Mapping[str, Act]) -> Act:
    """Return what does one of several things: what the form's ``action`` says."""

    async def act(visit: Visit) -> Done:
        chosen = actions.get(visit.sent("action"))
        if chosen is None:
            raise Unfit("There is no such action.")
        return await chosen(visit)

    return act


async def account_named(visit: Visit, name: str) -> Account:
    """Return an account. Raises NotThere."""
    try:
        return await visit.site.store.accounts.account(name)
    except NoSuchAccount:
        raise NotThere from None
