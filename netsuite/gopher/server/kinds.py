"""The item types of files: told by the name, else by the content, which is looked at once."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from netsuite.accounts.interfaces import FileAccess
from netsuite.gopher.commands import ItemType
from netsuite.gopher.maps import gph
from netsuite.gopher.maps.gophermap import SUFFIX
from netsuite.gopher.types import LOOK_OCTETS, type_of_name, type_of_octets
from netsuite.store.errors import StoreError
from netsuite.store.tree import Entry, OpenFile, TreePath

#: Files whose types are remembered.
KEPT: Final = 10_000
#: Octets that tell whether a file is a menu.
_MENU_LOOK_OCTETS: Final = 8192


class Kinds:
    """Finds the types of files, and remembers what their content has told."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], ItemType] = OrderedDict()

    def known(self, entry: Entry) -> ItemType | None:
        """Return the type of a file, None where its content has to be looked at."""
        name = entry.name.lower()
        if name.endswith(SUFFIX):
            return ItemType.MENU
        if not name.endswith(gph.SUFFIX):
            told = type_of_name(name)
            if told is not None:
                return told
        return self._known.get((entry.unique, entry.validator))

    async def of_file(self, file: OpenFile) -> ItemType:
        """Return the type of an open file. Raises StoreError: it cannot be read."""
        entry = file.entry
        known = self.known(entry)
        if known is not None:
            return known
        if entry.name.lower().endswith(gph.SUFFIX):
            is_menu = gph.is_menu(await file.read(0, _MENU_LOOK_OCTETS))
            kind = ItemType.MENU if is_menu else ItemType.TEXT
        else:
            kind = type_of_octets(await file.read(0, LOOK_OCTETS))
        self._known[entry.unique, entry.validator] = kind
        if len(self._known) > KEPT:
            self._known.popitem(last=False)
        return kind

    async def of_entry(self, files: FileAccess, path: TreePath, entry: Entry) -> ItemType:
        """Return the type of a file that is listed; text where it cannot be read."""
        known = self.known(entry)
        if known is not None:
            return known
        try:
            file = await files.open((*path, entry.name))
            try:
                return await self.of_file(file)
            finally:
                file.close()
        except StoreError:
            return ItemType.TEXT
