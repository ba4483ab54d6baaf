"""An authenticator, scripts in a store and a server on a memory transport."""

from __future__ import annotations

from typing import Any

from netsuite.accounts.scripts import AccountScripts, ScriptLimits
from netsuite.certificates import ServerTLS
from netsuite.connection.deadlines import CloseReason
from netsuite.managesieve.server import ManageSieveServer, ManageSieveServerFactory, Shared
from netsuite.managesieve.settings import Settings
from netsuite.store.memory import MemoryStore
from netsuite.testing.authenticator import FakeAuthenticator
from netsuite.testing.fabric import Fabric
from tests.connection.memory import MemorySession
from tests.coroutines import run

PLAIN = b"AGFsaWNlAHNlIGNyZXQg"  # "\0alice\0se cret "
LOG_IN = b'AUTHENTICATE "PLAIN" "AGFsaWNlAHNlY3JldA=="\r\n'


class Session(MemorySession[ManageSieveServer]):
    """One server session: ``say`` octets, get the answer's octets."""

    def __init__(
        self,
        *,
        tls: ServerTLS | None = None,
        turned_away: CloseReason | None = None,
        store: MemoryStore | None = None,
        **settings: Any,
    ) -> None:
        self.clock = Fabric()
        self.store = store or MemoryStore()
        if store is None:
            run(self.store.accounts.add_account("alice", None))
        account = run(self.store.accounts.account("alice"))
        self.scripts = AccountScripts(self.store.scripts, account, ScriptLimits(3, 2000))
        self.authenticator = FakeAuthenticator(
            lambda facet: self.scripts, secret="secret", mechanisms=["X-DATA", "PLAIN"]
        )
        self.factory = ManageSieveServerFactory(
            Shared(
                clock=self.clock,
                host="mail.example.test",
                authenticator=self.authenticator,
                tls=tls,
                settings=Settings(**({"script_octets": 2000} | settings)),
            )
        )
        self.open(self.factory, ManageSieveServer, turned_away=turned_away)
