"""The command as a whole: what it lists, how quickly, and how it refuses."""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from twisted.internet.task import Clock

from netsuite.cli import SECTIONS, configuration, context, main
from netsuite.cli.account import _LOGIN_SERVICES
from netsuite.cli.client.capabilities import asker_of
from netsuite.cli.client.changing import changes_of
from netsuite.cli.client.commands import GET, LS, PUT
from netsuite.cli.client.transfers import client_of
from netsuite.cli.client.verbs import CAPABILITIES, MKDIR, MV, RM, SEARCH, WATCH
from netsuite.config.check import problems
from netsuite.config.load import load, read
from netsuite.config.schema import SERVICES, Settings
from tests.cli.commands import COMMAND, done, heed_interrupts, run

ENTRIES = {name: entry for each in SECTIONS.values() for name, entry in each.items()}
#: What takes long to import, and is not needed to say how a command is used.
HEAVY = (
    "twisted", "zope", "sqlalchemy", "pydantic", "OpenSSL", "cryptography", "rich", "argon2",
)  # fmt: skip


def imported(*words: str) -> tuple[set[str], str]:
    """Run a command line in a fresh interpreter; return what heavy things it imported, and its
    output."""
    program = (
        "import sys\n"
        "from netsuite.cli import main\n"
        "try:\n"
        "    if sys.argv[1:]: main()\n"
        "finally:\n"
        f"    print('\\0', *[each for each in {HEAVY!r} if each in sys.modules])\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, *words], capture_output=True, text=True, timeout=60
    )
    output, _, found = result.stdout.partition("\0")
    assert "Traceback" not in result.stderr, result.stderr
    return set(found.split()), output + result.stderr


def command_lines() -> list[list[str]]:
    """Return every command and its subcommands, as they are typed."""
    lines = []
    with click.Context(main) as context:
        for name in main.list_commands(context):
            command = main.get_command(context, name)
            assert command is not None
            lines.append([name])
            if isinstance(command, click.Group):
                lines += [[name, each] for each in command.commands]
    return lines


def test_quick() -> None:
    """To be told how it is used nobody waits for a network or a database to be imported."""
    for words in ((), ("--help",), ("--version",), ("nonsense",), ("get", "nonsense://h"), ("ls",)):
        assert imported(*words)[0] == set(), words


def test_every_help_is_quick() -> None:
    """So it is with the help of every command: all of them in one interpreter import nothing."""
    lines = command_lines()
    program = (
        "import sys\n"
        "from netsuite.cli import main\n"
        f"for words in {lines!r}:\n"
        "    try: main([*words, '--help'])\n"
        "    except SystemExit as end: assert not end.code, words\n"
        f"    assert not [each for each in {HEAVY!r} if each in sys.modules], words\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("Usage: ") == len(lines)
    assert not re.search(r"[a-z,;]\.\.\.", result.stdout)  # no line is cut off


def test_the_list_is_true() -> None:
    """What the list says of a command is what the command says of itself."""
    with click.Context(main) as context:
        for name, entry in ENTRIES.items():
            command = main.get_command(context, name)
            assert command is not None
            assert command.name == name
            assert command.get_short_help_str(200) == entry.help
            assert entry.help in " ".join(main.get_help(context).split())


def test_the_tables_of_services_are_true() -> None:
    """What a command says it can do by a protocol, the protocol's client can."""
    for attribute, services in (("get", GET), ("ls", LS), ("put", PUT.replace(" imap", ""))):
        for service in ["http", "ftp", "gopher", "pop3", "imap", "nntp"]:
            can = getattr(client_of(service), attribute) is not None
            assert can == (service in services.split()), (attribute, service)
    for attribute, services in (("remove", RM), ("rename", MV), ("make_directory", MKDIR)):
        for service in ["http", "ftp", "pop3", "imap"]:
            can = getattr(changes_of(service), attribute) is not None
            assert can == (service in services.split()), (attribute, service)
    for package, services in (("searching", SEARCH), ("watching", WATCH)):
        for service in services.split():
            module = importlib.import_module(f"netsuite.cli.client.{package}.{service}")
            assert callable(vars(module)["search" if package == "searching" else "watch"])
    assert all(callable(asker_of(service)) for service in CAPABILITIES.split())
    assert set(_LOGIN_SERVICES) == set(SERVICES) - {"smtp", "lmtp"}


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ("nonsense", "no such command 'nonsense'; see netsuite --help"),
        ("get", "missing argument 'URL...'; see netsuite get --help"),
        ("account add", "missing argument 'NAME'; see netsuite account add --help"),
        ("account list --home x", "--home stands before the command; see netsuite --help"),
        ("get --max-time 0 http://h/", "see netsuite get --help"),
        ("import /dev/null", "say either --account or --group; see netsuite import --help"),
        ("--set x=1 check-config", "there is no such setting"),
    ],
)
def test_wrong_use(words: str, advice: str) -> None:
    """A wrong line is refused in one line, which says where the right one stands; exit 2."""
    result = CliRunner().invoke(main, words.split(), prog_name="netsuite")
    assert result.exit_code == 2
    assert result.output.startswith("netsuite: ")
    assert result.output.endswith(f"{advice}\n")
    assert result.output.count("\n") == 1


