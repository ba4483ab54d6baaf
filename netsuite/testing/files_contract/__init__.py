"""The contract of trees of files, as tests: mix ``FilesContract`` into a trial ``TestCase``.

::

    class MemoryTreeTests(FilesContract, TestCase):
        async def make_tree(self) -> MemoryTree:
            return MemoryTree(on_change=self.note)
"""

from __future__ import annotations

from netsuite.testing.files_contract.case import FilesCase
from netsuite.testing.files_contract.trees import (
    ChangingContract,
    NamesContract,
    ReadingContract,
)
from netsuite.testing.files_contract.uploads import UploadContract

__all__ = ["FilesCase", "FilesContract"]


class FilesContract(NamesContract, ReadingContract, ChangingContract, UploadContract):
    """All of the contract."""
