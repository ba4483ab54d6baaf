"""``netsuite certificate``, as an operator uses it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from netsuite.certificates import SELF_SIGNED_DAYS, make_self_signed
from netsuite.testing.certificates import authority
from tests.cli.commands import done, refused


def test_list(tmp_path: Path) -> None:
    """Each certificate is a line; what is wrong, and where they are shown, stands below."""
    (tmp_path / "tls").mkdir()
    authority.certificate("mail.example.org").write(tmp_path / "tls/mail.example.org.pem")
    (tmp_path / "tls/broken.pem").write_text("nothing")
    settings = ("--set", 'acme.names=["www.example.org"]')
    printed = done(tmp_path, *settings, "certificate", "list")
    head, first, second, *rest = printed.splitlines()
    assert head.split() == ["NAME", "SERVES", "ISSUER", "UNTIL", "KEPT", "BY"]
    assert first.startswith("mail.example.org  mail.example.org, whoever asks")
    assert first.endswith("you")
    assert second.split() == ["www.example.org", "-", "acme"]
    assert rest[0] == "! certificate www.example.org: there is none yet"
    assert rest[1].startswith("! ")
    assert "broken.pem" in rest[1]
    assert "imap at tcp:8993:interface=127.0.0.1" in rest[2]
    lines = done(tmp_path, *settings, "certificate", "list", "--json").splitlines()
    assert [json.loads(each)["file"] for each in lines] == ["mail.example.org", "www.example.org"]


def test_check_config(tmp_path: Path) -> None:
    """What is to be done about certificates is told there, too, and keeps nothing from starting."""
    made = datetime.now(UTC) + timedelta(days=3 - SELF_SIGNED_DAYS)
    make_self_signed(tmp_path / "tls/default.pem", "mail.example.org", made)
    assert "! certificate default: is good only until " in done(tmp_path, "check-config")
    assert "!" not in done(tmp_path, "--set", "tls.enabled=false", "check-config")


def test_renew(tmp_path: Path) -> None:
    """What cannot be asked for is a line."""
    settings = ("--set", 'acme.names=["mail.example.org"]')
    renew = (*settings, "certificate", "renew")
    assert "no daemon runs over" in refused(tmp_path, *renew)
    assert "is not among acme.names" in refused(tmp_path, *renew, "other.example.org")
    (tmp_path / "tls").mkdir()
    authority.certificate("mail.example.org").write(tmp_path / "tls/mail.example.org.pem")
    assert "put there by somebody else" in refused(tmp_path, *renew, "Mail.example.org")


def test_nothing(tmp_path: Path) -> None:
    """Without certificates there is nothing to list, and nothing is made; without TLS it says
    so."""
    assert "MAIL" not in done(tmp_path, "certificate", "list")
    assert not (tmp_path / "tls").exists()
    assert "TLS is off" in refused(tmp_path, "--set", "tls.enabled=false", "certificate", "list")