def test_no_command() -> None:
    """With no command there is the help, and exit 2, so that a script notices."""
    result = CliRunner().invoke(main, [], prog_name="netsuite")
    assert result.exit_code == 2
    assert "check-config" in result.output


def test_as_a_module() -> None:
    """``python -m netsuite`` is the command."""
    command = [sys.executable, "-m", "netsuite", "--version"]
    printed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert printed.stdout.startswith("netsuite")


def test_questions(tmp_path: Path) -> None:
    """A question answered with no, or not at all, changes nothing and is exit 1."""
    done(tmp_path, "account", "add", "ann", "--password-stdin")
    for answer, reason in (("n\n", "answered with no"), ("", "standard input has ended")):
        code, printed = run(tmp_path, "account", "remove", "ann", stdin=answer)
        assert code == 1
        assert f"netsuite: nothing was done: {reason}" in printed
    assert "ann" in done(tmp_path, "account", "list")


def test_nobody_is_asked_in_vain(tmp_path: Path) -> None:
    """Where there is no store, that is said before a password or a confirmation is asked for."""
    for words in (
        ("account", "passwd", "ann"), ("account", "remove", "ann"), ("group", "remove", "a.b"),
        ("account", "app-password", "ann", "--label", "phone"),
    ):  # fmt: skip
        code, printed = run(tmp_path, *words, stdin="")
        assert code == 1
        assert printed.startswith("netsuite: there is no store in "), printed
        assert printed.count("\n") == 1


