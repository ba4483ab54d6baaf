"""Settings from files and the command line; errors that say where and what."""

from __future__ import annotations

from pathlib import Path

import pytest

from netsuite.config.describe import manual, sample
from netsuite.config.load import ConfigError, load, setting_names
from netsuite.config.positions import key_lines
from netsuite.config.schema import SERVICES, Settings

DOCS = Path(__file__).resolve().parents[2] / "docs"


def problems(tmp_path: Path, text: str, *overrides: str) -> list[str]:
    """Give what is said about a wrong file, its path shortened."""
    path = tmp_path / "netsuite.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(path, overrides)
    return [str(problem).replace(str(path), "netsuite.toml") for problem in caught.value.problems]


def test_nothing_configured() -> None:
    """Without a file every service listens on loopback, on the standard port plus 8000."""
    settings = load(None)
    assert settings.smtp.listen == ["tcp:8025:interface=127.0.0.1"]
    assert settings.imap.listen_tls == ["tcp:8993:interface=127.0.0.1"]
    assert {"smtp", "submission", "imap", "pop3", "nntp", "ftp", "http", "gopher"} <= set(SERVICES)
    assert settings.telnet.listen_tls == ["tcp:8992:interface=127.0.0.1"]


def test_file_and_override(tmp_path: Path) -> None:
    """The file changes defaults, and --set wins over the file."""
    path = tmp_path / "netsuite.toml"
    path.write_text('[site]\nhostname = "a.example"\n[imap]\nconnections = 5\n')
    settings = load(path, ["imap.connections=7", "site.postmaster=ann", "imap.listen=['tcp:143']"])
    assert settings.site.hostname == "a.example"
    assert settings.site.postmaster == "ann"
    assert settings.imap.connections == 7
    assert settings.imap.listen == ["tcp:143"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[imap]\n\nidel_seconds = 4\n",
            "netsuite.toml:3: imap.idel_seconds: there is no such setting; "
            "did you mean imap.idle_seconds?",
        ),
        (
            "[site]\nmessage_octets = 4\n",
            "netsuite.toml:2: site.message_octets: there is no such setting; "
            "did you mean smtp.message_octets?",
        ),
        ("[mail]\n", "netsuite.toml:1: mail: there is no such setting"),
        (
            "site.domains = []\n",
            "netsuite.toml:1: site.domains: must have at least one entry",
        ),
        (
            '[smtp]\nconnections = "many"\n',
            "netsuite.toml:2: smtp.connections: must be a whole number, not 'many'",
        ),
        (
            "[smtp]\nlisten = [\n  'tcp:25',\n  7,\n]\n",
            'netsuite.toml:2: smtp.listen.1: must be text in quotation marks, as in "text", not 7',
        ),
        (
            "[smtp]\nrecipients = 3\n",
            "netsuite.toml:2: smtp.recipients: must be 100 or more, not 3",
        ),
        (
            "[accounts]\nclear_text = 'sometimes'\n",
            "netsuite.toml:2: accounts.clear_text: must be 'tls', 'loopback' or 'always', "
            "not 'sometimes'",
        ),
        ("[site\n", "netsuite.toml:1: is not TOML: Expected ']' at the end of a table declaration"),
    ],
)
def test_wrong_file(tmp_path: Path, text: str, said: str) -> None:
    """A wrong file is answered with its line, the key, and what to do."""
    assert problems(tmp_path, text) == [said]


def test_all_problems_at_once(tmp_path: Path) -> None:
    """Whoever has three mistakes is told three, not the first."""
    text = "[smtp]\nlisten = 4\nx = 1\n[imap]\nconnections = -1\n"
    assert len(problems(tmp_path, text)) == 3


def test_wrong_override(tmp_path: Path) -> None:
    """A mistake on the command line is not looked for in the file."""
    assert problems(tmp_path, "", "smtp.connections=x") == [
        "--set: smtp.connections: must be a whole number, not 'x'"
    ]
    assert problems(tmp_path, "", "smtp") == ["--set smtp: write it as KEY=VALUE"]


def test_unreadable(tmp_path: Path) -> None:
    """A missing file and one that is no text are told apart."""
    with pytest.raises(ConfigError, match="no such file"):
        load(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load(tmp_path / "binary.toml")


def test_positions() -> None:
    """Keys are found in tables, dotted, quoted, and not within strings or arrays."""
    text = '[a]\nb = """\nc = 1\n"""\n["d.e"]\nf.g = [\n  "h = 2",\n]\n# i = 3\nj = 4 # ]\nk = 5\n'
    assert key_lines(text) == {
        ("a",): 1,
        ("a", "b"): 2,
        ("d.e",): 5,
        ("d.e", "f", "g"): 6,
        ("d.e", "j"): 10,
        ("d.e", "k"): 11,
    }


def test_sample_is_the_default(tmp_path: Path) -> None:
    """The sample as printed, and with every comment taken away, gives the default settings."""
    path = tmp_path / "netsuite.toml"
    path.write_text(sample())
    assert load(path) == Settings()
    lines = [
        line[1:] if line[:1] == "#" and line[1:2] != " " else line for line in sample().split("\n")
    ]
    path.write_text("\n".join(lines))
    assert load(path) == Settings()


def test_sample_with_values(tmp_path: Path) -> None:
    """Values given are written, the rest stays commented."""
    path = tmp_path / "netsuite.toml"
    path.write_text(sample({"smtp": {"listen": ["tcp:25"]}}))
    assert load(path).smtp.listen == ["tcp:25"]
    assert load(path).imap == Settings().imap


def test_manual_is_made_from_the_schema() -> None:
    """docs/configuration.rst is what describe-config --rst prints."""
    assert (DOCS / "configuration.rst").read_text() == manual()


def test_every_wrong_value_is_explained() -> None:
    """Whatever is given for whatever setting, it is taken, or it is said what it must be."""
    wrong = ("-1", "''", "[]", "[7]", "['']", "{x=[7]}", "nan", "true", "1979-05-27", "9" * 30)
    said = []
    for name in setting_names():
        for value in wrong:
            try:
                load(None, [f"{name}={value}"])
            except ConfigError as error:
                said.append(str(error))
    assert len(said) > 1000
    assert not [each for each in said if "cannot be that" in each]
