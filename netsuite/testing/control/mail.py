"""Mailboxes and newsgroups in the control interface."""

from __future__ import annotations

from collections.abc import Sequence
from email.message import EmailMessage
from typing import Final

from pydantic import BaseModel, ConfigDict

from netsuite.accounts.naming import account_name_problem
from netsuite.http.commands import Response
from netsuite.http.request import IncomingRequest
from netsuite.message.news import is_newsgroup_name
from netsuite.store.errors import NoSuchAccount, NoSuchFolder
from netsuite.store.model import FolderKind
from netsuite.testing.anybody import account_of
from netsuite.testing.control.answers import Query, Route, answer, octets, parsed, refusal, text
from netsuite.testing.control.messages import (
    DeliveryForm,
    MessageForm,
    checked_flags,
    shown,
)
from netsuite.testing.mail import SECONDS, Folder, Group, Mailbox
from netsuite.testing.suite import Suite

RAW: Final = "message/rfc822"


class MailboxForm(BaseModel):
    """An account that is to be made."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str
    password: str | None = None


class GroupForm(BaseModel):
    """A newsgroup that is to be made."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str


async def has_account(suite: Suite, name: str) -> bool:
    """Return whether there is an account. Raises RequestRefused where none can be called so."""
    name = account_of(name)
    problem = account_name_problem(name)
    if problem is not None:
        raise refusal(400, f"no account can be called {text(name)}: {problem}")
    try:
        await suite.store.accounts.account(name)
    except NoSuchAccount:
        return False
    return True


async def mailbox_of(suite: Suite, name: str) -> Mailbox:
    """Return a mailbox that somebody asks for; where every address is taken, it is there.

    Raises:
        RequestRefused: with 404: it is not.
    """
    if not await has_account(suite, name) and not suite.anybody:
        raise refusal(404, f"there is no mailbox {text(name)}; make it with POST /mailboxes")
    return suite.mailbox(name)


