"""What ACME needs of settings and files."""

from __future__ import annotations

from pathlib import Path

import pytest

from netsuite.acme.advice import HTTP, TLS
from netsuite.acme.setup import external_account, kinds, problems
from netsuite.config.load import load
from netsuite.testing.certificates import authority


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ((), [HTTP, TLS]),
        (('http.listen=["tcp6:80"]', 'http.listen_tls=["tcp6:443"]'), [HTTP, TLS]),
        (('http.listen=["tcp:port=80"]',), [HTTP, TLS]),
        (('http.listen_tls=["tcp6:443"]',), [TLS, HTTP]),
        (("http.listen=[]",), [TLS]),
        (('http.listen=["tcp:80"]', "tls.enabled=false"), [HTTP]),
        (("http.enabled=false", 'imap.listen_tls=["tcp:443:interface=192.0.2.1"]'), [TLS]),
        (('http.listen=["tcp:8080"]', 'imap.listen_tls=["tcp:993"]'), [HTTP, TLS]),
    ],
)
def test_kinds(settings: tuple[str, ...], found: list[str]) -> None:
    """First the challenge whose port a service listens at, then one that may be led here."""
    assert kinds(load(None, settings)) == found


def test_external_account(tmp_path: Path) -> None:
    """Two words, however they are set out; the file is read when it is needed."""
    path = tmp_path / "account"
    read = external_account(path)
    with pytest.raises(OSError, match="No such file"):
        read()
    for text in ("kid key", "kid\nkey\n", "  kid\tkey  "):
        path.write_text(text)
        assert read() == ("kid", "key")
    for text in ("", "kid", "kid key more"):
        path.write_text(text)
        with pytest.raises(ValueError, match="nothing else"):
            read()


def found(tmp_path: Path, *settings: str) -> list[str]:
    """Return the settings that are wrong."""
    wanted = ['acme.names=["a.example.org"]', *settings]
    return [key for key, _ in problems(load(None, wanted), tmp_path)]


def test_problems(tmp_path: Path) -> None:
    """All that would keep it from working is told before the start."""
    assert found(tmp_path) == []
    long = "\u00fc" * 60
    assert found(tmp_path, f'acme.names=["{long}.example.org"]') == ["acme.names"]
    assert found(tmp_path, "tls.enabled=false") == ["acme.names"]
    nowhere = [f"{name}.listen_tls=[]" for name in ("submission", "imap", "pop3", "nntp", "ftp")]
    nowhere += ["telnet.listen_tls=[]", "http.enabled=false", "smtp.listen_tls=[]"]
    assert found(tmp_path, *nowhere, "gopher.listen_tls=[]") == ["acme.names"]
    missing = ('acme.external_account="kid"', 'acme.authorities="ca.pem"')
    assert found(tmp_path, *missing) == ["acme.external_account", "acme.authorities"]
    (tmp_path / "kid").write_text("one word too many")
    (tmp_path / "ca.pem").write_text("nothing")
    assert found(tmp_path, *missing)[0] == "acme.external_account"
    (tmp_path / "kid").write_text("kid key")
    authority.write(tmp_path / "ca.pem")
    assert found(tmp_path, *missing) == []
    assert list(problems(load(None, ["tls.enabled=false"]), tmp_path)) == []


def test_without_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the library is not installed, what to install is said."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    ((key, message),) = problems(load(None, ['acme.names=["a.example.org"]']), tmp_path)
    assert (key, "netsuite[acme]" in message) == ("acme.names", True)
