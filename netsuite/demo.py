"""``--demo``: two accounts, sample mail, loopback only, and a table of what to try."""

from __future__ import annotations

import contextlib
import html
import ipaddress
import os
import shutil
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple, TextIO

from twisted.application.service import IService
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.interfaces import IAddress
from twisted.logger import ILogObserver, LogEvent, Logger, LogLevel, textFileLogObserver
from zope.interface import implementer

from netsuite import __version__
from netsuite.accounts.mail import ADMIN_GROUP
from netsuite.accounts.passwords import make_verifiers
from netsuite.config.schema import SERVICES, Settings
from netsuite.connection.listening import ListeningService
from netsuite.home import SiteError
from netsuite.site import Site
from netsuite.store.errors import FileInTheWay, NoSuchAccount
from netsuite.store.folder_names import STANDARD_FOLDERS
from netsuite.store.interfaces import Store
from netsuite.store.model import FolderId, FolderKind, Placement
from netsuite.store.tree import FileTree, HomeTree, TreePath

PASSWORD = "netsuite"
ACCOUNTS = (("alice", "Alice Example"), ("bob", "Bob Example"))

#: Who may use the console.
ADMINISTRATOR: Final = "alice"

#: What ``--demo`` sets, before the command line's own ``--set``.
DEMO_OVERRIDES = (
    'site.hostname="localhost"',
    'site.domains=["example.test"]',
    'site.postmaster="alice"',
    "delivery.enabled=false",  # what a newcomer tries leaves this machine in no case
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

#: name and description
_GROUPS = (
    ("example.announce", "Announcements of the demo"),
    ("example.talk", "Talk about anything, for trying it out"),
)

_GROUPS_BODY = """\
    A newsgroup is a public folder: this article is in Public/example.announce by IMAP,
    and what you have read there is marked for you alone.
"""

#: number, groups, author, subject, references, body, age in hours
_ARTICLES = (
    (1, "example.announce", "alice", "What a newsgroup is here", "", _GROUPS_BODY, 47),
    (2, "example.talk", "bob", "Does anybody still read news?", "", "    I do.\n\n    Bob\n", 30),
    (
        3,
        "example.talk",
        "alice",
        "Re: Does anybody still read news?",
        "<news-2@example.test>",
        "    So do I.\n\n    Alice\n",
        29,
    ),
    (
        4,
        "example.talk,example.announce",
        "bob",
        "Crossposted, and stored once",
        "",
        "    One content, a number in each group.\n",
        4,
    ),
)

_SITE_TEXT = """\
Welcome. This file is in the public site: FTP shows it to everybody who logs in as anonymous,
HTTP at /welcome.txt, Gopher in its root menu. It is a real file below the home directory;
change it with an editor, and all of them show what it says then.
"""

_HOME_TEXT = """\
Only {name} sees this one. What is in public/ everybody sees, as ~{name}.
"""

#: 16 by 16 points, one bit each: a picture small enough to stand here (portable bitmap).
_PICTURE = b"P4\n16 16\n" + bytes.fromhex(
    "07e0 1818 2004 4002 4422 8e71 8421 8001 8001 9009 8811 47e2 4002 2004 1818 07e0"
)

#: path and content, in the public site
_SITE_FILES: tuple[tuple[TreePath, bytes], ...] = (
    (("welcome.txt",), _SITE_TEXT.encode()),
    (("pictures", "smile.pbm"), _PICTURE),
)

_PAGE_PATH: Final = ("index.html",)
_PAGE_OCTETS: Final = 65_536
#: By this beginning the demo knows the page it has made.
_PAGE_MARK: Final = (
    "<!DOCTYPE html>\n<!-- netsuite's demo makes this page again at each start -->\n"
)
_PAGE: Final = (
    _PAGE_MARK
    + """\
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>netsuite: the demo</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 1rem/1.5 sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }}
pre {{ overflow-x: auto; padding: .5rem; background: #8882 }}
</style>
</head>
<body>
<h1>netsuite</h1>
<p>This is the demo of netsuite {version}: mail, news, files and a shell by the classic protocols,
all in one process, on this machine alone. There are two accounts, <b>alice</b> and <b>bob</b>,
whose password is <b>netsuite</b>, and some mail, news and files to try it with.</p>
<h2>In this browser</h2>
<ul>
<li><a href="/news/">Newsgroups</a>, which are public folders by IMAP, too</li>
<li><a href="/~alice/">What alice shows to everybody</a>: put something there by FTP or HTTP</li>
<li><a href="/welcome.txt">A file</a> and <a href="/pictures/">a folder</a> of the public site</li>
</ul>
<h2>In a terminal</h2>
<p>First make a message:</p>
<pre>{message}</pre>
{services}
<p>This page is index.html in the public site{where}. Put your own there, and it stays.</p>
</body>
</html>
"""
)
_MESSAGE: Final = (
    r"printf 'From: me@example.test\r\nSubject: hello\r\n\r\nHello, Alice.\r\n' > mail.eml"
)

#: A command to try, by service; ``{where}`` stands for its address and port.
TRY: Final = {
    "smtp": "curl smtp://{where} --mail-from a@example.test "
    "--mail-rcpt alice@example.test -T mail.eml",
    "submission": "curl --ssl-reqd -k -u alice:netsuite smtp://{where} "
    "--mail-from alice@example.test --mail-rcpt bob@example.test -T mail.eml",
    "lmtp": """python3 -c "import smtplib; smtplib.LMTP('{where}').sendmail("""
    """'a@example.test', 'alice@example.test', 'Subject: hello')\"""",
    "imap": "curl -u alice:netsuite imap://{where}/INBOX -X 'UID FETCH 1:* (FLAGS ENVELOPE)'",
    "pop3": "curl -u alice:netsuite pop3://{where}/1",
    "managesieve": r"printf 'CAPABILITY\r\nLOGOUT\r\n' | curl -s telnet://{where}",
    "nntp": r"printf 'GROUP example.talk\r\nOVER 1-\r\nQUIT\r\n' | curl -s telnet://{where}",
    "ftp": "curl -u alice:netsuite -T mail.eml ftp://{where}/public/ && "
    "curl -u alice:netsuite ftp://{where}/public/",
    "http": "curl -u alice:netsuite -T mail.eml http://{where}/~alice/ && "
    "curl http://{where}/~alice/",
    "telnet": "{netsuite} telnet {where}    (alice, netsuite, then: help)",
    "gopher": "curl gopher://{where}/",
    "health": "curl http://{where}/readyz http://{where}/metrics",
    "console": "http://{where}/    (in a browser: alice, netsuite)",
}


def _our_command() -> str:
    """Return how the ``netsuite`` that belongs to this program is called from here."""
    ours = Path(sys.argv[0]).absolute().with_name("netsuite")
    found = shutil.which("netsuite")
    if not ours.exists() or (found is not None and Path(found).samefile(ours)):
        return "netsuite"
    here = Path.cwd()
    return str(ours.relative_to(here) if ours.is_relative_to(here) else ours)


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
    """Return whether an endpoint string listens where only this machine can connect."""
    kind, _, rest = endpoint.partition(":")
    if kind == "unix":
        return True
    interfaces = [
        part.partition("=")[2].replace("\0", ":")
        for part in rest.replace("\\:", "\0").split(":")
        if part.startswith("interface=")
    ]
    if len(interfaces) != 1:
        return False
    try:
        return ipaddress.ip_address(interfaces[0]).is_loopback
    except ValueError:
        return interfaces[0] == "localhost"


@implementer(ILogObserver)
class _AfterTable:
    """Logs on the terminal as twistd does; of what comes before the demo serves, troubles alone."""

    def __init__(self, out: TextIO) -> None:
        self._write = textFileLogObserver(out)
        self._serves = False

    def __call__(self, event: LogEvent) -> None:
        """Log an event, or leave it out."""
        if self._serves or event.get("log_level", LogLevel.info) >= LogLevel.warn:
            self._write(event)
        self._serves = self._serves or "demo_serves" in event


def log_after_table() -> ILogObserver:
    """Return what ``twistd --logger`` has a demo log to: so the table is what a newcomer sees."""
    return _AfterTable(sys.stdout)


class _Row(NamedTuple):
    """One service in the table.

    Args:
        where: all places where it listens.
        command: to try; None where all are under TLS.
    """

    name: str
    where: str
    command: str | None


class Demo:
    """Seeds a site once and tells what can be done with it."""

    log = Logger()

    def __init__(self, site: Site, services: Sequence[IService], out: TextIO) -> None:
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
        await self._make_groups(store)
        rows = list(self._rows())
        await self._make_files(self._page(rows))
        self._print(rows)
        self._site.when_open().addCallback(lambda _: self.log.debug("it serves", demo_serves=True))

    async def _make_files(self, page: bytes) -> None:
        """Put sample files where there is nothing yet; and a page that the demo has made, where
        services listen elsewhere by now."""
        homes = self._site.homes
        await _fill(homes.public, (*_SITE_FILES, (_PAGE_PATH, page)))
        there = {entry.name for entry in await homes.public.sorted_listing(())}
        if _PAGE_PATH[-1] in there:
            old = await _content(homes.public, _PAGE_PATH)
            if old.startswith(_PAGE_MARK.encode()) and old != page:
                await _put_file(homes.public, _PAGE_PATH, page)
        for name, _ in ACCOUNTS:
            text = _HOME_TEXT.format(name=name).encode()
            files = ((("notes.txt",), text), (("public", "hello.txt"), b"Hello.\n"))
            await _fill(await homes.home(name), files)

    async def _make_groups(self, store: Store) -> None:
        """Make the newsgroups and their articles, all or none: those there are left alone."""
        there = {folder.name for folder in await store.mail.folders(None)}
        if not there.isdisjoint(name for name, _ in _GROUPS):
            return
        made = {}
        for name, description in _GROUPS:
            made[name] = await store.mail.create_folder(
                None, name, kind=FolderKind.GROUP, description=description
            )
        for number, groups, author, subject, references, body, age_hours in _ARTICLES:
            fields = {
                "Path": "localhost!.POSTED!not-for-mail",
                "From": f"{author.title()} Example <{author}@example.test>",
                "Newsgroups": groups,
                "References": references,
            }
            octets = _octets(f"news-{number}", fields, subject, body, age_hours)
            await self._put(store, octets, *(made[name].id for name in groups.split(",")))

    async def _make(self, store: Store, name: str, display_name: str) -> None:
        account = await store.accounts.add_account(
            name, make_verifiers(PASSWORD), display_name=display_name, folders=STANDARD_FOLDERS
        )
        if name == ADMINISTRATOR:
            await store.accounts.update_account(account.id, groups=frozenset({ADMIN_GROUP}))
        inbox = (await store.mail.folder(account.id, "INBOX")).id
        for number, (sender, subject, body, age_hours) in enumerate(_SAMPLES, start=1):
            if sender.startswith(f"{name}@"):
                continue
            fields = {"From": sender, "To": f"{display_name} <{name}@example.test>"}
            octets = _octets(f"demo-{number}", fields, subject, body, age_hours)
            await self._put(store, octets, inbox)

    async def _put(self, store: Store, octets: bytes, *folders: FolderId) -> None:
        draft = store.mail.draft(len(octets))
        waiting = draft.write(octets)
        if waiting is not None:
            await waiting
        await store.mail.commit(draft, [Placement(folder) for folder in folders])

    def _rows(self) -> Iterator[_Row]:
        for service in self._services:
            if not isinstance(service, ListeningService):
                continue  # it carries mail, and listens nowhere
            bound = [(_where(port.getHost()), opening.tls) for opening, port in service.bound]
            shown = ", ".join(where + (" (TLS)" if tls else "") for where, tls in bound)
            name = str(service.name)
            plain = [where for where, tls in bound if not tls]
            command = TRY[name].replace("{netsuite}", _our_command()) if plain else None
            yield _Row(name, shown, command and command.replace("{where}", plain[0]))

    def _page(self, rows: Sequence[_Row]) -> bytes:
        """Return the page that a browser shows first."""
        services = "\n".join(
            f"<h3>{row.name}</h3>\n<p>{html.escape(row.where)}</p>"
            + (f"\n<pre>{html.escape(row.command)}</pre>" if row.command else "")
            for row in rows
        )
        home = self._site.home
        public = "" if home is None else f", {home / self._site.settings.files.root / 'public'}"
        page = _PAGE.format(
            version=html.escape(__version__),
            message=html.escape(_MESSAGE),
            services=services,
            where=html.escape(public),
        )
        return page.encode()

    def _print(self, rows: Sequence[_Row]) -> None:
        home = self._site.home
        where = "memory" if home is None else f"{home}, with logs in its log/"
        lines = [
            "",
            f"netsuite {__version__}: demo in {where}",
            f"accounts alice and bob, password {PASSWORD}, domain example.test",
            "",
        ]
        for row in rows:
            lines.append(f"  {row.name:<11} {row.where}")
            if row.command:
                lines.append(f"      {row.command}")
        lines += ["", "Stop with Ctrl-C.", ""]
        print("\n".join(lines), file=self._out, flush=True)


async def _fill(tree: HomeTree, files: Sequence[tuple[TreePath, bytes]]) -> None:
    """Put files into a tree whose root has none of them; what somebody removed stays away."""
    there = {entry.name for entry in await tree.sorted_listing(())}
    if any(path[0] in there for path, _ in files if len(path) == 1):
        return
    for path, octets in files:
        if len(path) > 1:
            with contextlib.suppress(FileInTheWay):
                await tree.make_directory(path[:-1])
        await _put_file(tree, path, octets)


async def _put_file(tree: HomeTree, path: TreePath, octets: bytes) -> None:
    upload = await tree.upload(path)
    waiting = upload.write(octets)
    if waiting is not None:
        await waiting
    await upload.commit()


async def _content(tree: FileTree, path: TreePath) -> bytes:
    """Return what is in a file, as far as the demo's page could be so long."""
    file = await tree.open(path)
    try:
        return await file.read(0, _PAGE_OCTETS)
    finally:
        file.close()


def _where(address: IAddress) -> str:
    """Write a listening address as a client is told it."""
    if isinstance(address, IPv4Address):
        return f"{address.host}:{address.port}"
    if isinstance(address, IPv6Address):
        return f"[{address.host}]:{address.port}"
    if isinstance(address, UNIXAddress) and address.name:
        return os.fsdecode(address.name)
    return str(address)


def _octets(
    identifier: str, fields: Mapping[str, str], subject: str, body: str, age_hours: int
) -> bytes:
    """Return a message, or an article."""
    when = datetime.now(UTC) - timedelta(hours=age_hours)
    lines = [
        *(f"{name}: {value}" for name, value in fields.items() if value),
        f"Date: {when:%a, %d %b %Y %H:%M:%S +0000}",
        f"Subject: {subject}",
        f"Message-ID: <{identifier}@example.test>",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "",
        textwrap.dedent(body),
    ]
    return "\r\n".join("\n".join(lines).splitlines()).encode() + b"\r\n"
