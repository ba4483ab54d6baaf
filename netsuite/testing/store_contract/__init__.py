"""The contract of stores, as tests: mix ``StoreContract`` into a trial ``TestCase``.

::

    class MemoryStoreTests(StoreContract, TestCase):
        async def make_store(self) -> MemoryStore:
            return MemoryStore(self.now)
"""

from __future__ import annotations

from netsuite.testing.store_contract.accounts import AccountsContract
from netsuite.testing.store_contract.appending import AppendingContract
from netsuite.testing.store_contract.articles import ArticlesContract
from netsuite.testing.store_contract.case import CREATED, StoreCase
from netsuite.testing.store_contract.contents import ContentsContract
from netsuite.testing.store_contract.feed import FeedContract
from netsuite.testing.store_contract.file_locks import FileLocksContract
from netsuite.testing.store_contract.file_usage import FileUsageContract
from netsuite.testing.store_contract.flags import FlagsContract
from netsuite.testing.store_contract.folders import FoldersContract
from netsuite.testing.store_contract.messages import MessagesContract
from netsuite.testing.store_contract.queue import QueueContract
from netsuite.testing.store_contract.remembered import RememberedContract
from netsuite.testing.store_contract.scripts import ScriptsContract
from netsuite.testing.store_contract.search import SearchContract
from netsuite.testing.store_contract.sharing import (
    AnnotationsContract,
    OthersContract,
    RightsContract,
)
from netsuite.testing.store_contract.together import TogetherContract

__all__ = ["CREATED", "StoreCase", "StoreContract"]


class StoreContract(
    FoldersContract,
    ContentsContract,
    MessagesContract,
    AppendingContract,
    ArticlesContract,
    FlagsContract,
    SearchContract,
    FeedContract,
    AccountsContract,
    QueueContract,
    RememberedContract,
    ScriptsContract,
    TogetherContract,
    RightsContract,
    OthersContract,
    AnnotationsContract,
    FileUsageContract,
    FileLocksContract,
):
    """All of the contract."""
