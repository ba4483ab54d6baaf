"""The audit log: what is noted, and how it is read."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest
from twisted.internet.task import Clock

from netsuite.logs.audit import DEED_CHARACTERS, Record, note, record_of, user, user_address
from netsuite.store.memory import MemoryStore
from netsuite.store.memory import accounts as memory_accounts
from netsuite.store.model import Login
from netsuite.store.sql import SQLStore
from netsuite.store.sql import accounts as sql_accounts
from tests.coroutines import run
from tests.store.reactors import reactor

WHEN = datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)


def test_noted() -> None:
    """Who did what to whom, from where, by which way; it is found by whom it is about."""
    store = MemoryStore()
    run(store.open())
    run(
        note(
            store.accounts,
            "disabled\nann" + "x" * 1000,
            who="root",
            way="command",
            address="192.0.2.1",
            account="ann",
            now=WHEN,
        )
    )
    (line,) = run(store.accounts.logins("ann"))
    what = ("disabled ann" + "x" * 1000)[:DEED_CHARACTERS] + "..."
    assert record_of(line) == Record(WHEN, "root", "command", "192.0.2.1", what, "ann")
    assert run(store.accounts.logins("root")) == []


def test_login() -> None:
    """It reads as what an account did."""
    login = Login(WHEN, "ann", "imap", "192.0.2.1", "PLAIN", False, "logged in")
    assert record_of(login) == Record(
        WHEN, "ann", "imap, PLAIN, without TLS", "192.0.2.1", "logged in", "ann"
    )


def test_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whom the machine knows, and who they were before; where they come from."""
    mine = user({})
    assert mine
    assert user({"SUDO_USER": "ann"}) == f"{mine} (ann)"
    assert user({"SUDO_USER": mine}) == mine
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_000_000)
    assert user({}) == "4000000000"
    assert user_address({"SSH_CONNECTION": "2001:db8::1 50000 192.0.2.1 22"}) == "2001:db8::1"
    assert user_address({}) == ""


async def test_kept(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of logins a number is kept; whoever has many refused does not push administration out."""
    monkeypatch.setattr(memory_accounts, "LOGINS_KEPT", 10)
    monkeypatch.setattr(sql_accounts, "LOGINS_KEPT", 10)
    path = tmp_path_factory.mktemp("store") / "netsuite.db"
    login = Login(WHEN, "ann", "imap", "192.0.2.1", "PLAIN", True, "refused")
    for store in (
        MemoryStore(),
        SQLStore(f"sqlite:///{path}", clock=Clock(), threads=reactor),
    ):
        await store.open()
        await note(store.accounts, "made ann", who="root", way="web")
        for _ in range(2100):
            await store.accounts.record_login(login)
        lines = await store.accounts.logins(limit=5000)
        assert len(lines) < 1200
        assert (lines[0], lines[-1].outcome) == (login, "made ann")
        await store.close()
