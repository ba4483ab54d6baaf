"""What is wrong with settings: ``check-config`` and the start find the same, in the same words."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from click.testing import CliRunner
from twisted.internet.task import Clock

from netsuite.cli import main
from netsuite.config.check import problems
from netsuite.config.load import read
from netsuite.config.schema import SERVICES, Settings, needs_restart, sections
from netsuite.connection.listening import CannotStart
from netsuite.plugin import plugin

#: A wrong file, and for each problem its line and the beginning of what is said.
WRONG: list[tuple[str, list[str]]] = [
    ('[ftp]\npassive_ports = "50100-50000"', ["2: ftp.passive_ports: "]),
    ('[ftp]\npassive_ports = "50000-70000"', ["2: ftp.passive_ports: "]),
    ('[ftp]\npassive_ports = "many"', ["2: ftp.passive_ports: "]),
    ('[ftp]\nmasquerade_address = "300.1.1.1"', ["2: ftp.masquerade_address: "]),
    ('[ftp]\nmasquerade_address = "ftp.example.org"', ["2: ftp.masquerade_address: "]),
    ('[ftp]\nconnect_seconds = "soon"', ["2: ftp.connect_seconds: must be a number"]),
    ('[store]\nurl = "mysql://x/y"', ["2: store.url: there is no store on mysql"]),
    ('[store]\nurl = "netsuite.db"', ["2: store.url: 'netsuite.db' is no URL of a database"]),
    ('[store]\nurl = "sqlite://"', ["2: store.url: 'sqlite://' names no file"]),
    ('[store]\nurl = "sqlite:////proc/self/status/x/n.db"', ["2: store.url: "]),
    ('[store]\nurl = 7', ["2: store.url: must be text in quotation marks"]),
    ('[imap]\nlisten = ["tcp:8025"]', ["2: imap.listen: 'tcp:8025' is where smtp.listen"]),
    (
        '[pop3]\nlisten_tls = ["tcp:8110"]\nlisten = ["tcp:8110"]',
        ["2: pop3.listen_tls: 'tcp:8110' is where pop3.listen listens already"],
    ),
    ('[imap]\nlisten = ["unix:/tmp/a"]\n[pop3]\nlisten = ["unix:/tmp/a"]', ["4: pop3.listen: "]),
    ('[imap]\nlisten = ["nonsense"]', ["2: imap.listen: 'nonsense' is no endpoint"]),
    ('[imap]\nlisten = ["carrier:pigeon"]', ["2: imap.listen: 'carrier:pigeon' is no endpoint"]),
    ('[imap]\nlisten = ["tcp:imap!"]', ["2: imap.listen: 'tcp:imap!' is no endpoint"]),
    ('[imap]\nlisten = ["systemd:domain=INET:index=0"]', ["2: imap.listen: "]),
    ('[imap]\nlisten = ["tcp:70000"]', ["2: imap.listen: 'tcp:70000' is no endpoint (the port"]),
    (
        '[imap]\nlisten = ["tcp:143:interface=eth0"]',
        ["2: imap.listen: 'tcp:143:interface=eth0' is no endpoint (the interface"],
    ),
    (
        '[imap]\nlisten = ["tcp:143:backlogs=5"]',
        ["2: imap.listen: 'tcp:143:backlogs=5' is no endpoint (it has no parameter backlogs)"],
    ),
    ('[imap]\nlisten = ["unix:/no/where/imap"]', ["2: imap.listen: "]),
    ('[lmtp]\nlisten = ["unix:no/such.sock"]', ["2: lmtp.listen: "]),
    ('[lmtp]\nlisten = ["unix:"]', ["2: lmtp.listen: 'unix:' is no endpoint (the path is missi"]),
    (f'[lmtp]\nlisten = ["unix:{"x" * 107}"]', ["2: lmtp.listen: "]),
    ('[lmtp]\nlisten = ["unix:a"]\n[imap]\nlisten = ["unix:a"]', ["4: imap.listen: 'unix:a' is w"]),
    ('[imap]\nlisten = ["ssl:993"]', ["2: imap.listen: 'ssl:993' is no endpoint"]),
    ('[imap]\nlisten_tls = [""]', ["2: imap.listen_tls: '' is no endpoint"]),
    ('[imap]\nlisten = "tcp:143"', ["2: imap.listen: must be a list"]),
    ('[imap]\nlisten = [143]', ["2: imap.listen.0: must be text in quotation marks"]),
    (
        '[[files.mapped]]\npath = "/site/a"\ndirectory = "/"',
        ["1: files.mapped: / would show what is in the home"],
    ),
    (
        '[[files.mapped]]\npath = "/site/a"\ndirectory = "/etc/passwd"',
        ["1: files.mapped: /etc/passwd is no directory"],
    ),
    ('[health]\nlisten = ["tpc:1"]', ["2: health.listen: 'tpc:1' is no endpoint"]),
    ('[health]\nlisten = ["tcp:8025"]', ["2: health.listen: 'tcp:8025' is where smtp.listen"]),
    ('[imap]\nread_log = "/no/where/log"', ["2: imap.read_log: there is no directory"]),
    ('[imap]\nenabled = "yes"', ["2: imap.enabled: must be true or false, not 'yes'"]),
    ('[imap]\nidle_seconds = 60', ["2: imap.idle_seconds: must be 1800"]),
    ('[imap]\nconnections = -1', ["2: imap.connections: must be 0 or more, not -1"]),
    ('[imap]\nconnections = 1.5', ["2: imap.connections: must be a whole number, not 1.5"]),
    ('[imap]\nlimit = 1', ["2: imap.limit: there is no such setting"]),
    ("imap = 3", ["1: imap: must be a table of settings"]),
    ('[policy]\nsmtp = ["moo"]', ["2: policy.smtp.0: 'moo' is no policy; write one of rates"]),
    ('[policy]\nsmtp = ["no.such:X"]', ["2: policy.smtp: no.such:X cannot be made"]),
    ('[policy]\nsmtp = ["milter"]', ["2: policy.smtp: milter needs policy.milter_endpoint"]),
    ("[imapd]", ["1: imapd: there is no such setting; did you mean imap?"]),
    ('[imap]\nproxies = ["10.0.0.1/8"]', ["2: imap.proxies.0: "]),
    ('[imap]\nproxies = ["balancer"]', ["2: imap.proxies.0: "]),
    ('[smtp]\nbare_line_ends = "keep"', ["2: smtp.bare_line_ends: must be 'refuse' or 'mend'"]),
    ("[smtp]\nrecipients = 10", ["2: smtp.recipients: must be 100 or more, not 10"]),
    ('[nntp]\nanonymous = "post"', ["2: nntp.anonymous: must be 'read' or 'none'"]),
    ('[nntp]\ndistributions = ["a b c", "é x"]', ["2: nntp.distributions.1: "]),
    ('[nntp]\ndistribution_patterns = ["x"]', ["2: nntp.distribution_patterns.0: "]),
    ('[http]\nnews_path = "news"', ["2: http.news_path: must be "]),
    ('[http]\nxmlrpc_path = "RPC2"', ["2: http.xmlrpc_path: must be "]),
    ("[gopher]\nport = 70000", ["2: gopher.port: must be 65535 or less, not 70000"]),
    ("[delivery]\nlifetime_hours = 0", ["2: delivery.lifetime_hours: must be more than 0"]),
    ("[telnet]\nlogin_tries = 0", ["2: telnet.login_tries: must be 1 or more, not 0"]),
    ('[site]\nhostname = "a b"', ["2: site.hostname: 'a b' is no domain name"]),
    ("[site]\ndomains = []", ["2: site.domains: must have at least one entry"]),
    ('[site]\ndetail_separator = "--"', ["2: site.detail_separator: must be no longer than 1"]),
    ('[files]\nroot = ""', ["2: files.root: must not be empty"]),
    ('[files]\nroot = "taken/files"', ["2: files.root: "]),
    ('[tls]\ncertificates = "taken"', ["2: tls.certificates: "]),
    ('[tls]\ncertificates = "/no/where"', ["2: tls.certificates: there is no directory /no/whe"]),
    ('[files]\nroot = "../no/where"', ["2: files.root: there is no directory "]),
    ('[smtp]\nmessage_log = "/no/where/log"', ["2: smtp.message_log: there is no directory /no/w"]),
    ('[ftp]\ntransfer_log = "../no/log"', ["2: ftp.transfer_log: there is no directory "]),
    ('[delivery]\ndelivery_log = "taken/log"', ["2: delivery.delivery_log: "]),
    ('[http]\naccess_log = "."', ["2: http.access_log: "]),
    ('[delivery]\nresolvers = ["1.2.3.4:99999"]', ["2: delivery.resolvers.0: '1.2.3.4:99"]),
    ('[delivery]\nresolvers = ["999.1.1.1"]', ["2: delivery.resolvers.0: '999.1.1.1' is no"]),
    ('[delivery]\nresolvers = [":"]', ["2: delivery.resolvers.0: ':' is no address"]),
    ('[delivery]\nsource = ["10.0.0.1", "10.0.0.2"]', ["2: delivery.source: must be one IPv4"]),
    ('[delivery]\nhelo = "a b"', ["2: delivery.helo: 'a b' is no host name"]),
    ("[delivery]\nlease_seconds = 0", ["2: delivery.lease_seconds: must be 1"]),
    ("[delivery]\nlease_seconds = inf", ["2: delivery.lease_seconds: must be 3600"]),
    ("[delivery]\nfirst_retry_seconds = 0", ["2: delivery.first_retry_seconds: must be 0.1"]),
    ("[delivery]\nlifetime_hours = 1e12", ["2: delivery.lifetime_hours: must be 10000"]),
    ("[delivery]\nwarn_hours = inf", ["2: delivery.warn_hours: must be 10000"]),
    ('[delivery]\nauthorities = "nowhere.pem"', ["2: delivery.authorities: "]),
    ('[delivery]\nsmart_host = "smtp://u:secret@h:99999"', ["2: delivery.smart_host: not a mail"]),
    ('[delivery]\nroutes = {"a.b" = ""}', ["2: delivery.routes.a.b: not a mail host"]),
    ('[accounts]\nhash_threads = 99', ["2: accounts.hash_threads: must be 32 or less, not 99"]),
    ('[accounts]\nclear_text = true', ["2: accounts.clear_text: must be 'tls', 'loopback' or"]),
    ("[imap\n", ["1: is not TOML"]),
    (
        '[files]\nroot = "taken"\n[store]\nurl = "mysql://x/y"\n[imap]\nlisten = ["x"]',
        ["2: files.root: ", "4: store.url: ", "6: imap.listen: "],
    ),
]  # fmt: skip

#: Words of the library that judges, which say nothing to an operator.
FOREIGN = ("pattern", "validation", "input", "pydantic", "string should", "invalid literal", "[]")


def home_with(tmp_path: Path, text: str) -> Path:
    (tmp_path / "taken").write_text("a file where a folder is wanted")
    (tmp_path / "netsuite.toml").write_text(text + "\n")
    return tmp_path


def checked(home: Path, *more: str) -> list[str]:
    """Return the lines that ``check-config`` says."""
    result = CliRunner().invoke(main, ["--home", str(home), *more, "check-config"])
    assert result.exit_code in (0, 2), result.output
    lines: list[str] = result.stderr.splitlines()
    assert bool(lines) == (result.exit_code == 2), result.output
    return lines


def started(home: Path, *more: str) -> list[str]:
    """Return the lines that the start says."""
    options_class, make = plugin(SERVICES, "The suite.")
    options = options_class()
    options.parseOptions(["--home", str(home), *more])
    with pytest.raises(CannotStart) as caught:
        make(options)
    return str(caught.value).splitlines()


def test_enough() -> None:
    """The table is as long as it was meant to be."""
    assert len(WRONG) >= 40


@pytest.mark.parametrize(("text", "said"), WRONG, ids=[text[:60] for text, _ in WRONG])
def test_wrong(tmp_path: Path, text: str, said: list[str]) -> None:
    """Both say the same, with file, line and key, all in one run, in words of the setting."""
    home = home_with(tmp_path, text)
    lines = checked(home)
    assert lines == started(home)
    assert len(lines) == len(said), lines
    for line, beginning in zip(sorted(lines), sorted(said), strict=True):
        assert line.startswith(f"netsuite: {home / 'netsuite.toml'}:{beginning}"), line
        message = line.split(": ", 3)[-1].replace(str(home), "").lower()
        assert not [word for word in FOREIGN if word in message], line
        assert "secret" not in line


def test_without_the_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL without its driver."""
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "psycopg" else found(name)
    )
    home = home_with(tmp_path, '[store]\nurl = "postgresql://a@b/c"')
    (line,) = checked(home)
    assert "2: store.url: postgresql needs the driver psycopg" in line
    assert [line] == started(home)


