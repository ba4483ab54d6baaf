"""Where a site keeps what it keeps: in a home, or in memory."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from twisted.internet import reactor

from netsuite.config.load import load
from netsuite.home import SECRET_OCTETS, SiteError
from netsuite.site import Site
from netsuite.storage import AtHome, InMemory, Storage
from netsuite.testing.fabric import Fabric
from netsuite.testing.hashing import NoHashing


async def keep(storage: Storage, site: Site) -> None:
    """Keep something in each part of a storage."""
    await site.when_open()
    verifiers = await storage.hashing.make_verifiers("secret")
    await storage.store.accounts.add_account("ann", verifiers)
    upload = await storage.homes.public.upload(("a.txt",))
    written = upload.write(b"text")
    if written is not None:
        await written
    await upload.commit()


async def kept(storage: Storage, site: Site) -> list[str]:
    """Return what is kept: accounts, with the UIDVALIDITY of what they have, and files."""
    await site.when_open()
    found = []
    for each in await storage.store.accounts.accounts():
        inbox = await storage.store.mail.folder(each.id, "INBOX")
        found.append(f"{each.name} {inbox.uid_validity}")
    async for entries in storage.homes.public.listing(()):
        found += [entry.name for entry in entries]
    return found


async def test_at_home(tmp_path: Path) -> None:
    """All is below one directory, and there the next time, with the same secret."""
    home = tmp_path / "home"
    settings = load(None, [])
    first = AtHome(settings, home, reactor)
    site = Site(settings=settings, reactor=reactor, storage=first)
    site.startService()
    await keep(first, site)
    then = await kept(first, site)
    assert (home / "netsuite.db").is_file()
    assert (home / "files" / "public" / "a.txt").read_bytes() == b"text"
    assert list((home / "tls").iterdir())
    secret = site.authenticator.secret
    assert len(secret) == SECRET_OCTETS
    await site.stopService()
    settings = load(None, ["tls.enabled=false"])
    second = AtHome(settings, home, reactor)
    assert second.certificates is None
    site = Site(settings=settings, reactor=reactor, storage=second)
    site.startService()
    assert await kept(second, site) == then
    assert {"a.txt"} < set(then)
    assert site.authenticator.secret == secret
    await site.stopService()


async def test_no_home(tmp_path: Path) -> None:
    """What cannot be used is named, before anything is opened."""
    (tmp_path / "file").write_text("")
    with pytest.raises(SiteError, match="file cannot be made"):
        AtHome(load(None, []), tmp_path / "file", reactor)
    tls = tmp_path / "tls"
    tls.mkdir()
    (tls / "default.pem").write_text("no certificate")
    with pytest.raises(SiteError, match="the certificates cannot be used"):
        AtHome(load(None, []), tmp_path, reactor).prepare()


def test_in_memory() -> None:
    """The same without a home; dates and ids are those that are given."""
    fabric = Fabric()
    settings = load(None, ["tls.enabled=false"])
    then = datetime(2026, 1, 1, tzinfo=UTC)
    storage = InMemory(settings, fabric, now=lambda: then, hashing=NoHashing())
    assert storage.home is None
    assert storage.certificates is None
    site = Site(settings=settings, reactor=fabric, storage=storage)
    site.startService()
    fabric.run(keep(storage, site))
    assert fabric.run(kept(storage, site)) == [f"ann {then.timestamp():.0f}", "a.txt"]
    fabric.run(site.stopService())
    assert InMemory(load(None, []), fabric).certificates is not None
