"""The ``netsuite`` command: one file a group of commands; ``main`` is its entry point.

To list the commands and to refuse a wrong line nothing of Twisted or of a database is imported:
each command's module imports what its work needs when the work begins.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import click

from netsuite import __version__
from netsuite.cli.commands import CommandGroup, Entry

_CLIENT: Final = "netsuite.cli.client.commands"
_VERBS: Final = "netsuite.cli.client.verbs"
_TRANSFER: Final = "netsuite.cli.transfer"
_CONFIGURATION: Final = "netsuite.cli.configuration"
_CONTROL: Final = "netsuite.cli.control"
#: Of the commands that need no home.
BY_URL: Final = "Any server, by URL"

SECTIONS: Final[Mapping[str, Mapping[str, Entry]]] = {
    "A netsuite of one's own": {
        "init": Entry(
            _CONFIGURATION, "init",
            "Write a home directory whose services listen on the standard ports.",
        ),
        "install-system": Entry(
            "netsuite.cli.system", "install_system",
            "Write what this machine needs to run the daemon as a service of systemd.",
        ),
        "doctor": Entry(
            "netsuite.cli.doctor", "doctor",
            "Look at the machine, the home, the ports and the DNS, and say what to change.",
        ),
        "run": Entry(
            "netsuite.cli.run", "run",
            "Run all services in the foreground, with the handlers that Python files have.",
        ),
        "status": Entry(
            _CONTROL, "status",
            "Say what runs, where it listens, and how much there is to do.",
        ),
        "sessions": Entry(
            _CONTROL, "sessions",
            "List who is connected: as whom, from where, since when, and doing what.",
        ),
        "kick": Entry(
            _CONTROL, "kick",
            "End sessions: one, or all of an account, a service, or from an address.",
        ),
        "top": Entry(
            _CONTROL, "top", "Watch services and sessions as they come and go."
        ),
        "trace": Entry(
            _CONTROL, "trace",
            "Show what is said on the connections of an account, or from an address.",
        ),
        "log": Entry(_CONTROL, "log", "Print the end of the daemon's log; follow it."),
        "reload": Entry(
            _CONTROL, "reload",
            "Have the daemon read its configuration and certificates again.",
        ),
        "stop": Entry(_CONTROL, "stop", "Stop the daemon, and wait until it has."),
        "check-config": Entry(
            _CONFIGURATION, "check_config",
            "Say what is wrong with the configuration; exit 0 when nothing is.",
        ),
        "describe-config": Entry(
            _CONFIGURATION, "describe_config",
            "Print every setting with its documentation, as a sample configuration.",
        ),
        "account": Entry(
            "netsuite.cli.account", "account", "Accounts: who may log in and receive mail."
        ),
        "alias": Entry(
            "netsuite.cli.alias", "alias",
            "Aliases: `local`, `local@domain`, or `@domain` for all that is left.",
        ),
        "sieve": Entry(
            "netsuite.cli.sieve", "sieve",
            "Sieve scripts of accounts: they say what becomes of mail.",
        ),
        "audit": Entry(
            "netsuite.cli.audit", "audit",
            "Show who has logged in, and what administrators have done.",
        ),
        "queue": Entry(
            "netsuite.cli.queue", "queue",
            "Mail that waits to leave for other hosts, or for mailboxes that could not take it.",
        ),
        "folder": Entry("netsuite.cli.folder", "folder", "Folders of accounts, and public ones."),
        "group": Entry(
            "netsuite.cli.group", "group", "Newsgroups: public folders that NNTP serves."
        ),
        "ftp": Entry(
            "netsuite.cli.ftp", "ftp",
            "The FTP server: whether clients can reach it and its data connections.",
        ),
        "certificate": Entry(
            "netsuite.cli.certificate", "certificate",
            "Certificates: which there are, whom they serve, until when; and how ACME does.",
        ),
        "dkim": Entry("netsuite.cli.dkim", "dkim", "The keys that mail is signed with."),
        "dns": Entry(
            "netsuite.cli.dns", "dns",
            "Print every DNS record that a mail domain needs, or compare with what there is.",
        ),
        "import": Entry(
            _TRANSFER, "import_mail",
            "Add messages of mbox files or Maildirs, one or a tree of folders, to an account or "
            "newsgroup.",
        ),
        "migrate": Entry(
            "netsuite.cli.migrate", "migrate",
            "Copy an account's mail from another IMAP server: mailboxes, flags, dates, "
            "subscriptions.",
        ),
        "backup": Entry(
            "netsuite.cli.backup", "backup",
            "Write the whole home and its store into a new folder in DIR, or a new tar FILE.",
        ),
        "restore": Entry(
            "netsuite.cli.restore", "restore", "Make the home and its store as a backup has them."
        ),
        "copy-store": Entry(
            "netsuite.cli.copy_store", "copy_store",
            "Copy the whole store into an empty database of either kind, and check it.",
        ),
        "check": Entry(
            "netsuite.cli.check", "check",
            "Hold the store and the files against all that has to be true of them.",
        ),
        "compact": Entry(
            "netsuite.cli.compact", "compact",
            "Give the room that removed mail has left in netsuite.db back to the disk.",
        ),
        "export": Entry(
            _TRANSFER, "export_mail",
            "Write an account's folders, or one, to a new Maildir, mbox file, or tree of them.",
        ),
    },
    BY_URL: {
        "get": Entry(_CLIENT, "get", "Fetch files, messages or articles."),
        "put": Entry(
            _CLIENT, "put",
            "Store a file (http, ftp), or add a message to a mailbox (imap); FILE may be -.",
        ),
        "cat": Entry(
            _VERBS, "cat",
            "Write files, messages or articles to standard output, one after the other.",
        ),
        "mirror": Entry(
            _VERBS, "mirror", "Make a directory tree like another; one of both is a URL."
        ),
        "ls": Entry(
            _CLIENT, "ls", "List files, a menu, mailboxes, messages, newsgroups or articles."
        ),
        "search": Entry(
            _VERBS, "search",
            "Find messages, articles, what a Gopher server searches, or files by their names.",
        ),
        "watch": Entry(
            _VERBS, "watch",
            "Show what changes in a mailbox, newsgroup or directory, until Ctrl-C.",
        ),
        "rm": Entry(
            _VERBS, "rm", "Remove files (ftp, http), messages or mailboxes (imap, pop3)."
        ),
        "mv": Entry(
            _VERBS, "mv",
            "Move a file (ftp, http with WebDAV), a message or a mailbox (imap) on its server.",
        ),
        "mkdir": Entry(
            _VERBS, "mkdir", "Make directories (ftp, http with WebDAV) or mailboxes (imap)."
        ),
        "send": Entry(
            _CLIENT, "send", "Send a message, header and all, from FILE or standard input."
        ),
        "post": Entry(
            _CLIENT, "post", "Post an article, header and all, from FILE or standard input."
        ),
        "capabilities": Entry(
            _VERBS, "capabilities",
            "Show what a server says that it can, before TLS, under it, and logged in.",
        ),
        "probe": Entry(
            _VERBS, "probe",
            "Look at what a host offers on the ports of the eight protocols, and what to change.",
        ),
        "telnet": Entry(
            _CLIENT, "telnet", "Converse with a Telnet server, from a terminal or through pipes."
        ),
    },
    "This command": {
        "completion": Entry(
            "netsuite.cli.completion", "completion",
            "Print what has bash, zsh or fish complete netsuite's words.",
        ),
        "manual": Entry(
            "netsuite.cli.manual", "manual",
            "Print the manual page of a command, or write all of them.",
        ),
    },
}  # fmt: skip


@click.group(
    cls=CommandGroup, sections=SECTIONS, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="netsuite")
@click.option("--home", metavar="DIR", help="The home directory; else $NETSUITE_HOME.")
@click.option("--config", metavar="FILE", help="The configuration; else netsuite.toml in the home.")
@click.option(
    "--set", "overrides", metavar="KEY=VALUE", multiple=True, help="A setting; may be repeated."
)
@click.pass_context
def main(
    context: click.Context, home: str | None, config: str | None, overrides: tuple[str, ...]
) -> None:
    """Look after a netsuite: its configuration, accounts, aliases and folders; and fetch, store,
    list, send, post and converse by URL, here or anywhere.

    The servers themselves are started by twistd: `twistd netsuite`, `twistd netsuite-smtp` ...
    """
    if context.invoked_subcommand in SECTIONS[BY_URL]:
        return  # they have no use for a home, nor for what a store is made of
    from netsuite.cli.context import Home

    context.obj = Home(home, config, overrides)
