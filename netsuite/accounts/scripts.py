"""The facet of an account's Sieve scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from netsuite.sieve.compiler import compile_script
from netsuite.sieve.limits import SCRIPT_OCTETS
from netsuite.store.errors import TooLarge
from netsuite.store.interfaces import ScriptStore
from netsuite.store.model import Account, ScriptEntry


@dataclass(frozen=True, slots=True)
class ScriptLimits:
    """The limits of an account's scripts: how many, and how large."""

    scripts: int = 50
    octets: int = SCRIPT_OCTETS


LIMITS: Final = ScriptLimits()


class AccountScripts:
    """Implements ``interfaces.ScriptAccess`` (ScriptAccess)."""

    def __init__(self, store: ScriptStore, account: Account, limits: ScriptLimits = LIMITS) -> None:
        self.name = account.name
        self.largest_octets = limits.octets
        self.most = limits.scripts
        self._store = store
        self._account = account.id

    async def scripts(self) -> Sequence[ScriptEntry]:
        """All, sorted by name."""
        return await self._store.scripts(self._account)

    async def script(self, name: str) -> bytes:
        """The text of one. Raises NoSuchScript."""
        return (await self._store.script(self._account, name)).encode()

    def check(self, script: bytes) -> Sequence[tuple[int, str]]:
        """Check a script; return warnings."""
        if len(script) > self.largest_octets:
            raise TooLarge(f"more than {self.largest_octets} octets")
        return compile_script(script).warnings

    async def put(self, name: str, script: bytes) -> Sequence[tuple[int, str]]:
        """Check a script and make or replace one; return warnings."""
        warnings = self.check(script)
        await self._store.put(self._account, name, script.decode("utf-8"), most=self.most)
        return warnings

    async def activate(self, name: str | None) -> None:
        """Make one the active one, or have none be. Raises NoSuchScript."""
        await self._store.activate(self._account, name)

    async def rename(self, name: str, new: str) -> None:
        """Rename one. Raises NoSuchScript, ScriptExists."""
        await self._store.rename(self._account, name, new)

    async def delete(self, name: str) -> None:
        """Remove one. Raises NoSuchScript, ScriptActive."""
        await self._store.delete(self._account, name)