def test_ctrl_c(tmp_path: Path) -> None:
    """What is interrupted is not done: one line, and exit 130."""
    done(tmp_path, "account", "add", "ann", "--password-stdin")
    mbox = tmp_path / "many.mbox"
    mbox.write_text("From a@b Sun Mar  1 10:00:00 2026\nSubject: x\n\ntext\n\n" * 20_000)
    running = subprocess.Popen(
        [*COMMAND, "--home", str(tmp_path), "import", str(mbox), "--account", "ann"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heed_interrupts,
    )  # fmt: skip
    try:
        end = time.monotonic() + 30
        while not (tmp_path / "netsuite.db-wal").exists() and time.monotonic() < end:
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        printed, complaint = running.communicate(timeout=30)
    finally:
        running.kill()
    assert (running.returncode, complaint) == (130, "netsuite: interrupted\n"), printed
    assert "imported" not in printed


def test_a_fault_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody foresaw is a line too, which says what to do, and exit 70."""

    async def fail(store: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr(context, "_in_loop", in_no_loop)
    with pytest.raises(click.ClickException) as caught:
        context.Home(str(tmp_path), None, ()).with_store(fail, make=True)
    assert caught.value.exit_code == 70
    assert "please report it: KeyError" in caught.value.message


def in_no_loop(work: Callable[[object], Awaitable[None]]) -> Exception | None:
    """Return what a piece of work fails with, without a reactor."""
    return KeyError("x")


def test_postmaster(tmp_path: Path) -> None:
    """A postmaster who is nobody is found before a start would refuse it."""
    done(tmp_path, "account", "add", "ann", "--password-stdin")
    code, printed = run(tmp_path, "--set", 'site.postmaster="nobody"', "check-config")
    assert code == 2
    assert printed.startswith("netsuite: --set: site.postmaster: there is no account and no alias")
    assert "imap: " in done(tmp_path, "--set", 'site.postmaster="ann"', "check-config")


@contextlib.contextmanager
def locked(home: Path) -> Iterator[None]:
    """Keep us out of a directory, for a while: its mode does, unless we are root."""
    if os.geteuid() == 0:
        os.seteuid(65534)  # whom nothing belongs to
        try:
            yield
        finally:
            os.seteuid(0)
    else:
        home.chmod(0)
        try:
            yield
        finally:
            home.chmod(0o700)


@pytest.mark.parametrize(
    "words",
    [
        "account list", "account remove ann --yes", "alias list", "alias set x ann",
        "folder list ann", "group list", "queue list", "dns example.org", "dkim list",
        "dkim new example.org", "check-config", "init --hostname mail.example.org", "run",
        "import --account ann /dev/null", "export --account ann /tmp/no/where",
    ],
)  # fmt: skip
def test_home_that_may_not_be_searched(tmp_path: Path, words: str) -> None:
    """Each command says in one line which directory it may not look into."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    line = ["--home", str(home), *words.split()]
    importlib.import_module("twisted.scripts.twistd")
    if words != "run":  # what it imports may stand where the other user may not look
        CliRunner().invoke(main, line)
    with locked(home):
        result = CliRunner().invoke(main, line)
    assert result.exit_code in (1, 2), result.output
    assert isinstance(result.exception, SystemExit), result.output
    assert result.output.startswith("netsuite: "), result.output
    assert result.output.count("\n") == 1
    assert str(home) in result.output
    assert "unforeseen" not in result.output


def test_url_needs_no_home(tmp_path: Path) -> None:
    """What is done with any server does not look for a home."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    line = ["--home", str(home), "get", "gopher+x://h/"]
    CliRunner().invoke(main, line)
    with locked(home):
        result = CliRunner().invoke(main, line)
    assert "there is no scheme" in result.output


def initialized(home: Path) -> tuple[str, Settings]:
    """Run init; return what it said, and the settings it wrote."""
    result = CliRunner().invoke(main, ["--home", str(home), "init", "--hostname", "mail.test"])
    assert result.exit_code == 0, result.output
    return result.output, load(home / "netsuite.toml")


@pytest.mark.parametrize(("both", "kind"), [(True, "tcp6"), (False, "tcp")])
def test_init_says_what_it_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, both: bool, kind: str
) -> None:
    """What is open by IPv4 and IPv6, where the machine has both, and what is not; the lines that
    open it can be written as they are."""
    monkeypatch.setattr(configuration, "takes_both", lambda: both)
    said, settings = initialized(tmp_path / "home")
    assert settings.smtp.listen == [f"{kind}:25"]
    assert settings.imap.listen_tls == [f"{kind}:993"]
    assert ("by IPv4 and IPv6" in said) is both
    opened, _, closed = said.partition("open to this machine alone")
    for name in SERVICES:
        section = getattr(settings, name)
        everywhere = all(is_everywhere(each) for each in [*section.listen, *section.listen_tls])
        assert (f"  {name} " in opened) is everywhere, name
        assert (re.search(rf"\[?{name}\b", closed) is not None) is not everywhere, name
    lines = dict.fromkeys(re.findall(r"\[(\w+)\]", closed), "")
    for name, line in re.findall(r"\[(\w+)\] +(.*)", closed):
        lines[name] += f"{line}\n"
    (tmp_path / "more.toml").write_text(
        "".join(f"[{name}]\n{text}" for name, text in lines.items())
    )
    more = read(tmp_path / "more.toml")
    assert not problems(more, tmp_path / "home", Clock())
    for name in lines:
        section = getattr(more.settings, name)
        assert all(is_everywhere(each) for each in [*section.listen, *section.listen_tls])


def is_everywhere(endpoint: str) -> bool:
    return endpoint.startswith("tcp") and "interface" not in endpoint


def test_takes_both() -> None:
    """A socket of IPv6 is said to take IPv4 where it does."""
    if not configuration.takes_both():
        pytest.skip("this machine has no IPv6, or keeps it apart")
    with socket.socket(socket.AF_INET6) as server:
        server.bind(("::", 0))
        server.listen()
        with socket.create_connection(("127.0.0.1", server.getsockname()[1]), 10):
            peer, _ = server.accept()
            assert peer.getpeername()[0] == "::ffff:127.0.0.1"
            peer.close()
