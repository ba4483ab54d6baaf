"""``--demo``: two accounts, sample mail, loopback only, and a table of what to try."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TextIO

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IAddress

from netsuite import __version__
from netsuite.accounts.passwords import make_verifiers
from netsuite.config.schema import SERVICES, Settings
from netsuite.connection.listening import ListeningService
from netsuite.site import STANDARD_FOLDERS, Site, SiteError
from netsuite.store.errors import NoSuchAccount
from netsuite.store.interfaces import Store
from netsuite.store.model import Account, FolderId, Placement

PASSWORD = "netsuite"
ACCOUNTS = (("alice", "Alice Example"), ("bob", "Bob Example"))

#: What ``--demo`` sets, before the command line's own ``--set``.
DEMO_OVERRIDES = (
    'site.hostname="localhost"',
    'site.domains=["example.test"]',
    'site.postmaster="alice"',
    # `curl -T` sends a file's line ends as they are, and a newcomer's file has LF.
    'smtp.bare_line_ends="mend"',
    'submission.bare_line_ends="mend"',
)

_WELCOME = """\
    This message was put here by --demo. Answer it, flag it, move it: it is a real
    message in a real store, and it will be there after a kill -9.

    Send yourself another one:

        curl smtp://127.0.0.1:8025 --mail-from a@example.test \\
            --mail-rcpt alice@example.test -T mail.eml
"""

#: sender, subject, body, age in hours
_SAMPLES = (
    ("netsuite@example.test", "Welcome to netsuite", _WELCOME, 48),
    (
        "bob@example.test",
        "=?utf-8?q?Caf=C3=A9_on_Thursday=3F?=",
        "    Shall we meet at ten?\n\n    Bob\n",
        5,
    ),
)

#: A command to try, by service.
TRY = {
    "smtp": "curl smtp://127.0.0.1:8025 --mail-from a@example.test "
    "--mail-rcpt alice@example.test -T mail.eml",
    "submission": "curl --ssl-reqd -k -u alice:netsuite smtp://127.0.0.1:8587 "
    "--mail-from alice@example.test --mail-rcpt bob@example.test -T mail.eml",
    "imap": "curl -u alice:netsuite imap://127.0.0.1:8143/INBOX "
    "-X 'UID FETCH 1:* (FLAGS ENVELOPE)'",
    "pop3": "curl -u alice:netsuite pop3://127.0.0.1:8110/1",
    "gopher": "curl gopher://127.0.0.1:8070/",
}


def refuse_strangers(settings: Settings) -> None:
    """Raise SiteError if a service would listen elsewhere than on loopback: everybody knows the
    demo's passwords."""
    for name in SERVICES:
        section = getattr(settings, name)
        for where in [*section.listen, *section.listen_tls]:
            if not is_loopback(where):
                raise SiteError(
                    f"--demo listens on loopback only, and {name} would listen on {where}; "
                    "add :interface=127.0.0.1, or leave --demo away"
                )


def is_loopback(endpoint: str) -> bool:
    """Tell whether an endpoint string listens where only this machine can connect."""
    kind, _, rest = endpoint.partition(":")
    if kind == "unix":
        return True
    interfaces = [
        part.partition("=")[2].replace("\\:", ":")
        for part in rest.replace("\\:", "\0").split(":")
        if part.startswith("interface=")
    ]
    return [each.replace("\0", ":") for each in interfaces] in (
        ["127.0.0.1"],
        ["::1"],
        ["localhost"],
    )


class Demo:
    """Seeds a site once and tells what can be done with it."""

    def __init__(self, site: Site, services: Sequence[ListeningService], out: TextIO) -> None:
        self._site = site
        self._services = services
        self._out = out

    async def prepare(self, store: Store) -> None:
        """Make the accounts and the sample mail if they are not there; print the table."""
        for name, display_name in ACCOUNTS:
            try:
                await store.accounts.account(name)
            except NoSuchAccount:
                await self._make(store, name, display_name)
        self._print()

    async def _make(self, store: Store, name: str, display_name: str) -> None:
        account = await store.accounts.add_account(
            name, make_verifiers(PASSWORD), display_name=display_name, folders=STANDARD_FOLDERS
        )
        inbox = (await store.mail.folder(account.id, "INBOX")).id
        for number, (sender, subject, body, age_hours) in enumerate(_SAMPLES, start=1):
            if sender.startswith(f"{name}@"):
                continue
            when = datetime.now(UTC) - timedelta(hours=age_hours)
            await self._put(store, inbox, _message(sender, account, subject, body, when, number))

    async def _put(self, store: Store, inbox: FolderId, octets: bytes) -> None:
        draft = store.mail.draft(len(octets))
        waiting = draft.write(octets)
        if waiting is not None:
            await waiting
        await store.mail.commit(draft, [Placement(inbox)])

    def _print(self) -> None:
        lines = [
            "",
            f"netsuite {__version__}: demo in {self._site.home}",
            f"accounts alice and bob, password {PASSWORD}, domain example.test",
            "",
        ]
        for service in self._services:
            where = ", ".join(
                _where(port.getHost()) + (" (TLS)" if opening.tls else "")
                for opening, port in service.bound
            )
            name = str(service.name)
            lines.append(f"  {name:<11} {where}")
            lines.append(f"      {TRY[name]}")
        lines += ["", "Stop with Ctrl-C.", ""]
        print("\n".join(lines), file=self._out, flush=True)


def _where(address: IAddress) -> str:
    """Write a listening address as a client is told it."""
    if isinstance(address, IPv4Address):
        return f"{address.host}:{address.port}"
    if isinstance(address, IPv6Address):
        return f"[{address.host}]:{address.port}"
    return str(address)


def _message(
    sender: str, account: Account, subject: str, body: str, when: datetime, number: int
) -> bytes:
    lines = [
        f"Date: {when:%a, %d %b %Y %H:%M:%S +0000}",
        f"From: {sender}",
        f"To: {account.display_name} <{account.name}@example.test>",
        f"Subject: {subject}",
        f"Message-ID: <demo-{number}@example.test>",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "",
        textwrap.dedent(body),
    ]
    return "\r\n".join("\n".join(lines).splitlines()).encode() + b"\r\n"