def test_on_the_command_line(tmp_path: Path) -> None:
    """What the command line sets is said to come from there."""
    home = home_with(tmp_path, "")
    assert checked(home, "--set", "imap.idle_seconds=1") == started(
        home, "--set", "imap.idle_seconds=1"
    )
    assert checked(home, "--set", "imap.idle_seconds=1")[0].startswith(
        "netsuite: --set: imap.idle_seconds: must be 1800"
    )


def test_listen_with_backslashes(tmp_path: Path) -> None:
    """An endpoint string of the command line is taken as it is written."""
    options_class, _ = plugin("imap", "IMAP.")
    options = options_class()
    options.parseOptions(["--home", str(tmp_path), "--listen", r"tcp6:4444:interface=\:\:1"])
    assert options.configuration().settings.imap.listen == [r"tcp6:4444:interface=\:\:1"]


def test_one_alone(tmp_path: Path) -> None:
    """A service that runs alone may listen where another would, were it there."""
    home = home_with(tmp_path, '[imap]\nlisten = ["tcp:8025"]')
    configuration = read(home / "netsuite.toml")
    assert not problems(configuration, home, Clock(), ["imap"])
    assert problems(configuration, home, Clock())


def test_what_is_live() -> None:
    """All that a connection's deadlines and counters go by is taken by a running daemon, and
    marked so; what is not is named as waiting for the next start."""
    live = {
        "handshake_seconds", "greeting_seconds", "idle_seconds", "command_seconds",
        "stalled_seconds", "login_seconds", "drain_seconds", "minimum_octets_per_second",
        "connections", "connections_per_address", "bad_commands",
    }  # fmt: skip
    for table, section in sections():
        if table in SERVICES:
            for name in live & set(section.model_fields):
                changed = Settings.model_validate({table: {name: 7777}})
                assert needs_restart(Settings(), changed) == [], f"{table}.{name}"
    changed = Settings.model_validate({"imap": {"listen": ["tcp:1"], "connections": 5}})
    assert needs_restart(Settings(), changed) == ["imap.listen"]


def test_fine(tmp_path: Path) -> None:
    """An empty file is a configuration."""
    assert checked(home_with(tmp_path, "")) == []