class MailRoutes:
    """The routes for mail and news.

    Args:
        limit_octets: of a message.
    """

    def __init__(self, suite: Suite, limit_octets: int) -> None:
        self._suite = suite
        self._limit = limit_octets

    def routes(self) -> Sequence[Route]:
        """Return them."""
        box, group = "/mailboxes/{name}", "/groups/{name}"
        return (
            Route("GET", "/mailboxes", "List the mailboxes.", self.mailboxes),
            Route("POST", "/mailboxes", 'Make one: {"name", "password"}.', self.make_mailbox),
            Route(
                "GET",
                f"{box}/messages",
                "Return its messages, oldest first. ?folder=",
                self.messages,
            ),
            Route(
                "POST",
                f"{box}/messages",
                'Put one there: {"subject", "text", "html", "from", "to", "headers", "folder", '
                '"flags"}, all of which may be left out; or as message/rfc822, with ?folder= and '
                "?flags=, separated by commas.",
                self.deliver,
            ),
            Route(
                "GET",
                f"{box}/messages/{{uid}}",
                "Return one message; with .eml behind its UID, its octets. ?folder=",
                self.message,
            ),
            Route(
                "GET",
                f"{box}/wait",
                "Wait until messages are there, and return them: ?count= (1), ?subject=, ?folder=, "
                "?timeout= (5 seconds). 408 with what there was, and what was said, where they do "
                "not come in time.",
                self.wait,
            ),
            Route("GET", "/groups", "List the newsgroups.", self.groups),
            Route("POST", "/groups", 'Make one: {"name"}.', self.make_group),
            Route("GET", f"{group}/articles", "Return its articles, oldest first.", self.articles),
            Route(
                "POST",
                f"{group}/articles",
                "Put one there, as into a mailbox; the newsgroup is made where it is not there.",
                self.post,
            ),
            Route(
                "GET",
                f"{group}/articles/{{uid}}",
                "Return one article; with .eml behind its number, its octets.",
                self.article,
            ),
            Route(
                "GET", f"{group}/wait", "Wait for articles, as for messages.", self.wait_articles
            ),
        )

    # -- mailboxes -----------------------------------------------------------------------------

    async def mailboxes(self, request: IncomingRequest) -> Response:
        """Return the accounts."""
        names = sorted(each.name for each in await self._suite.store.accounts.accounts())
        return answer({"mailboxes": [_of_mailbox(self._suite.mailbox(each)) for each in names]})

    async def make_mailbox(self, request: IncomingRequest) -> Response:
        """Make an account."""
        form = parsed(MailboxForm, await request.read(self._limit))
        there = await has_account(self._suite, form.name)
        made = self._suite.mailbox(form.name, None if there else form.password)
        if form.password not in (None, made.password):
            raise refusal(409, f"there is a mailbox {form.name} with another password")
        return answer(_of_mailbox(made), 200 if there else 201)

    async def _folder(self, request: IncomingRequest, query: Query) -> Folder:
        mailbox = await mailbox_of(self._suite, request.parameters["name"])
        return mailbox.folder(query.get("folder") or "INBOX")

    async def messages(self, request: IncomingRequest) -> Response:
        """Return what is in a folder."""
        folder = await self._folder(request, Query(request, "folder"))
        return answer({"messages": [shown(each) for each in await folder.messages()]})

    async def message(self, request: IncomingRequest) -> Response:
        """Return one message."""
        folder = await self._folder(request, Query(request, "folder"))
        return await _one(request, folder)

    async def deliver(self, request: IncomingRequest) -> Response:
        """Put a message into a folder."""
        query = Query(request, "folder", "flags")
        mailbox = await mailbox_of(self._suite, request.parameters["name"])
        body = await request.read(self._limit)
        if _is_raw(request):
            flags = [each for each in (query.get("flags") or "").split(",") if each]
            message: EmailMessage | bytes = body
            folder = query.get("folder") or "INBOX"
        else:
            form = parsed(DeliveryForm, body)
            message, folder, flags = form.composed(mailbox.address), form.folder, form.flags
        made = await mailbox.deliver(message, folder=folder, flags=checked_flags(flags))
        return answer(shown(made), 201)

    async def wait(self, request: IncomingRequest) -> Response:
        """Wait for messages."""
        query = Query(request, "count", "subject", "timeout", "folder")
        return await self._waited(await self._folder(request, query), query)

    async def _waited(self, folder: Folder, query: Query) -> Response:
        try:
            found = await folder.wait(
                query.count("count", 1),
                subject=query.get("subject"),
                timeout=query.seconds("timeout", SECONDS),
            )
        except AssertionError as problem:
            there = await folder.messages()
            said = {
                "error": text(problem).partition("\n")[0],
                "messages": [shown(each) for each in there],
                "transcripts": text(self._suite.transcripts()),
            }
            return answer(said, 408)
        return answer({"messages": [shown(each) for each in found]})

    # -- newsgroups ----------------------------------------------------------------------------

    async def groups(self, request: IncomingRequest) -> Response:
        """Return the newsgroups."""
        folders = await self._suite.store.mail.folders(None)
        names = sorted(each.name for each in folders if each.kind is FolderKind.GROUP)
        return answer({"groups": names})

    async def _group(self, name: str) -> Group:
        """Return a newsgroup. Raises NoSuchFolder."""
        found = await self._suite.store.mail.folder(None, name)
        if found.kind is not FolderKind.GROUP:
            raise NoSuchFolder(name)
        return self._suite.group(name)

    def _made_group(self, name: str) -> Group:
        if not is_newsgroup_name(name.encode("utf-8", "replace")):
            raise refusal(400, f"no newsgroup can be called {text(name)!r}")
        return self._suite.group(name)

    async def make_group(self, request: IncomingRequest) -> Response:
        """Make a newsgroup."""
        form = parsed(GroupForm, await request.read(self._limit))
        return answer({"name": self._made_group(form.name).name}, 201)

    async def articles(self, request: IncomingRequest) -> Response:
        """Return the articles of a newsgroup."""
        Query(request)
        group = await self._group(request.parameters["name"])
        return answer({"articles": [shown(each) for each in await group.articles()]})

    async def article(self, request: IncomingRequest) -> Response:
        """Return one article."""
        Query(request)
        return await _one(request, await self._group(request.parameters["name"]))

    async def post(self, request: IncomingRequest) -> Response:
        """Put an article into a newsgroup."""
        Query(request)
        group = self._made_group(request.parameters["name"])
        body = await request.read(self._limit)
        if _is_raw(request):
            made = await group.post(body)
        else:
            form = parsed(MessageForm, body)
            made = await group.post(form.composed("", Newsgroups=group.name, Path="test"))
        return answer(shown(made), 201)

    async def wait_articles(self, request: IncomingRequest) -> Response:
        """Wait for articles."""
        query = Query(request, "count", "subject", "timeout")
        return await self._waited(await self._group(request.parameters["name"]), query)


def _of_mailbox(mailbox: Mailbox) -> dict[str, str]:
    return {"name": mailbox.name, "password": mailbox.password, "address": mailbox.address}


def _is_raw(request: IncomingRequest) -> bool:
    return request.fields.get("content-type").partition(";")[0].strip().lower() == RAW


async def _one(request: IncomingRequest, folder: Folder) -> Response:
    """Return the message that a path names. Raises RequestRefused where there is none."""
    number, dot, ending = request.parameters["uid"].partition(".")
    for each in await folder.messages():
        if str(each.uid) == number and ending in ("", "eml"):
            return octets(each.octets, RAW) if dot else answer(shown(each))
    raise refusal(404, f"there is no message {text(request.parameters['uid'])}")
